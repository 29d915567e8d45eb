//! What single entries may be: paths, kinds, modes, headers.

use super::*;

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
    for path in [
        "a\\..\\b",
        "C:x",
        "a\nb",
        "a\u{7f}",
        "a\u{202e}b",
        "a\u{200b}",
    ] {
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
