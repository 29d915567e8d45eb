//! What is broken in a proof, or in what the verifier is told.

use data_encoding::BASE64;
use sealcheck_testbed::Testbed;
use sealcheck_testkit::Instance;
use serde_json::{Value, json};

use crate::case::{Case, Kind, Signer};
use crate::proof::Proof;
use crate::sign::Who;

/// One thing to break.
pub(crate) struct Damage {
    pub name: &'static str,
    /// The table that shows it.
    pub area: Area,
    act: Act,
}

/// What a damage is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    Told,
    Trust,
    Signed,
    Entry,
    Inclusion,
    Time,
}

/// The proof, and the sources of genuine parts in the wrong place.
pub(crate) struct Proofs {
    pub proof: Proof,
    /// Another artifact, signed the same way by the same signer.
    pub sibling: Proof,
    /// The same artifact, signed the same way by another signer.
    pub other: Proof,
}

enum Act {
    Nothing,
    Artifact,
    Identity,
    Issuer,
    Key,
    PredicateType,
    /// Nothing is broken, and the verifier has to find out what the key signs.
    DigestUnnamed,
    ForeignAuthority,
    ForeignLog,
    ForeignCtLog,
    ForeignTimestampAuthority,
    OtherInstance,
    /// Another bit in base64 at one of these places.
    Flip(&'static [&'static str]),
    /// So much more.
    Add(i64, &'static [&'static str]),
    Remove(&'static [&'static str]),
    /// The first of a list twice.
    Double(&'static [&'static str]),
    /// The other signer's list behind this one.
    Join(&'static [&'static str]),
    /// The sibling's genuine part.
    Sibling(&'static [&'static str]),
    /// The other signer's genuine part.
    Other(&'static [&'static str]),
}

impl Damage {
    pub(crate) fn is_none(&self) -> bool {
        matches!(self.act, Act::Nothing)
    }

    /// The damaged proof; `None` when there is nothing of the kind to break.
    pub(crate) fn apply(&self, testbed: &Testbed, proofs: &Proofs) -> Option<Proof> {
        let Proofs {
            proof,
            sibling,
            other,
        } = proofs;
        let mut damaged = proof.clone();
        let is_keyless = proof.key.is_none();
        let has_timestamp = proof.case.services.has_timestamp();
        let root = &mut damaged.root;
        let place = |places: &[&'static str]| {
            let there = |place: &&&str| proof.material.pointer(place).is_some();
            places.iter().find(there).copied()
        };
        let from = |source: &Proof, places: &[&'static str], damaged: &mut Proof| {
            let part =
                place(places).and_then(|place| Some((place, source.material.pointer(place)?)));
            part.is_some_and(|(place, part)| {
                let old =
                    std::mem::replace(damaged.material.pointer_mut(place).unwrap(), part.clone());
                old != *part
            })
        };
        let done = match &self.act {
            Act::Nothing => true,
            Act::Artifact => {
                damaged.artifact.push(b'!');
                true
            }
            Act::Identity => {
                damaged.identity = "mallory@example.com".into();
                is_keyless
            }
            Act::Issuer => {
                damaged.issuer = "https://accounts.google.com".into();
                is_keyless
            }
            Act::Key => damaged.key.as_mut().is_some_and(|key| {
                *key = Who::Bob
                    .key(testbed, key_kind(&proof.case))
                    .with_extension("pub");
                true
            }),
            Act::PredicateType => damaged.predicate.as_mut().is_some_and(|kind| {
                *kind = "https://example.com/another/v1".to_owned();
                true
            }),
            Act::DigestUnnamed => damaged.digest.take().is_some(),
            Act::ForeignAuthority => {
                root["certificateAuthorities"][0]["certChain"]["certificates"] =
                    json!([proof.root["timestampAuthorities"][0]["certChain"]["certificates"][1]]);
                is_keyless
            }
            Act::ForeignLog => {
                // Under the CT log's key nothing of this is signed.
                for log in root["tlogs"].as_array_mut().unwrap() {
                    log["publicKey"] = proof.root["ctlogs"][0]["publicKey"].clone();
                    log["logId"] = proof.root["ctlogs"][0]["logId"].clone();
                }
                root["tlogs"].as_array_mut().unwrap().truncate(1);
                proof.has_log_entry()
            }
            Act::ForeignCtLog => {
                root["ctlogs"][0]["publicKey"] = proof.root["tlogs"][0]["publicKey"].clone();
                root["ctlogs"][0]["logId"] = proof.root["tlogs"][0]["logId"].clone();
                matches!(proof.case.signer, Signer::Keyless(_))
            }
            Act::ForeignTimestampAuthority => {
                root["timestampAuthorities"][0]["certChain"] =
                    proof.root["certificateAuthorities"][0]["certChain"].clone();
                has_timestamp
            }
            Act::OtherInstance => {
                damaged.root = Instance::new().trusted_root_json();
                is_keyless || proof.has_log_entry() || has_timestamp
            }
            Act::Flip(places) => place(places)
                .and_then(|place| damaged.material.pointer_mut(place))
                .is_some_and(flip),
            Act::Add(more, places) => place(places)
                .and_then(|place| damaged.material.pointer_mut(place))
                .is_some_and(|value| add(value, *more)),
            Act::Remove(places) => place(places).is_some_and(|place| {
                let (parent, name) = place.rsplit_once('/').unwrap();
                let parent = damaged.material.pointer_mut(parent).unwrap();
                parent.as_object_mut().unwrap().remove(name).is_some()
            }),
            Act::Double(places) => place(places)
                .and_then(|place| damaged.material.pointer_mut(place)?.as_array_mut())
                .is_some_and(|list| {
                    list.extend(list.first().cloned());
                    !list.is_empty()
                }),
            Act::Join(places) => place(places).is_some_and(|place| {
                let more = other.material.pointer(place).and_then(Value::as_array);
                let list = damaged.material.pointer_mut(place);
                let list = list.and_then(Value::as_array_mut);
                list.zip(more).is_some_and(|(list, more)| {
                    list.extend_from_slice(more);
                    !more.is_empty()
                })
            }),
            Act::Sibling(places) => from(sibling, places, &mut damaged),
            Act::Other(places) => from(other, places, &mut damaged),
        };
        done.then_some(damaged)
    }
}

