//! What to say to somebody who did not say who must have signed.

use std::path::PathBuf;

use sealcheck_verify::limits::BUNDLE_BYTES;
use sealcheck_verify::{Claims, Failure, Material, Reason, printable};

use crate::args::ProofArgs;
use crate::problem::Problem;
use crate::{CommandLine, files};

/// The usage error, with the identity that the proof claims when it can be read. Nothing of it is proved.
pub(crate) fn missing(
    proof: &ProofArgs,
    line: &CommandLine<'_>,
    names: &[String],
    identity: Option<String>,
    issuer: Option<String>,
) -> Problem {
    let mut failure = Failure::new(Reason::IdentityRequired);
    failure = match (&identity, &issuer) {
        (Some(_), None) => failure.detail(
            "no issuer was required: an identity proves nothing without who vouches for it",
        ),
        (None, Some(_)) => failure
            .detail("no identity was required: an issuer vouches for everybody whom it knows"),
        _ => failure.detail(
            "no signer was required: say who must have signed, by identity and issuer, or by key",
        ),
    };
    let problem = Problem::from(failure);
    let problem = match (&identity, &issuer) {
        (Some(_), None) => problem.with_hint("Give --certificate-oidc-issuer (or --issuer) too."),
        (None, Some(_)) => problem.with_hint("Give --certificate-identity (or --identity) too."),
        _ => problem,
    };
    let Some((place, claims)) = claims(proof, names) else {
        return problem;
    };
    let Some(found_identity) = claims.subject() else {
        return problem;
    };
    let found_issuer = claims.issuer.as_deref();
    // What cannot be shown as it is must not be pasted either.
    if [Some(found_identity), found_issuer]
        .into_iter()
        .flatten()
        .any(|text| printable(text) != text)
    {
        return problem;
    }
    let mut added = String::new();
    if identity.is_none() {
        added.push_str(" \\\n      --certificate-identity ");
        added.push_str(&quoted(found_identity));
    }
    if issuer.is_none() {
        added.push_str(" \\\n      ");
        match found_issuer {
            Some(found) => {
                added.push_str("--certificate-oidc-issuer ");
                added.push_str(&quoted(found));
            }
            None => added.push_str("--no-issuer"),
        }
    }
    // Behind `--` a flag would be a file.
    let end = line.words.iter().position(|word| word == "--");
    let (flags, files) = line.words.split_at(end.unwrap_or(line.words.len()));
    let mut command = format!("sealcheck {}{added}", shell(flags));
    if !files.is_empty() {
        command.push_str(" \\\n      ");
        command.push_str(&shell(files));
    }
    problem
        .with_line("")
        .with_line(format!("Found in the certificate, not proved ({}):", printable(&place)))
        .with_line(format!("  identity  {found_identity}"))
        .with_line(format!("  issuer    {}", found_issuer.unwrap_or("none")))
        .with_line("")
        .with_line("If you know that this is who signs, run:")
        .with_line(format!("  {command}"))
        .with_line("")
        .with_hint("Ask the publisher's documentation, not this file, who signs: anybody can write a certificate's name beside a forged file.")
}

/// What the certificate claims, in the first local proof that can be read.
fn claims(proof: &ProofArgs, names: &[String]) -> Option<(String, Claims)> {
    let named = [&proof.bundle, &proof.certificate].into_iter().flatten();
    let mut paths: Vec<PathBuf> = named.map(PathBuf::from).collect();
    if paths.is_empty() {
        let first = names.first().filter(|name| *name != "-")?;
        paths = sealcheck_engine::proof_paths(first.as_ref()).collect();
    }
    paths.into_iter().find_map(|path| {
        let bytes = files::read(&path, BUNDLE_BYTES).ok()?;
        let bundle = Material::from_bundle(&bytes).ok();
        // Any signature will do: only the certificate is of interest.
        let material = bundle.or_else(|| Material::detached(b"AAAA", Some(&bytes)).ok())?;
        Some((path.display().to_string(), material.unverified_claims()?))
    })
}

/// Words as a shell takes them.
fn shell(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// The text as one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

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
