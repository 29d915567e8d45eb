//! A timestamp authority: RFC 3161 tokens in CMS SignedData (RFC 5652) with the signing-certificate
//! attribute of RFC 5816.

use jiff::Timestamp;

use crate::DEFAULT_TIME;
use crate::asn1;
use crate::authority;
use crate::authority::certificate::{self, Certified, TIME_STAMPING, Template};
use crate::key::{Hash, Key, KeyKind};

/// A timestamp authority: a root and one signer below it.
pub struct TimestampAuthority {
    /// The root.
    pub root: Certified,
    /// The certificate that signs tokens.
    pub signer: Certified,
    /// The organization in the names.
    pub organization: String,
}

/// How one token is made. The default is a sound token at [`DEFAULT_TIME`].
#[derive(Clone, Debug)]
pub struct TokenOptions {
    /// The time in the token, in whole seconds.
    pub time: Timestamp,
    /// The hash of the message imprint.
    pub imprint: Hash,
    /// Whether the signer's certificate is in the token.
    pub embed_certificates: bool,
    /// The request's nonce.
    pub nonce: Option<u64>,
    /// What is wrong with the token.
    pub flaw: Option<TokenFlaw>,
}

/// One thing that is wrong with a token; the signature itself is always sound unless it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFlaw {
    /// The response says "rejection" but carries a token.
    NotGranted,
    /// No content-type attribute.
    NoContentType,
    /// The content-type attribute says "data".
    WrongContentType,
    /// No message-digest attribute.
    NoMessageDigest,
    /// The message-digest attribute is of other content.
    WrongMessageDigest,
    /// No signing-certificate attribute.
    NoSigningCertificate,
    /// The signing-certificate attribute names another certificate.
    WrongSigningCertificate,
    /// The imprint is of another message.
    WrongImprint,
    /// Another key signed.
    WrongKey,
    /// Two signers, the second a copy of the first.
    TwoSigners,
}

/// All flaws, for tests that walk through them.
pub const TOKEN_FLAWS: [TokenFlaw; 10] = [
    TokenFlaw::NotGranted,
    TokenFlaw::NoContentType,
    TokenFlaw::WrongContentType,
    TokenFlaw::NoMessageDigest,
    TokenFlaw::WrongMessageDigest,
    TokenFlaw::NoSigningCertificate,
    TokenFlaw::WrongSigningCertificate,
    TokenFlaw::WrongImprint,
    TokenFlaw::WrongKey,
    TokenFlaw::TwoSigners,
];

impl TimestampAuthority {
    /// An authority whose root is a P-384 key and whose signer is `key`, both valid through the
    /// window.
    #[must_use]
    pub fn new(organization: &str, key: Key, not_before: Timestamp, not_after: Timestamp) -> Self {
        let name = "sigstore-tsa-selfsigned";
        let root = authority::root(
            organization,
            name,
            KeyKind::P384,
            Some(0),
            not_before,
            not_after,
        );
        let template = Template {
            serial: authority::serial(),
            subject: Some((organization.into(), "sigstore-tsa".into())),
            spki: key.spki().to_vec(),
            not_before,
            not_after,
            extensions: vec![
                certificate::key_usage_signer(),
                certificate::subject_key_identifier(key.spki()),
                certificate::authority_key_identifier(root.key.spki()),
                certificate::extended_key_usage(true, &[TIME_STAMPING.into()]),
            ],
        };
        let signer = authority::certify(&template, key, &root);
        Self {
            root,
            signer,
            organization: organization.into(),
        }
    }

