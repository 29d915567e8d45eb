//! What every test needs: an instance, its trusted root, an artifact, and a verdict on a proof.

use jiff::{SignedDuration, Timestamp};
use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::encoding::canonical_json;
use sealcheck_testkit::{
    Content as Signable, DEFAULT_TIME, EntryKind, Instance, Key, Plan, Signed, TrustedRootOptions,
};
use sealcheck_verify::{
    Artifact, Content, Digest, Evidence, Failure, Identities, Identity, Material, Outcome, Pattern,
    PublicKey, Reason, Requirements, Time, TrustedRoot, Verdict, verify,
};
use serde_json::Value;

pub(crate) const ARTIFACT: &[u8] = b"the artifact that is signed\n";
/// A month after everything is signed.
const NOW: &str = "2026-02-02T03:04:05Z";

/// Who verifies what with which trust.
pub(crate) struct Stage {
    pub(crate) sigstore: Instance,
    pub(crate) root: TrustedRoot,
    pub(crate) requirements: Requirements,
    pub(crate) now: Time,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::of(Instance::new())
    }

    pub(crate) fn of(sigstore: Instance) -> Self {
        Self {
            root: trusted(&sigstore.trusted_root_json()),
            sigstore,
            requirements: default_signer(),
            now: NOW.parse().unwrap(),
        }
    }

    pub(crate) fn requiring(mut self, requirements: Requirements) -> Self {
        self.requirements = requirements;
        self
    }

    pub(crate) fn trusting(mut self, root: &Value) -> Self {
        self.root = trusted(root);
        self
    }

    pub(crate) fn with_root(self, change: impl FnOnce(&mut TrustedRootOptions)) -> Self {
        let mut options = TrustedRootOptions::default();
        change(&mut options);
        let root = self.sigstore.trusted_root_with(&options);
        self.trusting(&root)
    }

    /// Signs the artifact.
    pub(crate) fn sign(&self, plan: &Plan) -> Signed {
        self.sigstore.sign(Signable::message(ARTIFACT), plan)
    }

    /// Records this body as the only entry of what was signed, whatever it says.
    pub(crate) fn relog(&self, signed: &mut Signed, kind: EntryKind, body: &Value) {
        let body = canonical_json(body);
        signed.entries = vec![match kind.is_v2() {
            true => self.sigstore.rekor_v2.record_body(kind, body),
            false => self.sigstore.rekor.record_body(kind, body, DEFAULT_TIME),
        }];
    }

    /// Records what stands there now under the kind of the first entry.
    pub(crate) fn log_again(&self, signed: &mut Signed) {
        let kind = signed.entries[0].kind;
        let body = kind.body(&signed.signed);
        self.relog(signed, kind, &body);
    }

    pub(crate) fn verify(&self, material: &Material) -> Verdict {
        self.verify_artifact(material, &Artifact::from_bytes(ARTIFACT))
    }

    pub(crate) fn verify_artifact(&self, material: &Material, artifact: &Artifact<'_>) -> Verdict {
        verify(material, artifact, &self.root, &self.requirements, self.now)
    }

    /// The verdict on a bundle, or why it cannot even be read.
    pub(crate) fn judge(&self, bundle: &Value) -> Result<Verdict, Failure> {
        self.judge_text(&bundle.to_string())
    }

    pub(crate) fn judge_text(&self, bundle: &str) -> Result<Verdict, Failure> {
        Material::from_bundle(bundle.as_bytes()).map(|material| self.verify(&material))
    }

    /// Why a bundle is not verified; `None` when it is.
    pub(crate) fn why(&self, bundle: &Value) -> Option<Reason> {
        reason(&self.judge(bundle))
    }

    /// The evidence of a bundle that is verified, whether the artifact comes as bytes, stream or digest.
    pub(crate) fn accept(&self, bundle: &Value) -> Evidence {
        let material = Material::from_bundle(bundle.to_string().as_bytes()).unwrap();
        self.accept_material(&material)
    }

    pub(crate) fn accept_material(&self, material: &Material) -> Evidence {
        let needs = material.needs(&self.requirements);
        let stream = Artifact::from_reader(ARTIFACT, &needs).unwrap();
        let streamed = accepted(&self.verify_artifact(material, &stream));
        let whole = accepted(&self.verify(material));
        assert_eq!(
            format!("{:?}", streamed.checks),
            format!("{:?}", whole.checks)
        );
        accepted(&self.verify_artifact(material, &Artifact::from_digest(Digest::sha256(ARTIFACT))));
        whole
    }
}

/// Why something is not verified; `None` when it is. The outcome must be the reason's.
pub(crate) fn reason(judged: &Result<Verdict, Failure>) -> Option<Reason> {
    match judged {
        Err(failure) => {
            assert_ne!(failure.outcome(), Outcome::Verified);
            Some(failure.reason)
        }
        Ok(verdict) => {
            let reason = verdict.failure().map(|failure| failure.reason);
            let outcome = reason.map_or(Outcome::Verified, Reason::outcome);
            assert_eq!(verdict.outcome(), outcome);
            assert_eq!(verdict.evidence().outcome, outcome);
            assert_eq!(verdict.evidence().reason, reason);
            reason
        }
    }
}

/// The evidence of a verdict that must be `verified`.
pub(crate) fn accepted(verdict: &Verdict) -> Evidence {
    assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
    assert!(verdict.failures().is_empty());
    verdict.evidence().clone()
}

pub(crate) fn trusted(root: &Value) -> TrustedRoot {
    TrustedRoot::from_json(root.to_string().as_bytes()).unwrap()
}

pub(crate) fn exact(subject: &str, issuer: &str) -> Identity {
    Identity::new(
        Pattern::exact(subject).unwrap(),
        Pattern::exact(issuer).unwrap(),
    )
}

pub(crate) fn default_signer() -> Requirements {
    Requirements::identity(Identities::one(exact(DEFAULT_IDENTITY, DEFAULT_ISSUER)))
}

pub(crate) fn any_content() -> Requirements {
    default_signer().content(Content::SignatureOrAttestation)
}

pub(crate) fn public_key(key: &Key) -> PublicKey {
    PublicKey::from_spki(key.spki()).unwrap()
}

/// A moment relative to the one at which everything is signed.
pub(crate) fn after(seconds: i64) -> Timestamp {
    DEFAULT_TIME + SignedDuration::from_secs(seconds)
}

pub(crate) fn time(moment: Timestamp) -> Time {
    moment.to_string().parse().unwrap()
}
