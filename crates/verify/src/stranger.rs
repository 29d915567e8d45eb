//! Patterns that name nobody: those which accept a made-up stranger.
//!
//! The rule is simple, so that it can be known: a pattern is put to the names of somebody who does not exist, in the
//! forms in which identities, issuers and the claims about owners are written: at hosts that nobody has, and at those
//! where everybody can have an account. A pattern that accepts one of them has no text of a host or an organisation in
//! it. That a pattern accepts none of them does not make it a good one.

use crate::certificate::Claim;
use crate::{Identity, Pattern};

impl Pattern {
    /// A made-up name that the pattern accepts; `None` for exact texts, and when it accepts none of those that are tried.
    pub fn accepted_stranger(&self) -> Option<String> {
        if self.is_exact() {
            return None;
        }
        let plain = PLAIN.iter().map(|name| (*name).to_owned());
        let workflows = REPOSITORIES.iter().flat_map(|repository| {
            WORKFLOWS.iter().flat_map(move |workflow| {
                REFS.iter()
                    .map(move |git_ref| format!("{repository}/{workflow}@{git_ref}"))
            })
        });
        plain.chain(workflows).find(|name| self.matches(name))
    }
}

impl Identity {
    /// A made-up signer whom the identity's name accepts, while no claim about the owner of the source or of the build
    /// says more.
    pub fn accepted_stranger(&self) -> Option<String> {
        let named = self
            .claims()
            .any(|(claim, value)| NAMING.contains(&claim) && value.accepted_stranger().is_none());
        match named {
            true => None,
            false => self.subject().accepted_stranger(),
        }
    }
}

/// Names in other forms than a workflow's.
const PLAIN: &[&str] = &[
    "somebody@nowhere.invalid",
    "somebody@nowhere.com",
    "some.body@mail.nowhere.org",
    "somebody@gmail.com",
    "https://nowhere.invalid",
    "https://nowhere.com",
    "https://accounts.nowhere.com",
    "https://nowhere.com/somebody",
    "https://nowhere.com/realms/somebody",
    "spiffe://nowhere.com/ns/somebody/sa/something",
    "https://github.com/somebody",
    "https://github.com/somebody/something",
    "https://gitlab.com/somebody",
    "https://gitlab.com/somebody/something",
    "https://gitlab.com/somebody/something//.gitlab-ci.yml@refs/heads/main",
    "https://gitlab.com/somebody/something//.gitlab-ci.yml@refs/tags/v1.2.3",
    "nowhere.invalid",
    "nowhere.com",
    "somebody",
    "somebody/something",
    "1234567",
    "",
];
const REPOSITORIES: &[&str] = &[
    "https://github.com/somebody/something",
    "https://nowhere.invalid/somebody/something",
    "https://nowhere.com/somebody/something",
];
const WORKFLOWS: &[&str] = &[
    ".github/workflows/build.yml",
    ".github/workflows/build.yaml",
    ".github/workflows/ci.yml",
    ".github/workflows/ci.yaml",
    ".github/workflows/publish.yml",
    ".github/workflows/publish.yaml",
    ".github/workflows/release.yml",
    ".github/workflows/release.yaml",
];
const REFS: &[&str] = &[
    "refs/heads/main",
    "refs/heads/master",
    "refs/heads/release-1.2",
    "refs/tags/v1.2.3",
    "refs/tags/1.2.3",
];
/// The claims that say whose source or whose build it is.
const NAMING: &[Claim] = &[
    Claim::GithubWorkflowRepository,
    Claim::BuildSignerUri,
    Claim::SourceRepositoryUri,
    Claim::SourceRepositoryIdentifier,
    Claim::SourceRepositoryOwnerUri,
    Claim::SourceRepositoryOwnerIdentifier,
    Claim::BuildConfigUri,
    Claim::RunInvocationUri,
    Claim::TokenSubject,
];

#[cfg(test)]
mod tests {
    use crate::{Claim, Identity, Pattern};

    #[test]
    fn patterns_without_host_or_organisation_accept_strangers() {
        let regex = |text| Pattern::regex(text).unwrap();
        let glob = |text| Pattern::glob(text).unwrap();
        for pattern in [
            regex(".*"),
            regex(".+"),
            regex(".+@.+"),
            regex("[^@]+@[a-z.]+"),
            regex(r".*@.*\.com"),
            regex("https://.*"),
            regex("https?://[^/]+/.*"),
            regex("(https://.*|release@example.com)"),
            regex("https://github.com/.*"),
            regex(
                r"https://github\.com/[^/]+/[^/]+/\.github/workflows/release\.ya?ml@refs/tags/v.*",
            ),
            regex(".*@gmail.com"),
            regex("spiffe://.*"),
            glob("**"),
            glob("*@*"),
            glob("*@*.com"),
            glob("https://**"),
            glob("https://*/**"),
            glob("https://github.com/*/*/.github/workflows/*@refs/heads/main"),
            glob("https://gitlab.com/**"),
        ] {
            let stranger = pattern.accepted_stranger();
            assert!(
                stranger.is_some_and(|name| pattern.matches(&name)),
                "{pattern}"
            );
        }
        for pattern in [
            Pattern::exact(".*").unwrap(),
            Pattern::exact("somebody@gmail.com").unwrap(),
            regex(".*@k8s.io"),
            regex("(a|b)@example.com"),
            regex("https://github.com/org/.*"),
            regex("https://accounts\\.google\\.com"),
            glob("*@k8s-releng-prod.iam.gserviceaccount.com"),
            glob("https://github.com/org/*/.github/workflows/*@refs/tags/v*"),
            glob("https://*.example.com/**"),
        ] {
            assert_eq!(pattern.accepted_stranger(), None, "{pattern}");
        }
    }

    #[test]
    fn a_claim_about_the_owner_names_somebody() {
        let anybody = || {
            let subject = Pattern::regex("https://github.com/.*").unwrap();
            let issuer = "https://token.actions.githubusercontent.com";
            Identity::new(subject, Pattern::exact(issuer).unwrap())
        };
        let exact = |text| Pattern::exact(text).unwrap();
        assert!(anybody().accepted_stranger().is_some());
        let owner = Claim::SourceRepositoryOwnerUri;
        let named = anybody().with_claim(owner, exact("https://github.com/org"));
        assert_eq!(named.accepted_stranger(), None);
        let glob = Pattern::glob("https://github.com/*").unwrap();
        assert!(
            anybody()
                .with_claim(owner, glob)
                .accepted_stranger()
                .is_some()
        );
        let runner = anybody().with_claim(Claim::RunnerEnvironment, exact("github-hosted"));
        assert!(runner.accepted_stranger().is_some());
    }
}
