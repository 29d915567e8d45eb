//! `verify`: images in registries and layouts.

use sealcheck_registry::double::{Access, At, Fault, RegistryDouble};
use sealcheck_testkit::image::{Repository, kubernetes_image};
use sealcheck_testkit::{Key, KeyKind};

use crate::sandbox::Sandbox;
use crate::scene::{ISSUER, SIGNER, Scene};

#[test]
fn a_signed_image_is_verified_and_told_calmly() {
    let scene = Scene::signed();
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    let run = scene.run("verify", &[&image, "-o", "text"]).exits(0);
    scene.golden("image-verified", run, Some(&double));
    let run = scene.run("verify", &[&image]).exits(0);
    let document = run.result();
    assert_eq!(document["outcome"], "verified");
    let facts = &document["results"][0]["image"];
    assert_eq!(facts["digest"], scene.image.digest.as_str());
    assert_eq!(facts["signatures"][0]["signer"], SIGNER);
}

#[test]
fn a_good_signature_is_enough_and_the_others_are_told() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let (good, foreign) = (scene.sign(SIGNER), scene.sign("mallory@example.com"));
    scene.repository.attach_signatures(&image, &[foreign, good]);
    let bundle = scene.bundle(SIGNER);
    scene.repository.attach_bundle(&image, &bundle);
    let double = scene.serve();
    double.fault(At::AttestationTag, Fault::Forbidden);
    let image = format!("{}/app:v1", double.host());
    let run = scene.run("verify", &[&image, "-o", "text"]).exits(0);
    assert!(run.stdout.contains("no answer"), "{}", run.stdout);
    scene.golden("image-mixed", run, Some(&double));
}

#[test]
fn pin_prints_the_proved_digest_and_nothing_else() {
    let scene = Scene::signed();
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    let run = scene.run("verify", &["--pin", &image]).exits(0);
    assert_eq!(run.stdout, format!("{image}@{}\n", scene.image.digest));
    assert!(run.stderr.starts_with("verified  "), "{}", run.stderr);
    let run = scene
        .sandbox
        .run(&[
            "verify",
            "--pin",
            &image,
            "--trusted-root",
            "root.json",
            "--identity",
            "mallory@example.com",
            "--issuer",
            ISSUER,
        ])
        .exits(1);
    assert_eq!(run.stdout, "", "nothing unproved is printed");
}

/// Of an index that nobody signed no more is proved than the image that was asked for.
#[test]
fn pin_prints_the_image_of_an_index_that_is_not_signed_itself() {
    let mut repository = Repository::new();
    let (index, images) =
        repository.push_platforms(&["linux/amd64", "linux/arm/v6", "linux/arm/v7"]);
    let mut scene = Scene::of(repository, index);
    for image in &images {
        let signed = scene.sign_digest(SIGNER, &image.digest);
        scene.repository.attach_signatures(image, &[signed]);
    }
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    let pin = |platform: &[&str]| {
        let arguments: Vec<&str> = ["--pin", &image].iter().chain(platform).copied().collect();
        scene.run("verify", &arguments)
    };
    let run = pin(&["--platform", "linux/amd64"]).exits(0);
    assert_eq!(run.stdout, format!("{image}@{}\n", images[0].digest));
    let run = pin(&["--all-platforms"]).exits(0);
    assert_eq!(run.stdout, format!("{image}@{}\n", scene.image.digest));
    let run = pin(&["--platform", "linux/arm"]).exits(2);
    assert_eq!(run.stdout, "");
    assert!(
        run.stderr.contains("2 images were proved"),
        "{}",
        run.stderr
    );
}

#[test]
fn several_signers_are_pairs_that_stand_side_by_side() {
    let mut scene = Scene::new();
    let image = scene.image.clone();
    let signatures = [scene.sign(SIGNER), scene.sign("qa@example.com")];
    scene.repository.attach_signatures(&image, &signatures);
    scene.lay_out();
    let base = [
        "verify",
        "oci:layout",
        "--trusted-root",
        "root.json",
        "--offline",
        "-o",
        "text",
    ];
    let run = |more: &[&str]| scene.sandbox.run(&[&base[..], more].concat());
    let both = [
        "--identity",
        SIGNER,
        "--issuer",
        ISSUER,
        "--identity",
        "qa@example.com",
        "--issuer",
        ISSUER,
    ];
    let run_both = run(&[&both[..], &["--require", "signers=2"]].concat()).exits(0);
    scene.golden("image-two-signers", run_both, None);
    run(&[&both[..], &["--require", "2"]].concat()).exits(0);
    let three = run(&[&both[..], &["--require", "signers=3"]].concat()).exits(1);
    assert!(
        three.stdout.contains("signers-insufficient"),
        "{}",
        three.stdout
    );
    // The same signer twice is one.
    run(&["--identity", SIGNER, "--issuer", ISSUER, "--require", "2"]).exits(1);
    let apart = run(&[
        "--identity",
        SIGNER,
        "--identity",
        "qa@example.com",
        "--issuer",
        ISSUER,
        "--issuer",
        ISSUER,
    ])
    .exits(2);
    assert!(
        apart.last_words().contains("one after the other"),
        "{}",
        apart.stderr
    );
}

