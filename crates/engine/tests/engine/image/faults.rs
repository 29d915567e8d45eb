//! Registries as they are: tags that move and vanish, tokens that expire, regions, refusals, helpers that fail.

use std::time::Duration;

use sealcheck_engine::{Engine, ImageRequest, ImageSource, Network};
use sealcheck_registry::double::{Access, At, Fault};
use sealcheck_registry::{Attached, Credential, Keychain, Reference, Registries};
use sealcheck_testkit::image::{ImageOptions, Referrer};
use sealcheck_testkit::{Key, KeyKind, Plan};
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Digest, Outcome, Reason};

use super::scene::*;
use crate::support::{by_identity, net};

const SIGNER: &str = "signer@example.com";

/// An image with a signature under its tag.
fn signed() -> Scene {
    let mut scene = Scene::new();
    let signed = scene.sign_as(SIGNER, &scene.image.digest);
    scene.repository.attach_signatures(&scene.image, &[signed]);
    scene
}

#[test]
fn nothing_anywhere_is_unsigned_and_every_place_says_so() {
    let scene = Scene::new();
    let verdict = scene.judge();
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    let places: Vec<(String, Found)> = verdict
        .places()
        .iter()
        .map(|place| {
            let (_, name) = place.place.split_once("/app").unwrap();
            (name.replace(&scene.image.digest[7..], "HEX"), place.found)
        })
        .collect();
    assert_eq!(
        places,
        [
            ("/referrers/sha256:HEX".to_owned(), Found::Absent),
            (":sha256-HEX".to_owned(), Found::Absent),
            (":sha256-HEX.sig".to_owned(), Found::Absent),
            (":sha256-HEX.att".to_owned(), Found::Absent)
        ]
    );
}

/// A mirror that has the image and something that is attached to it, from before it was signed.
#[test]
fn a_mirror_that_is_behind_does_not_make_an_image_unsigned() {
    let mut scene = Scene::new();
    let note = Referrer::default().with_artifact_type("application/vnd.example");
    scene.repository.attach(&scene.image, &note);
    let mirror = scene.serve();
    let judge = |scene: &Scene| {
        let origin = scene.serve();
        let settings = scene.path("registries.yaml");
        let rule = format!(
            "repositories: [{{prefix: '{}', mirrors: ['{}']}}]",
            origin.host(),
            mirror.host()
        );
        std::fs::write(&settings, rule).unwrap();
        let mut config = scene.config(Network::Lazy(net()));
        config.registry.registries = Registries::read(&settings).unwrap();
        let engine = Engine::new(config).unwrap();
        let verdict = engine.verify_image(&request(&origin, by_identity()));
        let from = format!(
            "a list of {{}} from {}/app, {}/app",
            mirror.host(),
            origin.host()
        );
        (verdict, from)
    };
    let (verdict, from) = judge(&scene);
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    let (_, detail) = found(&verdict, "/referrers/");
    assert_eq!(detail, from.replace("{}", "1"));
    let bundle = scene.bundle_as(SIGNER, &scene.image.digest);
    scene.repository.attach_bundle(&scene.image, &bundle);
    let (verdict, from) = judge(&scene);
    assert_verified(&verdict);
    let (_, detail) = found(&verdict, "/referrers/");
    assert_eq!(detail, from.replace("{}", "2"));
}

#[test]
fn a_moved_tag_changes_nothing_once_it_is_resolved() {
    let mut scene = signed();
    let other = scene
        .repository
        .push_image(&ImageOptions::with_layer(b"another"));
    let double = scene.serve();
    let digests = [digest(&scene.image), digest(&other)];
    double.tag_moves("app", "v1", &digests);
    let engine = scene.online();
    let request = request(&double, by_identity());
    let verdict = engine.verify_image(&request);
    assert_verified(&verdict);
    assert_eq!(verdict.digest(), Some(&digests[0]));
    let asked_for_other = double
        .lines()
        .iter()
        .any(|line| line.contains(&other.digest[7..]));
    assert!(!asked_for_other, "{:#?}", double.lines());
    // The next run sees the other image, and no memory of the first verdict.
    let verdict = engine.verify_image(&request);
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    assert_eq!(verdict.digest(), Some(&digests[1]));
}

