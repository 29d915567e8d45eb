//! The archive as a whole: its end, its limits, its size without compression.

use super::*;

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
