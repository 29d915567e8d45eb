//! What a token must contain: one counterexample for each rule.

use sealcheck_testkit::{Hash, Key, KeyKind, asn1};

use super::forge::*;
use super::{refused, verified};
use crate::Reason::{LimitExceeded, TimestampInvalid, TimestampMalformed, TimestampMismatch};
use crate::limits::TIMESTAMP_ATTRIBUTES;
use crate::timestamp::Token;

fn house() -> House {
    House::new(Key::shared(KeyKind::P256))
}

/// The verdict on a token after one replacement.
#[track_caller]
fn refuse(replace: impl FnOnce(&House, &mut Recipe), reason: crate::Reason, field: &str) {
    let house = house();
    let mut recipe = house.recipe();
    replace(&house, &mut recipe);
    refused(house.verdict(&recipe), reason, field);
}

#[test]
fn a_response_and_a_bare_token_are_both_read() {
    let house = house();
    let mut recipe = house.recipe();
    let facts = verified(house.verdict(&recipe));
    assert_eq!(facts.time.to_string(), "2026-01-02T03:04:05Z");
    assert_eq!(facts.authority, "house");
    assert_eq!(facts.serial, "4d");
    assert_eq!(facts.policy, "1.3.6.1.4.1.57264.2");
    assert_eq!(facts.imprint_algorithm, "sha256");
    assert_eq!(facts.signature_scheme, "ecdsa-sha256");
    assert_eq!(facts.accuracy_ms, None);
    assert!(!facts.embedded_certificate);
    recipe.status_info = None;
    verified(house.verdict(&recipe));
    let text = asn1::sequence(&[asn1::utf8_string("fine")]);
    recipe.status_info = Some(asn1::sequence(&[asn1::number(1), text]));
    verified(house.verdict(&recipe));
}

#[test]
fn a_response_that_was_not_granted_is_refused() {
    for status in [2, 3, 4, 5, 255] {
        refuse(
            |_, recipe| recipe.status_info = Some(asn1::sequence(&[asn1::number(status)])),
            TimestampMalformed,
            "status",
        );
    }
    let failed = asn1::sequence(&[asn1::number(0), asn1::named_bits(5, &[0x20])]);
    refuse(
        |_, recipe| recipe.status_info = Some(failed),
        TimestampMalformed,
        "status",
    );
    let empty = asn1::sequence(&[asn1::sequence(&[asn1::number(0)])]);
    let failure = Token::parse(&empty).map(drop).unwrap_err();
    assert!(
        failure.to_string().contains("the response has no token"),
        "{failure}"
    );
}

#[test]
fn only_signed_data_with_tst_info_is_a_token() {
    refuse(
        |_, recipe| recipe.content_type = DATA,
        TimestampMalformed,
        "contentType",
    );
    refuse(
        |_, recipe| recipe.inner_content_type = DATA,
        TimestampMalformed,
        "encapContentInfo.eContentType",
    );
    for version in [0, 1, 2, 4, 5] {
        refuse(
            |_, recipe| recipe.version = version,
            TimestampMalformed,
            "version",
        );
    }
}

#[test]
fn there_is_exactly_one_signer_of_the_right_version() {
    refuse(
        |_, recipe| recipe.signers = 0,
        TimestampMalformed,
        "signerInfos",
    );
    refuse(
        |_, recipe| recipe.signers = 2,
        TimestampMalformed,
        "signerInfos",
    );
    for version in [0, 2, 3] {
        refuse(
            |_, recipe| recipe.signer_version = version,
            TimestampMalformed,
            "signerInfos[0].version",
        );
    }
    refuse(
        |_, recipe| recipe.sid = asn1::context_primitive(0, b"signer key id"),
        TimestampMalformed,
        "signerInfos[0].version",
    );
}

