//! What to say to somebody who did not say who must have signed.

use std::path::PathBuf;

use sealcheck_verify::limits::BUNDLE_BYTES;
use sealcheck_verify::{Claims, Failure, Material, Reason, printable};

use crate::args::MaterialArgs;
use crate::escape::escaped;
use crate::problem::Problem;
use crate::{CommandLine, files};

/// What a certificate claims, and where it was found. Nothing of it is proved.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) place: String,
    pub(crate) claims: Claims,
}

/// A signer that a certificate names.
struct Claimed<'f> {
    place: &'f str,
    identity: &'f str,
    issuer: Option<&'f str>,
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
            "no issuer was required: an identity proves nothing without who vouches for it",
        ),
        (None, Some(_)) => failure
            .detail("no identity was required: an issuer vouches for everybody whom it knows"),
        _ => failure.detail(
            "no signer was required: say who must have signed, by identity and issuer, or by key",
        ),
    };
    let problem = Problem::from(failure);
    let mut problem = match (&identity, &issuer) {
        (Some(_), None) => problem.with_hint("Give --certificate-oidc-issuer (or --issuer) too."),
        (None, Some(_)) => problem.with_hint("Give --certificate-identity (or --identity) too."),
        _ => problem,
    };
    let signers = signers(found);
    if signers.is_empty() {
        return problem;
    }
    for Claimed {
        place,
        identity,
        issuer,
    } in signers.iter().take(SHOWN)
    {
        problem = problem
            .with_line("")
            .with_line(format!(
                "Found in the certificate, not proved ({}):",
                printable(place)
            ))
            .with_line(format!("  identity  {identity}"))
            .with_line(format!("  issuer    {}", issuer.unwrap_or("none")));
    }
    let more = signers.len().saturating_sub(SHOWN);
    if more > 0 {
        problem = problem
            .with_line("")
            .with_line(format!("There are {more} more."));
    }
    // Of several it is the user who must choose.
    if let [only] = signers.as_slice() {
        let command = completed(line, only, identity.is_none(), issuer.is_none());
        problem = problem
            .with_line("")
            .with_line("If you know that this is who signs, run:")
            .with_line(format!("  {command}"));
    }
    problem
        .with_line("")
        .with_hint("Ask the publisher's documentation, not this file, who signs: anybody can write a certificate's name beside a forged file.")
}

/// The command line with what it lacks.
fn completed(line: &CommandLine<'_>, signer: &Claimed<'_>, identity: bool, issuer: bool) -> String {
    let mut added = String::new();
    if identity {
        added.push_str(" \\\n      --certificate-identity ");
        added.push_str(&quoted(signer.identity));
    }
    if issuer {
        added.push_str(" \\\n      ");
        match signer.issuer {
            Some(found) => {
                added.push_str("--certificate-oidc-issuer ");
                added.push_str(&quoted(found));
            }
            None => added.push_str("--no-issuer"),
        }
    }
    // Behind `--` a flag would be a file.
    let words: Vec<String> = line
        .words
        .iter()
        .map(|word| escaped(&line.console.hide(word)))
        .collect();
    let end = words.iter().position(|word| word == "--");
    let (flags, files) = words.split_at(end.unwrap_or(words.len()));
    let mut command = format!("sealcheck {}{added}", shell(flags));
    if !files.is_empty() {
        command.push_str(" \\\n      ");
        command.push_str(&shell(files));
    }
    command
}

/// Who the certificates name, each once. What cannot be shown as it is must not be pasted either.
fn signers(found: &[Found]) -> Vec<Claimed<'_>> {
    let mut out: Vec<Claimed<'_>> = Vec::new();
    for Found { place, claims } in found {
        let Some(identity) = claims.subject() else {
            continue;
        };
        let issuer = claims.issuer.as_deref();
        let is_plain = [Some(identity), issuer]
            .into_iter()
            .flatten()
            .all(|text| printable(text) == text);
        let is_known = out
            .iter()
            .any(|known| (known.identity, known.issuer) == (identity, issuer));
        if is_plain && !is_known {
            out.push(Claimed {
                place,
                identity,
                issuer,
            });
        }
    }
    out
}

/// What the certificate claims, in the first local proof of a file that can be read.
pub(crate) fn beside(material: &MaterialArgs, names: &[String]) -> Option<Found> {
    let named = [&material.bundle, &material.certificate]
        .into_iter()
        .flatten();
    let mut paths: Vec<PathBuf> = named.map(PathBuf::from).collect();
    if paths.is_empty() {
        let first = names.first().filter(|name| *name != "-")?;
        paths = sealcheck_engine::proof_paths(first.as_ref()).collect();
    }
    paths.into_iter().find_map(|path| {
        let bytes = files::read(&path, BUNDLE_BYTES).ok()?;
        let bundle = Material::from_bundle(&bytes).ok();
        // Any signature will do: only the certificate is of interest.
        let material = bundle.or_else(|| Material::detached(&[0; 64], Some(&bytes)).ok())?;
        Some(Found {
            place: path.display().to_string(),
            claims: material.unverified_claims()?,
        })
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

/// Signers that are shown.
const SHOWN: usize = 5;

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
