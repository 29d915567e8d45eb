//! What is broken in a proof, or in what the verifier is told.

use data_encoding::BASE64;
use sealcheck_testbed::Testbed;
use serde_json::{Value, json};

use crate::cases::{Content, Form, Proof};

/// One thing to break.
pub(crate) struct Damage {
    pub name: &'static str,
    act: Act,
}

enum Act {
    Nothing,
    Artifact,
    Identity,
    Issuer,
    Key,
    ForeignAuthority,
    ForeignLog,
    ForeignCtLog,
    ForeignTimestampAuthority,
    /// Another bit in base64 at one of these places.
    Flip(&'static [&'static str]),
    /// One more.
    Add(&'static [&'static str]),
    Remove(&'static [&'static str]),
    /// The sibling's genuine part.
    Sibling(&'static [&'static str]),
}

pub(crate) const DAMAGE: &[Damage] = &[
    damage("none", Act::Nothing),
    damage("artifact", Act::Artifact),
    damage("identity", Act::Identity),
    damage("issuer", Act::Issuer),
    damage("key", Act::Key),
    damage("foreign-authority", Act::ForeignAuthority),
    damage("foreign-log", Act::ForeignLog),
    damage("foreign-ct-log", Act::ForeignCtLog),
    damage(
        "foreign-timestamp-authority",
        Act::ForeignTimestampAuthority,
    ),
    damage("signature-flipped", Act::Flip(SIGNATURE)),
    damage("signature-of-sibling", Act::Sibling(SIGNATURE)),
    damage("certificate-flipped", Act::Flip(CERTIFICATE)),
    damage("certificate-of-sibling", Act::Sibling(CERTIFICATE)),
    damage("certificate-removed", Act::Remove(CERTIFICATE)),
    damage(
        "message-digest-flipped",
        Act::Flip(&["/messageSignature/messageDigest/digest"]),
    ),
    damage("payload-flipped", Act::Flip(&["/dsseEnvelope/payload"])),
    damage(
        "payload-of-sibling",
        Act::Sibling(&["/dsseEnvelope/payload"]),
    ),
    damage(
        "log-entry-removed",
        Act::Remove(&["/verificationMaterial/tlogEntries", "/rekorBundle"]),
    ),
    damage(
        "log-entry-of-sibling",
        Act::Sibling(&["/verificationMaterial/tlogEntries", "/rekorBundle"]),
    ),
    damage("body-of-sibling", Act::Sibling(BODY)),
    damage(
        "log-index-added",
        Act::Add(&[
            "/verificationMaterial/tlogEntries/0/logIndex",
            "/rekorBundle/Payload/logIndex",
        ]),
    ),
    damage(
        "integrated-time-added",
        Act::Add(&[
            "/verificationMaterial/tlogEntries/0/integratedTime",
            "/rekorBundle/Payload/integratedTime",
        ]),
    ),
    damage(
        "log-id-flipped",
        Act::Flip(&["/verificationMaterial/tlogEntries/0/logId/keyId"]),
    ),
    damage("promise-flipped", Act::Flip(PROMISE)),
    damage("promise-emptied", Act::Remove(PROMISE)),
    damage(
        "promise-removed",
        Act::Remove(&["/verificationMaterial/tlogEntries/0/inclusionPromise"]),
    ),
    damage("promise-of-sibling", Act::Sibling(PROMISE)),
    damage(
        "proof-removed",
        Act::Remove(&["/verificationMaterial/tlogEntries/0/inclusionProof"]),
    ),
    damage(
        "proof-of-sibling",
        Act::Sibling(&["/verificationMaterial/tlogEntries/0/inclusionProof"]),
    ),
    damage(
        "proof-hash-flipped",
        Act::Flip(&["/verificationMaterial/tlogEntries/0/inclusionProof/hashes/0"]),
    ),
    damage(
        "proof-root-flipped",
        Act::Flip(&["/verificationMaterial/tlogEntries/0/inclusionProof/rootHash"]),
    ),
    damage(
        "proof-index-added",
        Act::Add(&["/verificationMaterial/tlogEntries/0/inclusionProof/logIndex"]),
    ),
    damage(
        "proof-size-added",
        Act::Add(&["/verificationMaterial/tlogEntries/0/inclusionProof/treeSize"]),
    ),
    damage(
        "checkpoint-removed",
        Act::Remove(&["/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint"]),
    ),
    damage(
        "checkpoint-of-sibling",
        Act::Sibling(&["/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint"]),
    ),
    damage("timestamp-flipped", Act::Flip(TIMESTAMP)),
    damage(
        "timestamp-removed",
        Act::Remove(&["/verificationMaterial/timestampVerificationData"]),
    ),
    damage("timestamp-of-sibling", Act::Sibling(TIMESTAMP)),
];