#[test]
fn one_key_is_one_signer() {
    let scene = Scene::signed();
    scene.lay_out();
    scene
        .sandbox
        .write("key.pub", Key::generate(KeyKind::P256).public_pem());
    scene
        .sandbox
        .run(&["verify", "oci:layout", "--key", "key.pub", "--require", "2"])
        .exits(2);
    scene
        .sandbox
        .run(&["verify-blob", "app", "--key", "key.pub", "--require", "2"])
        .exits(2);
}

#[test]
fn annotations_must_have_been_signed() {
    let scene = Scene::signed();
    scene.lay_out();
    let run = |more: &[&str]| {
        scene.run(
            "verify",
            &[&["oci:layout", "--offline", "-o", "text"][..], more].concat(),
        )
    };
    run(&["-a", "env=prod"]).exits(0);
    let wrong = run(&["-a", "env=test"]).exits(1);
    assert!(
        wrong.stdout.contains("annotation-mismatch"),
        "{}",
        wrong.stdout
    );
    run(&["-a", "env"]).exits(2);
    let image = ["oci:layout", "--offline", "-o", "text"];
    let none = scene.run("verify-attestation", &image).exits(1);
    assert!(
        none.last_words().contains("`sealcheck verify` proves"),
        "{}",
        none.stdout
    );
}

/// What `krel-trust` signed and nobody else, with the trusted root that is embedded and nothing from the network.
#[test]
fn pause_3_10_is_proved_offline() {
    let Some(corpora) = sealcheck_testkit::shared::corpora() else {
        return;
    };
    let (repository, image) = kubernetes_image(&corpora.join("kubernetes-pause-3.10"));
    let scene = Scene::of(repository, image);
    scene.lay_out();
    let by = |identity: &str| {
        scene.sandbox.run(&[
            "verify",
            "oci:layout:v1",
            "--offline",
            "--identity",
            identity,
            "--issuer",
            "https://accounts.google.com",
            "-o",
            "text",
        ])
    };
    let run = by("krel-trust@k8s-releng-prod.iam.gserviceaccount.com").exits(0);
    scene.golden("image-pause", run, None);
    by("krel-staging@k8s-releng-prod.iam.gserviceaccount.com").exits(1);
    by("regex:rel-trust@k8s-releng-prod.iam.gserviceaccount.com").exits(1);
}

/// Both as a registry has them. Of the second only what is signed was published with its signature, so that no layout can be
/// made of it.
#[test]
fn images_of_kubernetes_are_proved_from_a_registry() {
    let shared = sealcheck_testkit::shared::corpora().zip(sealcheck_testkit::shared::trust());
    let Some((corpora, trust)) = shared else {
        return;
    };
    for folder in [
        "kubernetes-pause-3.10",
        "kubernetes-cluster-api-controller-v1.5.0",
    ] {
        let (repository, image) = kubernetes_image(&corpora.join(folder));
        let double = RegistryDouble::start();
        double.hold("app", &repository);
        let image = format!("{}/app@{}", double.host(), image.digest);
        let root = trust.join("public-good/trusted_root.json");
        let sandbox = Sandbox::new();
        let by = |identity: &str| {
            let root = root.to_str().unwrap();
            let signer = [
                "--identity",
                identity,
                "--issuer",
                "https://accounts.google.com",
            ];
            sandbox.run(&[&["verify", &image, "--trusted-root", root], &signer[..]].concat())
        };
        let run = by("krel-trust@k8s-releng-prod.iam.gserviceaccount.com").exits(0);
        assert_eq!(run.result()["outcome"], "verified", "{folder}");
        by("krel-staging@k8s-releng-prod.iam.gserviceaccount.com").exits(1);
    }
}

#[test]
fn a_stranger_is_told_once() {
    let scene = Scene::signed();
    scene.lay_out();
    let run = scene
        .sandbox
        .run(&[
            "verify",
            "oci:layout",
            "--offline",
            "--trusted-root",
            "root.json",
            "--identity",
            "mallory@example.com",
            "--issuer",
            ISSUER,
            "-o",
            "text",
        ])
        .exits(1);
    assert_eq!(run.stdout.matches("identity-mismatch").count(), 1);
    assert!(run.stdout.contains("claims to be"), "{}", run.stdout);
    scene.golden("image-rejected", run, None);
}

