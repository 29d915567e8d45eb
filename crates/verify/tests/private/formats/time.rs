//! Timestamps of authorities, alone and beside promises.

use sealcheck_testkit::trusted_root::merge;
use sealcheck_testkit::{Hash, Instance, InstanceOptions, Key, KeyKind, Plan, TokenOptions};
use sealcheck_verify::evidence::{Check, TimeSource};
use sealcheck_verify::{Material, Reason, Requirements, Threshold};

use crate::stage::{Stage, after, default_signer, public_key, time};

#[test]
fn authorities_with_every_key_and_imprint_with_and_without_their_certificate() {
    for kind in [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::P521,
        KeyKind::Rsa2048,
    ] {
        let options = InstanceOptions {
            tsa_key: Key::shared(kind),
            ..InstanceOptions::default()
        };
        let stage = Stage::of(Instance::with(options));
        for imprint in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            for embed_certificates in [false, true] {
                let token = TokenOptions {
                    imprint,
                    embed_certificates,
                    nonce: Some(7),
                    ..TokenOptions::default()
                };
                let plan = Plan {
                    timestamps: vec![token],
                    ..Plan::rekor_v2()
                };
                let evidence = stage.accept(&stage.sign(&plan).bundle());
                assert_eq!(evidence.time_source, Some(TimeSource::Timestamp));
                let facts = evidence.checks.time.facts().unwrap();
                let timestamp = &facts.timestamps[0];
                assert_eq!(timestamp.embedded_certificate, embed_certificates);
                assert_eq!(timestamp.imprint_algorithm, imprint.rekor_name());
                assert_eq!(
                    timestamp.signature_scheme.starts_with("rsa"),
                    kind == KeyKind::Rsa2048
                );
                assert!(facts.unknown_authorities.is_empty());
            }
        }
    }
}

#[test]
fn a_bare_token_is_as_good_as_a_response() {
    let stage = Stage::new();
    let mut signed = stage.sign(&Plan::rekor_v2());
    signed.timestamps = vec![
        stage
            .sigstore
            .tsa
            .token(&signed.signed.signature, &TokenOptions::default()),
    ];
    stage.accept(&signed.bundle());
}

#[test]
fn the_earliest_of_several_times_is_the_signing_time_and_all_are_checked() {
    let stage = Stage::new();
    let token = TokenOptions {
        time: after(-2),
        ..TokenOptions::default()
    };
    let later = TokenOptions {
        time: after(60),
        ..TokenOptions::default()
    };
    let plan = Plan::default().with_timestamp(later).with_timestamp(token);
    let evidence = stage.accept(&stage.sign(&plan).bundle());
    assert_eq!(evidence.signed_at, Some(time(after(-2))));
    assert_eq!(evidence.time_source, Some(TimeSource::Timestamp));
    let checked = &evidence.checks.certificate.facts().unwrap().checked_at;
    assert_eq!(*checked, [time(after(0)), time(after(60)), time(after(-2))]);
}

#[test]
fn two_authorities() {
    let stage = Stage::new();
    let other = Instance::with(InstanceOptions {
        domain: "other.test".into(),
        ..InstanceOptions::default()
    });
    let mut signed = stage.sign(&Plan::rekor_v2());
    signed.timestamps.push(
        other
            .tsa
            .timestamp(&signed.signed.signature, &TokenOptions::default()),
    );
    let two = Threshold::AtLeast(2.try_into().unwrap());
    let root = merge(
        &stage.sigstore.trusted_root_json(),
        &other.trusted_root_json(),
    );
    let stage = stage
        .trusting(&root)
        .requiring(default_signer().timestamps(two));
    let evidence = stage.accept(&signed.bundle());
    assert_eq!(evidence.checks.time.facts().unwrap().timestamps.len(), 2);
    assert_eq!(evidence.required.timestamps, two);
}

#[test]
fn a_timestamp_of_an_unknown_authority_does_not_spoil() {
    let stage = Stage::new();
    let mut signed = stage.sign(&Plan::default());
    let stranger = Instance::with(InstanceOptions {
        domain: "stranger.test".into(),
        ..InstanceOptions::default()
    });
    signed.timestamps.push(
        stranger
            .tsa
            .timestamp(&signed.signed.signature, &TokenOptions::default()),
    );
    let evidence = stage.accept(&signed.bundle());
    let facts = evidence.checks.time.facts().unwrap();
    assert_eq!(
        (
            facts.accepted.len(),
            facts.timestamps.len(),
            facts.unknown_authorities.len()
        ),
        (1, 0, 1)
    );
    assert!(
        facts.unknown_authorities[0].contains("stranger.test"),
        "{:?}",
        facts.unknown_authorities
    );
}

#[test]
fn a_key_needs_no_time_and_now_may_be_accepted_for_a_living_certificate() {
    let key = Key::generate(KeyKind::P256);
    let stage =
        Stage::new().requiring(Requirements::key(public_key(&key)).log_entries(Threshold::Waived));
    let bundle = stage.sign(&Plan::key(key).with_entries(&[])).bundle();
    let evidence = stage.accept(&bundle);
    assert_eq!((evidence.signed_at, evidence.time_source), (None, None));
    assert!(matches!(evidence.checks.time, Check::NotRequired));

    let now = default_signer()
        .log_entries(Threshold::Waived)
        .accept_now_as_signing_time();
    let mut stage = stage.requiring(now);
    stage.now = time(after(10));
    let evidence = stage.accept(&stage.sign(&Plan::default().with_entries(&[])).bundle());
    assert_eq!(
        (evidence.signed_at, evidence.time_source),
        (Some(time(after(10))), Some(TimeSource::Now))
    );
    assert!(evidence.required.now_is_signing_time);

    // Nobody knows when a certificate that has expired was used; that it was used too late is not known either.
    stage.now = time(after(10_000));
    let bundle = stage.sign(&Plan::default().with_entries(&[])).bundle();
    let verdict = stage.judge(&bundle).unwrap();
    let failure = verdict.failure().unwrap();
    assert_eq!(failure.reason, Reason::NoTrustedTime);
    assert!(failure.to_string().contains("now was taken"), "{failure}");
}

#[test]
fn promises_and_timestamps_are_sources_of_time_and_other_entries_are_not() {
    let stage = Stage::new();
    let timestamp = TokenOptions::default();
    for (plan, expected) in [
        (Plan::default(), true),
        (Plan::rekor_v2(), true),
        (Plan::default().with_entries(&[]), false),
        (
            Plan::default()
                .with_entries(&[])
                .with_timestamp(timestamp.clone()),
            true,
        ),
        (
            Plan {
                timestamps: Vec::new(),
                ..Plan::rekor_v2()
            },
            false,
        ),
    ] {
        let bundle = stage.sign(&plan).bundle_bytes();
        assert_eq!(Material::from_bundle(&bundle).unwrap().has_time(), expected);
    }
}
