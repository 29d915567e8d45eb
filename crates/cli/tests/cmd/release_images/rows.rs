//! What a person reads about the images of a release.

use serde_json::json;

use super::{AMD64, ARM64, Images, PROMOTION};
use crate::sandbox::words;

const RUN: [&str; 4] = ["images", "v1.36.0", "--profile", "profile.yaml"];

#[test]
fn the_rows_have_the_reasons_and_the_hints_stand_at_the_end() {
    let mut images = Images::new();
    let run = images.scene.text(&RUN).exits(0);
    assert!(!run.stdout.contains("hint:"), "{}", run.stdout);
    // One whose attestation somebody else made, and one of another version.
    images.attest(ARM64, "somebody@h.test", PROMOTION, json!({}));
    images.put(AMD64, "v1.35.0", &["amd64"]);
    let run = images.scene.text(&RUN).exits(1);
    let told = words(&run.stdout);
    for row in [
        " release-mismatch: it is not what the release has",
        " promotion record: rejected: identity-mismatch: ",
    ] {
        assert!(told.contains(row), "{row}\n{told}");
    }
    let (_, end) = told.split_once(" images of v1.36.0 are verified ").unwrap();
    let hints: Vec<&str> = end.split("hint: ").skip(1).collect();
    let expected = [(AMD64, "release-mismatch"), (ARM64, "identity-mismatch")];
    assert_eq!(hints.len(), expected.len(), "{told}");
    for (hint, (name, reason)) in hints.iter().zip(expected) {
        let is_about = hint.contains(&format!("/{name}"));
        assert!(
            is_about && hint.contains(&format!(" ({reason}): ")),
            "{told}"
        );
    }
}
