//! Sigstore bundles of every version.

use sealcheck_testkit::authority::DEFAULT_ISSUER;
use sealcheck_testkit::bundle::BUNDLE_VERSIONS;
use sealcheck_testkit::encoding::base64;
use sealcheck_testkit::{BundleVersion, Content as Signable, Key, KeyKind, Plan, Signed};
use sealcheck_verify::evidence::{LogProof, TimeSource};
use sealcheck_verify::{Artifact, Content, Format, Material, Requirements};
use serde_json::{Value, json};

use crate::stage::{ARTIFACT, Stage, any_content, default_signer, public_key, time};

fn expected(version: BundleVersion) -> (Format, &'static str, LogProof) {
    match version {
        BundleVersion::V01 => (Format::BundleV01, "sigstore-bundle-v0.1", LogProof::Promise),
        BundleVersion::V02 => (
            Format::BundleV02,
            "sigstore-bundle-v0.2",
            LogProof::PromiseAndInclusion,
        ),
        BundleVersion::V03 | BundleVersion::V03Parameter => (
            Format::BundleV03,
            "sigstore-bundle-v0.3",
            LogProof::PromiseAndInclusion,
        ),
    }
}

#[test]
fn messages_in_every_version() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default());
    for version in BUNDLE_VERSIONS {
        let bundle = signed.bundle_as(version);
        let (format, name, proof) = expected(version);
        assert_eq!(
            Material::from_bundle(bundle.to_string().as_bytes())
                .unwrap()
                .format(),
            format
        );
        let evidence = stage.accept(&bundle);
        let checks = &evidence.checks;
        assert_eq!(checks.material.facts().unwrap().format, name);
        assert_eq!(checks.key.facts().unwrap().source, "certificate");
        let entry = &checks.log.facts().unwrap().entries[0];
        assert_eq!(
            (entry.kind, entry.version, entry.proof),
            ("hashedrekord", "0.0.1", proof)
        );
        assert_eq!(entry.log_index, signed.entries[0].log_index);
        assert_eq!(&*entry.log, stage.sigstore.rekor.url());
        match (&entry.checkpoint, proof) {
            (None, LogProof::Promise) => {}
            (Some(checkpoint), _) => {
                assert_eq!(&*checkpoint.origin, stage.sigstore.rekor.origin());
                assert_eq!(checkpoint.tree_size, signed.entries[0].proof.size);
                assert_eq!(checkpoint.index, signed.entries[0].proof.index);
                assert_eq!(checkpoint.other_signatures, 0);
            }
            (None, _) => panic!("no checkpoint"),
        }
        let signed_at = time(sealcheck_testkit::DEFAULT_TIME);
        assert_eq!(
            (evidence.signed_at, evidence.time_source),
            (Some(signed_at), Some(TimeSource::LogEntry))
        );
        let certificate = checks.certificate.facts().unwrap();
        assert_eq!(certificate.checked_at, [signed_at]);
        assert_eq!(certificate.scts.len(), 1);
        assert!(certificate.scts[0].embedded);
        let signature = checks.signature.facts().unwrap();
        assert_eq!(
            (&*signature.scheme, signature.over),
            ("ecdsa-sha256", "artifact")
        );
        assert_eq!(checks.identity.facts().unwrap().matched, 0);
        assert_eq!(evidence.signer.as_deref(), Some("signer@example.com"));
        assert_eq!(
            evidence.issuer.as_deref(),
            Some("https://accounts.example.com")
        );
    }
}

#[test]
fn attestations_in_every_version() {
    const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
    let attestation = default_signer().content(Content::Attestation(PROVENANCE.into()));
    let stage = Stage::new().requiring(attestation);
    let signed = stage.sigstore.attest_blob(ARTIFACT);
    for version in BUNDLE_VERSIONS {
        let evidence = stage.accept(&signed.bundle_as(version));
        let subject = evidence.checks.subject.facts().unwrap();
        assert_eq!(
            (subject.predicate_type.as_deref(), &*subject.name),
            (Some(PROVENANCE), "artifact")
        );
        let signature = evidence.checks.signature.facts().unwrap();
        assert_eq!(signature.over, "dsse-envelope");
        let entry = &evidence.checks.log.facts().unwrap().entries[0];
        assert_eq!(
            (entry.kind, entry.version, entry.proof),
            ("dsse", "0.0.1", expected(version).2)
        );
        let material =
            Material::from_bundle(signed.bundle_as(version).to_string().as_bytes()).unwrap();
        assert_eq!(
            stage
                .verify(&material)
                .statement()
                .unwrap()
                .predicate_type(),
            PROVENANCE
        );
    }
}

#[test]
fn chains_before_version_0_3_with_and_without_their_root() {
    let stage = Stage::new();
    let mut bundle = stage.sign(&Plan::default()).bundle_with_chain();
    stage.accept(&bundle);
    let chain = &mut bundle["verificationMaterial"]["x509CertificateChain"]["certificates"];
    assert_eq!(chain.as_array_mut().unwrap().drain(2..).count(), 1);
    let evidence = stage.accept(&bundle);
    assert_eq!(
        &*evidence.checks.certificate.facts().unwrap().authority,
        "https://fulcio.sigstore.test"
    );
}