const fn damage(name: &'static str, act: Act) -> Damage {
    Damage { name, act }
}

const SIGNATURE: &[&str] = &[
    "/messageSignature/signature",
    "/dsseEnvelope/signatures/0/sig",
    "/base64Signature",
];
const CERTIFICATE: &[&str] = &["/verificationMaterial/certificate/rawBytes", "/cert"];
const BODY: &[&str] = &[
    "/verificationMaterial/tlogEntries/0/canonicalizedBody",
    "/rekorBundle/Payload/body",
];
const PROMISE: &[&str] = &[
    "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
    "/rekorBundle/SignedEntryTimestamp",
];
const TIMESTAMP: &[&str] =
    &["/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp"];

impl Damage {
    pub(crate) fn is_none(&self) -> bool {
        matches!(self.act, Act::Nothing)
    }

    /// The damaged proof; `None` when there is nothing of the kind to break.
    pub(crate) fn apply(&self, testbed: &Testbed, proof: &Proof, sibling: &Proof) -> Option<Proof> {
        let mut damaged = proof.clone();
        let done = match &self.act {
            Act::Nothing => true,
            Act::Artifact => {
                damaged.artifact.push(b'!');
                true
            }
            Act::Identity => {
                damaged.identity = "mallory@example.com".into();
                proof.key.is_none()
            }
            Act::Issuer => {
                damaged.issuer = "https://accounts.google.com".into();
                proof.key.is_none()
            }
            Act::Key => damaged.key.as_mut().is_some_and(|key| {
                *key = testbed.folder.join("other.pub");
                true
            }),
            Act::ForeignAuthority => {
                damaged.root["certificateAuthorities"][0]["certChain"] = json!({"certificates": [proof.root["timestampAuthorities"][0]["certChain"]["certificates"][1]]});
                damaged.legacy_trust[0].1 = testbed.folder.join("tsa-root.crt");
                proof.key.is_none()
            }
            Act::ForeignLog => {
                // Both logs of ours with the CT log's key, under which nothing here is signed.
                for log in damaged.root["tlogs"].as_array_mut().unwrap() {
                    log["publicKey"] = proof.root["ctlogs"][0]["publicKey"].clone();
                    log["logId"] = proof.root["ctlogs"][0]["logId"].clone();
                }
                damaged.root["tlogs"].as_array_mut().unwrap().truncate(1);
                damaged.legacy_trust[1].1.clone_from(&testbed.ct_log_key);
                has_entry(proof)
            }
            Act::ForeignCtLog => {
                damaged.root["ctlogs"][0]["publicKey"] =
                    proof.root["tlogs"][0]["publicKey"].clone();
                damaged.root["ctlogs"][0]["logId"] = proof.root["tlogs"][0]["logId"].clone();
                damaged.legacy_trust[2].1.clone_from(&testbed.rekor_key);
                proof.key.is_none()
            }
            Act::ForeignTimestampAuthority => {
                damaged.root["timestampAuthorities"][0]["certChain"] =
                    proof.root["certificateAuthorities"][0]["certChain"].clone();
                matches!(&proof.material, Content::Json(bundle) if bundle.pointer(TIMESTAMP[0]).is_some())
            }
            Act::Flip(places) => alter(&mut damaged, sibling, places, |value, _| flip(value)),
            Act::Add(places) => alter(&mut damaged, sibling, places, |value, _| add(value)),
            Act::Remove(places) => remove(&mut damaged, places),
            Act::Sibling(places) => alter(&mut damaged, sibling, places, |value, other| {
                other.is_some_and(|other| {
                    *value = other.clone();
                    true
                })
            }),
        };
        done.then_some(damaged)
    }
}

