//! `verify-attestation`, `tree`, `download`, `copy`, and the name `cosign`.

use sealcheck_registry::double::{At, Fault};
use sealcheck_testkit::image::Referrer;
use sealcheck_testkit::{Content, sign};
use serde_json::{Value, json};

use crate::sandbox::{Run, finish};
use crate::scene::{ISSUER, SIGNER, Scene, by};

const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

fn attested() -> Scene {
    let mut scene = Scene::signed();
    let image = scene.image.clone();
    let attestation = scene.attest(PROVENANCE, json!({ "builder": "me" }));
    scene.repository.attach_attestations(&image, &[attestation]);
    let bundle = scene.bundle(SIGNER);
    scene.repository.attach_bundle(&image, &bundle);
    scene
}

#[test]
fn the_type_of_an_attestation_is_enforced() {
    let scene = attested();
    scene.lay_out();
    let run = |more: &[&str]| {
        let base = ["oci:layout:v1", "--offline", "-o", "text"];
        scene.run("verify-attestation", &[&base[..], more].concat())
    };
    let good = run(&["--type", "slsaprovenance1"]).exits(0);
    scene.golden("image-attestation", good, None);
    run(&["--type", PROVENANCE]).exits(0);
    let other = run(&["--type", "spdxjson"]).exits(1);
    scene.golden("image-other-attestation", other, None);
    run(&["--type", "sbom"]).exits(2);
    run(&["--type", "slsaprovenance1", "--check-claims=false"]).exits(2);
    scene.sandbox.write("yes.cel", "predicate.builder == 'me'");
    scene.sandbox.write("no.cel", "predicate.builder == 'you'");
    run(&["--type", "slsaprovenance1", "--policy", "yes.cel"]).exits(0);
    run(&["--type", "slsaprovenance1", "--policy", "no.cel"]).exits(1);
}

#[test]
fn predicates_go_alone_to_standard_output() {
    let scene = attested();
    scene.lay_out();
    let arguments = [
        "oci:layout:v1",
        "--offline",
        "--type",
        "slsaprovenance1",
        "--print-predicate",
    ];
    let run = scene.run("verify-attestation", &arguments).exits(0);
    let predicate: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(predicate, json!({ "builder": "me" }));
}

#[test]
fn the_tree_says_of_each_proof_whether_it_holds() {
    let scene = attested();
    scene.lay_out();
    let plain = scene
        .sandbox
        .run(&["tree", "oci:layout:v1", "--offline", "-o", "text"])
        .exits(0);
    assert!(
        plain.stdout.contains("no signer was named"),
        "{}",
        plain.stdout
    );
    scene.golden("tree", plain, None);
    let judged = scene
        .run("tree", &["oci:layout:v1", "--offline", "-o", "text"])
        .exits(0);
    scene.golden("tree-judged", judged, None);
    let run = scene.run("tree", &["oci:layout:v1", "--offline"]).exits(0);
    let tree: Value = serde_json::from_str(&run.stdout).unwrap();
    let validator = jsonschema::validator_for(&sealcheck_record::schema::tree()).unwrap();
    assert!(validator.is_valid(&tree), "{tree:#}");
    assert_eq!(tree["schema"], "sealcheck/tree/v1");
    let run = scene
        .sandbox
        .run(&["tree", "oci:layout:v1", "--identity", SIGNER])
        .exits(2);
    assert!(run.stderr.contains("identity-required"), "{}", run.stderr);
}

#[test]
fn a_tree_says_what_did_not_answer() {
    let scene = Scene::new();
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    let tree = |more: &[&str]| {
        let base = ["tree", &image, "-o", "text"];
        scene.sandbox.run(&[&base[..], more].concat())
    };
    assert!(tree(&[]).exits(0).stdout.ends_with("nothing is attached\n"));
    double.fault(At::SignatureTag, Fault::Forbidden);
    let run = tree(&[]).exits(3);
    assert!(!run.stdout.contains("nothing attached"), "{}", run.stdout);
    let sum = "\nnothing found; 1 place did not answer\n";
    assert!(run.stdout.ends_with(sum), "{}", run.stdout);
    scene.golden("tree-forbidden", run, Some(&double));

    let scene = attested();
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    double.fault(At::AttestationTag, Fault::Forbidden);
    let run = scene.run("tree", &[&image, "-o", "text"]).exits(3);
    let sum = "2 attached: 2 verified; 1 place did not answer\n";
    assert!(run.stdout.ends_with(sum), "{}", run.stdout);
}

