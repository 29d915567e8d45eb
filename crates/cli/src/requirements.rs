//! From flags to what the proof must show.

use clap::ArgMatches;
use sealcheck_verify::{DigestAlgorithm, Identities, PublicKey, Requirements, Threshold};

use crate::args::{Common, InstanceName, Require};
use crate::environment::{Origin, origin, spoken};
use crate::precedence::Settled;
use crate::problem::{Problem, Result};

/// Whose signature is required, with the key at hand.
#[derive(Debug)]
pub(crate) enum RequiredSigner {
    Identity(Identities),
    Key(PublicKey),
}

/// What the flags require.
pub(crate) fn build(settled: &Settled, signer: RequiredSigner) -> Result<Requirements> {
    let args = &settled.args.require;
    let by_identity = matches!(signer, RequiredSigner::Identity(_));
    let mut requirements = match signer {
        RequiredSigner::Identity(identities) => Requirements::identity(identities),
        RequiredSigner::Key(key) => Requirements::key(key),
    };
    if settled.instance_waives_log {
        // Something must still vouch for the time.
        requirements = requirements
            .log_entries(Threshold::Waived)
            .timestamps(Threshold::ONE);
    }
    if settled.instance_waives_scts {
        requirements = requirements.scts(Threshold::Waived);
    }
    let ignore_log = settled.args.ignores_log();
    if ignore_log {
        requirements = requirements.log_entries(Threshold::Waived);
        if by_identity && !args.use_signed_timestamps {
            requirements = requirements.accept_now_as_signing_time();
        }
    }
    if args.insecure_ignore_sct {
        requirements = requirements.scts(Threshold::Waived);
    }
    if args.use_signed_timestamps {
        requirements = requirements.timestamps(Threshold::ONE);
    }
    if args.allow_certificate_chain {
        requirements = requirements.accept_certificate_chain();
    }
    // Of a demand that is made twice the greater number counts.
    let mut required: Vec<&Require> = args.require.iter().collect();
    required.sort_by_key(|require| match require {
        Require::InclusionProof => 0,
        Require::Log(count)
        | Require::Timestamps(count)
        | Require::Scts(count)
        | Require::Signers(count) => count.get(),
    });
    for require in required {
        requirements = match *require {
            Require::InclusionProof if ignore_log => {
                return Err(contradiction("inclusion-proof", "--insecure-ignore-tlog"));
            }
            Require::Log(_) if ignore_log => {
                return Err(contradiction("log", "--insecure-ignore-tlog"));
            }
            Require::Scts(_) if args.insecure_ignore_sct => {
                return Err(contradiction("scts", "--insecure-ignore-sct"));
            }
            Require::Scts(_) if !by_identity => {
                return Err(Problem::argument(
                    "--require scts cannot be met by a plain key, which has no certificate",
                )
                .with_hint("Drop it, or require an identity instead of --key."));
            }
            Require::InclusionProof => requirements.require_inclusion_proof(),
            Require::Log(count) => requirements.log_entries(Threshold::AtLeast(count)),
            Require::Timestamps(count) => requirements.timestamps(Threshold::AtLeast(count)),
            Require::Scts(count) => requirements.scts(Threshold::AtLeast(count)),
            // It is about several proofs together.
            Require::Signers(_) => requirements,
        };
    }
    if let Some(name) = &args.signature_digest_algorithm {
        requirements = requirements.digest_algorithm(digest_algorithm(name)?);
    }
    Ok(requirements)
}

/// Whether anything that the flags require depends on the trusted root: a key needs nobody else to vouch for it.
pub(crate) fn need_trust(args: &Common, by_key: bool) -> bool {
    !by_key
        || !args.ignores_log()
        || args.require.use_signed_timestamps
        || args.names_timestamp
        || !args.require.require.is_empty()
        || args.trust.instance == InstanceName::Github
}

/// What variables weaken. A flag is seen by whoever writes it; a variable is not.
pub(crate) fn weakened(settled: &Settled, matches: &ArgMatches) -> Vec<String> {
    let args = &settled.args;
    let instance = args.trust.instance;
    let waiving = settled.instance_waives_log || settled.instance_waives_scts;
    [
        (
            "instance",
            waiving,
            "neither a log entry nor a publication of the certificate is required.",
        ),
        (
            "instance",
            instance == InstanceName::Github && !waiving,
            "GitHub's own instance is trusted.",
        ),
        (
            "instance",
            instance == InstanceName::Staging,
            "the staging instance is trusted, which is for tests.",
        ),
        (
            "insecure_ignore_tlog",
            args.require.insecure_ignore_tlog,
            "no entry in a transparency log is required.",
        ),
        (
            "private_infrastructure",
            args.deprecated.private_infrastructure,
            "no entry in a transparency log is required.",
        ),
        (
            "insecure_ignore_sct",
            args.require.insecure_ignore_sct,
            "no proof of the certificate's publication is required.",
        ),
        (
            "allow_certificate_chain",
            args.require.allow_certificate_chain,
            "a bundle may bring a certificate chain.",
        ),
        (
            "rekor_public_key",
            args.trust.rekor_public_key.is_some(),
            "its key is trusted as the transparency log's.",
        ),
        (
            "ct_log_public_key",
            args.trust.ct_log_public_key.is_some(),
            "its key is trusted as the certificate-transparency log's.",
        ),
        (
            "ca_roots",
            args.trust.ca_roots.is_some(),
            "its certificates are trusted as authorities.",
        ),
        (
            "certificate_chain",
            args.trust.certificate_chain.is_some(),
            "its certificates are trusted as authorities.",
        ),
        (
            "timestamp_certificate_chain",
            args.trust.timestamp_certificate_chain.is_some(),
            "its certificates are trusted as a timestamp authority's.",
        ),
        (
            "trusted_root",
            args.trust.trusted_root.is_some(),
            "that trusted root is used.",
        ),
        (
            "tuf_root",
            args.trust.tuf_root.is_some(),
            "the TUF repository is trusted by that root.",
        ),
    ]
    .into_iter()
    .filter(|(id, given, _)| {
        *given && origin(matches, id).is_some_and(|origin| origin < Origin::Flag)
    })
    .map(|(id, _, effect)| format!("{} is set: {effect}", spoken(matches, id)))
    .collect()
}

fn digest_algorithm(name: &str) -> Result<DigestAlgorithm> {
    name.parse()
        .ok()
        .filter(|algorithm: &DigestAlgorithm| algorithm.signs())
        .ok_or_else(|| {
            Problem::argument(format!(
                "--signature-digest-algorithm {name} is not supported"
            ))
            .with_hint("Accepted are sha256, sha384 and sha512.")
        })
}

fn contradiction(required: &str, waived: &str) -> Problem {
    Problem::argument(format!(
        "--require {required} and {waived} contradict each other"
    ))
    .with_hint("Drop one of them.")
}
