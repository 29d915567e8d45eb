//! Which files of a folder are proofs of files beside them, and so are not verified themselves.

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use sealcheck_verify::Outcome;
use sealcheck_verify::evidence::{Evidence, Found};
use sealcheck_verify::inspect::{Kind, inspect};

use crate::candidate::is_other_kind;
use crate::discover::SUFFIXES;
use crate::input::{Answer, ProofPart, read_file, shown_path};

/// A file that has the name and the form of a proof of the file beside it. Whether it is one is known when that file was
/// verified: see [`ProofFile::role`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// Its path.
    pub path: PathBuf,
    /// The file that it is named after.
    pub of: PathBuf,
    part: ProofPart,
    /// The position of its place in the evidence about that file.
    place: usize,
}

impl ProofFile {
    /// The proof that the path is by its name and by what is in it, if any.
    ///
    /// The name alone is anybody's choice. A file that only has the name, such as a program `app.bundle` beside `app`, is
    /// an artifact like others. So are a certificate without a signature, and the proof of a proof, which nobody asks.
    #[must_use]
    pub fn at(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        SUFFIXES
            .iter()
            .enumerate()
            .find_map(|(place, (suffix, part))| {
                let base = name.strip_suffix(suffix).filter(|base| !base.is_empty())?;
                let of = path.with_file_name(base);
                let is_proof = of.is_file()
                    && holds(path, *part)
                    && (*part != ProofPart::Certificate || has_signature(&of))
                    && Self::at(&of).is_none();
                is_proof.then(|| Self {
                    path: path.to_owned(),
                    of,
                    part: *part,
                    place,
                })
            })
    }

    /// What it was for the file beside it, by the evidence about that file; `None` when it was no proof: then it is an
    /// artifact like others, and must be verified itself.
    #[must_use]
    pub fn role(&self, evidence: &Evidence) -> Option<&'static str> {
        let place = evidence.places.get(self.place)?;
        if *place.place != *shown_path(&self.path) || place.found != Found::Present {
            return None;
        }
        match (place.outcome, place.reason) {
            (Some(Outcome::Verified), _) => Some("the proof of a file beside it"),
            (Some(Outcome::Unavailable), _) => {
                Some("a proof of a file beside it, about which there is no answer")
            }
            (Some(_), Some(reason)) if is_other_kind(reason) => {
                Some("a proof of another kind of a file beside it")
            }
            // The verdict about that file tells it.
            (Some(_), _) if place.decided && evidence.outcome != Outcome::Verified => {
                Some("the proof for which a file beside it is not verified")
            }
            (None, _) if self.part == ProofPart::Certificate => {
                Some("a certificate that was not used")
            }
            _ => None,
        }
    }
}

fn has_signature(base: &Path) -> bool {
    SUFFIXES
        .iter()
        .filter(|(_, part)| *part == ProofPart::Signature)
        .any(|(suffix, part)| {
            let mut name = base.as_os_str().to_owned();
            name.push(suffix);
            holds(Path::new(&name), *part)
        })
}

/// Whether the file can be read and holds what its name says, and nothing else.
fn holds(path: &Path, part: ProofPart) -> bool {
    let Ok(Answer::Bytes(bytes)) = read_file(path, part.limit(), false) else {
        return false;
    };
    let Ok(kind) = inspect(&bytes).map(|inspection| inspection.kind()) else {
        return false;
    };
    match part {
        ProofPart::Bundle => matches!(kind, Kind::SigstoreBundle | Kind::CosignBundle),
        ProofPart::Lines => matches!(
            kind,
            Kind::JsonLines | Kind::SigstoreBundle | Kind::DsseEnvelope
        ),
        // A raw signature is known by little more than its length, which a script can have as well.
        ProofPart::Signature => match kind {
            Kind::Signature => is_raw(&bytes) || is_base64_of_raw(&bytes),
            kind => kind == Kind::DsseEnvelope,
        },
        ProofPart::Certificate => {
            matches!(kind, Kind::Certificate | Kind::Certificates) && is_bare(&bytes)
        }
    }
}

/// Whether the bytes are not mostly text: of those of a signature, which are as good as random, three in eight look like it.
fn is_raw(bytes: &[u8]) -> bool {
    let text = bytes
        .iter()
        .filter(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
        .count();
    std::str::from_utf8(bytes).is_err() && text.saturating_mul(3) < bytes.len().saturating_mul(2)
}

fn is_base64(text: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    text.iter()
        .all(|byte| letter(byte) || byte.is_ascii_whitespace())
}

/// Whether base64 text is one of a signature: whole lines without spaces, of bytes that are no text.
fn is_base64_of_raw(text: &[u8]) -> bool {
    let compact: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !b"\r\n".contains(byte))
        .collect();
    let decoded = [&BASE64, &BASE64URL, &BASE64_NOPAD, &BASE64URL_NOPAD]
        .into_iter()
        .find_map(|form| form.decode(&compact).ok());
    decoded.is_some_and(|bytes| is_raw(&bytes))
}

