//! An image with what is attached to it, served by a scripted registry or laid out in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use sealcheck_engine::{
    Config, Engine, ImageRequest, ImageSource, ImageVerdict, Network, TrustSource,
};
use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::{Descriptor, ImageOptions, Repository};
use sealcheck_testkit::{Content as Signable, Instance, LeafRequest, Plan, San, Signed, sign};
use sealcheck_verify::evidence::Found;
use sealcheck_verify::{Digest, Outcome, Reason, Requirements, TrustedRoot};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{by_identity, clock, net};

pub(crate) const ISSUER: &str = "https://accounts.example.com";
pub(crate) const SPDX: &str = "https://spdx.dev/Document";

/// One repository, `app`, with one image under the tag `v1`.
pub(crate) struct Scene {
    pub(crate) sigstore: Instance,
    pub(crate) repository: Repository,
    pub(crate) image: Descriptor,
    folder: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut repository = Repository::new();
        let image = repository.push_image(&ImageOptions::default());
        Self::of(repository, image)
    }

    pub(crate) fn of(mut repository: Repository, image: Descriptor) -> Self {
        repository.tag("v1", &image);
        Self {
            sigstore: Instance::new(),
            repository,
            image,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A simple-signing payload for this manifest.
    pub(crate) fn sign_as(&self, signer: &str, digest: &str) -> Signed {
        self.signed_with(&by_name(signer), digest)
    }

    pub(crate) fn signed_with(&self, plan: &Plan, digest: &str) -> Signed {
        let payload = sign::simple_signing_payload("registry.test/app", digest, &[]);
        let payload = Signable::message(payload.to_string().as_bytes());
        self.sigstore.sign(payload, plan)
    }

    /// A bundle as cosign 3 signs.
    pub(crate) fn bundle_as(&self, signer: &str, digest: &str) -> Signed {
        let statement = sign::cosign_statement(digest, &[]);
        self.sigstore
            .sign(Signable::statement(&statement), &by_name(signer))
    }

    /// An attestation of this type by the usual signer.
    pub(crate) fn attest(&self, predicate_type: &str, digest: &str) -> Signed {
        let mut statement = sign::cosign_statement(digest, &[]);
        statement["predicateType"] = json!(predicate_type);
        self.sigstore
            .sign(Signable::statement(&statement), &Plan::default())
    }

    /// A registry that holds it.
    pub(crate) fn serve(&self) -> RegistryDouble {
        let double = RegistryDouble::start();
        double.hold("app", &self.repository);
        double
    }

    /// A folder with the layout.
    pub(crate) fn layout(&self) -> PathBuf {
        self.write("layout", self.repository.layout_files())
    }

    /// A folder as `cosign save` writes it.
    pub(crate) fn saved(&self) -> PathBuf {
        self.write("saved", self.repository.cosign_save_files(&self.image))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, files: Vec<(String, Vec<u8>)>) -> PathBuf {
        let root = self.path(name);
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    pub(crate) fn config(&self, network: Network) -> Config {
        let root = TrustedRoot::from_json(&self.sigstore.trusted_root_bytes()).unwrap();
        Config {
            trust: TrustSource::Given {
                root: std::sync::Arc::new(root),
                source: "test".to_owned(),
            },
            network,
            clock: clock(),
            ..Config::offline()
        }
    }

    pub(crate) fn online(&self) -> Engine {
        Engine::new(self.config(Network::Lazy(net()))).unwrap()
    }

    pub(crate) fn offline(&self) -> Engine {
        Engine::new(self.config(Network::Offline)).unwrap()
    }

    /// Verifies `app:v1` of this registry.
    pub(crate) fn verify(
        &self,
        double: &RegistryDouble,
        requirements: Requirements,
    ) -> ImageVerdict {
        self.online().verify_image(&request(double, requirements))
    }

    /// Verifies the layout, without any network.
    pub(crate) fn verify_layout(&self, path: &Path, requirements: Requirements) -> ImageVerdict {
        self.offline().verify_image(&in_layout(path, requirements))
    }

    /// The verdict of the registry for the usual signer.
    pub(crate) fn judge(&self) -> ImageVerdict {
        self.verify(&self.serve(), by_identity())
    }
}

pub(crate) fn by_name(signer: &str) -> Plan {
    Plan::keyless(LeafRequest::new(San::Email(signer.to_owned()), ISSUER))
}

pub(crate) fn request(double: &RegistryDouble, requirements: Requirements) -> ImageRequest {
    let image = ImageSource::Registry(double.reference("app:v1"));
    ImageRequest::new(image, requirements)
}

pub(crate) fn in_layout(path: &Path, requirements: Requirements) -> ImageRequest {
    let image = ImageSource::Layout {
        path: path.to_owned(),
        image: None,
    };
    ImageRequest::new(image, requirements)
}

pub(crate) fn digest(descriptor: &Descriptor) -> Digest {
    descriptor.digest.parse().unwrap()
}

#[track_caller]
pub(crate) fn assert_verified(verdict: &ImageVerdict) {
    assert_eq!(
        verdict.outcome(),
        Outcome::Verified,
        "{verdict}\n{:#?}",
        verdict.places()
    );
    assert!(verdict.verdict().failures().is_empty());
}

#[track_caller]
pub(crate) fn assert_failed(verdict: &ImageVerdict, outcome: Outcome, reason: Reason) {
    let found = verdict.verdict().failure().map(|failure| failure.reason);
    assert_eq!(
        (verdict.outcome(), found),
        (outcome, Some(reason)),
        "{verdict}\n{:#?}",
        verdict.places()
    );
}

/// The answer of the place whose name has this in it.
#[track_caller]
pub(crate) fn found(verdict: &ImageVerdict, part: &str) -> (Found, String) {
    let place = verdict
        .places()
        .iter()
        .find(|place| place.place.contains(part))
        .unwrap_or_else(|| panic!("no place {part}: {:#?}", verdict.places()));
    let detail = place.detail.as_deref().unwrap_or_default();
    (place.found, detail.to_owned())
}

/// Puts other content of the same size in the place of a blob, and makes the manifests and tags that lead to it right again.
pub(crate) fn replace(repository: &mut Repository, blob: &str, bytes: &[u8]) {
    let mut object = repository.objects.remove(blob).unwrap();
    assert_eq!(object.bytes.len(), bytes.len());
    object.bytes = bytes.to_vec();
    let new = sealcheck_testkit::image::digest(bytes);
    repository.objects.insert(new.clone(), object);
    let mut renamed = vec![(blob.to_owned(), new)];
    while let Some((old, new)) = renamed.pop() {
        let leads_there = |object: &sealcheck_testkit::image::Object| {
            object.is_manifest && String::from_utf8_lossy(&object.bytes).contains(&old)
        };
        let holders: Vec<String> = repository
            .objects
            .iter()
            .filter(|(_, object)| leads_there(object))
            .map(|(name, _)| name.clone())
            .collect();
        for holder in holders {
            let mut object = repository.objects.remove(&holder).unwrap();
            let text = String::from_utf8(object.bytes).unwrap();
            object.bytes = text.replace(&old, &new).into_bytes();
            let name = sealcheck_testkit::image::digest(&object.bytes);
            repository.objects.insert(name.clone(), object);
            renamed.push((holder, name));
        }
        for digest in repository
            .tags
            .values_mut()
            .filter(|digest| **digest == old)
        {
            digest.clone_from(&new);
        }
    }
}
