//! Which files of a folder are proofs of files beside them, and so are not verified themselves.

use std::path::{Path, PathBuf};

use sealcheck_verify::inspect::{Kind, inspect};

use crate::discover::{Part, SUFFIXES};
use crate::input::{Answer, read_file};

/// Whether the path is a proof of a file that lies beside it: by its name and by what is in it.
///
/// The name alone is anybody's choice. A file that only has the name, such as a program `app.bundle` beside `app`, is an
/// artifact like others, and so is a certificate without a signature, which proves nothing.
pub(crate) fn is_proof(path: &Path) -> bool {
    named_as_proof(path).is_some_and(|(base, part)| {
        holds(path, part)
            && match part {
                Part::Certificate => has_signature(&base),
                Part::Bundle | Part::Lines | Part::Signature => true,
            }
    })
}

/// The file that this one is named after, and which part of a proof it would be.
fn named_as_proof(path: &Path) -> Option<(PathBuf, Part)> {
    let name = path.file_name()?.to_str()?;
    SUFFIXES.iter().find_map(|(suffix, part)| {
        let base = name.strip_suffix(suffix).filter(|base| !base.is_empty())?;
        let base = path.with_file_name(base);
        base.is_file().then_some((base, *part))
    })
}

fn has_signature(base: &Path) -> bool {
    SUFFIXES
        .iter()
        .filter(|(_, part)| *part == Part::Signature)
        .any(|(suffix, part)| {
            let mut name = base.as_os_str().to_owned();
            name.push(suffix);
            holds(Path::new(&name), *part)
        })
}

/// Whether the file can be read and holds what its name says, and nothing else.
fn holds(path: &Path, part: Part) -> bool {
    let Ok(Answer::Bytes(bytes)) = read_file(path, part.limit(), false) else {
        return false;
    };
    let Ok(kind) = inspect(&bytes).map(|inspection| inspection.kind()) else {
        return false;
    };
    match part {
        Part::Bundle => matches!(kind, Kind::SigstoreBundle | Kind::CosignBundle),
        Part::Lines => matches!(
            kind,
            Kind::JsonLines | Kind::SigstoreBundle | Kind::DsseEnvelope
        ),
        // A raw signature is known by its length only, which a script can have as well.
        Part::Signature => match kind {
            Kind::Signature => std::str::from_utf8(&bytes).is_err() || is_base64(&bytes),
            kind => kind == Kind::DsseEnvelope,
        },
        Part::Certificate => {
            matches!(kind, Kind::Certificate | Kind::Certificates) && is_bare(&bytes)
        }
    }
}

fn is_base64(text: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    text.iter()
        .all(|byte| letter(byte) || byte.is_ascii_whitespace())
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

    use super::is_proof;

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
            ("app.sig", script.into_bytes(), false),
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
