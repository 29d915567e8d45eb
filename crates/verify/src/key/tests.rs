use data_encoding::BASE64;
use sealcheck_testkit::mutate::der::Element;
use sealcheck_testkit::{Hash, Key, Scheme, asn1, encoding};

use super::{KeyKind, PublicKey, SignatureScheme, parts_of};
use crate::{Digest, DigestAlgorithm, Reason};

use DigestAlgorithm::{Sha256, Sha384, Sha512};

fn public(key: &Key) -> PublicKey {
    PublicKey::from_spki(key.spki()).unwrap()
}

fn key(kind: sealcheck_testkit::KeyKind) -> Key {
    Key::shared(kind)
}

/// A key's SubjectPublicKeyInfo in base64, with its signatures by digest.
type BySomebodyElse = (KeyKind, &'static str, [(DigestAlgorithm, &'static str); 3]);

/// Made by OpenSSL over `message`, because the testkit's library signs with each curve's own digest only.
const OTHER_DIGESTS: [BySomebodyElse; 2] = [
    (
        KeyKind::EcdsaP256,
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE18YsNvEqNh5DyX98Wo+6zvCl/2GtVp+a+3lJ9W0IaMJnNkQzXjxCeehxpYup+M3QpCKqY0DQIsSUtNtCVQVGNQ==",
        [
            (
                Sha256,
                "MEQCIHw0eiz8fzrIVgMTS1KNR/8CHAhkPnrGFhKsGIeNPILaAiABUDpxuXZXBe4uTYvgSQavOX/qYg9G/XPuiVCc4JtxCQ==",
            ),
            (
                Sha384,
                "MEUCIDwJo/OXENaDVot5ad7j5CUXL1uoSu3ipWThgm1VDHFaAiEAhAxQEGW3tXG/nL+U83bjpiql+g80D4lpZyfSd2FIe3c=",
            ),
            (
                Sha512,
                "MEUCIHlepApIfUUlMVlLZQ5F3ZmsersJl5LDMoor6bvWeOihAiEA0OhWFTcklnB9m6ecP+t6Pg8cWPuC+tJxvzmoSJGuW5o=",
            ),
        ],
    ),
    (
        KeyKind::EcdsaP384,
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEs8af+EEyrfcXRj1gSPfw902azuIxLQgmAcCErlsWTbtDiSAf70+lYcllnaNoH/Rz/RqAX4LH/iq7VDYDEle8RfYIfMP/atNyIl8B51bCrflLBjntFP4Eo9eWtDxA4BSU",
        [
            (
                Sha256,
                "MGUCMQD9nPNyVWRY9+ggzw36m/1fmyMtIXhazjqtsJSFW6VO7nb9gUqUp3HR3swDQKuRcMgCMF2okQht+2fJKm5jqt4e1AicmC5EuUz/gGlXvqkel2v0sl+JNrX4kQj0Ed1nsrQimg==",
            ),
            (
                Sha384,
                "MGYCMQD/ulu5+zN+id4LTPtS/Fn0UenKWY2FyVx1ngZ97X0BgVmRXmLhxgyjqWi/TjQeLggCMQCRSpekbcSBFLY3SDoQGD7G9KAwe7xqnMraUhWGviM5sLLlQ2N8WiwBjguJMW5jhww=",
            ),
            (
                Sha512,
                "MGYCMQCw+JOATi5d8nkembIOvubjwMY7xN0P7rO6d2SRu7y7fd00G4MibWGowXefbTqYyoICMQDmBw6qdqFRHOOPzrZfmG3idMqsa+BJlLtsY6SMTPILhA9pimtbBljT8gt267SxiRY=",
            ),
        ],
    ),
];

#[test]
fn each_digest_goes_with_each_curve_and_with_its_own_signature_only() {
    for (kind, spki, signatures) in OTHER_DIGESTS {
        let key = PublicKey::from_spki(&BASE64.decode(spki.as_bytes()).unwrap()).unwrap();
        assert_eq!(key.kind(), kind);
        for (made, signature) in signatures {
            let signature = BASE64.decode(signature.as_bytes()).unwrap();
            for asked in [Sha256, Sha384, Sha512] {
                let scheme = SignatureScheme::Ecdsa(asked);
                assert_eq!(key.verify(scheme, b"message", &signature), made == asked);
                for given in [Sha256, Sha384, Sha512] {
                    let digest = Digest::of(given, b"message").unwrap();
                    assert_eq!(
                        key.verify_digest(scheme, &digest, &signature),
                        made == asked && asked == given,
                        "{kind} {made} {asked} {given}"
                    );
                }
            }
        }
    }
}

#[test]
fn ed25519ph_is_over_the_digest_and_ed25519_is_not() {
    let key = Key::ed25519_from_seed([7; 32]);
    let (ours, theirs) = (public(&key), public(&Key::ed25519_from_seed([8; 32])));
    let (pure, prehashed) = (
        key.sign(b"message"),
        key.sign_with(Scheme::Ed25519ph, b"message"),
    );
    let digest = |text: &[u8]| Digest::of(Sha512, text).unwrap();
    let ph = SignatureScheme::Ed25519ph;
    assert!(ours.verify(ph, b"message", &prehashed));
    assert!(ours.verify_digest(ph, &digest(b"message"), &prehashed));
    for (key, text, signature) in [
        (&theirs, &b"message"[..], &prehashed[..]),
        (&ours, b"another", &prehashed),
        (&ours, b"message", &pure),
        (&ours, b"message", &prehashed[..63]),
        (&ours, b"message", &[0; 64]),
    ] {
        assert!(!key.verify(ph, text, signature));
        assert!(!key.verify_digest(ph, &digest(text), signature));
    }
    assert!(!ours.verify_digest(ph, &Digest::sha256(b"message"), &prehashed));
    assert!(ours.verify(SignatureScheme::Ed25519, b"message", &pure));
    let over_digest = key.sign(digest(b"message").as_bytes());
    for signature in [&pure, &prehashed, &over_digest] {
        let pure = SignatureScheme::Ed25519;
        assert!(!ours.verify_digest(pure, &digest(b"message"), signature));
    }
}

