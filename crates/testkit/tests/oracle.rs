//! What the kit makes verifies with an implementation that is not ours, and stops verifying when it
//! is tampered with. The oracle reads the wall clock; [`DEFAULT_TIME`] lies in its past.
#![allow(clippy::unwrap_used, reason = "test code outside test functions")]

use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER, GITHUB_ISSUER};
use sealcheck_testkit::mutate::{Rng, mutate};
use sealcheck_testkit::{
    BundleVersion, Content, EntryKind, Instance, InstanceOptions, Key, KeyKind, LeafRequest, Plan,
    San, SctMode, Signed, TokenFlaw, TokenOptions, encoding, trusted_root,
};
use serde_json::Value;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Bundle, DerPublicKey};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, verify};

const ARTIFACT: &[u8] = b"hello";

fn check(root: &Value, bundle: &Value, policy: &VerificationPolicy) -> Result<(), String> {
    let root = TrustedRoot::from_json(&root.to_string()).map_err(|e| e.to_string())?;
    let bundle = Bundle::from_json(&bundle.to_string()).map_err(|e| e.to_string())?;
    verify(ARTIFACT, &bundle, policy, &root)
        .map(drop)
        .map_err(|e| e.to_string())
}

fn default_policy() -> VerificationPolicy {
    VerificationPolicy::new(DEFAULT_IDENTITY, DEFAULT_ISSUER)
}

fn accepted(sigstore: &Instance, bundle: &Value) {
    check(&sigstore.trusted_root_json(), bundle, &default_policy()).unwrap();
}

fn rejected(sigstore: &Instance, bundle: &Value) -> String {
    check(&sigstore.trusted_root_json(), bundle, &default_policy()).unwrap_err()
}

/// Flips the lowest bit of the last octet of a base64 field.
fn flip(field: &mut Value) {
    let mut bytes = encoding::base64_decode(field.as_str().unwrap());
    *bytes.last_mut().unwrap() ^= 1;
    *field = encoding::base64(&bytes).into();
}

fn sign_with(sigstore: &Instance, plan: &Plan) -> Signed {
    sigstore.sign(Content::message(ARTIFACT), plan)
}

#[test]
fn message_signature_with_rekor_v1() {
    let sigstore = Instance::new();
    let signed = sigstore.sign_blob(ARTIFACT);
    for version in [
        BundleVersion::V02,
        BundleVersion::V03,
        BundleVersion::V03Parameter,
    ] {
        accepted(&sigstore, &signed.bundle_as(version));
    }
}

#[test]
fn message_signature_with_rekor_v1_and_timestamp() {
    let sigstore = Instance::new();
    let plan = Plan::default().with_timestamp(TokenOptions::default());
    accepted(&sigstore, &sign_with(&sigstore, &plan).bundle());
}

#[test]
fn envelope_with_dsse_and_intoto_entries() {
    let sigstore = Instance::new();
    accepted(&sigstore, &sigstore.attest_blob(ARTIFACT).bundle());
    let Content::Dsse(envelope) = sigstore.attest_blob(ARTIFACT).signed.content else {
        panic!("an attestation is an envelope");
    };
    let plan = Plan::default().with_entries(&[EntryKind::IntotoV002]);
    let signed = sigstore.sign(Content::Dsse(envelope), &plan);
    accepted(&sigstore, &signed.bundle_as(BundleVersion::V02));
    accepted(&sigstore, &signed.bundle());
}

#[test]
fn rekor_v2_with_every_log_key_and_witnesses() {
    for (rekor_v2_key, witnesses) in [
        (KeyKind::Ed25519, 0),
        (KeyKind::Ed25519, 2),
        (KeyKind::P256, 1),
    ] {
        let sigstore = Instance::with(InstanceOptions {
            rekor_v2_key,
            witnesses,
            ..InstanceOptions::default()
        });
        accepted(&sigstore, &sign_with(&sigstore, &Plan::rekor_v2()).bundle());
        let content = sigstore.attest_blob(ARTIFACT).signed.content;
        accepted(
            &sigstore,
            &sigstore.sign(content, &Plan::rekor_v2()).bundle(),
        );
    }
}

