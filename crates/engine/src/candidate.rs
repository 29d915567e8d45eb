//! Proofs that were found, read into material but not yet verified.

use sealcheck_verify::evidence::{CheckState, Evidence};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Material, Outcome, Reason, Result, Verdict};
use serde::{Deserialize, Serialize};

/// One proof that may be the one.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// The position of its place in the list of places.
    pub(crate) place: usize,
    /// The position of its certificate's place, when that has one of its own.
    pub(crate) certificate: Option<usize>,
    /// Its line, from 1, in a place that holds several.
    pub(crate) line: Option<usize>,
    /// The proof, or why it cannot be read.
    pub(crate) material: Result<Material>,
}

/// How much a verdict that is not `verified` says about the artifact, compared with those of other candidates.
///
/// What is of another kind than required (an attestation where a signature is wanted) is no proof at all, so everything
/// else says more. What holds nothing that can be read says less than an open question, which may hide a good proof;
/// what could be read and is wrong says more.
pub(crate) fn weight(verdict: &Verdict) -> (bool, bool, Outcome) {
    let other_kind = verdict
        .failure()
        .is_some_and(|failure| is_other_kind(failure.reason));
    let outcome = verdict.outcome();
    let junk = outcome == Outcome::Rejected && verdict.evidence().material.is_none();
    (!other_kind, !junk, outcome)
}

/// How close a proof came to being accepted, for choosing among those that are refused alike: whether it is of the required
/// sort, by whom was required, of the required type, and how many checks it passed.
pub(crate) fn closeness(verdict: &Verdict) -> (bool, bool, bool, usize) {
    let evidence = verdict.evidence();
    let is_any = |reasons: &[Reason]| {
        let mut failures = verdict.failures().iter();
        failures.any(|failure| reasons.contains(&failure.reason))
    };
    let states = evidence.checks.states();
    let passed = states
        .iter()
        .filter(|(_, state)| *state == CheckState::Passed);
    (
        !is_any(&[Reason::NotASignature, Reason::NotAnAttestation]),
        is_by_required(evidence),
        !is_any(&[Reason::PredicateTypeMismatch]),
        passed.count(),
    )
}

/// Whether the proof is by whom was required, as far as it says itself, or by the key that was given.
pub(crate) fn is_by_required(evidence: &Evidence) -> bool {
    match evidence.required.key {
        Some(_) => evidence.checks.signature.passed(),
        None => evidence.checks.identity.passed(),
    }
}

/// Whether the proof is of another kind than required.
pub(crate) fn is_other_kind(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NotASignature | Reason::NotAnAttestation | Reason::PredicateTypeMismatch
    )
}

/// The bundle, or the bundles and envelopes of JSON lines.
pub(crate) fn bundles(place: usize, bytes: &[u8], lines: bool) -> Vec<Candidate> {
    if !lines {
        return vec![Candidate {
            place,
            certificate: None,
            line: None,
            material: Material::from_bundle(bytes),
        }];
    }
    let mut found = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let number = index + 1;
        if found.len() == LINES.max {
            let failure = Failure::new(Reason::LimitExceeded)
                .at(format!("line {number}"))
                .expected(format!("at most {} lines ({})", LINES.max, LINES.name))
                .found("more");
            found.push(Candidate {
                place,
                certificate: None,
                line: Some(number),
                material: Err(failure),
            });
            break;
        }
        found.push(Candidate {
            place,
            certificate: None,
            line: Some(number),
            material: bundle_or_envelope(line),
        });
    }
    if found.is_empty() {
        found.push(Candidate {
            place,
            certificate: None,
            line: None,
            material: Err(Failure::new(Reason::MaterialMalformed)
                .expected("a bundle or a DSSE envelope in each line")
                .found("no line with anything in it")),
        });
    }
    found
}

