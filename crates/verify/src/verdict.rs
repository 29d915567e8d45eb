//! The verdict: a value that only a verification can make.

use std::fmt;

use data_encoding::HEXLOWER;

use crate::artifact::Artifact;
use crate::certificate::Claims;
use crate::digest::DigestAlgorithm;
use crate::evidence::{
    ArtifactFacts, CertificateFacts, Check, Checks, Evidence, IdentityFacts, ImageFacts,
    LogEntryFacts, Place, PolicyFacts, PredicateFacts, ReleaseFacts, RequiredFacts, SCHEMA,
    SignatureFacts, SubjectFacts, TimeFacts, TrustedRootFacts,
};
use crate::material::SignedMaterial;
use crate::requirements::{Content, Requirements, Signer};
use crate::statement::Statement;
use crate::verify::{ChosenKey, Run, format_check, log_check};
use crate::{Failure, Outcome, Reason, Result, Time};

/// How a verification ended, with its evidence.
///
/// A `verified` verdict comes from [`verify`](crate::verify()) alone.
#[derive(Clone, Debug)]
pub struct Verdict {
    evidence: Box<Evidence>,
    failures: Vec<Failure>,
    /// Of any outcome; only given out when it is `verified`.
    statement: Option<Statement>,
}

impl Verdict {
    /// A verdict about an artifact for which there is nothing to verify: no proof, no trusted root, no answer.
    /// A failure is never `verified`, so neither is this verdict.
    pub fn failed(
        failure: Failure,
        artifact: Option<&Artifact<'_>>,
        requirements: &Requirements,
        now: Time,
    ) -> Self {
        let checks = Checks::default();
        Self::new(
            vec![failure],
            checks,
            artifact.map(artifact_facts).unwrap_or_default(),
            requirements,
            now,
        )
    }

    fn new(
        failures: Vec<Failure>,
        checks: Checks,
        artifact: ArtifactFacts,
        requirements: &Requirements,
        now: Time,
    ) -> Self {
        let evidence = Evidence {
            schema: SCHEMA,
            artifact,
            outcome: Outcome::Verified,
            reason: None,
            message: None,
            hint: None,
            failure: None,
            signer: None,
            issuer: None,
            signed_at: None,
            time_source: None,
            checks,
            required: required_facts(requirements),
            image: None,
            release: None,
            predicate: None,
            policies: Vec::new(),
            trusted_root: None,
            material: None,
            places: Vec::new(),
            verified_at: now,
        };
        let mut verdict = Self {
            evidence: Box::new(evidence),
            failures,
            statement: None,
        };
        verdict.decide();
        verdict
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        self.evidence.outcome
    }

    /// The failure that decided; `None` when the outcome is `verified`.
    pub fn failure(&self) -> Option<&Failure> {
        self.failures.first()
    }

    /// Every failure, the decisive one first.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// The facts.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The attested statement, only when the outcome is `verified`.
    pub fn statement(&self) -> Option<&Statement> {
        self.statement
            .as_ref()
            .filter(|_| self.outcome() == Outcome::Verified)
    }

    /// Adds a failure of what was to be done around the verification: the proof could not be kept, for example.
    ///
    /// The checks stay as they are. The outcome can become graver by it, never better.
    #[must_use]
    pub fn with_failure(mut self, failure: Failure) -> Self {
        self.failures.push(failure);
        self.decide();
        self
    }

    /// Puts `failure` in the place of the failures for `reason`: a further question (to the log, for example) was to
    /// settle them, and this is why it did not.
    ///
    /// The checks stay as they are. The outcome is never `verified`, because there is a failure.
    #[must_use]
    pub fn with_failure_for(mut self, reason: Reason, failure: Failure) -> Self {
        self.failures.retain(|settled| settled.reason != reason);
        self.with_failure(failure)
    }

    /// The gravest outcome decides; within it the failure that says most, then the first step.
    fn decide(&mut self) {
        self.failures
            .sort_by_key(|failure| std::cmp::Reverse((failure.outcome(), rank(failure.reason))));
        let decisive = self.failures.first();
        let evidence = &mut self.evidence;
        evidence.outcome = decisive.map_or(Outcome::Verified, Failure::outcome);
        evidence.reason = decisive.map(|failure| failure.reason);
        evidence.message = decisive.map(|failure| failure.to_string().into());
        evidence.hint = decisive.map(|failure| failure.hint().into());
        evidence.failure = decisive.cloned();
    }

    /// Says how the caller named the artifact.
    #[must_use]
    pub fn with_artifact_name(mut self, name: &str) -> Self {
        self.evidence.artifact.name = Some(name.into());
        self
    }

    /// Says what is special about a container image. The facts are the caller's: they change neither outcome nor checks.
    #[must_use]
    pub fn with_image(mut self, facts: ImageFacts) -> Self {
        self.evidence.image = Some(facts);
        self
    }

    /// Says what is special about a file of a release. The facts are the caller's: they change neither outcome nor checks.
    #[must_use]
    pub fn with_release(mut self, facts: ReleaseFacts) -> Self {
        self.evidence.release = Some(facts);
        self
    }

