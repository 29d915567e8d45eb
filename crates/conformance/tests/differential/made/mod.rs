//! Vectors that the test makes itself, with a private Sigstore whose keys it holds: every form that material takes,
//! every edge of every validity window, odd certificates, odd checkpoints.

mod checkpoints;
mod clocks;
mod forms;
mod leaves;
mod listed;
mod same_signer;
mod sites;
mod tokens;
mod windows;

use std::sync::Arc;

use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::sign::SignedContent;
use sealcheck_testkit::{
    BundleVersion, Content, EntryKind, Hash, Instance, InstanceOptions, Signed, encoding,
};
use serde_json::{Value, json};

use crate::judge::{Case, Signer, Subject, Trust};

/// What all of them sign.
pub(crate) const ARTIFACT: &[u8] = b"what was signed";

/// The keys behind a case, so that a change can be signed again by everybody.
pub(crate) struct Maker {
    pub(crate) instance: Arc<Instance>,
    pub(crate) signed: Signed,
    pub(crate) version: BundleVersion,
}

impl Maker {
    /// The bundle of something else that was signed with the same keys.
    pub(crate) fn bundle_of(&self, signed: &Signed) -> Value {
        signed.bundle_as(self.version)
    }
}

/// A private Sigstore, with what both sides are told of it.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) instance: Arc<Instance>,
    pub(crate) trust: Arc<Trust>,
}

impl Site {
    pub(crate) fn new(options: InstanceOptions) -> Self {
        let instance = Arc::new(Instance::with(options));
        let trust = Trust::new(&instance.trusted_root_bytes());
        Self { instance, trust }
    }

    pub(crate) fn case(&self, name: String, signed: &Signed, version: BundleVersion) -> Case {
        let signer = match &signed.signed.leaf {
            Some(_) => Signer::Identity {
                identity: DEFAULT_IDENTITY.into(),
                issuer: DEFAULT_ISSUER.into(),
            },
            None => Signer::Key {
                spki: signed.signed.key.spki().to_vec(),
            },
        };
        Case {
            name: format!("made::{name}"),
            bundle: signed.bundle_as(version).to_string().into_bytes(),
            subject: Subject::Bytes(ARTIFACT.into()),
            signer,
            trust: self.trust.clone(),
            maker: Some(Arc::new(Maker {
                instance: self.instance.clone(),
                signed: signed.clone(),
                version,
            })),
        }
    }
}

/// Everything, by group: bundles of one group lend each other values.
pub(crate) fn groups() -> Vec<Vec<Case>> {
    let site = Site::new(InstanceOptions::default());
    vec![
        same_signer::same_signer(&site),
        forms::forms(&site),
        forms::keys(&site),
        sites::sites(),
        leaves::leaves(&site),
        tokens::tokens(&site),
        checkpoints::checkpoints(&site),
        clocks::clocks(&site),
        windows::windows(&site),
        listed::listed(&site),
    ]
}

fn logs(content: &Content) -> Vec<(&'static str, Vec<EntryKind>)> {
    use EntryKind::*;
    match content {
        Content::Message(_) => vec![
            ("hashedrekord-0.0.1", vec![HashedRekordV001]),
            ("hashedrekord-0.0.2", vec![HashedRekordV002]),
            (
                "both-hashedrekords",
                vec![HashedRekordV001, HashedRekordV002],
            ),
            ("rekord-0.0.1", vec![RekordV001]),
        ],
        Content::Dsse(_) => vec![
            ("dsse-0.0.1", vec![DsseV001]),
            ("intoto-0.0.2", vec![IntotoV002]),
            ("envelope-hashedrekord-0.0.2", vec![HashedRekordV002]),
            ("dsse-0.0.1-and-intoto-0.0.2", vec![DsseV001, IntotoV002]),
            ("dsse-0.0.2", vec![DsseV002]),
            ("intoto-0.0.1", vec![IntotoV001]),
        ],
    }
}

/// An in-toto statement about `artifact`.
pub(crate) fn attestation(artifact: &[u8]) -> Content {
    let digest = encoding::hex(&Hash::Sha256.digest(artifact));
    Content::statement(&json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "artifact", "digest": {"sha256": digest}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {}, "runDetails": {}},
    }))
}

/// The same signer signs something else by the same scheme.
pub(crate) fn signed_again(signed: &SignedContent, content: Content) -> SignedContent {
    match &signed.leaf {
        Some(leaf) => SignedContent::by_leaf(content, leaf, Some(signed.scheme)),
        None => SignedContent::by_key(content, &signed.key, Some(signed.scheme)),
    }
}