#[test]
fn the_digest_algorithm_is_announced() {
    refuse(
        |_, recipe| recipe.digest_algorithms = vec![Hash::Sha512.algorithm_identifier()],
        TimestampMalformed,
        "digestAlgorithms",
    );
    refuse(
        |_, recipe| recipe.digest_algorithms.clear(),
        TimestampMalformed,
        "digestAlgorithms",
    );
}

#[test]
fn trailing_data_is_refused_everywhere() {
    let house = house();
    let sound = house.recipe();
    let mut token = sound.build();
    token.push(0);
    refused(
        verdict(&token, &[house.authority()]),
        TimestampMalformed,
        "",
    );
    let extra = asn1::null();
    let field = "signerInfos[0]";
    refuse(
        |_, recipe| recipe.after = extra.clone(),
        TimestampMalformed,
        field,
    );
    refuse(
        |_, recipe| recipe.info.rest.push(extra.clone()),
        TimestampMalformed,
        "tstInfo",
    );
    refuse(
        |_, recipe| recipe.certificates = Some(extra.clone()),
        TimestampMalformed,
        "signerInfos",
    );
    refuse(
        |_, recipe| {
            recipe.status_info = Some(asn1::sequence(&[asn1::number(0), extra.clone()]));
        },
        TimestampMalformed,
        "status",
    );
    // Unsigned attributes are allowed and mean nothing.
    let mut recipe = sound;
    recipe.after = asn1::context(1, &attribute(DATA, asn1::null()));
    verified(house.verdict(&recipe));
    refuse(
        |_, recipe| recipe.after = asn1::context(1, &asn1::sequence(&[asn1::oid(DATA)])),
        TimestampMalformed,
        "signerInfos[0].unsignedAttrs",
    );
}

#[test]
fn what_is_passed_over_is_der_as_well() {
    let house = house();
    // A number that is longer than it has to be, where nobody looks: among the unsigned attributes, and as nonce.
    let mut recipe = house.recipe();
    recipe.after = asn1::context(1, &attribute(DATA, asn1::tlv(2, &[0, 1])));
    refused(house.verdict(&recipe), TimestampMalformed, "");
    let mut recipe = house.recipe();
    recipe.info.rest = vec![asn1::tlv(2, &[0, 1])];
    refused(house.verdict(&recipe), TimestampMalformed, "tstInfo");
    // The same algorithm announced twice.
    let mut recipe = house.recipe();
    recipe.digest_algorithms = vec![Hash::Sha256.algorithm_identifier(); 2];
    refused(house.verdict(&recipe), TimestampMalformed, "");
}

#[test]
fn signed_attributes_are_present_and_unique() {
    let at = "signerInfos[0].signedAttrs";
    refuse(
        |_, recipe| recipe.attributes = |sound| sound[1..].to_vec(),
        TimestampInvalid,
        "signerInfos[0].signedAttrs.contentType",
    );
    refuse(
        |_, recipe| recipe.attributes = |sound| vec![sound[0].clone(), sound[2].clone()],
        TimestampInvalid,
        "signerInfos[0].signedAttrs.messageDigest",
    );
    refuse(
        |_, recipe| recipe.attributes = |sound| sound[..2].to_vec(),
        TimestampInvalid,
        "signerInfos[0].signedAttrs.signingCertificateV2",
    );
    refuse(
        |_, recipe| recipe.attributes = |sound| [sound.clone(), vec![sound[1].clone()]].concat(),
        TimestampMalformed,
        at,
    );
    // Two values where one is allowed.
    refuse(
        |_, recipe| {
            recipe.attributes = |mut sound| {
                let values = asn1::set_of(&[asn1::oid(TST_INFO), asn1::oid(DATA)]);
                sound[0] = asn1::sequence(&[asn1::oid(CONTENT_TYPE), values]);
                sound
            };
        },
        TimestampMalformed,
        at,
    );
    refuse(
        |_, recipe| {
            recipe.attributes = |sound| with_attributes(sound, TIMESTAMP_ATTRIBUTES.max + 1);
        },
        LimitExceeded,
        "signerInfos[0].signedAttrs.attribute",
    );
    let house = house();
    let mut recipe = house.recipe();
    recipe.attributes = |sound| with_attributes(sound, TIMESTAMP_ATTRIBUTES.max);
    verified(house.verdict(&recipe));
}