    /// Says in short what the attestation says.
    #[must_use]
    pub fn with_predicate(mut self, facts: PredicateFacts) -> Self {
        self.evidence.predicate = Some(facts);
        self
    }

    /// Says which demands and policies the attestation was held against. One that failed makes the verdict a failure,
    /// as [`with_failure`](Self::with_failure) does.
    #[must_use]
    pub fn with_policies(mut self, policies: Vec<PolicyFacts>) -> Self {
        let failures = policies
            .iter()
            .filter_map(|policy| policy.outcome.failure());
        self.failures.extend(failures.cloned());
        self.evidence.policies = policies;
        self.decide();
        self
    }

    /// Says where the trusted root came from.
    #[must_use]
    pub fn with_trusted_root_source(mut self, source: &str) -> Self {
        if let Some(root) = &mut self.evidence.trusted_root {
            root.source = Some(source.into());
        }
        self
    }

    /// Passes the text that can quote the caller's own words through `told`, which may leave out what must not be printed:
    /// the artifact's name, the places, where the trusted root came from, and what failures tell.
    ///
    /// What was required and what the proof says (signer, issuer, claims, digests, logs) stay as they are, also in the
    /// failures that compare them.
    #[must_use]
    pub fn with_words(mut self, told: &dyn Fn(&str) -> String) -> Self {
        let retold = |failure: &mut Failure| {
            let of_signer = matches!(
                failure.reason,
                Reason::IdentityMismatch | Reason::IssuerMismatch | Reason::ClaimMismatch
            );
            if !of_signer {
                *failure = failure.clone().with_words(told);
            }
        };
        self.failures.iter_mut().for_each(retold);
        let evidence = &mut self.evidence;
        let Checks {
            material,
            key,
            log,
            time,
            certificate,
            signature,
            subject,
            identity,
        } = &mut evidence.checks;
        let failed = [
            material.failure_mut(),
            key.failure_mut(),
            log.failure_mut(),
            time.failure_mut(),
            certificate.failure_mut(),
            signature.failure_mut(),
            subject.failure_mut(),
            identity.failure_mut(),
        ];
        failed.into_iter().flatten().for_each(retold);
        let source = evidence.trusted_root.as_mut();
        let name = evidence.artifact.name.as_mut();
        let quoted = name
            .into_iter()
            .chain(source.and_then(|root| root.source.as_mut()));
        let places = evidence.places.iter_mut();
        let places =
            places.flat_map(|place| std::iter::once(&mut place.place).chain(&mut place.detail));
        for text in quoted.chain(places) {
            *text = told(text).into();
        }
        if let Some(release) = &mut evidence.release {
            let checksums = release.checksums.iter_mut();
            let places = checksums.map(|checksum| &mut checksum.place);
            for place in places.chain([&mut release.sbom.place]) {
                *place = told(place).into();
            }
        }
        for signature in evidence.image.iter_mut().flat_map(|it| &mut it.signatures) {
            signature.failure.iter_mut().for_each(retold);
            signature.place = told(&signature.place).into();
            if let Some(failure) = &signature.failure {
                signature.message = Some(failure.to_string().into());
            }
        }
        self.decide();
        self
    }

    /// Says where a proof was looked for.
    #[must_use]
    pub fn with_places(mut self, places: Vec<Place>) -> Self {
        self.evidence.places = places;
        self
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failure() {
            None => f.write_str("verified"),
            Some(failure) => write!(f, "{}: {failure}", self.outcome()),
        }
    }
}

/// The results of the steps. Only when each of them is there and holds, the verdict is `verified`.
pub(crate) struct Proved<'p, 'r, 'a> {
    pub(crate) run: &'p Run<'r, 'a>,
    pub(crate) format: Result<()>,
    pub(crate) key: Result<ChosenKey<'r>>,
    pub(crate) log: Option<Result<Vec<LogEntryFacts>>>,
    pub(crate) time: Result<TimeFacts>,
    pub(crate) certificate: Option<Result<CertificateFacts>>,
    pub(crate) signature: Option<Result<SignatureFacts>>,
    pub(crate) subject: Result<Option<SubjectFacts>>,
    pub(crate) identity: Option<Result<IdentityFacts>>,
    pub(crate) claims: Option<Claims>,
}