/// A bundle, or an envelope. The envelope may carry the certificate, as those of the SLSA generator do.
fn bundle_or_envelope(bytes: &[u8]) -> Result<Material> {
    // An envelope's payload is base64, so these bytes can stand nowhere else in it.
    if bytes
        .windows(BUNDLE_FIELD.len())
        .any(|window| window == BUNDLE_FIELD)
    {
        return Material::from_bundle(bytes);
    }
    match serde_json::from_slice::<EnvelopeWire>(bytes) {
        Ok(mut envelope) => match envelope.take_certificate() {
            Some(certificate) => {
                // The core has no place for it inside the envelope: it is given beside.
                let plain = serde_json::to_vec(&envelope).map_err(|error| {
                    Failure::new(Reason::MaterialMalformed)
                        .at("dsseEnvelope")
                        .detail(error)
                })?;
                Material::detached_envelope(&plain, Some(certificate.as_bytes()))
            }
            None => Material::detached_envelope(bytes, None),
        },
        // The core says what is wrong.
        Err(_) => Material::detached_envelope(bytes, None),
    }
}

/// A signature with its certificate: over the artifact, or the envelope of an attestation.
pub(crate) fn detached(signature: &[u8], certificate: Option<&[u8]>) -> Result<Material> {
    // A raw signature can begin with any byte, so only what is an object as a whole is taken for an envelope.
    if is_object(signature) {
        return Material::detached_envelope(signature, certificate);
    }
    let compact: Vec<u8> = signature
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    match data_encoding::BASE64.decode(&compact) {
        Ok(decoded) if is_object(&decoded) => Material::detached_envelope(&decoded, certificate),
        _ => Material::detached(signature, certificate),
    }
}

fn is_object(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii();
    bytes.first() == Some(&b'{')
        && bytes.last() == Some(&b'}')
        && std::str::from_utf8(bytes).is_ok()
}

/// Certificate and intermediates as one PEM text.
pub(crate) fn with_chain(certificate: &[u8], chain: &[u8]) -> Result<Vec<u8>> {
    let compact: Vec<u8> = certificate
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let mut pem = match data_encoding::BASE64.decode(&compact) {
        Ok(decoded) => decoded,
        Err(_) => certificate.to_vec(),
    };
    if !pem.trim_ascii_start().starts_with(PEM) {
        // DER, or base64 of it.
        let body = data_encoding::BASE64.encode(&pem);
        pem = format!("{BEGIN}\n{body}\n{END}\n").into_bytes();
    }
    if !chain.trim_ascii_start().starts_with(PEM) {
        return Err(Failure::new(Reason::MaterialMalformed)
            .at("chain")
            .expected("certificates in PEM"));
    }
    pem.push(b'\n');
    pem.extend_from_slice(chain);
    Ok(pem)
}

/// An RFC 3161 timestamp as DER: as it is, or out of the JSON in which cosign keeps it.
pub(crate) fn timestamp(bytes: &[u8]) -> Result<Vec<u8>> {
    if !is_object(bytes) {
        return Ok(bytes.to_vec());
    }
    let malformed = |detail: String| {
        Failure::new(Reason::TimestampMalformed)
            .at("SignedRFC3161Timestamp")
            .detail(detail)
    };
    let wire: TimestampWire =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    data_encoding::BASE64
        .decode(wire.token.as_bytes())
        .map_err(|error| malformed(error.to_string()))
}

/// A DSSE envelope as the SLSA generator writes it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EnvelopeWire {
    payload: String,
    payload_type: String,
    signatures: Vec<SignatureWire>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SignatureWire {
    sig: String,
    #[serde(default)]
    keyid: String,
    #[serde(default, skip_serializing)]
    cert: Option<String>,
}

impl EnvelopeWire {
    /// The certificate of the only signature.
    fn take_certificate(&mut self) -> Option<String> {
        match self.signatures.as_mut_slice() {
            [only] => only.cert.take().filter(|cert| !cert.is_empty()),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimestampWire {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: String,
}

/// Proofs in one file of JSON lines (those of releases have one for each artifact).
const LINES: Limit = Limit {
    name: "attestation-lines",
    max: 1000,
};

/// A field that only Sigstore bundles have.
const BUNDLE_FIELD: &[u8] = b"\"mediaType\"";

const PEM: &[u8] = b"-----BEGIN ";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
