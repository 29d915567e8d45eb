//! Image layouts in archives, compressed and not.
#![no_main]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use sealcheck_registry::layout::{Layout, Wanted};
use sealcheck_registry::{Attached, Descriptor, Lookup};
use sealcheck_verify::Digest;
use sealcheck_verify::limits::BUNDLE_BYTES;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a folder"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let plain = read("plain", data);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(data).expect("memory");
    let compressed = read("compressed", &encoder.finish().expect("memory"));
    assert_eq!(plain, compressed, "compression changes what is found");
});

/// Asks an archive everything; how many things it gave.
fn read(name: &str, archive: &[u8]) -> usize {
    let path: PathBuf = FOLDER.path().join(name);
    fs::write(&path, archive).expect("a file");
    let Ok(layout) = Layout::open(&path) else {
        return 0;
    };
    let _ = layout.resolve(&Wanted::Only);
    let _ = layout.resolve(&Wanted::Name("v1"));
    let mut given = 1;
    for entry in layout.entries() {
        given += object(&layout, entry);
        for what in [Attached::Signature, Attached::Referrers] {
            for attached in layout.attached(&entry.digest, what) {
                given += object(&layout, &attached);
            }
        }
        if let Ok(referrers) = layout.referrers(&entry.digest) {
            for referrer in &referrers.descriptors {
                given += object(&layout, referrer);
            }
        }
    }
    given
}

/// Whatever is given out has the digest that was asked for.
fn object(layout: &Layout, descriptor: &Descriptor) -> usize {
    let digest = descriptor.digest;
    let of = |bytes: &[u8]| Digest::of(digest.algorithm(), bytes);
    let mut given = 0;
    if let Ok(Lookup::Found(manifest)) = layout.manifest(&digest) {
        assert_eq!(of(manifest.bytes()), Some(digest));
        given += 1;
        for blob in manifest.image().into_iter().flat_map(|image| &image.layers) {
            if let Ok(Lookup::Found(content)) = layout.blob(blob, BUNDLE_BYTES) {
                assert_eq!(
                    Digest::of(blob.digest.algorithm(), &content),
                    Some(blob.digest)
                );
                given += 1;
            }
        }
    }
    if let Ok(Lookup::Found(content)) = layout.blob(descriptor, BUNDLE_BYTES) {
        assert_eq!(of(&content), Some(digest));
        given += 1;
    }
    given
}
