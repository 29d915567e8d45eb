//! Where a project publishes its releases, under which names, and who signs them: data, not code.

mod error;
mod file;
mod signer;
mod template;

use std::path::Path;

use sealcheck_verify::{DigestAlgorithm, Identities, Pattern};

pub use error::ProfileError;
pub use signer::{Bound, Purpose, Signer};
pub use template::{Slot, Template};

use crate::catalogue::Kind;
use crate::spdx::Document;
use crate::{ReleasePath, Version};

/// What is known of a project's releases. Read from YAML; the one of Kubernetes is built in.
///
/// ```
/// use sealcheck_release::{Profile, Purpose};
///
/// let kubernetes = Profile::kubernetes();
/// let version = "v1.36.0".parse()?;
/// let signers = kubernetes.accepted(Purpose::Files, Some(version));
/// assert!(signers.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// The name by which it is chosen.
    pub name: String,
    /// The files.
    pub files: Files,
    /// The SBOMs among the files.
    pub sboms: Vec<Sbom>,
    /// The container images; `None` when there are none.
    pub images: Option<Images>,
    /// The attestations of images.
    pub attestations: Vec<AttestationKind>,
    /// Who signs, and who is known to have signed.
    pub signers: Vec<Signer>,
    /// What is published without a signature, on purpose.
    pub unsigned: Vec<Unsigned>,
}

/// Where files are and what they are called.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Files {
    /// From which version on they are signed.
    pub since: Option<Version>,
    /// Where they are, with `{version}` and `{path}`. Never empty, asked in this order.
    pub addresses: Vec<Template>,
    /// Where the same can be found too.
    pub recognised: Vec<Template>,
    /// Where the channels are, with `{channel}`.
    pub channels: Option<Template>,
    /// How the names of proofs are made, in the order in which they are asked for. Never empty.
    pub proofs: Vec<ProofName>,
    /// How the names of checksum files are made.
    pub checksums: Vec<ChecksumName>,
    /// What a path is; the first that fits counts.
    pub forms: Vec<Form>,
}

/// What is put behind a file's name to get the name of its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofName {
    /// One file that holds everything.
    Bundle(String),
    /// A signature and a certificate.
    Detached {
        /// The signature's.
        signature: String,
        /// The certificate's.
        certificate: String,
    },
}

/// What is put behind a file's name to get the name of its checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChecksumName {
    /// What is put behind it.
    pub suffix: String,
    /// What the checksum is made with.
    pub algorithm: DigestAlgorithm,
}

/// What the paths of one shape are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Form {
    /// The shape, with any of `{name}`, `{os}` and `{arch}`.
    pub path: Template,
    /// What they are.
    pub kind: Kind,
}

/// A list of what a release holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sbom {
    /// Its name, for example `release`.
    pub name: String,
    /// The path below the release.
    pub path: ReleasePath,
    /// Other addresses, with `{version}`; what proves it has the same suffixes there.
    pub addresses: Vec<Template>,
    /// Those that are not asked, because a mirror is.
    pub recognised: Vec<Template>,
    /// What the document says that it is called, with `{version}`.
    pub document_name: Option<Template>,
    /// What the document says that its namespace is, with `{version}`. One of the two is always there: the signer signs
    /// much, and only what the document says of itself tells which SBOM of which version it is.
    pub document_namespace: Option<Template>,
}

/// Where images are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Images {
    /// From which version on they are signed.
    pub since: Option<Version>,
    /// The registries, each for a range of versions. Never empty, and no two for one version.
    pub registries: Vec<ImageRegistry>,
}

/// A registry that holds the images of some versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageRegistry {
    /// Its name, with a path where the images are not at its top.
    pub registry: String,
    /// The first release.
    pub since: Option<Version>,
    /// The first release that is elsewhere.
    pub before: Option<Version>,
}

/// A kind of attestation that is attached to images.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttestationKind {
    /// What it is.
    pub purpose: Purpose,
    /// The predicate's type.
    pub predicate_type: String,
    /// Who the predicate must say that it is by.
    pub verifier: Option<String>,
}

/// Paths that are not signed, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unsigned {
    /// The paths below a release, as a glob.
    pub path: Pattern,
    /// Why, in words that continue "not signed: ".
    pub because: String,
}

/// Whether something of a version is expected to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// It was published when everything was signed.
    Expected,
    /// It is a candidate of the first release that is signed: some are, some are not.
    Possible,
    /// It was published before.
    Unexpected,
}

impl Sbom {
    /// Whether a document says that it is this SBOM of this version: word for word what the profile says.
    #[must_use]
    pub fn is(&self, document: &Document, version: Version) -> bool {
        let version = version.to_string();
        let says = |template: &Option<Template>, text: &str| {
            let expected = template.as_ref();
            expected.is_none_or(|expected| expected.fill(&[(Slot::Version, &version)]) == text)
        };
        says(&self.document_name, document.name())
            && says(&self.document_namespace, document.namespace())
    }

