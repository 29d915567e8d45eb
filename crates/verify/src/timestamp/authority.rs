//! A timestamp authority of the trusted root, prepared once and shared by threads.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::signer::Signer;
use super::token::Token;
use crate::certificate::{Certificate, ID_KP_TIME_STAMPING, Name};
use crate::{Digest, Failure, Reason, Result, Time, Window, limits};

/// One element of the trusted root's `timestampAuthorities`.
pub(crate) struct Authority {
    name: String,
    window: Window,
    /// The certificate that signs tokens, when the trusted root has it.
    leaf: Option<Signer>,
    /// The certificate authorities above it, the root last.
    issuers: Vec<Issuer>,
    root_digest: Digest,
    /// Whether the chain of `leaf` holds: the same for every token, so found out once.
    leaf_chain: OnceLock<Result<()>>,
}

/// A certificate authority of the chain.
#[derive(Debug)]
struct Issuer {
    der: CertificateDer<'static>,
    subject: Box<[u8]>,
    validity: Window,
}

impl Authority {
    /// Reads the authority's certificates in DER, the signer's first and the root last. A chain that begins with a
    /// certificate authority leaves it to the tokens to bring the signer's certificate along.
    ///
    /// Signatures are verified when the first token asks for them.
    ///
    /// # Errors
    /// [`Reason::TrustRootInvalid`] when there is no certificate authority, a certificate cannot be read, or the
    /// certificates do not name each other in order; [`Reason::LimitExceeded`] when there are too many.
    pub(crate) fn prepare(chain: Vec<Vec<u8>>, window: Window, name: String) -> Result<Self> {
        limits::CHAIN_CERTIFICATES.check(chain.len(), CHAIN)?;
        let mut leaf = None;
        let mut issuers: Vec<Issuer> = Vec::with_capacity(chain.len());
        let mut issuer_of_previous: Option<Box<[u8]>> = None;
        for (index, der) in chain.into_iter().enumerate() {
            let invalid =
                |failure: Failure| in_trusted_root(failure).within(&format!("{CHAIN}[{index}]"));
            let certificate = Certificate::parse(&der).map_err(invalid)?;
            // Path validation reads it when a token comes. What it cannot read must not wait until then.
            let anchor = CertificateDer::from(der.as_slice());
            webpki::anchor_from_trusted_cert(&anchor).map_err(|error| {
                invalid(
                    Failure::new(Reason::TrustRootInvalid)
                        .detail(format!("the certificate cannot be used: {error}")),
                )
            })?;
            if let Some(expected) = &issuer_of_previous
                && **expected != *certificate.subject
            {
                return Err(invalid(
                    Failure::new(Reason::TrustRootInvalid)
                        .at("subject")
                        .expected(Name(expected))
                        .found(Name(certificate.subject)),
                ));
            }
            issuer_of_previous = Some(certificate.issuer.into());
            match (index, certificate.is_ca().map_err(invalid)?) {
                (0, false) => leaf = Some(Signer::new(&certificate)),
                (_, true) => issuers.push(Issuer {
                    subject: certificate.subject.into(),
                    validity: certificate.validity(),
                    der: CertificateDer::from(der),
                }),
                (_, false) => {
                    return Err(invalid(
                        Failure::new(Reason::TrustRootInvalid)
                            .expected("a certificate authority")
                            .found(Name(certificate.subject)),
                    ));
                }
            }
        }
        let Some(root) = issuers.last() else {
            return Err(Failure::new(Reason::TrustRootInvalid)
                .at(CHAIN)
                .detail("the timestamp authority has no root certificate"));
        };
        Ok(Self {
            root_digest: Digest::sha256(&root.der),
            name,
            window,
            leaf,
            issuers,
            leaf_chain: OnceLock::new(),
        })
    }

    /// The name for evidence.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the root certificate.
    pub(super) fn root_digest(&self) -> Digest {
        self.root_digest
    }

