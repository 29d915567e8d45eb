//! One question put to both: our core, and the oracle `sigstore-verify`.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use sealcheck_verify::{
    Artifact, Content, Digest, DigestAlgorithm, Failure, Identities, Identity, Material, Pattern,
    PublicKey, Requirements, Time, TrustedRoot, Verdict, verify,
};
use sigstore_verify::types::{ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, Verifier};

use crate::made::Maker;

/// A bundle with everything that it is judged by.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bundle: Vec<u8>,
    pub(crate) subject: Subject,
    pub(crate) signer: Signer,
    pub(crate) trust: Arc<Trust>,
    /// Where the test holds the keys of everybody involved.
    pub(crate) maker: Option<Arc<Maker>>,
}

/// The artifact, as both are told of it.
#[derive(Clone)]
pub(crate) enum Subject {
    Bytes(Arc<[u8]>),
    Digest(Digest),
}

/// Who must have signed.
#[derive(Clone)]
pub(crate) enum Signer {
    Identity { identity: String, issuer: String },
    Key { spki: Vec<u8> },
}

/// A trusted root, prepared by both.
pub(crate) struct Trust {
    pub(crate) json: Vec<u8>,
    ours: Result<TrustedRoot, Failure>,
    oracle: Result<Verifier, String>,
}

/// What both say.
pub(crate) struct Judgement {
    pub(crate) ours: Result<Accepted, Failure>,
    /// The error by its variant and text.
    pub(crate) oracle: Result<(), String>,
}

/// What our evidence says where we accept.
#[derive(Clone, Default)]
pub(crate) struct Accepted {
    /// The kind of the signer's key, for example `ecdsa-p256`.
    pub(crate) key: String,
    /// How the artifact is signed, for example `ecdsa-sha256`.
    pub(crate) scheme: String,
    /// The kind of the certificate's name: `email`, `uri`, `dns`, `ip` or `otherName`.
    pub(crate) name: &'static str,
    /// How timestamps are signed.
    pub(crate) timestamp_schemes: Vec<String>,
    /// Whether a timestamp was left aside because the trusted root does not know its authority.
    pub(crate) unknown_authority: bool,
    /// Whether a timestamp brought its signer's certificate along.
    pub(crate) embedded_signer: bool,
    /// Whether a log of the trusted root was left out because its algorithm is not known.
    pub(crate) skipped_log: bool,
}

/// Which way two verdicts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    WeAccept,
    OracleAccepts,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WeAccept => "we accept, the oracle rejects",
            Self::OracleAccepts => "we reject, the oracle accepts",
        })
    }
}

impl Trust {
    pub(crate) fn new(json: &[u8]) -> Arc<Self> {
        let oracle = guarded(|| {
            let text = std::str::from_utf8(json).map_err(|error| error.to_string())?;
            let root = sigstore_verify::trust_root::TrustedRoot::from_json(text)
                .map_err(|error| format!("{error:?}"))?;
            Verifier::new(&root).map_err(|error| format!("{error:?}"))
        });
        Arc::new(Self {
            json: json.to_vec(),
            ours: TrustedRoot::from_json(json),
            oracle,
        })
    }
}

impl Case {
    /// The same question about another bundle.
    pub(crate) fn with_bundle(&self, bundle: Vec<u8>) -> Self {
        Self {
            bundle,
            ..self.clone()
        }
    }

    /// Both verdicts. The oracle reads the wall clock, so `now` should be close to it.
    pub(crate) fn judge(&self, now: Time) -> Judgement {
        Judgement {
            ours: self.ours(now),
            oracle: guarded(|| self.oracle()),
        }
    }

