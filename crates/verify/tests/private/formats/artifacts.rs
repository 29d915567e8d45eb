//! The artifact by its digests, and statements that name it.

use sealcheck_testkit::encoding::hex;
use sealcheck_testkit::{Content as Signable, Hash, Plan};
use sealcheck_verify::{Artifact, Content, Digest, DigestAlgorithm, Material, Reason};
use serde_json::{Value, json};

use crate::stage::{ARTIFACT, Stage, accepted, any_content, default_signer};

fn about(stage: &Stage, digests: &Value) -> Material {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "it", "digest": digests}],
        "predicateType": "https://example.com/type",
    });
    let signed = stage
        .sigstore
        .sign(Signable::statement(&statement), &Plan::default());
    Material::from_bundle(&signed.bundle_bytes()).unwrap()
}

#[test]
fn subjects_by_every_digest() {
    let stage = Stage::new().requiring(any_content());
    for (name, hash) in [
        ("sha256", Hash::Sha256),
        ("sha384", Hash::Sha384),
        ("sha512", Hash::Sha512),
    ] {
        let material = about(
            &stage,
            &json!({name: hex(&hash.digest(ARTIFACT)), "md5": "00", "sha1": "none"}),
        );
        let digest = Digest::of(name.parse().unwrap(), ARTIFACT).unwrap();
        let streamed =
            Artifact::from_reader(ARTIFACT, &material.needs(&stage.requirements)).unwrap();
        for artifact in [
            Artifact::from_bytes(ARTIFACT),
            streamed,
            Artifact::from_digest(digest),
        ] {
            accepted(&stage.verify_artifact(&material, &artifact));
        }
    }
}

#[test]
fn subjects_by_commit_and_sha1_only_when_named_so() {
    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    let stage = Stage::new().requiring(any_content());
    for name in ["gitCommit", "sha1"] {
        let material = about(&stage, &json!({name: COMMIT}));
        let named = |algorithm: &str| {
            Artifact::from_digest(format!("{algorithm}:{COMMIT}").parse().unwrap())
        };
        accepted(&stage.verify_artifact(&material, &named(name)));
        let other = if name == "sha1" { "gitCommit" } else { "sha1" };
        for artifact in [named(other), Artifact::from_bytes(ARTIFACT)] {
            let verdict = stage.verify_artifact(&material, &artifact);
            assert_eq!(verdict.failure().unwrap().reason, Reason::SubjectMismatch);
        }
    }
    let material = about(&stage, &json!({"gitCommit": "ab".repeat(32)}));
    let long = Digest::from_hex(DigestAlgorithm::GitCommit, &"ab".repeat(32)).unwrap();
    accepted(&stage.verify_artifact(&material, &Artifact::from_digest(long)));
}

#[test]
fn the_kind_of_content_that_is_required() {
    let mut stage = Stage::new();
    let signature = stage.sign(&Plan::default()).bundle();
    let attestation = stage.sigstore.attest_blob(ARTIFACT).bundle();
    const SLSA: &str = "https://slsa.dev/provenance/v1";
    for (content, of_signature, of_attestation, name) in [
        (
            Content::Signature,
            None,
            Some(Reason::NotASignature),
            "signature",
        ),
        (
            Content::AnyAttestation,
            Some(Reason::NotAnAttestation),
            None,
            "attestation",
        ),
        (
            Content::Attestation(SLSA.into()),
            Some(Reason::NotAnAttestation),
            None,
            "attestation",
        ),
        (Content::SignatureOrAttestation, None, None, "any"),
    ] {
        stage.requirements = default_signer().content(content);
        assert_eq!(stage.why(&signature), of_signature);
        assert_eq!(stage.why(&attestation), of_attestation);
        assert_eq!(
            stage.judge(&signature).unwrap().evidence().required.content,
            name
        );
    }
}
