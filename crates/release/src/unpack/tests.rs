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

#[test]
fn a_tarball_becomes_a_folder_and_a_list_of_what_is_in_it() {
    for archive in [tarball().end(), gzip(&tarball().end())] {
        let place = Place::new();
        let written = place.unpack(&archive).unwrap();
        let folder = |path: &str| Unpacked {
            path: path.to_owned(),
            kind: UnpackedKind::Folder { mode: 0o755 },
        };
        assert_eq!(
            written,
            [
                folder("kubernetes"),
                file_of("kubernetes/LICENSES", 0o644, b"Apache\n"),
                folder("kubernetes/client"),
                folder("kubernetes/client/bin"),
                file_of("kubernetes/client/bin/kubectl", 0o755, &[7; 70_000]),
                file_of("kubernetes/empty", 0o644, b""),
            ]
        );
        place.check(true);
        let target = place.target();
        assert_eq!(
            fs::read(target.join("kubernetes/client/bin/kubectl")).unwrap(),
            [7; 70_000]
        );
        assert_eq!(
            fs::read(target.join("kubernetes/LICENSES")).unwrap(),
            b"Apache\n"
        );
    }
}

/// A whole tree by the writer of the `tar` crate, long names included.
#[test]
fn what_a_common_writer_writes_comes_back() {
    let from = tempfile::tempdir().unwrap();
    let long = format!("{}/{}", "folder".repeat(20), "name".repeat(30));
    for path in ["a", "b/c/d", "b/ä ö", &long] {
        let path = from.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, path.to_str().unwrap()).unwrap();
    }
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_dir_all(".", from.path()).unwrap();
    let archive = gzip(&builder.into_inner().unwrap());
    let place = Place::new();
    let written = place.unpack(&archive).unwrap();
    for path in ["a", "b/c/d", "b/ä ö", &long] {
        let content = fs::read(from.path().join(path)).unwrap();
        assert_eq!(fs::read(place.target().join(path)).unwrap(), content);
        let listed = written.iter().find(|one| one.path == path).unwrap();
        assert!(
            matches!(&listed.kind, UnpackedKind::File { digest, .. } if *digest == Digest::sha256(&content))
        );
    }
}

