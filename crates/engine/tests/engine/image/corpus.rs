//! Images of Kubernetes as they were signed, verified with the trusted root that is embedded.

use std::fs;
use std::path::{Path, PathBuf};

use sealcheck_engine::{Config, Engine, ImageRequest, ImageSource, NetConfig, Network};
use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::{Descriptor, Repository, kubernetes_image};
use sealcheck_testkit::shared;
use sealcheck_verify::{Identities, Identity, Outcome, Pattern, Reason, Requirements};

use super::scene::*;

const KREL_TRUST: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";

fn by(identity: &str) -> Requirements {
    Requirements::identity(Identities::one(Identity::new(
        Pattern::exact(identity).unwrap(),
        Pattern::exact("https://accounts.google.com").unwrap(),
    )))
}

fn check(folder: &str) {
    let Some(corpora) = shared::corpora() else {
        return;
    };
    let (repository, image) = kubernetes_image(&corpora.join(folder));
    let double = RegistryDouble::start();
    double.hold("app", &repository);
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
