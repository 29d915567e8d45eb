//! Answers of a Rekor v1 log: a search, one entry, several entries. What is taken as an entry must hash to the id that was
//! asked for, and must be an entry of a bundle in the eyes of the core.
#![no_main]

use sealcheck_fuzz::{WITHOUT_ENTRY, exercise, fixture};
use sealcheck_transparency::{RekorClient, Uuid, fuzzing};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(hits) = fuzzing::hits(data) {
        assert!(hits.uuids.len() <= RekorClient::MAX_HITS);
    }
    let asked: Uuid = include_str!("../fixtures/rekor_uuid")
        .trim()
        .parse()
        .expect("an entry's id");
    if let Ok(answer) = fuzzing::entries(&[asked], data) {
        assert_eq!(answer.found.is_empty(), !answer.missing.is_empty());
        for entry in answer.found {
            assert_eq!(entry.uuid.leaf_hash(), asked.leaf_hash());
        }
    }
    if let Ok(entry) = fuzzing::entry(&asked, data) {
        assert_eq!(entry.uuid.leaf_hash(), asked.leaf_hash());
        let entry = entry.to_bundle_tlog_entry().to_string();
        if let Ok(material) = fixture(WITHOUT_ENTRY).with_log_entry(entry.as_bytes()) {
            exercise(&material);
        }
    }
});
