//! Under the name `cosign`: what differs from the program's own ways.
#![cfg(unix)]

use std::os::unix::process::CommandExt;

use sealcheck_testkit::image::Referrer;
use sealcheck_testkit::{Content, Key, KeyKind, Plan, sign};
use serde_json::{Value, json};

use crate::sandbox::{Run, finish, words};
use crate::scene::{ISSUER, SIGNER, Scene};

const BY_IDENTITY: [&str; 7] = [
    "--offline",
    "--trusted-root",
    "root.json",
    "--certificate-identity",
    SIGNER,
    "--certificate-oidc-issuer",
    ISSUER,
];
const BY_KEY: [&str; 5] = [
    "--offline",
    "--trusted-root",
    "root.json",
    "--key",
    "key.pub",
];

fn cosign(scene: &Scene, arguments: &[&[&str]]) -> Run {
    finish(scene.sandbox.command(&arguments.concat()).arg0("cosign"))
}

/// Something signed with a key whose public half is `key.pub`.
fn by_key(scene: &Scene, content: Content) -> sealcheck_testkit::Signed {
    let key = Key::generate(KeyKind::P256);
    scene.sandbox.write("key.pub", key.public_pem());
    scene.sandbox.sigstore.sign(content, &Plan::key(key))
}

#[test]
fn a_signature_by_a_key_is_no_match_and_attestations_are_no_signature() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let payload = sign::simple_signing_payload("registry.test/app", &image.digest, &[]);
    let signed = by_key(&scene, Content::message(payload.to_string().as_bytes()));
    scene.repository.attach_signatures(&image, &[signed]);
    scene.lay_out();
    let verify = ["verify", "oci:layout:v1"];
    cosign(&scene, &[&verify, &BY_KEY]).exits(0);
    cosign(&scene, &[&verify, &BY_IDENTITY]).exits(12);

    let mut scene = Scene::new();
    let attestation = scene.attest("https://slsa.dev/provenance/v1", json!({}));
    scene.repository.attach_attestations(&image, &[attestation]);
    scene.lay_out();
    cosign(&scene, &[&verify, &BY_IDENTITY]).exits(10);
}

#[test]
fn a_bundle_without_annotations_has_an_empty_optional() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let statement = sign::cosign_statement(&image.digest, &[]);
    let bundle = by_key(&scene, Content::statement(&statement));
    scene.repository.attach_bundle(&image, &bundle);
    scene.lay_out();
    let verify = ["verify", "oci:layout:v1"];
    let run = cosign(&scene, &[&verify, &BY_KEY]).exits(0);
    let all: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(all[0]["optional"], json!({}));
    let run = cosign(&scene, &[&verify, &BY_KEY, &["-o", "text"]]).exits(0);
    let payload: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(payload["optional"], json!({}));
}

#[test]
fn flags_may_stand_before_the_command() {
    let scene = Scene::signed();
    scene.lay_out();
    let verify = ["verify", "oci:layout:v1"];
    for before in [&["-t", "30s"][..], &["-d"], &["--timeout=30s", "-d"]] {
        cosign(&scene, &[before, &verify, &BY_IDENTITY]).exits(0);
        let own = [before, &verify, &BY_IDENTITY].concat();
        scene.sandbox.run(&own).exits(0);
    }
    cosign(&scene, &[&["--output-file", "out"], &verify, &BY_IDENTITY]).exits(0);
    let out: Value = serde_json::from_str(&scene.sandbox.read("out")).unwrap();
    assert_eq!(out[0]["optional"]["Subject"], SIGNER);
}

#[test]
fn the_tree_is_text_also_in_a_pipe() {
    let scene = Scene::signed();
    scene.lay_out();
    let tree = ["tree", "oci:layout:v1", "--offline"];
    let run = cosign(&scene, &[&tree]).exits(0);
    assert!(run.stdout.contains("└── "), "{}", run.stdout);
    let run = cosign(&scene, &[&tree, &["-o", "json"]]).exits(0);
    serde_json::from_str::<Value>(&run.stdout).unwrap();
}

