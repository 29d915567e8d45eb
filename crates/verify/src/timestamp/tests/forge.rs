//! Tokens and authorities of which every part can be replaced, so that each check meets its counterexample.

use sealcheck_testkit::mutate::der::Element;
use sealcheck_testkit::{Hash, Key, KeyKind, Scheme, asn1};

use crate::timestamp::{Authority, Token, TokenCheck, check};
use crate::{Result, Window};

pub(super) const MESSAGE: &[u8] = b"the signature that was stamped";

pub(super) const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
pub(super) const DATA: &str = "1.2.840.113549.1.7.1";
pub(super) const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
pub(super) const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
pub(super) const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
pub(super) const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
pub(super) const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
pub(super) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
pub(super) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(super) const SHA1: &str = "1.3.14.3.2.26";
pub(super) const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub(super) const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";

/// A certificate to be issued.
#[derive(Clone)]
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) serial: u64,
    pub(super) not_before: &'static str,
    pub(super) not_after: &'static str,
    pub(super) extensions: Vec<Vec<u8>>,
    pub(super) key: Key,
}

/// An issued certificate with its key.
#[derive(Clone)]
pub(super) struct Issued {
    pub(super) form: Form,
    pub(super) der: Vec<u8>,
    pub(super) issuer: Vec<u8>,
}

/// A root, an intermediate and a signer.
pub(super) struct House {
    pub(super) root: Issued,
    pub(super) intermediate: Issued,
    pub(super) signer: Issued,
}

/// The parts of TSTInfo, each in DER.
#[derive(Clone)]
pub(super) struct Info {
    pub(super) version: Vec<u8>,
    pub(super) imprint: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) time: Vec<u8>,
    /// accuracy, ordering, nonce, tsa, extensions
    pub(super) rest: Vec<Vec<u8>>,
}

/// The parts of a token; a sound one until something is replaced.
#[derive(Clone)]
pub(super) struct Recipe {
    pub(super) status_info: Option<Vec<u8>>,
    pub(super) content_type: &'static str,
    pub(super) version: u64,
    pub(super) digest_algorithms: Vec<Vec<u8>>,
    pub(super) inner_content_type: &'static str,
    pub(super) info: Info,
    /// Stands between content and signers.
    pub(super) certificates: Option<Vec<u8>>,
    pub(super) signers: usize,
    pub(super) signer_version: u64,
    pub(super) sid: Vec<u8>,
    pub(super) digest: Hash,
    pub(super) digest_algorithm: Vec<u8>,
    /// Whether the attributes stand in the order that DER demands.
    pub(super) in_order: bool,
    /// Replaces the attributes with what the function makes of them.
    pub(super) attributes: fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>,
    pub(super) signing_certificate: Vec<u8>,
    pub(super) signature_algorithm: Vec<u8>,
    pub(super) scheme: Scheme,
    pub(super) key: Key,
    /// Stands after the signature.
    pub(super) after: Vec<u8>,
}

pub(super) fn ca(name: &'static str, serial: u64, key: Key) -> Form {
    Form {
        name,
        serial,
        not_before: "2025-01-01T00:00:00Z",
        not_after: "2030-01-01T00:00:00Z",
        extensions: vec![
            extension("2.5.29.19", true, &asn1::sequence(&[asn1::boolean_true()])),
            extension("2.5.29.15", true, &asn1::named_bits(1, &[0x06])),
        ],
        key,
    }
}

/// Below a root, the purpose is inherited: every certificate must have it.
pub(super) fn intermediate(key: Key) -> Form {
    let mut form = ca("intermediate", 2, key);
    form.extensions
        .push(extended_key_usage(false, &[TIME_STAMPING]));
    form
}

pub(super) fn leaf(key: Key) -> Form {
    Form {
        name: "signer",
        serial: 0xabcdef,
        not_before: "2025-06-01T00:00:00Z",
        not_after: "2027-01-01T00:00:00Z",
        extensions: vec![
            extension("2.5.29.15", true, &asn1::named_bits(7, &[0x80])),
            extended_key_usage(true, &[TIME_STAMPING]),
            extension("2.5.29.14", false, &asn1::octet_string(b"signer key id")),
        ],
        key,
    }
}

