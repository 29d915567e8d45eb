//! From a verified attestation to a verdict on what it says.

use sealcheck_verify::evidence::{PolicyFacts, PolicyKind, PredicateFacts};
use sealcheck_verify::{Result, Statement, Verdict};

use crate::input::Input;
use crate::predicate::{provenance, summarise};
use crate::{BuilderDemand, Policy, PredicateKind, SourceDemand, slsa};

/// What an attestation must say.
#[derive(Debug, Default)]
pub struct Demands {
    /// The builder that SLSA provenance must name.
    pub builder: Option<BuilderDemand>,
    /// The source that SLSA provenance must name.
    pub source: Option<SourceDemand>,
    /// Policies, all of which must accept the attestation.
    pub policies: Vec<Policy>,
}

impl Demands {
    /// Whether nothing is demanded.
    pub fn is_empty(&self) -> bool {
        self.builder.is_none() && self.source.is_none() && self.policies.is_empty()
    }
}

/// Holds a verified attestation against the demands.
///
/// The evidence gets a summary of the predicate, and each demand with its outcome; a demand that is not met makes the
/// verdict a failure. A verdict that is not `verified`, or not about an attestation, is given back as it is: nothing
/// that is unproved is judged.
#[must_use]
pub fn judge(verdict: Verdict, demands: &Demands) -> Verdict {
    let Some(statement) = verdict.statement() else {
        return match demands.is_empty() || verdict.failure().is_some() {
            true => verdict,
            // A signature says nothing that could be judged, so it cannot be what was demanded.
            false => verdict.with_failure(sealcheck_verify::Failure::new(
                sealcheck_verify::Reason::NotAnAttestation,
            )),
        };
    };
    let kind = PredicateKind::of(statement.predicate_type());
    let predicate = statement.predicate().unwrap_or("null");
    let summary =
        summarise(kind, predicate).unwrap_or_else(|failure| PredicateFacts::Unreadable { failure });
    let mut policies = provenance_demands(&verdict, kind, predicate, demands);
    if !demands.policies.is_empty() {
        policies.extend(policy_outcomes(&verdict, statement, &demands.policies));
    }
    verdict.with_predicate(summary).with_policies(policies)
}

fn provenance_demands(
    verdict: &Verdict,
    kind: PredicateKind,
    predicate: &str,
    demands: &Demands,
) -> Vec<PolicyFacts> {
    let mut facts = Vec::new();
    if demands.builder.is_none() && demands.source.is_none() {
        return facts;
    }
    let read = provenance::read(kind, predicate);
    let mut add = |kind, name: &str, result: Result<()>| {
        facts.push(PolicyFacts {
            kind,
            name: name.into(),
            sha256: None,
            outcome: result.into(),
        });
    };
    let provenance = read.as_ref().map_err(Clone::clone);
    if let Some(builder) = &demands.builder {
        let result = provenance
            .clone()
            .and_then(|provenance| builder.check(&provenance.builder, provenance.builder_field));
        add(PolicyKind::SlsaBuilder, &builder.to_string(), result);
    }
    if let Some(source) = &demands.source {
        let result = provenance
            .clone()
            .and_then(|provenance| source.check(provenance));
        add(PolicyKind::SlsaSource, &source.to_string(), result);
    }
    if let (Ok(provenance), Some(certificate)) =
        (provenance, verdict.evidence().checks.certificate.facts())
    {
        let (name, result) = match slsa::agree(provenance, &certificate.claims) {
            Ok(compared) if compared.is_empty() => ("nothing to compare".to_owned(), Ok(())),
            Ok(compared) => (compared.join(", "), Ok(())),
            Err(failure) => ("builder, repository, ref, commit".to_owned(), Err(failure)),
        };
        add(PolicyKind::SlsaCertificate, &name, result);
    }
    facts
}

fn policy_outcomes<'a>(
    verdict: &Verdict,
    statement: &Statement,
    policies: &'a [Policy],
) -> impl Iterator<Item = PolicyFacts> + 'a {
    let input = Input::new(verdict, statement);
    policies.iter().map(move |policy| PolicyFacts {
        kind: policy.kind(),
        name: policy.name().into(),
        sha256: Some(policy.sha256().into()),
        outcome: match &input {
            Ok(input) => policy.check(input),
            Err(failure) => Err(failure.clone()),
        }
        .into(),
    })
}