#[test]
fn key_hints_of_every_version() {
    let key = Key::generate(KeyKind::P256);
    let plan = Plan::key(key.clone());
    let stage = Stage::new().requiring(Requirements::key(public_key(&key)));
    for version in BUNDLE_VERSIONS {
        let evidence = stage.accept(&stage.sign(&plan).bundle_as(version));
        let facts = evidence.checks.key.facts().unwrap();
        assert_eq!((facts.source, &*facts.kind), ("caller", "ecdsa-p256"));
        assert_eq!(
            evidence.signer.unwrap(),
            format!("sha256:{}", facts.sha256).into()
        );
        assert!(evidence.issuer.is_none() && evidence.checks.certificate.facts().is_none());
    }
    // The name of a field of another format, as a value.
    let mut bundle = stage.sign(&plan).bundle();
    bundle["verificationMaterial"]["publicKey"]["hint"] = "base64Signature".into();
    stage.accept(&bundle);
}

#[test]
fn statements_of_both_versions_and_the_signature_predicate_of_cosign() {
    let stage = Stage::new();
    let digest = sealcheck_verify::Digest::sha256(ARTIFACT).to_string();
    let image = stage
        .sigstore
        .sign_image_bundle(&digest, &[("team", "release")]);
    let evidence = stage.accept(&image.bundle());
    let subject = evidence.checks.subject.facts().unwrap();
    assert_eq!(
        subject.predicate_type.as_deref(),
        Some("https://sigstore.dev/cosign/sign/v1")
    );
    let stage = stage.requiring(any_content());
    for version in [
        sealcheck_testkit::StatementVersion::V01,
        sealcheck_testkit::StatementVersion::V1,
    ] {
        let statement = sealcheck_testkit::sign::statement(
            version,
            &[("other", b"other"), ("the one", ARTIFACT)],
            "https://example.com/type",
            serde_json::json!(null),
        );
        let signed = stage
            .sigstore
            .sign(Signable::statement(&statement), &Plan::default());
        assert_eq!(
            &*stage
                .accept(&signed.bundle())
                .checks
                .subject
                .facts()
                .unwrap()
                .name,
            "the one"
        );
    }
}

/// What is written again keeps the form of what was signed, and verifies as before.
#[test]
fn written_again_with_every_digest_and_kind_of_key() {
    let artifact = Artifact::from_bytes(ARTIFACT);
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521] {
        let key = Key::generate(kind);
        let stage = Stage::new().requiring(Requirements::key(public_key(&key)));
        let signed = stage.sign(&Plan::key(key.clone()));
        let original = signed.bundle();
        let kept = |material: Material| -> Value {
            serde_json::from_str(&material.to_bundle(&artifact).unwrap()).unwrap()
        };
        // A hint is not kept: nobody needs it who has the key.
        let hinted = kept(Material::from_bundle(&signed.bundle_bytes()).unwrap());
        assert_eq!(hinted["messageSignature"], original["messageSignature"]);
        assert_eq!(
            hinted["verificationMaterial"]["publicKey"],
            json!({"hint": ""})
        );
        assert_eq!(stage.why(&hinted), None);

        let mut legacy = signed.legacy_bundle();
        legacy["cert"] = base64(key.public_pem().as_bytes()).into();
        legacy.as_object_mut().unwrap().remove("rekorBundle");
        let material = Material::from_bundle(legacy.to_string().as_bytes()).unwrap();
        let entry = signed.entries[0].bundle_json().to_string();
        let repeated = kept(material.with_log_entry(entry.as_bytes()).unwrap());
        assert_eq!(
            repeated["verificationMaterial"],
            original["verificationMaterial"]
        );
    }
}

#[test]
fn what_a_material_holds_can_be_asked_for_before_it_is_verified() {
    let stage = Stage::new();
    let key = Plan::key(Key::generate(KeyKind::P256));
    let read = |signed: &Signed| Material::from_bundle(&signed.bundle_bytes()).unwrap();
    let message = stage.sign(&Plan::default());
    let keyed = stage.sign(&key);
    let attested = stage.sigstore.attest_blob(ARTIFACT);
    for (signed, is_attestation, is_certified) in [
        (&message, false, true),
        (&keyed, false, false),
        (&attested, true, true),
    ] {
        let material = read(signed);
        assert_eq!(material.is_attestation(), is_attestation);
        assert_eq!(
            material
                .unverified_statement()
                .map(|statement| (statement.predicate_type(), statement.subjects()[0].name())),
            is_attestation.then_some(("https://slsa.dev/provenance/v1", "artifact"))
        );
        let leaf = signed.signed.leaf.as_ref();
        assert_eq!(leaf.is_some(), is_certified);
        assert_eq!(material.certificate(), leaf.map(|leaf| leaf.der.as_slice()));
        let claims = material.unverified_claims();
        assert_eq!(
            claims.as_ref().and_then(|claims| claims.issuer.as_deref()),
            is_certified.then_some(DEFAULT_ISSUER)
        );
    }
}
