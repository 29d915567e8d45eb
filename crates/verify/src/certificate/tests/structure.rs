//! What a certificate is made of (RFC 5280, section 4.1): each element alone is one too many, missing or of another type.

use sealcheck_testkit::asn1;
use sealcheck_testkit::mutate::der::{Content, Element};

use super::fixture::{self, Template, extension};
use crate::certificate::{Certificate, Name};
use crate::{Digest, Reason};

/// Where things stand in a certificate.
const WHOLE: &[usize] = &[];
const TBS: &[usize] = &[0];
const VERSION: &[usize] = &[0, 0];
const SIGNED_ALGORITHM: &[usize] = &[0, 2];
const ISSUER: &[usize] = &[0, 3];
const VALIDITY: &[usize] = &[0, 4];
const SUBJECT: &[usize] = &[0, 5];
const SPKI: &[usize] = &[0, 6];
const KEY_ALGORITHM: &[usize] = &[0, 6, 0];
const EXTENSIONS: &[usize] = &[0, 7];
const FIRST_EXTENSION: &[usize] = &[0, 7, 0, 0];
const OUTER_ALGORITHM: &[usize] = &[1];

enum Edit {
    Append(Vec<u8>),
    Become(Vec<u8>),
}
use Edit::{Append, Become};

/// A sound certificate with one edit.
fn edited(place: &[usize], edit: Edit) -> Vec<u8> {
    let mut whole = Element::parse(&Template::leaf().self_signed().der).unwrap();
    let element = whole.at(place).unwrap();
    match edit {
        Append(more) => {
            let mut elements = std::mem::take(element.elements().unwrap());
            elements.push(Element::parse(&more).unwrap());
            element.content = Content::Elements(elements);
        }
        Become(other) => *element = Element::parse(&other).unwrap(),
    }
    whole.encode()
}

/// A Name of one attribute, of these elements.
fn name_of(attribute: &[Vec<u8>]) -> Vec<u8> {
    asn1::sequence(&[asn1::set_of(&[asn1::sequence(attribute)])])
}

fn common_name() -> Vec<u8> {
    asn1::oid("2.5.4.3")
}

/// What is no Name, though it is DER.
fn no_names() -> [Vec<u8>; 5] {
    let text = || asn1::utf8_string("a");
    [
        asn1::sequence(&[asn1::null()]),
        asn1::sequence(&[asn1::set_of(&[asn1::null()])]),
        name_of(&[common_name()]),
        name_of(&[text(), text()]),
        name_of(&[common_name(), text(), text()]),
    ]
}

/// Refused as no certificate at all, which also matters where certificates are only carried along.
#[track_caller]
fn no_certificate(der: &[u8], said: &str) {
    assert!(!Certificate::is_well_formed(der), "{said}");
    let failure = Certificate::parse(der).unwrap_err();
    assert_eq!(failure.reason, Reason::CertificateMalformed, "{said}");
    assert_eq!(failure.field, None, "{said}");
}

#[test]
fn nothing_stands_behind_the_last_field() {
    let two = || asn1::sequence(&[asn1::oid("1.2.3"), asn1::null(), asn1::null()]);
    for (said, place, edit) in [
        ("certificate", WHOLE, Append(asn1::null())),
        ("tbsCertificate", TBS, Append(asn1::null())),
        ("version", VERSION, Append(asn1::null())),
        ("validity", VALIDITY, Append(asn1::null())),
        ("subjectPublicKeyInfo", SPKI, Append(asn1::null())),
        ("extensions", EXTENSIONS, Append(asn1::null())),
        ("an extension", FIRST_EXTENSION, Append(asn1::null())),
        ("signature", SIGNED_ALGORITHM, Become(two())),
        ("signatureAlgorithm", OUTER_ALGORITHM, Become(two())),
        ("the key's algorithm", KEY_ALGORITHM, Become(two())),
    ] {
        no_certificate(&edited(place, edit), said);
    }
}

