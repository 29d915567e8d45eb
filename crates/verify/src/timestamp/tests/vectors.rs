//! Tokens of real authorities: the public conformance vectors, with the trusted roots that come with them.

use std::path::PathBuf;

use data_encoding::BASE64;
use serde_json::Value;

use super::{refused, unknown, verified};
use crate::timestamp::{Authority, TimestampFacts, Token, TokenCheck, check};
use crate::{Reason, Result, Window};

/// A bundle's first token, the signature that it stamps, and the authorities to judge it by.
struct Vector {
    token: Vec<u8>,
    message: Vec<u8>,
    authorities: Vec<Authority>,
}

impl Vector {
    /// `None` when the vectors are not on this machine, which the testkit prints.
    fn load(name: &str) -> Option<Self> {
        let folder = sealcheck_testkit::shared::conformance()?
            .join("bundle-verify")
            .join(name);
        let bundle = json(folder.join("bundle.sigstore.json"));
        let own_root = folder.join("trusted_root.json");
        let root = match own_root.exists() {
            true => own_root,
            false => sealcheck_testkit::shared::trust()?.join("public-good/trusted_root.json"),
        };
        let message = match bundle.pointer("/messageSignature/signature") {
            Some(signature) => base64(signature),
            None => base64(&bundle["dsseEnvelope"]["signatures"][0]["sig"]),
        };
        let timestamps = &bundle["verificationMaterial"]["timestampVerificationData"];
        Some(Self {
            token: base64(&timestamps["rfc3161Timestamps"][0]["signedTimestamp"]),
            message,
            authorities: authorities(&json(root)),
        })
    }

    fn verdict(&self) -> Result<TokenCheck> {
        let token = Token::parse(&self.token)?;
        check(&token, &self.authorities, &self.message)
    }
}

