//! What clients are told about the instance: its trusted root and its signing configurations.

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::pki::{Certificate, KeyFiles};

/// The services of an instance, as the trusted root lists them.
#[derive(Debug, Default)]
pub(crate) struct TrustedServices {
    /// Name and chain, leaf issuer first.
    pub(crate) authorities: Vec<(String, Vec<Certificate>)>,
    pub(crate) timestamp_authorities: Vec<(String, Vec<Certificate>)>,
    pub(crate) logs: Vec<Value>,
    pub(crate) ct_logs: Vec<Value>,
}

impl TrustedServices {
    /// The trusted root (`application/vnd.dev.sigstore.trustedroot+json;version=0.1`).
    pub(crate) fn trusted_root(&self, since: &str) -> Result<Value> {
        let authorities = |all: &[(String, Vec<Certificate>)], organization: &str| {
            all.iter()
                .map(|(uri, chain)| authority(uri, chain, organization, since))
                .collect::<Result<Vec<Value>>>()
        };
        Ok(json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": self.logs,
            "certificateAuthorities": authorities(&self.authorities, "testbed")?,
            "ctlogs": self.ct_logs,
            "timestampAuthorities": authorities(&self.timestamp_authorities, "testbed")?,
        }))
    }
}

/// A log with a P-256 key: Rekor v1 or CT.
pub(crate) fn p256_log(url: &str, key: &KeyFiles, since: &str) -> Value {
    log(
        url,
        &key.spki,
        "PKIX_ECDSA_P256_SHA_256",
        &key.log_id(),
        since,
    )
}

/// A Rekor v2 log with an Ed25519 key: its id is the untruncated key id of a signed note.
pub(crate) fn ed25519_log(name: &str, key: &KeyFiles, since: &str) -> Result<Value> {
    let point = key
        .spki
        .len()
        .checked_sub(32)
        .and_then(|start| key.spki.get(start..));
    let point = point.context("no Ed25519 key")?;
    let id = digest(&SHA256, &[name.as_bytes(), b"\n\x01", point].concat());
    let url = format!("https://{name}");
    Ok(log(&url, &key.spki, "PKIX_ED25519", id.as_ref(), since))
}

fn log(url: &str, spki: &[u8], details: &str, id: &[u8], since: &str) -> Value {
    json!({
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": BASE64.encode(spki),
            "keyDetails": details,
            "validFor": {"start": since},
        },
        "logId": {"keyId": BASE64.encode(id)},
    })
}

fn authority(uri: &str, chain: &[Certificate], organization: &str, since: &str) -> Result<Value> {
    let certificates = chain
        .iter()
        .map(|certificate| Ok(json!({"rawBytes": BASE64.encode(&certificate.der()?)})))
        .collect::<Result<Vec<Value>>>()?;
    Ok(json!({
        "subject": {"organization": organization, "commonName": "testbed"},
        "uri": uri,
        "certChain": {"certificates": certificates},
        "validFor": {"start": since},
    }))
}

/// A signing configuration (`application/vnd.dev.sigstore.signingconfig.v0.2+json`) with at most one log.
pub(crate) fn signing_config(
    fulcio: Option<&str>,
    issuer: &str,
    rekor: Option<(&str, u32)>,
    timestamps: Option<&str>,
    since: &str,
) -> Value {
    let services = |all: Option<(&str, u32)>| -> Vec<Value> {
        let service = |(url, version): (&str, u32)| {
            json!({
                "url": url, "majorApiVersion": version, "operator": "testbed",
                "validFor": {"start": since},
            })
        };
        all.into_iter().map(service).collect()
    };
    let mut config = json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": services(fulcio.map(|url| (url, 1))),
        "oidcUrls": services(Some((issuer, 1))),
        "rekorTlogUrls": services(rekor),
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": services(timestamps.map(|url| (url, 1))),
        "tsaConfig": {"selector": "ANY"},
    });
    if let Some(fields) = config.as_object_mut() {
        if rekor.is_none() {
            fields.remove("rekorTlogConfig");
        }
        if timestamps.is_none() {
            fields.remove("tsaConfig");
        }
    }
    config
}