pub(super) fn extended_key_usage(critical: bool, purposes: &[&str]) -> Vec<u8> {
    let purposes: Vec<Vec<u8>> = purposes.iter().map(|purpose| asn1::oid(purpose)).collect();
    extension("2.5.29.37", critical, &asn1::sequence(&purposes))
}

pub(super) fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![asn1::oid(oid)];
    parts.extend(critical.then(asn1::boolean_true));
    parts.push(asn1::octet_string(value));
    asn1::sequence(&parts)
}

pub(super) fn name(common_name: &str) -> Vec<u8> {
    let attribute = asn1::sequence(&[asn1::oid("2.5.4.3"), asn1::utf8_string(common_name)]);
    asn1::sequence(&[asn1::set_of(&[attribute])])
}

pub(super) fn attribute(oid: &str, value: Vec<u8>) -> Vec<u8> {
    asn1::sequence(&[asn1::oid(oid), asn1::set_of(&[value])])
}

pub(super) fn imprint(hash: Hash, message: &[u8]) -> Vec<u8> {
    asn1::sequence(&[
        hash.algorithm_identifier(),
        asn1::octet_string(&hash.digest(message)),
    ])
}

impl Form {
    /// The certificate, issued by `issuer` or by itself.
    pub(super) fn issue(self, issuer: Option<&Issued>) -> Issued {
        let by = issuer.map_or(&self, |issuer| &issuer.form);
        let issuer_name = name(by.name);
        let date = |text: &str| asn1::time(text.parse().unwrap());
        let tbs = asn1::sequence(&[
            asn1::context(0, &asn1::number(2)),
            asn1::number(self.serial),
            by.key.signature_algorithm(),
            issuer_name.clone(),
            asn1::sequence(&[date(self.not_before), date(self.not_after)]),
            name(self.name),
            self.key.spki().to_vec(),
            asn1::context(3, &asn1::sequence(&self.extensions)),
        ]);
        let signature = asn1::bit_string(&by.key.sign(&tbs));
        let der = asn1::sequence(&[tbs, by.key.signature_algorithm(), signature]);
        Issued {
            issuer: issuer_name,
            form: self,
            der,
        }
    }
}

impl House {
    pub(super) fn new(key: Key) -> Self {
        Self::with_leaf(leaf(key))
    }

    pub(super) fn with_leaf(leaf: Form) -> Self {
        let root = ca("root", 1, Key::shared(KeyKind::P384)).issue(None);
        let intermediate = intermediate(Key::generate(KeyKind::P256)).issue(Some(&root));
        let signer = leaf.issue(Some(&intermediate));
        Self {
            root,
            intermediate,
            signer,
        }
    }

    pub(super) fn chain(&self) -> Vec<Vec<u8>> {
        [&self.signer, &self.intermediate, &self.root]
            .map(|certificate| certificate.der.clone())
            .to_vec()
    }

    pub(super) fn authority(&self) -> Authority {
        Authority::prepare(self.chain(), window(), "house".to_owned()).unwrap()
    }

    /// The authority whose tokens must bring the signer's certificate along.
    pub(super) fn authority_without_leaf(&self) -> Authority {
        Authority::prepare(self.chain()[1..].to_vec(), window(), "house".to_owned()).unwrap()
    }

    pub(super) fn recipe(&self) -> Recipe {
        let key = self.signer.form.key.clone();
        let (digest, scheme) = match key.kind() {
            KeyKind::Ed25519 => (Hash::Sha512, Scheme::Ed25519),
            _ => (key.default_scheme().hash(), key.default_scheme()),
        };
        let serial = asn1::number(self.signer.form.serial);
        Recipe {
            status_info: Some(asn1::sequence(&[asn1::number(0)])),
            content_type: SIGNED_DATA,
            version: 3,
            digest_algorithms: vec![digest.algorithm_identifier()],
            inner_content_type: TST_INFO,
            info: Info {
                version: asn1::number(1),
                imprint: imprint(Hash::Sha256, MESSAGE),
                serial: asn1::number(77),
                time: asn1::tlv(0x18, b"20260102030405Z"),
                rest: Vec::new(),
            },
            certificates: None,
            signers: 1,
            signer_version: 1,
            sid: asn1::sequence(&[self.signer.issuer.clone(), serial.clone()]),
            digest,
            digest_algorithm: digest.algorithm_identifier(),
            in_order: true,
            attributes: |sound| sound,
            signing_certificate: attribute(
                SIGNING_CERTIFICATE_V2,
                ess(&[
                    asn1::octet_string(&Hash::Sha256.digest(&self.signer.der)),
                    issuer_serial(&self.signer.issuer, &serial),
                ]),
            ),
            signature_algorithm: key.signature_algorithm(),
            scheme,
            key,
            after: Vec::new(),
        }
    }

