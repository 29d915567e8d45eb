//! Archives that leave something else to whoever unpacks them, or reads them with another reader, than what is read here.

use sealcheck_registry::layout::Wanted;
use sealcheck_verify::Reason;
use tar::{EntryType, Header};

use crate::fixture::{Signed, digest, end, entry, file, gzip, open, raw};
use crate::hostile::error;

fn link(name: &str, to: &str) -> Vec<u8> {
    raw(name, EntryType::Symlink, b"", |header| {
        header.set_link_name(to).unwrap();
    })
}

fn folder(name: &str) -> Vec<u8> {
    raw(name, EntryType::Directory, b"", |_| {})
}

/// The entries of a good layout.
fn layout(signed: &Signed) -> Vec<u8> {
    let files = signed.repository.layout_files();
    let entries = files.iter().map(|(path, content)| entry(path, content));
    entries.flatten().collect()
}

/// Each of these is added to a good layout, at its end and at its beginning.
fn refused(cases: &[(&str, Vec<u8>, &str)]) {
    let signed = Signed::new();
    let good = layout(&signed);
    for (case, added, expected) in cases {
        for archive in [[&good, added, &end()], [added, &good, &end()]] {
            let error = error(&archive.map(Vec::as_slice).concat());
            assert_eq!(error.reason(), Reason::LayoutMalformed, "{case}: {error}");
            assert!(error.to_string().contains(expected), "{case}: {error}");
        }
    }
}

#[test]
fn nothing_lies_below_what_is_no_folder() {
    refused(&[
        (
            "index.json through a link",
            [link("d", "."), entry("d/index.json", b"{}")].concat(),
            "it holds d/index.json, and d is no folder",
        ),
        (
            "through a link that comes later",
            [entry("d/e/manifest.json", b"[]"), link("d/e", "..")].concat(),
            "it holds d/e/manifest.json, and d/e is no folder",
        ),
        (
            "a blob through a link",
            [folder("d"), link("./d/e", "../blobs"), entry("d/e/x", b"a")].concat(),
            "it holds d/e/x, and d/e is no folder",
        ),
        (
            "a folder through a link",
            [link("d", "."), folder("d/blobs/")].concat(),
            "it holds d/blobs, and d is no folder",
        ),
        (
            "a folder and a link",
            [folder("d"), link("d", ".")].concat(),
            "it holds d twice",
        ),
        (
            "the blobs as a link",
            link("blobs", "evil"),
            "and blobs is no folder",
        ),
        (
            "below a file",
            entry("index.json/x", b"a"),
            "and index.json is no folder",
        ),
        (
            "a folder and a file",
            folder("index.json/"),
            "it holds index.json twice",
        ),
        (
            "the archive itself as a link",
            link("./", "/tmp"),
            "name of a folder",
        ),
    ]);
}

#[test]
fn folders_may_be_named_again_and_after_what_is_in_them() {
    let signed = Signed::new();
    // Names that only begin alike are not below each other.
    let beside = [
        link("latest", "."),
        entry("latest.json", b"a"),
        entry("latest-1/x", b"a"),
    ];
    let folders = [folder("./"), folder("blobs/"), folder("./blobs/sha256")];
    let archive = [
        folders.concat(),
        layout(&signed),
        beside.concat(),
        folders.concat(),
        end(),
    ];
    for bytes in [archive.concat(), gzip(&archive.concat())] {
        let (_folder, path) = file(&bytes);
        let found = open(&path).resolve(&Wanted::Only).unwrap().found().unwrap();
        assert_eq!(found.digest, digest(&signed.index));
    }
}

/// An entry with something in the field that is the prefix of names in POSIX' headers.
fn prefixed(header: Header, name: &str, prefix: &[u8], is_star: bool) -> Vec<u8> {
    raw(name, EntryType::Regular, b"a", |made| {
        let (size, kind) = (made.entry_size().unwrap(), made.entry_type());
        *made = header;
        made.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        made.set_size(size);
        made.set_entry_type(kind);
        let bytes = made.as_mut_bytes();
        bytes[345..345 + prefix.len()].copy_from_slice(prefix);
        if is_star {
            bytes[508..].copy_from_slice(b"tar\0");
        }
    })
}

#[test]
fn a_prefix_that_readers_take_differently_is_refused() {
    let long = "./".repeat(65);
    let two_ways = "the prefix of a name can be read in two ways";
    refused(&[
        (
            "of GNU, where Go and Python read one",
            prefixed(Header::new_gnu(), "index.json", b"signed", false),
            two_ways,
        ),
        (
            "of GNU, as its times",
            prefixed(Header::new_gnu(), "a", b"14735551234\0", false),
            two_ways,
        ),
        (
            "of the seventh Unix",
            prefixed(Header::new_old(), "index.json", b"signed", false),
            two_ways,
        ),
        (
            "of star, which is shorter",
            prefixed(Header::new_ustar(), "index.json", long.as_bytes(), true),
            two_ways,
        ),
    ]);
}

#[test]
fn the_headers_of_every_dialect_are_read() {
    let signed = Signed::new();
    let extras = [
        prefixed(Header::new_gnu(), "gnu", b"", false),
        prefixed(Header::new_old(), "old", b"", false),
        prefixed(Header::new_ustar(), "star", b"", true),
        prefixed(Header::new_ustar(), "name", &[b'p'; 155], false),
    ];
    let archive = [extras.concat(), layout(&signed), end()].concat();
    let (_folder, path) = file(&archive);
    let found = open(&path).resolve(&Wanted::Only).unwrap().found().unwrap();
    assert_eq!(found.digest, digest(&signed.index));
}

#[test]
fn nothing_follows_the_end_marker() {
    let signed = Signed::new();
    let good = layout(&signed);
    let other = [entry("index.json", b"{}"), end()].concat();
    for (zeros, follows) in [(512, other.as_slice()), (1024, &other), (70_000, b"a")] {
        let archive = [&good, vec![0; zeros].as_slice(), follows].concat();
        let error = error(&archive);
        assert_eq!(error.reason(), Reason::LayoutMalformed, "{zeros}: {error}");
        let said = error.to_string();
        assert!(
            said.contains("something follows its end marker"),
            "{zeros}: {said}"
        );
    }
    // Whole records of 10 KiB, and what stops at the first block of zeros.
    for zeros in [512, 1024, 10240, 1 << 20] {
        let (_folder, path) = file(&[&good, vec![0; zeros].as_slice()].concat());
        let found = open(&path).resolve(&Wanted::Only).unwrap().found().unwrap();
        assert_eq!(found.digest, digest(&signed.index), "{zeros}");
    }
}
