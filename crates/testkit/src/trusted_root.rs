//! The trust root of an instance (protobuf-specs `TrustedRoot`, JSON form).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::DEFAULT_START;
use crate::encoding::base64;
use crate::instance::Instance;
use crate::key::Key;

/// The validity of one service in a trust root. `None` leaves the bound out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First moment, inclusive.
    pub start: Option<Timestamp>,
    /// Last moment, inclusive.
    pub end: Option<Timestamp>,
}

/// What a trust root contains. The default: everything, since [`DEFAULT_START`], without end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedRootOptions {
    /// The media type.
    pub media_type: String,
    /// Validity of the certificate authority.
    pub authority: Window,
    /// Validity of the certificate transparency log's key.
    pub ct: Window,
    /// Validity of the Rekor v1 log's key.
    pub rekor: Window,
    /// Validity of the Rekor v2 log's key.
    pub rekor_v2: Window,
    /// Validity of the timestamp authority.
    pub tsa: Window,
    /// Whether the certificate transparency log is named.
    pub with_ct: bool,
    /// Whether the transparency logs are named.
    pub with_rekor: bool,
    /// Whether the certificate authority is named.
    pub with_authority: bool,
    /// Whether the timestamp authority is named.
    pub with_tsa: bool,
    /// The `operator` of every service.
    pub operator: Option<String>,
}

impl Window {
    /// From `start` on, without end.
    #[must_use]
    pub fn since(start: Timestamp) -> Self {
        Self {
            start: Some(start),
            end: None,
        }
    }

    /// From `start` to `end`, both inclusive.
    #[must_use]
    pub fn between(start: Timestamp, end: Timestamp) -> Self {
        Self {
            start: Some(start),
            end: Some(end),
        }
    }

    fn json(self) -> Value {
        let mut out = json!({});
        if let Some(start) = self.start {
            out["start"] = start.to_string().into();
        }
        if let Some(end) = self.end {
            out["end"] = end.to_string().into();
        }
        out
    }
}

impl Default for TrustedRootOptions {
    fn default() -> Self {
        let window = Window::since(DEFAULT_START);
        Self {
            media_type: "application/vnd.dev.sigstore.trustedroot+json;version=0.1".into(),
            authority: window,
            ct: window,
            rekor: window,
            rekor_v2: window,
            tsa: window,
            with_ct: true,
            with_rekor: true,
            with_authority: true,
            with_tsa: true,
            operator: None,
        }
    }
}

impl Instance {
    /// The trust root of this instance with the default options.
    #[must_use]
    pub fn trusted_root_json(&self) -> Value {
        self.trusted_root_with(&TrustedRootOptions::default())
    }

    /// The bytes of [`Instance::trusted_root_json`].
    #[must_use]
    pub fn trusted_root_bytes(&self) -> Vec<u8> {
        self.trusted_root_json().to_string().into_bytes()
    }

    /// The trust root of this instance, made to order.
    #[must_use]
    pub fn trusted_root_with(&self, options: &TrustedRootOptions) -> Value {
        let operator = options.operator.as_deref();
        let mut root = json!({"mediaType": options.media_type});
        if options.with_rekor {
            let (v1, v2) = (&self.rekor, &self.rekor_v2);
            root["tlogs"] = json!([
                log(&v1.url(), &v1.key, &v1.log_id(), options.rekor, operator),
                log(&v2.url(), &v2.key, &v2.log_id(), options.rekor_v2, operator),
            ]);
        }
        if options.with_authority {
            let uri = format!("https://fulcio.{}", self.domain);
            let names = (self.domain.as_str(), "sigstore");
            let chain = self.authority.chain();
            root["certificateAuthorities"] =
                json!([authority(names, &uri, &chain, options.authority, operator)]);
        }
        if options.with_ct {
            let url = format!("https://ctfe.{}/2026", self.domain);
            let id = self.ct.key.fingerprint();
            root["ctlogs"] = json!([log(&url, &self.ct.key, &id, options.ct, operator)]);
        }
        if options.with_tsa {
            let uri = format!("https://timestamp.{}/api/v1/timestamp", self.domain);
            let names = (self.tsa.organization.as_str(), "sigstore-tsa-selfsigned");
            let chain = self.tsa.chain();
            root["timestampAuthorities"] =
                json!([authority(names, &uri, &chain, options.tsa, operator)]);
        }
        root
    }
}

/// The first trust root with all services of the second added to its own.
#[must_use]
pub fn merge(first: &Value, second: &Value) -> Value {
    let mut merged = first.clone();
    for list in [
        "tlogs",
        "certificateAuthorities",
        "ctlogs",
        "timestampAuthorities",
    ] {
        let more = second[list].as_array().cloned().unwrap_or_default();
        if more.is_empty() {
            continue;
        }
        let mut all = first[list].as_array().cloned().unwrap_or_default();
        all.extend(more);
        merged[list] = all.into();
    }
    merged
}

fn log(url: &str, key: &Key, id: &[u8], window: Window, operator: Option<&str>) -> Value {
    let out = json!({
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": base64(key.spki()),
            "keyDetails": key.details(key.default_scheme()),
            "validFor": window.json(),
        },
        "logId": {"keyId": base64(id)},
    });
    operated(out, operator)
}

fn authority(
    (organization, common_name): (&str, &str),
    uri: &str,
    chain: &[Vec<u8>],
    window: Window,
    operator: Option<&str>,
) -> Value {
    let certificates: Vec<Value> = chain
        .iter()
        .map(|der| json!({"rawBytes": base64(der)}))
        .collect();
    let out = json!({
        "subject": {"organization": organization, "commonName": common_name},
        "uri": uri,
        "certChain": {"certificates": certificates},
        "validFor": window.json(),
    });
    operated(out, operator)
}

fn operated(mut service: Value, operator: Option<&str>) -> Value {
    if let Some(operator) = operator {
        service["operator"] = operator.into();
    }
    service
}