    /// When the authority is believed.
    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    /// The subjects of its certificates, the signer's first.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let leaf = self
            .leaf
            .iter()
            .filter_map(|leaf| Some(Name(Certificate::parse(&leaf.der).ok()?.subject).to_string()));
        leaf.chain(
            self.issuers
                .iter()
                .map(|issuer| Name(&issuer.subject).to_string()),
        )
        .collect()
    }

    /// The signer of the token, if it is this authority that the token names.
    pub(super) fn signer(&self, token: &Token<'_>) -> Option<Cow<'_, Signer>> {
        let sid = token.signer.sid;
        if let Some(leaf) = &self.leaf {
            return leaf.is_named_by(sid).then_some(Cow::Borrowed(leaf));
        }
        let embedded: Vec<Certificate<'_>> = token
            .certificates
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect();
        let leaf = embedded.iter().find(|certificate| sid.names(certificate))?;
        // From issuer to issuer through what the token brings along; no certificate is needed twice.
        let mut issuer = leaf.issuer;
        for _ in 0..=embedded.len() {
            if self.issuers.iter().any(|ca| *ca.subject == *issuer) {
                return Some(Cow::Owned(Signer::new(leaf)));
            }
            issuer = embedded
                .iter()
                .find(|certificate| certificate.subject == issuer)?
                .issuer;
        }
        None
    }

    /// Refuses a signer that the root did not vouch for at that time.
    ///
    /// Every certificate must be valid then, the root as well (ruling; X.509 leaves the root open).
    pub(super) fn verify_chain(&self, signer: &Signer, token: &Token<'_>) -> Result<()> {
        let time = token.time();
        let chain = std::iter::once(&signer.validity)
            .chain(self.issuers.iter().map(|issuer| &issuer.validity));
        for validity in chain {
            valid_at(validity, time)?;
        }
        match &self.leaf {
            Some(_) => self
                .leaf_chain
                .get_or_init(|| {
                    // Every certificate is valid at that moment if there is one at which all are, and the check
                    // above has just found one.
                    let start = self.issuers.iter().map(|issuer| issuer.validity.start);
                    let start = start.fold(signer.validity.start, Time::max);
                    self.verify_path(signer, &[], start).map(drop)
                })
                .clone(),
            None => {
                let path = self.verify_path(signer, &token.certificates, time)?;
                path.iter()
                    .try_for_each(|validity| valid_at(validity, time))
            }
        }
    }

    /// Verifies signatures and constraints from the signer up to the root (RFC 5280, section 6) and returns the
    /// validity of the intermediate certificates used.
    fn verify_path(&self, signer: &Signer, embedded: &[&[u8]], at: Time) -> Result<Vec<Window>> {
        let invalid = |error: webpki::Error| {
            Failure::new(Reason::TimestampInvalid)
                .at("certificates")
                .detail(format!("the authority's chain does not hold: {error:?}"))
        };
        let Some((root, intermediates)) = self.issuers.split_last() else {
            return Err(invalid(webpki::Error::UnknownIssuer));
        };
        let anchor = webpki::anchor_from_trusted_cert(&root.der).map_err(invalid)?;
        let intermediates: Vec<CertificateDer<'_>> = intermediates
            .iter()
            .map(|issuer| issuer.der.as_ref())
            .chain(embedded.iter().copied())
            .map(CertificateDer::from)
            .collect();
        let seconds = u64::try_from(at.unix_seconds()).unwrap_or_default();
        let leaf = EndEntityCert::try_from(&signer.der).map_err(invalid)?;
        let path = leaf
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                std::slice::from_ref(&anchor),
                &intermediates,
                UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
                KeyUsage::required(ID_KP_TIME_STAMPING.as_bytes()),
                None,
                None,
            )
            .map_err(invalid)?;
        path.intermediate_certificates()
            .map(|certificate| Ok(Certificate::parse(&certificate.der())?.validity()))
            .collect()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("name", &self.name)
            .field("window", &self.window)
            .field("leaf", &self.leaf.as_ref().map(|leaf| leaf.digest))
            .finish_non_exhaustive()
    }
}

/// Refuses a time outside a certificate's validity.
fn valid_at(validity: &Window, time: Time) -> Result<()> {
    match validity.contains(time) {
        true => Ok(()),
        false => Err(Failure::new(Reason::TimestampInvalid)
            .at("tstInfo.genTime")
            .detail("a certificate of the authority was not valid at that time")
            .expected(validity)
            .found(time)),
    }
}

/// A failure of a certificate as a failure of the trusted root that it stands in.
fn in_trusted_root(mut failure: Failure) -> Failure {
    if failure.reason != Reason::LimitExceeded {
        failure.reason = Reason::TrustRootInvalid;
    }
    failure
}

/// The field, inside the `certChain` of a trusted root's authority.
const CHAIN: &str = "certificates";
