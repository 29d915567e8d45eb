//! The trusted root: which logs, certificate authorities and timestamp authorities are believed, and when.

use std::borrow::Cow;

use serde::Deserialize;

use crate::chain::CertificateAuthority;
use crate::digest::DigestAlgorithm;
use crate::json::Base64;
use crate::key::{PublicKey, SignatureScheme};
use crate::limits::{TRUSTED_ROOT_BYTES, TRUSTED_ROOT_MEMBERS};
use crate::timestamp::Authority;
use crate::{Digest, Failure, Reason, Result, Time, Window, json};

/// A trusted root, prepared: keys parsed, certificates read, windows checked.
///
/// Preparing costs more than a verification, so keep it and share it between threads.
#[derive(Debug)]
pub struct TrustedRoot {
    digest: Digest,
    logs: Vec<Log>,
    ct_logs: Vec<Log>,
    certificate_authorities: Vec<CertificateAuthority>,
    timestamp_authorities: Vec<Authority>,
    skipped: Vec<Box<str>>,
}

/// A transparency log or a certificate-transparency log of the trusted root.
#[derive(Debug)]
pub(crate) struct Log {
    /// The log id: SHA-256 of the log's SubjectPublicKeyInfo, or a Rekor v2 log's checkpoint key id.
    pub(crate) id: [u8; 32],
    /// The first bytes of the key id in the log's signature lines on checkpoints.
    pub(crate) checkpoint_hint: [u8; 4],
    /// The key that signs promises, checkpoints or SCTs.
    pub(crate) key: PublicKey,
    /// When the key is believed.
    pub(crate) window: Window,
    /// The address as the trusted root gives it.
    pub(crate) base_url: String,
    /// Who runs the log, when the trusted root says so.
    pub(crate) operator: Option<Box<str>>,
}

impl TrustedRoot {
    /// Reads and prepares `application/vnd.dev.sigstore.trustedroot+json`, version 0.1 or 0.2.
    ///
    /// A log whose key algorithm is not supported is left out and named in [`TrustedRoot::skipped`];
    /// everything else that cannot be used is an error, because believing less than was configured can go unnoticed.
    ///
    /// # Errors
    /// [`Reason::TrustRootInvalid`] with the field.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        TRUSTED_ROOT_BYTES
            .check(bytes.len(), "")
            .map_err(invalid_from)?;
        let wire: Wire<'_> = json::parse(bytes, Reason::TrustRootInvalid)?;
        if !MEDIA_TYPES.contains(&&*wire.media_type) {
            return Err(invalid("mediaType")
                .expected(MEDIA_TYPES.join(" or "))
                .found(&wire.media_type));
        }
        let mut skipped = Vec::new();
        let logs = Log::prepare_all(wire.tlogs, "tlogs", &mut skipped)?;
        let ct_logs = Log::prepare_all(wire.ctlogs, "ctlogs", &mut skipped)?;
        Ok(Self {
            digest: Digest::sha256(bytes),
            logs,
            ct_logs,
            certificate_authorities: prepare_authorities(
                wire.certificate_authorities,
                "certificateAuthorities",
                CertificateAuthority::prepare,
            )?,
            timestamp_authorities: prepare_authorities(
                wire.timestamp_authorities,
                "timestampAuthorities",
                Authority::prepare,
            )?,
            skipped,
        })
    }

    /// SHA-256 of the file: names this trusted root in evidence.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The logs that were left out, each with the reason.
    pub fn skipped(&self) -> impl Iterator<Item = &str> {
        self.skipped.iter().map(|text| &**text)
    }

    /// Whether the root has a certificate-transparency log at all; GitHub's instance has none.
    pub fn has_ct_logs(&self) -> bool {
        !self.ct_logs.is_empty()
    }

    /// Whether the root has a transparency log at all.
    pub fn has_logs(&self) -> bool {
        !self.logs.is_empty()
    }

    pub(crate) fn logs(&self) -> &[Log] {
        &self.logs
    }

    pub(crate) fn ct_logs(&self) -> &[Log] {
        &self.ct_logs
    }

    pub(crate) fn certificate_authorities(&self) -> &[CertificateAuthority] {
        &self.certificate_authorities
    }

    pub(crate) fn timestamp_authorities(&self) -> &[Authority] {
        &self.timestamp_authorities
    }

    /// The log with this id, whose window holds `time` when there is one.
    pub(crate) fn find_log(&self, id: &[u8; 32], time: Option<Time>) -> Result<&Log> {
        let mut with_id = self.logs.iter().filter(|log| log.id == *id).peekable();
        let failure = Failure::new(Reason::LogUnknown);
        let Some(first) = with_id.peek().copied() else {
            let known: Vec<&str> = self.logs.iter().map(|log| &*log.base_url).collect();
            return Err(failure
                .at("logId.keyId")
                .expected(match known.is_empty() {
                    true => "a log of the trusted root, which has none".to_owned(),
                    false => format!("a log of the trusted root ({})", known.join(", ")),
                })
                .found(data_encoding::HEXLOWER.encode(id)));
        };
        match time {
            None => Ok(first),
            Some(time) => with_id
                .find(|log| log.window.contains(time))
                .ok_or_else(|| {
                    failure
                        .at("integratedTime")
                        .expected(format!("a time inside {}", first.window))
                        .found(time)
                }),
        }
    }
}

