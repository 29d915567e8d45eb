//! Vectors that the test makes itself, with a private Sigstore whose keys it holds: every form that material takes,
//! every edge of every validity window, odd certificates, odd checkpoints.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sealcheck_testkit::authority::{DEFAULT_IDENTITY, DEFAULT_ISSUER};
use sealcheck_testkit::bundle::BUNDLE_VERSIONS;
use sealcheck_testkit::rekor::checkpoint;
use sealcheck_testkit::sign::SignedContent;
use sealcheck_testkit::trusted_root::Window;
use sealcheck_testkit::{
    BundleVersion, Content, DEFAULT_END, DEFAULT_START, DEFAULT_TIME, EntryKind, Hash, Instance,
    InstanceOptions, Key, KeyKind, LeafRequest, Plan, San, Scheme, SctMode, Signed, TOKEN_FLAWS,
    TokenOptions, TrustedRootOptions, encoding,
};
use sealcheck_verify::Digest;
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
struct Site {
    instance: Arc<Instance>,
    trust: Arc<Trust>,
}

impl Site {
    fn new(options: InstanceOptions) -> Self {
        let instance = Arc::new(Instance::with(options));
        let trust = Trust::new(&instance.trusted_root_bytes());
        Self { instance, trust }
    }

    fn case(&self, name: String, signed: &Signed, version: BundleVersion) -> Case {
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
        same_signer(&site),
        forms(&site),
        keys(&site),
        sites(),
        leaves(&site),
        tokens(&site),
        checkpoints(&site),
        clocks(&site),
        windows(&site),
    ]
}