/// Whether nothing stands around the blocks of PEM, where a reader of certificates would not see it.
fn is_bare(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return true;
    };
    if !text.contains(BEGIN) {
        return is_base64(bytes);
    }
    let mut inside = false;
    text.lines().map(str::trim).all(|line| {
        let begins = line.starts_with(BEGIN);
        let shown = inside || begins || line.is_empty();
        inside = (inside || begins) && !line.starts_with("-----END ");
        shown
    })
}

const BEGIN: &str = "-----BEGIN ";

#[cfg(test)]
mod tests {
    use std::fs;

    use sealcheck_testkit::{Instance, Plan, encoding};

    use super::ProofFile;

    fn is_proof(path: &std::path::Path) -> bool {
        ProofFile::at(path).is_some()
    }

    #[test]
    fn a_proof_is_known_by_name_and_content() {
        let sigstore = Instance::new();
        let signed = sigstore.sign_blob(b"app");
        let leaf = signed.signed.leaf.clone().unwrap();
        let attested = sigstore.attest_blob(b"app");
        let lines = format!(
            "{}\n{}\n",
            attested.bundle(),
            attested.signed.envelope_json()
        );
        let bundle = signed.bundle_bytes();
        let legacy = sigstore.sign(
            sealcheck_testkit::Content::message(b"app"),
            &Plan::default(),
        );
        let legacy = legacy.legacy_bundle().to_string();
        let signature = &signed.signed.signature;
        let words = encoding::base64(signature);
        let script = format!("{:<256}", "#!/bin/sh\nexec evil\n#");
        let around = format!("#!/bin/sh\nexec evil\n{}", leaf.pem());
        for (name, content, expected) in [
            ("app.sigstore.json", bundle.clone(), true),
            ("app.sigstore", bundle.clone(), true),
            ("app.bundle", bundle.clone(), true),
            ("app.bundle", legacy.into_bytes(), true),
            ("app.keyless.json", bundle.clone(), true),
            ("app.intoto.jsonl", lines.into_bytes(), true),
            ("app.sig", encoding::base64(signature).into_bytes(), true),
            ("app.sig", signature.clone(), true),
            ("app.pem", leaf.pem().into_bytes(), true),
            (
                "app.cert",
                encoding::base64(leaf.pem().as_bytes()).into_bytes(),
                true,
            ),
            ("app.crt", leaf.der.clone(), true),
            // Named like a proof, and something else.
            ("app.bundle", b"#!/bin/sh\nexec evil\n".to_vec(), false),
            ("app.bundle", b"\x7fELF".to_vec(), false),
            ("app.bundle", Vec::new(), false),
            ("app.bundle", [&bundle[..], b"\n#!/bin/sh"].concat(), false),
            ("app.sigstore.json", b"{}".to_vec(), false),
            ("app.intoto.jsonl", b"{}\n{}\n".to_vec(), false),
            (
                "app.sig",
                [&b"#!/bin/sh\nexec evil \xff\n#"[..], &[b' '; 231]].concat(),
                false,
            ),
            ("app.sig", script.into_bytes(), false),
            (
                "app.sig",
                format!("{:a<80}", "exec\nevil\n").into_bytes(),
                false,
            ),
            (
                "app.sig",
                format!("{} {}", &words[..40], &words[40..]).into_bytes(),
                false,
            ),
            ("app.sig", b"exec evil".to_vec(), false),
            ("app.sig", leaf.pem().into_bytes(), false),
            ("app.pem", around.into_bytes(), false),
            ("app.pem", leaf.key.public_pem().into_bytes(), false),
            ("app.crt", bundle, false),
            // Not the name of a proof, or of no file here.
            ("app.asc", leaf.der.clone(), false),
            ("other.sig", signature.clone(), false),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("app"), "app").unwrap();
            fs::write(dir.path().join("app.sig"), signature).unwrap();
            let path = dir.path().join(name);
            fs::write(&path, &content).unwrap();
            let shown = String::from_utf8_lossy(&content);
            assert_eq!(is_proof(&path), expected, "{name}: {shown:.60}");
        }
    }

    #[test]
    fn a_certificate_without_a_signature_proves_nothing() {
        let leaf = Instance::new().sign_blob(b"app").signed.leaf.unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("app"), "app").unwrap();
        let path = dir.path().join("app.crt");
        fs::write(&path, leaf.pem()).unwrap();
        assert!(!is_proof(&path));
        fs::write(dir.path().join("app.sig"), "exec evil").unwrap();
        assert!(!is_proof(&path));
    }
}
