//! Archives that leave something else to whoever unpacks them, or reads them with another reader, than what is read here.

use sealcheck_registry::layout::Wanted;
use sealcheck_verify::Reason;
use tar::EntryType;

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