/// Several things signed with one certificate, and with another one for the same key: the donors that are most
/// dangerous, since every signature in them is genuine.
fn same_signer(site: &Site) -> Vec<Case> {
    let request = LeafRequest::default();
    let leaf = site.instance.issue(&request);
    let renewed = site.instance.issue(&request);
    let later = DEFAULT_TIME + SignedDuration::from_secs(60);
    let mut cases = Vec::new();
    for (name, leaf, time) in [
        ("one", &leaf, DEFAULT_TIME),
        ("again", &leaf, later),
        ("renewed", &renewed, DEFAULT_TIME),
    ] {
        for content in [
            Content::message(ARTIFACT),
            attestation(ARTIFACT),
            Content::message(b"other"),
            attestation(b"other"),
        ] {
            for (log, kinds) in logs(&content) {
                let mut plan = Plan::default()
                    .with_entries(&kinds)
                    .with_timestamp(TokenOptions::default())
                    .at(time);
                plan.signer = sealcheck_testkit::Signer::Leaf(Box::new(leaf.clone()));
                let other =
                    if content == Content::message(b"other") || content == attestation(b"other") {
                        "other"
                    } else {
                        "this"
                    };
                let signed = site.instance.sign(content.clone(), &plan);
                cases.push(site.case(
                    format!("same-signer::{name}::{other}::{log}"),
                    &signed,
                    BundleVersion::V03,
                ));
            }
        }
    }
    cases
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

/// Every version of bundle with every kind of log entry, with and without timestamp, by certificate and by key.
fn forms(site: &Site) -> Vec<Case> {
    let mut cases = Vec::new();
    for version in BUNDLE_VERSIONS {
        for content in [Content::message(ARTIFACT), attestation(ARTIFACT)] {
            for (log, kinds) in logs(&content) {
                for stamped in [false, true] {
                    for bare in [false, true] {
                        let mut plan = match bare {
                            true => Plan::key(Key::shared(KeyKind::P256)),
                            false => Plan::default(),
                        }
                        .with_entries(&kinds);
                        if stamped {
                            plan = plan.with_timestamp(TokenOptions::default());
                        }
                        let signed = site.instance.sign(content.clone(), &plan);
                        let name = format!(
                            "{version:?}::{log}::{}::{}",
                            if bare { "key" } else { "certificate" },
                            if stamped { "timestamp" } else { "no-timestamp" },
                        );
                        let case = site.case(name, &signed, version);
                        let by_digest = Case {
                            name: format!("{}::digest", case.name),
                            subject: Subject::Digest(Digest::sha256(ARTIFACT)),
                            ..case.clone()
                        };
                        cases.push(case);
                        cases.push(by_digest);
                    }
                }
            }
        }
    }
    let signed = site.instance.sign_blob(ARTIFACT);
    let chain = signed.bundle_with_chain().to_string().into_bytes();
    let both = [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002];
    let plan = Plan::default()
        .with_entries(&both)
        .with_timestamp(TokenOptions::default());
    let two = site.instance.sign(Content::message(ARTIFACT), &plan);
    let case = site.case("V03::one-proof-of-two".into(), &two, BundleVersion::V03);
    let mut bundle = two.bundle();
    bundle["verificationMaterial"]["tlogEntries"][0]
        .as_object_mut()
        .unwrap()
        .remove("inclusionProof");
    cases.push(case.with_bundle(bundle.to_string().into_bytes()));
    let case = site.case("V02::with-chain".into(), &signed, BundleVersion::V02);
    cases.push(case.with_bundle(chain));
    cases
}

/// Every kind of key and every scheme, by certificate and by key, for messages and envelopes.
fn keys(site: &Site) -> Vec<Case> {
    use Hash::*;
    let schemes = [
        (KeyKind::P256, Scheme::Ecdsa(Sha256)),
        (KeyKind::P384, Scheme::Ecdsa(Sha384)),
        (KeyKind::P521, Scheme::Ecdsa(Sha512)),
        (KeyKind::P521, Scheme::Ecdsa(Sha256)),
        (KeyKind::Ed25519, Scheme::Ed25519),
        (KeyKind::Ed25519, Scheme::Ed25519ph),
        (KeyKind::Rsa2048, Scheme::RsaPkcs1(Sha256)),
        (KeyKind::Rsa2048, Scheme::RsaPkcs1(Sha512)),
        (KeyKind::Rsa2048, Scheme::RsaPss(Sha256)),
        (KeyKind::Rsa3072, Scheme::RsaPkcs1(Sha256)),
        (KeyKind::Rsa4096, Scheme::RsaPkcs1(Sha256)),
        (KeyKind::Rsa4096, Scheme::RsaPss(Sha384)),
    ];
    let mut cases = Vec::new();
    for (kind, scheme) in schemes {
        for content in [Content::message(ARTIFACT), attestation(ARTIFACT)] {
            for (log, kinds) in logs(&content) {
                for bare in [false, true] {
                    let key = Key::shared(kind);
                    let plan = match bare {
                        true => Plan::key(key),
                        false => Plan::keyless(LeafRequest::default().with_key(key)),
                    }
                    .with_scheme(scheme)
                    .with_entries(&kinds)
                    .with_timestamp(TokenOptions::default());
                    let signed = site.instance.sign(content.clone(), &plan);
                    let by = if bare { "key" } else { "certificate" };
                    let name = format!("{kind:?}-{scheme:?}::{log}::{by}");
                    cases.push(site.case(name, &signed, BundleVersion::V03));
                }
            }
        }
    }
    cases
}

/// Private Sigstores of other shapes.
fn sites() -> Vec<Case> {
    let options = InstanceOptions::default;
    let shapes = [
        (
            "p256-authority",
            InstanceOptions {
                authority_key: KeyKind::P256,
                ..options()
            },
        ),
        (
            "no-intermediate",
            InstanceOptions {
                intermediates: 0,
                ..options()
            },
        ),
        (
            "two-intermediates",
            InstanceOptions {
                intermediates: 2,
                ..options()
            },
        ),
        (
            "witnesses",
            InstanceOptions {
                witnesses: 2,
                ..options()
            },
        ),
        (
            "p256-rekor-v2",
            InstanceOptions {
                rekor_v2_key: KeyKind::P256,
                witnesses: 1,
                ..options()
            },
        ),
        (
            "p384-ct",
            InstanceOptions {
                ct_key: KeyKind::P384,
                ..options()
            },
        ),
        (
            "rsa-ct",
            InstanceOptions {
                ct_key: KeyKind::Rsa2048,
                ..options()
            },
        ),
        (
            "p256-tsa",
            InstanceOptions {
                tsa_key: Key::shared(KeyKind::P256),
                ..options()
            },
        ),
        (
            "p521-tsa",
            InstanceOptions {
                tsa_key: Key::shared(KeyKind::P521),
                ..options()
            },
        ),
        (
            "rsa-tsa",
            InstanceOptions {
                tsa_key: Key::shared(KeyKind::Rsa4096),
                ..options()
            },
        ),
    ];
    let mut cases = Vec::new();
    for (name, options) in shapes {
        let site = Site::new(options);
        for embed_certificates in [false, true] {
            let token = TokenOptions {
                embed_certificates,
                ..TokenOptions::default()
            };
            for entry in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
                let plan = Plan::default()
                    .with_entries(&[entry])
                    .with_timestamp(token.clone());
                let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
                let token = if embed_certificates {
                    "embedded"
                } else {
                    "bare"
                };
                let name = format!("{name}::{}::{token}", entry.version());
                cases.push(site.case(name, &signed, BundleVersion::V03));
            }
        }
    }
    cases
}

