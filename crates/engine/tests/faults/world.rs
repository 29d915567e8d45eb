//! An image with a bundle and a signature, and registries that hold as much of it as a cell says.

use std::sync::Arc;
use std::time::Duration;

use sealcheck_engine::{
    Clock, Config, Engine, ImageRequest, ImageSource, ImageVerdict, NetConfig, Network, Proxies,
    RetryPolicy, TrustSource,
};
use sealcheck_net::double::{Answer, Double};
use sealcheck_registry::double::{Access, At, Fault, RegistryDouble};
use sealcheck_testkit::image::{Descriptor, ImageOptions, Repository};
use sealcheck_testkit::{DEFAULT_TIME, Instance};
use sealcheck_verify::{Identities, Identity, Pattern, Requirements, Time, TrustedRoot};

use crate::cell::{Cell, Step, Tag, Trouble};

pub(crate) struct World {
    root: Arc<TrustedRoot>,
    requirements: Arc<Requirements>,
    repository: Repository,
    image: Descriptor,
    bundle: Descriptor,
}

impl World {
    pub(crate) fn new() -> Self {
        let sigstore = Instance::new();
        let mut repository = Repository::new();
        let image = repository.push_image(&ImageOptions::default());
        repository.tag("v1", &image);
        let bundle = sigstore.sign_image_bundle(&image.digest, &[]);
        let bundle = repository.attach_bundle(&image, &bundle);
        let signed = sigstore.sign_image("registry.test/app", &image.digest, &[]);
        repository.attach_signatures(&image, &[signed]);
        repository.push_fallback(&image);
        let signer = Identity::new(
            Pattern::exact("signer@example.com").unwrap(),
            Pattern::exact("https://accounts.example.com").unwrap(),
        );
        Self {
            root: Arc::new(TrustedRoot::from_json(&sigstore.trusted_root_bytes()).unwrap()),
            requirements: Arc::new(Requirements::identity(Identities::one(signer))),
            repository,
            image,
            bundle,
        }
    }

    /// The verdict in a cell, and what was asked.
    pub(crate) fn verify(&self, cell: &Cell) -> (ImageVerdict, Vec<String>) {
        let registry = self.serve();
        let other = self.serve();
        let login = Double::start();
        login.respond(|_| {
            let page = Answer::ok("<html>log in</html>");
            Some(page.header("content-type", "text/html; charset=utf-8"))
        });
        let tag = |tag: Tag, suffix: &str, at: At, fault: Fault| match tag {
            Tag::Present => {}
            Tag::Absent => registry.untag("app", &self.image.tag_with_suffix(suffix)),
            Tag::Failing => registry.fault(at, fault),
        };
        tag(cell.fallback, "", At::ReferrersTag, Fault::ServerError);
        tag(cell.signature, "sig", At::SignatureTag, Fault::Forbidden);
        let (at, path) = self.step(cell.bundle.at);
        match cell.bundle.trouble {
            Trouble::Nothing => {}
            Trouble::Always(fault) => {
                if fault() == Fault::Unauthorized {
                    // The challenge leads to a token service that gives everybody a token, and that does not help.
                    registry.access(Access::anonymous_tokens());
                }
                registry.fault(at, fault());
            }
            Trouble::Once(fault) => registry.fault_once(at, fault()),
            Trouble::OtherRegistry => {
                registry.fault(at, Fault::RedirectTo(other.http().url(&path)));
            }
            Trouble::LoginPage => registry.fault(at, Fault::RedirectTo(login.url("/login"))),
        }
        let image = ImageSource::Registry(registry.reference("app:v1"));
        let request = ImageRequest::new(image, Arc::clone(&self.requirements));
        let verdict = self.engine(cell.deadline()).verify_image(&request);
        (verdict, registry.lines())
    }

    fn serve(&self) -> RegistryDouble {
        let registry = RegistryDouble::start();
        registry.hold("app", &self.repository);
        registry
    }

    /// A request on the way to the bundle, and its path.
    fn step(&self, step: Step) -> (At, String) {
        let manifest = &self.bundle.digest;
        let content = self.repository.manifest(manifest)["layers"][0]["digest"].clone();
        let content = content.as_str().unwrap();
        match step {
            Step::List => (
                At::Referrers,
                format!("/v2/app/referrers/{}", self.image.digest),
            ),
            Step::Manifest => (
                At::Manifest(manifest.parse().unwrap()),
                format!("/v2/app/manifests/{manifest}"),
            ),
            Step::Content => (
                At::Blob(content.parse().unwrap()),
                format!("/v2/app/blobs/{content}"),
            ),
        }
    }

    fn engine(&self, deadline: Duration) -> Engine {
        let net = NetConfig {
            total_deadline: deadline,
            retry: RetryPolicy {
                attempts: 2,
                base: Duration::from_millis(1),
                cap: Duration::from_millis(1),
            },
            proxies: Proxies::none(),
            ..NetConfig::default()
        };
        let now = Time::from_unix_seconds(DEFAULT_TIME.as_second() + 3600).unwrap();
        Engine::new(Config {
            trust: TrustSource::Given {
                root: Arc::clone(&self.root),
                source: "test".to_owned(),
            },
            network: Network::Lazy(net),
            clock: Clock::Fixed(now),
            ..Config::offline()
        })
        .unwrap()
    }
}