#[test]
fn authorities_of_other_shapes() {
    for (authority_key, intermediates) in
        [(KeyKind::P256, 1), (KeyKind::P384, 2), (KeyKind::P384, 0)]
    {
        let sigstore = Instance::with(InstanceOptions {
            authority_key,
            intermediates,
            ..InstanceOptions::default()
        });
        accepted(&sigstore, &sigstore.sign_blob(ARTIFACT).bundle());
    }
}

#[test]
fn timestamps_of_every_signer() {
    for kind in [KeyKind::P256, KeyKind::P384] {
        for embed_certificates in [false, true] {
            let sigstore = Instance::with(InstanceOptions {
                tsa_key: Key::shared(kind),
                ..InstanceOptions::default()
            });
            let plan = Plan::default()
                .with_entries(&[EntryKind::HashedRekordV002])
                .with_timestamp(TokenOptions {
                    embed_certificates,
                    ..TokenOptions::default()
                });
            accepted(&sigstore, &sign_with(&sigstore, &plan).bundle());
        }
    }
}

#[test]
fn leaves_with_every_key_that_the_oracle_knows() {
    let sigstore = Instance::new();
    for kind in [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::Ed25519,
        KeyKind::Rsa2048,
        KeyKind::Rsa4096,
    ] {
        let request = LeafRequest::default().with_key(Key::shared(kind));
        // In an envelope: the oracle reads hashedrekord entries over SHA-256 only.
        let content = sigstore.attest_blob(ARTIFACT).signed.content;
        let signed = sigstore.sign(content, &Plan::keyless(request));
        let root = sigstore.trusted_root_json();
        let result = check(&root, &signed.bundle(), &default_policy());
        assert_eq!(result, Ok(()), "{kind:?}");
    }
}

#[test]
fn bare_keys() {
    let sigstore = Instance::new();
    let root = TrustedRoot::from_json(&sigstore.trusted_root_json().to_string()).unwrap();
    for kind in [
        KeyKind::P256,
        KeyKind::Rsa2048,
        KeyKind::Rsa3072,
        KeyKind::Rsa4096,
    ] {
        let key = Key::shared(kind);
        let signed = sign_with(&sigstore, &Plan::key(key.clone()));
        let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.spki().to_vec()));
        let bundle = Bundle::from_json(&signed.bundle().to_string()).unwrap();
        verify(ARTIFACT, &bundle, &policy, &root).unwrap();
    }
}

#[test]
fn identities() {
    let sigstore = Instance::new();
    let root = sigstore.trusted_root_json();
    let workflow = LeafRequest::github_workflow();
    let Some(San::Uri(uri)) = workflow.sans.first().cloned() else {
        panic!("a workflow is a URI");
    };
    let bundle = sign_with(&sigstore, &Plan::keyless(workflow)).bundle();
    check(&root, &bundle, &VerificationPolicy::new(uri, GITHUB_ISSUER)).unwrap();
    check(&root, &bundle, &default_policy()).unwrap_err();
}

#[test]
fn certificates_with_one_thing_wrong() {
    let sigstore = Instance::new();
    let good = LeafRequest::default();
    let broken = [
        (
            "is missing SCT",
            LeafRequest {
                sct: SctMode::None,
                ..good.clone()
            },
        ),
        (
            "key not found",
            LeafRequest {
                sct: SctMode::UnknownLog,
                ..good.clone()
            },
        ),
        (
            "signature invalid",
            LeafRequest {
                sct: SctMode::OtherCertificate,
                ..good.clone()
            },
        ),
        (
            "is missing SCT",
            LeafRequest {
                sct: SctMode::Detached,
                ..good.clone()
            },
        ),
        (
            "got none",
            LeafRequest {
                sans: Vec::new(),
                ..good.clone()
            },
        ),
        (
            "RequiredEkuNotFound",
            LeafRequest {
                extended_key_usages: vec!["1.3.6.1.5.5.7.3.1".into()],
                ..good.clone()
            },
        ),
        (
            "CaUsedAsEndEntity",
            LeafRequest {
                ca: true,
                ..good.clone()
            },
        ),
        (
            "UnsupportedCriticalExtension",
            LeafRequest {
                extensions: vec![("1.2.3.4".into(), true, vec![5, 0])],
                ..good.clone()
            },
        ),
    ];
    accepted(
        &sigstore,
        &sign_with(&sigstore, &Plan::keyless(good.clone())).bundle(),
    );
    for (expected, request) in broken {
        let bundle = sign_with(&sigstore, &Plan::keyless(request)).bundle();
        let reason = rejected(&sigstore, &bundle);
        assert!(
            reason.contains(expected),
            "{reason} does not say {expected}"
        );
    }
    let extended = LeafRequest {
        sct: SctMode::EmbeddedWithExtensions(vec![1, 2, 3]),
        ..good
    };
    accepted(
        &sigstore,
        &sign_with(&sigstore, &Plan::keyless(extended)).bundle(),
    );
}