/// Certificates that say odd things, all issued and logged by the authorities that are trusted.
fn leaves(site: &Site) -> Vec<Case> {
    let good = LeafRequest::default;
    let email = |text: &str| San::Email(text.into());
    let issuers = |pairs: &[(u32, &str)]| LeafRequest {
        claims: pairs
            .iter()
            .map(|(arc, text)| (*arc, (*text).into()))
            .collect(),
        ..good()
    };
    let sans = |sans: Vec<San>| LeafRequest { sans, ..good() };
    let extension = |oid: &str, critical, der: &[u8]| LeafRequest {
        extensions: vec![(oid.into(), critical, der.to_vec())],
        ..good()
    };
    let issuer_v1 = "1.3.6.1.4.1.57264.1.1";
    let other = "https://issuer.example";
    let requests = vec![
        (
            "issuers-differ-v1-right",
            issuers(&[(1, DEFAULT_ISSUER), (8, other)]),
        ),
        (
            "issuers-differ-v2-right",
            issuers(&[(1, other), (8, DEFAULT_ISSUER)]),
        ),
        ("issuer-v1-only", issuers(&[(1, DEFAULT_ISSUER)])),
        ("issuer-v2-only", issuers(&[(8, DEFAULT_ISSUER)])),
        ("issuer-none", issuers(&[])),
        ("issuer-empty", issuers(&[(1, ""), (8, "")])),
        (
            "issuer-longer",
            issuers(&[
                (1, &format!("{DEFAULT_ISSUER}/")),
                (8, &format!("{DEFAULT_ISSUER}/")),
            ]),
        ),
        (
            "issuer-twice",
            extension(issuer_v1, false, DEFAULT_ISSUER.as_bytes()),
        ),
        (
            "issuer-twice-other",
            extension(issuer_v1, false, other.as_bytes()),
        ),
        ("sans-none", sans(Vec::new())),
        (
            "sans-two-first",
            sans(vec![email(DEFAULT_IDENTITY), email("x@example.com")]),
        ),
        (
            "sans-two-second",
            sans(vec![email("x@example.com"), email(DEFAULT_IDENTITY)]),
        ),
        (
            "sans-same-twice",
            sans(vec![email(DEFAULT_IDENTITY), email(DEFAULT_IDENTITY)]),
        ),
        ("san-as-uri", sans(vec![San::Uri(DEFAULT_IDENTITY.into())])),
        ("san-as-dns", sans(vec![San::Dns(DEFAULT_IDENTITY.into())])),
        (
            "san-as-other",
            sans(vec![San::Other(DEFAULT_IDENTITY.into())]),
        ),
        (
            "san-and-other",
            sans(vec![
                email("x@example.com"),
                San::Other(DEFAULT_IDENTITY.into()),
            ]),
        ),
        (
            "san-contains",
            sans(vec![email(&format!("x{DEFAULT_IDENTITY}"))]),
        ),
        (
            "san-case",
            sans(vec![email(&DEFAULT_IDENTITY.to_uppercase())]),
        ),
        (
            "san-nul",
            sans(vec![email(&format!("{DEFAULT_IDENTITY}\0"))]),
        ),
        (
            "sct-none",
            LeafRequest {
                sct: SctMode::None,
                ..good()
            },
        ),
        (
            "sct-two",
            LeafRequest {
                sct: SctMode::EmbeddedTimes(2),
                ..good()
            },
        ),
        (
            "sct-unknown",
            LeafRequest {
                sct: SctMode::UnknownLog,
                ..good()
            },
        ),
        (
            "sct-other",
            LeafRequest {
                sct: SctMode::OtherCertificate,
                ..good()
            },
        ),
        (
            "sct-extensions",
            LeafRequest {
                sct: SctMode::EmbeddedWithExtensions(vec![1, 2]),
                ..good()
            },
        ),
        (
            "sct-detached",
            LeafRequest {
                sct: SctMode::Detached,
                ..good()
            },
        ),
        (
            "eku-none",
            LeafRequest {
                extended_key_usages: Vec::new(),
                ..good()
            },
        ),
        (
            "eku-server",
            LeafRequest {
                extended_key_usages: vec!["1.3.6.1.5.5.7.3.1".into()],
                ..good()
            },
        ),
        (
            "eku-any",
            LeafRequest {
                extended_key_usages: vec!["2.5.29.37.0".into()],
                ..good()
            },
        ),
        (
            "eku-two",
            LeafRequest {
                extended_key_usages: vec!["1.3.6.1.5.5.7.3.1".into(), "1.3.6.1.5.5.7.3.3".into()],
                ..good()
            },
        ),
        ("ca", LeafRequest { ca: true, ..good() }),
        ("unknown-extension", extension("1.2.3.4", false, &[5, 0])),
        (
            "unknown-critical-extension",
            extension("1.2.3.4", true, &[5, 0]),
        ),
        ("name-constraints", extension("2.5.29.30", true, &[0x30, 0])),
        (
            "key-usage-twice",
            extension("2.5.29.15", true, &[3, 2, 7, 0x80]),
        ),
        (
            "poison",
            extension("1.3.6.1.4.1.11129.2.4.3", true, &[5, 0]),
        ),
        ("rsa", good().with_key(Key::shared(KeyKind::Rsa2048))),
        (
            "github",
            LeafRequest {
                sans: good().sans,
                ..LeafRequest::github_workflow()
            },
        ),
        (
            "window-reversed",
            LeafRequest {
                not_before: good().not_after,
                not_after: good().not_before,
                ..good()
            },
        ),
        (
            "window-long",
            LeafRequest {
                not_after: DEFAULT_END + SignedDuration::from_hours(24),
                ..good()
            },
        ),
    ];
    requests
        .into_iter()
        .map(|(name, request)| {
            let plan = Plan::keyless(request);
            let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
            site.case(format!("leaf::{name}"), &signed, BundleVersion::V03)
        })
        .collect()
}

