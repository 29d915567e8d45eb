//! A certificate authority as Fulcio runs it: root, intermediates, and short-lived leaves.

pub(crate) mod certificate;
mod leaf;

use jiff::Timestamp;

pub use certificate::Certified;
use certificate::{CODE_SIGNING, Template};
pub use leaf::{DEFAULT_IDENTITY, DEFAULT_ISSUER, GITHUB_ISSUER, Leaf, LeafRequest, San, SctMode};

use crate::ct::{self, CtLog, Sct};
use crate::key::{Key, KeyKind};

/// A certificate authority.
pub struct Authority {
    /// Root first, issuing certificate last.
    path: Vec<Certified>,
}

impl Authority {
    /// A root with `intermediates` certificate authorities below it, all with keys of `kind` and
    /// valid through the whole window. `organization` is part of every name.
    #[must_use]
    pub fn new(
        organization: &str,
        kind: KeyKind,
        intermediates: usize,
        not_before: Timestamp,
        not_after: Timestamp,
    ) -> Self {
        let mut path = vec![root(
            organization,
            "sigstore",
            kind,
            None,
            not_before,
            not_after,
        )];
        for level in 0..intermediates {
            let below = u64::try_from(intermediates - level - 1).expect("a small count");
            let issuer = path.last().expect("at least the root").clone();
            let common_name = match level {
                0 => "sigstore-intermediate".to_owned(),
                more => format!("sigstore-intermediate-{}", more + 1),
            };
            let key = Key::generate(kind);
            let template = Template {
                serial: serial(),
                subject: Some((organization.into(), common_name)),
                spki: key.spki().to_vec(),
                not_before,
                not_after,
                extensions: vec![
                    certificate::key_usage_ca(),
                    certificate::extended_key_usage(false, &[CODE_SIGNING.into()]),
                    certificate::basic_constraints(true, Some(below)),
                    certificate::subject_key_identifier(key.spki()),
                    certificate::authority_key_identifier(issuer.key.spki()),
                ],
            };
            path.push(certify(&template, key, &issuer));
        }
        Self { path }
    }

    /// DER of the authority's certificates in trust-root order: issuing first, root last.
    #[must_use]
    pub fn chain(&self) -> Vec<Vec<u8>> {
        self.path.iter().rev().map(|c| c.der.clone()).collect()
    }

    /// The certificates with their keys: root first, issuing certificate last.
    #[must_use]
    pub fn path(&self) -> &[Certified] {
        &self.path
    }

    /// The certificate that signs leaves.
    #[must_use]
    pub fn issuing(&self) -> &Certified {
        self.path.last().expect("at least the root")
    }

    /// A leaf as requested, with signed certificate timestamps from `ct`.
    #[must_use]
    pub fn issue(&self, ct: &CtLog, request: &LeafRequest) -> Leaf {
        let issuer = self.issuing();
        let mut template = Template {
            serial: serial(),
            subject: None,
            spki: request.key.spki().to_vec(),
            not_before: request.not_before,
            not_after: request.not_after,
            extensions: request.encode_extensions(issuer.key.spki()),
        };
        let tbs = template.tbs(&issuer.name, &issuer.key);
        let issuer_key_hash = issuer.key.fingerprint();
        let at = request.not_before;
        let embedded: Vec<Sct> = match &request.sct {
            SctMode::None | SctMode::Detached => Vec::new(),
            SctMode::Embedded => vec![ct.sign_precertificate(&issuer_key_hash, &tbs, at, &[])],
            SctMode::EmbeddedWithExtensions(extensions) => {
                vec![ct.sign_precertificate(&issuer_key_hash, &tbs, at, extensions)]
            }
            SctMode::EmbeddedTimes(count) => (0..*count)
                .map(|_| ct.sign_precertificate(&issuer_key_hash, &tbs, at, &[]))
                .collect(),
            SctMode::UnknownLog => {
                let unknown = CtLog::new(KeyKind::P256);
                vec![unknown.sign_precertificate(&issuer_key_hash, &tbs, at, &[])]
            }
            SctMode::OtherCertificate => {
                let other = Template {
                    serial: serial(),
                    ..template.clone()
                };
                let other_tbs = other.tbs(&issuer.name, &issuer.key);
                vec![ct.sign_precertificate(&issuer_key_hash, &other_tbs, at, &[])]
            }
        };
        if !embedded.is_empty() {
            template.extensions.push(ct::extension(&embedded));
        }
        let der = template.sign(&issuer.name, &issuer.key);
        let scts = if request.sct == SctMode::Detached {
            vec![ct.sign_certificate(&der, at, &[])]
        } else {
            embedded
        };
        Leaf {
            key: request.key.clone(),
            der,
            chain: self.chain(),
            scts,
        }
    }
}

/// A self-signed certificate authority.
pub(crate) fn root(
    organization: &str,
    common_name: &str,
    kind: KeyKind,
    path_length: Option<u64>,
    not_before: Timestamp,
    not_after: Timestamp,
) -> Certified {
    let key = Key::generate(kind);
    let template = Template {
        serial: serial(),
        subject: Some((organization.into(), common_name.into())),
        spki: key.spki().to_vec(),
        not_before,
        not_after,
        extensions: vec![
            certificate::key_usage_ca(),
            certificate::basic_constraints(true, path_length),
            certificate::subject_key_identifier(key.spki()),
        ],
    };
    let name = template.name();
    let der = template.sign(&name, &key);
    Certified {
        key,
        der,
        name,
        serial: template.serial,
    }
}

/// The certificate of `key` as `template` describes it, signed by `issuer`.
pub(crate) fn certify(template: &Template, key: Key, issuer: &Certified) -> Certified {
    Certified {
        key,
        der: template.sign(&issuer.name, &issuer.key),
        name: template.name(),
        serial: template.serial.clone(),
    }
}

/// A random serial number of 19 octets, positive and without leading zeros.
pub(crate) fn serial() -> Vec<u8> {
    let mut out = vec![0; 19];
    aws_lc_rs::rand::fill(&mut out).expect("random bytes");
    out[0] |= 1;
    out
}
