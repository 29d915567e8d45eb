//! Certificates for tests: real ones beside the workspace, and made-up ones with every field open.
#![cfg(test)]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "scaffolding of tests: it must stop when it cannot do what a test asks"
)]

use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use sealcheck_testkit::asn1;
use sealcheck_testkit::key::{Key, KeyKind};
use serde_json::Value;

use crate::chain::CertificateAuthority;
use crate::trusted_root::Log;
use crate::{PublicKey, Time, Window, pem};

/// A certificate to be made. The default is a sound code-signing leaf.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) common_name: &'static str,
    pub(crate) version: u64,
    pub(crate) validity: (i64, i64),
    pub(crate) extensions: Vec<Vec<u8>>,
}

/// A certificate that was made, with its key.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) key: Key,
    pub(crate) name: Vec<u8>,
    pub(crate) tbs: Vec<u8>,
    pub(crate) der: Vec<u8>,
}

impl Template {
    pub(crate) fn leaf() -> Self {
        Self {
            common_name: "leaf",
            version: 2,
            validity: (NOW, NOW + 600),
            extensions: vec![
                key_usage(7, 0x80),
                extended_key_usage(&[CODE_SIGNING]),
                san(&[email("signer@example.com")]),
            ],
        }
    }

    pub(crate) fn authority(common_name: &'static str, path_length: Option<u64>) -> Self {
        Self {
            common_name,
            version: 2,
            validity: (NOW - 10_000, NOW + 10_000),
            extensions: vec![
                key_usage(1, 0x06),
                extended_key_usage(&[CODE_SIGNING]),
                basic_constraints(path_length),
            ],
        }
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn extensions(mut self, extensions: Vec<Vec<u8>>) -> Self {
        self.extensions = extensions;
        self
    }

    pub(crate) fn valid(mut self, from: i64, to: i64) -> Self {
        self.validity = (from, to);
        self
    }

    pub(crate) fn self_signed(self) -> Made {
        let key = Key::generate(KeyKind::P384);
        let name = name(self.common_name);
        self.signed(key.clone(), &name, &key)
    }

    pub(crate) fn signed_by(self, issuer: &Made) -> Made {
        let kind = match self.common_name {
            "leaf" => KeyKind::P256,
            _ => KeyKind::P384,
        };
        self.signed(Key::generate(kind), &issuer.name, &issuer.key)
    }

    pub(crate) fn signed_for(self, key: &Key, issuer: &Made) -> Made {
        self.signed(key.clone(), &issuer.name, &issuer.key)
    }

    fn signed(self, key: Key, issuer: &[u8], issuer_key: &Key) -> Made {
        let subject = name(self.common_name);
        let tbs = asn1::sequence(&[
            asn1::context(0, &asn1::number(self.version)),
            asn1::number(4711),
            issuer_key.signature_algorithm(),
            issuer.to_vec(),
            asn1::sequence(&[time(self.validity.0), time(self.validity.1)]),
            subject.clone(),
            key.spki().to_vec(),
            asn1::context(3, &asn1::sequence(&self.extensions)),
        ]);
        let der = asn1::sequence(&[
            tbs.clone(),
            issuer_key.signature_algorithm(),
            asn1::bit_string(&issuer_key.sign(&tbs)),
        ]);
        Made {
            key,
            name: subject,
            tbs,
            der,
        }
    }
}

pub(crate) fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = match critical {
        true => asn1::boolean_true(),
        false => Vec::new(),
    };
    asn1::sequence(&[asn1::oid(oid), critical, asn1::octet_string(value)])
}

pub(crate) fn key_usage(unused: u8, bits: u8) -> Vec<u8> {
    extension("2.5.29.15", true, &asn1::named_bits(unused, &[bits]))
}

pub(crate) fn extended_key_usage(purposes: &[&str]) -> Vec<u8> {
    let purposes: Vec<Vec<u8>> = purposes.iter().map(|oid| asn1::oid(oid)).collect();
    extension("2.5.29.37", false, &asn1::sequence(&purposes))
}

pub(crate) fn basic_constraints(path_length: Option<u64>) -> Vec<u8> {
    let length = path_length.map_or(Vec::new(), asn1::number);
    extension(
        "2.5.29.19",
        true,
        &asn1::sequence(&[asn1::boolean_true(), length]),
    )
}

pub(crate) fn san(names: &[Vec<u8>]) -> Vec<u8> {
    extension("2.5.29.17", true, &asn1::sequence(names))
}

pub(crate) fn email(address: &str) -> Vec<u8> {
    asn1::context_primitive(1, address.as_bytes())
}

/// nameConstraints that permit names below one name of the same kind.
pub(crate) fn permit(base: Vec<u8>) -> Vec<u8> {
    let subtree = asn1::sequence(&[base]);
    extension(
        "2.5.29.30",
        true,
        &asn1::sequence(&[asn1::context(0, &subtree)]),
    )
}

