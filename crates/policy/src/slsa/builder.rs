//! `--slsa-builder`: which builder the provenance must name.

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::{Failure, Reason, Result};

use super::version::is_release_tag;
use super::{plain, same_reference, usage};

/// A builder, demanded by its id: `NAME` or `NAME@REF`.
///
/// The name is compared whole. A ref is compared whole too; `@v1.2.3` stands for `@refs/tags/v1.2.3` as well. Without
/// a ref any is accepted, except that a builder which is a GitHub workflow must be pinned to a release tag
/// (`refs/tags/vX.Y.Z`): whoever can push a branch could otherwise change the builder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuilderDemand {
    name: Box<str>,
    reference: Option<Box<str>>,
}

impl BuilderDemand {
    /// Compares the id that provenance names.
    pub(crate) fn check(&self, id: &str, field: &'static str) -> Result<()> {
        let mismatch = || {
            Failure::new(Reason::BuilderMismatch)
                .at(field)
                .expected(self)
                .found(id)
        };
        let Some((name, reference)) = parse(id) else {
            return Err(
                mismatch().detail("the builder's id has more than one @, or nothing behind it")
            );
        };
        if !self.is_named(name) {
            return Err(mismatch());
        }
        match (&self.reference, reference) {
            (Some(demanded), Some(found)) if same_reference(demanded, found) => Ok(()),
            (Some(_), _) => Err(mismatch()),
            (None, Some(found)) if !is_workflow(name) || is_release_tag(found) => Ok(()),
            (None, None) if !is_workflow(name) => Ok(()),
            (None, _) => Err(mismatch().detail(
                "the builder is a workflow that is not pinned to a release tag; demand it with its ref to accept that",
            )),
        }
    }

    /// GitHub's own machines are called by either name: older provenance has the short one (slsa-verifier,
    /// `VerifyNpmPackageProvenance`).
    fn is_named(&self, name: &str) -> bool {
        let either = |text: &str| text == GITHUB_RUNNER || text == GITHUB_HOSTED_RUNNER;
        *self.name == *name || (either(&self.name) && either(name))
    }
}

impl FromStr for BuilderDemand {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        plain(text, FLAG)?;
        let (name, reference) = parse(text).ok_or_else(|| {
            usage(FLAG)
                .expected("NAME or NAME@REF, with one @")
                .found(text)
        })?;
        Ok(Self {
            name: name.into(),
            reference: reference.map(Into::into),
        })
    }
}

