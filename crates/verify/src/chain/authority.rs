//! A certificate authority of the trusted root: an issuing certificate and the way up to its root.

use std::sync::OnceLock;

use pki_types::{CertificateDer, TrustAnchor};

use crate::certificate::{
    ANY_EXTENDED_KEY_USAGE, BASIC_CONSTRAINTS, Certificate, EXTENDED_KEY_USAGE, ID_KP_CODE_SIGNING,
    KEY_USAGE, NAME_CONSTRAINTS, Name, SUBJECT_ALTERNATIVE_NAME,
};
use crate::{Failure, PublicKey, Reason, Result, Time, Window, limits};

/// A certificate authority, parsed once. Its own chain is verified when it is first needed.
#[derive(Debug)]
pub(crate) struct CertificateAuthority {
    name: String,
    window: Window,
    /// The issuing certificate first, the root last; never empty.
    members: Vec<Member>,
    pub(super) issuing_anchor: TrustAnchor<'static>,
    pub(super) root_anchor: TrustAnchor<'static>,
    /// Whether the issuing certificate may stand for the whole chain, once its links are verified.
    issuing_is_anchor: OnceLock<Result<bool>>,
}

/// One certificate of the chain.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) der: CertificateDer<'static>,
    pub(super) subject: Box<[u8]>,
    pub(super) key: PublicKey,
    pub(super) validity: Window,
    pub(super) path_length: Option<u64>,
}

impl CertificateAuthority {
    /// Reads the chain of an authority: DER certificates, the issuing one first, the root last (they may be one).
    ///
    /// # Errors
    /// [`Reason::TrustRootInvalid`] when a certificate or its key cannot be read or there is none,
    /// [`Reason::LimitExceeded`] for too many.
    pub(crate) fn prepare(chain: Vec<Vec<u8>>, window: Window, name: String) -> Result<Self> {
        limits::CHAIN_CERTIFICATES.check(chain.len(), CHAIN)?;
        let members = chain
            .into_iter()
            .enumerate()
            .map(|(index, der)| {
                Member::read(der)
                    .map_err(|failure| invalid(failure).within(&format!("{CHAIN}[{index}]")))
            })
            .collect::<Result<Vec<_>>>()?;
        // Each one, also those that no path ends at: what path validation cannot read is no certificate.
        let anchors = members
            .iter()
            .map(Member::anchor)
            .collect::<Result<Vec<_>>>()?;
        let (Some(issuing_anchor), Some(root_anchor)) = (anchors.first(), anchors.last()) else {
            return Err(Failure::new(Reason::TrustRootInvalid)
                .at(CHAIN)
                .expected("at least one certificate")
                .found("none"));
        };
        Ok(Self {
            issuing_anchor: issuing_anchor.clone(),
            root_anchor: root_anchor.clone(),
            name,
            window,
            members,
            issuing_is_anchor: OnceLock::new(),
        })
    }

    /// The name in evidence.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// When the trusted root believes in it.
    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// The subjects of its certificates, the issuing one first.
    pub(crate) fn subjects(&self) -> Vec<String> {
        self.members
            .iter()
            .map(|member| Name(&member.subject).to_string())
            .collect()
    }

    /// The issuing certificate, which is the root when there is no other.
    pub(super) fn issuing(&self) -> Option<&Member> {
        self.members.first()
    }

    /// The issuing certificate first, the root last.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether the issuing certificate may stand for the whole chain. Verifies the chain on first use.
    pub(super) fn issuing_is_anchor(&self) -> Result<bool> {
        self.issuing_is_anchor
            .get_or_init(|| self.verify_links())
            .clone()
    }

    /// The first certificate of the chain that is not valid at one of the times.
    pub(super) fn refuse_expired_members(&self, times: &[Time]) -> Result<()> {
        for member in &self.members {
            member.refuse_if_expired(times)?;
        }
        Ok(())
    }