#[test]
fn tampered_bundles() {
    let sigstore = Instance::new();
    let bundle = sigstore.sign_blob(ARTIFACT).bundle();
    for pointer in [
        "/messageSignature/signature",
        "/messageSignature/messageDigest/digest",
        "/verificationMaterial/certificate/rawBytes",
        "/verificationMaterial/tlogEntries/0/canonicalizedBody",
        "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
        "/verificationMaterial/tlogEntries/0/inclusionProof/hashes/0",
        "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
    ] {
        let mut tampered = bundle.clone();
        flip(tampered.pointer_mut(pointer).unwrap());
        rejected(&sigstore, &tampered);
    }
    let mut v2 = sign_with(&sigstore, &Plan::rekor_v2()).bundle();
    flip(
        v2.pointer_mut(
            "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
        )
        .unwrap(),
    );
    rejected(&sigstore, &v2);
}

#[test]
fn instances_do_not_trust_each_other_until_merged() {
    let (ours, theirs) = (Instance::new(), Instance::new());
    let bundle = ours.sign_blob(ARTIFACT).bundle();
    rejected(&theirs, &bundle);
    let merged = trusted_root::merge(&theirs.trusted_root_json(), &ours.trusted_root_json());
    check(&merged, &bundle, &default_policy()).unwrap();
}

/// The oracle looks at neither the content type, the signing certificate nor the number of signers.
#[test]
fn tokens_with_one_thing_wrong() {
    let sigstore = Instance::new();
    for flaw in [
        TokenFlaw::NotGranted,
        TokenFlaw::NoMessageDigest,
        TokenFlaw::WrongMessageDigest,
        TokenFlaw::WrongImprint,
        TokenFlaw::WrongKey,
    ] {
        let plan = Plan::default()
            .with_entries(&[EntryKind::HashedRekordV002])
            .with_timestamp(TokenOptions {
                flaw: Some(flaw),
                ..TokenOptions::default()
            });
        rejected(&sigstore, &sign_with(&sigstore, &plan).bundle());
    }
}

/// A mutated bundle that the oracle accepts still says the same; the count shows that the mutations
/// reach deep checks, and that a verdict of the oracle depends on them.
#[test]
fn most_mutations_are_rejected_by_the_oracle() {
    let sigstore = Instance::new();
    let root = TrustedRoot::from_json(&sigstore.trusted_root_json().to_string()).unwrap();
    let bundle = sigstore.sign_blob(ARTIFACT).bundle_bytes();
    let other = sign_with(&sigstore, &Plan::rekor_v2()).bundle_bytes();
    let (mut parsed, mut accepted, mut rounds) = (0, 0, 0);
    let mut rng = Rng::new(7);
    while rounds < 500 {
        rounds += 1;
        let (changed, _) = mutate(&mut rng, &bundle, &other);
        let Ok(text) = String::from_utf8(changed) else {
            continue;
        };
        let Ok(candidate) = Bundle::from_json(&text) else {
            continue;
        };
        parsed += 1;
        accepted += usize::from(verify(ARTIFACT, &candidate, &default_policy(), &root).is_ok());
    }
    assert!(parsed > rounds / 4, "only {parsed} of {rounds} parsed");
    assert!(accepted < parsed / 2, "{accepted} of {parsed} accepted");
}