impl Log {
    fn prepare_all(
        wires: Vec<LogWire<'_>>,
        field: &str,
        skipped: &mut Vec<Box<str>>,
    ) -> Result<Vec<Self>> {
        TRUSTED_ROOT_MEMBERS
            .check(wires.len(), field)
            .map_err(invalid_from)?;
        let mut logs: Vec<Self> = Vec::with_capacity(wires.len());
        for (index, wire) in wires.into_iter().enumerate() {
            let base_url = wire.base_url.clone();
            let log = match Self::prepare(wire) {
                Ok(log) => log,
                Err(failure) if failure.reason == Reason::AlgorithmUnsupported => {
                    skipped.push(format!("{field}[{index}] {base_url}: {failure}").into());
                    continue;
                }
                Err(failure) => {
                    return Err(invalid_from(failure).within(&format!("{field}[{index}]")));
                }
            };
            // One key may stand twice with windows that follow each other, but then it is one log.
            if logs
                .iter()
                .any(|other| other.id == log.id && other.key != log.key)
            {
                return Err(invalid("logId.keyId")
                    .detail("two logs have the same id")
                    .within(&format!("{field}[{index}]")));
            }
            logs.push(log);
        }
        Ok(logs)
    }

    fn prepare(wire: LogWire<'_>) -> Result<Self> {
        if !matches!(&*wire.hash_algorithm, "SHA2_256") {
            return Err(Failure::new(Reason::AlgorithmUnsupported)
                .at("hashAlgorithm")
                .expected("SHA2_256")
                .found(&wire.hash_algorithm));
        }
        let key = public_key(&wire.public_key).map_err(|failure| failure.within("publicKey"))?;
        let Some(window) = wire.public_key.valid_for else {
            return Err(invalid("publicKey.validFor")
                .expected("a validity window")
                .found("nothing"));
        };
        let id: [u8; 32] = match wire.log_id {
            Some(id) => id.key_id.0.try_into().map_err(|id: Vec<u8>| {
                invalid("logId.keyId").expected("32 bytes").found(id.len())
            })?,
            None => key.fingerprint(),
        };
        let hint = wire.checkpoint_key_id.map_or(id.to_vec(), |id| id.key_id.0);
        let Some(checkpoint_hint) = hint.first_chunk::<4>().copied() else {
            return Err(invalid("checkpointKeyId.keyId")
                .expected("at least 4 bytes")
                .found(hint.len()));
        };
        Ok(Self {
            id,
            checkpoint_hint,
            key,
            window: window
                .prepare()
                .map_err(|failure| failure.within("publicKey.validFor"))?,
            base_url: wire.base_url,
            operator: wire.operator.filter(|operator| !operator.is_empty()),
        })
    }
}

