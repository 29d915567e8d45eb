//! Which signatures are accepted, and that each algorithm in the token agrees with the others.

use sealcheck_testkit::{Hash, Key, KeyKind, Scheme, asn1};

use super::forge::*;
use super::{refused, verified};
use crate::Reason::TimestampInvalid;

const ALGORITHM: &str = "signerInfos[0].signatureAlgorithm";
const SIGNATURE: &str = "signerInfos[0].signature";

/// A recipe that signs with this scheme and says so.
fn recipe(house: &House, scheme: Scheme, digest: Hash, algorithm: Vec<u8>) -> Recipe {
    let mut recipe = house.recipe();
    recipe.scheme = scheme;
    recipe.digest = digest;
    recipe.digest_algorithm = digest.algorithm_identifier();
    recipe.digest_algorithms = vec![recipe.digest_algorithm.clone()];
    recipe.signature_algorithm = algorithm;
    recipe
}

fn algorithm(oid: &str, parameters: Vec<u8>) -> Vec<u8> {
    asn1::sequence(&[asn1::oid(oid), parameters])
}

fn ecdsa(hash: Hash) -> Vec<u8> {
    algorithm(
        match hash {
            Hash::Sha256 => "1.2.840.10045.4.3.2",
            Hash::Sha384 => "1.2.840.10045.4.3.3",
            Hash::Sha512 => "1.2.840.10045.4.3.4",
        },
        Vec::new(),
    )
}

fn rsa(hash: Hash) -> Vec<u8> {
    algorithm(
        match hash {
            Hash::Sha256 => "1.2.840.113549.1.1.11",
            Hash::Sha384 => "1.2.840.113549.1.1.12",
            Hash::Sha512 => "1.2.840.113549.1.1.13",
        },
        asn1::null(),
    )
}

fn pss(hash: Hash, mask: Hash, salt: u64) -> Vec<u8> {
    let with_null = |hash: Hash| {
        let oid = asn1::content(&hash.algorithm_identifier()).to_vec();
        asn1::sequence(&[oid, asn1::null()])
    };
    let mask = asn1::sequence(&[asn1::oid("1.2.840.113549.1.1.8"), with_null(mask)]);
    algorithm(
        "1.2.840.113549.1.1.10",
        asn1::sequence(&[
            asn1::context(0, &with_null(hash)),
            asn1::context(1, &mask),
            asn1::context(2, &asn1::number(salt)),
        ]),
    )
}

#[test]
fn every_key_of_the_ecosystem_signs() {
    for (kind, scheme) in [
        (KeyKind::P256, "ecdsa-sha256"),
        (KeyKind::P384, "ecdsa-sha384"),
        (KeyKind::P521, "ecdsa-sha512"),
        (KeyKind::Rsa2048, "rsa-pkcs1-sha256"),
        (KeyKind::Rsa4096, "rsa-pkcs1-sha256"),
        (KeyKind::Ed25519, "ed25519"),
    ] {
        let house = House::new(Key::shared(kind));
        let facts = verified(house.verdict(&house.recipe()));
        assert_eq!(facts.signature_scheme, scheme);
        let recipe = house.recipe().embed(&[&house.signer.der]);
        assert!(verified(house.verdict(&recipe)).embedded_certificate);
        let authority = house.authority_without_leaf();
        verified(verdict(&recipe.build(), &[authority]));

        let mut forged = house.recipe();
        forged.key = Key::generate(match kind {
            KeyKind::Rsa4096 => KeyKind::Rsa2048,
            kind => kind,
        });
        refused(house.verdict(&forged), TimestampInvalid, SIGNATURE);
    }
}

#[test]
fn one_authority_takes_several_schemes() {
    let house = House::new(Key::shared(KeyKind::P521));
    let authority = [house.authority()];
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512, Hash::Sha256] {
        let recipe = recipe(&house, Scheme::Ecdsa(hash), hash, ecdsa(hash));
        verified(verdict(&recipe.build(), &authority));
    }
}

