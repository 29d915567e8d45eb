//! One element more than a token has, at each place that is read: what others might read there must not be passed over.

use sealcheck_testkit::mutate::der::{Content, Element};
use sealcheck_testkit::{Hash, Key, KeyKind, asn1};

use super::forge::*;
use super::verified;
use crate::Reason;
use crate::timestamp::Token;

/// A token with everything that may stand in one.
fn full(house: &House) -> Recipe {
    let mut recipe = house.recipe().embed(&[&house.signer.der]);
    recipe.info.rest = vec![
        asn1::sequence(&[asn1::number(2), asn1::context_primitive(0, &[5])]),
        asn1::boolean_true(),
        asn1::number(7),
        asn1::context(0, &asn1::context_primitive(2, b"tsa.example")),
        asn1::context(1, &extension("1.2.3.4", false, b"x")),
    ];
    recipe.signing_certificate = attribute(
        SIGNING_CERTIFICATE_V2,
        ess(&[
            Hash::Sha256.algorithm_identifier(),
            asn1::octet_string(&Hash::Sha256.digest(&house.signer.der)),
            issuer_serial(
                &house.signer.issuer,
                &asn1::number(house.signer.form.serial),
            ),
        ]),
    );
    recipe.after = asn1::context(1, &attribute(DATA, asn1::null()));
    recipe
}

/// The token with these elements behind the last one at a place.
fn with_more(token: &[u8], place: &[usize], more: &[Vec<u8>]) -> Vec<u8> {
    let mut whole = Element::parse(token).unwrap();
    let element = whole.at(place).unwrap();
    let mut elements = std::mem::take(element.elements().unwrap());
    elements.extend(more.iter().map(|der| Element::parse(der).unwrap()));
    element.content = Content::Elements(elements);
    whole.encode()
}

const STATUS_INFO: &[usize] = &[0];
const CONTENT_INFO: &[usize] = &[1];
const SIGNED_DATA: &[usize] = &[1, 1, 0];
const ENCAPSULATED: &[usize] = &[1, 1, 0, 2];
const TST_INFO: &[usize] = &[1, 1, 0, 2, 1, 0, 0];
const SIGNER_INFO: &[usize] = &[1, 1, 0, 4, 0];
/// The attribute with the signer's certificate, which is the longest one and so the last.
const ESS_ATTRIBUTE: &[usize] = &[1, 1, 0, 4, 0, 3, 2];