    /// DER of the authority's certificates in trust-root order: signer first, root last.
    #[must_use]
    pub fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.signer.der.clone(), self.root.der.clone()]
    }

    /// DER of a TimeStampResp (RFC 3161 section 2.4.2) for `message`, in Sigstore a signature.
    #[must_use]
    pub fn timestamp(&self, message: &[u8], options: &TokenOptions) -> Vec<u8> {
        let status = match options.flaw {
            Some(TokenFlaw::NotGranted) => 2,
            _ => 0,
        };
        asn1::sequence(&[
            asn1::sequence(&[asn1::number(status)]),
            self.token(message, options),
        ])
    }

    /// DER of the TimeStampToken alone: a ContentInfo with SignedData.
    #[must_use]
    pub fn token(&self, message: &[u8], options: &TokenOptions) -> Vec<u8> {
        let info = tst_info(message, options);
        let digest = self.signer.key.default_scheme().hash();
        let attributes = asn1::sorted(&self.signed_attributes(&info, digest, options)).concat();
        let key = match options.flaw {
            Some(TokenFlaw::WrongKey) => Key::generate(self.signer.key.kind()),
            _ => self.signer.key.clone(),
        };
        // The signature covers the attributes as a SET OF (RFC 5652 section 5.4).
        let signature = key.sign(&asn1::tlv(0x31, &attributes));
        let signer_info = asn1::sequence(&[
            asn1::number(1),
            issuer_and_serial(&self.root.name, &self.signer.serial),
            digest.algorithm_identifier(),
            asn1::context(0, &attributes),
            self.signer.key.signature_algorithm(),
            asn1::octet_string(&signature),
        ]);
        let signers = match options.flaw {
            Some(TokenFlaw::TwoSigners) => vec![signer_info.clone(), signer_info],
            _ => vec![signer_info],
        };
        let mut signed_data = vec![
            asn1::number(3),
            asn1::set_of(&[digest.algorithm_identifier()]),
            asn1::sequence(&[
                asn1::oid(TST_INFO),
                asn1::context(0, &asn1::octet_string(&info)),
            ]),
        ];
        if options.embed_certificates {
            signed_data.push(asn1::context(0, &self.signer.der));
        }
        signed_data.push(asn1::set_of(&signers));
        asn1::sequence(&[
            asn1::oid(SIGNED_DATA),
            asn1::context(0, &asn1::sequence(&signed_data)),
        ])
    }

    fn signed_attributes(&self, info: &[u8], digest: Hash, options: &TokenOptions) -> Vec<Vec<u8>> {
        let flaw = options.flaw;
        let mut out = vec![attribute(SIGNING_TIME, asn1::time(options.time))];
        if flaw != Some(TokenFlaw::NoContentType) {
            let content_type = match flaw {
                Some(TokenFlaw::WrongContentType) => DATA,
                _ => TST_INFO,
            };
            out.push(attribute(CONTENT_TYPE, asn1::oid(content_type)));
        }
        if flaw != Some(TokenFlaw::NoMessageDigest) {
            let content = match flaw {
                Some(TokenFlaw::WrongMessageDigest) => b"other content",
                _ => info,
            };
            out.push(attribute(
                MESSAGE_DIGEST,
                asn1::octet_string(&digest.digest(content)),
            ));
        }
        if flaw != Some(TokenFlaw::NoSigningCertificate) {
            let certificate = match flaw {
                Some(TokenFlaw::WrongSigningCertificate) => &self.root.der,
                _ => &self.signer.der,
            };
            out.push(attribute(
                SIGNING_CERTIFICATE_V2,
                signing_certificate_v2(certificate, &self.root.name, &self.signer.serial),
            ));
        }
        out
    }
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self {
            time: DEFAULT_TIME,
            imprint: Hash::Sha256,
            embed_certificates: false,
            nonce: None,
            flaw: None,
        }
    }
}

/// TSTInfo (RFC 3161 section 2.4.2).
fn tst_info(message: &[u8], options: &TokenOptions) -> Vec<u8> {
    let message = match options.flaw {
        Some(TokenFlaw::WrongImprint) => b"another message",
        _ => message,
    };
    let imprint = asn1::sequence(&[
        options.imprint.algorithm_identifier(),
        asn1::octet_string(&options.imprint.digest(message)),
    ]);
    let mut parts = vec![
        asn1::number(1),
        asn1::oid(SIGSTORE_TSA_POLICY),
        imprint,
        asn1::integer(&authority::serial()),
        asn1::generalized_time(options.time),
        // Accuracy: one second.
        asn1::sequence(&[asn1::number(1)]),
    ];
    parts.extend(options.nonce.map(asn1::number));
    asn1::sequence(&parts)
}

