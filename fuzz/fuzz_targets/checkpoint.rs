//! Checkpoints: the input is the signed note of an entry whose proof is otherwise sound.
#![no_main]

use sealcheck_fuzz::{ENTRY, WITHOUT_ENTRY, exercise, fixture};
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(note) = str::from_utf8(data) else {
        return;
    };
    let mut entry: Value = serde_json::from_slice(ENTRY).expect("the entry is JSON");
    entry["inclusionProof"]["checkpoint"]["envelope"] = note.into();
    if let Ok(material) = fixture(WITHOUT_ENTRY).with_log_entry(entry.to_string().as_bytes()) {
        exercise(&material);
    }
});