/// Timestamps with one thing wrong, and several at once.
fn tokens(site: &Site) -> Vec<Case> {
    let sound = TokenOptions::default;
    let mut options: Vec<(String, Vec<TokenOptions>)> = TOKEN_FLAWS
        .into_iter()
        .map(|flaw| {
            let token = TokenOptions {
                flaw: Some(flaw),
                ..sound()
            };
            (format!("{flaw:?}"), vec![token])
        })
        .collect();
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let token = TokenOptions {
            imprint: hash,
            nonce: Some(7),
            ..sound()
        };
        options.push((format!("imprint-{hash:?}"), vec![token]));
    }
    options.push(("two".into(), vec![sound(), sound()]));
    for flaw in TOKEN_FLAWS {
        let token = TokenOptions {
            flaw: Some(flaw),
            ..sound()
        };
        options.push((format!("sound-then-{flaw:?}"), vec![sound(), token]));
    }
    let mut cases = Vec::new();
    for (name, tokens) in options {
        for entry in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
            let mut plan = Plan::default().with_entries(&[entry]);
            plan.timestamps.clone_from(&tokens);
            let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
            let name = format!("token::{name}::{}", entry.version());
            cases.push(site.case(name, &signed, BundleVersion::V03));
        }
    }
    let foreign = Instance::new();
    for name in ["foreign", "sound-and-foreign"] {
        let mut plan = Plan::rekor_v2();
        if name == "foreign" {
            plan.timestamps.clear();
        }
        let mut signed = site.instance.sign(Content::message(ARTIFACT), &plan);
        let token = foreign.tsa.timestamp(&signed.signed.signature, &sound());
        signed.timestamps.push(token);
        cases.push(site.case(format!("token::{name}"), &signed, BundleVersion::V03));
    }
    cases
}

