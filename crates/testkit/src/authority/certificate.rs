//! X.509 certificates (RFC 5280), built field by field so that each field can also be wrong.

use jiff::Timestamp;

use crate::asn1;
use crate::key::{Hash, Key};

/// What a certificate says, apart from who signs it.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) serial: Vec<u8>,
    /// Organization and common name; `None` is the empty name of Fulcio leaves.
    pub(crate) subject: Option<(String, String)>,
    pub(crate) spki: Vec<u8>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) extensions: Vec<Vec<u8>>,
}

/// A certificate with the key that it certifies.
#[derive(Clone)]
pub struct Certified {
    /// The key pair.
    pub key: Key,
    /// DER of the certificate.
    pub der: Vec<u8>,
    pub(crate) name: Vec<u8>,
    pub(crate) serial: Vec<u8>,
}

impl Template {
    /// The TBSCertificate that `issuer` would sign (RFC 5280 section 4.1).
    pub(crate) fn tbs(&self, issuer_name: &[u8], issuer_key: &Key) -> Vec<u8> {
        asn1::sequence(&[
            asn1::context(0, &asn1::number(2)),
            asn1::integer(&self.serial),
            issuer_key.signature_algorithm(),
            issuer_name.to_vec(),
            asn1::sequence(&[asn1::time(self.not_before), asn1::time(self.not_after)]),
            self.name(),
            self.spki.clone(),
            asn1::context(3, &asn1::sequence(&self.extensions)),
        ])
    }

    /// The certificate, signed by `issuer_key`.
    pub(crate) fn sign(&self, issuer_name: &[u8], issuer_key: &Key) -> Vec<u8> {
        let tbs = self.tbs(issuer_name, issuer_key);
        let signature = issuer_key.sign(&tbs);
        asn1::sequence(&[
            tbs,
            issuer_key.signature_algorithm(),
            asn1::bit_string(&signature),
        ])
    }

    pub(crate) fn name(&self) -> Vec<u8> {
        match &self.subject {
            None => asn1::sequence(&[]),
            Some((organization, common_name)) => asn1::sequence(&[
                attribute("2.5.4.10", organization),
                attribute("2.5.4.3", common_name),
            ]),
        }
    }
}

/// One Extension (RFC 5280 section 4.1): `value` is the DER inside the octet string.
pub(crate) fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![asn1::oid(oid)];
    if critical {
        parts.push(asn1::boolean_true());
    }
    parts.push(asn1::octet_string(value));
    asn1::sequence(&parts)
}

/// BasicConstraints, critical.
pub(crate) fn basic_constraints(ca: bool, path_length: Option<u64>) -> Vec<u8> {
    let mut parts = Vec::new();
    if ca {
        parts.push(asn1::boolean_true());
    }
    parts.extend(path_length.map(asn1::number));
    extension("2.5.29.19", true, &asn1::sequence(&parts))
}

/// KeyUsage of a certificate authority: certificate and CRL signing.
pub(crate) fn key_usage_ca() -> Vec<u8> {
    extension("2.5.29.15", true, &asn1::named_bits(1, &[0x06]))
}

/// KeyUsage of a signer: digital signature.
pub(crate) fn key_usage_signer() -> Vec<u8> {
    extension("2.5.29.15", true, &asn1::named_bits(7, &[0x80]))
}

/// ExtendedKeyUsage with the given purposes.
pub(crate) fn extended_key_usage(critical: bool, purposes: &[String]) -> Vec<u8> {
    let purposes: Vec<Vec<u8>> = purposes.iter().map(|oid| asn1::oid(oid)).collect();
    extension("2.5.29.37", critical, &asn1::sequence(&purposes))
}

/// SubjectKeyIdentifier: the first 20 octets of SHA-256 over the public key (RFC 7093 section 2).
pub(crate) fn subject_key_identifier(spki: &[u8]) -> Vec<u8> {
    extension(
        "2.5.29.14",
        false,
        &asn1::octet_string(&key_identifier(spki)),
    )
}

/// AuthorityKeyIdentifier that points at the key of the issuer.
pub(crate) fn authority_key_identifier(issuer_spki: &[u8]) -> Vec<u8> {
    let identifier = asn1::context_primitive(0, &key_identifier(issuer_spki));
    extension("2.5.29.35", false, &asn1::sequence(&[identifier]))
}

fn key_identifier(spki: &[u8]) -> Vec<u8> {
    Hash::Sha256.digest(spki)[..20].to_vec()
}

fn attribute(oid: &str, value: &str) -> Vec<u8> {
    asn1::set_of(&[asn1::sequence(&[asn1::oid(oid), asn1::utf8_string(value)])])
}

/// Purpose of code signing.
pub(crate) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
/// Purpose of time stamping.
pub(crate) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
