//! Provenance and the certificate of its signer must not contradict each other.
//!
//! Whoever signs can write any provenance. A certificate for a build says, vouched for by the OIDC issuer, which
//! workflow signed and for which repository, ref and commit it ran; where both speak, they must say the same.
//! Fulcio's `docs/oid-info.md` says what the claims mean.

use sealcheck_verify::{Claim, Claims, Failure, Reason, Result};

use super::builder::{self, GITHUB_HOSTED_RUNNER, GITHUB_RUNNER};
use super::version::is_release_tag;
use crate::predicate::provenance::{Provenance, with_git};

/// Compares everything that both speak of, and names it: `builder`, `repository`, `ref`, `commit`.
pub(crate) fn agree(provenance: &Provenance, claims: &Claims) -> Result<Vec<&'static str>> {
    let mut compared = Vec::new();
    let Some(signer) = build_signer(claims) else {
        return Ok(compared);
    };
    builder_agrees(provenance, claims, signer)?;
    compared.push("builder");
    let source = provenance.source();
    if let Some(repository) = repository(claims) {
        let named = [
            (
                provenance.trigger.as_ref().map(|trigger| &trigger.uri),
                provenance.trigger_field,
            ),
            (
                source.as_ref().map(|(_, source)| &source.uri),
                provenance.materials_field,
            ),
        ];
        for (uri, field) in named {
            let Some(uri) = uri else { continue };
            if **uri != *repository {
                return Err(contradiction(field, &repository, uri));
            }
            if !compared.contains(&"repository") {
                compared.push("repository");
            }
        }
    }
    if is_delegator(signer) {
        // A delegated builder may commit while it builds, so that it is at another commit than the workflow.
        return Ok(compared);
    }
    let reference = source
        .as_ref()
        .and_then(|(_, source)| source.reference.as_deref())
        .or_else(|| provenance.trigger.as_ref()?.reference.as_deref());
    let claimed = first(
        claims,
        [Claim::SourceRepositoryRef, Claim::GithubWorkflowRef],
    );
    if let (Some(found), Some(claimed)) = (reference, claimed) {
        if found != claimed {
            return Err(contradiction(provenance.materials_field, claimed, found));
        }
        compared.push("ref");
    }
    let commits = [
        provenance
            .trigger
            .as_ref()
            .and_then(|trigger| trigger.commit.as_deref()),
        source
            .as_ref()
            .and_then(|(_, source)| source.commit.as_deref()),
    ];
    let claimed = first(
        claims,
        [Claim::SourceRepositoryDigest, Claim::GithubWorkflowSha],
    );
    if let Some(claimed) = claimed {
        for found in commits.into_iter().flatten() {
            if found != claimed {
                return Err(contradiction(provenance.materials_field, claimed, found));
            }
            if !compared.contains(&"commit") {
                compared.push("commit");
            }
        }
    }
    Ok(compared)
}

/// The build instructions that signed, as `ADDRESS@REF`; `None` for a certificate that is no build's.
fn build_signer(claims: &Claims) -> Option<&str> {
    let of_github = || {
        // Before the claim was there, the subject was the only place.
        claims
            .get(Claim::GithubWorkflowRepository)
            .and_then(|_| claims.subject())
    };
    claims.get(Claim::BuildSignerUri).or_else(of_github)
}

/// The builder's id is the workflow that signed, the machine it ran on, or the run itself; or a workflow to which a
/// delegator of SLSA's generators lent its signature.
fn builder_agrees(provenance: &Provenance, claims: &Claims, signer: &str) -> Result<()> {
    let id = &*provenance.builder;
    let environment = claims.get(Claim::RunnerEnvironment);
    let agrees = match id {
        id if id == signer => true,
        GITHUB_RUNNER | GITHUB_HOSTED_RUNNER => {
            // Older certificates do not say on which machine the workflow ran.
            is_of_github(claims)
                && environment.is_none_or(|environment| environment == "github-hosted")
        }
        GITHUB_SELF_HOSTED_RUNNER => is_of_github(claims) && environment == Some("self-hosted"),
        id if claims.get(Claim::RunInvocationUri) == Some(id) => true,
        id => is_delegated(id, signer) || is_gitlab_runner(id, claims),
    };
    match agrees {
        true => Ok(()),
        false => Err(contradiction(provenance.builder_field, signer, id)),
    }
}

fn is_of_github(claims: &Claims) -> bool {
    claims.issuer.as_deref() == Some("https://token.actions.githubusercontent.com")
}

/// Whether the delegator of SLSA's generators signed for this builder, a workflow at a ref.
fn is_delegated(id: &str, signer: &str) -> bool {
    let pinned = builder::parse(id).is_some_and(|(_, reference)| reference.is_some());
    pinned && is_delegator(signer)
}

fn is_delegator(signer: &str) -> bool {
    builder::parse(signer).is_some_and(|(name, reference)| {
        DELEGATORS.contains(&name) && reference.is_some_and(is_release_tag)
    })
}

/// GitLab's provenance names the runner: `https://gitlab.com/PROJECT/-/runners/NUMBER`.
fn is_gitlab_runner(id: &str, claims: &Claims) -> bool {
    let number = claims
        .get(Claim::SourceRepositoryUri)
        .and_then(|repository| id.strip_prefix(repository))
        .and_then(|rest| rest.strip_prefix("/-/runners/"));
    claims.issuer.as_deref() == Some("https://gitlab.com")
        && number.is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// The repository as provenance writes it.
fn repository(claims: &Claims) -> Option<String> {
    let uri = claims.get(Claim::SourceRepositoryUri).map(with_git);
    uri.or_else(|| {
        // The oldest claim leaves the host out; only github.com had it.
        let repository = claims.get(Claim::GithubWorkflowRepository)?;
        Some(format!("git+https://github.com/{repository}"))
    })
}

fn first(claims: &Claims, names: [Claim; 2]) -> Option<&str> {
    names.into_iter().find_map(|name| claims.get(name))
}

fn contradiction(field: &str, certificate: &str, found: &str) -> Failure {
    Failure::new(Reason::ProvenanceContradictsCertificate)
        .at(field)
        .expected(sealcheck_verify::printable(certificate))
        .found(found)
}

const GITHUB_SELF_HOSTED_RUNNER: &str = "https://github.com/actions/runner/self-hosted";
const DELEGATORS: [&str; 2] = [
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_generic_slsa3.yml",
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_lowperms-generic_slsa3.yml",
];