pub(crate) fn dns(name: &str) -> Vec<u8> {
    asn1::context_primitive(2, name.as_bytes())
}

pub(crate) fn name(common_name: &str) -> Vec<u8> {
    let attribute = |oid: &str, text: &str| {
        asn1::set_of(&[asn1::sequence(&[asn1::oid(oid), asn1::utf8_string(text)])])
    };
    asn1::sequence(&[
        attribute("2.5.4.10", "example"),
        attribute("2.5.4.3", common_name),
    ])
}

fn time(seconds: i64) -> Vec<u8> {
    // Tests give moments that exist.
    asn1::time(jiff::Timestamp::from_second(seconds).unwrap())
}

pub(crate) fn at(seconds: i64) -> Time {
    // Tests give moments that exist.
    Time::from_unix_seconds(seconds).unwrap()
}

/// A window around [`NOW`] that is wider than every made-up certificate.
pub(crate) fn wide() -> Window {
    Window {
        start: at(NOW - 1_000_000),
        end: None,
    }
}

pub(crate) fn authority(chain: &[&Made], window: Window) -> CertificateAuthority {
    let chain = chain.iter().map(|made| made.der.clone()).collect();
    // A made-up authority is sound, or its test is wrong.
    CertificateAuthority::prepare(chain, window, "https://ca.example".to_owned()).unwrap()
}

pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    // Tests give FOLDER/REST.
    let (folder, rest) = path.split_once('/').unwrap();
    match folder {
        "corpora" => sealcheck_testkit::shared::corpora(),
        "conformance" => sealcheck_testkit::shared::conformance(),
        _ => sealcheck_testkit::shared::trust(),
    }
    .map(|found| found.join(rest))
}

/// The DER in a PEM file of the corpora.
pub(crate) fn corpus_certificate(path: &str) -> Option<Vec<u8>> {
    // A corpus that is there is whole, or the test must stop.
    let text = std::fs::read(shared(path)?).unwrap();
    // The same.
    Some(pem::decode(&text).unwrap().remove(0).1)
}

pub(crate) fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Every signer's certificate in a JSON document that contains bundles.
pub(crate) fn leaves(value: &Value, found: &mut Vec<Vec<u8>>) {
    let material = &value["verificationMaterial"];
    let raw = match &material["certificate"]["rawBytes"] {
        Value::Null => &material["x509CertificateChain"]["certificates"][0]["rawBytes"],
        raw => raw,
    };
    if let Some(raw) = raw.as_str() {
        // A corpus that is there is whole, or the test must stop.
        found.push(BASE64.decode(raw.as_bytes()).unwrap());
    }
    match value {
        Value::Array(values) => values.iter().for_each(|value| leaves(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, found)),
        _ => {}
    }
}

/// The certificate authorities and CT logs of a trusted root.
pub(crate) fn trust(path: &Path) -> (Vec<CertificateAuthority>, Vec<Log>) {
    // A corpus that is there is whole, or the test must stop; so is all that is read of it below.
    let root = json(path).unwrap();
    let bytes = |value: &Value| BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap();
    let window = |value: &Value| Window {
        start: value["start"].as_str().unwrap().parse().unwrap(),
        end: value["end"].as_str().map(|end| end.parse().unwrap()),
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let authorities = list(&root["certificateAuthorities"])
        .iter()
        .map(|authority| {
            let chain = list(&authority["certChain"]["certificates"])
                .iter()
                .map(|certificate| bytes(&certificate["rawBytes"]))
                .collect();
            let name = authority["uri"].as_str().unwrap_or_default().to_owned();
            CertificateAuthority::prepare(chain, window(&authority["validFor"]), name).unwrap()
        })
        .collect();
    let logs = list(&root["ctlogs"])
        .iter()
        .map(|log| {
            let key = {
                let raw = bytes(&log["publicKey"]["rawBytes"]);
                PublicKey::from_spki(&raw)
                    .or_else(|_| PublicKey::from_pkcs1(&raw))
                    .unwrap()
            };
            let id: [u8; 32] = bytes(&log["logId"]["keyId"]).try_into().unwrap();
            ct_log(key, id, window(&log["publicKey"]["validFor"]))
        })
        .collect();
    (authorities, logs)
}

pub(crate) fn ct_log(key: PublicKey, id: [u8; 32], window: Window) -> Log {
    Log {
        checkpoint_hint: [id[0], id[1], id[2], id[3]],
        id,
        key,
        window,
        base_url: "https://ct.example".to_owned(),
        operator: None,
    }
}

pub(crate) fn public_good() -> Option<(Vec<CertificateAuthority>, Vec<Log>)> {
    shared("trust/public-good/trusted_root.json").map(|path| trust(&path))
}

/// 2026-01-02T03:04:05Z
pub(crate) const NOW: i64 = 1_767_323_045;
pub(crate) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(crate) const PAUSE: &str = "corpora/kubernetes-pause-3.10/cert.pem";
