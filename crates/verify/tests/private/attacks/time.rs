//! Step 4: times that nobody vouches for, or that belong elsewhere.

use sealcheck_testkit::trusted_root::{Window, merge};
use sealcheck_testkit::{
    EntryKind, Instance, InstanceOptions, Plan, TOKEN_FLAWS, TokenFlaw, TokenOptions,
};
use sealcheck_verify::{Outcome, Reason, Threshold};
use serde_json::json;

use crate::stage::{Stage, after, default_signer, time};

fn two() -> Threshold {
    Threshold::AtLeast(2.try_into().unwrap())
}

#[test]
fn a_rekor_v2_entry_gives_no_time() {
    let stage = Stage::new();
    let signed = stage.sign(&Plan::default().with_entries(&[EntryKind::HashedRekordV002]));
    let mut bundle = signed.bundle();
    assert_eq!(stage.why(&bundle), Some(Reason::NoTrustedTime));
    bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "1767323045".into();
    let verdict = stage.judge(&bundle).unwrap();
    assert_eq!(verdict.failure().unwrap().reason, Reason::NoTrustedTime);
    assert_eq!(verdict.outcome(), Outcome::Unavailable);
    // Not even with a promise by the log's own key.
    let entry = &signed.entries[0];
    let text = format!(
        r#"{{"body":"{}","integratedTime":1767323045,"logID":"{}","logIndex":{}}}"#,
        sealcheck_testkit::encoding::base64(&entry.body),
        sealcheck_testkit::encoding::hex(&entry.log_id),
        entry.log_index,
    );
    let promise = stage.sigstore.rekor_v2.key.sign(text.as_bytes());
    bundle["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"] =
        json!({"signedEntryTimestamp": sealcheck_testkit::encoding::base64(&promise)});
    assert_eq!(stage.why(&bundle), Some(Reason::NoTrustedTime));
}

#[test]
fn a_proof_without_a_promise_gives_no_time() {
    let stage = Stage::new();
    let mut signed = stage.sign(&Plan::default());
    signed.entries[0].promise = None;
    for forged in [
        None,
        signed.entries[0].integrated_time,
        Some(after(30).as_second()),
    ] {
        signed.entries[0].integrated_time = forged;
        assert_eq!(stage.why(&signed.bundle()), Some(Reason::NoTrustedTime));
    }
    // A forged time that contradicts the certificate is worse than none.
    signed.entries[0].integrated_time = Some(after(3600).as_second());
    assert_eq!(
        stage.why(&signed.bundle()),
        Some(Reason::CertificateNotValidAtTime)
    );
}

#[test]
fn times_in_the_future() {
    let mut stage = Stage::new();
    let by_log = stage.sign(&Plan::default()).bundle();
    let by_authority = stage.sign(&Plan::rekor_v2()).bundle();
    let signed_at = time(after(0));
    for (now, expected) in [
        (signed_at, None),
        (
            signed_at.saturating_add_seconds(-1),
            Some(Reason::TimeInFuture),
        ),
    ] {
        stage.now = now;
        assert_eq!(stage.why(&by_log), expected);
        assert_eq!(stage.why(&by_authority), expected);
    }
}

#[test]
fn a_token_over_other_bytes() {
    let stage = Stage::new();
    for embed_certificates in [false, true] {
        let options = TokenOptions {
            embed_certificates,
            ..TokenOptions::default()
        };
        for plan in [
            Plan::default(),
            Plan::default().with_entries(&[EntryKind::HashedRekordV002]),
        ] {
            let mut signed = stage.sign(&plan);
            // Over the artifact, over another signature, over the body.
            let other = stage.sign(&Plan::default()).signed.signature;
            for message in [
                crate::stage::ARTIFACT,
                &other,
                &signed.entries[0].body.clone(),
            ] {
                signed.timestamps = vec![stage.sigstore.tsa.timestamp(message, &options)];
                assert_eq!(stage.why(&signed.bundle()), Some(Reason::TimestampMismatch));
            }
        }
    }
}

/// A token that names a trusted authority must hold, even when a promise already gives a time.
#[test]
fn tokens_with_one_flaw() {
    let stage = Stage::new();
    for flaw in TOKEN_FLAWS {
        for embed_certificates in [false, true] {
            let options = TokenOptions {
                flaw: Some(flaw),
                embed_certificates,
                ..TokenOptions::default()
            };
            let reason = stage.why(
                &stage
                    .sign(&Plan::default().with_timestamp(options))
                    .bundle(),
            );
            let expected = match flaw {
                TokenFlaw::WrongImprint => Reason::TimestampMismatch,
                TokenFlaw::NotGranted | TokenFlaw::TwoSigners => Reason::TimestampMalformed,
                _ => Reason::TimestampInvalid,
            };
            assert_eq!(reason, Some(expected), "{flaw:?}");
        }
    }
}

#[test]
fn a_good_token_does_not_make_up_for_a_bad_one() {
    let stage = Stage::new();
    let good = TokenOptions::default();
    let bad = TokenOptions {
        flaw: Some(TokenFlaw::WrongKey),
        ..TokenOptions::default()
    };
    for tokens in [[good.clone(), bad.clone()], [bad, good]] {
        let plan = Plan {
            timestamps: tokens.to_vec(),
            ..Plan::rekor_v2()
        };
        assert_eq!(
            stage.why(&stage.sign(&plan).bundle()),
            Some(Reason::TimestampInvalid)
        );
    }
}