/// Checkpoints that the log signed, in forms that it never publishes, and lines around its signature.
fn checkpoints(site: &Site) -> Vec<Case> {
    let mut cases = Vec::new();
    for v2 in [false, true] {
        let kind = if v2 {
            EntryKind::HashedRekordV002
        } else {
            EntryKind::HashedRekordV001
        };
        let plan = Plan::default()
            .with_entries(&[kind])
            .with_timestamp(TokenOptions::default());
        let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
        let (log, other) = (&site.instance.rekor, &site.instance.rekor_v2);
        let (name, origin, key, id) = match v2 {
            false => (log.host.clone(), log.origin(), &log.key, log.log_id()),
            true => (
                other.host.clone(),
                other.host.clone(),
                &other.key,
                other.log_id(),
            ),
        };
        let (other_name, other_key, other_id) = match v2 {
            true => (log.host.clone(), &log.key, log.log_id()),
            false => (other.host.clone(), &other.key, other.log_id()),
        };
        let (size, root) = (
            signed.entries[0].proof.size,
            signed.entries[0].proof.root.clone(),
        );
        let sign = |name: &str, body: &str| checkpoint::sign(name, key, &id, body);
        let body = checkpoint::body(&origin, size, &root, &[]);
        let whole = |body: &str| checkpoint::note(body, &[sign(&name, body)]);
        let stranger = Key::generate(KeyKind::P256);
        let by_stranger = checkpoint::sign(&name, &stranger, &stranger.fingerprint(), &body);
        let forged = checkpoint::sign(&name, &stranger, &id, &body);
        let by_other = checkpoint::sign(&other_name, other_key, &other_id, &body);
        let by_other_named = checkpoint::sign(&name, other_key, &other_id, &body);
        let good = sign(&name, &body);
        let notes = [
            (
                "sound",
                checkpoint::note(&body, std::slice::from_ref(&good)),
            ),
            (
                "further-line",
                whole(&checkpoint::body(
                    &origin,
                    size,
                    &root,
                    &["Timestamp: 1".into()],
                )),
            ),
            (
                "empty-further-line",
                whole(&checkpoint::body(&origin, size, &root, &[String::new()])),
            ),
            (
                "origin-other-log",
                whole(&checkpoint::body(&other_name, size, &root, &[])),
            ),
            (
                "origin-stranger",
                whole(&checkpoint::body("log.example", size, &root, &[])),
            ),
            (
                "origin-empty",
                whole(&checkpoint::body("", size, &root, &[])),
            ),
            (
                "signer-name-stranger",
                checkpoint::note(&body, &[sign("log.example", &body)]),
            ),
            (
                "signer-name-other-log",
                checkpoint::note(&body, &[sign(&other_name, &body)]),
            ),
            (
                "size-plus",
                whole(
                    &checkpoint::body(&origin, size, &root, &[])
                        .replace(&format!("\n{size}\n"), &format!("\n+{size}\n")),
                ),
            ),
            (
                "size-zero-led",
                whole(
                    &checkpoint::body(&origin, size, &root, &[])
                        .replace(&format!("\n{size}\n"), &format!("\n0{size}\n")),
                ),
            ),
            (
                "size-spaced",
                whole(
                    &checkpoint::body(&origin, size, &root, &[])
                        .replace(&format!("\n{size}\n"), &format!("\n{size} \n")),
                ),
            ),
            (
                "size-more",
                whole(&checkpoint::body(&origin, size + 1, &root, &[])),
            ),
            (
                "root-unpadded",
                whole(&checkpoint::body(&origin, size, &root, &[]).replace('=', "")),
            ),
            (
                "root-other",
                whole(&checkpoint::body(&origin, size, &[7; 32], &[])),
            ),
            (
                "root-short",
                whole(&checkpoint::body(&origin, size, &root[..31], &[])),
            ),
            ("carriage-returns", whole(&body.replace('\n', "\r\n"))),
            (
                "carriage-returns-after",
                checkpoint::note(&body, std::slice::from_ref(&good)).replace('\n', "\r\n"),
            ),
            (
                "no-last-newline",
                checkpoint::note(&body, std::slice::from_ref(&good))
                    .trim_end()
                    .to_owned(),
            ),
            (
                "blank-line-after",
                checkpoint::note(&body, &[good.clone(), "\n".into()]),
            ),
            (
                "text-after",
                checkpoint::note(&body, &[good.clone(), "text\n".into()]),
            ),
            (
                "stranger-first",
                checkpoint::note(&body, &[by_stranger.clone(), good.clone()]),
            ),
            (
                "stranger-last",
                checkpoint::note(&body, &[good.clone(), by_stranger.clone()]),
            ),
            ("stranger-only", checkpoint::note(&body, &[by_stranger])),
            (
                "forged-first",
                checkpoint::note(&body, &[forged.clone(), good.clone()]),
            ),
            (
                "forged-last",
                checkpoint::note(&body, &[good.clone(), forged.clone()]),
            ),
            ("forged-only", checkpoint::note(&body, &[forged])),
            (
                "other-log-only",
                checkpoint::note(&body, std::slice::from_ref(&by_other)),
            ),
            (
                "other-log-first",
                checkpoint::note(&body, &[by_other, good.clone()]),
            ),
            (
                "other-log-in-this-name",
                checkpoint::note(&body, &[by_other_named]),
            ),
            (
                "twice",
                checkpoint::note(&body, &[good.clone(), good.clone()]),
            ),
            (
                "hyphen",
                checkpoint::note(&body, &[good.replace('\u{2014}', "-")]),
            ),
            (
                "two-spaces",
                checkpoint::note(&body, &[good.replacen(' ', "  ", 1)]),
            ),
            ("none", checkpoint::note(&body, &[])),
            ("two-blank-lines", format!("{body}\n\n{good}")),
        ];
        for (what, note) in notes {
            let mut changed = signed.clone();
            changed.entries[0].proof.checkpoint = note;
            let name = format!("checkpoint::{}::{what}", kind.version());
            cases.push(site.case(name, &changed, BundleVersion::V03));
        }
    }
    cases
}