fn key_kind(case: &Case) -> Kind {
    match case.signer {
        Signer::Key(kind) | Signer::Keyless(kind) => kind,
        Signer::OwnAuthority { .. } => Kind::P256,
    }
}

/// Another bit in the middle of what base64 says; of what the PEM inside says for certificates.
fn flip(value: &mut Value) -> bool {
    let Some(mut bytes) = value
        .as_str()
        .and_then(|text| BASE64.decode(text.trim().as_bytes()).ok())
    else {
        return flip_pem(value);
    };
    if bytes.starts_with(b"-----BEGIN") {
        let mut pem = Value::from(String::from_utf8(bytes).unwrap());
        let is_flipped = flip_pem(&mut pem);
        *value = BASE64.encode(pem.as_str().unwrap().as_bytes()).into();
        return is_flipped;
    }
    let middle = bytes.len() / 2;
    let Some(byte) = bytes.get_mut(middle) else {
        return false;
    };
    *byte ^= 1;
    *value = BASE64.encode(&bytes).into();
    true
}

fn flip_pem(value: &mut Value) -> bool {
    let Some(pem) = value.as_str().filter(|text| text.starts_with("-----BEGIN")) else {
        return false;
    };
    let block: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = Value::from(block);
    let is_flipped = flip(&mut der);
    *value = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        der.as_str().unwrap()
    )
    .into();
    is_flipped
}

fn add(value: &mut Value, more: i64) -> bool {
    let changed = match value {
        Value::String(text) => text
            .parse::<i64>()
            .ok()
            .map(|number| Value::from((number + more).to_string())),
        Value::Number(number) => number.as_i64().map(|number| Value::from(number + more)),
        _ => None,
    };
    changed.is_some_and(|changed| {
        *value = changed;
        true
    })
}

const fn damage(area: Area, name: &'static str, act: Act) -> Damage {
    Damage { name, area, act }
}

macro_rules! entry {
    ($($field:literal)?) => {
        concat!("/verificationMaterial/tlogEntries", $("/0/", $field)?)
    };
}

const SIGNATURE: &[&str] = &[
    "/messageSignature/signature",
    "/dsseEnvelope/signatures/0/sig",
    "/envelope/signatures/0/sig",
    "/base64Signature",
    "/signature",
];
/// An envelope has room for several.
const SIGNATURES: &[&str] = &["/dsseEnvelope/signatures", "/envelope/signatures"];
const CERTIFICATE: &[&str] = &[
    "/verificationMaterial/certificate/rawBytes",
    "/verificationMaterial/x509CertificateChain/certificates/0/rawBytes",
    "/cert",
    "/certificate",
];
const CHAIN: &[&str] = &["/verificationMaterial/x509CertificateChain/certificates/1/rawBytes"];
const PAYLOAD: &[&str] = &["/dsseEnvelope/payload", "/envelope/payload", "/payload"];
const ENTRY: &[&str] = &[entry!(), "/rekorBundle"];
const BODY: &[&str] = &[entry!("canonicalizedBody"), "/rekorBundle/Payload/body"];
const INDEX: &[&str] = &[entry!("logIndex"), "/rekorBundle/Payload/logIndex"];
const INTEGRATED: &[&str] = &[
    entry!("integratedTime"),
    "/rekorBundle/Payload/integratedTime",
];
const PROMISE: &[&str] = &[
    entry!("inclusionPromise/signedEntryTimestamp"),
    "/rekorBundle/SignedEntryTimestamp",
];
const PROOF: &[&str] = &[entry!("inclusionProof")];
const TIMESTAMP: &[&str] = &[
    "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
    "/timestamp/SignedRFC3161Timestamp",
];

