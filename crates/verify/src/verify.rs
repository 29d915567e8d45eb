//! The verification itself, in the eight steps that the documentation and the evidence number the same way.

use data_encoding::HEXLOWER;

use crate::artifact::Artifact;
use crate::certificate::{Certificate, Claims};
use crate::evidence::{
    AcceptedTime, CertificateFacts, Check, FormatFacts, IdentityFacts, KeyFacts, LogEntryFacts,
    LogFacts, LogProof, SignatureFacts, TimeFacts, TimeSource,
};
use crate::key::{PublicKey, SignatureScheme};
use crate::log::body::{self, Signed, SignedContent, Verifier};
use crate::material::{Material, SignedMaterial, VerifierMaterial, message_schemes};
use crate::requirements::{Requirements, Signer, Threshold};
use crate::timestamp::{self, Token, TokenCheck};
use crate::trusted_root::TrustedRoot;
use crate::verdict::{Proved, Verdict};
use crate::{Digest, Failure, Reason, Result, Time, Window, chain, sct};

/// Verifies that `material` proves what `requirements` ask of `artifact`, trusting `root`, at the time `now`.
///
/// Every step is made that can be made, also after another has failed, so that the evidence is complete.
/// The verdict is `verified` only when all of them hold.
pub fn verify(
    material: &Material,
    artifact: &Artifact<'_>,
    root: &TrustedRoot,
    requirements: &Requirements,
    now: Time,
) -> Verdict {
    Run {
        material,
        artifact,
        root,
        requirements,
        now,
    }
    .prove()
    .into_verdict()
}

/// What a verification works on.
pub(crate) struct Run<'r, 'a> {
    pub(crate) material: &'r Material,
    pub(crate) artifact: &'r Artifact<'a>,
    pub(crate) root: &'r TrustedRoot,
    pub(crate) requirements: &'r Requirements,
    pub(crate) now: Time,
}

/// The key that the signature is checked with, and what log entries must name.
pub(crate) struct ChosenKey<'r> {
    pub(crate) key: PublicKey,
    verifier: Verifier<'r>,
    source: &'static str,
}

impl<'r, 'a> Run<'r, 'a> {
    /// Makes every step.
    fn prove(&self) -> Proved<'_, 'r, 'a> {
        // 1. The material is complete.
        let format = self.material.check(self.requirements);

        // 2. The key: the certificate's or the caller's, never both.
        let leaf = self.leaf();
        let key = self.key(leaf.as_ref());

        // 3. The transparency log.
        let log = match &key {
            Ok(key) => Some(self.log(key)),
            Err(_) => None,
        };
        let entries = match &log {
            Some(Ok(entries)) => entries.as_slice(),
            _ => &[],
        };

        // 4. Trusted time.
        let time = self.time(entries);

        // 5. The certificate, at every trusted time. Beside a caller's key there must be none, which step 2 says; what is
        // required of a certificate is then not met.
        let certificate = match &leaf {
            _ if self.requirements.identities().is_none() && self.requirements.scts.count() > 0 => {
                Some(Err(Failure::new(Reason::SctMissing)
                    .expected("a certificate with an SCT")
                    .found("a plain key")))
            }
            Some(leaf) if self.requirements.identities().is_some() => Some(
                leaf.as_ref()
                    .map_err(Clone::clone)
                    .and_then(|leaf| self.certificate(leaf, time.as_ref().ok())),
            ),
            _ => None,
        };

        // 6. The signature.
        let signature = key.as_ref().ok().map(|key| self.signature(&key.key));

        // 7. The subject.
        let subject = self.subject();

        // 8. The identity.
        let claims = match &leaf {
            Some(Ok(leaf)) => leaf.claims().ok(),
            _ => None,
        };
        let identity = self.identity(claims.as_ref());

        Proved {
            run: self,
            format,
            key,
            log,
            time,
            certificate,
            signature,
            subject,
            identity,
            claims,
        }
    }
}