#[test]
fn a_proof_that_was_listed_and_could_not_be_fetched_is_told_and_is_no_success() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let bundle = scene.bundle(SIGNER);
    let bundle = scene.repository.attach_bundle(&image, &bundle);
    let layer = scene.repository.manifest(&bundle.digest)["layers"][0]["digest"].clone();
    let double = scene.serve();
    let layer = layer.as_str().unwrap().parse().unwrap();
    double.fault(At::Blob(layer), Fault::Forbidden);
    let image = format!("{}/app:v1", double.host());
    let judged = scene.run("tree", &[&image, "-o", "text"]).exits(3);
    let plain = scene.sandbox.run(&["tree", &image, "-o", "text"]).exits(3);
    for run in [judged, plain] {
        let told = "bundle  unavailable, registry-forbidden";
        assert!(run.stdout.contains(told), "{}", run.stdout);
        assert!(run.stderr.contains("could not be read"), "{}", run.stderr);
    }
}

#[test]
fn downloads_are_json_lines_and_claim_nothing() {
    let scene = attested();
    scene.lay_out();
    let download = |what: &str| -> Run {
        scene
            .sandbox
            .run(&["download", what, "oci:layout:v1", "--offline"])
    };
    let signatures = download("signature").exits(0);
    assert_eq!(
        signatures.stdout.lines().count(),
        2,
        "{}",
        signatures.stdout
    );
    assert!(signatures.stderr.contains("none of them verified"));
    let legacy = signatures
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["Base64Signature"].is_string())
        .unwrap();
    for field in ["Payload", "Cert", "Chain", "Bundle", "RFC3161Timestamp"] {
        assert!(legacy.get(field).is_some(), "{field}: {legacy}");
    }
    let attestations = download("attestation").exits(0);
    assert_eq!(attestations.stdout.lines().count(), 1);
    let envelope: Value = serde_json::from_str(&attestations.stdout).unwrap();
    assert!(envelope["payload"].is_string(), "{envelope}");
    assert_eq!(download("bundle").exits(0).stdout.lines().count(), 1);
    let none = [
        "download",
        "attestation",
        "oci:layout:v1",
        "--offline",
        "--predicate-type",
        "spdx",
    ];
    scene.sandbox.run(&none).exits(4);
}

#[test]
fn a_download_that_cannot_be_read_says_so_and_ends_with_three() {
    let mut scene = Scene::new();
    let broken = scene.repository.push_blob(
        "application/vnd.dsse.envelope.v1+json",
        b"{\"a\":\n1}\n[1,\n2]",
    );
    let config = scene.repository.push_blob("application/json", b"{}");
    let manifest = scene.repository.push_manifest(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config.json(),
        "layers": [broken.json()],
    }));
    let tag = scene.image.tag_with_suffix("att");
    scene.repository.tag(&tag, &manifest);
    scene.lay_out();
    let run = ["download", "attestation", "oci:layout:v1", "--offline"];
    let run = scene.sandbox.run(&run).exits(3);
    assert!(run.stderr.contains("left out"), "{}", run.stderr);
}

#[test]
fn json_is_safe_on_a_terminal_whatever_is_attached() {
    let mut scene = Scene::new();
    let statement = sign::cosign_statement(
        &scene.image.digest,
        &[("k\u{9b}2J", "v\u{202e}\u{200b}\u{7f}")],
    );
    let signed = scene
        .sandbox
        .sigstore
        .sign(Content::statement(&statement), &by(SIGNER));
    let bundle = Referrer::bundle(&signed).with_artifact_type("a\u{9b}2J\u{202e}b");
    scene.repository.attach(&scene.image, &bundle);
    scene.lay_out();
    let verify = |form: &str| scene.run("verify", &["oci:layout:v1", "--offline", "-o", form]);
    let tree = ["tree", "oci:layout:v1", "--offline", "-o", "json"];
    for (run, escapes) in [
        (
            verify("json"),
            &["\\u009b", "\\u202e", "\\u200b", "\\u007f"][..],
        ),
        (verify("jsonl"), &["\\u009b", "\\u202e"]),
        (verify("cosign"), &["\\u009b", "\\u202e"]),
        (scene.sandbox.run(&tree), &["\\u009b", "\\u202e"]),
    ] {
        let run = run.exits(0);
        let raw = |character| "\u{9b}\u{202e}\u{200b}\u{7f}".contains(character);
        assert!(!run.stdout.contains(raw), "{:?}", run.stdout);
        for escape in escapes {
            assert!(run.stdout.contains(escape), "{escape}: {}", run.stdout);
        }
    }
}

#[test]
fn a_copy_is_verified_without_network() {
    let scene = attested();
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    let run = scene
        .sandbox
        .run(&["copy", &image, "copied", "-o", "text"])
        .exits(0);
    scene.golden("copy", run, Some(&double));
    drop(double);
    scene.run("verify", &["oci:copied", "--offline"]).exits(0);
    scene
        .run("verify", &["--local-image", "copied", "--offline"])
        .exits(0);
    let arguments = ["oci:copied", "--offline", "--type", "slsaprovenance1"];
    scene.run("verify-attestation", &arguments).exits(0);
}

