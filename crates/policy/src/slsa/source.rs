//! `--slsa-source`: which repository, and which revision of it, the provenance must name.

use std::fmt;
use std::str::FromStr;

use sealcheck_verify::{Failure, Reason, Result, printable};

use super::version::Version;
use super::{TAGS, plain, same_reference, usage};
use crate::predicate::provenance::{Provenance, Revision, with_git};

/// A source, demanded as `REPOSITORY` or `REPOSITORY@REVISION`.
///
/// The repository is an address with a host (`github.com/org/repo`, with or without `https://` and `git+`) and is
/// compared whole. The revision is
/// - a ref in full: `refs/heads/main`, `refs/tags/v1.2.3`;
/// - `branch:NAME` or `tag:NAME`;
/// - `version:vX`, `version:vX.Y` or `version:vX.Y.Z`: a tag of that version, as far as it goes;
/// - `commit:HEX`;
/// - anything else: that ref as it is written, or the tag of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDemand {
    text: Box<str>,
    uri: Box<str>,
    revision: Option<Demanded>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Demanded {
    Reference(Box<str>),
    Version(Version),
    Commit(Box<str>),
}

impl SourceDemand {
    /// Compares what provenance says: what started the build, and the source that went into it.
    ///
    /// Both must be this repository and agree, as slsa-verifier demands.
    pub(crate) fn check(&self, provenance: &Provenance) -> Result<()> {
        let Some(trigger) = &provenance.trigger else {
            return Err(self
                .mismatch(provenance.trigger_field)
                .found("no repository that started the build"));
        };
        let here = |found: &str| self.mismatch(provenance.trigger_field).found(found);
        if trigger.uri != self.uri {
            return Err(here(&trigger.to_text()));
        }
        let Some(reference) = &trigger.reference else {
            return Err(here(&trigger.to_text()).detail("the provenance names no ref"));
        };
        let Some((index, source)) = provenance.source() else {
            return Err(self
                .mismatch(provenance.materials_field)
                .found("no git repository"));
        };
        let field = format!("{}[{index}].uri", provenance.materials_field);
        let there = || self.mismatch(&field).found(source.to_text());
        if source.uri != self.uri {
            return Err(there());
        }
        match &source.reference {
            Some(other) if other != reference => {
                return Err(there().detail(format_args!(
                    "the build was started at {}",
                    printable(reference)
                )));
            }
            None if !may_leave_out_ref(provenance) => {
                return Err(there().detail("the source has no ref"));
            }
            _ => {}
        }
        self.check_revision(reference, trigger, &source, provenance.trigger_field)
    }

    fn check_revision(
        &self,
        reference: &str,
        trigger: &Revision,
        source: &Revision,
        field: &str,
    ) -> Result<()> {
        let found = |text: &str| Err(self.mismatch(field).found(text));
        match &self.revision {
            None => Ok(()),
            Some(Demanded::Reference(demanded)) => match same_reference(demanded, reference) {
                true => Ok(()),
                false => found(reference),
            },
            Some(Demanded::Version(version)) => {
                let tag = reference.strip_prefix(TAGS).and_then(Version::parse);
                match tag.is_some_and(|tag| version.is_met_by(&tag)) {
                    true => Ok(()),
                    false => found(reference),
                }
            }
            // The source is what was built; what started the build may name its commit as well.
            Some(Demanded::Commit(commit)) => match (&source.commit, &trigger.commit) {
                (Some(built), None) if built == commit => Ok(()),
                (Some(built), Some(started)) if built == commit && started == commit => Ok(()),
                (Some(built), _) => found(built),
                (None, _) => found("no commit"),
            },
        }
    }

    fn mismatch(&self, field: &str) -> Failure {
        Failure::new(Reason::SourceMismatch)
            .at(field)
            .expected(self)
    }
}

impl FromStr for SourceDemand {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        plain(text, FLAG)?;
        let wrong = |expected: &str| usage(FLAG).expected(expected).found(text);
        let (address, revision) = match text.split_once('@') {
            Some((address, revision)) => (address, Some(revision)),
            None => (text, None),
        };
        let uri = with_git(address);
        let place = uri.split_once("://").map(|(_, place)| place);
        if !place.is_some_and(is_repository) {
            return Err(wrong(
                "a repository with its host, such as github.com/org/repo",
            ));
        }
        let revision = match revision {
            None => None,
            Some("") => return Err(wrong("a revision behind the @")),
            Some(revision) => Some(match revision.split_once(':') {
                Some(("branch", name)) => Demanded::Reference(format!("refs/heads/{name}").into()),
                Some(("tag", name)) => Demanded::Reference(format!("{TAGS}{name}").into()),
                Some(("version", version)) => Demanded::Version(
                    Version::parse(version)
                        .ok_or_else(|| wrong("version:vX, version:vX.Y or version:vX.Y.Z"))?,
                ),
                Some(("commit", commit)) if is_commit(commit) => {
                    Demanded::Commit(commit.to_ascii_lowercase().into())
                }
                Some(("commit", _)) => return Err(wrong("commit: and 40 or 64 hex digits")),
                // A colon is not allowed in a ref (git-check-ref-format).
                Some(_) => return Err(wrong("branch:, tag:, version:, commit: or a ref")),
                None => Demanded::Reference(revision.into()),
            }),
        };
        Ok(Self {
            text: text.into(),
            uri: uri.into(),
            revision,
        })
    }
}