impl<'r> Run<'r, '_> {
    fn leaf(&self) -> Option<Result<Certificate<'r>>> {
        match &self.material.verifier {
            VerifierMaterial::Certificate { leaf, .. } => Some(Certificate::parse(leaf)),
            VerifierMaterial::PublicKey(_) | VerifierMaterial::Hint => None,
        }
    }

    /// Step 2.
    fn key(&self, leaf: Option<&Result<Certificate<'r>>>) -> Result<ChosenKey<'r>> {
        match (&self.requirements.signer, &self.material.verifier) {
            (Signer::Identity(_), VerifierMaterial::Certificate { leaf: der, .. }) => {
                let leaf = match leaf {
                    Some(leaf) => leaf.as_ref().map_err(Clone::clone)?,
                    None => return Err(Failure::new(Reason::CertificateRequired)),
                };
                Ok(ChosenKey {
                    key: leaf.public_key()?,
                    verifier: Verifier::Certificate(der),
                    source: "certificate",
                })
            }
            (Signer::Identity(_), VerifierMaterial::PublicKey(_) | VerifierMaterial::Hint) => {
                Err(Failure::new(Reason::CertificateRequired)
                    .expected("a certificate")
                    .found("a plain key, or none"))
            }
            (Signer::Key(_), VerifierMaterial::Certificate { .. }) => {
                Err(Failure::new(Reason::KeyNotUsed)
                    .expected("material that was signed with a key")
                    .found("a certificate"))
            }
            (Signer::Key(key), VerifierMaterial::PublicKey(other)) if key != other => {
                Err(Failure::new(Reason::SignatureInvalid)
                    .expected(format!("{key:?}"))
                    .found(format!("{other:?}"))
                    .detail("the material names another public key than the one that was given"))
            }
            (Signer::Key(key), VerifierMaterial::PublicKey(_) | VerifierMaterial::Hint) => {
                Ok(ChosenKey {
                    key: key.clone(),
                    verifier: Verifier::PublicKey(key.spki()),
                    source: "caller",
                })
            }
        }
    }

    /// Step 3: every entry must hold, and enough distinct logs must vouch.
    ///
    /// Where no log is required, an entry of an unknown log is left aside; it counts for nothing.
    fn log(&self, key: &ChosenKey<'r>) -> Result<Vec<LogEntryFacts>> {
        let signed = Signed {
            content: self.signed_content(),
            verifier: key.verifier,
            key: key.key.kind(),
        };
        let threshold = self.requirements.log_threshold();
        let mut verified: Vec<LogEntryFacts> = Vec::with_capacity(self.material.entries.len());
        for (index, entry) in self.material.entries.iter().enumerate() {
            let checked = body::compare(entry.kind, &entry.body, &signed)
                .and_then(|()| entry.verify(self.root));
            match checked {
                Ok(facts) => verified.push(facts),
                Err(failure) if failure.reason == Reason::LogUnknown && threshold == 0 => {}
                Err(failure) => return Err(failure.within(&self.material.entry_field(index))),
            }
        }
        let counts = |facts: &&LogEntryFacts| {
            !self.requirements.inclusion_proof || facts.proof != LogProof::Promise
        };
        if !verified.is_empty() && !verified.iter().any(|facts| counts(&facts)) {
            return Err(Failure::new(Reason::LogProofMissing)
                .expected("an inclusion proof")
                .found("a promise"));
        }
        let mut logs: Vec<&str> = verified
            .iter()
            .filter(counts)
            .map(|facts| &*facts.log_id)
            .collect();
        logs.sort_unstable();
        logs.dedup();
        if logs.len() >= threshold {
            return Ok(verified);
        }
        let reason = match self.material.entries.is_empty() && self.material.timestamps.is_empty() {
            // Nothing at all that could give a time: the log may still be asked.
            true if matches!(self.requirements.signer, Signer::Identity(_))
                && self.requirements.log_entries != Threshold::Waived =>
            {
                Reason::NoTrustedTime
            }
            _ => Reason::LogEntriesInsufficient,
        };
        Err(Failure::new(reason)
            .at("tlogEntries")
            .expected(format!(
                "entries of {threshold} distinct log{}",
                if threshold == 1 { "" } else { "s" }
            ))
            .found(logs.len()))
    }

    /// Step 4: the time of every promise and of every timestamp of a trusted authority.
    fn time(&self, entries: &[LogEntryFacts]) -> Result<TimeFacts> {
        let mut facts = TimeFacts {
            accepted: Vec::new(),
            timestamps: Vec::new(),
            unknown_authorities: Vec::new(),
        };
        for (index, entry) in entries.iter().enumerate() {
            // A proof of inclusion does not cover the time (RFC 6962 leaves hold the body only); a promise does.
            if entry.proof == LogProof::Inclusion {
                continue;
            }
            if let Some(time) = entry.integrated_time {
                self.refuse_future(time, || {
                    format!("{}.integratedTime", self.material.entry_field(index))
                })?;
                facts.accepted.push(AcceptedTime {
                    time,
                    source: TimeSource::LogEntry,
                });
            }
        }
        let timestamped = self.material.timestamped();
        for (index, der) in self.material.timestamps.iter().enumerate() {
            let field = || self.material.timestamp_field(index);
            let checked = Token::parse(der)
                .and_then(|token| {
                    timestamp::check(&token, self.root.timestamp_authorities(), timestamped)
                })
                .map_err(|failure| failure.within(&field()))?;
            match checked {
                TokenCheck::Verified(timestamp) => {
                    self.refuse_future(timestamp.time, field)?;
                    facts.accepted.push(AcceptedTime {
                        time: timestamp.time,
                        source: TimeSource::Timestamp,
                    });
                    facts.timestamps.push(*timestamp);
                }
                TokenCheck::UnknownAuthority { issuer, .. } => {
                    facts.unknown_authorities.push(issuer.into())
                }
            }
        }
        let threshold = self.requirements.timestamps.count();
        // An authority that changes its signer's certificate is still one authority.
        let mut authorities: Vec<(&str, &[u8])> = facts
            .timestamps
            .iter()
            .map(|facts| (&*facts.authority, facts.root_certificate.as_bytes()))
            .collect();
        authorities.sort_unstable();
        authorities.dedup();
        if authorities.len() < threshold {
            return Err(Failure::new(Reason::TimestampsInsufficient)
                .at("timestampVerificationData")
                .expected(format!("timestamps of {threshold} trusted authorities"))
                .found(authorities.len()));
        }
        if facts.accepted.is_empty() && matches!(self.requirements.signer, Signer::Identity(_)) {
            if !self.requirements.now_is_signing_time {
                let failure = Failure::new(Reason::NoTrustedTime);
                return Err(match facts.unknown_authorities.first() {
                    None => failure,
                    Some(issuer) => failure.detail(format_args!(
                        "the timestamp is by {issuer}, which the trusted root does not have"
                    )),
                });
            }
            facts.accepted.push(AcceptedTime {
                time: self.now,
                source: TimeSource::Now,
            });
        }
        self.check_log_windows(&facts.accepted)?;
        Ok(facts)
    }

    /// A log that proves no time itself must be believed at the times that others vouch for: an entry without a promise
    /// can claim any time, also one from before its log was retired.
    fn check_log_windows(&self, accepted: &[AcceptedTime]) -> Result<()> {
        for (index, entry) in self.material.entries.iter().enumerate() {
            if entry.promise.is_some() && !entry.kind.is_v2() {
                continue;
            }
            for accepted in accepted {
                match self.root.find_log(&entry.log_id, Some(accepted.time)) {
                    Ok(_) => {}
                    Err(_) if self.requirements.log_threshold() == 0 => {}
                    Err(failure) => {
                        let field = self.material.entry_field(index);
                        return Err(failure.at("logId.keyId").within(&field));
                    }
                }
            }
        }
        Ok(())
    }

    fn refuse_future(&self, time: Time, field: impl Fn() -> String) -> Result<()> {
        match time <= self.now {
            true => Ok(()),
            false => Err(Failure::new(Reason::TimeInFuture)
                .at(field())
                .expected(format!("a time until {}", self.now))
                .found(time)),
        }
    }

    /// Step 5: chain and SCT. Without a trusted time the certificate is looked at as of its issuance,
    /// which tells what else is wrong; the verdict is then never `verified`, because step 4 has failed.
    fn certificate(
        &self,
        leaf: &Certificate<'_>,
        time: Option<&TimeFacts>,
    ) -> Result<CertificateFacts> {
        let window = Window {
            start: leaf.not_before,
            end: Some(leaf.not_after),
        };
        // Now was taken because nothing says when it was signed: outside the validity it proves nothing, not even a lie.
        let taken = time
            .into_iter()
            .flat_map(|facts| &facts.accepted)
            .find(|accepted| accepted.source == TimeSource::Now);
        if let Some(taken) = taken.filter(|taken| !window.contains(taken.time)) {
            return Err(Failure::new(Reason::NoTrustedTime)
                .expected(format!(
                    "a trusted time in the certificate's validity, {window}"
                ))
                .found(format!("none; now is {}", taken.time))
                .detail("now was taken for the signing time, because none was required, and the certificate is not valid now"));
        }
        let times: Vec<Time> = match time {
            Some(facts) => facts
                .accepted
                .iter()
                .map(|accepted| accepted.time)
                .collect(),
            None => vec![leaf.not_before],
        };
        for time in &times {
            if !window.contains(*time) {
                return Err(Failure::new(Reason::CertificateNotValidAtTime)
                    .expected(window)
                    .found(time));
            }
        }
        // A time that only a proof of inclusion accompanies is not trusted, but it must not contradict either.
        for entry in &self.material.entries {
            if let Some(time) = entry.time().filter(|time| !window.contains(*time)) {
                return Err(Failure::new(Reason::CertificateNotValidAtTime)
                    .at("integratedTime")
                    .expected(window)
                    .found(time));
            }
        }
        let intermediates = match &self.material.verifier {
            VerifierMaterial::Certificate { intermediates, .. } => intermediates.as_slice(),
            _ => &[],
        };
        let issued = chain::verify(
            leaf,
            intermediates,
            self.root.certificate_authorities(),
            &times,
        )?;
        let threshold = self.requirements.scts.count();
        let detached: Vec<&[u8]> = self.material.scts.iter().map(Vec::as_slice).collect();
        let scts = sct::verify(
            leaf,
            issued.issuer_spki(),
            &detached,
            self.root.ct_logs(),
            threshold,
        )?;
        Ok(CertificateFacts {
            sha256: HEXLOWER.encode(&leaf.fingerprint()).into(),
            serial: HEXLOWER.encode(leaf.serial).into(),
            not_before: leaf.not_before,
            not_after: leaf.not_after,
            authority: issued.authority().name().into(),
            checked_at: times,
            scts,
            claims: leaf.claims()?,
        })
    }

    /// Step 6.
    fn signature(&self, key: &PublicKey) -> Result<SignatureFacts> {
        let facts = |scheme: SignatureScheme, over| SignatureFacts {
            scheme: scheme.to_string().into(),
            over,
        };
        match &self.material.content {
            SignedMaterial::Message { signature, digest } => {
                if let Some(claimed) = digest {
                    self.check_message_digest(claimed)?;
                }
                self.artifact_signature(key, signature, *digest)
                    .map(|scheme| facts(scheme, "artifact"))
            }
            SignedMaterial::Envelope { envelope, .. } => {
                let message = envelope.pre_authentication_encoding();
                payload_signature(key, &message, envelope.signature())
                    .map(|scheme| facts(scheme, "dsse-envelope"))
            }
            SignedMaterial::SimpleSigning {
                payload, signature, ..
            } => payload_signature(key, payload, signature)
                .map(|scheme| facts(scheme, "simple-signing-payload")),
        }
    }

    fn check_message_digest(&self, claimed: &Digest) -> Result<()> {
        let mismatch = || {
            Failure::new(Reason::ArtifactMismatch)
                .at("messageSignature.messageDigest")
                .found(claimed)
        };
        match self.artifact.digest(claimed.algorithm()) {
            Some(actual) if actual == *claimed => Ok(()),
            Some(actual) => Err(mismatch().expected(actual)),
            // Nothing can be said about an artifact of which only another kind of digest is known.
            None => Err(Failure::new(Reason::MessageRequired)
                .at("messageSignature.messageDigest")
                .expected(format!("the file, or its {} digest", claimed.algorithm()))
                .found(self.artifact.primary())
                .detail(format_args!(
                    "the proof has a {} digest, and none is known of the artifact",
                    claimed.algorithm()
                ))),
        }
    }

    fn artifact_signature(
        &self,
        key: &PublicKey,
        signature: &[u8],
        digest: Option<Digest>,
    ) -> Result<SignatureScheme> {
        let schemes = message_schemes(
            self.material.format,
            key.kind(),
            digest,
            self.requirements.digest_algorithm,
        );
        let mut tried = false;
        for scheme in &schemes {
            let valid = match scheme.digest() {
                None => self.artifact.verify_ed25519(key, signature),
                Some(algorithm) => self
                    .artifact
                    .digest(algorithm)
                    .map(|digest| key.verify_digest(*scheme, &digest, signature)),
            };
            match valid {
                Some(true) => return Ok(*scheme),
                Some(false) => tried = true,
                None => {}
            }
        }
        let names: Vec<String> = schemes.iter().map(ToString::to_string).collect();
        Err(match tried {
            true => Failure::new(Reason::SignatureInvalid)
                .at("signature")
                .expected(format!(
                    "a signature by the signer's key ({})",
                    names.join(", ")
                )),
            false => Failure::new(Reason::MessageRequired)
                .expected(format!("the file, or a digest for {}", names.join(", ")))
                .found(self.artifact.primary()),
        })
    }

    /// Step 8; `None` when a key and not an identity was required.
    fn identity(&self, claims: Option<&Claims>) -> Option<Result<IdentityFacts>> {
        let identities = self.requirements.identities()?;
        Some(match claims {
            Some(claims) => identities
                .check(claims)
                .map(|matched| IdentityFacts { matched }),
            None => Err(Failure::new(Reason::CertificateRequired)),
        })
    }

    fn signed_content(&self) -> SignedContent<'_, '_> {
        match &self.material.content {
            SignedMaterial::Message { signature, digest } => SignedContent::Artifact {
                artifact: self.artifact,
                signature,
                algorithm: digest.map(|digest| digest.algorithm()),
            },
            SignedMaterial::Envelope { envelope, .. } => SignedContent::Envelope(envelope),
            SignedMaterial::SimpleSigning {
                payload, signature, ..
            } => SignedContent::Payload { payload, signature },
        }
    }
}