/// The hint of `copy` is about the image that was copied, also when it is not the only one there.
#[test]
fn the_hint_of_a_copy_names_the_image() {
    let scene = attested();
    let double = scene.serve();
    double.image("app", "other");
    let hint = |tag: &str| {
        let image = format!("{}/app:{tag}", double.host());
        let arguments = ["copy", &image, "copied", "-o", "text"];
        let run = scene.sandbox.run(&arguments).exits(0);
        let joined: Vec<&str> = run.stdout.split_whitespace().collect();
        let at = joined.iter().position(|word| *word == "sealcheck").unwrap();
        joined[at + 1..]
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let verify = |hint: &[String]| {
        let words: Vec<&str> = hint.iter().map(String::as_str).collect();
        assert_eq!(words[0], "verify");
        scene.run(words[0], &words[1..])
    };
    let signed = hint("v1");
    verify(&signed).exits(0);
    let other = hint("other");
    verify(&other).exits(4);
    verify(&signed).exits(0);
    let run = scene
        .run("verify", &["oci:copied", "--offline", "-o", "text"])
        .exits(2);
    assert!(
        run.stdout.contains("image-ambiguous") || run.stderr.contains("can be any of"),
        "{}{}",
        run.stdout,
        run.stderr
    );
}

#[cfg(unix)]
fn cosign(scene: &Scene, arguments: &[&str]) -> Run {
    use std::os::unix::process::CommandExt;
    finish(scene.sandbox.command(arguments).arg0("cosign"))
}

#[cfg(unix)]
#[test]
fn under_the_name_cosign_output_and_codes_are_cosigns() {
    let scene = Scene::signed();
    let double = scene.serve();
    double.image("app", "v2");
    let host = double.host();
    let verify = |tag: &str, identity: &str| {
        let image = format!("{host}/app:{tag}");
        let flags = [
            "verify",
            &image,
            "--trusted-root",
            "root.json",
            "--certificate-identity",
            identity,
            "--certificate-oidc-issuer",
            ISSUER,
        ];
        cosign(&scene, &flags)
    };
    let run = verify("v1", SIGNER).exits(0);
    let all: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        all[0]["critical"]["image"]["docker-manifest-digest"],
        scene.image.digest.as_str()
    );
    assert_eq!(all[0]["optional"]["Subject"], SIGNER);
    assert_eq!(all[0]["optional"]["Issuer"], ISSUER);
    assert_eq!(all[0]["optional"]["env"], "prod");
    assert!(all[0]["optional"]["Bundle"]["SignedEntryTimestamp"].is_string());
    scene.golden(
        "cosign-verify-header",
        Run {
            stdout: String::new(),
            ..run
        },
        Some(&double),
    );
    let run = verify("v2", SIGNER).exits(10);
    assert!(run.stderr.starts_with("Error: "), "{}", run.stderr);
    verify("v9", SIGNER).exits(11);
    verify("v1", "mallory@example.com").exits(12);
    let sign = cosign(&scene, &["sign", "x"]).exits(1);
    assert!(
        sign.stderr.contains("no `sign`: it verifies"),
        "{}",
        sign.stderr
    );
    cosign(&scene, &["verify", "--no-such-flag"]).exits(1);
    assert!(
        cosign(&scene, &["version"])
            .exits(0)
            .stdout
            .contains("started as cosign")
    );
    let blob = [
        "verify-blob",
        "app",
        "--bundle",
        "app.sigstore.json",
        "--offline",
        "--trusted-root",
        "root.json",
        "--certificate-identity",
        SIGNER,
        "--certificate-oidc-issuer",
        ISSUER,
    ];
    let run = cosign(&scene, &blob).exits(0);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("", "Verified OK\n")
    );
    scene.sandbox.write("app", b"tampered");
    cosign(&scene, &blob).exits(1);
}

#[cfg(unix)]
#[test]
fn bundles_have_subject_and_issuer_too() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let bundle = scene.bundle(SIGNER);
    scene.repository.attach_bundle(&image, &bundle);
    scene.lay_out();
    let run = scene
        .run("verify", &["oci:layout:v1", "--offline", "-o", "cosign"])
        .exits(0);
    let all: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        all[0]["critical"]["type"],
        "https://sigstore.dev/cosign/sign/v1"
    );
    assert_eq!(all[0]["optional"]["Subject"], SIGNER);
    assert_eq!(all[0]["optional"]["env"], "prod");
    // A bundle is of the new form, for which cosign has no codes of its own.
    let flags = [
        "verify",
        "oci:layout:v1",
        "--offline",
        "--trusted-root",
        "root.json",
        "--identity",
        "mallory@example.com",
        "--issuer",
        ISSUER,
    ];
    cosign(&scene, &flags).exits(1);
}

#[test]
fn attestations_are_printed_as_cosign_prints_them() {
    let scene = attested();
    scene.lay_out();
    let arguments = [
        "oci:layout:v1",
        "--offline",
        "--type",
        "slsaprovenance1",
        "-o",
        "cosign",
    ];
    let run = scene.run("verify-attestation", &arguments).exits(0);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    let envelope: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
}