fn json(file: PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// Some of the vectors have line breaks in their base64.
fn base64(text: &Value) -> Vec<u8> {
    let text: String = text.as_str().unwrap().split_whitespace().collect();
    BASE64.decode(text.as_bytes()).unwrap()
}

fn authorities(root: &Value) -> Vec<Authority> {
    let authorities = root["timestampAuthorities"].as_array().unwrap();
    authorities
        .iter()
        .map(|authority| {
            let chain = authority["certChain"]["certificates"].as_array().unwrap();
            let chain = chain
                .iter()
                .map(|certificate| base64(&certificate["rawBytes"]));
            let time = |field: &str| {
                let time = authority["validFor"].get(field)?.as_str()?;
                Some(time.parse().unwrap())
            };
            let window = Window {
                start: time("start").unwrap(),
                end: time("end"),
            };
            let name = authority["uri"].as_str().unwrap_or_default().to_owned();
            Authority::prepare(chain.collect(), window, name).unwrap()
        })
        .collect()
}

fn good(name: &str, time: &str, embedded: bool) {
    let Some(vector) = Vector::load(name) else {
        return;
    };
    let facts = verified(vector.verdict());
    assert_eq!(facts.time.to_string(), time);
    assert_eq!(facts.embedded_certificate, embedded);
    assert_eq!(facts.policy, "1.3.6.1.4.1.57264.2");
}

fn bad(name: &str, reason: Reason, field: &str) {
    if let Some(vector) = Vector::load(name) {
        refused(vector.verdict(), reason, field);
    }
}

macro_rules! good {
    ($($test:ident $name:literal $time:literal $embedded:literal;)+) => {
        $(#[test] fn $test() { good($name, $time, $embedded); })+
    };
}

good! {
    bundle_with_sct_with_extensions "bundle-with-sct-with-extensions" "2026-01-15T22:49:26Z" false;
    intoto_with_custom_trust_root "intoto-with-custom-trust-root" "2023-02-01T00:00:00Z" false;
    managed_key_happy_path "managed-key-happy-path" "2025-12-18T17:04:39Z" false;
    rekor2_checkpoint_cosigned "rekor2-checkpoint-cosigned" "2025-06-12T12:02:20Z" true;
    rekor2_checkpoint_multiple_cosigs "rekor2-checkpoint-multiple-cosigs" "2025-06-12T12:02:20Z" true;
    rekor2_checkpoint_origin_not_first "rekor2-checkpoint-origin-not-first" "2025-06-12T12:02:20Z" true;
    rekor2_checkpoint_two_sigs_cosigned "rekor2-checkpoint-two-sigs-cosigned" "2025-06-12T12:02:20Z" true;
    rekor2_checkpoint_two_sigs_from_origin "rekor2-checkpoint-two-sigs-from-origin" "2025-06-12T12:02:20Z" true;
    rekor2_dsse_happy_path "rekor2-dsse-happy-path" "2026-05-13T19:23:33Z" false;
    rekor2_happy_path "rekor2-happy-path" "2025-06-12T12:02:20Z" true;
    rekor2_timestamp_with_embedded_cert "rekor2-timestamp-with-embedded-cert" "2025-08-06T18:51:36Z" true;
    rekor2_timestamp_with_expired_cert_chain "rekor2-timestamp-with-expired-cert-chain" "2025-08-07T15:32:26Z" true;
    rekor2_timestamp_without_embedded_cert "rekor2-timestamp-without-embedded-cert" "2025-08-06T19:03:51Z" false;
    trust_root_tsa_validity_end_inclusive "trust-root-tsa-validity-end-inclusive" "2025-06-12T12:02:20Z" true;
    // Sound tokens whose time is wrong for the signer's certificate, which is not for this module to judge.
    intoto_tsa_timestamp_outside_cert_validity "intoto-tsa-timestamp-outside-cert-validity_fail" "2023-02-02T00:00:00Z" false;
    rekor2_timestamp_with_incorrect_time "rekor2-timestamp-with-incorrect-time_fail" "2025-07-15T10:33:31Z" true;
}

#[test]
fn rekor2_timestamp_outside_trust_root_tsa_validity() {
    bad(
        "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
        Reason::TimestampInvalid,
        "tstInfo.genTime",
    );
}

#[test]
fn rekor2_timestamp_outside_tsa_cert_validity() {
    bad(
        "rekor2-timestamp-outside-tsa-cert-validity_fail",
        Reason::TimestampInvalid,
        "tstInfo.genTime",
    );
}

#[test]
fn rekor2_timestamp_payload_mismatch() {
    bad(
        "rekor2-timestamp-payload-mismatch_fail",
        Reason::TimestampMismatch,
        "tstInfo.messageImprint.hashedMessage",
    );
}

#[test]
fn rekor2_timestamp_untrusted_tsa() {
    for name in [
        "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail",
        "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail",
    ] {
        if let Some(vector) = Vector::load(name) {
            unknown(vector.verdict());
        }
    }
}

/// An RSA-4096 authority of the wild, with SHA-512 and the signing-certificate attribute of RFC 2634 alone, once it is
/// put into a trusted root: with and without its leaf there, with and without certificates in the token.
#[test]
fn freetsa_verifies_where_it_is_trusted() {
    let load = |name: &str| Vector::load(&format!("rekor2-timestamp-untrusted-tsa-{name}_fail"));
    let (Some(with), Some(without)) = (load("with-embedded-cert"), load("without-embedded-cert"))
    else {
        return;
    };
    let chain: Vec<Vec<u8>> = Token::parse(&with.token)
        .unwrap()
        .certificates
        .iter()
        .map(|der| der.to_vec())
        .collect();
    let window = super::forge::between("2016-03-13T00:00:00Z", None);
    let prepare = |chain: &[Vec<u8>]| {
        [Authority::prepare(chain.to_vec(), window, "freetsa".to_owned()).unwrap()]
    };
    let verdict = |vector: &Vector, authority: &[Authority; 1]| {
        check(
            &Token::parse(&vector.token).unwrap(),
            authority,
            &vector.message,
        )
    };
    let facts: TimestampFacts = verified(verdict(&with, &prepare(&chain)));
    assert_eq!(facts.signature_scheme, "rsa-pkcs1-sha512");
    assert_eq!(facts.policy, "1.2.3.4.1");
    assert!(facts.embedded_certificate);
    verified(verdict(&without, &prepare(&chain)));
    verified(verdict(&with, &prepare(&chain[1..])));
    unknown(verdict(&without, &prepare(&chain[1..])));
}

/// The testkit writes its tokens without any code of ours.
#[test]
fn the_testkits_authorities_verify_and_their_flaws_do_not() {
    use sealcheck_testkit::tsa::{TOKEN_FLAWS, TimestampAuthority};
    use sealcheck_testkit::{DEFAULT_END, DEFAULT_START, Key, KeyKind, TokenOptions};

    let message = b"a signature";
    for kind in [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::Rsa2048,
        KeyKind::Rsa4096,
    ] {
        let tsa = TimestampAuthority::new("kit", Key::shared(kind), DEFAULT_START, DEFAULT_END);
        let window = super::forge::between("2025-01-01T00:00:00Z", None);
        let authority = [Authority::prepare(tsa.chain(), window, "kit".to_owned()).unwrap()];
        let verdict = |options: &TokenOptions| {
            let token = tsa.timestamp(message, options);
            check(&Token::parse(&token)?, &authority, message)
        };
        for embed_certificates in [false, true] {
            let sound = TokenOptions {
                embed_certificates,
                nonce: Some(7),
                ..TokenOptions::default()
            };
            let facts = verified(verdict(&sound));
            assert_eq!(facts.embedded_certificate, embed_certificates);
            assert_eq!(facts.accuracy_ms, Some(1000));
            for flaw in TOKEN_FLAWS {
                let flawed = TokenOptions {
                    flaw: Some(flaw),
                    ..sound.clone()
                };
                assert!(verdict(&flawed).is_err(), "{flaw:?}");
            }
        }
    }
}