#[test]
fn the_result_does_not_replace_what_is_read() {
    let scene = Scene::signed();
    scene.lay_out();
    for read in ["root.json", "images.txt", "registries.yaml"] {
        scene.sandbox.write("images.txt", "oci:layout\n");
        scene.sandbox.write("registries.yaml", "registries: {}\n");
        let before = scene.sandbox.read(read);
        let run = scene
            .run(
                "verify",
                &[
                    "--images-from",
                    "images.txt",
                    "--registry-config",
                    "registries.yaml",
                    "--offline",
                    "--output-file",
                    read,
                ],
            )
            .exits(2);
        assert!(run.stderr.contains("--output-file"), "{}", run.stderr);
        assert_eq!(scene.sandbox.read(read), before, "{read}");
    }
}

#[test]
fn platforms_are_proved_by_the_index() {
    let mut repository = Repository::new();
    let (index, _) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let mut scene = Scene::of(repository, index);
    let signed = scene.sign(SIGNER);
    let index = scene.image.clone();
    scene.repository.attach_signatures(&index, &[signed]);
    scene.lay_out();
    let run = |more: &[&str]| {
        scene.run(
            "verify",
            &[&["oci:layout:v1", "--offline", "-o", "text"][..], more].concat(),
        )
    };
    let all = run(&["--all-platforms"]).exits(0);
    scene.golden("image-platforms", all, None);
    run(&["--platform", "linux/arm64"]).exits(0);
    let missing = run(&["--platform", "plan9/mips"]).exits(2);
    assert!(
        missing.stdout.contains("platform-not-found"),
        "{}",
        missing.stdout
    );
    run(&["--platform", "arm64"]).exits(2);
    run(&["--platform", "linux/arm64", "--all-platforms"]).exits(2);
}

