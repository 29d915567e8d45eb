//! What is said about an image that is not verified: it fits the case, and it helps.

use sealcheck_registry::double::{At, Fault};
use sealcheck_testkit::image::Repository;
use sealcheck_testkit::{Content, Key, KeyKind, Plan, sign};
use serde_json::json;

use crate::sandbox::{Run, finish, words};
use crate::scene::{ISSUER, SIGNER, Scene};

const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
const SPDX: &str = "https://spdx.dev/Document";

#[test]
fn a_variable_that_leads_away_from_the_image_is_named() {
    let scene = Scene::signed();
    let double = scene.serve();
    double.repository("stale");
    let image = format!("{}/app:v1", double.host());
    let stale = format!("{}/stale", double.host());
    let arguments = [
        "verify",
        &image,
        "-o",
        "text",
        "--trusted-root",
        "root.json",
        "--identity",
        SIGNER,
        "--issuer",
        ISSUER,
    ];
    let with = |more: &[&str]| {
        let mut command = scene.sandbox.command(&[&arguments[..], more].concat());
        finish(command.env("COSIGN_REPOSITORY", &stale))
    };
    let run = with(&[]).exits(4);
    let note = format!("COSIGN_REPOSITORY is set: proofs are looked for in {stale} and not");
    assert!(words(&run.stderr).contains(&note), "{}", run.stderr);
    let hint = format!("Only {stale} was looked at, as COSIGN_REPOSITORY");
    assert!(words(&run.stdout).contains(&hint), "{}", run.stdout);
    let list = format!("{image}\n");
    scene.sandbox.write("images.txt", list.repeat(2));
    let run = with(&["--images-from", "images.txt"]).exits(4);
    assert!(run.stdout.contains("COSIGN_REPOSITORY"), "{}", run.stdout);
    // A flag is seen by whoever writes it, and the own repository is the usual case.
    let own = format!("{}/app", double.host());
    let run = with(&["--signature-repository", &own]).exits(0);
    assert_eq!(run.stderr, "");
}

/// Two variables that change what is asked and what is required.
#[test]
fn variables_about_registries_and_annotations_are_told() {
    let scene = Scene::signed();
    scene.lay_out();
    scene.sandbox.write("registries.yaml", "repositories: []");
    let arguments = [
        "verify",
        "oci:layout:v1",
        "--offline",
        "-o",
        "text",
        "--trusted-root",
        "root.json",
        "--identity",
        SIGNER,
        "--issuer",
        ISSUER,
    ];
    let with = |variable: &str, value: &str, more: &[&str]| {
        let mut command = scene.sandbox.command(&[&arguments[..], more].concat());
        words(&finish(command.env(variable, value)).stderr)
    };
    let said = with("SEALCHECK_REGISTRY_CONFIG", "registries.yaml", &[]);
    let note = "SEALCHECK_REGISTRY_CONFIG is set: registries.yaml says which mirrors are asked";
    assert!(said.contains(note), "{said}");
    let flag = ["--registry-config", "registries.yaml"];
    assert_eq!(
        with("SEALCHECK_REGISTRY_CONFIG", "registries.yaml", &flag),
        ""
    );
    let said = with("COSIGN_ANNOTATIONS", "env=prod", &["-a", "env=test"]);
    let note = "COSIGN_ANNOTATIONS is ignored: --annotations is given";
    assert!(said.contains(note), "{said}");
}

#[test]
fn a_bound_that_has_no_effect_is_told() {
    let scene = Scene::signed();
    scene.lay_out();
    let arguments = ["tree", "oci:layout:v1", "--offline", "-o", "text"];
    let mut command = scene.sandbox.command(&arguments);
    let run = finish(command.env("COSIGN_MAX_ATTACHMENT_SIZE", "1KB")).exits(0);
    let note = "COSIGN_MAX_ATTACHMENT_SIZE has no effect";
    assert!(run.stderr.contains(note), "{}", run.stderr);
    let mut command = scene.sandbox.command(&arguments);
    let run = finish(command.env("COSIGN_MAX_ATTACHMENT_SIZE", "")).exits(0);
    assert_eq!(run.stderr, "");
}

