//! Documents of every kind of verdict, against the committed schemas.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use sealcheck_record::{LeftOut, ResultDocument, ResultWriter, cosign, schema};
use sealcheck_testkit::{
    BundleVersion, DEFAULT_TIME, EntryKind, Instance, Key, KeyKind, LeafRequest, Plan, San,
    SctMode, TOKEN_FLAWS, TokenOptions,
};
use sealcheck_verify::evidence::{
    Found, Place, PolicyFacts, PolicyKind, PolicyOutcome, PredicateFacts, ProvenanceFacts,
    SourceFacts, SpdxFacts, SpdxForm, VerificationSummaryFacts, VulnerabilityScanFacts,
};
use sealcheck_verify::{
    Artifact, Content, Digest, Failure, Identities, Identity, Material, Outcome, Pattern,
    PublicKey, Reason, Requirements, Threshold, Time, TrustedRoot, Verdict, verify,
};
use serde_json::{Value, json};

const ARTIFACT: &[u8] = b"the artifact";
const SLSA: &str = "https://slsa.dev/provenance/v1";

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/schema")
        .join(name)
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

#[track_caller]
fn assert_valid(validator: &Validator, document: &Value) {
    let problems: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}\n{document:#}");
}

fn now() -> Time {
    Time::from_unix_seconds(DEFAULT_TIME.as_second() + 3600).unwrap()
}

fn by(identity: &str, issuer: &str) -> Requirements {
    Requirements::identity(Identities::one(Identity::new(
        Pattern::exact(identity).unwrap(),
        Pattern::exact(issuer).unwrap(),
    )))
}

fn usual() -> Requirements {
    by("signer@example.com", "https://accounts.example.com")
}

fn by_key(key: &Key) -> Requirements {
    Requirements::key(PublicKey::parse(key.public_pem().as_bytes()).unwrap())
}

/// The verdict on a bundle, or on its being unreadable.
fn judge(root: &TrustedRoot, bundle: &Value, requirements: &Requirements) -> Verdict {
    let artifact = Artifact::from_bytes(ARTIFACT);
    match Material::from_bundle(bundle.to_string().as_bytes()) {
        Ok(material) => verify(&material, &artifact, root, requirements, now()),
        Err(failure) => Verdict::failed(failure, Some(&artifact), requirements, now()),
    }
}

/// A verified attestation with summaries of several kinds, and with demands that were met and not.
fn judged(verdict: &Verdict) -> Vec<Verdict> {
    let count = 3;
    let failure = Failure::new(Reason::PolicyRefused)
        .at("no.cel:1")
        .detail("this is not true: false");
    let policy = |kind, sha256: Option<&str>, outcome| PolicyFacts {
        kind,
        name: "name".into(),
        sha256: sha256.map(Into::into),
        outcome,
    };
    let summaries = [
        PredicateFacts::SlsaProvenance(ProvenanceFacts {
            version: "v1",
            builder: "https://b.test".into(),
            build_type: None,
            source: Some(SourceFacts {
                uri: "git+https://x.test/y".into(),
                reference: Some("refs/heads/main".into()),
                commit: None,
            }),
            workflow: None,
            invocation: None,
            materials: count,
            started: None,
            finished: None,
        }),
        PredicateFacts::SlsaVerificationSummary(VerificationSummaryFacts {
            verifier: "v".into(),
            resource_uri: "r".into(),
            policy: "p".into(),
            result: "PASSED",
            levels: vec!["SLSA_BUILD_LEVEL_3".into()],
            time_verified: Some(now()),
            input_attestations: count,
            slsa_version: None,
        }),
        PredicateFacts::Spdx(SpdxFacts {
            form: SpdxForm::TagValue,
            version: "SPDX-2.3".into(),
            name: "n".into(),
            namespace: None,
            created: None,
            packages: count,
            files: count,
            relationships: count,
        }),
        PredicateFacts::VulnerabilityScan(VulnerabilityScanFacts {
            scanner: "s".into(),
            version: None,
            finished: None,
            findings: Some(count),
            by_severity: [("high".into(), count)].into(),
        }),
        PredicateFacts::Other,
        PredicateFacts::Unreadable {
            failure: failure.clone(),
        },
    ];
    let passed = policy(PolicyKind::Cel, Some("00"), PolicyOutcome::Passed);
    let failed = policy(
        PolicyKind::SlsaCertificate,
        None,
        PolicyOutcome::Failed { failure },
    );
    let refused = verdict.clone().with_policies(vec![passed.clone(), failed]);
    assert_eq!(refused.outcome(), Outcome::Rejected);
    let accepted = summaries.map(|summary| {
        let verdict = verdict.clone().with_predicate(summary);
        verdict.with_policies(vec![passed.clone()])
    });
    assert!(
        accepted
            .iter()
            .all(|verdict| verdict.outcome() == Outcome::Verified)
    );
    accepted.into_iter().chain([refused]).collect()
}