fn prepare_authorities<T>(
    wires: Vec<AuthorityWire>,
    field: &str,
    prepare: impl Fn(Vec<Vec<u8>>, Window, String) -> Result<T>,
) -> Result<Vec<T>> {
    TRUSTED_ROOT_MEMBERS
        .check(wires.len(), field)
        .map_err(invalid_from)?;
    wires
        .into_iter()
        .enumerate()
        .map(|(index, wire)| {
            {
                let window = match wire.valid_for {
                    Some(window) => window
                        .prepare()
                        .map_err(|failure| failure.within("validFor"))?,
                    None => {
                        return Err(invalid("validFor")
                            .expected("a validity window")
                            .found("nothing"));
                    }
                };
                let name = [wire.uri, wire.subject.map(|subject| subject.common_name)]
                    .into_iter()
                    .flatten()
                    .find(|name| !name.is_empty())
                    .unwrap_or_default();
                let chain: Vec<Vec<u8>> = wire
                    .cert_chain
                    .certificates
                    .into_iter()
                    .map(|certificate| certificate.raw_bytes.0)
                    .collect();
                prepare(chain, window, name)
                    .map_err(|failure| invalid_from(failure).within("certChain"))
            }
            .map_err(|failure| failure.within(&format!("{field}[{index}]")))
        })
        .collect()
}

/// A public key with its `keyDetails` (protobuf-specs `PublicKeyDetails`).
fn public_key(wire: &PublicKeyWire<'_>) -> Result<PublicKey> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let spki = &wire.raw_bytes.0;
    let scheme = match &*wire.key_details {
        "PKIX_ECDSA_P256_SHA_256" | "PKIX_ECDSA_P384_SHA_256" | "PKIX_ECDSA_P521_SHA_256" => {
            SignatureScheme::Ecdsa(Sha256)
        }
        "PKIX_ECDSA_P384_SHA_384" => SignatureScheme::Ecdsa(Sha384),
        "PKIX_ECDSA_P521_SHA_512" => SignatureScheme::Ecdsa(Sha512),
        "PKIX_RSA_PKCS1V15_2048_SHA256"
        | "PKIX_RSA_PKCS1V15_3072_SHA256"
        | "PKIX_RSA_PKCS1V15_4096_SHA256"
        | "PKIX_RSA_PKCS1V5" => SignatureScheme::RsaPkcs1(Sha256),
        "PKIX_RSA_PSS_2048_SHA256"
        | "PKIX_RSA_PSS_3072_SHA256"
        | "PKIX_RSA_PSS_4096_SHA256"
        | "PKIX_RSA_PSS" => SignatureScheme::RsaPss(Sha256),
        "PKIX_ED25519" => SignatureScheme::Ed25519,
        "PKIX_ED25519_PH" => SignatureScheme::Ed25519ph,
        "PKCS1_RSA_PKCS1V5" => return PublicKey::from_pkcs1(spki),
        other => {
            return Err(Failure::new(Reason::AlgorithmUnsupported)
                .at("keyDetails")
                .expected("an ECDSA, RSA or Ed25519 key")
                .found(other));
        }
    };
    PublicKey::from_spki_with_scheme(spki, scheme)
}

fn invalid(field: &'static str) -> Failure {
    Failure::new(Reason::TrustRootInvalid).at(field)
}

/// The same facts under the reason that fits a trusted root.
fn invalid_from(failure: Failure) -> Failure {
    Failure {
        detail: failure.detail.or_else(|| {
            (failure.reason != Reason::TrustRootInvalid).then(|| failure.reason.summary().into())
        }),
        reason: Reason::TrustRootInvalid,
        ..failure
    }
}

