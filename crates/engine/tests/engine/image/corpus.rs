//! Images of Kubernetes as they were signed, verified with the trusted root that is embedded.

use std::fs;
use std::path::{Path, PathBuf};

use sealcheck_engine::{Config, Engine, ImageRequest, ImageSource, NetConfig, Network};
use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::{Descriptor, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Repository};
use sealcheck_testkit::shared;
use sealcheck_verify::{Identities, Identity, Outcome, Pattern, Reason, Requirements};
use serde_json::{Value, json};

use super::scene::*;

const KREL_TRUST: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";

fn by(identity: &str) -> Requirements {
    Requirements::identity(Identities::one(Identity::new(
        Pattern::exact(identity).unwrap(),
        Pattern::exact("https://accounts.google.com").unwrap(),
    )))
}

/// The signature in this folder, under the tag of the image that its payload names. Of the second image only the digest is
/// known, so its manifest is not there.
fn repository(folder: &Path) -> (Repository, Descriptor) {
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();
    let payload = read("payload.json");
    let named: Value = serde_json::from_slice(&payload).unwrap();
    let digest = named["critical"]["image"]["docker-manifest-digest"]
        .as_str()
        .unwrap();
    let mut repository = Repository::new();
    let mut image = Descriptor {
        media_type: OCI_INDEX.to_owned(),
        digest: digest.to_owned(),
        size: 0,
        artifact_type: None,
        annotations: Default::default(),
        platform: None,
    };
    if let Ok(index) = fs::read(folder.join("index.json")) {
        let media_type = serde_json::from_slice::<Value>(&index).unwrap()["mediaType"]
            .as_str()
            .unwrap()
            .to_owned();
        image = repository.push_manifest_bytes(&media_type, &index);
    }
    assert_eq!(image.digest, digest);
    repository.tag("v1", &image);
    let layer = repository.push_blob("application/vnd.dev.cosign.simplesigning.v1+json", &payload);
    let mut layer = layer.json();
    layer["annotations"] = json!({
        "dev.cosignproject.cosign/signature": text("signature.b64").trim(),
        "dev.sigstore.cosign/certificate": text("cert.pem"),
        "dev.sigstore.cosign/bundle": text("rekor-bundle.json"),
    });
    let config = repository.push_blob(OCI_CONFIG, b"{}");
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.json(),
        "layers": [layer],
    });
    let manifest = repository.push_manifest(&manifest);
    repository.tag(&image.tag_with_suffix("sig"), &manifest);
    (repository, image)
}

fn check(folder: &str) {
    let Some(corpora) = shared::corpora() else {
        return;
    };
    let (repository, image) = repository(&corpora.join(folder));
    let double = RegistryDouble::start();
    fill(&double, "app", &repository);
    let served = ImageSource::Registry(double.reference(&format!("app@{}", image.digest)));
    let mut config = Config::offline();
    config.network = Network::Lazy(NetConfig::default());
    let online = Engine::new(config).unwrap();
    let offline = Engine::new(Config::offline()).unwrap();

    let mut places: Vec<(&Engine, ImageSource)> = vec![(&online, served)];
    let layout = tempfile::tempdir().unwrap();
    if repository.objects.contains_key(&image.digest) {
        places.push((&offline, laid_out(layout.path(), &repository, &image)));
    }
    for (engine, source) in places {
        let judge = |requirements: Requirements| {
            engine.verify_image(&ImageRequest::new(source.clone(), requirements))
        };
        let verdict = judge(by(KREL_TRUST));
        assert_verified(&verdict);
        let evidence = verdict.verdict().evidence();
        assert_eq!(evidence.signer.as_deref(), Some(KREL_TRUST));
        let root = evidence.trusted_root.as_ref().unwrap();
        assert_eq!(root.source.as_deref(), Some("embedded:public-good"));
        let facts = evidence.image.as_ref().unwrap();
        assert!(
            facts.signatures[0]
                .annotations
                .contains_key("org.kubernetes.kpromo.version")
        );
        for other in [
            "krel-staging@k8s-releng-prod.iam.gserviceaccount.com",
            "rel-trust@k8s-releng-prod.iam.gserviceaccount.com",
        ] {
            assert_failed(
                &judge(by(other)),
                Outcome::Rejected,
                Reason::IdentityMismatch,
            );
        }
        let kpromo =
            |version: &str| by(KREL_TRUST).annotation("org.kubernetes.kpromo.version", version);
        let signed = &facts.signatures[0].annotations["org.kubernetes.kpromo.version"];
        assert_verified(&judge(kpromo(signed)));
        assert_failed(
            &judge(kpromo("kpromo-v9")),
            Outcome::Rejected,
            Reason::AnnotationMismatch,
        );
    }
}

fn laid_out(root: &Path, repository: &Repository, _image: &Descriptor) -> ImageSource {
    for (path, content) in repository.layout_files() {
        let path: PathBuf = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    ImageSource::Layout {
        path: root.to_owned(),
        image: Some("v1".to_owned()),
    }
}

#[test]
fn pause_3_10_is_proved() {
    check("kubernetes-pause-3.10");
}

#[test]
fn cluster_api_controller_1_5_0_is_proved() {
    check("kubernetes-cluster-api-controller-v1.5.0");
}
