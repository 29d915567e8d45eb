//! Certificates: every kind of name, every claim, SCTs inside and beside.

use sealcheck_testkit::authority::{DEFAULT_ISSUER, GITHUB_ISSUER};
use sealcheck_testkit::trusted_root::merge;
use sealcheck_testkit::{Instance, InstanceOptions, KeyKind, LeafRequest, Plan, San, SctMode};
use sealcheck_verify::{
    Claim, Identities, Material, Pattern, Requirements, SubjectAlternativeName, Threshold,
};

use crate::stage::{Stage, accepted, default_signer, exact};

#[test]
fn every_kind_of_name() {
    type Name = SubjectAlternativeName;
    let names = [
        (
            San::Email("somebody@example.com".into()),
            Name::Email("somebody@example.com".into()),
        ),
        (
            San::Uri("https://example.com/a?b#c".into()),
            Name::Uri("https://example.com/a?b#c".into()),
        ),
        (
            San::Uri("spiffe://example.com/workload".into()),
            Name::Uri("spiffe://example.com/workload".into()),
        ),
        (
            San::Dns("host.example.com".into()),
            Name::Dns("host.example.com".into()),
        ),
        (
            San::Ip("192.0.2.1".parse().unwrap()),
            Name::Ip("192.0.2.1".into()),
        ),
        (
            San::Ip("2001:db8::1".parse().unwrap()),
            Name::Ip("2001:db8::1".into()),
        ),
        (
            San::Other("user!example.com".into()),
            Name::OtherName("user!example.com".into()),
        ),
    ];
    let mut stage = Stage::new();
    for (san, name) in names {
        let bundle = stage
            .sign(&Plan::keyless(LeafRequest::new(san, DEFAULT_ISSUER)))
            .bundle();
        stage.requirements =
            Requirements::identity(Identities::one(exact(name.value(), DEFAULT_ISSUER)));
        let evidence = stage.accept(&bundle);
        assert_eq!(evidence.signer.as_deref(), Some(name.value()));
        assert_eq!(
            evidence.checks.certificate.facts().unwrap().claims.san,
            Some(name)
        );
    }
}

#[test]
fn every_claim_can_be_required_and_is_in_the_evidence() {
    let request = {
        let mut request = LeafRequest::github_workflow();
        request.claims.insert(23, "production".into());
        request
            .claims
            .insert(24, "repo:example/project:ref:refs/heads/main".into());
        request
    };
    let mut stage = Stage::new();
    let signed = stage.sign(&Plan::keyless(request.clone()));
    let San::Uri(subject) = &request.sans[0] else {
        panic!("a workflow's name is a URI")
    };
    for claim in Claim::NAMED {
        let number: u32 = claim.oid().rsplit('.').next().unwrap().parse().unwrap();
        let value = &request.claims[&number];
        let identity =
            exact(subject, GITHUB_ISSUER).with_claim(*claim, Pattern::exact(value).unwrap());
        stage.requirements = Requirements::identity(Identities::one(identity));
        let evidence = stage.accept(&signed.bundle());
        let claims = &evidence.checks.certificate.facts().unwrap().claims;
        assert_eq!(claims.get(*claim), Some(value.as_str()), "{claim}");
    }
}

#[test]
fn an_issuer_in_either_extension() {
    let stage = Stage::new();
    for arc in [1, 8] {
        let mut request = LeafRequest::default();
        request.claims.remove(&arc);
        stage.accept(&stage.sign(&Plan::keyless(request)).bundle());
    }
}

#[test]
fn scts_with_extensions_and_with_rsa_logs() {
    for ct_key in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048] {
        let stage = Stage::of(Instance::with(InstanceOptions {
            ct_key,
            ..InstanceOptions::default()
        }));
        for sct in [
            SctMode::Embedded,
            SctMode::EmbeddedWithExtensions(vec![0, 0, 5, 0, 0, 0, 0, 9]),
            SctMode::EmbeddedTimes(3),
        ] {
            let plan = Plan::keyless(LeafRequest {
                sct,
                ..LeafRequest::default()
            });
            let evidence = stage.accept(&stage.sign(&plan).bundle());
            let scts = &evidence.checks.certificate.facts().unwrap().scts;
            // Three of one log are one witness.
            assert_eq!((scts.len(), scts[0].embedded), (1, true));
        }
    }
}