#[test]
fn an_ed25519_stream_is_valid_for_its_message_alone() {
    let key = Key::ed25519_from_seed([7; 32]);
    let signature = key.sign(b"message");
    let stream = |pieces: &[&[u8]]| {
        let mut stream = public(&key).ed25519_stream(&signature).unwrap();
        pieces.iter().for_each(|piece| stream.update(piece));
        stream.finish()
    };
    assert!(stream(&[b"mess", b"", b"age"]));
    assert!(!stream(&[b"mess", b"age", b"s"]) && !stream(&[]));
}

/// The first is the neutral point: with it, a signature can be made that is valid over every message.
#[test]
fn a_weak_ed25519_key_is_none() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    // The next one is of order 4.
    for point in [neutral, [0; 32]] {
        let spki = asn1::sequence(&[
            asn1::sequence(&[asn1::oid("1.3.101.112")]),
            asn1::bit_string(&point),
        ]);
        let failure = PublicKey::from_spki(&spki).unwrap_err();
        assert!(failure.to_string().contains("small order"), "{failure}");
    }
}

#[test]
fn a_key_has_one_encoding() {
    use sealcheck_testkit::KeyKind::{Ed25519, P256, P384, P521, Rsa2048};
    for kind in [P256, P384, P521, Rsa2048, Ed25519] {
        let whole = Element::parse(key(kind).spki()).unwrap();
        let behind = whole
            .changes()
            .filter(|(said, _)| said.starts_with("NULL behind"));
        for (_, changed) in behind {
            let failure = PublicKey::from_spki(&changed.encode()).unwrap_err();
            let allowed = [Reason::KeyMalformed, Reason::AlgorithmUnsupported];
            assert!(allowed.contains(&failure.reason), "{kind:?}: {failure}");
        }
    }
    for kind in [P256, P384, P521] {
        let key = key(kind);
        let mut point = key.raw_public_key().to_vec();
        let last = *point.last().unwrap();
        assert_eq!(point[0], 4);
        point[0] = 6 | (last & 1);
        let spki = asn1::content(key.spki());
        let algorithm = &spki[..spki.len() - asn1::bit_string(&point).len()];
        let hybrid = asn1::sequence(&[algorithm.to_vec(), asn1::bit_string(&point)]);
        let failure = PublicKey::from_spki(&hybrid).unwrap_err();
        assert!(failure.to_string().contains("hybrid"), "{failure}");
    }
}

#[test]
fn a_pem_block_says_what_it_is() {
    let rsa = key(sealcheck_testkit::KeyKind::Rsa2048);
    let read = |label: &str, der: &[u8]| {
        PublicKey::parse(encoding::pem(label, der).as_bytes()).map(|key| key.kind())
    };
    assert_eq!(read("PUBLIC KEY", rsa.spki()), Ok(KeyKind::Rsa(2048)));
    assert_eq!(
        read("RSA PUBLIC KEY", rsa.raw_public_key()),
        Ok(KeyKind::Rsa(2048))
    );
    for (label, der) in [
        ("RSA PRIVATE KEY", rsa.raw_public_key()),
        ("CERTIFICATE", rsa.spki()),
        ("RSA PUBLIC KEY", rsa.spki()),
        ("PUBLIC KEY", rsa.raw_public_key()),
    ] {
        assert_eq!(read(label, der).unwrap_err().reason, Reason::KeyMalformed);
    }
    let two = encoding::pem("PUBLIC KEY", rsa.spki()).repeat(2);
    let failure = PublicKey::parse(two.as_bytes()).unwrap_err();
    assert_eq!(failure.reason, Reason::KeyMalformed);
}

#[test]
fn rsa_schemes_do_not_stand_for_each_other() {
    let key = key(sealcheck_testkit::KeyKind::Rsa2048);
    let schemes = [
        (
            Scheme::RsaPkcs1(Hash::Sha256),
            SignatureScheme::RsaPkcs1(Sha256),
        ),
        (
            Scheme::RsaPkcs1(Hash::Sha512),
            SignatureScheme::RsaPkcs1(Sha512),
        ),
        (
            Scheme::RsaPss(Hash::Sha256),
            SignatureScheme::RsaPss(Sha256),
        ),
        (
            Scheme::RsaPss(Hash::Sha384),
            SignatureScheme::RsaPss(Sha384),
        ),
    ];
    for (made, name) in schemes {
        let signature = key.sign_with(made, b"message");
        for (_, asked) in schemes {
            let valid = public(&key).verify(asked, b"message", &signature);
            assert_eq!(valid, name == asked, "{name} {asked}");
        }
    }
}

#[test]
fn nothing_stands_behind_a_key() {
    let ours = key(sealcheck_testkit::KeyKind::P256);
    assert!(parts_of(ours.spki()).is_ok());
    for place in [&[][..], &[0]] {
        let mut whole = Element::parse(ours.spki()).unwrap();
        let list = whole.at(place).unwrap().elements().unwrap();
        list.push(Element::parse(&asn1::null()).unwrap());
        assert!(parts_of(&whole.encode()).is_err(), "{place:?}");
    }
}
