//! The SBOMs, as `sigs.k8s.io/bom` writes them: tags and values, with all that is odd in the real ones.

use std::fmt::Write as _;

use super::content::{Build, Image, Program, REGISTRY};
use super::digest::{sha1, sha256, sha512};

/// The SBOM of the sources, and that of the release, which names the first by its SHA-1.
pub(super) fn documents(build: &Build) -> (String, String) {
    let source = source(build);
    let release = release(build, &source);
    (source, release)
}

fn source(build: &Build) -> String {
    let version = build.version;
    let mut text = head("source", &format!("Kubernetes {version}"), build);
    let main = "SPDXRef-Package-kubernetes";
    let packages = [
        (
            "kubernetes",
            main,
            "https://github.com/kubernetes/kubernetes",
        ),
        (
            "golang.org/x/sys",
            "SPDXRef-Package-golang.org-x-sys",
            "https://proxy.golang.org/golang.org/x/sys",
        ),
    ];
    for (name, id, location) in packages {
        let _ = write!(
            text,
            "##### Package: {name}\n\nPackageName: {name}\nSPDXID: {id}\n\
             PackageDownloadLocation: {location}\nFilesAnalyzed: false\nPackageVersion: {version}\n\
             PackageLicenseConcluded: Apache-2.0\nPackageLicenseDeclared: NOASSERTION\n\
             PackageCopyrightText: NOASSERTION\n\n"
        );
    }
    let _ = write!(
        text,
        "Relationship: {main} DEPENDS_ON SPDXRef-Package-golang.org-x-sys\n\n\
         Relationship: SPDXRef-DOCUMENT DESCRIBES {main}\n"
    );
    text
}

fn release(build: &Build, source: &str) -> String {
    let version = build.version;
    let mut text = head("release", &format!("Kubernetes Release {version}"), build);
    // No space behind the colon: strict readers refuse it.
    let reference = format!(
        "ExternalDocumentRef:{SOURCE}-{version} https://sbom.k8s.io/{version}/source SHA1: {}\n",
        sha1(source.as_bytes())
    );
    text = text.replacen("Creator: ", &format!("{reference}Creator: "), 1);
    text.push_str("##### Files independent of packages\n\n");
    let mut described = Vec::new();
    for (path, built_at, types, bytes) in listed(build) {
        let id = format!("SPDXRef-File-{}", identifier(&built_at));
        let _ = write!(text, "FileName: {path}\nSPDXID: {id}\n");
        text.push_str(&checksums("FileChecksum", bytes));
        for kind in types {
            let _ = writeln!(text, "FileType: {kind}");
        }
        text.push_str(
            "LicenseConcluded: Apache-2.0\nLicenseInfoInFile: NOASSERTION\n\
             FileCopyrightText: NOASSERTION\n\n",
        );
        described.push(id);
    }
    for id in described {
        let _ = write!(text, "\nRelationship: SPDXRef-DOCUMENT DESCRIBES {id}\n");
    }
    for image in &build.images {
        text.push_str(&image_packages(image, build));
    }
    text
}

/// What both documents begin with.
fn head(kind: &str, name: &str, build: &Build) -> String {
    let version = build.version;
    format!(
        "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: {name}\n\
         DocumentNamespace: https://sbom.k8s.io/{version}/{kind}\n\
         Creator: Organization: Kubernetes Release Engineering\nCreator: Tool: sigs.k8s.io/bom/pkg/spdx\n\
         Created: 2026-01-01T00:00:00Z\n\n\n\n"
    )
}

type Listed<'b> = (&'b str, String, &'static [&'static str], &'b [u8]);

/// The files that do not belong to a package, in the order of a hash map: another one in every release.
fn listed(build: &Build) -> Vec<Listed<'_>> {
    let output = output(build);
    let mut listed: Vec<Listed<'_>> = Vec::new();
    for program in &build.programs {
        for kind in stages(program) {
            let Program { os, arch, name, .. } = program;
            let at =
                format!("{output}/release-stage/{kind}/{os}-{arch}/kubernetes/{kind}/bin/{name}");
            listed.push((
                &program.path,
                at,
                &["BINARY", "APPLICATION"],
                &program.bytes,
            ));
        }
    }
    for tarball in &build.tarballs {
        let at = format!("{output}/release-tars/{}", tarball.path);
        listed.push((&tarball.path, at, &["ARCHIVE"], &tarball.bytes));
    }
    listed.sort_by_key(|(_, at, ..)| sha256(at.as_bytes()));
    listed
}

/// The folders that a program is taken from. Clients for Windows are taken from two, and so listed twice.
fn stages(program: &Program) -> &'static [&'static str] {
    match (program.os, program.name.as_str()) {
        ("windows", "kubectl.exe") => &["client", "node"],
        ("windows", _) => &["node"],
        _ => &["server"],
    }
}

/// An image and its layers. The reference stands in the identifier only, and no blank line separates a relationship from
/// the package behind it.
fn image_packages(image: &Image, build: &Build) -> String {
    let version = build.version;
    let name = format!("{}.tar", image.name);
    let id = format!(
        "SPDXRef-Package-{REGISTRY}-{}-{}",
        image.repository(),
        image.tag
    );
    let archive = format!("{}/release-images/{}/{name}", output(build), image.arch);
    let mut text = format!("\n{}", package(&name, &id, &archive, &image.archive));
    for layer in &image.layers {
        let digest = sha256(&layer.bytes);
        let layer_id = format!("{id}-sha256-{digest}");
        let file = format!("{}/layer.tar", layer.folder);
        text.push_str(&package(
            &format!("sha256:{digest}"),
            &layer_id,
            &file,
            &layer.bytes,
        ));
        let _ = write!(text, "\nRelationship: {id} CONTAINS {layer_id}\n");
    }
    let _ = write!(
        text,
        "Relationship: {id} GENERATED_FROM {SOURCE}-{version}:SPDXRef-Package-kubernetes\n\n\
         Relationship: SPDXRef-DOCUMENT DESCRIBES {id}\n"
    );
    text
}

fn package(name: &str, id: &str, file: &str, bytes: &[u8]) -> String {
    format!(
        "##### Package: {name}\n\nPackageName: {name}\nSPDXID: {id}\n{}PackageDownloadLocation: NONE\n\
         FilesAnalyzed: false\nPackageLicenseConcluded: NOASSERTION\nPackageFileName: {file}\n\
         PackageLicenseDeclared: NOASSERTION\nPackageCopyrightText: NOASSERTION\n\n",
        checksums("PackageChecksum", bytes)
    )
}

fn checksums(tag: &str, bytes: &[u8]) -> String {
    format!(
        "{tag}: SHA1: {}\n{tag}: SHA256: {}\n{tag}: SHA512: {}\n",
        sha1(bytes),
        sha256(bytes),
        sha512(bytes)
    )
}

/// Where the build leaves what it makes.
fn output(build: &Build) -> String {
    format!("/workspace/src/k8s.io/kubernetes/_output-{}", build.version)
}

/// A path as an identifier can hold it: hyphens for slashes, and `C` with the code point for other characters.
fn identifier(path: &str) -> String {
    let path = path.trim_start_matches('/');
    path.replace('/', "-").replace('_', "C95")
}

/// What the release's document calls that of the sources, before the version.
const SOURCE: &str = "DocumentRef-kubernetes";
