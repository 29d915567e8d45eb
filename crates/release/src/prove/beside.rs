//! What lies with the files of a release and is not listed with them: proofs, checksums, SBOMs, and what is not signed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sealcheck_engine::{Input, ProofFile};
use sealcheck_verify::{Digest, DigestAlgorithm};
use serde_json::Value;

use super::{ProvedSbom, Release};
use crate::catalogue::{Kind, Platform, SideRole, parts_from_end};
use crate::limits::{CHECKSUM_BYTES, UNSIGNED_BYTES};
use crate::spdx::Entry;
use crate::spdx::limits::SPDX_BYTES;
use crate::{Profile, ReleasePath};

/// Why a file that the SBOM does not list may lie with those of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// What it is, in words that follow its name.
    pub why: String,
    /// Whether it is one of many that need not be named each: a proof or a checksum, which its content shows it to be.
    pub is_usual: bool,
}

impl Release<'_> {
    /// What a file is that the SBOM does not list: its path, or the end of it, must be one that the profile gives to such
    /// files, and its content must be of that kind. `None` when the profile has no such path; an error says why a file
    /// at such a path is not what should be there.
    pub fn beside(
        &self,
        sbom: &ProvedSbom,
        path: &Path,
        file: &Path,
        digests: &[Digest],
    ) -> Option<Result<Beside, String>> {
        let tails = tails(path);
        let side = |tail| self.profile.side_file(tail);
        if let Some(side) = tails.first().and_then(side) {
            let mut sides = tails.iter().filter_map(|tail| self.profile.side_file(tail));
            let belongs = sides.any(|side| has(self.profile, sbom, &side.of));
            return belongs.then(|| self.side(side.of.file_name(), side.role, file));
        }
        // In the place of a program it is one, whatever its name.
        let is_place = |tail: &ReleasePath| self.profile.artifact(tail).kind != Kind::Other;
        let place = tails.iter().position(is_place).unwrap_or(tails.len());
        let tails: Vec<&ReleasePath> = tails.iter().take(place.saturating_add(1)).collect();
        let known = &self.profile.sboms;
        let own = |tail: &&ReleasePath| known.iter().find(|own| own.path == **tail);
        if let Some(own) = tails.iter().find_map(own) {
            let is_proved = own.path == sbom.path;
            let content =
                (!is_proved).then(|| self.read(&Input::File(file.to_owned()), SPDX_BYTES));
            let why = match is_proved {
                true => "the SBOM by which the release is known",
                false => "an SBOM: it has its own signature",
            };
            let compared = self.compare(sbom, own, digests, content);
            return Some(match compared {
                Ok(()) => Ok(Beside {
                    why: why.to_owned(),
                    is_usual: is_proved,
                }),
                Err(failure) => Err(failure.to_string()),
            });
        }
        // Below the folder of the version the place is certain.
        let below = self.depth(sbom, file);
        let is_there = |tail: &&&ReleasePath| {
            below.is_none_or(|depth| tail.as_str().split('/').count() == depth)
        };
        let mut because = tails.iter().filter(is_there).filter_map(|tail| {
            let because = self.profile.unsigned_by_design(tail)?;
            Some((self.profile.artifact(tail).kind, because))
        });
        let (kind, because) = because.next()?;
        if is_program(file) {
            return Some(Err(
                "it is named like what is not signed, and is a program".to_owned()
            ));
        }
        let content = self.read(&Input::File(file.to_owned()), UNSIGNED_BYTES);
        Some(match content.map(|content| is_of(kind, file, &content)) {
            Ok(true) => Ok(Beside {
                why: format!("not signed: {because}"),
                is_usual: false,
            }),
            Ok(false) => Err(format!(
                "it is named like what is not signed, and is no {}",
                kind.as_str()
            )),
            Err(failure) => Err(failure.to_string()),
        })
    }

    /// How many parts of a path are below the folder of the release: the outermost one that has the SBOM, or else one that is
    /// named like the version.
    fn depth(&self, sbom: &ProvedSbom, file: &Path) -> Option<usize> {
        let file = std::path::absolute(file).ok()?;
        let parts = parts_from_end(&file);
        let has_sbom = |folder: &&Path| folder.join(sbom.path.as_str()).is_file();
        let version = self.version.to_string();
        match file.ancestors().skip(1).filter(has_sbom).last() {
            Some(folder) => Some(file.strip_prefix(folder).ok()?.components().count()),
            None => parts.iter().position(|part| *part == version),
        }
    }

    fn side(&self, of: &str, role: SideRole, file: &Path) -> Result<Beside, String> {
        let usual = |why: &str| Beside {
            why: why.to_owned(),
            is_usual: true,
        };
        match role {
            SideRole::Checksum(algorithm) => {
                let content = self
                    .engine
                    .read(&Input::File(file.to_owned()), CHECKSUM_BYTES);
                let is_checksum = content.is_ok_and(|content| is_checksum(&content, algorithm, of));
                match is_checksum {
                    true => Ok(usual("a checksum: nobody signs it")),
                    false => Err(format!("it is named like a checksum of {of}, and is none")),
                }
            }
            SideRole::Bundle | SideRole::Signature | SideRole::Certificate => {
                match ProofFile::at(file) {
                    Some(_) => Ok(usual("the proof of a file beside it")),
                    None => Err(format!(
                        "it is named like a proof of {of}, and is none of a file beside it"
                    )),
                }
            }
        }
    }

    /// The platform in whose place a file lies that is the entry of another one: `bin/linux/arm64/kubectl` of
    /// `bin/linux/amd64/kubectl`. `None` where its path says nothing, or the right one.
    #[must_use]
    pub fn misplaced(&self, path: &Path, entry: &Entry) -> Option<Platform> {
        let own = self.profile.artifact(&entry.path().parse().ok()?);
        let own = own.platform?;
        // On some file systems `Linux` is `linux`.
        let path = path.to_string_lossy().to_lowercase();
        let mut placed = tails(Path::new(&path))
            .into_iter()
            .filter_map(|tail| self.profile.artifact(&tail).platform);
        placed.next().filter(|placed| *placed != own)
    }
}

