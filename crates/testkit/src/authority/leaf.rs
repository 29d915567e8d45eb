//! What a leaf certificate is asked to say, and the leaf that comes back.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::certificate::{self, CODE_SIGNING};
use crate::ct::Sct;
use crate::encoding::pem;
use crate::key::{Key, KeyKind};
use crate::{DEFAULT_TIME, asn1};

/// A subject alternative name (RFC 5280 section 4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum San {
    /// rfc822Name.
    Email(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// dNSName.
    Dns(String),
    /// iPAddress.
    Ip(IpAddr),
    /// otherName of Fulcio's type 1.3.6.1.4.1.57264.1.7, a UTF8String.
    Other(String),
}

/// Which signed certificate timestamps the leaf gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SctMode {
    /// One in the certificate, from the instance's log.
    Embedded,
    /// One in the certificate with these extension bytes.
    EmbeddedWithExtensions(Vec<u8>),
    /// Several in the certificate, all from the instance's log.
    EmbeddedTimes(usize),
    /// None in the certificate; [`Leaf::sct_json`] has it.
    Detached,
    /// None at all.
    None,
    /// One in the certificate, from a log that no trust root names.
    UnknownLog,
    /// One in the certificate, genuine but issued for another certificate.
    OtherCertificate,
}

/// A request for a leaf certificate. The default is a sound one for `signer@example.com`.
#[derive(Clone)]
pub struct LeafRequest {
    /// Subject alternative names; none leaves the extension out.
    pub sans: Vec<San>,
    /// Fulcio claims by the last arc of their OID 1.3.6.1.4.1.57264.1.N. Arcs up to 6 are written as
    /// raw UTF-8, later ones as DER UTF8String. The issuer is claim 1 and claim 8.
    pub claims: BTreeMap<u32, String>,
    /// The key to certify.
    pub key: Key,
    /// Start of validity, in whole seconds.
    pub not_before: Timestamp,
    /// End of validity, in whole seconds, inclusive.
    pub not_after: Timestamp,
    /// Signed certificate timestamps.
    pub sct: SctMode,
    /// Extended key usages as OIDs; none leaves the extension out.
    pub extended_key_usages: Vec<String>,
    /// Whether the leaf claims to be a certificate authority.
    pub ca: bool,
    /// Further extensions: OID, criticality, and the DER inside the octet string.
    pub extensions: Vec<(String, bool, Vec<u8>)>,
}

/// An issued leaf certificate with its key.
#[derive(Clone)]
pub struct Leaf {
    /// The certified key.
    pub key: Key,
    /// DER of the certificate.
    pub der: Vec<u8>,
    /// DER of the issuing certificates, the one that signed the leaf first, the root last.
    pub chain: Vec<Vec<u8>>,
    /// The timestamps that were issued, embedded or detached.
    pub scts: Vec<Sct>,
}

impl LeafRequest {
    /// A request for this name and OIDC issuer.
    #[must_use]
    pub fn new(san: San, issuer: &str) -> Self {
        Self {
            sans: vec![san],
            claims: BTreeMap::from([(1, issuer.into()), (8, issuer.into())]),
            key: Key::generate(KeyKind::P256),
            not_before: DEFAULT_TIME - LEAD,
            not_after: DEFAULT_TIME - LEAD + LIFETIME,
            sct: SctMode::Embedded,
            extended_key_usages: vec![CODE_SIGNING.into()],
            ca: false,
            extensions: Vec::new(),
        }
    }