#[test]
fn a_moved_tag_means_one_image_also_where_its_manifest_is_read() {
    let mut repository = sealcheck_testkit::image::Repository::new();
    let (index, images) = repository.push_platforms(&["linux/amd64"]);
    let other = repository.push_image(&ImageOptions::with_layer(b"another"));
    let mut scene = Scene::of(repository, index);
    let signed = scene.sign_as(SIGNER, &images[0].digest);
    scene.repository.attach_signatures(&images[0], &[signed]);
    let double = scene.serve();
    double.tag_moves("app", "v1", &[digest(&scene.image), digest(&other)]);
    let mut request = request(&double, by_identity());
    request.platforms = sealcheck_engine::Platforms::All;
    let verdict = scene.online().verify_image(&request);
    assert_verified(&verdict);
    assert_eq!(verdict.digest(), Some(&digest(&scene.image)));
    assert_eq!(verdict.targets()[0].digest, digest(&images[0]));
}

#[test]
fn a_signature_tag_that_is_deleted_after_the_image_was_resolved_is_absent() {
    let scene = signed();
    let double = scene.serve();
    double.untag("app", &Attached::Signature.tag(&digest(&scene.image)));
    let verdict = scene.verify(&double, by_identity());
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
}

#[test]
fn a_signature_whose_content_is_gone_could_not_be_fetched_and_is_not_unsigned() {
    let scene = signed();
    let manifest = scene
        .repository
        .manifest(&scene.repository.tags[&scene.image.tag_with_suffix("sig")]);
    let layer: Digest = manifest["layers"][0]["digest"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    // As in a region that has the manifest under its tag and not what it leads to.
    let double = scene.serve();
    double.fault(At::Blob(layer), Fault::Absent);
    let verdict = scene.verify(&double, by_identity());
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
    let (answer, detail) = found(&verdict, ".sig");
    assert_eq!(answer, Found::Present);
    assert!(detail.contains("no such content"), "{detail}");
}

#[test]
fn a_region_that_knows_the_signature_by_its_tag_alone_is_enough() {
    let scene = signed();
    let sig = &scene.repository.tags[&scene.image.tag_with_suffix("sig")];
    let double = scene.serve();
    double.fault(At::Manifest(sig.parse().unwrap()), Fault::Absent);
    assert_verified(&scene.verify(&double, by_identity()));
}

#[test]
fn a_listed_referrer_that_is_gone_could_not_be_fetched() {
    let mut scene = Scene::new();
    let bundle = scene.bundle_as(SIGNER, &scene.image.digest);
    let bundle = scene.repository.attach_bundle(&scene.image, &bundle);
    let double = scene.serve();
    double.delete("app", &digest(&bundle));
    let verdict = scene.verify(&double, by_identity());
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
}

#[test]
fn the_type_that_a_list_has_for_a_referrer_hides_no_proof() {
    let mut scene = Scene::new();
    let bundle = scene.bundle_as(SIGNER, &scene.image.digest);
    let bundle = scene.repository.attach_bundle(&scene.image, &bundle);
    for media_type in [
        "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
        "Application/VND.oci.image.manifest.v1+json",
        "application/json",
        "application/octet-stream",
        "application/vnd.oci.artifact.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "",
    ] {
        let mut listed = bundle.json();
        listed["mediaType"] = media_type.into();
        scene
            .repository
            .push_fallback_of(&scene.image, vec![listed]);
        let double = scene.serve();
        double.fault(At::Referrers, Fault::PageNotFound);
        let verdict = scene.verify(&double, by_identity());
        assert_eq!(
            verdict.outcome(),
            Outcome::Verified,
            "{media_type}: {verdict}"
        );
    }
    // What a registry does not serve as a manifest may be one all the same.
    let blob = scene.repository.push_blob("application/vnd.example", b"x");
    scene
        .repository
        .push_fallback_of(&scene.image, vec![blob.json()]);
    let double = scene.serve();
    double.fault(At::Referrers, Fault::PageNotFound);
    let verdict = scene.verify(&double, by_identity());
    assert_failed(&verdict, Outcome::Unavailable, Reason::ProofUnreadable);
}

#[test]
fn the_image_itself_must_be_there_before_it_is_unsigned() {
    let scene = Scene::new();
    let double = scene.serve();
    let engine = scene.online();
    let judge = |reference: &str| {
        let image = ImageSource::Registry(double.reference(reference));
        engine.verify_image(&ImageRequest::new(image, by_identity()))
    };
    let verdict = judge("app:v2");
    assert_failed(&verdict, Outcome::Usage, Reason::ImageNotFound);
    assert!(verdict.digest().is_none() && verdict.reference().is_none());
    let verdict = judge(&format!("app@sha256:{}", "00".repeat(32)));
    assert_failed(&verdict, Outcome::Usage, Reason::ImageNotFound);
    let verdict = judge(&format!("app@{}", scene.image.digest));
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    // Tag and digest: the digest decides, and the tag is only a name.
    let verdict = judge(&format!("app:other@{}", scene.image.digest));
    assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound);
    assert_eq!(
        verdict.reference().unwrap().tag(),
        Some("other"),
        "{verdict}"
    );
    // The tag is there already, and the manifest not yet.
    double.fault(At::Manifest(digest(&scene.image)), Fault::Absent);
    let verdict = scene.verify(&double, by_identity());
    assert_failed(&verdict, Outcome::Unavailable, Reason::ArtifactUnreadable);
}