/// Log entries and timestamps at both edges of the certificate's validity and a second beyond.
fn clocks(site: &Site) -> Vec<Case> {
    let leaf = LeafRequest::default();
    let second = SignedDuration::from_secs(1);
    let times = [
        ("inside", DEFAULT_TIME),
        ("before", leaf.not_before - second),
        ("first", leaf.not_before),
        ("last", leaf.not_after),
        ("after", leaf.not_after + second),
        ("future", "2090-01-01T00:00:00Z".parse().unwrap()),
        ("epoch", Timestamp::UNIX_EPOCH),
    ];
    let mut cases = Vec::new();
    for (logged, log_time) in times {
        for (stamped, token_time) in times {
            for v2 in [false, true] {
                let kind = if v2 {
                    EntryKind::HashedRekordV002
                } else {
                    EntryKind::HashedRekordV001
                };
                let token = TokenOptions {
                    time: token_time,
                    ..TokenOptions::default()
                };
                let mut plan = Plan::keyless(leaf.clone())
                    .with_entries(&[kind])
                    .with_timestamp(token);
                plan.time = log_time;
                let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
                let name = format!("clock::{}::log-{logged}::token-{stamped}", kind.version());
                cases.push(site.case(name, &signed, BundleVersion::V03));
            }
        }
        for key in [false, true] {
            let mut plan = match key {
                true => Plan::key(Key::shared(KeyKind::P256)),
                false => Plan::keyless(leaf.clone()),
            };
            plan.time = log_time;
            let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
            for version in [BundleVersion::V01, BundleVersion::V03] {
                let name = format!("clock::{version:?}::key-{key}::log-{logged}");
                cases.push(site.case(name, &signed, version));
            }
        }
    }
    cases
}

