//! From flags to what an attestation must say.

use std::path::Path;

use sealcheck_policy::limits::{POLICIES, POLICY_BYTES};
use sealcheck_policy::{Demands, Policy, PredicateType};
use sealcheck_verify::{Failure, Reason};

use crate::args::PredicateArgs;
use crate::files;
use crate::problem::{Problem, Result};
use crate::session::{read_and_written, same_file};

/// Reads the demands and the policies' files. The result goes to `output`.
pub(crate) fn read(
    args: &PredicateArgs,
    predicate_type: &PredicateType,
    output: Option<&Path>,
) -> Result<Demands> {
    let of_provenance = [
        ("--slsa-builder", args.slsa_builder.is_some()),
        ("--slsa-source", args.slsa_source.is_some()),
    ];
    if let Some((flag, _)) = of_provenance.iter().find(|(_, given)| *given)
        && !predicate_type.kind().is_provenance()
    {
        return Err(Problem::argument(format!(
            "{flag} is about SLSA provenance, and --type is {}",
            args.predicate_type
        ))
        .with_hint(
            "Give --type slsaprovenance1, or --type slsaprovenance for version 0.2 of provenance.",
        ));
    }
    if args.policy.len() > POLICIES.max {
        return Err(Problem::argument(format!(
            "there are {} policies, and at most {} are accepted ({})",
            args.policy.len(),
            POLICIES.max,
            POLICIES.name
        )));
    }
    let builder = args.slsa_builder.as_deref().map(str::parse).transpose();
    let builder = builder.map_err(|failure: Failure| Problem::from(failure).with_hint("Give the builder's id as provenance names it, for example https://github.com/actions/runner/github-hosted."))?;
    let source = args.slsa_source.as_deref().map(str::parse).transpose();
    let source = source.map_err(|failure: Failure| Problem::from(failure).with_hint("Give the repository with its host, and if needed what of it: github.com/org/repo, or github.com/org/repo@tag:v1.2.3."))?;
    let policies = args
        .policy
        .iter()
        .map(|path| policy(path, output))
        .collect::<Result<_>>()?;
    Ok(Demands {
        builder,
        source,
        policies,
    })
}

/// cosign's short names for predicate types, or a URI.
pub(crate) fn predicate_type(name: &str) -> Result<PredicateType> {
    name.parse().map_err(|error| {
        let short: Vec<&str> = PredicateType::names().map(|(short, _)| short).collect();
        Problem::argument(format!("--type {name} is {error}"))
            .with_hint(format!("Give a URI, or one of {}.", short.join(", ")))
    })
}

fn policy(path: &Path, output: Option<&Path>) -> Result<Policy> {
    if path.as_os_str() == "-" {
        return Err(Problem::argument("--policy - is refused")
            .with_hint("Write the policy into a file, whose name says its language."));
    }
    if let Some(output) = output.filter(|output| same_file(path, output)) {
        return Err(read_and_written(output));
    }
    let text = files::read(path, POLICY_BYTES).map_err(|failure| match failure.reason {
        Reason::FileNotFound => failure,
        // What is wrong is the policy, not a proof.
        _ => Failure {
            reason: Reason::PolicyInvalid,
            ..failure
        },
    })?;
    Ok(Policy::load(&path.display().to_string(), &text)?)
}

#[cfg(test)]
mod tests {
    use super::predicate_type;

    #[test]
    fn short_names_are_cosigns() {
        assert_eq!(
            predicate_type("slsaprovenance1").unwrap().uri(),
            "https://slsa.dev/provenance/v1"
        );
        assert_eq!(predicate_type("urn:x").unwrap().uri(), "urn:x");
        assert_eq!(predicate_type("sbom").unwrap_err().exit_code(), 2);
    }
}
