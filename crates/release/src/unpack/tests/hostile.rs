//! Archives that nobody has thought of.

use super::*;

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
