//! Archives that are unpacked: the input is the archive, with or without gzip. What is unpacked lies in its folder, and what
//! is not leaves nothing.
#![no_main]

use std::fs;

use sealcheck_release::unpack::UnpackedKind;
use sealcheck_release::{UnpackLimits, unpack};
use sealcheck_verify::Digest;

/// Small, so that an input is done with soon; that the limits hold is for the tests.
const LIMITS: UnpackLimits = UnpackLimits {
    entries: 64,
    bytes: 1 << 20,
    expansion: 100,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let place = tempfile::tempdir().expect("a folder");
    let beside = place.path().join("beside");
    fs::write(&beside, "untouched").expect("a file");
    let target = place.path().join("target");
    let result = unpack(data, &target, LIMITS);
    assert_eq!(fs::read(&beside).expect("the file"), b"untouched");
    let there = fs::read_dir(place.path()).expect("the folder").count();
    assert_eq!(there, 1 + usize::from(result.is_ok()), "{result:?}");
    for one in result.unwrap_or_default() {
        let path = target.join(&one.path);
        match one.kind {
            UnpackedKind::File { digest, .. } => {
                assert!(fs::symlink_metadata(&path).expect("a file").is_file());
                assert_eq!(Digest::sha256(&fs::read(&path).expect("a file")), digest);
            }
            _ => {
                let end = fs::canonicalize(&path).expect("something");
                let target = fs::canonicalize(&target).expect("the target");
                assert!(end.starts_with(target), "{one:?}");
            }
        }
    }
});