/// Trusted roots whose members begin or end around the time of signing, and authorities whose certificates do.
fn windows(site: &Site) -> Vec<Case> {
    let t = DEFAULT_TIME;
    let second = SignedDuration::from_secs(1);
    // A certificate's SCT is as old as the certificate.
    let issued = LeafRequest::default().not_before;
    let edges = [
        ("starts-now", Window::since(t)),
        ("starts-late", Window::since(t + second)),
        ("ends-now", Window::between(DEFAULT_START, t)),
        ("ended", Window::between(DEFAULT_START, t - second)),
        ("starts-with-certificate", Window::since(issued)),
        ("starts-after-certificate", Window::since(issued + second)),
        (
            "ends-with-certificate",
            Window::between(DEFAULT_START, issued),
        ),
        (
            "ended-before-certificate",
            Window::between(DEFAULT_START, issued - second),
        ),
        (
            "no-start",
            Window {
                start: None,
                end: None,
            },
        ),
        (
            "no-start-ended",
            Window {
                start: None,
                end: Some(t - second),
            },
        ),
        ("reversed", Window::between(t + second, t - second)),
    ];
    let mut cases = Vec::new();
    for kind in [EntryKind::HashedRekordV001, EntryKind::HashedRekordV002] {
        let plan = Plan::default()
            .with_entries(&[kind])
            .with_timestamp(TokenOptions::default());
        let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
        let mut add = |name: String, root: Value| {
            let name = format!("window::{}::{name}", kind.version());
            let case = site.case(name, &signed, BundleVersion::V03);
            let trust = Trust::new(root.to_string().as_bytes());
            cases.push(Case { trust, ..case });
        };
        for (edge, window) in edges {
            let all = TrustedRootOptions::default;
            for (member, options) in [
                (
                    "authority",
                    TrustedRootOptions {
                        authority: window,
                        ..all()
                    },
                ),
                (
                    "ct",
                    TrustedRootOptions {
                        ct: window,
                        ..all()
                    },
                ),
                (
                    "rekor",
                    TrustedRootOptions {
                        rekor: window,
                        ..all()
                    },
                ),
                (
                    "rekor-v2",
                    TrustedRootOptions {
                        rekor_v2: window,
                        ..all()
                    },
                ),
                (
                    "tsa",
                    TrustedRootOptions {
                        tsa: window,
                        ..all()
                    },
                ),
            ] {
                add(
                    format!("{member}-{edge}"),
                    site.instance.trusted_root_with(&options),
                );
            }
        }
        for (without, options) in [
            (
                "ct",
                TrustedRootOptions {
                    with_ct: false,
                    ..TrustedRootOptions::default()
                },
            ),
            (
                "rekor",
                TrustedRootOptions {
                    with_rekor: false,
                    ..TrustedRootOptions::default()
                },
            ),
            (
                "authority",
                TrustedRootOptions {
                    with_authority: false,
                    ..TrustedRootOptions::default()
                },
            ),
            (
                "tsa",
                TrustedRootOptions {
                    with_tsa: false,
                    ..TrustedRootOptions::default()
                },
            ),
        ] {
            add(
                format!("without-{without}"),
                site.instance.trusted_root_with(&options),
            );
        }
        for (list, keep) in [
            ("certificateAuthorities", 0..1),
            ("certificateAuthorities", 1..2),
            ("timestampAuthorities", 0..1),
            ("timestampAuthorities", 1..2),
        ] {
            let mut root = site.instance.trusted_root_json();
            let chain = root[list][0]["certChain"]["certificates"].take();
            let kept = chain.as_array().unwrap()[keep.clone()].to_vec();
            root[list][0]["certChain"]["certificates"] = json!(kept);
            add(format!("{list}-only-certificate-{}", keep.start), root);
        }
    }
    // The signer's certificate stands in the token alone.
    let token = TokenOptions {
        embed_certificates: true,
        ..TokenOptions::default()
    };
    let plan = Plan::default()
        .with_entries(&[EntryKind::HashedRekordV002])
        .with_timestamp(token);
    let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
    let mut root = site.instance.trusted_root_json();
    let chain = root["timestampAuthorities"][0]["certChain"]["certificates"].take();
    root["timestampAuthorities"][0]["certChain"]["certificates"] = json!([chain[1]]);
    let name = "window::signer-below-root".to_owned();
    cases.push(Case {
        trust: Trust::new(root.to_string().as_bytes()),
        ..site.case(name, &signed, BundleVersion::V03)
    });
    for (edge, start, end) in [
        ("starts-now", t, DEFAULT_END),
        ("starts-late", t + second, DEFAULT_END),
        ("ends-now", DEFAULT_START, t),
        ("ended", DEFAULT_START, t - second),
    ] {
        let site = Site::new(InstanceOptions {
            start,
            end,
            ..InstanceOptions::default()
        });
        for stamped in [false, true] {
            let mut plan = Plan::default();
            if stamped {
                plan = Plan::rekor_v2();
            }
            let signed = site.instance.sign(Content::message(ARTIFACT), &plan);
            let name = format!("window::certificates-{edge}::stamped-{stamped}");
            cases.push(site.case(name, &signed, BundleVersion::V03));
        }
    }
    cases
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
