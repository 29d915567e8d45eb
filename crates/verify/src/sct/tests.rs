use data_encoding::BASE64;
use sealcheck_testkit::asn1;
use sealcheck_testkit::ct::{CtLog, Sct};
use sealcheck_testkit::key::{Hash, Key, KeyKind, Scheme};
use sealcheck_testkit::mutate::der::Element;

use super::{SctFacts, count, verify};
use crate::certificate::Certificate;
use crate::certificate::tests::fixture::{
    Made, NOW, PAUSE, Template, at, corpus_certificate, ct_log, extension, public_good, wide,
};
use crate::trusted_root::Log;
use crate::{PublicKey, Reason, Result, Window, chain, limits};

fn known(log: &CtLog, window: Window) -> Log {
    let key = PublicKey::from_spki(log.key.spki()).unwrap();
    let id = key.fingerprint();
    ct_log(key, id, window)
}

fn list(scts: &[Vec<u8>]) -> Vec<u8> {
    let vector = |bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[..], bytes].concat()
    };
    let list: Vec<u8> = scts.iter().flat_map(|sct| vector(sct)).collect();
    asn1::octet_string(&vector(&list))
}

/// A certificate with this value in its SCT extension.
fn embed(value: &[u8]) -> Template {
    Template::leaf().with(extension("1.3.6.1.4.1.11129.2.4.2", false, value))
}

struct Case {
    issuer: Made,
    log: CtLog,
}

impl Case {
    fn new() -> Self {
        Self {
            issuer: Template::authority("issuing", None).self_signed(),
            log: CtLog::new(KeyKind::P256),
        }
    }

    /// The final certificate with the timestamps that `sign` makes over the certificate without them.
    fn certificate(&self, sign: impl Fn(&[u8], &[u8]) -> Vec<Vec<u8>>) -> Made {
        let issuer_key = Hash::Sha256.digest(self.issuer.key.spki());
        let key = Key::generate(KeyKind::P256);
        let precertificate = Template::leaf().signed_for(&key, &self.issuer);
        let value = list(&sign(&issuer_key, &precertificate.tbs));
        embed(&value).signed_for(&key, &self.issuer)
    }

    fn sound(&self) -> Made {
        self.certificate(|issuer, tbs| vec![self.sct(issuer, tbs).encode()])
    }

    fn sct(&self, issuer: &[u8], tbs: &[u8]) -> Sct {
        let time = jiff::Timestamp::from_millisecond(NOW * 1000 + 123).unwrap();
        self.log.sign_precertificate(issuer, tbs, time, &[])
    }

    fn check(&self, leaf: &Made, detached: &[&[u8]], threshold: usize) -> Result<Vec<SctFacts>> {
        let logs = [known(&self.log, wide())];
        let leaf = Certificate::parse(&leaf.der).unwrap();
        verify(&leaf, self.issuer.key.spki(), detached, &logs, threshold)
    }
}

fn reason<T>(result: Result<T>) -> Option<Reason> {
    result.err().map(|failure| failure.reason)
}

#[test]
fn an_embedded_timestamp() {
    let case = Case::new();
    let facts = case.check(&case.sound(), &[], 1).unwrap();
    assert_eq!(
        serde_json::to_value(&facts).unwrap(),
        serde_json::json!([{
            "logId": facts[0].log_id,
            "log": "https://ct.example",
            "time": "2026-01-02T03:04:05.123Z",
            "embedded": true,
            "signatureScheme": "ecdsa-sha256"
        }])
    );
    assert_eq!(facts[0].log_id.len(), 64);
}

#[test]
fn extensions_of_a_timestamp_are_signed_too() {
    let case = Case::new();
    let time = jiff::Timestamp::from_second(NOW).unwrap();
    let sign = |issuer: &[u8], tbs: &[u8]| {
        case.log
            .sign_precertificate(issuer, tbs, time, &[0, 0, 5, 0, 0, 0, 0, 7])
    };
    let leaf = case.certificate(|issuer, tbs| vec![sign(issuer, tbs).encode()]);
    case.check(&leaf, &[], 1).unwrap();
    let leaf = case.certificate(|issuer, tbs| {
        let mut sct = sign(issuer, tbs);
        sct.extensions[7] ^= 1;
        vec![sct.encode()]
    });
    assert_eq!(reason(case.check(&leaf, &[], 1)), Some(Reason::SctInvalid));
}

#[test]
fn a_timestamp_of_another_certificate_or_issuer_is_invalid() {
    let case = Case::new();
    let other = Template::leaf().signed_by(&case.issuer);
    let leaf = case.certificate(|issuer, _| vec![case.sct(issuer, &other.tbs).encode()]);
    assert_eq!(reason(case.check(&leaf, &[], 1)), Some(Reason::SctInvalid));
    let leaf = case.certificate(|_, tbs| vec![case.sct(&[7; 32], tbs).encode()]);
    assert_eq!(reason(case.check(&leaf, &[], 1)), Some(Reason::SctInvalid));
    // also when it is not needed
    assert_eq!(reason(case.check(&leaf, &[], 0)), Some(Reason::SctInvalid));
}

