pub(crate) mod fixture;
mod structure;

use der::asn1::ObjectIdentifier;
use sealcheck_testkit::asn1;
use sealcheck_testkit::mutate::der::{Content, Element};

use self::fixture::{
    Template, corpus_certificate, email, extension, key_usage, leaves, san, shared,
};
use super::{Certificate, Claim, Name, SubjectAlternativeName};
use crate::{DigestAlgorithm, Failure, KeyKind, Reason, SignatureScheme, limits};

fn refused(der: &[u8]) -> Failure {
    match Certificate::parse(der).and_then(|certificate| certificate.claims()) {
        Ok(claims) => panic!("accepted {claims:?}"),
        Err(failure) => failure,
    }
}

fn leaf_with(extension: Vec<u8>) -> Vec<u8> {
    Template::leaf().with(extension).self_signed().der
}

fn leaf_named(names: &[Vec<u8>]) -> Vec<u8> {
    Template::leaf()
        .extensions(vec![san(names)])
        .self_signed()
        .der
}

#[test]
fn a_kubernetes_signer() {
    let Some(der) = corpus_certificate(fixture::PAUSE) else {
        return;
    };
    let certificate = Certificate::parse(&der).unwrap();
    assert_eq!(certificate.not_before.to_string(), "2024-05-23T21:35:28Z");
    assert_eq!(certificate.not_after.to_string(), "2024-05-23T21:45:28Z");
    assert_eq!(
        Name(certificate.issuer).to_string(),
        "O=sigstore.dev, CN=sigstore-intermediate"
    );
    assert_eq!(Name(certificate.subject).to_string(), "an empty name");
    assert_eq!(
        certificate.signature_scheme(),
        Some(SignatureScheme::Ecdsa(DigestAlgorithm::Sha384))
    );
    assert_eq!(certificate.public_key().unwrap().kind(), KeyKind::EcdsaP256);
    assert!(!certificate.is_ca().unwrap());
    assert!(
        certificate
            .key_usage()
            .unwrap()
            .unwrap()
            .digital_signature()
    );
    assert_eq!(
        certificate.subject_key_id().unwrap().unwrap()[..2],
        [0xde, 0x42]
    );
    let claims = certificate.claims().unwrap();
    assert_eq!(
        serde_json::to_value(&claims).unwrap(),
        serde_json::json!({
            "san": {
                "kind": "email",
                "value": "krel-trust@k8s-releng-prod.iam.gserviceaccount.com"
            },
            "issuer": "https://accounts.google.com",
            "claims": {}
        })
    );
}

#[test]
fn a_workflow_has_every_claim_by_name() {
    let Some(path) = shared("conformance/bundle-verify/happy-path-v0.3/bundle.sigstore.json")
    else {
        return;
    };
    let mut found = Vec::new();
    leaves(&fixture::json(&path).unwrap(), &mut found);
    let certificate = Certificate::parse(&found[0]).unwrap();
    let claims = certificate.claims().unwrap();
    assert_eq!(claims.san.as_ref().unwrap().kind(), "uri");
    assert_eq!(
        claims.get(Claim::Issuer),
        Some("https://token.actions.githubusercontent.com")
    );
    assert_eq!(claims.get(Claim::RunnerEnvironment), Some("github-hosted"));
    assert_eq!(
        claims.get("source-repository-uri".parse().unwrap()),
        Some("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon")
    );
    assert!(claims.claims.iter().count() >= 19);
    assert!(
        claims
            .claims
            .iter()
            .all(|(claim, _)| claim.name().is_some())
    );
}

#[test]
fn truncation_and_changes_never_panic() {
    let der = match corpus_certificate(fixture::PAUSE) {
        Some(der) => der,
        None => Template::leaf().self_signed().der,
    };
    for length in 0..der.len() {
        assert_eq!(
            refused(&der[..length]).reason,
            Reason::CertificateMalformed,
            "{length}"
        );
    }
    let mut trailing = der.clone();
    trailing.push(0);
    assert_eq!(refused(&trailing).reason, Reason::CertificateMalformed);
    for position in 0..der.len() {
        for bit in 0..8 {
            let mut changed = der.clone();
            changed[position] ^= 1 << bit;
            if let Ok(certificate) = Certificate::parse(&changed) {
                let _ = (certificate.claims(), certificate.key_usage());
                let _ = (certificate.is_ca(), certificate.extended_key_usage());
                let _ = (
                    certificate.public_key(),
                    Name(certificate.issuer).to_string(),
                );
            }
        }
    }
}

