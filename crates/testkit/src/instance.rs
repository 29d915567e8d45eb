//! A whole Sigstore, and signing with it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::authority::{Authority, Leaf, LeafRequest};
use crate::ct::CtLog;
use crate::key::{Key, KeyKind, Scheme};
use crate::rekor::checkpoint::Witness;
use crate::rekor::{EntryKind, LogEntry, RekorV1, RekorV2};
use crate::sign::{self, Content, SignedContent, StatementVersion};
use crate::tsa::{TimestampAuthority, TokenOptions};
use crate::{DEFAULT_END, DEFAULT_START, DEFAULT_TIME};

/// A private Sigstore. Two instances share nothing.
pub struct Instance {
    /// The domain under which all services live.
    pub domain: String,
    /// When all services begin.
    pub start: Timestamp,
    /// The certificate authority.
    pub authority: Authority,
    /// The certificate transparency log.
    pub ct: CtLog,
    /// The Rekor v1 log.
    pub rekor: RekorV1,
    /// The Rekor v2 log.
    pub rekor_v2: RekorV2,
    /// The timestamp authority.
    pub tsa: TimestampAuthority,
}

/// What an [`Instance`] is made of.
#[derive(Clone)]
pub struct InstanceOptions {
    /// The domain under which all services live.
    pub domain: String,
    /// Start of the validity of all certificates of authorities.
    pub start: Timestamp,
    /// End of the validity of all certificates of authorities.
    pub end: Timestamp,
    /// The keys of the certificate authority: P-384 or P-256.
    pub authority_key: KeyKind,
    /// How many certificate authorities lie between root and leaf.
    pub intermediates: usize,
    /// The key of the certificate transparency log.
    pub ct_key: KeyKind,
    /// The key of the Rekor v2 log: Ed25519 or P-256.
    pub rekor_v2_key: KeyKind,
    /// How many witnesses cosign the checkpoints of the Rekor v2 log.
    pub witnesses: usize,
    /// The key of the timestamp authority's signer.
    pub tsa_key: Key,
}

/// How something is signed. The default: a default leaf, a Rekor v1 entry of the kind that fits the
/// content, no timestamp, all at [`DEFAULT_TIME`].
#[derive(Clone)]
pub struct Plan {
    /// Who signs.
    pub signer: Signer,
    /// The signature scheme; `None` is the key's default.
    pub scheme: Option<Scheme>,
    /// The log entries; `None` is one Rekor v1 entry of the kind that fits the content.
    pub entries: Option<Vec<EntryKind>>,
    /// The timestamps.
    pub timestamps: Vec<TokenOptions>,
    /// When the logs record, in whole seconds.
    pub time: Timestamp,
}

/// Who signs.
#[derive(Clone)]
pub enum Signer {
    /// A leaf that is issued for this signature.
    Request(Box<LeafRequest>),
    /// A leaf that exists.
    Leaf(Box<Leaf>),
    /// A bare key pair.
    Key(Key),
}

/// Something signed, recorded and timestamped.
#[derive(Clone)]
pub struct Signed {
    /// The content with its signature.
    pub signed: SignedContent,
    /// The log entries.
    pub entries: Vec<LogEntry>,
    /// DER of the timestamp responses.
    pub timestamps: Vec<Vec<u8>>,
}