#[test]
fn a_token_of_an_unknown_authority_counts_for_nothing() {
    let stage = Stage::new();
    let stranger = Instance::with(InstanceOptions {
        domain: "stranger.test".into(),
        ..InstanceOptions::default()
    });
    let mut signed = stage.sign(&Plan::default().with_entries(&[EntryKind::HashedRekordV002]));
    for embed_certificates in [false, true] {
        let options = TokenOptions {
            embed_certificates,
            ..TokenOptions::default()
        };
        signed.timestamps = vec![stranger.tsa.timestamp(&signed.signed.signature, &options)];
        let verdict = stage.judge(&signed.bundle()).unwrap();
        let failure = verdict.failure().unwrap();
        assert_eq!(failure.reason, Reason::NoTrustedTime);
        assert!(
            failure.detail.as_deref().unwrap().contains("stranger.test"),
            "{failure}"
        );
    }
    let one = stage.requiring(default_signer().timestamps(Threshold::ONE));
    assert_eq!(
        one.why(&signed.bundle()),
        Some(Reason::TimestampsInsufficient)
    );
}

#[test]
fn outside_the_window_of_the_authority() {
    for (from, to, expected) in [
        (0, 0, None),
        (-9, -1, Some(Reason::TimestampInvalid)),
        (1, 9, Some(Reason::TimestampInvalid)),
    ] {
        let stage =
            Stage::new().with_root(|root| root.tsa = Window::between(after(from), after(to)));
        assert_eq!(
            stage.why(&stage.sign(&Plan::rekor_v2()).bundle()),
            expected,
            "{from} {to}"
        );
    }
}

/// The same authority twice, or the same token twice, is one witness.
#[test]
fn two_tokens_of_one_authority_are_one_witness() {
    let stage = Stage::new();
    let later = TokenOptions {
        time: after(1),
        ..TokenOptions::default()
    };
    let mut signed = stage.sign(&Plan::rekor_v2().with_timestamp(later));
    let stage = stage.requiring(default_signer().timestamps(two()));
    assert_eq!(
        stage.why(&signed.bundle()),
        Some(Reason::TimestampsInsufficient)
    );
    signed.timestamps[1] = signed.timestamps[0].clone();
    assert_eq!(
        stage.why(&signed.bundle()),
        Some(Reason::TimestampsInsufficient)
    );
    // The authority stands in the trusted root twice, as after a rotation of its window.
    let root = stage.sigstore.trusted_root_json();
    let stage = stage.trusting(&merge(
        &root,
        &json!({"timestampAuthorities": root["timestampAuthorities"]}),
    ));
    assert_eq!(
        stage.why(&signed.bundle()),
        Some(Reason::TimestampsInsufficient)
    );
}

/// Wherever its tokens stand among those of others.
#[test]
fn two_tokens_of_one_authority_around_that_of_another_are_one_witness() {
    let stage = Stage::new();
    let other = Instance::with(InstanceOptions {
        domain: "other.test".into(),
        ..InstanceOptions::default()
    });
    let later = TokenOptions {
        time: after(1),
        ..TokenOptions::default()
    };
    let mut signed = stage.sign(&Plan::rekor_v2().with_timestamp(later));
    let token = other
        .tsa
        .timestamp(&signed.signed.signature, &TokenOptions::default());
    signed.timestamps.insert(1, token);
    let root = merge(
        &stage.sigstore.trusted_root_json(),
        &other.trusted_root_json(),
    );
    let mut stage = stage.trusting(&root);
    let three = Threshold::AtLeast(3.try_into().unwrap());
    for (threshold, expected) in [(two(), None), (three, Some(Reason::TimestampsInsufficient))] {
        stage.requirements = default_signer().timestamps(threshold);
        assert_eq!(stage.why(&signed.bundle()), expected);
    }
}

#[test]
fn a_threshold_that_is_not_reached() {
    let stage = Stage::new().requiring(default_signer().timestamps(Threshold::ONE));
    let verdict = stage.judge(&stage.sign(&Plan::default()).bundle()).unwrap();
    let failure = verdict.failure().unwrap();
    assert_eq!(failure.reason, Reason::TimestampsInsufficient);
    assert_eq!(failure.found.as_deref(), Some("0"));
}

#[test]
fn tokens_that_are_none() {
    let stage = Stage::new();
    let mut signed = stage.sign(&Plan::default());
    let good = stage
        .sigstore
        .tsa
        .timestamp(&signed.signed.signature, &TokenOptions::default());
    let trailing = [&good[..], &[0]].concat();
    for token in [
        &b""[..],
        b"hello",
        &good[..good.len() - 1],
        &trailing,
        &signed.signed.signature.clone(),
    ] {
        signed.timestamps = vec![token.to_vec()];
        assert_eq!(
            stage.why(&signed.bundle()),
            Some(Reason::TimestampMalformed)
        );
    }
}