/// As many attributes, the others of no known type.
fn with_attributes(sound: Vec<Vec<u8>>, count: usize) -> Vec<Vec<u8>> {
    let more = (sound.len()..count).map(|n| attribute(&format!("1.2.3.{n}"), asn1::null()));
    sound.iter().cloned().chain(more).collect()
}

#[test]
fn attributes_are_verified_in_the_order_of_der() {
    let house = house();
    let mut recipe = house.recipe();
    // As they were signed, but another verifier would put them in order before it looks.
    recipe.in_order = false;
    recipe.attributes = |mut sound| {
        sound.reverse();
        sound
    };
    refused(
        house.verdict(&recipe),
        TimestampInvalid,
        "signerInfos[0].signedAttrs",
    );
    recipe.in_order = true;
    verified(house.verdict(&recipe));
    // An attribute that we do not know is signed as well and changes nothing.
    recipe.attributes = |mut sound| {
        sound.push(attribute("1.2.3.4", asn1::null()));
        sound
    };
    verified(house.verdict(&recipe));
}

#[test]
fn attributes_name_the_content() {
    refuse(
        |_, recipe| {
            recipe.attributes = |mut sound| {
                sound[0] = attribute(CONTENT_TYPE, asn1::oid(DATA));
                sound
            };
        },
        TimestampInvalid,
        "signerInfos[0].signedAttrs.contentType",
    );
    refuse(
        |_, recipe| {
            recipe.attributes = |mut sound| {
                let other = asn1::octet_string(&Hash::Sha256.digest(b"other content"));
                sound[1] = attribute(MESSAGE_DIGEST, other);
                sound
            };
        },
        TimestampInvalid,
        "signerInfos[0].signedAttrs.messageDigest",
    );
}