/// Verdicts of every outcome and of every step.
fn verdicts() -> Vec<Verdict> {
    let sigstore = Instance::new();
    let root = TrustedRoot::from_json(&sigstore.trusted_root_bytes()).unwrap();
    let message = || sealcheck_testkit::Content::message(ARTIFACT);
    let signed = sigstore.sign_blob(ARTIFACT);
    let key = Key::generate(KeyKind::P256);
    let with_key = sigstore.sign(message(), &Plan::key(key.clone()));
    let attested = sigstore.attest_blob(ARTIFACT);
    let attestation = usual().content(Content::Attestation(SLSA.into()));
    let mut all = Vec::new();

    // Verified, with each kind of fact.
    for version in [BundleVersion::V01, BundleVersion::V02, BundleVersion::V03] {
        all.push(judge(&root, &signed.bundle_as(version), &usual()));
    }
    all.push(judge(&root, &signed.legacy_bundle(), &usual()));
    all.push(judge(&root, &attested.bundle(), &attestation));
    all.push(judge(&root, &with_key.bundle(), &by_key(&key)));
    let v2 = sigstore.sign(message(), &Plan::rekor_v2());
    all.push(judge(
        &root,
        &v2.bundle(),
        &usual().timestamps(Threshold::ONE),
    ));
    let workflow = LeafRequest::github_workflow();
    let San::Uri(uri) = workflow.sans[0].clone() else {
        panic!("a workflow has a URI");
    };
    let by_workflow = by(&uri, sealcheck_testkit::authority::GITHUB_ISSUER);
    let with_claims = sigstore.sign(message(), &Plan::keyless(workflow));
    all.push(judge(&root, &with_claims.bundle(), &by_workflow));
    assert!(
        all.iter()
            .all(|verdict| verdict.outcome() == Outcome::Verified),
        "{all:#?}"
    );

    all.extend(judged(&judge(&root, &attested.bundle(), &attestation)));

    // Rejected, at each step.
    let foreign = Instance::new().sign_blob(ARTIFACT);
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut bundle = signed.bundle();
        edit(&mut bundle);
        judge(&root, &bundle, &usual())
    };
    let entry = "/verificationMaterial/tlogEntries/0";
    let set = |pointer: &'static str, value: Value| {
        move |bundle: &mut Value| {
            *bundle.pointer_mut(&format!("{entry}{pointer}")).unwrap() = value.clone();
        }
    };
    all.push(edited(&|bundle| *bundle = json!({})));
    all.push(edited(&|bundle| bundle["mediaType"] = "text/plain".into()));
    all.push(edited(&|bundle| {
        bundle["messageSignature"]["signature"] = "AAAA".into()
    }));
    all.push(edited(&set(
        "/inclusionPromise/signedEntryTimestamp",
        "AAAA".into(),
    )));
    all.push(edited(&set("/inclusionProof/rootHash", "AAAA".into())));
    all.push(edited(&set("/inclusionProof/treeSize", "1".into())));
    all.push(edited(&set(
        "/inclusionProof/checkpoint/envelope",
        "x".into(),
    )));
    all.push(edited(&set("/canonicalizedBody", "e30=".into())));
    all.push(judge(&root, &foreign.bundle(), &usual()));
    all.push(judge(
        &root,
        &signed.bundle(),
        &by("x@example.com", "https://accounts.example.com"),
    ));
    all.push(judge(
        &root,
        &signed.bundle(),
        &by("signer@example.com", "https://x.example.com"),
    ));
    all.push(judge(
        &root,
        &sigstore.sign_blob(b"another").bundle(),
        &usual(),
    ));
    all.push(judge(
        &root,
        &sigstore.attest_blob(b"another").bundle(),
        &attestation,
    ));
    all.push(judge(&root, &signed.bundle(), &attestation));
    all.push(judge(&root, &attested.bundle(), &usual()));
    let spdx = usual().content(Content::Attestation("https://spdx.dev/Document".into()));
    all.push(judge(&root, &attested.bundle(), &spdx));
    all.push(judge(&root, &signed.bundle(), &by_key(&key)));
    all.push(judge(&root, &with_key.bundle(), &usual()));
    all.push(judge(
        &root,
        &with_key.bundle(),
        &by_key(&Key::generate(KeyKind::P256)),
    ));
    all.push(judge(
        &root,
        &signed.legacy_bundle(),
        &usual().require_inclusion_proof(),
    ));
    all.push(judge(
        &root,
        &signed.bundle(),
        &usual().timestamps(Threshold::ONE),
    ));
    for sct in [
        SctMode::None,
        SctMode::UnknownLog,
        SctMode::OtherCertificate,
    ] {
        let request = LeafRequest {
            sct,
            ..LeafRequest::default()
        };
        let signed = sigstore.sign(message(), &Plan::keyless(request));
        all.push(judge(&root, &signed.bundle(), &usual()));
    }
    for flaw in TOKEN_FLAWS {
        let token = TokenOptions {
            flaw: Some(flaw),
            ..TokenOptions::default()
        };
        let plan = Plan::default().with_timestamp(token);
        all.push(judge(
            &root,
            &sigstore.sign(message(), &plan).bundle(),
            &usual(),
        ));
    }
    let late = Plan {
        time: DEFAULT_TIME + std::time::Duration::from_secs(1800),
        ..Plan::default()
    };
    all.push(judge(
        &root,
        &sigstore.sign(message(), &late).bundle(),
        &usual(),
    ));

    // Unavailable: no time, and what the engine says.
    let untimed = sigstore.sign(
        message(),
        &Plan::default().with_entries(&[EntryKind::HashedRekordV002]),
    );
    all.push(judge(&root, &untimed.bundle(), &usual()));
    let artifact = Artifact::from_digest(Digest::sha256(ARTIFACT));
    let bare = Material::detached(
        signed.sig_file().as_bytes(),
        Some(signed.cert_file().as_bytes()),
    );
    all.push(verify(&bare.unwrap(), &artifact, &root, &usual(), now()));

    // Each reason, as a failure around the verification.
    for reason in Reason::ALL {
        let failure = Failure::new(*reason)
            .at("a.b[0]")
            .expected("one thing")
            .found("another\u{1b}[0m")
            .detail("in this way");
        all.push(Verdict::failed(failure, None, &usual(), now()));
    }
    let place = |found, detail: Option<&str>| Place::new("app.sig", found, detail.map(Into::into));
    all.into_iter()
        .map(|verdict| {
            verdict
                .with_artifact_name("app")
                .with_trusted_root_source("test")
                .with_places(vec![
                    place(Found::Present, Some("signature")),
                    place(Found::Absent, None),
                    place(Found::Failed, Some("permission denied")),
                ])
        })
        .collect()
}