#[test]
fn unknown_logs_and_times_do_not_count() {
    let case = Case::new();
    let stranger = Case::new();
    let both = case.certificate(|issuer, tbs| {
        vec![
            stranger.sct(issuer, tbs).encode(),
            case.sct(issuer, tbs).encode(),
        ]
    });
    assert_eq!(case.check(&both, &[], 1).unwrap().len(), 1);
    assert_eq!(count(&Certificate::parse(&both.der).unwrap()), 2);
    assert_eq!(
        reason(case.check(&both, &[], 2)),
        Some(Reason::SctUntrusted)
    );
    let leaf = case.sound();
    let parsed = Certificate::parse(&leaf.der).unwrap();
    let spki = case.issuer.key.spki();
    assert_eq!(
        reason(verify(&parsed, spki, &[], &[], 1)),
        Some(Reason::SctUntrusted)
    );
    assert!(verify(&parsed, spki, &[], &[], 0).unwrap().is_empty());
    let instant = at(NOW).to_string().replace('Z', ".123Z").parse().unwrap();
    let window = |start, end| Window {
        start,
        end: Some(end),
    };
    for (window, expected) in [
        (window(instant, instant), None),
        (window(at(NOW - 9), at(NOW)), Some(Reason::SctUntrusted)),
        (window(at(NOW + 1), at(NOW + 9)), Some(Reason::SctUntrusted)),
    ] {
        let logs = [known(&case.log, window)];
        assert_eq!(reason(verify(&parsed, spki, &[], &logs, 1)), expected);
    }
}

#[test]
fn one_log_is_one_witness() {
    let case = Case::new();
    let twice = case.certificate(|issuer, tbs| {
        vec![
            case.sct(issuer, tbs).encode(),
            case.sct(issuer, tbs).encode(),
        ]
    });
    assert_eq!(case.check(&twice, &[], 1).unwrap().len(), 1);
    let failure = case.check(&twice, &[], 2).unwrap_err();
    assert_eq!(failure.reason, Reason::SctMissing);
    assert_eq!(failure.found.as_deref(), Some("SCTs of 1"));
    // a second one that does not verify is not hidden by the first
    let twice = case.certificate(|issuer, tbs| {
        vec![
            case.sct(issuer, tbs).encode(),
            case.sct(issuer, &[1]).encode(),
        ]
    });
    assert_eq!(reason(case.check(&twice, &[], 1)), Some(Reason::SctInvalid));
}

#[test]
fn none_is_missing() {
    let case = Case::new();
    let leaf = Template::leaf().signed_by(&case.issuer);
    assert_eq!(reason(case.check(&leaf, &[], 1)), Some(Reason::SctMissing));
    assert!(case.check(&leaf, &[], 0).unwrap().is_empty());
}