const MEDIA_TYPES: [&str; 3] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    media_type: Cow<'a, str>,
    #[serde(borrow, default)]
    tlogs: Vec<LogWire<'a>>,
    #[serde(borrow, default)]
    ctlogs: Vec<LogWire<'a>>,
    #[serde(default)]
    certificate_authorities: Vec<AuthorityWire>,
    #[serde(default)]
    timestamp_authorities: Vec<AuthorityWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogWire<'a> {
    #[serde(default)]
    base_url: String,
    #[serde(borrow)]
    hash_algorithm: Cow<'a, str>,
    #[serde(borrow)]
    public_key: PublicKeyWire<'a>,
    #[serde(default)]
    log_id: Option<LogIdWire>,
    #[serde(default)]
    checkpoint_key_id: Option<LogIdWire>,
    #[serde(default)]
    operator: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogIdWire {
    key_id: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PublicKeyWire<'a> {
    raw_bytes: Base64,
    #[serde(borrow)]
    key_details: Cow<'a, str>,
    #[serde(default)]
    valid_for: Option<WindowWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowWire {
    #[serde(default)]
    start: Option<Box<str>>,
    #[serde(default)]
    end: Option<Box<str>>,
}

impl WindowWire {
    fn prepare(self) -> Result<Window> {
        let read = |text: Option<Box<str>>, field: &'static str| match text {
            None => Ok(None),
            Some(text) => text
                .parse::<Time>()
                .map(Some)
                .map_err(|error| invalid(field).expected(error).found(text)),
        };
        let Some(start) = read(self.start, "start")? else {
            return Err(invalid("start").expected("a time").found("nothing"));
        };
        let end = read(self.end, "end")?;
        match end {
            Some(end) if end < start => Err(invalid("end")
                .expected(format!("a time after {start}"))
                .found(end)),
            end => Ok(Window { start, end }),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuthorityWire {
    #[serde(default)]
    subject: Option<SubjectWire>,
    #[serde(default)]
    uri: Option<String>,
    cert_chain: ChainWire,
    #[serde(default)]
    valid_for: Option<WindowWire>,
    #[serde(default, rename = "operator")]
    _operator: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubjectWire {
    #[serde(default, rename = "organization")]
    _organization: Option<Box<str>>,
    #[serde(default)]
    common_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainWire {
    #[serde(default)]
    certificates: Vec<CertificateWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CertificateWire {
    raw_bytes: Base64,
}

#[cfg(test)]
mod tests {
    use sealcheck_testkit::{Key, KeyKind};

    use super::{PublicKeyWire, Reason, public_key};
    use crate::DigestAlgorithm::{Sha256, Sha384, Sha512};
    use crate::SignatureScheme::{self, Ecdsa, Ed25519, Ed25519ph, RsaPkcs1, RsaPss};
    use crate::json::Base64;

    fn scheme(details: &str, key: &[u8]) -> Result<SignatureScheme, Reason> {
        let wire = PublicKeyWire {
            raw_bytes: Base64(key.to_vec()),
            key_details: details.into(),
            valid_for: None,
        };
        match public_key(&wire) {
            Ok(key) => Ok(key.default_scheme()),
            Err(failure) => Err(failure.reason),
        }
    }

    #[test]
    fn a_key_signs_as_its_name_says() {
        use KeyKind::{P256, P384, P521, Rsa2048, Rsa3072, Rsa4096};
        for (details, kind, expected) in [
            ("PKIX_ECDSA_P256_SHA_256", P256, Ecdsa(Sha256)),
            ("PKIX_ECDSA_P384_SHA_256", P384, Ecdsa(Sha256)),
            ("PKIX_ECDSA_P521_SHA_256", P521, Ecdsa(Sha256)),
            ("PKIX_ECDSA_P384_SHA_384", P384, Ecdsa(Sha384)),
            ("PKIX_ECDSA_P521_SHA_512", P521, Ecdsa(Sha512)),
            ("PKIX_RSA_PKCS1V15_2048_SHA256", Rsa2048, RsaPkcs1(Sha256)),
            ("PKIX_RSA_PKCS1V15_3072_SHA256", Rsa3072, RsaPkcs1(Sha256)),
            ("PKIX_RSA_PKCS1V15_4096_SHA256", Rsa4096, RsaPkcs1(Sha256)),
            ("PKIX_RSA_PKCS1V5", Rsa2048, RsaPkcs1(Sha256)),
            ("PKIX_RSA_PSS_2048_SHA256", Rsa2048, RsaPss(Sha256)),
            ("PKIX_RSA_PSS_3072_SHA256", Rsa3072, RsaPss(Sha256)),
            ("PKIX_RSA_PSS_4096_SHA256", Rsa4096, RsaPss(Sha256)),
            ("PKIX_RSA_PSS", Rsa2048, RsaPss(Sha256)),
            ("PKIX_ED25519", KeyKind::Ed25519, Ed25519),
            ("PKIX_ED25519_PH", KeyKind::Ed25519, Ed25519ph),
        ] {
            let found = scheme(details, Key::shared(kind).spki());
            assert_eq!(found, Ok(expected), "{details}");
        }
        let rsa = Key::shared(Rsa2048);
        let found = scheme("PKCS1_RSA_PKCS1V5", rsa.raw_public_key());
        assert_eq!(found, Ok(RsaPkcs1(Sha256)));
        for (details, key) in [
            ("PKIX_ML_DSA_65", rsa.spki()),
            ("PKIX_ECDSA_P256_SHA_256", rsa.spki()),
        ] {
            assert_eq!(scheme(details, key), Err(Reason::AlgorithmUnsupported));
        }
    }
}
