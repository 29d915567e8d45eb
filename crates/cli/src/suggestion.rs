//! What to say to somebody who did not say who must have signed.

use std::path::PathBuf;

use sealcheck_verify::limits::BUNDLE_BYTES;
use sealcheck_verify::{Claims, Failure, Material, Reason, printable};

use crate::args::MaterialArgs;
use crate::problem::Problem;
use crate::{CommandLine, files};

/// What a certificate claims, and where it was found. Nothing of it is proved.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) place: String,
    pub(crate) claims: Claims,
}

/// The usage error, with the identities that the proofs claim when they can be read.
pub(crate) fn missing(
    line: &CommandLine<'_>,
    found: &[Found],
    identity: Option<String>,
    issuer: Option<String>,
) -> Problem {
    let mut failure = Failure::new(Reason::IdentityRequired);
    failure = match (&identity, &issuer) {
        (Some(_), None) => failure.detail(
            "an identity proves nothing without its issuer: give --certificate-oidc-issuer too",
        ),
        (None, Some(_)) => failure
            .detail("an issuer vouches for everybody it knows: give --certificate-identity too"),
        _ => failure.detail("say who must have signed, by identity and issuer, or by key"),
    };
    let mut problem = Problem::from(failure);
    let mut pairs: Vec<(&str, &str, &str)> = Vec::new();
    for Found { place, claims } in found {
        if let (Some(identity), Some(issuer)) = (claims.subject(), claims.issuer.as_deref())
            && !pairs
                .iter()
                .any(|pair| (pair.0, pair.1) == (identity, issuer))
        {
            pairs.push((identity, issuer, place));
        }
    }
    let Some((found_identity, found_issuer, _)) = pairs.first().copied() else {
        return problem;
    };
    for (identity, issuer, place) in pairs.iter().take(SHOWN) {
        problem = problem
            .with_line("")
            .with_line(format!(
                "Found in the certificate, not proved ({}):",
                printable(place)
            ))
            .with_line(format!("  identity  {}", printable(identity)))
            .with_line(format!("  issuer    {}", printable(issuer)));
    }
    if pairs.len() > SHOWN {
        problem = problem.with_line("").with_line(format!(
            "There are {} more.",
            pairs.len().saturating_sub(SHOWN)
        ));
    }
    if pairs.len() == 1 {
        let mut command = line.shown.clone();
        if identity.is_none() {
            command.push_str(&format!(
                " \\\n      --certificate-identity {}",
                quoted(found_identity)
            ));
        }
        if issuer.is_none() {
            command.push_str(&format!(
                " \\\n      --certificate-oidc-issuer {}",
                quoted(found_issuer)
            ));
        }
        problem = problem
            .with_line("")
            .with_line("If you know that this is who signs, run:")
            .with_line(format!("  {command}"));
    }
    problem
        .with_line("")
        .with_hint("Ask the publisher's documentation, not this file, who signs: anybody can write a certificate's name beside a forged file.")
}

/// What the certificate claims, in the first local proof of a file that can be read.
pub(crate) fn beside(material: &MaterialArgs, names: &[String]) -> Option<Found> {
    let named = [&material.bundle, &material.certificate]
        .into_iter()
        .flatten();
    let mut paths: Vec<PathBuf> = named.map(PathBuf::from).collect();
    if paths.is_empty() {
        let first = names.first().filter(|name| *name != "-")?;
        paths = BESIDE
            .iter()
            .map(|suffix| format!("{first}{suffix}").into())
            .collect();
    }
    paths.into_iter().find_map(|path| {
        let bytes = files::read(&path, BUNDLE_BYTES).ok()?;
        let bundle = Material::from_bundle(&bytes).ok();
        // Any signature will do: only the certificate is of interest.
        let material = bundle.or_else(|| Material::detached(b"AAAA", Some(&bytes)).ok())?;
        Some(Found {
            place: path.display().to_string(),
            claims: material.unverified_claims()?,
        })
    })
}

/// The text as one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Identities that are shown.
const SHOWN: usize = 5;

/// Where a certificate usually lies.
const BESIDE: [&str; 8] = [
    ".sigstore.json",
    ".sigstore",
    ".bundle",
    ".keyless.json",
    ".intoto.jsonl",
    ".cert",
    ".pem",
    ".crt",
];

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn nothing_breaks_out_of_a_quoted_word() {
        assert_eq!(quoted("a@b.test"), "a@b.test");
        assert_eq!(quoted("$(x) 'y'"), r"'$(x) '\''y'\'''");
        assert_eq!(quoted(""), "''");
    }
}
