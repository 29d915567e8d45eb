//! The material that is verified: one of each kind that Sigstore publishes.

use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::{
    BundleVersion, Content, EntryKind, Instance, LeafRequest, Plan, San, Signed,
};
use sealcheck_verify::{
    Artifact, Identities, Identity, Material, Outcome, Pattern, Requirements, Time, TrustedRoot,
    verify,
};

use crate::floor::Floor;

/// A bundle with all that is needed to verify it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) bundle: String,
    pub(crate) trusted_root: String,
    pub(crate) floor: Floor,
    /// The ratio to the floor that must not be crossed.
    pub(crate) bar: Option<f64>,
    root: TrustedRoot,
    requirements: Requirements,
}

impl Case {
    fn new(
        name: &'static str,
        sigstore: &Instance,
        signed: &Signed,
        version: BundleVersion,
        bar: Option<f64>,
    ) -> Self {
        let trusted_root = sigstore.trusted_root_json().to_string();
        let case = Self {
            name,
            bundle: signed.bundle_as(version).to_string(),
            root: TrustedRoot::from_json(trusted_root.as_bytes()).unwrap(),
            trusted_root,
            floor: Floor::of(sigstore, signed, version),
            bar,
            requirements: requirements(),
        };
        // What is prepared at the first use is prepared now.
        case.verify();
        case
    }

    pub(crate) fn root(&self) -> TrustedRoot {
        TrustedRoot::from_json(self.trusted_root.as_bytes()).unwrap()
    }

    /// Parses and verifies.
    pub(crate) fn verify(&self) {
        self.verify_with(&self.root);
    }

    pub(crate) fn verify_with(&self, root: &TrustedRoot) {
        let material = Material::from_bundle(self.bundle.as_bytes()).unwrap();
        let artifact = Artifact::from_bytes(ARTIFACT);
        let verdict = verify(&material, &artifact, root, &self.requirements, now());
        assert_eq!(verdict.outcome(), Outcome::Verified, "{verdict}");
    }
}

/// All cases, signed anew.
pub(crate) fn all() -> Vec<Case> {
    let sigstore = Instance::new();
    let message = sigstore.sign_blob(ARTIFACT);
    let workflow = LeafRequest {
        sans: vec![San::Email(DEFAULT_IDENTITY.into())],
        ..LeafRequest::github_workflow()
    };
    let workflow = LeafRequest {
        claims: [
            workflow.claims,
            [(1, DEFAULT_ISSUER.into()), (8, DEFAULT_ISSUER.into())].into(),
        ]
        .into_iter()
        .flatten()
        .collect(),
        ..workflow
    };
    let workflow = sigstore.sign(Content::message(ARTIFACT), &Plan::keyless(workflow));
    let attestation = sigstore.attest_blob(ARTIFACT).signed.content;
    let intoto = Plan::default().with_entries(&[EntryKind::IntotoV002]);
    let intoto = sigstore.sign(attestation, &intoto);
    let version_2 = sigstore.sign(Content::message(ARTIFACT), &Plan::rekor_v2());
    use BundleVersion::{V01, V03};
    vec![
        Case::new("rekor-v1", &sigstore, &message, V03, Some(REKOR_V1_BAR)),
        Case::new("all-claims", &sigstore, &workflow, V03, Some(REKOR_V1_BAR)),
        Case::new("intoto", &sigstore, &intoto, V03, Some(REKOR_V1_BAR)),
        Case::new("promise-only", &sigstore, &message, V01, Some(REKOR_V1_BAR)),
        Case::new("rekor-v2", &sigstore, &version_2, V03, None),
    ]
}

pub(crate) fn requirements() -> Requirements {
    let signer = Identity::new(
        Pattern::exact(DEFAULT_IDENTITY).unwrap(),
        Pattern::exact(DEFAULT_ISSUER).unwrap(),
    );
    Requirements::identity(Identities::one(signer))
        .content(sealcheck_verify::Content::SignatureOrAttestation)
}

/// After everything that the kit dates.
pub(crate) fn now() -> Time {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// Small, so that what is measured is the verification.
pub(crate) const ARTIFACT: &[u8] = b"hello";

const REKOR_V1_BAR: f64 = 1.25;