#[test]
fn only_whole_certificates_of_version_3() {
    let mut template = Template::leaf();
    template.version = 1;
    assert_eq!(
        refused(&template.self_signed().der).to_string(),
        "the certificate cannot be read at version (expected version 3, found version 2)"
    );
    let backwards = Template::leaf().valid(fixture::NOW, fixture::NOW - 1);
    assert_eq!(
        refused(&backwards.self_signed().der).field.as_deref(),
        Some("validity")
    );
    let twice = leaf_with(key_usage(7, 0x80));
    assert_eq!(
        refused(&twice).to_string(),
        "the certificate cannot be read at extensions: an extension stands twice (found 2.5.29.15)"
    );
    let made = Template::leaf().self_signed();
    let other_algorithm = asn1::sequence(&[
        made.tbs.clone(),
        asn1::sequence(&[asn1::oid("1.2.840.10045.4.3.2")]),
        asn1::bit_string(&made.key.sign(&made.tbs)),
    ]);
    assert_eq!(
        refused(&other_algorithm).field.as_deref(),
        Some("signatureAlgorithm")
    );
}

#[test]
fn the_number_of_extensions_is_limited() {
    let numbered = |count: usize| {
        let list = (0..count).map(|arc| extension(&format!("1.3.9.{arc}"), false, &[]));
        Template::leaf()
            .extensions(list.collect())
            .self_signed()
            .der
    };
    assert!(Certificate::parse(&numbered(limits::CERTIFICATE_EXTENSIONS.max)).is_ok());
    let failure = refused(&numbered(limits::CERTIFICATE_EXTENSIONS.max + 1));
    assert_eq!(failure.reason, Reason::LimitExceeded);
    assert!(failure.expected.unwrap().contains("certificate-extensions"));
}

#[test]
fn every_kind_of_name() {
    let user = asn1::context(
        0,
        &[
            asn1::oid("1.3.6.1.4.1.57264.1.7"),
            asn1::context(0, &asn1::utf8_string("jürgen!example.com")),
        ]
        .concat(),
    );
    let cases = [
        (email("a@b.example"), "email", "a@b.example"),
        (asn1::context_primitive(2, b"b.example"), "dns", "b.example"),
        (
            asn1::context_primitive(6, b"spiffe://x/y"),
            "uri",
            "spiffe://x/y",
        ),
        (
            asn1::context_primitive(7, &[192, 0, 2, 1]),
            "ip",
            "192.0.2.1",
        ),
        (asn1::context_primitive(7, &[0; 16]), "ip", "::"),
        (user, "otherName", "jürgen!example.com"),
    ];
    for (name, kind, value) in cases {
        let der = leaf_named(&[name]);
        let san = Certificate::parse(&der)
            .unwrap()
            .subject_alternative_name()
            .unwrap()
            .unwrap();
        assert_eq!((san.kind(), san.value()), (kind, value));
        assert_eq!(san.to_string(), value);
    }
    let der = Template::leaf().extensions(vec![]).self_signed().der;
    let none: Option<SubjectAlternativeName> = None;
    assert_eq!(
        Certificate::parse(&der).unwrap().claims().unwrap().san,
        none
    );
}

#[test]
fn names_that_could_deceive_are_refused() {
    let other_type = asn1::context(
        0,
        &[
            asn1::oid("1.3.9.7"),
            asn1::context(0, &asn1::utf8_string("a")),
        ]
        .concat(),
    );
    let user = || asn1::utf8_string("a");
    let other_name = |explicit: &[Vec<u8>], more: Vec<u8>| {
        let id = asn1::oid("1.3.6.1.4.1.57264.1.7");
        asn1::context(
            0,
            &[id, asn1::context(0, &explicit.concat()), more].concat(),
        )
    };
    let cases = [
        vec![other_name(&[user(), user()], Vec::new())],
        vec![other_name(&[user()], user())],
        vec![email("a@b.example"), email("c@d.example")],
        vec![
            email("a@b.example"),
            asn1::context_primitive(6, b"https://x"),
        ],
        vec![],
        vec![email("")],
        vec![email("a@b.example\0.evil.example")],
        vec![email("a@b.example\n")],
        vec![email("é@b.example")],
        vec![asn1::context_primitive(6, b"https://x\xff")],
        vec![asn1::context_primitive(7, &[1, 2, 3])],
        vec![asn1::context_primitive(8, &[1])],
        vec![other_type],
        vec![asn1::octet_string(b"a@b.example")],
    ];
    for names in cases {
        let failure = refused(&leaf_named(&names));
        assert_eq!(failure.reason, Reason::CertificateMalformed, "{names:?}");
        assert_eq!(
            failure.field.as_deref(),
            Some("extensions.subjectAltName"),
            "{names:?}"
        );
    }
}

