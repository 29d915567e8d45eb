//! What the caller requires of a proof.

use std::num::NonZeroU8;

use crate::digest::DigestAlgorithm;
use crate::identity::{Identities, Pattern};
use crate::key::PublicKey;

/// How many distinct logs or authorities must vouch.
///
/// Zero cannot be written by mistake: not requiring any has a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// At least this many.
    AtLeast(NonZeroU8),
    /// None is required. What is there must still hold when its log or authority is trusted.
    Waived,
}

impl Threshold {
    /// One is enough.
    pub const ONE: Self = Self::AtLeast(NonZeroU8::MIN);

    /// The number.
    pub fn count(self) -> usize {
        match self {
            Self::AtLeast(count) => usize::from(count.get()),
            Self::Waived => 0,
        }
    }
}

impl serde::Serialize for Threshold {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(&self.count(), serializer)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Threshold {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": 255 })
    }
}

/// What the material must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A signature over the artifact. An attestation does not count, unless its predicate is cosign's own signature.
    Signature,
    /// An attestation about the artifact with this predicate type.
    Attestation(Box<str>),
    /// An attestation about the artifact, whatever it says.
    AnyAttestation,
    /// Either; only for callers that judge the statement themselves.
    SignatureOrAttestation,
}

/// Who must have signed.
#[derive(Clone, Debug)]
pub(crate) enum Signer {
    Identity(Identities),
    Key(PublicKey),
}

/// What a proof must show to be accepted. There is no default signer: one must be named.
///
/// ```compile_fail
/// let requirements: sealcheck_verify::Requirements = Default::default();
/// ```
#[derive(Clone, Debug)]
pub struct Requirements {
    pub(crate) signer: Signer,
    pub(crate) content: Content,
    pub(crate) log_entries: Threshold,
    pub(crate) inclusion_proof: bool,
    pub(crate) timestamps: Threshold,
    pub(crate) scts: Threshold,
    pub(crate) now_is_signing_time: bool,
    pub(crate) certificate_chain: bool,
    pub(crate) digest_algorithm: Option<DigestAlgorithm>,
    pub(crate) annotations: Vec<(Box<str>, Box<str>)>,
    pub(crate) subject_name: Option<Pattern>,
}

impl Requirements {
    /// A signature by one of these identities, with one log entry, one SCT and a trusted time.
    pub fn identity(identities: Identities) -> Self {
        Self::new(Signer::Identity(identities))
    }

    /// A signature by this key, with one log entry. There is no certificate, so no SCT is required of one.
    pub fn key(key: PublicKey) -> Self {
        Self::new(Signer::Key(key)).scts(Threshold::Waived)
    }

    fn new(signer: Signer) -> Self {
        Self {
            signer,
            content: Content::Signature,
            log_entries: Threshold::ONE,
            inclusion_proof: false,
            timestamps: Threshold::Waived,
            scts: Threshold::ONE,
            now_is_signing_time: false,
            certificate_chain: false,
            digest_algorithm: None,
            annotations: Vec::new(),
            subject_name: None,
        }
    }

    /// The same, for signatures by these identities instead.
    #[must_use]
    pub fn by(mut self, identities: Identities) -> Self {
        self.signer = Signer::Identity(identities);
        self
    }

    /// What the material must be; a signature unless this is called.
    #[must_use]
    pub fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// How many distinct transparency logs must vouch; one unless this is called.
    #[must_use]
    pub fn log_entries(mut self, threshold: Threshold) -> Self {
        self.log_entries = threshold;
        self
    }

    /// Every log entry that counts must carry an inclusion proof; a promise is not enough. There must then be one such
    /// entry, also where no number of logs is required.
    #[must_use]
    pub fn require_inclusion_proof(mut self) -> Self {
        self.inclusion_proof = true;
        self
    }

    /// How many distinct timestamp authorities must vouch for the time; none unless this is called.
    #[must_use]
    pub fn timestamps(mut self, threshold: Threshold) -> Self {
        self.timestamps = threshold;
        self
    }

    /// How many distinct certificate-transparency logs must have seen the certificate; one unless this is called. No
    /// signature by a key can meet it.
    #[must_use]
    pub fn scts(mut self, threshold: Threshold) -> Self {
        self.scts = threshold;
        self
    }

    /// Where no trusted time is found, takes now for the signing time.
    ///
    /// Only for certificates that are still valid, as private authorities issue them: nothing then proves that the
    /// signature was made before a revocation.
    #[must_use]
    pub fn accept_now_as_signing_time(mut self) -> Self {
        self.now_is_signing_time = true;
        self
    }

    /// Accepts a certificate chain in bundles of version 0.3, which allow only the leaf.
    #[must_use]
    pub fn accept_certificate_chain(mut self) -> Self {
        self.certificate_chain = true;
        self
    }

    /// The digest that a detached signature is over; otherwise the key's usual one, and for detached signatures also
    /// SHA-256, which cosign uses with every key.
    #[must_use]
    pub fn digest_algorithm(mut self, algorithm: DigestAlgorithm) -> Self {
        self.digest_algorithm = Some(algorithm);
        self
    }

    /// This annotation must stand in what was signed, with exactly this value: in `optional` of a simple-signing payload, in
    /// the subject's annotations of a statement. May be called several times; all must be there.
    #[must_use]
    pub fn annotation(mut self, name: &str, value: &str) -> Self {
        self.annotations.push((name.into(), value.into()));
        self
    }

    /// The name under which the artifact was signed: the `docker-reference` of a simple-signing payload, the subject's name
    /// of a statement. It is not compared unless this is called, and is the signer's own word: a mirror's name, a name that
    /// was changed since, or none.
    #[must_use]
    pub fn subject_name(mut self, name: Pattern) -> Self {
        self.subject_name = Some(name);
        self
    }

    /// The identities, when the signer is required by identity.
    pub fn identities(&self) -> Option<&Identities> {
        match &self.signer {
            Signer::Identity(identities) => Some(identities),
            Signer::Key(_) => None,
        }
    }

    /// How many distinct logs must vouch. A required inclusion proof is the proof of an entry: it must not be void where
    /// the number is waived.
    pub(crate) fn log_threshold(&self) -> usize {
        let count = self.log_entries.count();
        match self.inclusion_proof {
            true => count.max(1),
            false => count,
        }
    }
}