#[test]
fn the_signing_certificate_is_the_signers() {
    let v2 = "signerInfos[0].signedAttrs.signingCertificateV2";
    let v1 = "signerInfos[0].signedAttrs.signingCertificate";
    let hash = |issued: &Issued| asn1::octet_string(&Hash::Sha256.digest(&issued.der));
    let sha1 = |issued: &Issued| {
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &issued.der);
        asn1::octet_string(digest.as_ref())
    };
    let refuse_id = |oid: &str, id: &[Vec<u8>], field| {
        refuse(
            |_, recipe| recipe.signing_certificate = attribute(oid, ess(id)),
            TimestampInvalid,
            field,
        );
    };
    let house = house();
    let serial = asn1::number(house.signer.form.serial);
    refuse_id(SIGNING_CERTIFICATE_V2, &[hash(&house.intermediate)], v2);
    refuse_id(SIGNING_CERTIFICATE_V2, &[sha1(&house.signer)], v2);
    refuse_id(SIGNING_CERTIFICATE, &[sha1(&house.intermediate)], v1);
    refuse_id(SIGNING_CERTIFICATE, &[hash(&house.signer)], v1);

    let accept = |attributes: Vec<u8>| {
        let mut recipe = house.recipe();
        recipe.signing_certificate = attributes;
        house.verdict(&recipe)
    };
    let id = |id: &[Vec<u8>]| attribute(SIGNING_CERTIFICATE_V2, ess(id));
    let id_v1 = |id: &[Vec<u8>]| attribute(SIGNING_CERTIFICATE, ess(id));
    verified(accept(id(&[hash(&house.signer)])));
    verified(accept(id(&[
        Hash::Sha256.algorithm_identifier(),
        hash(&house.signer),
    ])));
    let sha512 = asn1::octet_string(&Hash::Sha512.digest(&house.signer.der));
    verified(accept(id(&[
        Hash::Sha512.algorithm_identifier(),
        sha512.clone(),
    ])));
    // RFC 5816 leaves the old attribute allowed.
    verified(accept(id_v1(&[sha1(&house.signer)])));
    verified(accept(
        [id_v1(&[sha1(&house.signer)]), id(&[hash(&house.signer)])].concat(),
    ));
    // Both are there and one is wrong.
    refused(
        accept([id_v1(&[sha1(&house.root)]), id(&[hash(&house.signer)])].concat()),
        TimestampInvalid,
        v1,
    );
    refused(
        accept([id_v1(&[sha1(&house.signer)]), id(&[hash(&house.root)])].concat()),
        TimestampInvalid,
        v2,
    );
    // The hash of another algorithm than the one named.
    refused(
        accept(id(&[Hash::Sha384.algorithm_identifier(), sha512])),
        TimestampInvalid,
        v2,
    );
    refused(
        accept(id(&[
            asn1::sequence(&[asn1::oid(SHA1)]),
            sha1(&house.signer),
        ])),
        TimestampInvalid,
        v2,
    );
    // Issuer and serial number must be the signer's when they are given.
    let with_issuer = |issuer: &[u8], serial: &[u8]| {
        accept(id(&[hash(&house.signer), issuer_serial(issuer, serial)]))
    };
    verified(with_issuer(&name("intermediate"), &serial));
    refused(with_issuer(&name("root"), &serial), TimestampInvalid, v2);
    refused(
        with_issuer(&name("intermediate"), &asn1::number(3)),
        TimestampInvalid,
        v2,
    );
    // The signer's must be the first.
    let both = |first: &Issued, second: &Issued| {
        let list = [first, second].map(|issued| asn1::sequence(&[hash(issued)]));
        attribute(
            SIGNING_CERTIFICATE_V2,
            asn1::sequence(&[asn1::sequence(&list)]),
        )
    };
    verified(accept(both(&house.signer, &house.intermediate)));
    refused(
        accept(both(&house.intermediate, &house.signer)),
        TimestampInvalid,
        v2,
    );
    // No certificate at all.
    refused(
        accept(attribute(
            SIGNING_CERTIFICATE_V2,
            asn1::sequence(&[asn1::sequence(&[])]),
        )),
        TimestampMalformed,
        "signerInfos[0].signedAttrs.signingCertificateV2",
    );
}

#[test]
fn the_content_is_version_1_with_a_serial_number() {
    refuse(
        |_, recipe| recipe.info.version = asn1::number(2),
        TimestampMalformed,
        "tstInfo.version",
    );
    for serial in [
        vec![2, 2, 0xff, 0x80],
        vec![2, 0],
        vec![2, 2, 0, 1],
        asn1::integer(&[1; 65]),
    ] {
        refuse(
            |_, recipe| recipe.info.serial = serial,
            TimestampMalformed,
            "tstInfo.serialNumber",
        );
    }
    for (serial, text) in [
        (vec![2, 1, 0], "00"),
        (vec![2, 2, 0, 0x80], "80"),
        (vec![2, 1, 0x80], "-80"),
        (vec![2, 2, 0xff, 0x00], "-0100"),
        (vec![2, 4, 0xfe, 0xb7, 0x91, 0x71], "-01486e8f"),
    ] {
        let house = house();
        let mut recipe = house.recipe();
        recipe.info.serial = serial;
        assert_eq!(verified(house.verdict(&recipe)).serial, text);
    }
}