#[test]
fn rsa_in_all_its_spellings() {
    let house = House::new(Key::shared(KeyKind::Rsa2048));
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let pkcs1 = Scheme::RsaPkcs1(hash);
        for algorithm in [
            rsa(hash),
            algorithm(RSA_ENCRYPTION, asn1::null()),
            algorithm(RSA_ENCRYPTION, Vec::new()),
        ] {
            verified(house.verdict(&recipe(&house, pkcs1, hash, algorithm)));
        }
        let salt = u64::try_from(hash.digest(b"").len()).unwrap();
        let recipe = recipe(&house, Scheme::RsaPss(hash), hash, pss(hash, hash, salt));
        verified(house.verdict(&recipe));
    }
}

#[test]
fn pss_parameters_must_go_together() {
    let house = House::new(Key::shared(KeyKind::Rsa2048));
    let scheme = Scheme::RsaPss(Hash::Sha256);
    for algorithm in [
        pss(Hash::Sha256, Hash::Sha512, 32),
        pss(Hash::Sha256, Hash::Sha256, 20),
        pss(Hash::Sha512, Hash::Sha512, 64),
        // The defaults of absent parameters are SHA-1.
        algorithm("1.2.840.113549.1.1.10", asn1::sequence(&[])),
        algorithm("1.2.840.113549.1.1.10", Vec::new()),
    ] {
        let recipe = recipe(&house, scheme, Hash::Sha256, algorithm);
        refused(house.verdict(&recipe), TimestampInvalid, ALGORITHM);
    }
}

#[test]
fn the_signature_algorithm_agrees_with_the_digest_algorithm() {
    let house = House::new(Key::shared(KeyKind::P521));
    let other = recipe(
        &house,
        Scheme::Ecdsa(Hash::Sha512),
        Hash::Sha256,
        ecdsa(Hash::Sha512),
    );
    refused(house.verdict(&other), TimestampInvalid, ALGORITHM);
    let house = House::new(Key::shared(KeyKind::Ed25519));
    let other = recipe(
        &house,
        Scheme::Ed25519,
        Hash::Sha256,
        algorithm("1.3.101.112", Vec::new()),
    );
    refused(house.verdict(&other), TimestampInvalid, ALGORITHM);
}

#[test]
fn the_signature_algorithm_agrees_with_the_key() {
    let house = House::new(Key::shared(KeyKind::P256));
    let authorities = [house.authority()];
    for algorithm in [
        rsa(Hash::Sha256),
        algorithm("1.2.840.10045.4.3.2", asn1::null()),
        algorithm("1.2.840.10045.4.1", Vec::new()),
        algorithm("1.2.840.113549.1.1.5", asn1::null()),
        algorithm("1.2.840.10045.2.1", Vec::new()),
    ] {
        let mut recipe = house.recipe();
        recipe.signature_algorithm = algorithm;
        refused(
            verdict(&recipe.build(), &authorities),
            TimestampInvalid,
            ALGORITHM,
        );
    }
    // Ed25519 announced for an ECDSA key, with the digest that goes with Ed25519.
    let mut recipe = recipe(
        &house,
        Scheme::Ecdsa(Hash::Sha256),
        Hash::Sha512,
        algorithm("1.3.101.112", Vec::new()),
    );
    refused(
        verdict(&recipe.build(), &authorities),
        TimestampInvalid,
        ALGORITHM,
    );
    // The bad tokens have not spoiled the authority for the next one.
    recipe = house.recipe();
    verified(verdict(&recipe.build(), &authorities));
}

#[test]
fn weak_digests_are_refused() {
    let house = House::new(Key::shared(KeyKind::Rsa2048));
    let mut recipe = house.recipe();
    recipe.digest_algorithm = asn1::sequence(&[asn1::oid(SHA1)]);
    recipe.digest_algorithms = vec![recipe.digest_algorithm.clone()];
    refused(
        house.verdict(&recipe),
        TimestampInvalid,
        "signerInfos[0].digestAlgorithm",
    );
    recipe.digest_algorithm = asn1::sequence(&[asn1::oid(SHA256), asn1::number(1)]);
    recipe.digest_algorithms = vec![recipe.digest_algorithm.clone()];
    refused(
        house.verdict(&recipe),
        TimestampInvalid,
        "signerInfos[0].digestAlgorithm",
    );
}