#[test]
fn the_committed_schemas_are_current() {
    for (name, generated) in [
        ("evidence-v1.json", schema::evidence()),
        ("result-v1.json", schema::result()),
    ] {
        let text = std::fs::read_to_string(committed(name)).unwrap_or_default();
        let found: Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(
            found, generated,
            "docs/schema/{name} is out of date; `cargo xtask schema` writes it"
        );
    }
}

#[test]
fn every_verdict_follows_the_schemas() {
    let evidence = validator(&schema::evidence());
    let result = validator(&schema::result());
    let verdicts = verdicts();
    let mut outcomes = BTreeSet::new();
    for verdict in &verdicts {
        outcomes.insert(verdict.outcome());
        assert_valid(
            &evidence,
            &serde_json::to_value(verdict.evidence()).unwrap(),
        );
        let document = ResultDocument::new([verdict]);
        assert_eq!(document.outcome, verdict.outcome());
        assert_valid(
            &result,
            &serde_json::from_str(&document.to_json().unwrap()).unwrap(),
        );
    }
    assert_eq!(outcomes.len(), 5, "{outcomes:?}");
    let all = ResultDocument::new(&verdicts);
    assert_eq!(all.outcome, Outcome::Usage);
    assert_valid(&result, &serde_json::to_value(&all).unwrap());
    assert_valid(
        &result,
        &serde_json::to_value(ResultDocument::new([])).unwrap(),
    );
}

