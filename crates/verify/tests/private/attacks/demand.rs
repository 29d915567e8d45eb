//! A demand is never void: whatever else is waived, material that lacks exactly what it asks for is not verified.

use sealcheck_testkit::authority::SctMode;
use sealcheck_testkit::{BundleVersion, Key, KeyKind, LeafRequest, Plan, Signer, TokenOptions};
use sealcheck_verify::evidence::Check;
use sealcheck_verify::{Material, Outcome, Reason, Requirements, Threshold};
use serde_json::Value;

use crate::stage::{Stage, after, default_signer, public_key, time};

type Change = fn(Requirements) -> Requirements;

/// The ways in which something is not required.
const WAIVERS: [(&str, Change); 6] = [
    ("nothing", |required| required),
    ("log", |required| required.log_entries(Threshold::Waived)),
    ("sct", |required| required.scts(Threshold::Waived)),
    ("time", Requirements::accept_now_as_signing_time),
    ("github", |required| {
        required
            .log_entries(Threshold::Waived)
            .scts(Threshold::Waived)
            .timestamps(Threshold::ONE)
    }),
    ("everything", |required| {
        required
            .log_entries(Threshold::Waived)
            .scts(Threshold::Waived)
            .timestamps(Threshold::Waived)
            .accept_now_as_signing_time()
            .accept_certificate_chain()
    }),
];

/// A demand, and the flaws of material that does not meet it.
const DEMANDS: [(&str, Change, &[Flaw]); 4] = [
    (
        "log",
        |required| required.log_entries(Threshold::ONE),
        &[Flaw::NoEntry],
    ),
    (
        "inclusion-proof",
        Requirements::require_inclusion_proof,
        &[Flaw::NoEntry, Flaw::PromiseOnly, Flaw::UnknownLog],
    ),
    (
        "timestamp",
        |required| required.timestamps(Threshold::ONE),
        &[Flaw::NoTimestamp],
    ),
    (
        "sct",
        |required| required.scts(Threshold::ONE),
        &[Flaw::NoSct],
    ),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    NoEntry,
    PromiseOnly,
    UnknownLog,
    NoTimestamp,
    NoSct,
}

/// A bundle with entry, proof, timestamp and SCT, but for the flaw.
fn bundle(stage: &Stage, key: Option<&Key>, flaw: Flaw) -> Value {
    let mut plan = match key {
        Some(key) => Plan::key(key.clone()),
        None => Plan::default(),
    };
    if flaw == Flaw::NoSct && key.is_none() {
        let leaf = LeafRequest {
            sct: SctMode::None,
            ..LeafRequest::default()
        };
        plan.signer = Signer::Request(Box::new(leaf));
    }
    if flaw != Flaw::NoTimestamp {
        plan = plan.with_timestamp(TokenOptions::default());
    }
    if flaw == Flaw::NoEntry {
        plan = plan.with_entries(&[]);
    }
    let mut signed = stage.sign(&plan);
    if flaw == Flaw::UnknownLog {
        let stranger = sealcheck_testkit::Instance::new();
        let kind = signed.entries[0].kind;
        signed.entries = vec![stranger.record(kind, &signed.signed, plan.time)];
    }
    match flaw {
        Flaw::PromiseOnly => signed.bundle_as(BundleVersion::V01),
        _ => signed.bundle(),
    }
}

#[test]
fn each_demand_holds_whatever_else_is_waived() {
    let key = Key::generate(KeyKind::P256);
    for key in [None, Some(&key)] {
        let mut stage = Stage::new();
        // While the certificate lives, so that now can be taken for the signing time.
        stage.now = time(after(10));
        let signer = || match key {
            Some(key) => Requirements::key(public_key(key)),
            None => default_signer(),
        };
        for (waived, waive) in WAIVERS {
            for (demanded, demand, flaws) in DEMANDS {
                let case = format!("{demanded}, by key: {}, waived: {waived}", key.is_some());
                let by_key_sct = key.is_some() && demanded == "sct";
                stage.requirements = demand(waive(signer()));
                let whole = stage.judge(&bundle(&stage, key, Flaw::None)).unwrap();
                // Nothing that a key signed has an SCT.
                assert_eq!(
                    whole.outcome() == Outcome::Verified,
                    !by_key_sct,
                    "{case}: {whole}"
                );
                for flaw in flaws {
                    let judged = stage.judge(&bundle(&stage, key, *flaw)).unwrap();
                    assert_eq!(
                        judged.outcome(),
                        Outcome::Rejected,
                        "{case}, {flaw:?}: {judged}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_inclusion_proof_is_required_before_and_after_the_count_is_waived() {
    let mut stage = Stage::new();
    let bundle = bundle(&stage, None, Flaw::NoEntry);
    let waive = |required: Requirements| required.log_entries(Threshold::Waived);
    for requirements in [
        waive(default_signer()).require_inclusion_proof(),
        waive(default_signer().require_inclusion_proof()),
    ] {
        stage.requirements = requirements;
        assert_eq!(stage.why(&bundle), Some(Reason::LogEntriesInsufficient));
    }
    // It is the proof that is missing, also where nothing gives a time.
    let untimed = stage.sign(&Plan::default().with_entries(&[])).bundle();
    assert_eq!(stage.why(&untimed), Some(Reason::LogEntriesInsufficient));
    stage.requirements = waive(default_signer());
    stage.accept(&bundle);
}

#[test]
fn an_sct_cannot_be_required_of_a_key() {
    let key = Key::generate(KeyKind::P256);
    let mut stage = Stage::new().requiring(Requirements::key(public_key(&key)));
    let bundle = bundle(&stage, Some(&key), Flaw::None);
    assert_eq!(stage.accept(&bundle).required.scts, Threshold::Waived);
    stage.requirements = stage.requirements.scts(Threshold::ONE);
    assert_eq!(stage.why(&bundle), Some(Reason::SctMissing));
    let material = Material::from_bundle(bundle.to_string().as_bytes()).unwrap();
    let verdict = stage.verify(&material);
    assert!(matches!(
        verdict.evidence().checks.certificate,
        Check::Failed(_)
    ));
}