/// Whether a release has this file, of which another one is a proof or a checksum.
fn has(profile: &Profile, sbom: &ProvedSbom, path: &ReleasePath) -> bool {
    let mut entries = sbom.listing.entries().iter();
    entries.any(|entry| entry.name() == path.file_name())
        || profile.sboms.iter().any(|own| own.path == *path)
        || profile.unsigned_by_design(path).is_some()
}

/// The path below a release that a local path may end with, the longest first.
pub(super) fn tails(path: &Path) -> Vec<ReleasePath> {
    let parts = parts_from_end(path);
    let tails = (1..=parts.len()).rev().filter_map(|count| {
        let mut tail: Vec<&str> = parts.iter().take(count).copied().collect();
        tail.reverse();
        tail.join("/").parse().ok()
    });
    tails.collect()
}

/// Whether it is a checksum and nothing else: alone, or before the name of the file.
fn is_checksum(content: &[u8], algorithm: DigestAlgorithm, of: &str) -> bool {
    let text = str::from_utf8(content).unwrap_or_default();
    let mut words = text.trim_end().split_ascii_whitespace();
    let is_digest = words
        .next()
        .is_some_and(|hex| Digest::from_hex(algorithm, &hex.to_ascii_lowercase()).is_ok());
    let is_named = words
        .next()
        .is_none_or(|name| name.trim_start_matches('*').rsplit('/').next() == Some(of));
    is_digest && is_named && words.next().is_none() && text.trim_end().lines().count() == 1
}

/// Whether what is not signed has the content of its kind, where that has a form: a tag, sums, JSON. A shell runs any other
/// text, whatever it begins with.
fn is_of(kind: Kind, file: &Path, content: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(content) else {
        return false;
    };
    // One word alone would be JSON as well.
    let is_json = || serde_json::from_str::<serde_json::Map<String, Value>>(text).is_ok();
    match kind {
        Kind::ImageTag => {
            let tag = text.trim_end_matches('\n');
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
            !tag.is_empty() && tag.bytes().all(fits)
        }
        Kind::ChecksumList => {
            !text.trim().is_empty()
                && text.lines().all(|line| {
                    let words: Vec<&str> = line.split_ascii_whitespace().collect();
                    let algorithms = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512];
                    match *words {
                        [] => true,
                        [hex, _] => algorithms
                            .iter()
                            .any(|algorithm| Digest::from_hex(*algorithm, hex).is_ok()),
                        _ => false,
                    }
                })
        }
        Kind::Provenance => is_json(),
        _ if file.extension().is_some_and(|ending| ending == "json") => is_json(),
        _ if file.extension().is_some_and(|ending| ending == "html") => {
            text.trim_start().starts_with('<')
        }
        _ => true,
    }
}

/// Whether a system would run it: by the first bytes, as the mode says nothing where a file system has none.
fn is_program(file: &Path) -> bool {
    let mut first = [0; 4];
    let mut read = 0;
    // One that cannot be read is not run either.
    if let Ok(mut file) = File::open(file) {
        while let Some(rest) = first.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match file.read(rest) {
                Ok(0) | Err(_) => break,
                Ok(count) => read = read.saturating_add(count),
            }
        }
    }
    let first = first.get(..read).unwrap_or_default();
    PROGRAMS.iter().any(|magic| first.starts_with(magic))
}

/// What programs begin with: scripts, ELF, Windows, and the forms of macOS.
const PROGRAMS: &[&[u8]] = &[
    b"#!",
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_nothing_else() {
        let hex = Digest::sha256(b"x").hex();
        let is = |text: &str| is_checksum(text.as_bytes(), DigestAlgorithm::Sha256, "kubectl");
        for text in [
            hex.clone(),
            hex.to_uppercase(),
            format!("{hex}\n"),
            format!("{hex}  kubectl\n"),
            format!("{hex} *bin/linux/amd64/kubectl"),
        ] {
            assert!(is(&text), "{text}");
        }
        for text in [
            String::new(),
            "#!/bin/sh\n".to_owned(),
            hex[1..].to_owned(),
            format!("{hex}  kubeadm"),
            format!("{hex}\nkubectl"),
            format!("{hex}  kubectl\nrm\n"),
            format!("{hex}  kubectl rm"),
        ] {
            assert!(!is(&text), "{text}");
        }
    }

    #[test]
    fn a_local_path_may_end_with_several() {
        let tails = |path: &str| {
            let tails = tails(Path::new(path));
            tails.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(tails("/m/bin/x"), ["m/bin/x", "bin/x", "x"]);
        assert_eq!(tails("a/../b/x"), ["b/x", "x"]);
    }
}