#[test]
fn one_element_more_is_refused_wherever_it_stands() {
    let house = House::new(Key::shared(KeyKind::P256));
    let recipe = full(&house);
    verified(house.verdict(&recipe));
    let token = recipe.build();
    // Of no type, and in DER order behind every other element of a SET.
    let extra = asn1::context_primitive(9, b"");
    let places: [(&str, &[usize], &[usize]); 31] = [
        ("TimeStampResp", &[], &[]),
        ("PKIStatusInfo", STATUS_INFO, &[]),
        ("ContentInfo", CONTENT_INFO, &[]),
        ("its content", CONTENT_INFO, &[1]),
        ("SignedData", SIGNED_DATA, &[]),
        ("digestAlgorithms", SIGNED_DATA, &[1]),
        ("certificates", SIGNED_DATA, &[3]),
        ("signerInfos", SIGNED_DATA, &[4]),
        ("EncapsulatedContentInfo", ENCAPSULATED, &[]),
        ("eContent", ENCAPSULATED, &[1]),
        ("the octets of eContent", ENCAPSULATED, &[1, 0]),
        ("TSTInfo", TST_INFO, &[]),
        ("messageImprint", TST_INFO, &[2]),
        ("accuracy", TST_INFO, &[5]),
        ("tsa", TST_INFO, &[8]),
        ("extensions", TST_INFO, &[9]),
        ("an extension", TST_INFO, &[9, 0]),
        ("SignerInfo", SIGNER_INFO, &[]),
        ("IssuerAndSerialNumber", SIGNER_INFO, &[1]),
        ("the issuer's Name", SIGNER_INFO, &[1, 0]),
        ("signedAttrs", SIGNER_INFO, &[3]),
        ("unsignedAttrs", SIGNER_INFO, &[6]),
        ("an unsigned attribute", SIGNER_INFO, &[6, 0]),
        ("a signed attribute", ESS_ATTRIBUTE, &[]),
        ("its values", ESS_ATTRIBUTE, &[1]),
        ("SigningCertificateV2", ESS_ATTRIBUTE, &[1, 0]),
        ("its certificates", ESS_ATTRIBUTE, &[1, 0, 0]),
        ("ESSCertIDv2", ESS_ATTRIBUTE, &[1, 0, 0, 0]),
        ("IssuerSerial", ESS_ATTRIBUTE, &[1, 0, 0, 0, 2]),
        ("its names", ESS_ATTRIBUTE, &[1, 0, 0, 0, 2, 0]),
        ("its name", ESS_ATTRIBUTE, &[1, 0, 0, 0, 2, 0, 0]),
    ];
    for (said, below, place) in places {
        let place = [below, place].concat();
        let changed = with_more(&token, &place, std::slice::from_ref(&extra));
        refused(&changed, said);
    }
    // One parameter is allowed, whatever it is.
    let another = asn1::context_primitive(10, b"");
    for (said, below, place) in [
        ("of digestAlgorithms", SIGNED_DATA, &[1, 0][..]),
        ("of the imprint", TST_INFO, &[2, 0]),
        ("digestAlgorithm", SIGNER_INFO, &[2]),
        ("signatureAlgorithm", SIGNER_INFO, &[4]),
        ("of ESSCertIDv2", ESS_ATTRIBUTE, &[1, 0, 0, 0, 0]),
    ] {
        let place = [below, place].concat();
        let changed = with_more(&token, &place, &[extra.clone(), another.clone()]);
        refused(&changed, said);
    }
}

#[track_caller]
fn refused(token: &[u8], said: &str) {
    let reason = Token::parse(token).err().map(|failure| failure.reason);
    assert_eq!(reason, Some(Reason::TimestampMalformed), "{said}");
}

/// What a token may have, and what means nothing to us.
#[test]
fn policies_and_revocation_lists_may_stand_in_a_token() {
    let house = House::new(Key::shared(KeyKind::P256));
    let mut recipe = full(&house);
    let id = asn1::sequence(&[asn1::octet_string(&Hash::Sha256.digest(&house.signer.der))]);
    let policies = asn1::sequence(&[asn1::sequence(&[asn1::oid("1.2.3")])]);
    recipe.signing_certificate = attribute(
        SIGNING_CERTIFICATE_V2,
        asn1::sequence(&[asn1::sequence(&[id]), policies]),
    );
    recipe.certificates = Some(
        [
            asn1::context(0, &house.signer.der),
            asn1::context(1, &asn1::sequence(&[])),
        ]
        .concat(),
    );
    verified(house.verdict(&recipe));
}

/// The first version of the attribute is over SHA-1 and has no place for an algorithm.
#[test]
fn the_first_version_of_the_attribute_names_no_algorithm() {
    let house = House::new(Key::shared(KeyKind::P256));
    let sha1 = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
        &house.signer.der,
    );
    let hash = asn1::octet_string(sha1.as_ref());
    let with = |id: &[Vec<u8>]| {
        let mut recipe = house.recipe();
        recipe.signing_certificate = attribute(SIGNING_CERTIFICATE, ess(id));
        recipe.build()
    };
    assert!(Token::parse(&with(std::slice::from_ref(&hash))).is_ok());
    let algorithm = asn1::sequence(&[asn1::oid(SHA1)]);
    refused(&with(&[algorithm, hash]), "an algorithm");
}