#[test]
fn detached_scts_and_two_distinct_logs() {
    let stage = Stage::new();
    let plan = Plan::keyless(LeafRequest {
        sct: SctMode::Detached,
        ..LeafRequest::default()
    });
    let signed = stage.sign(&plan);
    let leaf = signed.signed.leaf.clone().unwrap();
    let material = Material::from_bundle(&signed.bundle_bytes()).unwrap();
    for sct in [
        leaf.sct_json().unwrap().to_string().into_bytes(),
        leaf.scts[0].encode(),
    ] {
        let evidence = stage.accept_material(&material.clone().with_sct(&sct));
        let scts = &evidence.checks.certificate.facts().unwrap().scts;
        assert_eq!((scts.len(), scts[0].embedded), (1, false));
    }

    let other = Instance::new();
    let signed = stage.sign(&Plan::default());
    let second = other.ct.sign_certificate(
        &signed.signed.leaf.clone().unwrap().der,
        sealcheck_testkit::DEFAULT_TIME,
        &[],
    );
    let root = merge(
        &stage.sigstore.trusted_root_json(),
        &other.trusted_root_json(),
    );
    let two = Threshold::AtLeast(2.try_into().unwrap());
    let stage = stage.trusting(&root).requiring(default_signer().scts(two));
    let material = Material::from_bundle(&signed.bundle_bytes())
        .unwrap()
        .with_sct(&second.encode());
    assert_eq!(
        accepted(&stage.verify(&material))
            .checks
            .certificate
            .facts()
            .unwrap()
            .scts
            .len(),
        2
    );
}

#[test]
fn authorities_of_every_depth_and_key() {
    for authority_key in [KeyKind::P256, KeyKind::P384] {
        for intermediates in 0..3 {
            let options = InstanceOptions {
                authority_key,
                intermediates,
                ..InstanceOptions::default()
            };
            let stage = Stage::of(Instance::with(options));
            stage.accept(&stage.sign(&Plan::default()).bundle());
        }
    }
}

/// GitHub's instance has no CT log: its certificates bring no SCT.
#[test]
fn scts_and_logs_can_be_waived_by_name() {
    let waived = default_signer().scts(Threshold::Waived);
    let stage = Stage::new()
        .with_root(|root| root.with_ct = false)
        .requiring(waived);
    assert!(!stage.root.has_ct_logs() && stage.root.has_logs());
    assert!(Stage::new().root.has_ct_logs());
    for sct in [SctMode::None, SctMode::Embedded, SctMode::UnknownLog] {
        let plan = Plan::keyless(LeafRequest {
            sct,
            ..LeafRequest::default()
        });
        let evidence = stage.accept(&stage.sign(&plan).bundle());
        assert!(evidence.checks.certificate.facts().unwrap().scts.is_empty());
        assert_eq!(evidence.required.scts, Threshold::Waived);
    }
    let waived = default_signer().log_entries(Threshold::Waived);
    let stage = Stage::new()
        .with_root(|root| root.with_rekor = false)
        .requiring(waived);
    assert!(!stage.root.has_logs());
    let plan = Plan::rekor_v2().with_entries(&[]);
    let evidence = stage.accept(&stage.sign(&plan).bundle());
    assert!(evidence.checks.log.facts().is_none());
    // An entry of an unknown log is left aside.
    let evidence = stage.accept(&stage.sign(&Plan::rekor_v2()).bundle());
    assert!(evidence.checks.log.facts().is_none());
}

/// The trusted root has the root alone; the material brings the rest of the chain.
#[test]
fn an_intermediate_that_the_material_brings_along() {
    let stage = Stage::new();
    let bundle = stage.sign(&Plan::default()).bundle_with_chain();
    let mut root = stage.sigstore.trusted_root_json();
    let chain = &mut root["certificateAuthorities"][0]["certChain"]["certificates"];
    *chain = serde_json::json!([chain[1]]);
    let stage = stage.trusting(&root);
    stage.accept(&bundle);
    let mut alone = bundle;
    let chain = &mut alone["verificationMaterial"]["x509CertificateChain"]["certificates"];
    *chain = serde_json::json!([chain[0]]);
    assert_eq!(
        stage.why(&alone),
        Some(sealcheck_verify::Reason::CertificateUntrusted)
    );
}
