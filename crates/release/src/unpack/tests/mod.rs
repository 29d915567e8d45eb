//! Archives made by hand, and what becomes of them.

mod archive;
mod entries;
mod hostile;
mod links;
mod target;

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{EntryType, Header};
use tempfile::TempDir;

use super::*;
use crate::limits::{
    UNPACK_DEPTH, UNPACK_HEADER_BYTES, UNPACK_NAME_BYTES, UNPACK_NAMES_BYTES, UNPACK_PART_BYTES,
};

/// An archive that is written byte by byte, since no writer makes hostile ones.
#[derive(Clone, Default)]
struct Archive(Vec<u8>);

impl Archive {
    fn raw(mut self, change: impl FnOnce(&mut Header), content: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(u64::try_from(content.len()).unwrap());
        change(&mut header);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn entry(self, kind: EntryType, path: &str, mode: u32, link: &str, content: &[u8]) -> Self {
        self.raw(
            |header| {
                header.set_entry_type(kind);
                header.set_mode(mode);
                put(&mut header.as_old_mut().name, path.as_bytes());
                put(&mut header.as_old_mut().linkname, link.as_bytes());
            },
            content,
        )
    }

    fn file(self, path: &str, content: &str) -> Self {
        self.entry(EntryType::Regular, path, 0o644, "", content.as_bytes())
    }

    fn folder(self, path: &str) -> Self {
        self.entry(EntryType::Directory, path, 0o755, "", b"")
    }

    fn symbolic(self, path: &str, to: &str) -> Self {
        self.entry(EntryType::Symlink, path, 0o777, to, b"")
    }

    fn hard(self, path: &str, to: &str) -> Self {
        self.entry(EntryType::Link, path, 0o644, to, b"")
    }

    fn pax(self, records: &[(&str, &str)]) -> Self {
        let content: String = records
            .iter()
            .map(|(key, value)| record(key, value))
            .collect();
        self.entry(EntryType::XHeader, "pax", 0o644, "", content.as_bytes())
    }

    /// The end marker.
    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }
}

fn put(field: &mut [u8], text: &[u8]) {
    field.fill(0);
    field[..text.len()].copy_from_slice(text);
}

fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len() + 1;
    while length.to_string().len() + rest.len() != length {
        length += 1;
    }
    format!("{length}{rest}")
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A folder with a file of somebody's, beside which something is unpacked.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("beside"), "untouched").unwrap();
        Self(folder)
    }

    fn target(&self) -> PathBuf {
        self.0.path().join("target")
    }

    fn unpack(&self, archive: &[u8]) -> Result<Vec<Unpacked>, UnpackError> {
        unpack(archive, &self.target(), UnpackLimits::default())
    }

    /// Whether nothing is there but what was before, and the target if there is one.
    fn check(&self, has_target: bool) {
        let mut names: Vec<_> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort_unstable();
        let expected: &[&str] = match has_target {
            true => &["beside", "target"],
            false => &["beside"],
        };
        assert_eq!(names, expected);
        assert_eq!(
            fs::read(self.0.path().join("beside")).unwrap(),
            b"untouched"
        );
    }
}

/// The error, after which nothing remains; the same with and without compression.
#[track_caller]
fn refused(archive: &[u8]) -> UnpackError {
    let place = Place::new();
    let error = place.unpack(archive).unwrap_err();
    place.check(false);
    let compressed = place.unpack(&gzip(archive)).unwrap_err();
    place.check(false);
    assert_eq!(error, compressed);
    error
}

#[track_caller]
fn refusal(archive: Archive) -> Refusal {
    match refused(&archive.end()) {
        UnpackError::Entry { refusal, path, .. } => {
            assert!(!path.contains(char::is_control), "{path:?}");
            refusal
        }
        other => panic!("{other}"),
    }
}

#[track_caller]
fn limit(archive: &[u8], limits: UnpackLimits) -> &'static str {
    let place = Place::new();
    let error = unpack(archive, &place.target(), limits).unwrap_err();
    place.check(false);
    match error {
        UnpackError::LimitExceeded { name, .. } => name,
        other => panic!("{other}"),
    }
}

fn file_of(path: &str, mode: u32, content: &[u8]) -> Unpacked {
    of_file(
        path,
        File {
            mode,
            size: u64::try_from(content.len()).unwrap(),
            digest: Digest::sha256(content),
        },
    )
}

/// As the release tools do it: a tarball with one folder, programs and texts.
fn tarball() -> Archive {
    Archive::default()
        .folder("./")
        .folder("kubernetes/")
        .entry(
            EntryType::Regular,
            "kubernetes/client/bin/kubectl",
            0o755,
            "",
            &[7; 70_000],
        )
        .file("kubernetes/LICENSES", "Apache\n")
        .file("kubernetes/empty", "")
}