pub(crate) const DAMAGE: &[Damage] = &[
    damage(Area::Told, "none", Act::Nothing),
    damage(Area::Told, "artifact", Act::Artifact),
    damage(Area::Told, "identity", Act::Identity),
    damage(Area::Told, "issuer", Act::Issuer),
    damage(Area::Told, "key", Act::Key),
    damage(Area::Told, "predicate-type", Act::PredicateType),
    damage(Area::Told, "digest-unnamed", Act::DigestUnnamed),
    damage(Area::Trust, "foreign-authority", Act::ForeignAuthority),
    damage(Area::Trust, "foreign-log", Act::ForeignLog),
    damage(Area::Trust, "foreign-ct-log", Act::ForeignCtLog),
    damage(
        Area::Trust,
        "foreign-timestamp-authority",
        Act::ForeignTimestampAuthority,
    ),
    damage(Area::Trust, "other-instance", Act::OtherInstance),
    damage(Area::Signed, "signature-flipped", Act::Flip(SIGNATURE)),
    damage(
        Area::Signed,
        "signature-of-sibling",
        Act::Sibling(SIGNATURE),
    ),
    damage(Area::Signed, "signature-of-other", Act::Other(SIGNATURE)),
    damage(Area::Signed, "signature-twice", Act::Double(SIGNATURES)),
    damage(
        Area::Signed,
        "signature-of-other-added",
        Act::Join(SIGNATURES),
    ),
    damage(Area::Signed, "certificate-flipped", Act::Flip(CERTIFICATE)),
    damage(
        Area::Signed,
        "certificate-of-sibling",
        Act::Sibling(CERTIFICATE),
    ),
    damage(
        Area::Signed,
        "certificate-of-other",
        Act::Other(CERTIFICATE),
    ),
    damage(
        Area::Signed,
        "certificate-removed",
        Act::Remove(CERTIFICATE),
    ),
    damage(Area::Signed, "chain-flipped", Act::Flip(CHAIN)),
    damage(
        Area::Signed,
        "message-digest-flipped",
        Act::Flip(&["/messageSignature/messageDigest/digest"]),
    ),
    damage(Area::Signed, "payload-flipped", Act::Flip(PAYLOAD)),
    damage(Area::Signed, "payload-of-sibling", Act::Sibling(PAYLOAD)),
    damage(Area::Entry, "log-entry-removed", Act::Remove(ENTRY)),
    damage(Area::Entry, "log-entry-twice", Act::Double(ENTRY)),
    damage(Area::Entry, "log-entry-of-sibling", Act::Sibling(ENTRY)),
    damage(Area::Entry, "log-entry-of-other", Act::Other(ENTRY)),
    damage(
        Area::Entry,
        "log-entry-of-other-added",
        Act::Join(&[entry!()]),
    ),
    damage(Area::Entry, "body-of-sibling", Act::Sibling(BODY)),
    damage(Area::Entry, "body-of-other", Act::Other(BODY)),
    damage(Area::Entry, "log-index-added", Act::Add(1, INDEX)),
    damage(
        Area::Entry,
        "log-id-flipped",
        Act::Flip(&[entry!("logId/keyId")]),
    ),
    damage(Area::Inclusion, "proof-removed", Act::Remove(PROOF)),
    damage(Area::Inclusion, "proof-of-sibling", Act::Sibling(PROOF)),
    damage(
        Area::Inclusion,
        "proof-hash-flipped",
        Act::Flip(&[entry!("inclusionProof/hashes/0")]),
    ),
    damage(
        Area::Inclusion,
        "proof-root-flipped",
        Act::Flip(&[entry!("inclusionProof/rootHash")]),
    ),
    damage(
        Area::Inclusion,
        "proof-index-added",
        Act::Add(1, &[entry!("inclusionProof/logIndex")]),
    ),
    damage(
        Area::Inclusion,
        "proof-size-added",
        // One more would leave most proofs as they are.
        Act::Add(1 << 30, &[entry!("inclusionProof/treeSize")]),
    ),
    damage(
        Area::Inclusion,
        "checkpoint-removed",
        Act::Remove(&[entry!("inclusionProof/checkpoint")]),
    ),
    damage(
        Area::Inclusion,
        "checkpoint-of-sibling",
        Act::Sibling(&[entry!("inclusionProof/checkpoint")]),
    ),
    damage(Area::Time, "integrated-time-added", Act::Add(1, INTEGRATED)),
    damage(Area::Time, "promise-flipped", Act::Flip(PROMISE)),
    damage(Area::Time, "promise-emptied", Act::Remove(PROMISE)),
    damage(
        Area::Time,
        "promise-removed",
        Act::Remove(&[entry!("inclusionPromise")]),
    ),
    damage(Area::Time, "promise-of-sibling", Act::Sibling(PROMISE)),
    damage(Area::Time, "timestamp-flipped", Act::Flip(TIMESTAMP)),
    damage(
        Area::Time,
        "timestamp-removed",
        Act::Remove(&[
            "/verificationMaterial/timestampVerificationData",
            "/timestamp",
        ]),
    ),
    damage(Area::Time, "timestamp-of-sibling", Act::Sibling(TIMESTAMP)),
    damage(Area::Time, "timestamp-of-other", Act::Other(TIMESTAMP)),
];