#[test]
fn the_schemas_refuse_what_is_no_document() {
    let validator = validator(&schema::result());
    let verdicts = verdicts();
    let document = serde_json::to_value(ResultDocument::new(&verdicts[..1])).unwrap();
    assert_valid(&validator, &document);
    for (pointer, value) in [
        ("/schema", json!("sealcheck/result/v2")),
        ("/outcome", json!("fine")),
        ("/results", json!({})),
        ("/results/0/schema", json!("sealcheck/evidence/v2")),
        ("/results/0/outcome", json!(null)),
        ("/results/0/checks/log/outcome", json!("skipped")),
        ("/results/0/reason", json!("no-such-reason")),
        ("/results/0/places/0/found", json!(true)),
    ] {
        let mut altered = document.clone();
        *altered.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&altered), "{pointer}");
    }
    for required in ["artifact", "outcome", "checks", "places"] {
        let mut altered = document.clone();
        altered["results"][0]
            .as_object_mut()
            .unwrap()
            .remove(required);
        assert!(!validator.is_valid(&altered), "{required}");
    }
}

#[test]
fn the_writer_makes_the_same_document() {
    let verdicts = verdicts();
    for count in [0, 1, 2, verdicts.len()] {
        let verdicts = &verdicts[..count];
        let mut writer = ResultWriter::new(Vec::new()).unwrap();
        for verdict in verdicts {
            writer.push(verdict).unwrap();
        }
        let mut document = ResultDocument::new(verdicts);
        for path in &["a\"b", "c"][..count.min(2)] {
            let left_out = LeftOut {
                path: (*path).to_owned(),
                why: "a reason".to_owned(),
            };
            writer.leave_out(left_out.clone());
            document.left_out.push(left_out);
        }
        let (written, outcome) = writer.finish().unwrap();
        assert_eq!(outcome, document.outcome);
        assert_eq!(written.last(), Some(&b'\n'));
        let written: Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(written, serde_json::to_value(document).unwrap());
        assert_valid(&validator(&schema::result()), &written);
    }
}

#[test]
fn a_run_without_results_has_verified_nothing() {
    assert_eq!(ResultDocument::new([]).outcome, Outcome::Usage);
    let (_, outcome) = ResultWriter::new(Vec::new()).unwrap().finish().unwrap();
    assert_eq!(outcome, Outcome::Usage);
}

#[test]
fn cosign_says_ok_only_when_all_is_verified() {
    let verdicts = verdicts();
    for verdict in &verdicts {
        let text = cosign::said(verdict, false).stderr;
        if verdict.outcome() == Outcome::Verified {
            assert_eq!(text, "Verified OK\n");
        } else {
            assert!(text.starts_with("Error: app: "), "{text}");
            assert!(
                !text.contains("Verified OK") && !text.contains('\u{1b}'),
                "{text}"
            );
            assert_eq!(text.lines().count(), 2);
        }
    }
}

#[test]
fn a_command_that_failed_early_has_a_document_of_the_schema() {
    let validator = validator(&schema::result());
    for (reason, outcome) in [
        (Reason::ArgumentInvalid, "usage"),
        (Reason::TrustRootUnavailable, "unavailable"),
    ] {
        let document = ResultDocument::failed(reason, "what happened", "What to do.");
        let document: Value = serde_json::from_str(&document.to_json().unwrap()).unwrap();
        assert_valid(&validator, &document);
        assert_eq!(
            document,
            json!({
                "schema": "sealcheck/result/v1",
                "outcome": outcome,
                "reason": reason.code(),
                "message": "what happened",
                "hint": "What to do.",
                "results": [],
            })
        );
    }
}
