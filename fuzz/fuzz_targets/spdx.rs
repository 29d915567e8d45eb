//! SPDX documents in either form: the input is the document, and then every file it lists is what it lists.
#![no_main]

use sealcheck_registry::Reference;
use sealcheck_release::spdx::{Certainty, Document, Listing, LocalFile, Matched, Origin, Standing};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let document = match Document::read(data) {
        Ok(document) => document,
        Err(error) => {
            assert!(!error.to_string().contains(char::is_control), "{error:?}");
            return;
        }
    };
    assert!(document.dangling().len() <= 2 * document.relationships().len());
    for image in document.images("v1.2.3") {
        // A package URL is taken at its word: what is no name is the failure of this image, and is never asked for.
        let text = image.to_string();
        if text.contains(char::is_whitespace) {
            assert!(
                image.certainty == Certainty::Exact && Reference::parse(&text).is_err(),
                "{text}"
            );
        }
    }
    let listing = Listing::new(&document);
    for entry in listing
        .entries()
        .iter()
        .filter(|entry| entry.origin() == Origin::File)
    {
        let file = LocalFile {
            path: entry.path(),
            digests: entry.digests(),
        };
        let check = listing.check([file]);
        let complete = entry.digests().len() == listing.algorithms().len();
        for (_, standing) in &check.files {
            match standing {
                Standing::Proved {
                    entry: found,
                    matched: Matched::Path,
                } => assert_eq!(found.path(), entry.path()),
                Standing::NotHashed { .. } => assert!(!complete),
                Standing::Unprovable { .. } => assert!(entry.digests().is_empty()),
                other => panic!("{}: {other:?}", entry.path()),
            }
        }
        // It is there, whatever is known of it.
        assert!(
            check
                .missing
                .iter()
                .all(|missing| missing.path() != entry.path())
        );
    }
});