#[test]
fn a_pinned_image_that_cannot_be_read_is_not_unsigned() {
    let scene = Scene::new();
    let double = scene.serve();
    let pinned = format!("app@{}", scene.image.digest);
    double.fault(At::Manifest(digest(&scene.image)), Fault::Forbidden);
    let image = ImageSource::Registry(double.reference(&pinned));
    let verdict = scene
        .online()
        .verify_image(&ImageRequest::new(image, by_identity()));
    assert_failed(&verdict, Outcome::Unavailable, Reason::RegistryForbidden);
}

#[test]
fn a_tag_that_cannot_be_resolved_is_unavailable() {
    let scene = signed();
    for (fault, reason) in [
        (Fault::Unauthorized, Reason::RegistryUnauthorized),
        (Fault::Forbidden, Reason::RegistryForbidden),
        (Fault::TooManyRequests(None), Reason::RegistryRateLimited),
        (Fault::ServerError, Reason::RegistryUnavailable),
        (Fault::Silence, Reason::RegistryUnavailable),
        (Fault::PageNotFound, Reason::RegistryAnswerInvalid),
    ] {
        let double = scene.serve();
        // The challenge of a 401 leads to a token service, which is there.
        double.access(Access::anonymous_tokens());
        double.fault(At::Tag("v1".to_owned()), fault.clone());
        let verdict = scene.verify(&double, by_identity());
        assert_eq!(
            verdict.verdict().failure().map(|failure| failure.reason),
            Some(reason),
            "{fault:?}: {verdict}"
        );
        assert_eq!(verdict.outcome(), Outcome::Unavailable);
    }
}

#[test]
fn a_registry_that_wants_credentials_gets_them_and_a_token_that_expires_is_renewed() {
    let mut scene = Scene::new();
    let bundle = scene.bundle_as(SIGNER, &scene.image.digest);
    scene.repository.attach_bundle(&scene.image, &bundle);
    let double = scene.serve();
    double.access(Access::tokens_for("user", "password"));
    let with = |keychain: Keychain| {
        let mut config = scene.config(Network::Lazy(net()));
        config.registry.keychain = keychain;
        Engine::new(config).unwrap()
    };
    let request = request(&double, by_identity());
    let verdict = with(Keychain::anonymous()).verify_image(&request);
    assert_failed(&verdict, Outcome::Unavailable, Reason::RegistryUnauthorized);
    let host = double.host();
    let given = |password: &str| {
        Keychain::anonymous().with_given(&[&host], Credential::basic("user", password.to_owned()))
    };
    let verdict = with(given("wrong")).verify_image(&request);
    assert_failed(&verdict, Outcome::Unavailable, Reason::RegistryUnauthorized);
    let text = format!("{verdict} {:?} {:?}", verdict, verdict.verdict().evidence());
    assert!(!text.contains("wrong"), "{text}");
    let engine = with(given("password"));
    assert_verified(&engine.verify_image(&request));
    double.expire_tokens();
    assert_verified(&engine.verify_image(&request));
}

#[test]
fn a_token_that_expires_between_two_questions_is_renewed() {
    let mut scene = signed();
    let bundle = scene.bundle_as("foreign@example.com", &scene.image.digest);
    scene.repository.attach_bundle(&scene.image, &bundle);
    let double = scene.serve();
    // Each token is refused once after it was good for something.
    double.access(Access::Token {
        user: None,
        identity_token: None,
        registry_token: None,
        expires_in: 1,
    });
    let engine = scene.online();
    let request = request(&double, by_identity());
    assert_verified(&engine.verify_image(&request));
    double.fault_once(At::ReferrersTag, Fault::Unauthorized);
    let verdict = engine.verify_image(&request);
    assert_verified(&verdict);
}