fn has_entry(proof: &Proof) -> bool {
    match &proof.material {
        Content::Json(bundle) => {
            bundle.get("rekorBundle").is_some()
                || bundle
                    .pointer("/verificationMaterial/tlogEntries/0")
                    .is_some()
        }
        Content::Detached { .. } => true,
    }
}

fn alter(
    proof: &mut Proof,
    sibling: &Proof,
    places: &'static [&'static str],
    change: impl Fn(&mut Value, Option<&Value>) -> bool,
) -> bool {
    match (&mut proof.material, &sibling.material) {
        (Content::Json(bundle), Content::Json(other)) => places.iter().any(|place| {
            bundle
                .pointer_mut(place)
                .is_some_and(|value| change(value, other.pointer(place)))
        }),
        (
            Content::Detached {
                signature,
                certificate,
            },
            Content::Detached {
                signature: other_signature,
                certificate: other_certificate,
            },
        ) => {
            let part =
                |bytes: &[u8]| Value::from(String::from_utf8(bytes.to_vec()).unwrap().trim());
            let (target, other) = if places == SIGNATURE {
                (Some(signature), Some(other_signature))
            } else if places == CERTIFICATE {
                (certificate.as_mut(), other_certificate.as_ref())
            } else {
                (None, None)
            };
            let (Some(target), Some(other)) = (target, other) else {
                return false;
            };
            let mut value = part(target);
            let is_changed = change(&mut value, Some(&part(other)));
            *target = value.as_str().unwrap().as_bytes().to_vec();
            is_changed
        }
        _ => false,
    }
}

fn remove(proof: &mut Proof, places: &[&str]) -> bool {
    let Content::Json(bundle) = &mut proof.material else {
        return false;
    };
    if proof.case.form == Form::LegacyBundle && places == CERTIFICATE && proof.key.is_some() {
        return false;
    }
    places.iter().any(|place| {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let parent = bundle.pointer_mut(parent).and_then(Value::as_object_mut);
        parent.is_some_and(|parent| parent.remove(name).is_some())
    })
}

/// Another bit in the middle of what base64 says; of what PEM says for certificates.
fn flip(value: &mut Value) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let mut bytes = BASE64.decode(text.as_bytes()).unwrap();
    let Some(middle) = bytes.len().checked_div(2).filter(|_| !bytes.is_empty()) else {
        return false;
    };
    if bytes.starts_with(b"-----BEGIN") {
        let pem = String::from_utf8(bytes).unwrap();
        let block: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let mut der = BASE64.decode(block.as_bytes()).unwrap();
        let middle = der.len() / 2;
        der[middle] ^= 1;
        bytes = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            BASE64.encode(&der)
        )
        .into_bytes();
    } else {
        bytes[middle] ^= 1;
    }
    *value = BASE64.encode(&bytes).into();
    true
}

fn add(value: &mut Value) -> bool {
    let changed = match value {
        Value::String(text) => text
            .parse::<i64>()
            .ok()
            .map(|number| Value::from((number + 1).to_string())),
        Value::Number(number) => number.as_i64().map(|number| Value::from(number + 1)),
        _ => None,
    };
    changed.is_some_and(|changed| {
        *value = changed;
        true
    })
}