impl ChosenKey<'_> {
    pub(crate) fn facts(&self) -> KeyFacts {
        KeyFacts {
            source: self.source,
            kind: self.key.kind().to_string().into(),
            sha256: HEXLOWER.encode(&self.key.fingerprint()).into(),
        }
    }
}

/// A signature over bytes at hand: by the key's usual scheme, or by the others that go with it.
fn payload_signature(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<SignatureScheme> {
    message_schemes(crate::material::Format::Detached, key.kind(), None, None)
        .into_iter()
        .find(|scheme| key.verify(*scheme, message, signature))
        .ok_or_else(|| {
            Failure::new(Reason::SignatureInvalid)
                .at("signature")
                .expected("a signature by the signer's key")
        })
}

pub(crate) fn format_check(material: &Material, format: Result<()>) -> Check<FormatFacts> {
    match format {
        Ok(()) => Check::Passed(FormatFacts {
            format: material.format.as_str(),
        }),
        Err(failure) => Check::Failed(failure),
    }
}

pub(crate) fn log_check(entries: Vec<LogEntryFacts>) -> Check<LogFacts> {
    match entries.is_empty() {
        true => Check::NotRequired,
        false => Check::Passed(LogFacts { entries }),
    }
}

#[cfg(test)]
mod tests;