#[cfg(unix)]
#[test]
fn permissions_are_kept_without_those_to_write_for_others() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let modes = [
        (0o755, 0o755),
        (0o644, 0o644),
        (0o777, 0o755),
        (0o666, 0o644),
        (0o600, 0o600),
        (0o000, 0o600),
        (0o100_640, 0o640),
    ];
    let mut archive = Archive::default()
        .entry(EntryType::Directory, "./", 0o750, "", b"")
        .entry(EntryType::Directory, "open", 0o777, "", b"")
        .entry(EntryType::Directory, "closed", 0o000, "", b"")
        .file("closed/file", "");
    for (mode, _) in modes {
        archive = archive.entry(EntryType::Regular, &format!("{mode:o}"), mode, "", b"x");
    }
    let written = place.unpack(&archive.end()).unwrap();
    let mode = |path: &str| {
        fs::metadata(place.target().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    for (given, expected) in modes {
        let path = format!("{given:o}");
        assert_eq!(mode(&path), expected, "{path}");
        assert!(written.contains(&file_of(&path, expected, b"x")));
    }
    assert_eq!(
        (mode(""), mode("open"), mode("closed")),
        (0o750, 0o755, 0o700)
    );
}

#[test]
fn absolute_paths_are_refused() {
    assert_eq!(
        refusal(Archive::default().file("/etc/passwd", "x")),
        Refusal::Absolute
    );
    assert_eq!(
        refusal(Archive::default().file("//etc/passwd", "x")),
        Refusal::Absolute
    );
    let by_pax = Archive::default()
        .pax(&[("path", "/etc/passwd")])
        .file("a", "x");
    assert_eq!(refusal(by_pax), Refusal::Absolute);
}

#[test]
fn paths_that_lead_upwards_are_refused() {
    for path in ["../x", "a/../../x", "a/..", "..", "./../beside"] {
        assert_eq!(
            refusal(Archive::default().file("a/b", "").file(path, "x")),
            Refusal::Upwards,
            "{path}"
        );
    }
    assert_eq!(refusal(Archive::default().folder("../x")), Refusal::Upwards);
    let by_prefix = Archive::default().raw(
        |header| {
            put(&mut header.as_ustar_mut().unwrap().name, b"beside");
            put(&mut header.as_ustar_mut().unwrap().prefix, b"..");
        },
        b"x",
    );
    assert_eq!(refusal(by_prefix), Refusal::Upwards);
    let by_long_name = Archive::default()
        .entry(EntryType::GNULongName, "x", 0, "", b"../beside\0")
        .file("a", "x");
    assert_eq!(refusal(by_long_name), Refusal::Upwards);
}

#[test]
fn what_separates_on_other_systems_is_refused() {
    for path in ["a\\..\\b", "C:x", "a\nb", "a\u{7f}"] {
        assert_eq!(
            refusal(Archive::default().file(path, "x")),
            Refusal::Separator,
            "{path:?}"
        );
    }
    let with_nul = Archive::default().pax(&[("path", "a\0b")]).file("a", "x");
    assert_eq!(refusal(with_nul), Refusal::Separator);
}

#[test]
fn paths_that_are_no_text_are_refused() {
    let archive =
        Archive::default().raw(|header| put(&mut header.as_old_mut().name, b"a\xff"), b"");
    assert_eq!(refusal(archive), Refusal::NotText);
    let link = Archive::default().raw(
        |header| {
            header.set_entry_type(EntryType::Symlink);
            put(&mut header.as_old_mut().name, b"a");
            put(&mut header.as_old_mut().linkname, b"\xff");
        },
        b"",
    );
    assert_eq!(refusal(link), Refusal::NotText);
}

#[test]
fn a_file_with_the_path_of_a_folder_is_refused() {
    for path in ["a/", "", ".", "a/."] {
        assert_eq!(
            refusal(Archive::default().file(path, "x")),
            Refusal::FolderPath,
            "{path:?}"
        );
        assert_eq!(
            refusal(Archive::default().symbolic(path, "b")),
            Refusal::FolderPath,
            "{path:?}"
        );
    }
}

#[test]
fn the_same_path_twice_is_refused() {
    let first = || Archive::default().file("a", "1").file("d/b", "");
    assert_eq!(refusal(first().file("a", "2")), Refusal::Duplicate);
    assert_eq!(refusal(first().file("./a", "1")), Refusal::Duplicate);
    assert_eq!(refusal(first().folder("a")), Refusal::Duplicate);
    assert_eq!(refusal(first().file("d", "")), Refusal::Duplicate);
    assert_eq!(refusal(first().symbolic("a", "d")), Refusal::Duplicate);
    assert_eq!(refusal(first().hard("a", "d/b")), Refusal::Duplicate);
    assert_eq!(
        refusal(Archive::default().folder("a").folder("a/")),
        Refusal::Duplicate
    );
    // A folder may come after what lies in it.
    assert!(Place::new().unpack(&first().folder("d").end()).is_ok());
    assert_eq!(refusal(first().folder("d").folder("d")), Refusal::Duplicate);
}

#[test]
fn paths_that_are_one_on_other_systems_are_refused() {
    for (one, other) in [
        ("readme", "README"),
        ("straße", "STRASSE"),
        ("ſ", "S"),
        ("\u{212a}", "k"),
    ] {
        let found = refusal(Archive::default().file(one, "1").file(other, "2"));
        assert_eq!(
            found,
            Refusal::SameButCase {
                other: one.to_owned()
            }
        );
    }
    let folders = Archive::default().file("a/x", "").file("A/y", "");
    assert_eq!(
        refusal(folders),
        Refusal::SameButCase {
            other: "a".to_owned()
        }
    );
}

#[test]
fn nothing_lies_below_what_is_no_folder() {
    let other = "a".to_owned();
    assert_eq!(
        refusal(Archive::default().file("a", "").file("a/b", "")),
        Refusal::BelowFile { other }
    );
    let other = "d/l".to_owned();
    let through_link = Archive::default()
        .symbolic("d/l", "..")
        .file("d/l/beside", "x");
    assert_eq!(refusal(through_link), Refusal::BelowFile { other });
    let link_in_place = Archive::default().file("d/x", "").symbolic("d", "..");
    assert_eq!(refusal(link_in_place), Refusal::Duplicate);
}

#[test]
fn devices_pipes_and_unknown_types_are_refused() {
    for (kind, expected) in [
        (EntryType::Char, Refusal::Device),
        (EntryType::Block, Refusal::Device),
        (EntryType::Fifo, Refusal::Pipe),
        (EntryType::GNUSparse, Refusal::Sparse),
        (EntryType::new(b'V'), Refusal::UnknownType(b'V')),
        (EntryType::new(b'D'), Refusal::UnknownType(b'D')),
        (EntryType::new(b'Z'), Refusal::UnknownType(b'Z')),
    ] {
        assert_eq!(
            refusal(Archive::default().entry(kind, "a", 0o644, "", b"")),
            expected,
            "{kind:?}"
        );
    }
    let by_pax = Archive::default()
        .pax(&[("GNU.sparse.major", "1")])
        .file("a", "x");
    assert_eq!(refusal(by_pax), Refusal::Sparse);
}

#[test]
fn bits_that_act_for_somebody_else_are_refused() {
    for mode in [0o4755, 0o2755, 0o1777, 0o104_755] {
        let file = Archive::default().entry(EntryType::Regular, "a", mode, "", b"x");
        assert_eq!(refusal(file), Refusal::SpecialBits(mode & 0o7777));
        let folder = Archive::default().entry(EntryType::Directory, "a", mode, "", b"");
        assert_eq!(refusal(folder), Refusal::SpecialBits(mode & 0o7777));
        let link = Archive::default()
            .file("f", "")
            .entry(EntryType::Link, "a", mode, "f", b"");
        assert_eq!(refusal(link), Refusal::SpecialBits(mode & 0o7777));
    }
    let error = refused(
        &Archive::default()
            .entry(EntryType::Regular, "a", 0o4755, "", b"")
            .end(),
    );
    assert_eq!(
        error.to_string(),
        "entry 1 of the archive (a): its mode 4755 has a setuid, setgid or sticky bit"
    );
}

#[test]
fn folders_and_links_have_no_content() {
    for kind in [EntryType::Directory, EntryType::Symlink, EntryType::Link] {
        assert_eq!(
            refusal(
                Archive::default()
                    .file("f", "")
                    .entry(kind, "a", 0o755, "f", b"x")
            ),
            Refusal::Content
        );
    }
}

#[test]
fn numbers_that_are_read_in_two_ways_are_refused() {
    for size in [
        &b"+1"[..],
        b"-1",
        b"9",
        b"1 1",
        b"0x1",
        b"\x80\0\0\0\0\0\0\0\0\0\0\x01",
        b"",
        b"777777777777",
    ] {
        let archive = Archive::default().raw(
            |header| {
                put(&mut header.as_old_mut().name, b"a");
                put(&mut header.as_old_mut().size, size);
            },
            b"x",
        );
        match refused(&archive.end()) {
            UnpackError::Entry {
                refusal: Refusal::Number("size"),
                ..
            } => assert_ne!(size, b"777777777777"),
            // It is a number, of far more than there is.
            UnpackError::Truncated { .. } => assert_eq!(size, b"777777777777"),
            UnpackError::LimitExceeded { .. } => assert_eq!(size, b"777777777777"),
            other => panic!("{other}"),
        }
    }
    let mode = Archive::default().raw(
        |header| {
            put(&mut header.as_old_mut().name, b"a");
            put(&mut header.as_old_mut().mode, b"rwx");
        },
        b"",
    );
    assert_eq!(refusal(mode), Refusal::Number("mode"));
}

#[test]
fn extended_headers_are_understood_or_refused() {
    let known = Archive::default()
        .pax(&[
            ("path", "long/näme"),
            ("size", "5"),
            ("mtime", "1.5"),
            ("uname", "root"),
            ("comment", "x"),
        ])
        .file("short", "12345")
        .raw(
            |header| header.set_entry_type(EntryType::XGlobalHeader),
            record("comment", "0f0f").as_bytes(),
        )
        .file("other", "");
    let place = Place::new();
    place.unpack(&known.end()).unwrap();
    assert_eq!(
        fs::read(place.target().join("long/näme")).unwrap(),
        b"12345"
    );

    for key in ["SCHILY.xattr.security.capability", "hdrcharset", "", "Path"] {
        let found = refusal(Archive::default().pax(&[(key, "x")]).file("a", ""));
        assert_eq!(
            found,
            Refusal::Extended {
                key: key.to_owned()
            }
        );
    }
    let other = [
        Archive::default()
            .pax(&[("path", "a"), ("path", "b")])
            .file("c", ""),
        Archive::default()
            .pax(&[("path", "a")])
            .entry(EntryType::GNULongName, "", 0, "", b"b\0")
            .file("c", ""),
        Archive::default()
            .pax(&[("linkpath", "a"), ("linkpath", "a")])
            .symbolic("c", "a"),
        Archive::default()
            .pax(&[("size", "0"), ("size", "0")])
            .file("c", ""),
        Archive::default().pax(&[("size", "+1")]).file("c", ""),
        Archive::default()
            .entry(EntryType::XHeader, "x", 0, "", b"8 path=a\n")
            .file("c", ""),
        Archive::default()
            .entry(EntryType::XHeader, "x", 0, "", b"+11 path=a\n")
            .file("c", ""),
        Archive::default()
            .entry(
                EntryType::XHeader,
                "x",
                0,
                "",
                b"99999999999999999999 path=a\n",
            )
            .file("c", ""),
        Archive::default()
            .entry(
                EntryType::XGlobalHeader,
                "x",
                0,
                "",
                record("path", "a").as_bytes(),
            )
            .file("c", ""),
        Archive::default()
            .entry(
                EntryType::XGlobalHeader,
                "x",
                0,
                "",
                record("what", "a").as_bytes(),
            )
            .file("c", ""),
        // Nothing follows that it describes.
        Archive::default().pax(&[("path", "a")]),
    ];
    for (at, archive) in other.into_iter().enumerate() {
        let error = refused(&archive.end());
        assert!(
            matches!(error, UnpackError::Malformed { .. }),
            "{at}: {error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn links_within_the_folder_are_made() {
    let archive = Archive::default()
        .symbolic("bin/early", "../lib/real")
        .file("lib/real", "content")
        .hard("lib/hard", "./lib/real")
        .symbolic("current", "lib/")
        .symbolic("lib/to-hard", "./hard");
    let place = Place::new();
    let written = place.unpack(&archive.end()).unwrap();
    let target = place.target();
    for path in ["bin/early", "lib/hard", "current/real", "lib/to-hard"] {
        assert_eq!(fs::read(target.join(path)).unwrap(), b"content", "{path}");
    }
    assert_eq!(
        fs::read_link(target.join("current")).unwrap(),
        PathBuf::from("lib/")
    );
    assert!(written.contains(&file_of("lib/hard", 0o644, b"content")));
    let link = UnpackedKind::Link {
        target: "../lib/real".to_owned(),
    };
    assert!(
        written
            .iter()
            .any(|one| one.path == "bin/early" && one.kind == link)
    );
    let paths: Vec<&str> = written.iter().map(|one| &*one.path).collect();
    assert_eq!(
        paths,
        [
            "bin",
            "bin/early",
            "current",
            "lib",
            "lib/hard",
            "lib/real",
            "lib/to-hard"
        ]
    );
}

#[test]
fn links_that_leave_the_folder_are_refused() {
    for to in [
        "/etc/passwd",
        "/",
        "..",
        "../beside",
        "d/../../x",
        "./d//../../x",
    ] {
        let found = refusal(Archive::default().file("d/f", "").symbolic("l", to));
        let target = to.to_owned();
        assert_eq!(found, Refusal::LinkOut { target });
    }
    for (to, expected) in [
        ("/etc/passwd", Refusal::Absolute),
        ("../beside", Refusal::Upwards),
    ] {
        assert_eq!(refusal(Archive::default().hard("l", to)), expected);
    }
    let long = format!("{}beside", "../".repeat(40));
    let by_long_name = Archive::default()
        .entry(EntryType::GNULongLink, "", 0, "", long.as_bytes())
        .symbolic("l", "x");
    assert_eq!(refusal(by_long_name), Refusal::LinkOut { target: long });
    for to in ["", "a\\b", "C:"] {
        assert_eq!(
            refusal(Archive::default().symbolic("l", to)),
            Refusal::Separator,
            "{to}"
        );
    }
}

#[test]
fn links_through_links_are_refused() {
    let through = |target: &str| Refusal::LinkThrough {
        target: target.to_owned(),
    };
    let base = || Archive::default().file("d/f", "").symbolic("l", "d");
    assert_eq!(refusal(base().symbolic("m", "l")), through("l"));
    assert_eq!(refusal(base().symbolic("m", "l/f")), through("l/f"));
    assert_eq!(
        refusal(base().symbolic("m", "l/../../x")),
        through("l/../../x")
    );
    assert_eq!(refusal(base().hard("m", "l")), through("l"));
    assert_eq!(refusal(base().symbolic("m", "m")), through("m"));
    assert_eq!(
        refusal(base().hard("h", "d/f").hard("i", "h")),
        through("h")
    );
}

#[test]
fn links_to_nothing_and_in_circles_are_refused() {
    let nowhere = |target: &str| Refusal::LinkNowhere {
        target: target.to_owned(),
    };
    assert_eq!(
        refusal(Archive::default().symbolic("l", "none")),
        nowhere("none")
    );
    assert_eq!(
        refusal(Archive::default().file("f", "").symbolic("l", "f/x")),
        nowhere("f/x")
    );
    assert_eq!(
        refusal(Archive::default().hard("l", "none")),
        nowhere("none")
    );
    assert_eq!(
        refusal(Archive::default().hard("l", "f").file("f", "")),
        nowhere("f")
    );
    assert_eq!(
        refusal(Archive::default().folder("d").hard("l", "d")),
        nowhere("d")
    );
    let circle = |target: &str| Refusal::LinkLoop {
        target: target.to_owned(),
    };
    assert_eq!(refusal(Archive::default().symbolic("l", ".")), circle("."));
    assert_eq!(
        refusal(Archive::default().symbolic("d/e/l", "..")),
        circle("..")
    );
    assert_eq!(
        refusal(Archive::default().symbolic("d/e/l", "../../d")),
        circle("../../d")
    );
}

#[test]
fn truncated_archives_leave_nothing() {
    let whole = tarball().end();
    let packed = gzip(&whole);
    let place = Place::new();
    for cut in (0..whole.len())
        .step_by(509)
        .chain([whole.len() - 512, whole.len() - 1])
    {
        let error = place.unpack(&whole[..cut]).unwrap_err();
        assert!(
            matches!(error, UnpackError::Truncated { .. }),
            "{cut}: {error}"
        );
        place.check(false);
    }
    for cut in 1..packed.len() {
        let error = place.unpack(&packed[..cut]).unwrap_err();
        assert!(
            matches!(error, UnpackError::Truncated { .. }),
            "{cut}: {error}"
        );
    }
    place.check(false);
}

#[test]
fn whatever_follows_the_end_is_refused() {
    let whole = tarball().end();
    let trailing = |archive: &[u8]| {
        let place = Place::new();
        let error = place.unpack(archive).unwrap_err();
        place.check(false);
        match error {
            UnpackError::Trailing { found } => found,
            other => panic!("{other}"),
        }
    };
    let mut more = whole.clone();
    more.extend(tarball().end());
    assert_eq!(trailing(&more), "bytes behind the end marker");
    assert_eq!(trailing(&gzip(&more)), "bytes behind the end marker");
    // One block of zeros is half an end marker.
    let mut half = tarball().0;
    half.extend([0; 512]);
    half.extend(Archive::default().file("x", "").end());
    assert_eq!(trailing(&half), "bytes behind the end marker");

    let mut two = gzip(&whole);
    two.extend(gzip(&Archive::default().file("x", "").end()));
    assert_eq!(trailing(&two), "a second gzip member");
    let mut two = gzip(&tarball().0);
    two.extend(gzip(&[0; 1024]));
    assert!(matches!(
        Place::new().unpack(&two).unwrap_err(),
        UnpackError::Truncated { .. }
    ));
    let mut garbage = gzip(&whole);
    garbage.push(0);
    assert_eq!(trailing(&garbage), "bytes behind the compressed archive");

    // Writers fill their last record with zeros.
    let mut padded = whole;
    padded.extend([0; 9 * 1024]);
    assert!(Place::new().unpack(&gzip(&padded)).is_ok());
}

#[test]
fn broken_archives_are_told() {
    for content in [&b"#!/bin/sh\nexit 0\n"[..], b"", b"PK\x03\x04"] {
        let mut block = content.to_vec();
        let place = Place::new();
        let error = place.unpack(&block).unwrap_err();
        assert!(matches!(error, UnpackError::Truncated { .. }), "{error}");
        block.resize(2048, b' ');
        let error = place.unpack(&block).unwrap_err();
        assert!(error.to_string().contains("no tar archive"), "{error}");
    }
    let mut damaged = tarball().end();
    damaged[512 + 3] ^= 1;
    let error = refused(&damaged).to_string();
    assert!(
        error.contains("byte 512") && error.contains("checksum"),
        "{error}"
    );
    let mut packed = gzip(&tarball().end());
    let at = packed.len() - 6;
    packed[at] ^= 1;
    let error = Place::new().unpack(&packed).unwrap_err();
    assert!(matches!(error, UnpackError::Malformed { .. }), "{error}");
}

#[test]
fn every_limit_is_kept() {
    let limits = UnpackLimits::default;
    let three = tarball().end();
    // Four folders, two of them implied, and three files.
    let few = |entries| UnpackLimits {
        entries,
        ..limits()
    };
    assert_eq!(limit(&three, few(6)), "unpack-entries");
    assert!(unpack(&*three, &Place::new().target(), few(7)).is_ok());
    let small = |bytes| UnpackLimits { bytes, ..limits() };
    let size = u64::try_from(three.len()).unwrap();
    assert_eq!(limit(&three, small(size - 1)), "unpack-bytes");
    assert_eq!(limit(&gzip(&three), small(size - 1)), "unpack-bytes");
    assert!(unpack(&*three, &Place::new().target(), small(size)).is_ok());

    // Headers that describe nothing count as well.
    let mut describing = Archive::default();
    for _ in 0..100 {
        describing = describing.raw(
            |header| header.set_entry_type(EntryType::XGlobalHeader),
            b"",
        );
    }
    assert_eq!(limit(&describing.end(), few(20)), "unpack-entries");

    let long = |name: &str| {
        Archive::default()
            .pax(&[("path", name)])
            .file("x", "")
            .end()
    };
    let deep = vec!["d"; UNPACK_DEPTH.max + 1].join("/");
    assert_eq!(limit(&long(&deep), limits()), "unpack-depth");
    assert!(Place::new().unpack(&long(&deep[2..])).is_ok());
    let part = "p".repeat(UNPACK_PART_BYTES.max + 1);
    assert_eq!(limit(&long(&part), limits()), "unpack-part-bytes");
    assert!(Place::new().unpack(&long(&part[1..])).is_ok());
    let name = "n/".repeat(UNPACK_NAME_BYTES.max / 2) + "n";
    assert_eq!(limit(&long(&name), limits()), "unpack-name-bytes");
    let link = Archive::default()
        .pax(&[("linkpath", &name)])
        .symbolic("x", "")
        .end();
    assert_eq!(limit(&link, limits()), "unpack-name-bytes");
    let header = "h".repeat(UNPACK_HEADER_BYTES.max);
    assert_eq!(limit(&long(&header), limits()), "unpack-header-bytes");
}

/// Names that are only implied count too, and where links lead: a few long ones stand for many.
#[test]
fn what_is_kept_of_names_is_counted() {
    let deep = vec!["p".repeat(60); UNPACK_DEPTH.max - 1].join("/");
    let target = "t".repeat(UNPACK_NAME_BYTES.max);
    // The folders of one deep path are kept in 30 times its length.
    for (behind, kind, most) in [
        (
            deep.as_str(),
            EntryKind::File,
            UNPACK_NAMES_BYTES.max / (deep.len() * 30),
        ),
        (
            "l",
            EntryKind::SymbolicLink(target),
            UNPACK_NAMES_BYTES.max / UNPACK_NAME_BYTES.max,
        ),
    ] {
        let mut tree = Tree::default();
        let mut entry = Entry {
            number: 0,
            path: String::new(),
            kind,
            mode: 0o644,
            size: 0,
        };
        let error = loop {
            entry.path = format!("{}/{behind}", entry.number);
            match tree.add(&entry, UnpackLimits::default()) {
                Ok(_) if entry.number <= most => entry.number += 1,
                result => break result.unwrap_err(),
            }
        };
        assert!(
            matches!(
                error,
                UnpackError::LimitExceeded {
                    name: "unpack-names-bytes",
                    ..
                }
            ),
            "{error}"
        );
    }
}

/// Zeros without end, as an archive of one file.
#[test]
fn an_archive_that_explodes_is_stopped() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let size = 64_u64 << 20;
    let head = Archive::default().raw(
        |header| {
            put(&mut header.as_old_mut().name, b"zeros");
            header.set_size(size);
        },
        b"",
    );
    encoder.write_all(&head.0).unwrap();
    io::copy(&mut io::repeat(0).take(size + 1024), &mut encoder).unwrap();
    let bomb = encoder.finish().unwrap();
    assert_eq!(limit(&bomb, UnpackLimits::default()), "unpack-expansion");
    let wide = UnpackLimits {
        expansion: 2000,
        ..UnpackLimits::default()
    };
    assert!(unpack(&*bomb, &Place::new().target(), wide).is_ok());
}

#[test]
fn only_a_new_or_an_empty_folder_is_taken() {
    let archive = tarball().end();
    let place = Place::new();
    let target = place.target();
    fs::write(&target, "mine").unwrap();
    assert!(matches!(
        place.unpack(&archive).unwrap_err(),
        UnpackError::Occupied { .. }
    ));
    assert_eq!(fs::read(&target).unwrap(), b"mine");
    fs::remove_file(&target).unwrap();

    fs::create_dir(&target).unwrap();
    fs::write(target.join("mine"), "").unwrap();
    assert!(matches!(
        place.unpack(&archive).unwrap_err(),
        UnpackError::Occupied { .. }
    ));
    place.check(true);
    assert_eq!(fs::read_dir(&target).unwrap().count(), 1);
    fs::remove_file(target.join("mine")).unwrap();

    // After a failure the empty folder is as it was, and after a success it is the archive.
    assert!(place.unpack(&archive[..700]).is_err());
    place.check(true);
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    place.unpack(&archive).unwrap();
    place.check(true);
    assert!(matches!(
        place.unpack(&archive).unwrap_err(),
        UnpackError::Occupied { .. }
    ));

    let missing = place.0.path().join("no/such/parent");
    let error = unpack(&*archive, &missing, UnpackLimits::default()).unwrap_err();
    assert!(matches!(error, UnpackError::Unwritable { .. }), "{error}");
    for nameless in ["/", "..", "a/.."] {
        let error = unpack(&*archive, Path::new(nameless), UnpackLimits::default()).unwrap_err();
        assert!(matches!(error, UnpackError::Occupied { .. }), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_no_empty_folder_and_an_empty_folder_keeps_its_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let archive = tarball().end();
    let place = Place::new();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), place.target()).unwrap();
    assert!(matches!(
        place.unpack(&archive).unwrap_err(),
        UnpackError::Occupied {
            found: "a link",
            ..
        }
    ));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    fs::remove_file(place.target()).unwrap();

    fs::create_dir(place.target()).unwrap();
    fs::set_permissions(place.target(), fs::Permissions::from_mode(0o711)).unwrap();
    place.unpack(&archive).unwrap();
    assert_eq!(
        fs::metadata(place.target()).unwrap().permissions().mode() & 0o7777,
        0o711
    );
}

/// What is read breaks off, or comes in pieces of any size.
#[test]
fn what_the_source_does_is_not_what_the_archive_says() {
    struct Drops<'a>(&'a [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.split_first() {
                Some((byte, rest)) => {
                    buffer[0] = *byte;
                    self.0 = rest;
                    Ok(1)
                }
                None => Err(io::Error::other("the line broke\nhere")),
            }
        }
    }
    let place = Place::new();
    let whole = gzip(&tarball().end());
    for archive in [&whole[..40], &tarball().end()[..600]] {
        let error = unpack(Drops(archive), &place.target(), UnpackLimits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the archive cannot be read: the line broke\\u{a}here"
        );
        place.check(false);
    }
    struct Trickles<'a>(&'a [u8], bool);
    impl Read for Trickles<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            match self.1 {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => self.0.read(&mut buffer[..1]),
            }
        }
    }
    let expected = Place::new().unpack(&whole).unwrap();
    let trickled = unpack(
        Trickles(&whole, false),
        &place.target(),
        UnpackLimits::default(),
    );
    assert_eq!(trickled, Ok(expected));
}