    /// What a document of this version says of itself.
    pub(crate) fn head(&self, version: Version) -> String {
        let version = version.to_string();
        let parts = [&self.document_name, &self.document_namespace];
        let parts = parts.into_iter().flatten();
        let parts: Vec<String> = parts
            .map(|part| part.fill(&[(Slot::Version, &version)]))
            .collect();
        parts.join(", ")
    }
}

impl Profile {
    /// The profile of the Kubernetes project.
    #[must_use]
    pub fn kubernetes() -> Self {
        #[expect(clippy::expect_used, reason = "a text of ours, which a test reads")]
        Self::parse(KUBERNETES.as_bytes()).expect("the built-in profile")
    }

    /// The text of the built-in profile, to begin another one with.
    #[must_use]
    pub fn kubernetes_text() -> &'static str {
        KUBERNETES
    }

    /// Reads a profile from its YAML.
    ///
    /// # Errors
    /// [`ProfileError`], with the line where there is one.
    pub fn parse(content: &[u8]) -> Result<Self, ProfileError> {
        file::parse(content)
    }

    /// Reads the profile in a file.
    ///
    /// # Errors
    /// As [`Profile::parse`], and when the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, ProfileError> {
        file::read(path)
    }

    /// Who is accepted for this, as requirements of a verification; `None` when nobody is.
    ///
    /// What a signer's dates exclude is known when the time of signing is: see [`Signer::is_accepted`].
    #[must_use]
    pub fn accepted(&self, purpose: Purpose, version: Option<Version>) -> Option<Identities> {
        let accepted = self
            .signers
            .iter()
            .filter(|signer| signer.is_accepted(purpose, version, None));
        accepted.fold(None, |all, signer| {
            let identity = signer.identity.clone();
            Some(match all {
                None => Identities::one(identity),
                Some(all) => all.or(identity),
            })
        })
    }

    /// What is known of a signer, accepted or not, so that a report can say who it is.
    pub fn known<'p>(
        &'p self,
        subject: &'p str,
        issuer: &'p str,
    ) -> impl Iterator<Item = &'p Signer> {
        let signers = self.signers.iter();
        signers.filter(move |signer| signer.is(subject, issuer))
    }

    /// Whether files of this version are expected to be signed.
    #[must_use]
    pub fn signing_of_files(&self, version: Version) -> Signing {
        signing(self.files.since, version)
    }

    /// The same for images; `None` when the project has none.
    #[must_use]
    pub fn signing_of_images(&self, version: Version) -> Option<Signing> {
        let images = self.images.as_ref()?;
        Some(signing(images.since, version))
    }

    /// The registry that holds the images of a version.
    #[must_use]
    pub fn registry(&self, version: Version) -> Option<&str> {
        let images = self.images.as_ref()?;
        let holds = |registry: &&ImageRegistry| {
            registry
                .since
                .is_none_or(|since| version.released() >= since)
                && registry
                    .before
                    .is_none_or(|before| version.released() < before)
        };
        images
            .registries
            .iter()
            .find(holds)
            .map(|found| &*found.registry)
    }

    /// Why this path is published without a signature; `None` when it should have one.
    #[must_use]
    pub fn unsigned_by_design(&self, path: &ReleasePath) -> Option<&str> {
        let found = self
            .unsigned
            .iter()
            .find(|unsigned| unsigned.path.matches(path.as_str()));
        found.map(|unsigned| &*unsigned.because)
    }

    /// The same profile with its files at another address, for example a mirror's. Without `{version}` and `{path}` the
    /// address is where the folders of the versions are; other addresses are no longer asked.
    ///
    /// # Errors
    /// [`ProfileError::Address`] when it is none.
    pub fn with_files_at(mut self, address: &str) -> Result<Self, ProfileError> {
        let whole = match address.contains('{') {
            true => address.to_owned(),
            false => format!("{}/{{version}}/{{path}}", address.trim_end_matches('/')),
        };
        let template = Template::address(&whole, &[Slot::Version, Slot::Path])
            .map_err(|detail| ProfileError::Address { detail })?;
        self.files.channels = whole.strip_suffix("/{version}/{path}").and_then(|base| {
            Template::address(&format!("{base}/{{channel}}"), &[Slot::Channel]).ok()
        });
        let before = std::mem::replace(&mut self.files.addresses, vec![template]);
        self.files.recognised.extend(before);
        for sbom in &mut self.sboms {
            sbom.recognised.append(&mut sbom.addresses);
        }
        Ok(self)
    }
}

fn signing(since: Option<Version>, version: Version) -> Signing {
    match since {
        Some(since) if version >= since => Signing::Expected,
        Some(since) if version.released() == since => Signing::Possible,
        Some(_) => Signing::Unexpected,
        None => Signing::Expected,
    }
}

const KUBERNETES: &str = include_str!("kubernetes.yaml");

#[cfg(test)]
mod tests;