#[test]
fn algorithms_and_names_are_of_their_types() {
    let algorithm = || asn1::sequence(&[asn1::null()]);
    for (said, place) in [
        ("signature", SIGNED_ALGORITHM),
        ("signatureAlgorithm", OUTER_ALGORITHM),
        ("the key's algorithm", KEY_ALGORITHM),
    ] {
        no_certificate(&edited(place, Become(algorithm())), said);
    }
    let key = asn1::sequence(&[
        asn1::sequence(&[asn1::oid("1.2.3")]),
        asn1::octet_string(&[4]),
    ]);
    no_certificate(&edited(SPKI, Become(key)), "subjectPublicKey");
    for (said, place) in [("issuer", ISSUER), ("subject", SUBJECT)] {
        for name in no_names() {
            no_certificate(&edited(place, Become(name)), said);
        }
    }
}

/// Nothing else looks into the values of a name.
#[test]
fn values_that_nobody_reads_are_der() {
    let value = name_of(&[common_name(), asn1::tlv(12, &[0xff])]);
    no_certificate(&edited(SUBJECT, Become(value)), "not UTF-8");
    let value = name_of(&[common_name(), asn1::sequence(&[asn1::tlv(2, &[0, 1])])]);
    no_certificate(&edited(ISSUER, Become(value)), "a padded number");
}

#[test]
fn a_version_that_does_not_exist_is_none_and_an_older_one_is_of_no_use() {
    let version = |number| asn1::context(0, &asn1::number(number));
    no_certificate(&edited(VERSION, Become(version(3))), "version 4");
    let older = edited(VERSION, Become(version(1)));
    assert!(Certificate::is_well_formed(&older));
    let failure = Certificate::parse(&older).unwrap_err();
    assert_eq!(failure.field.as_deref(), Some("version"));
}

#[test]
fn a_certificate_may_be_valid_for_one_second() {
    let der = Template::leaf().valid(fixture::NOW, fixture::NOW);
    let der = der.self_signed().der;
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(certificate.not_before, certificate.not_after);
}

#[test]
fn only_true_makes_an_authority() {
    let with = |content: &[Vec<u8>]| {
        let constraints = extension("2.5.29.19", true, &asn1::sequence(content));
        let der = Template::leaf().with(constraints).self_signed().der;
        Certificate::parse(&der).unwrap().is_ca().unwrap()
    };
    assert!(!with(&[]));
    assert!(with(&[asn1::boolean_true()]));
}

#[test]
fn a_broken_key_is_a_broken_certificate_and_another_curve_is_not() {
    let key = |curve: &str, point: &[u8]| {
        let algorithm = asn1::sequence(&[asn1::oid("1.2.840.10045.2.1"), asn1::oid(curve)]);
        let spki = asn1::sequence(&[algorithm, asn1::bit_string(point)]);
        let der = edited(SPKI, Become(spki));
        let failure = Certificate::parse(&der).unwrap().public_key().unwrap_err();
        assert!(failure.field.unwrap().starts_with("subjectPublicKeyInfo"));
        failure.reason
    };
    let off_the_curve = [&[4][..], &[1; 64]].concat();
    assert_eq!(
        key("1.2.840.10045.3.1.7", &off_the_curve),
        Reason::CertificateMalformed
    );
    assert_eq!(
        key("1.3.132.0.10", &off_the_curve),
        Reason::AlgorithmUnsupported
    );
}

#[test]
fn a_fingerprint_is_of_the_whole_encoding() {
    let der = Template::leaf().self_signed().der;
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(
        certificate.fingerprint()[..],
        *Digest::sha256(&der).as_bytes()
    );
}

#[test]
fn names_are_shown_with_every_attribute() {
    let attribute =
        |oid: &str, text: &str| asn1::sequence(&[asn1::oid(oid), asn1::utf8_string(text)]);
    assert_eq!(Name(&fixture::name("a")).to_string(), "O=example, CN=a");
    let several = asn1::sequence(&[
        asn1::set_of(&[attribute("2.5.4.6", "DE")]),
        asn1::set_of(&[attribute("2.5.4.3", "a"), attribute("1.2.3.4", "b")]),
    ]);
    assert_eq!(Name(&several).to_string(), "C=DE, 1.2.3.4=b + CN=a");
    assert_eq!(Name(&asn1::sequence(&[])).to_string(), "an empty name");
    for name in no_names() {
        assert_eq!(Name(&name).to_string(), "an unreadable name");
    }
}