#[test]
fn downloads_print_what_cosign_prints() {
    let mut scene = Scene::signed();
    scene.lay_out();
    let download =
        |scene: &Scene, what| cosign(scene, &[&["download", what, "oci:layout:v1", "--offline"]]);
    let run = download(&scene, "attestation").exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    // Of one type it wants one.
    let typed = |scene: &Scene, kind| {
        let base = ["download", "attestation", "oci:layout:v1", "--offline"];
        cosign(scene, &[&base, &["--predicate-type", kind]])
    };
    let run = typed(&scene, "slsaprovenance1").exits(1);
    let told = "no attestation of this type is attached";
    assert!(words(&run.stderr).contains(told), "{}", run.stderr);
    let run = download(&scene, "sbom").exits(1);
    assert!(run.stderr.contains("no `download sbom`"), "{}", run.stderr);

    let image = scene.image.clone();
    let attestation = scene.attest("https://slsa.dev/provenance/v1", json!({}));
    scene.repository.attach_attestations(&image, &[attestation]);
    // As cosign 2 attached them: without a key's id.
    let tag = image.tag_with_suffix("att");
    let manifest = scene.repository.manifest(&scene.repository.tags[&tag]);
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    let attached = &scene.repository.objects[layer].bytes;
    let signature = serde_json::from_slice::<Value>(attached).unwrap()["signatures"][0].clone();
    scene.lay_out();
    typed(&scene, "slsaprovenance1").exits(0);
    typed(&scene, "spdxjson").exits(1);
    let run = download(&scene, "attestation").exits(0);
    assert!(
        run.stdout.starts_with(r#"{"payloadType":"#),
        "{}",
        run.stdout
    );
    let envelope: Value = serde_json::from_str(&run.stdout).unwrap();
    let expected = json!([{ "keyid": "", "sig": signature["sig"] }]);
    assert_eq!(envelope["signatures"], expected);
}

#[test]
fn help_lists_what_cosign_has() {
    let scene = Scene::new();
    let help = |run: Run| {
        let lines: Vec<String> = run.exits(0).stdout.lines().map(str::to_owned).collect();
        let has = |name: &str| {
            let mut first = lines
                .iter()
                .filter_map(|line| line.split_whitespace().next());
            first.any(|word| word == name)
        };
        ["verify", "tree", "copy", "release", "inspect", "explain"].map(has)
    };
    let own = scene.sandbox.run(&["--help"]);
    assert_eq!(help(own), [true; 6]);
    let as_cosign = cosign(&scene, &[&["--help"]]);
    assert_eq!(help(as_cosign), [true, true, false, false, false, false]);
    // They are there nevertheless.
    cosign(&scene, &[&["explain", "no-proof-found"]]).exits(0);
}

#[test]
fn help_and_errors_speak_of_cosign() {
    let scene = Scene::new();
    for (arguments, codes) in [
        (&["--help"][..], "10 no signature"),
        (&["verify", "--help"], "10 no signature"),
        (&["download", "--help"], "otherwise 1"),
        (&["verify-blob", "--help"], "otherwise 1"),
    ] {
        let run = cosign(&scene, &[arguments]).exits(0);
        assert!(run.stdout.contains(codes), "{}", run.stdout);
        let own = [
            "1 rejected",
            "3 unavailable",
            "4 unsigned",
            "sealcheck verify",
        ];
        for own in own {
            assert!(!run.stdout.contains(own), "{own}: {}", run.stdout);
        }
        let run = scene.sandbox.run(arguments).exits(0);
        assert!(!run.stdout.contains("cosign's: 0"), "{}", run.stdout);
    }
    let run = cosign(&scene, &[&["verify", "--no-such-flag"]]).exits(1);
    assert!(
        run.stderr.contains("`cosign verify --help`"),
        "{}",
        run.stderr
    );
    // cosign is content without a command, and shows its help.
    let run = cosign(&scene, &[]).exits(0);
    assert!(run.stdout.contains("verify-attestation"), "{}", run.stdout);
    scene.sandbox.run(&[]).exits(2);
}

#[test]
fn a_proof_that_cannot_be_printed_leaves_a_question_open() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let mut broken = Referrer::bundle(&scene.bundle(SIGNER));
    broken.layers[0].1 = b"garbage".to_vec();
    scene.repository.attach(&image, &broken);
    scene.lay_out();
    let arguments = ["download", "bundle", "oci:layout:v1", "--offline"];
    let run = scene.sandbox.run(&arguments).exits(3);
    assert!(run.stderr.contains("There is more"), "{}", run.stderr);
}