/// Attestations of the wanted type by the usual signer, one by a stranger of another type, and a signature.
#[test]
fn what_is_of_another_type_is_left_out_whoever_made_it() {
    let mut scene = Scene::signed();
    let image = scene.image.clone();
    let wanted = scene.attest(PROVENANCE, json!({}));
    let foreign = scene.attest_by("mallory@example.com", SPDX, json!({}));
    for attestation in [wanted, foreign] {
        scene.repository.attach_bundle(&image, &attestation);
    }
    scene.lay_out();
    let base = ["oci:layout:v1", "--offline", "-o", "text"];
    let run = scene.run(
        "verify-attestation",
        &[&base[..], &["--type", PROVENANCE]].concat(),
    );
    let run = run.exits(0);
    assert!(!run.stdout.contains("refused"), "{}", run.stdout);
    let told = "2 proofs of another kind";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    // One of the wanted type by a stranger is refused.
    let run = scene.run(
        "verify-attestation",
        &[&base[..], &["--type", SPDX]].concat(),
    );
    let run = run.exits(1);
    assert!(
        run.stdout.contains("predicate-type-mismatch"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("identity-mismatch"), "{}", run.stdout);
}

#[test]
fn a_signature_by_a_key_has_a_hint_that_can_be_followed() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let payload = sign::simple_signing_payload("registry.test/app", &image.digest, &[]);
    let content = Content::message(payload.to_string().as_bytes());
    let key = Key::generate(KeyKind::P256);
    let signed = scene.sandbox.sigstore.sign(content, &Plan::key(key));
    scene.repository.attach_signatures(&image, &[signed]);
    scene.lay_out();
    let run = scene.run("verify", &["oci:layout:v1", "--offline", "-o", "text"]);
    let run = run.exits(1);
    assert!(
        run.stdout.contains("certificate-required"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("--certificate"), "{}", run.stdout);
    assert!(run.stdout.contains("--key"), "{}", run.stdout);
}

#[test]
fn a_layout_says_which_names_it_has() {
    let scene = Scene::signed();
    scene.lay_out();
    let run = scene.run("verify", &["oci:layout:nope", "--offline", "-o", "text"]);
    let run = run.exits(2);
    assert!(!run.stdout.contains("registry"), "{}", run.stdout);
    scene.golden("image-no-such-name", run, None);
}

#[test]
fn a_platform_that_was_not_copied_is_told_as_that() {
    let mut repository = Repository::new();
    let (index, _) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let scene = Scene::of(repository, index);
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    let copy = ["copy", &image, "part", "--platform", "linux/amd64"];
    scene.sandbox.run(&copy).exits(0);
    let arguments = [
        "oci:part",
        "--offline",
        "-o",
        "text",
        "--platform",
        "linux/arm64",
    ];
    let run = scene.run("verify", &arguments).exits(2);
    let told = "this layout was copied without this platform";
    assert!(words(&run.stdout).contains(told), "{}", run.stdout);
    scene.golden("image-platform-not-copied", run, None);
}

#[test]
fn a_download_that_finds_nothing_says_what_it_did_not_find() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let attestation = scene.attest(PROVENANCE, json!({}));
    scene.repository.attach_bundle(&image, &attestation);
    let double = scene.serve();
    let name = format!("{}/app:v1", double.host());
    let download = |what| -> Run { scene.sandbox.run(&["download", what, &name]) };
    let run = download("signature").exits(4);
    assert!(
        run.stderr.contains("no signature is attached"),
        "{}",
        run.stderr
    );
    double.fault(At::SignatureTag, Fault::Forbidden);
    let run = download("signature").exits(3);
    assert!(!run.stderr.contains("There is more"), "{}", run.stderr);
    let run = download("attestation").exits(3);
    assert_eq!(run.stdout.lines().count(), 1);
    assert!(run.stderr.contains("There may be more"), "{}", run.stderr);
}

#[test]
fn an_sbom_has_the_type_of_its_layer_and_needs_no_signer() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let sbom = sealcheck_testkit::image::Referrer {
        layers: vec![("text/spdx+json".into(), b"{}".to_vec())],
        ..sealcheck_testkit::image::Referrer::default()
    };
    let sbom = sbom.with_artifact_type("application/vnd.oci.image.config.v1+json");
    scene.repository.attach(&image, &sbom);
    scene.lay_out();
    let arguments = ["tree", "oci:layout:v1", "--offline", "-o", "text"];
    let run = scene.sandbox.run(&arguments).exits(0);
    assert!(run.stdout.contains("text/spdx+json"), "{}", run.stdout);
    assert!(!run.stdout.contains("image.config"), "{}", run.stdout);
    assert!(!run.stdout.contains("no signer"), "{}", run.stdout);
}

#[test]
fn too_many_images_and_misspelt_flags_are_told_in_short() {
    let scene = Scene::new();
    let run = scene.sandbox.run(&["tree", "a/b:1", "a/b:2"]).exits(2);
    assert!(
        run.stderr.contains("`sealcheck tree` takes one image"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("begins with a dash"), "{}", run.stderr);
    let run = scene.sandbox.run(&["tree", "-x"]).exits(2);
    assert!(run.stderr.contains("begins with a dash"), "{}", run.stderr);
    let run = scene.sandbox.run(&["verify-atestation", "a/b:1"]).exits(2);
    let best = "Did you mean verify-attestation or verify-blob-attestation?";
    assert!(words(&run.stderr).contains(best), "{}", run.stderr);
}

#[test]
fn a_name_that_is_a_path_here_is_told_as_both() {
    let scene = Scene::signed();
    scene.lay_out();
    scene.sandbox.write("imgs.txt", "registry.example/app:v1");
    for (text, hint) in [
        ("layout", "layout is also a folder here: oci:layout."),
        ("layout:v1", "layout is also a folder here: oci:layout:v1."),
        ("imgs.txt", "given as --images-from imgs.txt"),
    ] {
        let run = scene.run("verify", &[text, "--offline", "-o", "text"]);
        let report = words(&run.exits(3).stdout);
        assert!(report.contains(hint), "{report}");
        for command in [&["tree"][..], &["download", "signature"]] {
            let run = scene.sandbox.run(&[command, &[text, "--offline"]].concat());
            let told = words(&run.exits(3).stderr);
            assert!(told.contains(hint), "{told}");
        }
    }
    let run = scene.run("verify", &["nginx", "--offline", "-o", "text"]);
    assert!(!run.exits(3).stdout.contains("also"));
}

#[test]
fn flags_that_are_meant_otherwise_have_a_hint_that_fits() {
    let scene = Scene::new();
    for (arguments, hint) in [
        (
            &["--images-from", "."][..],
            "is a folder, not a list of images",
        ),
        (
            &["a/b:1", "--signature-repository", "https://r.example/x"],
            "Give the repository without a scheme",
        ),
        (
            &["a/b:1", "--signature-repository", "r.example/x:v1"],
            "without tag and digest",
        ),
        (
            &[
                "a/b:1",
                "--certificate-identity",
                "a@example.com",
                "--certificate-identity",
                "b@example.com",
            ],
            "--identity and --issuer may be repeated",
        ),
    ] {
        let run = scene.sandbox.run(&[&["verify"], arguments].concat());
        let told = words(&run.exits(2).stderr);
        assert!(told.contains(hint), "{arguments:?}: {told}");
    }
}
