//! Documents, read and compared with folders.

mod folders;
mod images;
mod limits;
mod properties;
mod reading;
mod real;
mod refused;
mod write;

use super::{Document, SpdxError};

/// SHA-256 of `hello`.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// The part of a document that comes before everything else: four lines.
const HEAD: &str = "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: Release v1.2.3\nDocumentNamespace: https://sbom.example/v1.2.3\n";

fn read(body: &str) -> Result<Document, SpdxError> {
    Document::read(format!("{HEAD}{body}").as_bytes())
}

/// A document that lists files with their contents.
fn listing(files: &[(&str, &str)]) -> Document {
    let mut body = String::new();
    for (index, (name, content)) in files.iter().enumerate() {
        body += &file(name, &index.to_string(), &checksums(content.as_bytes()));
    }
    read(&body).unwrap()
}

fn file(name: &str, id: &str, checksums: &[(&str, String)]) -> String {
    let mut text = format!("FileName: {name}\nSPDXID: SPDXRef-File-{id}\n");
    for (algorithm, hex) in checksums {
        text += &format!("FileChecksum: {algorithm}: {hex}\n");
    }
    text
}

/// As releases of Kubernetes have them.
fn checksums(content: &[u8]) -> Vec<(&'static str, String)> {
    use sealcheck_verify::{Digest, DigestAlgorithm};
    let hex = |algorithm| Digest::of(algorithm, content).unwrap().hex();
    vec![
        ("SHA1", "ab".repeat(20)),
        ("SHA256", hex(DigestAlgorithm::Sha256)),
        ("SHA512", hex(DigestAlgorithm::Sha512)),
    ]
}