#[test]
fn issuers_must_agree_and_be_plain() {
    let old = |text: &str| extension("1.3.6.1.4.1.57264.1.1", false, text.as_bytes());
    let new = |text: &str| extension("1.3.6.1.4.1.57264.1.8", false, &asn1::utf8_string(text));
    let issuer = |extensions: Vec<Vec<u8>>| {
        let der = Template::leaf().extensions(extensions).self_signed().der;
        Certificate::parse(&der)
            .unwrap()
            .claims()
            .map(|claims| claims.issuer)
    };
    let a: Option<Box<str>> = Some("https://a".into());
    assert_eq!(issuer(vec![old("https://a"), new("https://a")]).unwrap(), a);
    assert_eq!(issuer(vec![old("https://a")]).unwrap(), a);
    assert_eq!(issuer(vec![new("https://a")]).unwrap(), a);
    assert_eq!(issuer(vec![]).unwrap(), None);
    for bad in [
        vec![old("https://a"), new("https://b")],
        vec![old("")],
        vec![new("https://a\0")],
        vec![old("https://a\u{1b}[2J")],
        vec![extension("1.3.6.1.4.1.57264.1.8", false, b"https://a")],
        vec![extension("1.3.6.1.4.1.57264.1.1", false, b"\xff")],
    ] {
        assert_eq!(
            issuer(bad).unwrap_err().reason,
            Reason::CertificateMalformed
        );
    }
}

#[test]
fn unknown_fulcio_extensions_are_kept_in_hex() {
    let der = leaf_with(extension("1.3.6.1.4.1.57264.1.99", false, &[0xab, 1]));
    let claims = Certificate::parse(&der).unwrap().claims().unwrap();
    let claim: Claim = "1.3.6.1.4.1.57264.1.99".parse().unwrap();
    assert_eq!(claims.get(claim), Some("ab01"));
    assert_eq!(
        serde_json::to_value(&claims.claims).unwrap(),
        serde_json::json!({ "1.3.6.1.4.1.57264.1.99": "ab01" })
    );
    let der = leaf_with(extension("1.3.6.1.4.1.57264.1.12", false, b"https://raw"));
    assert_eq!(
        refused(&der).field.as_deref(),
        Some("extensions[1.3.6.1.4.1.57264.1.12]")
    );
}

#[test]
fn claims_are_written_as_name_or_oid() {
    for claim in Claim::NAMED {
        assert_eq!(claim.to_string().parse(), Ok(*claim));
        assert_eq!(claim.oid().parse(), Ok(*claim));
    }
    assert_eq!("1.3.6.1.4.1.57264.1.1".parse(), Ok(Claim::Issuer));
    assert_eq!(Claim::TokenSubject.oid(), "1.3.6.1.4.1.57264.1.24");
    for unknown in [
        "",
        "Issuer",
        "2.5.29.17",
        "1.3.6.1.4.1.57264.1",
        "1.3.6.1.4.1.57264.2",
    ] {
        assert!(unknown.parse::<Claim>().is_err(), "{unknown}");
    }
    let other: Claim = "1.3.6.1.4.1.57264.1.2.3".parse().unwrap();
    assert_eq!(other.to_string(), "1.3.6.1.4.1.57264.1.2.3");
}

