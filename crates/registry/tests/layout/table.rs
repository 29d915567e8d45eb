//! Properties of the table of an archive.

use proptest::prelude::*;
use sealcheck_registry::Descriptor;
use sealcheck_registry::layout::Layout;
use sealcheck_verify::Digest;
use sealcheck_verify::limits::BUNDLE_BYTES;

use crate::fixture::{Files, file, gzip, open, tar};

fn with_marker(contents: &[Vec<u8>]) -> Files {
    let mut files = vec![
        (
            "oci-layout".to_owned(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        ),
        ("index.json".to_owned(), br#"{"schemaVersion":2}"#.to_vec()),
    ];
    for content in contents {
        let digest = Digest::sha256(content);
        let path = format!("blobs/sha256/{}", digest.hex());
        if files.iter().all(|(seen, _)| *seen != path) {
            files.push((path, content.clone()));
        }
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_file_is_where_the_table_says(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 0..12),
        compressed: bool,
    ) {
        let archive = tar(&with_marker(&contents));
        let archive = if compressed { gzip(&archive) } else { archive };
        let (_folder, path) = file(&archive);
        let layout = open(&path);
        for content in &contents {
            let size = content.len().try_into().unwrap();
            let descriptor = Descriptor::new("", Digest::sha256(content), size);
            let blob = layout.blob(&descriptor, BUNDLE_BYTES).unwrap().found().unwrap();
            prop_assert_eq!(&blob, content);
        }
    }

    #[test]
    fn any_bytes_are_an_error_or_a_layout_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let (_folder, path) = file(&bytes);
        let _ = Layout::open(&path);
    }

    #[test]
    fn a_changed_archive_gives_an_error_or_the_right_bytes(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..6),
        at in any::<prop::sample::Index>(),
        change in 1_u8..,
    ) {
        let mut archive = tar(&with_marker(&contents));
        let at = at.index(archive.len());
        archive[at] ^= change;
        let (_folder, path) = file(&archive);
        let Ok(layout) = Layout::open(&path) else {
            return Ok(());
        };
        for content in &contents {
            let size = content.len().try_into().unwrap();
            let descriptor = Descriptor::new("", Digest::sha256(content), size);
            if let Ok(found) = layout.blob(&descriptor, BUNDLE_BYTES)
                && let Some(blob) = found.found()
            {
                prop_assert_eq!(&blob, content);
            }
        }
    }
}
