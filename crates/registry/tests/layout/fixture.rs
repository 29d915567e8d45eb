//! Layouts to test with.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sealcheck_registry::layout::Layout;
use sealcheck_testkit::image::{Descriptor, Referrer, Repository};
use sealcheck_testkit::{Instance, sign};
use sealcheck_verify::Digest;
use tar::{EntryType, Header};
use tempfile::TempDir;

pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// A repository with an index of two platforms under `v1` and all that can be attached to it.
pub(crate) struct Signed {
    pub(crate) repository: Repository,
    pub(crate) index: Descriptor,
    pub(crate) images: Vec<Descriptor>,
    pub(crate) bundle: Descriptor,
}

impl Signed {
    pub(crate) fn new() -> Self {
        let sigstore = Instance::new();
        let mut repository = Repository::new();
        let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64/v8"]);
        repository.tag("v1", &index);
        let legacy = |digest: &str| sigstore.sign_image("registry.test/app", digest, &[]);
        repository.attach_signatures(&index, &[legacy(&index.digest)]);
        repository.attach_signatures(&images[0], &[legacy(&images[0].digest)]);
        let statement = sign::cosign_statement(&index.digest, &[]);
        let attestation = sigstore.sign(
            sealcheck_testkit::Content::statement(&statement),
            &sealcheck_testkit::Plan::default(),
        );
        repository.attach_attestations(&index, std::slice::from_ref(&attestation));
        let bundle = repository.attach_bundle(&index, &attestation);
        repository.attach(
            &images[1],
            &Referrer::signatures(&[legacy(&images[1].digest)]),
        );
        Self {
            repository,
            index,
            images,
            bundle,
        }
    }
}

pub(crate) fn digest(descriptor: &Descriptor) -> Digest {
    descriptor.digest.parse().unwrap()
}

/// Writes a folder.
pub(crate) fn folder(files: &[(String, Vec<u8>)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// An archive, as bytes.
pub(crate) fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len().try_into().unwrap());
        header.set_mode(0o644);
        builder
            .append_data(&mut header, path, content.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file in a folder of its own, which goes when the folder does.
pub(crate) fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image.tar");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// One entry, as bytes; the header can be tampered with before its checksum is made.
pub(crate) fn raw(
    name: &str,
    kind: EntryType,
    content: &[u8],
    tamper: impl FnOnce(&mut Header),
) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len().try_into().unwrap());
    header.set_mode(0o644);
    tamper(&mut header);
    header.set_cksum();
    let mut out = header.as_bytes().to_vec();
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

pub(crate) fn entry(name: &str, content: &[u8]) -> Vec<u8> {
    raw(name, EntryType::Regular, content, |_| {})
}

pub(crate) fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut content = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + rest.to_string().len();
        length = rest + length.to_string().len();
        writeln!(content, "{length} {key}={value}").unwrap();
    }
    raw("pax", EntryType::XHeader, &content, |_| {})
}

/// The end marker.
pub(crate) fn end() -> Vec<u8> {
    vec![0; 1024]
}

/// The same files in every form that can be opened.
pub(crate) fn every_form(files: &[(String, Vec<u8>)], mut check: impl FnMut(&str, &Path)) {
    let unpacked = folder(files);
    check("folder", unpacked.path());
    let (_folder, path) = file(&tar(files));
    check("archive", &path);
    let (_folder, path) = file(&gzip(&tar(files)));
    check("compressed archive", &path);
}

pub(crate) fn open(path: &Path) -> Layout {
    Layout::open(path).unwrap_or_else(|error| panic!("{error}"))
}