#[test]
fn usages_are_read_strictly() {
    let with = |extensions: Vec<Vec<u8>>| Template::leaf().extensions(extensions).self_signed().der;
    for bits in [
        &[0_u8][..],
        &[8, 0x80],
        &[7, 0x81],
        &[6, 0x80],
        &[0, 1, 2, 3],
        &[],
    ] {
        let der = with(vec![extension("2.5.29.15", true, &asn1::tlv(3, bits))]);
        let at = refused(&der).field;
        assert_eq!(at.as_deref(), Some("extensions.keyUsage"), "{bits:?}");
    }
    let der = with(vec![extension("2.5.29.37", false, &asn1::sequence(&[]))]);
    let at = refused(&der).field;
    assert_eq!(at.as_deref(), Some("extensions.extKeyUsage"));
    let purposes = ["1.3.6.1.5.5.7.3.8", "2.5.29.37.0"];
    let der = with(vec![fixture::extended_key_usage(&purposes)]);
    let certificate = Certificate::parse(&der).unwrap();
    let usage = certificate.extended_key_usage().unwrap().unwrap();
    assert!(!usage.critical);
    assert!(usage.purposes().map(|id| id.to_string()).eq(purposes));
    assert!(!usage.contains(ObjectIdentifier::new_unwrap(fixture::CODE_SIGNING)));
    for bad in [
        asn1::sequence(&[asn1::number(1), asn1::boolean_true()]),
        asn1::sequence(&[asn1::boolean_true(), asn1::number(1), asn1::number(1)]),
        asn1::sequence(&[asn1::tlv(1, &[2])]),
        // FALSE is the default, which DER leaves out.
        asn1::sequence(&[asn1::tlv(1, &[0])]),
    ] {
        let der = with(vec![extension("2.5.29.19", true, &bad)]);
        let at = refused(&der).field;
        assert_eq!(at.as_deref(), Some("extensions.basicConstraints"));
    }
}

#[test]
fn extensions_are_of_their_types_whoever_asks() {
    let with = |extensions: Vec<Vec<u8>>| Template::leaf().extensions(extensions).self_signed().der;
    let odd = asn1::tlv(0x31, &[]);
    for (oid, name) in [
        ("2.5.29.14", "subjectKeyIdentifier"),
        ("2.5.29.17", "subjectAltName"),
        ("2.5.29.18", "issuerAltName"),
        ("2.5.29.30", "nameConstraints"),
        ("2.5.29.31", "cRLDistributionPoints"),
        ("2.5.29.32", "certificatePolicies"),
        ("2.5.29.33", "policyMappings"),
        ("2.5.29.35", "authorityKeyIdentifier"),
        ("2.5.29.36", "policyConstraints"),
        ("2.5.29.46", "freshestCRL"),
        ("2.5.29.54", "inhibitAnyPolicy"),
        ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
        ("1.3.6.1.5.5.7.1.11", "subjectInfoAccess"),
        ("1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestamps"),
    ] {
        let failure = refused(&with(vec![extension(oid, false, &odd)]));
        assert_eq!(failure.field, Some(format!("extensions.{name}").into()));
    }
    // What nobody here knows may hold anything.
    assert!(Certificate::parse(&with(vec![extension("1.2.3.4", false, b"\xff")])).is_ok());
    // FALSE is the default, which DER leaves out.
    let explicit = asn1::sequence(&[
        asn1::oid("1.2.3.4"),
        asn1::tlv(1, &[0]),
        asn1::octet_string(&[]),
    ]);
    assert_eq!(
        refused(&with(vec![explicit])).reason,
        Reason::CertificateMalformed
    );
}

#[test]
fn a_certificate_is_der_where_nobody_looks() {
    let made = Template::leaf().self_signed();
    let whole = Element::parse(&made.der).unwrap();
    let mut tried = 0;
    for (said, changed) in whole.changes() {
        let not_der = [
            "a longer form",
            "the longest form",
            "an indefinite",
            "a long tag",
        ];
        if not_der.iter().any(|kind| said.starts_with(kind)) {
            assert!(Certificate::parse(&changed.encode()).is_err(), "{said}");
            tried += 1;
        }
    }
    assert!(tried > 100);
}

#[test]
fn serial_numbers_are_limited() {
    let with_serial = |octets: usize| {
        let mut whole = Element::parse(&Template::leaf().self_signed().der).unwrap();
        let serial = &mut whole.elements().unwrap()[0].elements().unwrap()[1];
        serial.content = Content::Octets(vec![1; octets]);
        whole.encode()
    };
    assert!(Certificate::parse(&with_serial(21)).is_ok());
    let failure = refused(&with_serial(22));
    assert_eq!(failure.reason, Reason::CertificateMalformed);
}