#[test]
fn detached_timestamps_as_json_and_as_bytes() {
    let case = Case::new();
    let leaf = Template::leaf().signed_by(&case.issuer);
    let time = jiff::Timestamp::from_second(NOW).unwrap();
    let sct = case.log.sign_certificate(&leaf.der, time, &[]);
    let json = sct.json();
    let text = serde_json::to_vec_pretty(&json).unwrap();
    for bytes in [
        text.clone(),
        [b"\n ".as_slice(), &text].concat(),
        sct.encode(),
    ] {
        let facts = case.check(&leaf, &[&bytes], 1).unwrap();
        assert!(!facts[0].embedded);
    }
    let other = Template::leaf().signed_by(&case.issuer);
    assert_eq!(
        reason(case.check(&other, &[&text], 1)),
        Some(Reason::SctInvalid)
    );
    // an embedded one does not verify as a detached one
    let sound = case.sound();
    let embedded = case.certificate(|issuer, tbs| vec![case.sct(issuer, tbs).encode()]);
    let extension = Certificate::parse(&embedded.der)
        .unwrap()
        .extensions()
        .last()
        .unwrap()
        .value;
    assert_eq!(
        reason(case.check(&sound, &[&extension[6..]], 1)),
        Some(Reason::SctInvalid)
    );

    let broken = |field: &str, value: serde_json::Value| {
        let mut json = json.clone();
        json[field] = value;
        serde_json::to_vec(&json).unwrap()
    };
    for bytes in [
        b"{".to_vec(),
        b"".to_vec(),
        b"{}".to_vec(),
        broken("id", "AAAA".into()),
        broken("id", BASE64.encode(&[0; 33]).into()),
        broken("id", "?".into()),
        broken("timestamp", (-1).into()),
        broken("timestamp", u64::MAX.into()),
        broken("extensions", BASE64.encode(&[0; 70_000]).into()),
        broken("signature", "".into()),
        broken("more", 1.into()),
        text.strip_suffix(b"}")
            .unwrap()
            .iter()
            .chain(b",\"sct_version\":0}")
            .copied()
            .collect(),
    ] {
        assert!(
            matches!(
                reason(case.check(&leaf, &[&bytes], 1)),
                Some(Reason::SctInvalid | Reason::LimitExceeded)
            ),
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
    let newer = broken("sct_version", 1.into());
    assert_eq!(
        reason(case.check(&leaf, &[&newer], 1)),
        Some(Reason::SctUntrusted)
    );
    assert_eq!(case.check(&leaf, &[&newer, &text], 1).unwrap().len(), 1);
    let many = vec![text.as_slice(); limits::SCTS.max + 1];
    assert_eq!(
        reason(case.check(&leaf, &many, 1)),
        Some(Reason::LimitExceeded)
    );
    case.check(&leaf, &many[1..], 1).unwrap();
}

#[test]
fn the_algorithm_must_fit_the_key() {
    for (kind, scheme, bytes, accepted) in [
        (KeyKind::P256, Scheme::Ecdsa(Hash::Sha256), [4, 3], true),
        (KeyKind::P256, Scheme::Ecdsa(Hash::Sha256), [4, 1], false),
        (KeyKind::P256, Scheme::Ecdsa(Hash::Sha256), [5, 3], false),
        (KeyKind::P256, Scheme::Ecdsa(Hash::Sha256), [0, 3], false),
        (KeyKind::P384, Scheme::Ecdsa(Hash::Sha384), [5, 3], true),
        (KeyKind::P384, Scheme::Ecdsa(Hash::Sha384), [4, 3], false),
        (KeyKind::P521, Scheme::Ecdsa(Hash::Sha512), [6, 3], true),
        (KeyKind::P521, Scheme::Ecdsa(Hash::Sha256), [4, 3], true),
        (KeyKind::P521, Scheme::Ecdsa(Hash::Sha384), [5, 3], false),
        (
            KeyKind::Rsa2048,
            Scheme::RsaPkcs1(Hash::Sha256),
            [4, 1],
            true,
        ),
        (
            KeyKind::Rsa2048,
            Scheme::RsaPkcs1(Hash::Sha512),
            [6, 1],
            false,
        ),
        (
            KeyKind::Rsa2048,
            Scheme::RsaPss(Hash::Sha256),
            [4, 1],
            false,
        ),
        (KeyKind::Ed25519, Scheme::Ed25519, [8, 7], false),
    ] {
        let case = Case::new();
        let key = Key::shared(kind);
        let log = CtLog { key: key.clone() };
        let leaf = Template::leaf().signed_by(&case.issuer);
        let length = u32::try_from(leaf.der.len()).unwrap().to_be_bytes();
        let time = (NOW * 1000).to_be_bytes();
        let signed = [
            &[0, 0][..],
            &time,
            &[0, 0],
            &length[1..],
            &leaf.der,
            &[0, 0],
        ]
        .concat();
        let signature = key.sign_with(scheme, &signed);
        let length = u16::try_from(signature.len()).unwrap().to_be_bytes();
        let sct = [
            &[0][..],
            &key.fingerprint(),
            &time,
            &[0, 0],
            &bytes,
            &length,
            &signature,
        ]
        .concat();
        let parsed = Certificate::parse(&leaf.der).unwrap();
        let logs = [known(&log, wide())];
        let result = verify(&parsed, case.issuer.key.spki(), &[&sct], &logs, 1);
        let expected = (!accepted).then_some(Reason::SctInvalid);
        assert_eq!(reason(result), expected, "{kind:?} {scheme:?} {bytes:?}");
    }
}

/// The signature of the certificate is not this module's business, so every change must show in the SCT itself.
#[test]
fn every_changed_bit_and_every_cut_of_a_list_is_refused() {
    let case = Case::new();
    let key = Key::generate(KeyKind::P256);
    let issuer_key = Hash::Sha256.digest(case.issuer.key.spki());
    let tbs = Template::leaf().signed_for(&key, &case.issuer).tbs;
    let value = list(&[case.sct(&issuer_key, &tbs).encode()]);
    let check = |value: &[u8]| {
        let leaf = embed(value).signed_for(&key, &case.issuer);
        reason(case.check(&leaf, &[], 1))
    };
    let malformed = |value: &[u8]| {
        let leaf = embed(value).signed_for(&key, &case.issuer);
        reason(Certificate::parse(&leaf.der))
    };
    assert_eq!(check(&value), None);
    // The OCTET STRING around the list is read with the certificate.
    let around = value.len() - asn1::content(&value).len();
    for position in 0..around {
        for bit in 0..8 {
            let mut changed = value.clone();
            changed[position] ^= 1 << bit;
            let refused = malformed(&changed);
            assert_eq!(
                refused,
                Some(Reason::CertificateMalformed),
                "{position} {bit}"
            );
        }
    }
    for position in 0..value.len() {
        let refused = malformed(&value[..position]);
        assert_eq!(refused, Some(Reason::CertificateMalformed), "{position}");
    }
    for position in around..value.len() {
        for bit in 0..8 {
            let mut changed = value.clone();
            changed[position] ^= 1 << bit;
            assert!(
                matches!(
                    check(&changed),
                    Some(Reason::SctInvalid | Reason::SctUntrusted)
                ),
                "{position} {bit}"
            );
        }
        let cut = asn1::octet_string(&value[around..position]);
        assert_eq!(check(&cut), Some(Reason::SctInvalid), "{position}");
    }
    // A sound list with something behind it.
    let behind = asn1::octet_string(&[&value[around..], &[0]].concat());
    assert_eq!(check(&behind), Some(Reason::SctInvalid));
    for octets in [&[][..], &[0, 0], &[0, 2, 0, 0], &[0, 3, 0, 1, 0, 9]] {
        assert_eq!(check(&asn1::octet_string(octets)), Some(Reason::SctInvalid));
    }
    let many = vec![case.sct(&issuer_key, &tbs).encode(); limits::SCTS.max + 1];
    assert_eq!(check(&list(&many)), Some(Reason::LimitExceeded));
    assert_eq!(check(&list(&many[1..])), None);
}

#[test]
fn real_timestamps_need_the_real_issuer() {
    let (Some(der), Some((authorities, logs))) = (corpus_certificate(PAUSE), public_good()) else {
        return;
    };
    let leaf = Certificate::parse(&der).unwrap();
    let issued = chain::verify(&leaf, &[], &authorities, &[leaf.not_before]).unwrap();
    verify(&leaf, issued.issuer_spki(), &[], &logs, 1).unwrap();
    let wrong = logs[1].key.spki();
    assert_eq!(
        reason(verify(&leaf, wrong, &[], &logs, 1)),
        Some(Reason::SctInvalid)
    );
    assert_eq!(
        reason(verify(&leaf, issued.issuer_spki(), &[], &logs[..1], 1)),
        Some(Reason::SctUntrusted)
    );
}

#[test]
fn a_certificate_without_other_extensions() {
    let case = Case::new();
    let key = Key::generate(KeyKind::P256);
    let with = |extensions| {
        let template = Template::leaf().extensions(extensions);
        template.signed_for(&key, &case.issuer)
    };
    // The log saw none at all, which is not the same as an empty list.
    let mut tbs = Element::parse(&with(Vec::new()).tbs).unwrap();
    tbs.elements().unwrap().pop();
    let issuer_key = Hash::Sha256.digest(case.issuer.key.spki());
    let value = list(&[case.sct(&issuer_key, &tbs.encode()).encode()]);
    let leaf = with(vec![extension("1.3.6.1.4.1.11129.2.4.2", false, &value)]);
    assert_eq!(reason(case.check(&leaf, &[], 1)), None);
}

#[test]
fn a_certificate_that_is_too_long_for_a_log() {
    let case = Case::new();
    let leaf = Template::leaf()
        .with(extension("1.2.3.4", false, &vec![0; 1 << 24]))
        .signed_by(&case.issuer);
    let failure = case.check(&leaf, &[b"{}"], 1).unwrap_err();
    assert_eq!(failure.reason, Reason::SctInvalid);
    assert!(failure.to_string().contains("too long"), "{failure}");
}

/// The octets of a sound timestamp, but with its parts in other fields.
#[test]
fn the_fields_of_a_detached_timestamp_have_their_lengths() {
    let case = Case::new();
    let leaf = Template::leaf().signed_by(&case.issuer);
    let time = jiff::Timestamp::from_second(NOW).unwrap();
    let sound = case.log.sign_certificate(&leaf.der, time, &[]).encode();
    // Behind the version: 24 octets of the log's id, 8 as a time, and two zeros of the real one as a length.
    let (id, rest) = sound[1..].split_at(24);
    let (shifted_time, rest) = rest.split_at(8);
    assert_eq!(rest[..2], [0, 0]);
    let shifted = serde_json::json!({
        "sct_version": 0,
        "id": BASE64.encode(id),
        "timestamp": u64::from_be_bytes(shifted_time.try_into().unwrap()),
        "extensions": "",
        "signature": BASE64.encode(&rest[2..]),
    });
    assert_eq!(reason(case.check(&leaf, &[&sound], 1)), None);
    assert_eq!(
        reason(case.check(&leaf, &[shifted.to_string().as_bytes()], 1)),
        Some(Reason::SctInvalid)
    );
}
