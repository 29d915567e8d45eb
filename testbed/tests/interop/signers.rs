//! One artifact, signed by several.

use std::fs;
use std::path::Path;

use sealcheck_testbed::Testbed;

use crate::case::{Case, Content, Form, Kind, Made, Services, Signer};
use crate::judge::{self, Says};
use crate::proof::Proof;
use crate::sign::{self, Who};

/// Each signer's proof is found, alone and among all, and nobody else is taken for one of them.
pub(crate) fn each_is_known_among_several(testbed: &Testbed) {
    for content in [Content::Blob, Content::Attestation("slsaprovenance1")] {
        for signer in [Signer::Keyless(Kind::P256), Signer::Key(Kind::P256)] {
            let case = Case {
                content,
                signer,
                services: Services::RekorV1,
                form: Form::Bundle,
                made: Made::Signed,
            };
            let folder = testbed.folder.join("interop/several").join(case.name());
            let sign = |who, place: &str| {
                sign::sign(testbed, &case, who, "signed by two", &folder.join(place)).unwrap()
            };
            let signed = [sign(Who::Alice, "alice"), sign(Who::Bob, "bob")];
            one_by_one(testbed, &signed, &folder);
            in_one_file(testbed, &signed, &folder.join("lines"));
            if let Signer::Keyless(_) = signer {
                any_of_several(testbed, &signed, &folder.join("any"));
            }
        }
    }
}

/// The right signer's proof is accepted and the other's is not, by both programs.
fn one_by_one(testbed: &Testbed, signed: &[Proof; 2], folder: &Path) {
    for (index, proof) in signed.iter().enumerate() {
        for (asked, required) in signed.iter().enumerate() {
            let mut proof = proof.clone();
            proof.identity.clone_from(&required.identity);
            proof.key.clone_from(&required.key);
            let place = folder.join(format!("{index}-{asked}"));
            let (cosign, ours) = judge::both(testbed, &proof, &place, TIMEOUT);
            let expected = verdict(index == asked);
            assert_eq!(cosign.says, expected, "{}", cosign.text);
            assert_eq!(ours.says, expected, "{}", ours.text);
        }
    }
}

/// Where all proofs stand in one file, whoever is asked for is found. Cosign reads one bundle from a file.
fn in_one_file(testbed: &Testbed, signed: &[Proof; 2], folder: &Path) {
    let lines = signed.each_ref().map(|proof| proof.material.to_string());
    let [first, _] = signed;
    let mut stranger = first.clone();
    stranger.identity = STRANGER.to_owned();
    if let Some(key) = &mut stranger.key {
        *key = Who::Bob.key(testbed, Kind::Rsa).with_extension("pub");
    }
    let mut altered = first.clone();
    altered.artifact.push(b'!');
    let asked = signed.iter().map(|proof| (proof, true));
    for (proof, is_there) in asked.chain([(&stranger, false), (&altered, false)]) {
        let mut arguments = proof.keep(folder);
        fs::write(folder.join("all.jsonl"), lines.join("\n")).unwrap();
        replace(&mut arguments, "bundle.json", "all.jsonl");
        let ours = judge::ours(proof, folder, &arguments);
        assert_eq!(ours.says, verdict(is_there), "{}", ours.text);
    }
}

/// A pattern for both signers takes each, and one for others neither; so do pairs of names.
fn any_of_several(testbed: &Testbed, signed: &[Proof; 2], folder: &Path) {
    let patterns = [
        ("^(alice|bob)@example[.]com$", true),
        ("^(carol|dave)@example[.]com$", false),
    ];
    for proof in signed {
        for (pattern, is_there) in patterns {
            let mut arguments = proof.keep(folder);
            replace(&mut arguments, &proof.identity, pattern);
            replace(&mut arguments, "--certificate-identity", IDENTITY_PATTERN);
            let cosign = judge::cosign(testbed, proof, folder, &arguments);
            let ours = judge::ours(proof, folder, &arguments);
            assert_eq!(cosign.says, verdict(is_there), "{}", cosign.text);
            assert_eq!(ours.says, verdict(is_there), "{}", ours.text);
        }
        for (names, is_there) in [(signed.each_ref(), true), ([&signed[0]; 2], false)] {
            let mut arguments = proof.keep(folder);
            let at = arguments
                .iter()
                .position(|word| word == "--certificate-identity");
            arguments.drain(at.unwrap()..at.unwrap() + 4);
            for required in names {
                let words = [
                    "--identity",
                    &required.identity,
                    "--issuer",
                    &required.issuer,
                ];
                arguments.extend(words.map(str::to_owned));
            }
            let is_there = is_there || proof.identity == signed[0].identity;
            let ours = judge::ours(proof, folder, &arguments);
            assert_eq!(ours.says, verdict(is_there), "{}", ours.text);
        }
    }
}

fn verdict(is_accepted: bool) -> Says {
    match is_accepted {
        true => Says::Accepts,
        false => Says::Rejects,
    }
}

fn replace(arguments: &mut [String], old: &str, new: &str) {
    let word = arguments.iter_mut().find(|word| *word == old);
    *word.unwrap() = new.to_owned();
}

const STRANGER: &str = "mallory@example.com";
const IDENTITY_PATTERN: &str = "--certificate-identity-regexp";
const TIMEOUT: &str = "60s";