/// SigningCertificateV2 with one ESSCertIDv2 over SHA-256, the default hash, which DER omits
/// (RFC 5035 section 3).
fn signing_certificate_v2(certificate: &[u8], issuer: &[u8], serial: &[u8]) -> Vec<u8> {
    let issuer_serial = asn1::sequence(&[
        asn1::sequence(&[asn1::context(4, issuer)]),
        asn1::integer(serial),
    ]);
    let id = asn1::sequence(&[
        asn1::octet_string(&Hash::Sha256.digest(certificate)),
        issuer_serial,
    ]);
    asn1::sequence(&[asn1::sequence(&[id])])
}

fn issuer_and_serial(issuer: &[u8], serial: &[u8]) -> Vec<u8> {
    asn1::sequence(&[issuer.to_vec(), asn1::integer(serial)])
}

fn attribute(oid: &str, value: Vec<u8>) -> Vec<u8> {
    asn1::sequence(&[asn1::oid(oid), asn1::set_of(&[value])])
}

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const DATA: &str = "1.2.840.113549.1.7.1";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
const SIGSTORE_TSA_POLICY: &str = "1.3.6.1.4.1.57264.2";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DEFAULT_END, DEFAULT_START};

    fn contains(haystack: &[u8], needle: &[u8]) -> usize {
        haystack
            .windows(needle.len())
            .filter(|window| *window == needle)
            .count()
    }

    /// What no other implementation at hand looks at must at least be there, or not.
    #[test]
    fn flaws_of_attributes_and_signers() {
        let key = Key::generate(KeyKind::P256);
        let tsa = TimestampAuthority::new("example", key, DEFAULT_START, DEFAULT_END);
        let token = |flaw| {
            let options = TokenOptions {
                flaw,
                ..TokenOptions::default()
            };
            tsa.token(b"message", &options)
        };
        let attribute = asn1::oid(CONTENT_TYPE);
        assert_eq!(contains(&token(None), &attribute), 1);
        assert_eq!(
            contains(&token(Some(TokenFlaw::NoContentType)), &attribute),
            0
        );
        let wrong = token(Some(TokenFlaw::WrongContentType));
        assert_eq!(contains(&wrong, &asn1::oid(TST_INFO)), 1);
        assert_eq!(contains(&wrong, &asn1::oid(DATA)), 1);
        let attribute = asn1::oid(SIGNING_CERTIFICATE_V2);
        assert_eq!(contains(&token(None), &attribute), 1);
        assert_eq!(
            contains(&token(Some(TokenFlaw::NoSigningCertificate)), &attribute),
            0
        );
        assert_eq!(contains(&token(Some(TokenFlaw::TwoSigners)), &attribute), 2);
        let hash = Hash::Sha256.digest(&tsa.signer.der);
        assert_eq!(contains(&token(None), &hash), 1);
        assert_eq!(
            contains(&token(Some(TokenFlaw::WrongSigningCertificate)), &hash),
            0
        );
    }

    #[test]
    fn certificates_are_embedded_on_demand() {
        let key = Key::generate(KeyKind::P256);
        let tsa = TimestampAuthority::new("example", key, DEFAULT_START, DEFAULT_END);
        for embed_certificates in [false, true] {
            let options = TokenOptions {
                embed_certificates,
                ..TokenOptions::default()
            };
            let response = tsa.timestamp(b"message", &options);
            let times = usize::from(embed_certificates);
            assert_eq!(contains(&response, &tsa.signer.der), times);
        }
    }
}