    fn ours(&self, now: Time) -> Result<Accepted, Failure> {
        let root = self.trust.ours.as_ref().map_err(Clone::clone)?;
        let requirements = match &self.signer {
            Signer::Identity { identity, issuer } => Requirements::identity(Identities::one(
                Identity::new(Pattern::exact(identity)?, Pattern::exact(issuer)?),
            )),
            Signer::Key { spki } => Requirements::key(PublicKey::parse(spki)?),
        }
        .content(Content::SignatureOrAttestation);
        let material = Material::from_bundle(&self.bundle)?;
        let artifact = match &self.subject {
            Subject::Bytes(bytes) => Artifact::from_bytes(bytes),
            Subject::Digest(digest) => Artifact::from_digest(*digest),
        };
        let verdict = verify(&material, &artifact, root, &requirements, now);
        match verdict.failure() {
            None => Ok(Accepted::new(&verdict, root)),
            Some(failure) => Err(failure.clone()),
        }
    }

    fn oracle(&self) -> Result<(), String> {
        let verifier = self
            .trust
            .oracle
            .as_ref()
            .map_err(|e| format!("trust: {e}"))?;
        let text = std::str::from_utf8(&self.bundle).map_err(|e| format!("UTF-8: {e}"))?;
        let bundle = Bundle::from_json(text).map_err(|e| format!("parse: {e:?}"))?;
        let artifact = match &self.subject {
            Subject::Bytes(bytes) => sigstore_verify::types::Artifact::Blob(bytes),
            Subject::Digest(digest) => {
                sigstore_verify::types::Artifact::Digest(oracle_digest(digest)?)
            }
        };
        let result = match &self.signer {
            Signer::Identity { identity, issuer } => {
                let policy = VerificationPolicy::new(identity.as_str(), issuer.as_str());
                verifier.verify(artifact, &bundle, &policy)
            }
            Signer::Key { spki } => {
                let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(spki.clone()));
                verifier.verify(artifact, &bundle, &policy)
            }
        };
        result.map(drop).map_err(|e| format!("{e:?}"))
    }
}

impl Accepted {
    fn new(verdict: &Verdict, root: &TrustedRoot) -> Self {
        let checks = &verdict.evidence().checks;
        let name = checks
            .certificate
            .facts()
            .and_then(|facts| facts.claims.san.as_ref());
        let time = checks.time.facts();
        Self {
            key: checks
                .key
                .facts()
                .map_or_else(String::new, |facts| facts.kind.to_string()),
            scheme: checks
                .signature
                .facts()
                .map_or_else(String::new, |facts| facts.scheme.to_string()),
            name: name.map_or("", |name| name.kind()),
            timestamp_schemes: time.map_or_else(Vec::new, |facts| {
                facts
                    .timestamps
                    .iter()
                    .map(|stamp| stamp.signature_scheme.clone())
                    .collect()
            }),
            // Where no time is needed and none was accepted, every timestamp was left aside.
            unknown_authority: time.is_none_or(|facts| !facts.unknown_authorities.is_empty()),
            embedded_signer: time.is_some_and(|facts| {
                facts
                    .timestamps
                    .iter()
                    .any(|stamp| stamp.embedded_certificate)
            }),
            skipped_log: root.skipped().next().is_some(),
        }
    }
}

impl Judgement {
    /// `None` when both say the same.
    pub(crate) fn direction(&self) -> Option<Direction> {
        match (&self.ours, &self.oracle) {
            (Ok(_), Err(_)) => Some(Direction::WeAccept),
            (Err(_), Ok(())) => Some(Direction::OracleAccepts),
            _ => None,
        }
    }
}

fn oracle_digest(digest: &Digest) -> Result<ArtifactDigest, String> {
    let algorithm = match digest.algorithm() {
        DigestAlgorithm::Sha256 => HashAlgorithm::Sha2256,
        DigestAlgorithm::Sha384 => HashAlgorithm::Sha2384,
        DigestAlgorithm::Sha512 => HashAlgorithm::Sha2512,
        other => return Err(format!("the oracle knows no {other} digest")),
    };
    ArtifactDigest::new(algorithm, digest.as_bytes().to_vec()).map_err(|error| error.to_string())
}

/// A panic of the oracle is a rejection, not the end of the test.
fn guarded<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err("panic".into()))
}
