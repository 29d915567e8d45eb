//! A repository with one image, served by a scripted registry or laid out in a folder.

use sealcheck_registry::double::RegistryDouble;
use sealcheck_testkit::image::{Descriptor, ImageOptions, Repository};
use sealcheck_testkit::{Content, LeafRequest, Plan, San, Signed, sign};

use crate::sandbox::{Run, Sandbox};

pub(crate) const ISSUER: &str = "https://accounts.example.com";
pub(crate) const SIGNER: &str = "signer@example.com";

/// `app:v1`, and what is attached to it.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) repository: Repository,
    pub(crate) image: Descriptor,
}

impl Scene {
    /// An image for one platform.
    pub(crate) fn new() -> Self {
        let mut repository = Repository::new();
        let image = repository.push_image(&ImageOptions::default());
        Self::of(repository, image)
    }

    /// An image that is `v1` in its repository.
    pub(crate) fn of(mut repository: Repository, image: Descriptor) -> Self {
        repository.tag("v1", &image);
        Self {
            sandbox: Sandbox::new(),
            repository,
            image,
        }
    }

    /// The image with a signature of cosign 2 by the usual signer.
    pub(crate) fn signed() -> Self {
        let mut scene = Self::new();
        let signed = scene.sign(SIGNER);
        let image = scene.image.clone();
        scene.repository.attach_signatures(&image, &[signed]);
        scene
    }

    /// A signature of cosign 2 for the image.
    pub(crate) fn sign(&self, signer: &str) -> Signed {
        self.sign_digest(signer, &self.image.digest)
    }

    /// A signature of cosign 2 for another manifest.
    pub(crate) fn sign_digest(&self, signer: &str, digest: &str) -> Signed {
        let payload = sign::simple_signing_payload("registry.test/app", digest, &[("env", "prod")]);
        let content = Content::message(payload.to_string().as_bytes());
        self.sandbox.sigstore.sign(content, &by(signer))
    }

    /// A bundle of cosign 3 for the image.
    pub(crate) fn bundle(&self, signer: &str) -> Signed {
        let statement = sign::cosign_statement(&self.image.digest, &[("env", "prod")]);
        let content = Content::statement(&statement);
        self.sandbox.sigstore.sign(content, &by(signer))
    }

    /// An attestation about the image by the usual signer.
    pub(crate) fn attest(&self, kind: &str, predicate: serde_json::Value) -> Signed {
        self.attest_by(SIGNER, kind, predicate)
    }

    /// An attestation about the image.
    pub(crate) fn attest_by(
        &self,
        signer: &str,
        kind: &str,
        predicate: serde_json::Value,
    ) -> Signed {
        let mut statement = sign::cosign_statement(&self.image.digest, &[]);
        statement["predicateType"] = kind.into();
        statement["predicate"] = predicate;
        let content = Content::statement(&statement);
        self.sandbox.sigstore.sign(content, &by(signer))
    }

    /// A registry that holds all of it.
    pub(crate) fn serve(&self) -> RegistryDouble {
        let double = RegistryDouble::start();
        double.hold("app", &self.repository);
        double
    }

    /// The folder `app/` with the layout.
    pub(crate) fn lay_out(&self) {
        for (path, content) in self.repository.layout_files() {
            self.sandbox.write(&format!("layout/{path}"), content);
        }
    }

    /// Runs a command with the trusted root and the usual signer.
    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Run {
        let base = [command, "--trusted-root", "root.json"];
        let who = ["--identity", SIGNER, "--issuer", ISSUER];
        self.sandbox.run(&[&base[..], &who, arguments].concat())
    }

    /// Compares a run with its golden file; the registry's address and sizes differ from run to run.
    pub(crate) fn golden(&self, name: &str, mut run: Run, double: Option<&RegistryDouble>) {
        if let Some(double) = double {
            run.stdout = run.stdout.replace(&double.host(), "[REGISTRY]");
            run.stderr = run.stderr.replace(&double.host(), "[REGISTRY]");
        }
        run.stdout = without_sizes(&run.stdout);
        self.sandbox.golden(name, &run);
    }
}

/// Signatures in DER are of different lengths.
fn without_sizes(text: &str) -> String {
    let parts: Vec<&str> = text.split("bytes").collect();
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index + 1 == parts.len() {
            out.push_str(part);
            continue;
        }
        let before = part.trim_end();
        let number = before.trim_end_matches(|c: char| c.is_ascii_digit());
        out.push_str(number);
        out.push_str("[SIZE]");
        out.push_str(&part[before.len()..]);
        out.push_str("bytes");
    }
    out
}

pub(crate) fn by(signer: &str) -> Plan {
    Plan::keyless(LeafRequest::new(San::Email(signer.to_owned()), ISSUER))
}