impl Instance {
    /// An instance with the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::with(InstanceOptions::default())
    }

    /// An instance made to order.
    #[must_use]
    pub fn with(options: InstanceOptions) -> Self {
        let InstanceOptions {
            domain, start, end, ..
        } = options;
        let mut rekor_v2 = RekorV2::new(&format!("log2026-1.rekor.{domain}"), options.rekor_v2_key);
        rekor_v2.witnesses = (1..=options.witnesses)
            .map(|number| Witness::new(&format!("witness.example/w{number}")))
            .collect();
        Self {
            authority: Authority::new(
                &domain,
                options.authority_key,
                options.intermediates,
                start,
                end,
            ),
            ct: CtLog::new(options.ct_key),
            rekor: RekorV1::new(&format!("rekor.{domain}")),
            rekor_v2,
            tsa: TimestampAuthority::new(&domain, options.tsa_key, start, end),
            domain,
            start,
        }
    }

    /// A leaf as requested.
    #[must_use]
    pub fn issue(&self, request: &LeafRequest) -> Leaf {
        self.authority.issue(&self.ct, request)
    }

    /// Signs `content` as planned.
    #[must_use]
    pub fn sign(&self, content: Content, plan: &Plan) -> Signed {
        let signed = match &plan.signer {
            Signer::Request(request) => {
                SignedContent::by_leaf(content, &self.issue(request), plan.scheme)
            }
            Signer::Leaf(leaf) => SignedContent::by_leaf(content, leaf, plan.scheme),
            Signer::Key(key) => SignedContent::by_key(content, key, plan.scheme),
        };
        let kinds = plan.entries.clone().unwrap_or_else(|| {
            vec![match signed.content {
                Content::Message(_) => EntryKind::HashedRekordV001,
                Content::Dsse(_) => EntryKind::DsseV001,
            }]
        });
        let entries = kinds
            .into_iter()
            .map(|kind| self.record(kind, &signed, plan.time))
            .collect();
        let timestamps = plan
            .timestamps
            .iter()
            .map(|options| self.tsa.timestamp(&signed.signature, options))
            .collect();
        Signed {
            signed,
            entries,
            timestamps,
        }
    }

    /// Records what was signed in the log that makes entries of `kind`.
    #[must_use]
    pub fn record(&self, kind: EntryKind, signed: &SignedContent, time: Timestamp) -> LogEntry {
        if kind.is_v2() {
            self.rekor_v2.record(kind, signed)
        } else {
            self.rekor.record(kind, signed, time)
        }
    }

    /// Signs bytes by the default plan.
    #[must_use]
    pub fn sign_blob(&self, artifact: &[u8]) -> Signed {
        self.sign(Content::message(artifact), &Plan::default())
    }

    /// Attests to `artifact` under the name `artifact`, by the default plan: an in-toto v1 statement
    /// with SLSA provenance.
    #[must_use]
    pub fn attest_blob(&self, artifact: &[u8]) -> Signed {
        self.sign(provenance(artifact), &Plan::default())
    }

    /// Signs an image the way cosign 2 does: a simple-signing payload. `digest` is `sha256:…`.
    #[must_use]
    pub fn sign_image(
        &self,
        reference: &str,
        digest: &str,
        annotations: &[(&str, &str)],
    ) -> Signed {
        let payload = sign::simple_signing_payload(reference, digest, annotations);
        self.sign(
            Content::Message(payload.to_string().into_bytes()),
            &Plan::default(),
        )
    }

    /// Signs an image the way cosign 3 does: a statement in an envelope. `digest` is `sha256:…`.
    #[must_use]
    pub fn sign_image_bundle(&self, digest: &str, annotations: &[(&str, &str)]) -> Signed {
        let statement = sign::cosign_statement(digest, annotations);
        self.sign(Content::statement(&statement), &Plan::default())
    }
}

impl Default for Instance {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for InstanceOptions {
    fn default() -> Self {
        Self {
            domain: "sigstore.test".into(),
            start: DEFAULT_START,
            end: DEFAULT_END,
            authority_key: KeyKind::P384,
            intermediates: 1,
            ct_key: KeyKind::P256,
            rekor_v2_key: KeyKind::Ed25519,
            witnesses: 0,
            tsa_key: Key::generate(KeyKind::P384),
        }
    }
}

impl Plan {
    /// The default plan with this leaf request.
    #[must_use]
    pub fn keyless(request: LeafRequest) -> Self {
        Self {
            signer: Signer::Request(Box::new(request)),
            scheme: None,
            entries: None,
            timestamps: Vec::new(),
            time: DEFAULT_TIME,
        }
    }

    /// The default plan with a bare key pair instead of a leaf.
    #[must_use]
    pub fn key(key: Key) -> Self {
        Self {
            signer: Signer::Key(key),
            ..Self::default()
        }
    }

    /// A default leaf, one Rekor v2 entry (`hashedrekord` 0.0.2) and one timestamp.
    #[must_use]
    pub fn rekor_v2() -> Self {
        Self::default()
            .with_entries(&[EntryKind::HashedRekordV002])
            .with_timestamp(TokenOptions::default())
    }

    /// The same plan with these log entries and no others.
    #[must_use]
    pub fn with_entries(mut self, kinds: &[EntryKind]) -> Self {
        self.entries = Some(kinds.to_vec());
        self
    }

    /// The same plan with one timestamp more.
    #[must_use]
    pub fn with_timestamp(mut self, options: TokenOptions) -> Self {
        self.timestamps.push(options);
        self
    }

    /// The same plan with this signature scheme.
    #[must_use]
    pub fn with_scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// The same plan with everything that happens moved to `time`: log entries, timestamps, and the
    /// validity of a leaf still to be issued.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = time;
        for token in &mut self.timestamps {
            token.time = time;
        }
        if let Signer::Request(request) = self.signer {
            self.signer = Signer::Request(Box::new(request.at(time)));
        }
        self
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::keyless(LeafRequest::default())
    }
}

/// Content for a test that needs any attestation: SLSA provenance of `artifact`.
#[must_use]
fn provenance(artifact: &[u8]) -> Content {
    let predicate = json!({
        "buildDefinition": {
            "buildType": "https://example.com/build/v1",
            "externalParameters": {},
            "resolvedDependencies": Value::Array(Vec::new()),
        },
        "runDetails": {"builder": {"id": "https://example.com/builder"}},
    });
    Content::statement(&sign::statement(
        StatementVersion::V1,
        &[("artifact", artifact)],
        "https://slsa.dev/provenance/v1",
        predicate,
    ))
}
