//! The folder that an archive becomes, and the source that it comes from.

use super::*;

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