    /// A request as a GitHub Actions workflow makes it, with all of Fulcio's claims for it.
    #[must_use]
    pub fn github_workflow() -> Self {
        let uri =
            "https://github.com/example/project/.github/workflows/release.yml@refs/heads/main";
        let mut request = Self::new(San::Uri(uri.into()), GITHUB_ISSUER);
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (arc, value) in [
            (2, "push"),
            (3, commit),
            (4, "Release"),
            (5, "example/project"),
            (6, "refs/heads/main"),
            (9, uri),
            (10, commit),
            (11, "github-hosted"),
            (12, "https://github.com/example/project"),
            (13, commit),
            (14, "refs/heads/main"),
            (15, "1001"),
            (16, "https://github.com/example"),
            (17, "2002"),
            (18, uri),
            (19, commit),
            (20, "push"),
            (
                21,
                "https://github.com/example/project/actions/runs/3003/attempts/1",
            ),
            (22, "public"),
        ] {
            request.claims.insert(arc, value.into());
        }
        request
    }

    /// The same request with the key to certify.
    #[must_use]
    pub fn with_key(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// The same request for a validity of ten minutes around a signing time, in whole seconds.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.not_before = time - LEAD;
        self.not_after = time - LEAD + LIFETIME;
        self
    }

    /// The extensions in Fulcio's order, without any signed certificate timestamp.
    pub(crate) fn encode_extensions(&self, issuer_spki: &[u8]) -> Vec<Vec<u8>> {
        let mut out = vec![certificate::key_usage_signer()];
        if !self.extended_key_usages.is_empty() {
            out.push(certificate::extended_key_usage(
                false,
                &self.extended_key_usages,
            ));
        }
        if self.ca {
            out.push(certificate::basic_constraints(true, None));
        }
        out.push(certificate::subject_key_identifier(self.key.spki()));
        out.push(certificate::authority_key_identifier(issuer_spki));
        if !self.sans.is_empty() {
            let names: Vec<Vec<u8>> = self.sans.iter().map(San::encode).collect();
            out.push(certificate::extension(
                "2.5.29.17",
                true,
                &asn1::sequence(&names),
            ));
        }
        for (arc, value) in &self.claims {
            let oid = format!("{FULCIO_ARC}.{arc}");
            let value = if *arc < 7 {
                value.as_bytes().to_vec()
            } else {
                asn1::utf8_string(value)
            };
            out.push(certificate::extension(&oid, false, &value));
        }
        for (oid, critical, value) in &self.extensions {
            out.push(certificate::extension(oid, *critical, value));
        }
        out
    }
}

impl Default for LeafRequest {
    fn default() -> Self {
        Self::new(San::Email(DEFAULT_IDENTITY.into()), DEFAULT_ISSUER)
    }
}

impl San {
    /// The GeneralName (RFC 5280 section 4.2.1.6).
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Email(address) => asn1::context_primitive(1, address.as_bytes()),
            Self::Dns(name) => asn1::context_primitive(2, name.as_bytes()),
            Self::Uri(uri) => asn1::context_primitive(6, uri.as_bytes()),
            Self::Ip(IpAddr::V4(address)) => asn1::context_primitive(7, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => asn1::context_primitive(7, &address.octets()),
            Self::Other(value) => {
                let typed = [
                    asn1::oid(&format!("{FULCIO_ARC}.7")),
                    asn1::context(0, &asn1::utf8_string(value)),
                ];
                asn1::context(0, &typed.concat())
            }
        }
    }
}

impl Leaf {
    /// PEM of the certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// PEM of the issuing certificates, the root last.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain
            .iter()
            .map(|der| pem("CERTIFICATE", der))
            .collect()
    }

    /// The first signed certificate timestamp as the JSON that cosign's `--sct` reads.
    #[must_use]
    pub fn sct_json(&self) -> Option<Value> {
        self.scts.first().map(Sct::json)
    }
}

/// The e-mail address of the default leaf.
pub const DEFAULT_IDENTITY: &str = "signer@example.com";
/// The OIDC issuer of the default leaf.
pub const DEFAULT_ISSUER: &str = "https://accounts.example.com";
/// The OIDC issuer of GitHub Actions.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

const FULCIO_ARC: &str = "1.3.6.1.4.1.57264.1";
/// A leaf exists a little before it signs.
const LEAD: SignedDuration = SignedDuration::from_secs(5);
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