#[test]
fn a_list_is_verified_in_its_order() {
    let scene = Scene::signed();
    let double = scene.serve();
    let host = double.host();
    let unsigned = double.image("app", "v2");
    scene.sandbox.write(
        "images.txt",
        format!("# what runs\n{host}/app:v1\n\n{host}/app:v2 # not signed\n{host}/app:v1\n"),
    );
    let run = scene
        .run("verify", &["--images-from", "images.txt", "-o", "text"])
        .exits(4);
    scene.golden("image-list", run, Some(&double));
    let run = scene
        .run("verify", &["--images-from", "images.txt", "-o", "jsonl"])
        .exits(4);
    let outcomes: Vec<String> = run
        .stdout
        .lines()
        .map(|line| {
            let evidence: serde_json::Value = serde_json::from_str(line).unwrap();
            evidence["outcome"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        outcomes,
        ["verified", "unsigned", "verified"],
        "{unsigned:?}"
    );
    let run = scene
        .run(
            "verify",
            &[
                "--images-from",
                "images.txt",
                "--fail-fast",
                "--jobs",
                "1",
                "-o",
                "text",
            ],
        )
        .exits(4);
    assert!(
        run.stderr.contains("1 of 3 were not looked at"),
        "{}",
        run.stderr
    );
    scene
        .sandbox
        .write("images.txt", "registry.example/app\nregistry.example/App\n");
    let run = scene
        .run("verify", &["--images-from", "images.txt"])
        .exits(2);
    assert!(run.stderr.contains("images.txt, line 2"), "{}", run.stderr);
}

#[test]
fn what_could_not_be_asked_is_never_unsigned() {
    let scene = Scene::signed();
    for (name, at, fault) in [
        ("image-forbidden", At::Registry, Fault::Forbidden),
        ("image-server-error", At::SignatureTag, Fault::ServerError),
    ] {
        let double = scene.serve();
        double.fault(at, fault);
        let image = format!("{}/app:v1", double.host());
        let run = scene
            .run("verify", &[&image, "-o", "text", "--timeout", "5s"])
            .exits(3);
        scene.golden(name, run, Some(&double));
    }
    let double = scene.serve();
    double.access(Access::tokens_for("me", "secret"));
    let image = format!("{}/app:v1", double.host());
    let run = scene.run("verify", &[&image, "-o", "text"]).exits(3);
    assert!(run.stdout.contains("docker login"), "{}", run.stdout);
    scene.golden("image-unauthorized", run, Some(&double));
    let given = ["--registry-username", "me", "--registry-password", "secret"];
    scene
        .run("verify", &[&[image.as_str()][..], &given].concat())
        .exits(0);
}

#[test]
fn secrets_are_for_one_registry_and_never_shown() {
    let scene = Scene::signed();
    let given = [
        "--registry-username",
        "me",
        "--registry-password",
        "hunter2",
    ];
    let two = ["registry.example/app", "other.example/app", "--offline"];
    let run = scene.run("verify", &[&two[..], &given].concat()).exits(2);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    let run = scene
        .sandbox
        .run(&[&["verify", "oci:layout"][..], &given].concat())
        .exits(2);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    scene
        .run("verify", &["oci:layout", "--registry-username", "me"])
        .exits(2);
}

#[test]
fn offline_opens_no_connection_and_names_the_way() {
    let scene = Scene::signed();
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    let run = scene
        .run("verify", &[&image, "--offline", "-o", "text"])
        .exits(3);
    assert_eq!(double.requests().len(), 0);
    assert!(run.stdout.contains("sealcheck copy"), "{}", run.stdout);
    scene.golden("image-offline", run, Some(&double));
}

#[test]
fn wrong_but_natural_images_say_what_to_do() {
    let scene = Scene::signed();
    let double = scene.serve();
    let host = double.host();
    scene.sandbox.write("file", b"x");
    scene.lay_out();
    let digest = scene.image.digest.clone();
    let cases = [
        ("image-no-such-tag", format!("{host}/app:v9"), 2),
        ("image-upper-case", "registry.example/App:v1".to_owned(), 2),
        ("image-digest-alone", digest, 2),
        (
            "image-with-scheme",
            "https://registry.example/app:v1".to_owned(),
            2,
        ),
        ("image-folder", "./layout".to_owned(), 2),
        ("image-file", "./file".to_owned(), 2),
        ("image-no-layout", "oci:no-such-folder".to_owned(), 2),
    ];
    for (name, image, code) in cases {
        let run = scene.run("verify", &[&image, "-o", "text"]).exits(code);
        assert!(!run.last_words().is_empty(), "{name} ends without a hint");
        scene.golden(name, run, Some(&double));
    }
    let run = scene
        .run("verify", &["--local-image", "nginx:1.27"])
        .exits(2);
    assert!(run.last_words().contains("Drop the flag"), "{}", run.stderr);
}

#[test]
fn without_identity_those_in_the_signatures_are_shown_but_not_believed() {
    let scene = Scene::signed();
    let double = scene.serve();
    let image = format!("{}/app:v1", double.host());
    let run = scene.sandbox.run(&["verify", &image]).exits(2);
    assert!(run.stderr.contains(SIGNER), "{}", run.stderr);
    assert!(run.stderr.contains("not proved"));
    scene.golden("image-identity-required", run, Some(&double));
}

#[test]
fn what_cosign_has_and_this_has_not_is_refused_with_a_way_out() {
    let scene = Scene::signed();
    scene.lay_out();
    for flags in [
        &["--check-claims=false"][..],
        &["--signature", "x"],
        &["--payload", "x"],
        &["--attachment", "sbom"],
        &["--certificate", "x"],
        &["--sct", "x"],
        &["--registry-server-name", "x"],
        &["--attachment-tag-prefix", "x"],
        &["--sk"],
    ] {
        let run = scene
            .run(
                "verify",
                &[&["oci:layout", "--offline"][..], flags].concat(),
            )
            .exits(2);
        assert!(
            run.stderr.contains("refused") || run.stderr.contains("not asked"),
            "{}",
            run.stderr
        );
        assert!(!run.last_words().is_empty(), "{flags:?}");
    }
    for flag in [
        "--k8s-keychain",
        "--experimental-oci11",
        "--allow-insecure-registry",
    ] {
        let run = scene
            .run("verify", &["oci:layout", "--offline", flag])
            .exits(0);
        assert!(run.stderr.contains("has no effect"), "{}", run.stderr);
    }
}

#[test]
fn proofs_are_found_in_a_repository_of_their_own() {
    let scene = Scene::signed();
    let double = scene.serve();
    let host = double.host();
    // The same content once more: the image in `app`, its proofs in `proofs`.
    for (tag, digest) in &scene.repository.tags {
        if tag.ends_with(".sig") {
            double.untag("app", tag);
            double.repository("proofs");
            for object in scene.repository.objects.values() {
                match object.is_manifest {
                    true => double.manifest("proofs", &object.media_type, &object.bytes),
                    false => double.blob("proofs", &object.media_type, &object.bytes),
                };
            }
            double.tag("proofs", tag, &digest.parse().unwrap());
        }
    }
    let (image, proofs) = (format!("{host}/app:v1"), format!("{host}/proofs"));
    scene.run("verify", &[&image]).exits(4);
    scene
        .run("verify", &[&image, "--signature-repository", &proofs])
        .exits(0);
    let mut command = scene.sandbox.command(&[
        "verify",
        &image,
        "--trusted-root",
        "root.json",
        "--identity",
        SIGNER,
        "--issuer",
        ISSUER,
    ]);
    crate::sandbox::finish(command.env("COSIGN_REPOSITORY", &proofs)).exits(0);
    scene
        .run("verify", &[&image, "--signature-repository", &image])
        .exits(2);
}