#[test]
fn the_imprint_is_a_modern_digest_of_the_message() {
    let at = "tstInfo.messageImprint.hashedMessage";
    for hash in [Hash::Sha384, Hash::Sha512] {
        let house = house();
        let mut recipe = house.recipe();
        recipe.info.imprint = imprint(hash, MESSAGE);
        let facts = verified(house.verdict(&recipe));
        assert_eq!(facts.imprint_algorithm, hash.rekor_name());
    }
    refuse(
        |_, recipe| recipe.info.imprint = imprint(Hash::Sha256, b"another"),
        TimestampMismatch,
        at,
    );
    let with =
        |algorithm: Vec<u8>, value: &[u8]| asn1::sequence(&[algorithm, asn1::octet_string(value)]);
    let digest = Hash::Sha256.digest(MESSAGE);
    let sha256 = |parameters: Vec<u8>| asn1::sequence(&[asn1::oid(SHA256), parameters]);
    let house = house();
    let mut recipe = house.recipe();
    recipe.info.imprint = with(sha256(asn1::null()), &digest);
    verified(house.verdict(&recipe));
    refuse(
        |_, recipe| recipe.info.imprint = with(sha256(Vec::new()), &digest[..31]),
        TimestampInvalid,
        at,
    );
    refuse(
        |_, recipe| recipe.info.imprint = with(sha256(asn1::number(1)), &digest),
        TimestampInvalid,
        "tstInfo.messageImprint.hashAlgorithm",
    );
    refuse(
        |_, recipe| recipe.info.imprint = with(asn1::sequence(&[asn1::oid(SHA1)]), &[0; 20]),
        TimestampInvalid,
        "tstInfo.messageImprint.hashAlgorithm",
    );
}

#[test]
fn the_optional_parts_of_the_content_are_read() {
    let house = house();
    let mut recipe = house.recipe();
    let tsa = asn1::context(0, &asn1::context(4, &name("whoever")));
    let known = extension("1.2.3.4", false, b"x");
    recipe.info.rest = vec![
        asn1::sequence(&[asn1::number(2), asn1::context_primitive(0, &[5])]),
        asn1::boolean_true(),
        asn1::number(u64::MAX),
        tsa,
        asn1::context(1, &known),
    ];
    assert_eq!(verified(house.verdict(&recipe)).accuracy_ms, Some(2005));
    recipe.info.rest.swap(0, 1);
    refused(house.verdict(&recipe), TimestampMalformed, "tstInfo");

    let refuse_rest = |rest: Vec<u8>, reason, field: &str| {
        refuse(|_, recipe| recipe.info.rest = vec![rest], reason, field);
    };
    refuse_rest(
        asn1::sequence(&[asn1::null()]),
        TimestampMalformed,
        "tstInfo.accuracy",
    );
    refuse_rest(vec![1, 1, 1], TimestampMalformed, "tstInfo.ordering");
    refuse_rest(
        asn1::context(0, &asn1::null()),
        TimestampMalformed,
        "tstInfo.tsa",
    );
    let critical = extension("1.2.3.4", true, b"x");
    refuse_rest(
        asn1::context(1, &critical),
        TimestampInvalid,
        "tstInfo.extensions",
    );
    refuse_rest(
        asn1::context(1, &[known.clone(), known].concat()),
        TimestampMalformed,
        "tstInfo.extensions",
    );
}

#[test]
fn a_token_over_the_limits_is_refused() {
    let house = house();
    refused(
        verdict(&vec![0x30; 256 * 1024 + 1], &[]),
        LimitExceeded,
        "token",
    );
    for (count, accepted) in [
        (TIMESTAMP_ATTRIBUTES.max, true),
        (TIMESTAMP_ATTRIBUTES.max + 1, false),
    ] {
        let mut recipe = house.recipe();
        let known = (0..count).map(|n| extension(&format!("1.2.3.{n}"), false, b"x"));
        recipe.info.rest = vec![asn1::context(1, &known.collect::<Vec<_>>().concat())];
        match accepted {
            true => drop(verified(house.verdict(&recipe))),
            false => refused(
                house.verdict(&recipe),
                LimitExceeded,
                "tstInfo.extensions.extension",
            ),
        }
    }
    let eleven = vec![house.root.der.as_slice(); 11];
    let recipe = house.recipe().embed(&eleven);
    refused(house.verdict(&recipe), LimitExceeded, "certificates");
}