    /// Verifies each certificate of the chain with the one above it (RFC 5280, section 6.1.4, for one step each).
    ///
    /// The signature of the last one is not verified: it is trusted because the trusted root has it.
    fn verify_links(&self) -> Result<bool> {
        let mut issuing_is_anchor = true;
        for (index, member) in self.members.iter().enumerate() {
            let certificate = Certificate::parse(&member.der).map_err(invalid)?;
            let broken = |detail: &str| {
                Failure::new(Reason::TrustRootInvalid)
                    .at(format!("{CHAIN}[{index}]"))
                    .detail(format!("in the chain of {}, {detail}", self.name))
                    .found(Name(&member.subject))
            };
            member.refuse_unfit(&certificate, broken)?;
            let above = self.members.get(index.saturating_add(1));
            if let Some(above) = above {
                if certificate.issuer != &*above.subject {
                    return Err(broken("a certificate is not issued by the next one"));
                }
                if !certificate.is_signed_by(&above.key) {
                    return Err(broken("a certificate is not signed by the next one"));
                }
            }
            // As many authorities stand below this one as come before it in the chain.
            let below = u64::try_from(index).unwrap_or(u64::MAX);
            if member.path_length.is_some_and(|length| length < below) {
                return Err(broken("a path length is exceeded"));
            }
            // A path from the root honours the name constraints of every certificate.
            issuing_is_anchor &= certificate.extension(NAME_CONSTRAINTS).is_none();
        }
        Ok(issuing_is_anchor)
    }
}

impl Member {
    fn read(der: Vec<u8>) -> Result<Self> {
        let certificate = Certificate::parse(&der)?;
        Ok(Self {
            subject: certificate.subject.into(),
            key: certificate.public_key()?,
            validity: certificate.validity(),
            path_length: certificate
                .basic_constraints()?
                .and_then(|constraints| constraints.path_length),
            der: CertificateDer::from(der),
        })
    }

    fn anchor(&self) -> Result<TrustAnchor<'static>> {
        webpki::anchor_from_trusted_cert(&self.der)
            .map(|anchor| anchor.to_owned())
            .map_err(|error| {
                Failure::new(Reason::TrustRootInvalid)
                    .at(CHAIN)
                    .detail(format!("a certificate cannot be used: {error}"))
                    .found(Name(&self.subject))
            })
    }

    fn refuse_unfit(
        &self,
        certificate: &Certificate<'_>,
        broken: impl Fn(&str) -> Failure,
    ) -> Result<()> {
        if !certificate.is_ca().map_err(invalid)? {
            return Err(broken("a certificate is not an authority's"));
        }
        let usage = certificate.key_usage().map_err(invalid)?;
        if usage.is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(broken("a certificate may not sign certificates"));
        }
        let extended = certificate.extended_key_usage().map_err(invalid)?;
        let signs_code = extended.is_none_or(|usage| {
            usage.contains(ID_KP_CODE_SIGNING) || usage.contains(ANY_EXTENDED_KEY_USAGE)
        });
        if !signs_code {
            return Err(broken("a certificate is not for code signing"));
        }
        let unknown = certificate
            .extensions()
            .iter()
            .find(|extension| extension.critical && !HONOURED.contains(&extension.id));
        match unknown {
            Some(extension) => Err(broken(&format!(
                "the critical extension {} is not supported",
                extension.id
            ))),
            None => Ok(()),
        }
    }

    /// Refuses the certificate when it is not valid at one of the times.
    pub(super) fn refuse_if_expired(&self, times: &[Time]) -> Result<()> {
        super::refuse_outside(self.validity, times, || {
            format!("the authority's certificate {}", Name(&self.subject))
        })
    }
}

/// A failure of the trusted root's own certificates: not the material's fault.
fn invalid(mut failure: Failure) -> Failure {
    failure.reason = match failure.reason {
        Reason::LimitExceeded => Reason::LimitExceeded,
        _ => Reason::TrustRootInvalid,
    };
    failure
}

/// The field, inside the `certChain` of a trusted root's authority.
const CHAIN: &str = "certificates";

/// The critical extensions that path validation honours.
const HONOURED: [der::asn1::ObjectIdentifier; 5] = [
    BASIC_CONSTRAINTS,
    KEY_USAGE,
    EXTENDED_KEY_USAGE,
    NAME_CONSTRAINTS,
    SUBJECT_ALTERNATIVE_NAME,
];