#[cfg(unix)]
#[test]
fn a_helper_that_fails_is_named_and_its_words_are_not() {
    use std::os::unix::fs::PermissionsExt;

    let scene = signed();
    let double = scene.serve();
    double.access(Access::tokens_for("user", "password"));
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for (name, script) in [
        (
            "fails",
            "#!/bin/sh\necho secret-words\necho secret-words >&2\nexit 1\n",
        ),
        ("garbage", "#!/bin/sh\necho secret-words\n"),
        ("hangs", "#!/bin/sh\nexec sleep 60\n"),
    ] {
        let helper = bin.join(format!("docker-credential-{name}"));
        std::fs::write(&helper, script).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = folder.path().join(format!("{name}.json"));
        std::fs::write(
            &config,
            serde_json::json!({"credHelpers": {double.host(): name}}).to_string(),
        )
        .unwrap();
        let path = std::env::join_paths(std::iter::once(bin.clone()).chain(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        )))
        .unwrap();
        let mut settings = scene.config(Network::Lazy(net()));
        settings.registry.keychain = Keychain::from_variables(move |variable| match variable {
            "PATH" => Some(path.clone()),
            _ => None,
        })
        .with_file(&config)
        .with_helper_deadline(Duration::from_millis(300));
        let engine = Engine::new(settings).unwrap();
        let verdict = engine.verify_image(&request(&double, by_identity()));
        assert_failed(
            &verdict,
            Outcome::Unavailable,
            Reason::RegistryCredentialsUnavailable,
        );
        let text = format!("{verdict} {:?}", verdict.verdict().evidence());
        assert!(
            text.contains(&format!("docker-credential-{name}")),
            "{text}"
        );
        assert!(!text.contains("secret-words"), "{text}");
    }
}

#[test]
fn too_many_layers_and_too_many_bytes_are_refused_by_name() {
    let mut scene = Scene::new();
    // Signatures of keys have no certificates, with which the manifest alone would be too large.
    let key = Plan::key(Key::generate(KeyKind::P256)).with_entries(&[]);
    let one = scene.signed_with(&key, &scene.image.digest);
    let many = vec![one; 1001];
    scene.repository.attach_signatures(&scene.image, &many);
    let verdict = scene.judge();
    assert_failed(&verdict, Outcome::Unavailable, Reason::AnswerTooLarge);
    assert!(
        verdict.to_string().contains("signature-layers"),
        "{verdict}"
    );

    let mut scene = Scene::new();
    let mut huge = Referrer::bundle(&scene.bundle_as(SIGNER, &scene.image.digest));
    huge.layers[0].1 = vec![b' '; (32 << 20) + 1];
    scene.repository.attach(&scene.image, &huge);
    let double = scene.serve();
    let verdict = scene.verify(&double, by_identity());
    assert_failed(&verdict, Outcome::Rejected, Reason::LimitExceeded);
    assert!(verdict.to_string().contains("bundle-bytes"), "{verdict}");
    let fetched = double.lines().iter().any(|line| line.contains("/blobs/"));
    assert!(!fetched, "what is too large is not even asked for");
}

#[test]
fn offline_a_registry_is_not_asked() {
    let scene = signed();
    let double = scene.serve();
    let verdict = scene
        .offline()
        .verify_image(&request(&double, by_identity()));
    assert_failed(&verdict, Outcome::Unavailable, Reason::Offline);
    assert_eq!(double.lines(), Vec::<String>::new());
    assert_eq!(double.http().connections(), 0);
}

#[test]
fn a_layout_that_is_broken_is_no_unsigned_image() {
    let scene = signed();
    let path = scene.layout();
    let sig = &scene.repository.tags[&scene.image.tag_with_suffix("sig")];
    std::fs::write(path.join("blobs/sha256").join(&sig[7..]), "{}").unwrap();
    let verdict = scene.verify_layout(&path, by_identity());
    assert_ne!(verdict.outcome(), Outcome::Verified);
    assert_ne!(verdict.outcome(), Outcome::Unsigned, "{verdict}");
    let verdict = scene.verify_layout(&scene.path("nowhere"), by_identity());
    assert_failed(&verdict, Outcome::Usage, Reason::FileNotFound);
    let reference = Reference::parse("registry.test/app").unwrap();
    assert_eq!(reference.tag(), Some("latest"));
}