impl fmt::Display for SourceDemand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `HOST/PATH`, where the host has a dot or a port: `org/repo` alone says nothing.
fn is_repository(place: &str) -> bool {
    let Some((host, path)) = place.split_once('/') else {
        return false;
    };
    let sound = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    sound && (host.contains('.') || host.contains(':')) && !path.is_empty()
}

fn is_commit(text: &str) -> bool {
    (text.len() == 40 || text.len() == 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Build types whose materials name the commit and no ref: npm's command line, and builders that commit while they
/// build.
fn may_leave_out_ref(provenance: &Provenance) -> bool {
    provenance.build_type.as_deref().is_some_and(|build_type| {
        [
            "https://github.com/npm/cli/gha@v0",
            "https://github.com/npm/cli/gha@v1",
            "https://github.com/npm/cli/gha/v1",
            "https://github.com/npm/cli/gha/v2",
            "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0",
        ]
        .contains(&build_type)
    })
}

const FLAG: &str = "--slsa-source";

#[cfg(test)]
mod tests {
    use super::SourceDemand;
    use crate::PredicateKind;
    use crate::predicate::provenance::{Provenance, read};
    use sealcheck_verify::Reason;
    use serde_json::{Value, json};

    fn v02(config: Value, materials: Value, build_type: &str) -> Provenance {
        let predicate = json!({
            "builder": {"id": "https://b.test"},
            "buildType": build_type,
            "invocation": {"configSource": config},
            "materials": materials,
        });
        read(PredicateKind::SlsaProvenanceV02, &predicate.to_string()).unwrap()
    }

    fn check(demand: &str, provenance: &Provenance) -> Result<(), Reason> {
        demand
            .parse::<SourceDemand>()
            .and_then(|demand| demand.check(provenance))
            .map_err(|failure| failure.reason)
    }

    // The table of slsa-verifier: Test_verifySourceURI (verifiers/internal/gha). It knows github.com only.
    #[test]
    fn repositories_are_matched_as_slsa_verifier_matches_them() {
        let mismatch = Err(Reason::SourceMismatch);
        let repo = "git+https://github.com/some/repo";
        let tagged = "git+https://github.com/some/repo@v1.2.3";
        let npm = "https://github.com/npm/cli/gha@v1";
        for (name, config, material, build_type, demand, expected) in [
            (
                "source has no @",
                Some(repo),
                Some(tagged),
                "",
                repo,
                mismatch,
            ),
            ("no materials", Some(tagged), None, "", repo, mismatch),
            ("no configSource", None, Some(tagged), "", repo, mismatch),
            ("empty material", Some(tagged), Some(""), "", repo, mismatch),
            (
                "empty configSource",
                Some(""),
                Some(tagged),
                "",
                repo,
                mismatch,
            ),
            (
                "nothing has a ref",
                Some(repo),
                Some(repo),
                "",
                repo,
                mismatch,
            ),
            ("match", Some(tagged), Some(tagged), "", repo, Ok(())),
            (
                "no git",
                Some(tagged),
                Some(tagged),
                "",
                "https://github.com/some/repo",
                Ok(()),
            ),
            (
                "no scheme",
                Some(tagged),
                Some(tagged),
                "",
                "github.com/some/repo",
                Ok(()),
            ),
            (
                "http",
                Some(tagged),
                Some(tagged),
                "",
                "http://github.com/some/repo",
                mismatch,
            ),
            (
                "material without ref, allowed",
                Some(tagged),
                Some(repo),
                npm,
                repo,
                Ok(()),
            ),
            (
                "material without ref",
                Some(tagged),
                Some(repo),
                "",
                repo,
                mismatch,
            ),
            (
                "no host",
                Some(tagged),
                Some(tagged),
                "",
                "some/repo",
                Err(Reason::ArgumentInvalid),
            ),
            (
                "other tag",
                Some("git+https://github.com/some/repo@v1.2.4"),
                Some(tagged),
                "",
                repo,
                mismatch,
            ),
            (
                "other org",
                Some("git+https://github.com/other/repo@v1.2.3"),
                Some(tagged),
                "",
                repo,
                mismatch,
            ),
            (
                "other name",
                Some("git+https://github.com/some/other@v1.2.3"),
                Some(tagged),
                "",
                repo,
                mismatch,
            ),
            (
                "other material",
                Some(tagged),
                Some("git+https://github.com/some/other@v1.2.3"),
                "",
                repo,
                mismatch,
            ),
            (
                "not github",
                Some("git+https://not-github.com/some/repo@v1.2.3"),
                Some("git+https://not-github.com/some/repo@v1.2.3"),
                "",
                repo,
                mismatch,
            ),
        ] {
            let config = config.map_or(json!({}), |uri| json!({ "uri": uri }));
            let materials = material.map_or(json!([]), |uri| json!([{ "uri": uri }]));
            let provenance = v02(config, materials, build_type);
            assert_eq!(check(demand, &provenance), expected, "{name}");
        }
    }

    // main_regression_test.go of slsa-verifier: text put before, behind and into the middle of the source.
    #[test]
    fn a_source_that_is_nearly_the_demanded_one_is_another() {
        let uri = "git+https://github.com/slsa-framework/example-package@refs/heads/main";
        let provenance = v02(json!({ "uri": uri }), json!([{ "uri": uri }]), "");
        let check = |demand: &str| check(demand, &provenance);
        assert_eq!(check("github.com/slsa-framework/example-package"), Ok(()));
        for demand in [
            "github.com/slsa-framework/example-package-2",
            "github.com/slsa-framework/example-packag",
            "github.com/slsa-framework/example-package/",
            "github.com/slsa-framework/example-package.git",
            "github.com/2slsa-framework/example-package",
            "github.com/slsa-framework/2example-package",
            "github.com/slsa-framework",
            "github.com/SLSA-framework/example-package",
            "git+ssh://github.com/slsa-framework/example-package",
            "github.com.evil.test/slsa-framework/example-package",
        ] {
            assert_eq!(check(demand), Err(Reason::SourceMismatch), "{demand}");
        }
    }

    // Test_VerifyBranch, Test_VerifyTag and the versioned tags of slsa-verifier (verifiers/internal/gha).
    #[test]
    fn revisions_are_matched_whole() {
        let commit = "8a2ee2fd20dda58ffa4a8d808a65cb1e04711c03";
        let at = |reference: &str| {
            let uri = format!("git+https://github.com/o/r@{reference}");
            let digest = json!({ "sha1": commit });
            v02(
                json!({ "uri": uri, "digest": digest }),
                json!([{ "uri": uri, "digest": digest }]),
                "",
            )
        };
        let (main, tag) = (at("refs/heads/main"), at("refs/tags/v1.2.3"));
        let upper = commit.to_uppercase();
        for (demand, of_main, of_tag) in [
            ("github.com/o/r", true, true),
            ("github.com/o/r@refs/heads/main", true, false),
            ("github.com/o/r@branch:main", true, false),
            ("github.com/o/r@branch:Main", false, false),
            ("github.com/o/r@branch:mai", false, false),
            ("github.com/o/r@main", false, false),
            ("github.com/o/r@heads/main", false, false),
            ("github.com/o/r@refs/tags/main", false, false),
            ("github.com/o/r@refs/tags/v1.2.3", false, true),
            ("github.com/o/r@tag:v1.2.3", false, true),
            ("github.com/o/r@v1.2.3", false, true),
            ("github.com/o/r@tag:V1.2.3", false, false),
            ("github.com/o/r@v1.2", false, false),
            ("github.com/o/r@version:v1.2.3", false, true),
            ("github.com/o/r@version:v1.2", false, true),
            ("github.com/o/r@version:v1", false, true),
            ("github.com/o/r@version:v1.3", false, false),
            ("github.com/o/r@version:v2", false, false),
            (&format!("github.com/o/r@commit:{commit}"), true, true),
            (&format!("github.com/o/r@commit:{upper}"), true, true),
            (
                &format!("github.com/o/r@commit:{}", "0".repeat(40)),
                false,
                false,
            ),
        ] {
            assert_eq!(check(demand, &main).is_ok(), of_main, "{demand}");
            assert_eq!(check(demand, &tag).is_ok(), of_tag, "{demand}");
        }
        assert!(check("github.com/o/r@version:v1", &at("refs/heads/v1.2.3")).is_err());
        assert!(check("github.com/o/r@branch:x", &at("refs/tags/x")).is_err());
    }

    #[test]
    fn text_that_is_no_demand_is_refused() {
        for text in [
            "",
            "org/repo",
            "github.com",
            "github.com/",
            "https:///org/repo",
            "github.com/o/r@",
            "github.com/o/r@version:1.2",
            "github.com/o/r@version:v1.2-rc.1",
            "github.com/o/r@commit:00",
            "github.com/o/r@commit:zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            "github.com/o/r@brunch:main",
            "git@github.com:o/r",
            "ssh://git@github.com/o/r",
            "github.com/o r",
        ] {
            let failure = text.parse::<SourceDemand>().unwrap_err();
            assert_eq!(failure.reason, Reason::ArgumentInvalid, "{text}");
        }
    }
}
