//! SLSA provenance of either version, as far as it is judged.

use sealcheck_verify::evidence::{ProvenanceFacts, SourceFacts};
use sealcheck_verify::{Failure, Reason, Result};
use serde::Deserialize;

use super::{provenance_v1, provenance_v02};
use crate::PredicateKind;
use crate::json::{Object, malformed};

/// What both versions say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Provenance {
    pub(crate) version: &'static str,
    /// The builder's id, with the path of its field.
    pub(crate) builder: Box<str>,
    pub(crate) builder_field: &'static str,
    pub(crate) build_type: Option<Box<str>>,
    /// What started the build, with the path of its field.
    pub(crate) trigger: Option<Revision>,
    pub(crate) trigger_field: &'static str,
    pub(crate) workflow: Option<Box<str>>,
    /// Materials (v0.2) or resolved dependencies (v1).
    pub(crate) materials: Vec<Material>,
    pub(crate) materials_field: &'static str,
    pub(crate) invocation: Option<Box<str>>,
    pub(crate) started: Option<Box<str>>,
    pub(crate) finished: Option<Box<str>>,
}

/// A revision of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revision {
    /// `git+https://HOST/PATH`, without the ref.
    pub(crate) uri: Box<str>,
    pub(crate) reference: Option<Box<str>>,
    pub(crate) commit: Option<Box<str>>,
}

/// A thing that went into the build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Material {
    #[serde(default)]
    uri: Option<Box<str>>,
    #[serde(default)]
    digest: Option<Object<GitDigest>>,
}

/// The git digests of a digest set; v0.2 calls a commit `sha1`, v1 `gitCommit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct GitDigest {
    #[serde(default)]
    sha1: Option<Box<str>>,
    #[serde(default, rename = "gitCommit")]
    git_commit: Option<Box<str>>,
}

/// Reads provenance.
///
/// # Errors
/// `predicate-malformed` with the field; `predicate-type-mismatch` when it is no provenance.
pub(crate) fn read(kind: PredicateKind, predicate: &str) -> Result<Provenance> {
    match kind {
        PredicateKind::SlsaProvenanceV02 => provenance_v02::read(predicate),
        PredicateKind::SlsaProvenanceV1 => provenance_v1::read(predicate),
        _ => Err(Failure::new(Reason::PredicateTypeMismatch)
            .at("predicateType")
            .expected("SLSA provenance v0.2 or v1")),
    }
}

impl Provenance {
    /// The first material that is a git repository: by all known builders, the source.
    pub(crate) fn source(&self) -> Option<(usize, Revision)> {
        self.materials
            .iter()
            .enumerate()
            .find_map(|(index, material)| {
                let uri = material.uri.as_deref()?;
                uri.starts_with("git+").then(|| {
                    (
                        index,
                        Revision::parse(uri, material.digest.as_ref().map(|Object(digest)| digest)),
                    )
                })
            })
    }

    /// The summary.
    pub(crate) fn facts(&self) -> ProvenanceFacts {
        let source = match &self.trigger {
            Some(trigger) => Some(trigger.clone()),
            None => self.source().map(|(_, source)| source),
        };
        ProvenanceFacts {
            version: self.version,
            builder: self.builder.clone(),
            build_type: self.build_type.clone(),
            source: source.map(|source| SourceFacts {
                commit: source.commit.clone().or_else(|| self.commit_of(&source)),
                uri: source.uri,
                reference: source.reference,
            }),
            workflow: self.workflow.clone(),
            invocation: self.invocation.clone(),
            materials: self.materials.len(),
            started: self.started.clone(),
            finished: self.finished.clone(),
        }
    }

    /// The commit that a material of the same repository names.
    fn commit_of(&self, source: &Revision) -> Option<Box<str>> {
        let (_, material) = self.source()?;
        (material.uri == source.uri)
            .then_some(material.commit)
            .flatten()
    }
}

impl Material {
    pub(super) fn all(materials: Option<Vec<Object<Self>>>) -> Vec<Self> {
        let materials = materials.unwrap_or_default();
        materials
            .into_iter()
            .map(|Object(material)| material)
            .collect()
    }
}

impl Revision {
    /// A URI, with a ref behind the first `@`.
    pub(crate) fn parse(uri: &str, digest: Option<&GitDigest>) -> Self {
        let (uri, reference) = match uri.split_once('@') {
            Some((uri, reference)) => (uri, Some(reference)),
            None => (uri, None),
        };
        Self {
            uri: with_git(uri).into(),
            reference: reference
                .filter(|reference| !reference.is_empty())
                .map(Into::into),
            commit: digest.and_then(GitDigest::commit).map(Into::into),
        }
    }

    /// A repository's address and a ref.
    pub(crate) fn new(repository: &str, reference: Option<&str>) -> Self {
        Self {
            uri: with_git(repository).into(),
            reference: reference
                .filter(|reference| !reference.is_empty())
                .map(Into::into),
            commit: None,
        }
    }

    /// As it is written in provenance.
    pub(crate) fn to_text(&self) -> String {
        match &self.reference {
            Some(reference) => format!("{}@{reference}", self.uri),
            None => self.uri.to_string(),
        }
    }
}

impl GitDigest {
    fn commit(&self) -> Option<&str> {
        self.git_commit.as_deref().or(self.sha1.as_deref())
    }
}

/// The usual form of a repository's address: `github.com/org/repo` and `https://github.com/org/repo` are
/// `git+https://github.com/org/repo`.
pub(crate) fn with_git(address: &str) -> String {
    match address {
        address if address.starts_with("git+") => address.to_owned(),
        address if address.contains("://") => format!("git+{address}"),
        address => format!("git+https://{address}"),
    }
}

/// A value that must be there and not empty.
pub(crate) fn present(value: Option<Box<str>>, field: &str) -> Result<Box<str>> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| malformed(field).expected("a value").found("nothing"))
}

#[cfg(test)]
mod tests {
    use super::{Revision, with_git};

    #[test]
    fn addresses_have_one_form() {
        for (address, expected) in [
            (
                "https://github.com/kubernetes/kubernetes",
                "git+https://github.com/kubernetes/kubernetes",
            ),
            (
                "http://github.com/kubernetes/kubernetes",
                "git+http://github.com/kubernetes/kubernetes",
            ),
            (
                "git+https://github.com/kubernetes/kubernetes",
                "git+https://github.com/kubernetes/kubernetes",
            ),
            (
                "github.com/kubernetes/kubernetes",
                "git+https://github.com/kubernetes/kubernetes",
            ),
            (
                "git+github.com/kubernetes/kubernetes",
                "git+github.com/kubernetes/kubernetes",
            ),
        ] {
            assert_eq!(with_git(address), expected);
        }
    }

    #[test]
    fn the_ref_stands_behind_the_first_at_sign() {
        let revision = Revision::parse("git+https://github.com@evil.test/org/repo@v1", None);
        assert_eq!(&*revision.uri, "git+https://github.com");
        assert_eq!(revision.reference.as_deref(), Some("evil.test/org/repo@v1"));
        let revision = Revision::parse("git+https://github.com/org/repo@", None);
        assert_eq!(revision.reference, None);
    }
}