impl Proved<'_, '_, '_> {
    pub(crate) fn into_verdict(self) -> Verdict {
        let run = self.run;
        let by_identity = matches!(run.requirements.signer, Signer::Identity(_));
        let mut failures = Vec::new();
        let mut keep = |failure: Failure| {
            if !failures.contains(&failure) {
                failures.push(failure);
            }
        };
        let material = format_check(
            run.material,
            self.format.inspect_err(|failure| keep(failure.clone())),
        );
        let signer_key = self
            .key
            .as_ref()
            .ok()
            .filter(|_| !by_identity)
            .map(|key| key.key.clone());
        let key = step(self.key.map(|key| key.facts()), &mut keep);
        let log = match self.log {
            Some(Ok(entries)) => log_check(entries),
            Some(Err(failure)) => step(Err(failure), &mut keep),
            None => Check::NotReached,
        };
        let accepted = self.time.as_ref().ok().and_then(|facts| {
            facts
                .accepted
                .iter()
                .min_by_key(|accepted| accepted.time)
                .copied()
        });
        let time = match self.time {
            Ok(facts) if facts.accepted.is_empty() => Check::NotRequired,
            time => step(time, &mut keep),
        };
        let certificate = match self.certificate {
            Some(certificate) => step(certificate, &mut keep),
            None if by_identity => Check::NotReached,
            None => Check::NotRequired,
        };
        let signature = self
            .signature
            .map_or(Check::NotReached, |signature| step(signature, &mut keep));
        let subject = match self.subject {
            Ok(None) => Check::NotRequired,
            Ok(Some(facts)) => Check::Passed(facts),
            Err(failure) => step(Err(failure), &mut keep),
        };
        let identity = match self.identity {
            Some(identity) => step(identity, &mut keep),
            None if by_identity => Check::NotReached,
            None => Check::NotRequired,
        };
        // Of the steps that are not always made. Of all others there is a result, and one that fails is a failure.
        let complete = !matches!(log, Check::NotReached)
            && !matches!(certificate, Check::NotReached)
            && !matches!(signature, Check::NotReached)
            && !matches!(identity, Check::NotReached);
        if !complete && failures.is_empty() {
            // Cannot happen: a step that is missing follows from one that failed. It must not become `verified` if it does.
            failures.push(Failure::new(Reason::MaterialIncomplete).detail("a step was not made"));
        }
        let checks = Checks {
            material,
            key,
            log,
            time,
            certificate,
            signature,
            subject,
            identity,
        };
        let mut verdict = Verdict::new(
            failures,
            checks,
            artifact_facts(run.artifact),
            run.requirements,
            run.now,
        );
        let evidence = &mut verdict.evidence;
        evidence.signer = match (&self.claims, signer_key) {
            (Some(claims), _) => claims.subject().map(Into::into),
            (None, Some(key)) => {
                Some(format!("sha256:{}", HEXLOWER.encode(&key.fingerprint())).into())
            }
            (None, None) => None,
        };
        evidence.issuer = self
            .claims
            .as_ref()
            .and_then(|claims| claims.issuer.clone());
        evidence.signed_at = accepted.map(|accepted| accepted.time);
        evidence.time_source = accepted.map(|accepted| accepted.source);
        evidence.trusted_root = Some(TrustedRootFacts {
            source: None,
            sha256: HEXLOWER.encode(run.root.digest().as_bytes()).into(),
        });
        evidence.material = Some(run.material.facts());
        verdict.statement = match &run.material.content {
            SignedMaterial::Envelope {
                statement: Ok(statement),
                ..
            } => Some(statement.clone()),
            _ => None,
        };
        verdict
    }
}

fn step<T>(result: Result<T>, keep: &mut impl FnMut(Failure)) -> Check<T> {
    match result {
        Ok(facts) => Check::Passed(facts),
        Err(failure) => {
            keep(failure.clone());
            Check::Failed(failure)
        }
    }
}

/// How much a reason says, when several checks of the same gravity fail for one cause: a wrong artifact also makes the
/// signature invalid, and a wrong signature also differs from the logged one.
fn rank(reason: Reason) -> u8 {
    match reason {
        Reason::MaterialIncomplete | Reason::LimitExceeded => 4,
        Reason::ArtifactMismatch | Reason::NotASignature | Reason::NotAnAttestation => 3,
        Reason::SignatureInvalid | Reason::TrustRootUnavailable => 2,
        Reason::LogEntryMismatch => 0,
        _ => 1,
    }
}

fn artifact_facts(artifact: &Artifact<'_>) -> ArtifactFacts {
    ArtifactFacts {
        name: None,
        digests: artifact
            .digests()
            .iter()
            .map(|digest| (digest.algorithm().as_str(), digest.hex().into()))
            .collect(),
    }
}

fn required_facts(requirements: &Requirements) -> RequiredFacts {
    let (content, predicate_type) = match &requirements.content {
        Content::Signature => ("signature", None),
        Content::Attestation(kind) => ("attestation", Some(kind.clone())),
        Content::AnyAttestation => ("attestation", None),
        Content::SignatureOrAttestation => ("any", None),
    };
    RequiredFacts {
        identities: requirements.identities().cloned(),
        key: match &requirements.signer {
            Signer::Key(key) => Some(HEXLOWER.encode(&key.fingerprint()).into()),
            Signer::Identity(_) => None,
        },
        content,
        predicate_type,
        log_entries: requirements.log_entries,
        inclusion_proof: requirements.inclusion_proof,
        timestamps: requirements.timestamps,
        scts: requirements.scts,
        now_is_signing_time: requirements.now_is_signing_time,
        certificate_chain: requirements.certificate_chain,
        digest_algorithm: requirements.digest_algorithm.map(DigestAlgorithm::as_str),
        annotations: requirements.annotations.iter().cloned().collect(),
        subject_name: requirements.subject_name.clone(),
    }
}

#[cfg(test)]
mod tests;