    /// What becomes of a token at this authority.
    pub(super) fn verdict(&self, recipe: &Recipe) -> Result<TokenCheck> {
        verdict(&recipe.build(), &[self.authority()])
    }
}

pub(super) fn verdict(der: &[u8], authorities: &[Authority]) -> Result<TokenCheck> {
    Token::parse(der).and_then(|token| check(&token, authorities, MESSAGE))
}

/// SigningCertificate or SigningCertificateV2 with one certificate.
pub(super) fn ess(id: &[Vec<u8>]) -> Vec<u8> {
    asn1::sequence(&[asn1::sequence(&[asn1::sequence(id)])])
}

pub(super) fn issuer_serial(issuer: &[u8], serial: &[u8]) -> Vec<u8> {
    asn1::sequence(&[asn1::sequence(&[asn1::context(4, issuer)]), serial.to_vec()])
}

pub(super) fn window() -> Window {
    between("2025-01-01T00:00:00Z", Some("2026-12-31T00:00:00Z"))
}

pub(super) fn between(start: &str, end: Option<&str>) -> Window {
    Window {
        start: start.parse().unwrap(),
        end: end.map(|end| end.parse().unwrap()),
    }
}

impl Info {
    pub(super) fn der(&self) -> Vec<u8> {
        asn1::sequence(&[
            self.version.clone(),
            asn1::oid("1.3.6.1.4.1.57264.2"),
            self.imprint.clone(),
            self.serial.clone(),
            self.time.clone(),
            self.rest.concat(),
        ])
    }
}

impl Recipe {
    pub(super) fn at(mut self, time: &str) -> Self {
        self.info.time = asn1::tlv(0x18, time.as_bytes());
        self
    }

    pub(super) fn embed(mut self, certificates: &[&[u8]]) -> Self {
        self.certificates = Some(asn1::context(0, &certificates.concat()));
        self
    }

    /// DER of the TimeStampResp, or of the bare token when there is no status.
    pub(super) fn build(&self) -> Vec<u8> {
        let info = self.info.der();
        let attributes = (self.attributes)(vec![
            attribute(CONTENT_TYPE, asn1::oid(TST_INFO)),
            attribute(
                MESSAGE_DIGEST,
                asn1::octet_string(&self.digest.digest(&info)),
            ),
            self.signing_certificate.clone(),
        ])
        .concat();
        let attributes = match self.in_order {
            true => in_order(&attributes),
            false => attributes,
        };
        let signature = self
            .key
            .sign_with(self.scheme, &asn1::tlv(0x31, &attributes));
        let signer = asn1::sequence(&[
            asn1::number(self.signer_version),
            self.sid.clone(),
            self.digest_algorithm.clone(),
            asn1::context(0, &attributes),
            self.signature_algorithm.clone(),
            asn1::octet_string(&signature),
            self.after.clone(),
        ]);
        let signed_data = asn1::sequence(&[
            asn1::number(self.version),
            asn1::set_of(&self.digest_algorithms),
            asn1::sequence(&[
                asn1::oid(self.inner_content_type),
                asn1::context(0, &asn1::octet_string(&info)),
            ]),
            self.certificates.clone().unwrap_or_default(),
            asn1::set_of(&vec![signer; self.signers]),
        ]);
        let token = asn1::sequence(&[asn1::oid(self.content_type), asn1::context(0, &signed_data)]);
        match &self.status_info {
            Some(status_info) => asn1::sequence(&[status_info.clone(), token]),
            None => token,
        }
    }
}

/// Elements in the order of a SET OF (X.690, section 11.6).
fn in_order(elements: &[u8]) -> Vec<u8> {
    let mut set = Element::parse(&asn1::tlv(0x31, elements)).unwrap();
    let elements = set.elements().unwrap().iter();
    asn1::sorted(&elements.map(Element::encode).collect::<Vec<_>>()).concat()
}