impl fmt::Display for BuilderDemand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reference {
            Some(reference) => write!(f, "{}@{reference}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Name and ref of an id; `None` when it has more than one `@`, or nothing beside it.
pub(super) fn parse(id: &str) -> Option<(&str, Option<&str>)> {
    match id.split_once('@') {
        None if id.is_empty() => None,
        None => Some((id, None)),
        Some((name, reference)) => {
            let sound = !name.is_empty() && !reference.is_empty() && !reference.contains('@');
            sound.then_some((name, Some(reference)))
        }
    }
}

/// Whether a builder's name is a GitHub workflow, on github.com or on an own server.
fn is_workflow(name: &str) -> bool {
    name.contains("/.github/workflows/")
}

const FLAG: &str = "--slsa-builder";
pub(super) const GITHUB_RUNNER: &str = "https://github.com/actions/runner";
pub(super) const GITHUB_HOSTED_RUNNER: &str = "https://github.com/actions/runner/github-hosted";

#[cfg(test)]
mod tests {
    use super::BuilderDemand;
    use sealcheck_verify::Reason;

    fn check(demanded: &str, found: &str) -> Result<(), Reason> {
        let demand: BuilderDemand = demanded.parse().map_err(|_| Reason::ArgumentInvalid)?;
        demand
            .check(found, "predicate.builder.id")
            .map_err(|failure| failure.reason)
    }

    // The tables of slsa-verifier: Test_ParseBuilderID and Test_Matches with allowRef (verifiers/utils),
    // Test_verifyBuilderIDExactMatch and Test_verifyTrustedBuilderID (verifiers/internal/gha).
    #[test]
    fn ids_are_matched_as_slsa_verifier_matches_them() {
        let mismatch = Err(Reason::BuilderMismatch);
        let usage = Err(Reason::ArgumentInvalid);
        for (found, demanded, expected) in [
            ("some/name@v1.2.3", "some/name@v1.2.3", Ok(())),
            ("some/name@v1.2.3", "some/name", Ok(())),
            ("some/name@v1.2.3", "some/name2", mismatch),
            ("some/name@v1.2.3", "some/nam", mismatch),
            ("some/name@v1.2.3", "some/name@v1.2.4", mismatch),
            ("some/name@v1.2.3", "some/name@v1.2", mismatch),
            ("some/name@v1.2.3", "some/name@", usage),
            ("some/name@v1.2.3", "some/name@vla@blo", usage),
            ("some/name@v1.2.3", "", usage),
            ("some/name@refs/tags/v1.2.3", "some/name@v1.2.3", Ok(())),
            (
                "some/name@refs/tags/v1.2.3",
                "some/name@refs/tags/v1.2.3",
                Ok(()),
            ),
            ("some/name@v1.2.3", "some/name@refs/tags/v1.2.3", mismatch),
            ("some/name@refs/heads/v1.2.3", "some/name@v1.2.3", mismatch),
            ("some/builderID", "some/builderID", Ok(())),
            ("some/builderID", "some/builderID@v1.2.3", mismatch),
            ("tome/builderID@v1.2.3", "some/builderID@v1.2.3", mismatch),
            ("", "some/builderID", mismatch),
            ("some/builderID@", "some/builderID", mismatch),
            ("some/builderID@v1@v1", "some/builderID", mismatch),
            (
                "https://github.com/some/repo/ID@refs/tags/v1.2.3",
                "https://not-github.com/some/repo/ID",
                mismatch,
            ),
            (
                "https://github.com/some/repo/ID@v1.2.3",
                "https://github.com/other/repo/ID",
                mismatch,
            ),
            (
                "https://github.com/some/repo/ID@v1.2.3",
                "https://github.com/some/other/ID",
                mismatch,
            ),
            (
                "https://github.com/some/repo/ID@v1.2.3",
                "https://github.com/some/repo",
                mismatch,
            ),
        ] {
            assert_eq!(check(demanded, found), expected, "{demanded} for {found}");
        }
    }

    // Test_verifyTrustedBuilderRef and Test_VerifyBuilderIdentity (verifiers/internal/gha).
    #[test]
    fn workflows_are_pinned_to_release_tags() {
        let name = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_go_slsa3.yml";
        for (reference, sound) in [
            ("refs/tags/v1.2.3", true),
            ("refs/heads/main", false),
            ("refs/tags/v1.2", false),
            ("refs/tags/v1", false),
            ("refs/tags/v1.2.3-alpha", false),
            ("refs/tags/v1.2.3+123", false),
            ("refs/tags/v1.2.3-alpha+123", false),
            ("refs/tags/1.2.3", false),
            ("refs/tags/v1.2.3/x", false),
            ("v1.2.3", false),
            ("c747fe7769adf3656dc7d588b161cb614d7abfee", false),
        ] {
            let found = format!("{name}@{reference}");
            assert_eq!(check(name, &found).is_ok(), sound, "{found}");
            // Who names the ref means it.
            assert_eq!(check(&found, &found), Ok(()), "{found}");
        }
        assert!(check(name, name).is_err());
    }

    #[test]
    fn githubs_machines_have_two_names() {
        let (short, long) = (super::GITHUB_RUNNER, super::GITHUB_HOSTED_RUNNER);
        assert_eq!(check(short, long), Ok(()));
        assert_eq!(check(long, short), Ok(()));
        assert!(check(short, "https://github.com/actions/runner/self-hosted").is_err());
        assert!(check("https://github.com/actions/runner/self-hosted", long).is_err());
        assert!(check(short, "https://github.com/actions/runners").is_err());
    }

    #[test]
    fn text_that_is_no_demand_is_refused() {
        for text in ["a b", "a\n", "\u{7f}", "@v1", &"x".repeat(2049)] {
            assert!(text.parse::<BuilderDemand>().is_err(), "{text:?}");
        }
    }
}