/// An archive with something of everything, for mutations; each bit adds something hostile.
fn mixed(hostile: u8) -> Vec<u8> {
    let mut archive = Archive::default()
        .folder("a")
        .file("a/file", "content")
        .pax(&[("path", "a/long"), ("mtime", "1")])
        .file("x", "more")
        .entry(EntryType::GNULongName, "", 0, "", b"a/b/c\0")
        .file("y", "")
        .hard("a/hard", "a/file")
        .symbolic("a/link", "b/c");
    if hostile & 1 != 0 {
        archive = archive.file("../beside", "overwritten");
    }
    if hostile & 2 != 0 {
        archive = archive
            .symbolic("out", "..")
            .file("out/beside", "overwritten");
    }
    if hostile & 4 != 0 {
        archive = archive
            .hard("out", "../beside")
            .symbolic("a/out", "../../beside");
    }
    archive.end()
}

/// Bytes that are changed and blocks that are left out.
fn mutated(archive: &mut Vec<u8>, changes: &[(usize, u8, bool)], dropped: &[usize]) {
    for (at, byte, is_fixed) in changes {
        let at = at % archive.len();
        archive[at] = *byte;
        if *is_fixed {
            // With a right checksum the change is looked at, and not only refused.
            let start = at / 512 * 512;
            let mut header = Header::from_byte_slice(&archive[start..start + 512]).clone();
            header.set_cksum();
            archive[start..start + 512].copy_from_slice(header.as_bytes());
        }
    }
    for block in dropped {
        let start = block % (archive.len() / 512) * 512;
        if archive.len() > 1024 {
            archive.drain(start..start + 512);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever is done to an archive: nothing is written outside of the target, which is there whole or not at all.
    #[test]
    fn mutated_archives_never_write_outside(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>(), any::<bool>()), 0..4),
        dropped in proptest::collection::vec(0_usize..40, 0..3),
        hostile in 0_u8..8,
        is_packed in any::<bool>(),
    ) {
        let mut archive = mixed(hostile);
        mutated(&mut archive, &changes, &dropped);
        let archive = match is_packed {
            true => gzip(&archive),
            false => archive,
        };
        let place = Place::new();
        let result = place.unpack(&archive);
        place.check(result.is_ok());
        if let Ok(written) = result {
            for one in written {
                let path = place.target().join(&one.path);
                let there = fs::symlink_metadata(&path).unwrap();
                match one.kind {
                    UnpackedKind::Folder { .. } => prop_assert!(there.is_dir()),
                    UnpackedKind::File { size, digest, .. } => {
                        prop_assert!(there.is_file());
                        prop_assert_eq!(there.len(), size);
                        prop_assert_eq!(Digest::sha256(&fs::read(&path).unwrap()), digest);
                    }
                    UnpackedKind::Link { .. } => {
                        let end = fs::canonicalize(&path).unwrap();
                        prop_assert!(end.starts_with(fs::canonicalize(place.target()).unwrap()));
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_or_unpacked(content in proptest::collection::vec(any::<u8>(), 0..1500)) {
        let place = Place::new();
        let result = place.unpack(&content);
        place.check(result.is_ok());
    }
}
