//! Archives and folders that are made to mislead. Each has its sentence.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sealcheck_registry::Descriptor;
use sealcheck_registry::layout::{Layout, LayoutError, Wanted};
use sealcheck_verify::Reason;
use sealcheck_verify::limits::BUNDLE_BYTES;
use tar::EntryType;

use crate::fixture::{Signed, digest, end, entry, file, folder, gzip, open, pax, raw, tar};

/// Why an archive is refused, whether or not it is compressed.
pub(crate) fn error(bytes: &[u8]) -> LayoutError {
    let (_folder, path) = file(bytes);
    let plain = Layout::open(&path).unwrap_err();
    let (_folder, path) = file(&gzip(bytes));
    let compressed = Layout::open(&path).unwrap_err();
    assert_eq!(
        plain.reason(),
        compressed.reason(),
        "{plain} / {compressed}"
    );
    plain
}

#[test]
fn hostile_archives_are_refused_with_a_sentence() {
    let first = || entry("oci-layout", b"{}");
    let special = |kind| raw("index.json", kind, b"", |h| h.set_link_name("x").unwrap());
    let cases: Vec<(&str, Vec<Vec<u8>>, &str)> = vec![
        (
            "absolute",
            vec![entry("/etc/passwd", b"a")],
            "is absolute: /etc/passwd",
        ),
        (
            "parent",
            vec![entry("../a", b"a")],
            "leads out of the archive: ../a",
        ),
        (
            "parent within",
            vec![entry("a/../../b", b"a")],
            "leads out of the archive",
        ),
        (
            "backslash",
            vec![entry("a\\b", b"a")],
            "separates elsewhere",
        ),
        (
            "twice",
            vec![entry("index.json", b"a"), entry("./index.json", b"b")],
            "it holds index.json twice",
        ),
        (
            "symbolic link",
            vec![special(EntryType::Symlink)],
            "it is a symbolic link",
        ),
        (
            "hard link",
            vec![special(EntryType::Link)],
            "it is a hard link",
        ),
        ("device", vec![special(EntryType::Char)], "it is a device"),
        ("pipe", vec![special(EntryType::Fifo)], "it is a named pipe"),
        (
            "link with content",
            vec![raw("a", EntryType::Symlink, b"abc", |_| {})],
            "has content",
        ),
        (
            "folder with content",
            vec![raw("a", EntryType::Directory, b"abc", |_| {})],
            "has content",
        ),
        (
            "GNU sparse",
            vec![raw("a", EntryType::GNUSparse, b"abc", |_| {})],
            "sparse file",
        ),
        (
            "pax sparse",
            vec![pax(&[("GNU.sparse.major", "1")]), entry("index.json", b"a")],
            "it holds a sparse file",
        ),
        (
            "pax sparse, under another name than the stored one",
            vec![
                pax(&[
                    ("GNU.sparse.major", "1"),
                    ("GNU.sparse.minor", "0"),
                    ("GNU.sparse.name", "manifest.json"),
                    ("GNU.sparse.realsize", "1"),
                ]),
                entry("GNUSparseFile.0/manifest.json", b"a"),
            ],
            "it holds a sparse file",
        ),
        (
            "sparse of star",
            vec![pax(&[("SCHILY.realsize", "9")]), entry("a", b"a")],
            "it holds a sparse file",
        ),
        (
            "sparse of Solaris",
            vec![pax(&[("SUN.holesdata", " 0 9")]), entry("a", b"a")],
            "it holds a sparse file",
        ),
        (
            "global sparse",
            vec![
                raw(
                    "g",
                    EntryType::XGlobalHeader,
                    b"22 GNU.sparse.major=1\n",
                    |_| {},
                ),
                entry("a", b""),
            ],
            "it holds a sparse file",
        ),
        (
            "unknown type",
            vec![raw("a", EntryType::new(b'Z'), b"", |_| {})],
            "unknown type",
        ),
        (
            "not UTF-8",
            vec![raw("a", EntryType::Regular, b"", |h| {
                h.as_old_mut().name[0] = 0xff
            })],
            "UTF-8",
        ),
        (
            "negative size",
            vec![raw("a", EntryType::Regular, b"", |h| {
                h.as_old_mut().size = [0xff; 12]
            })],
            "truncated",
        ),
        (
            "size that is no number",
            vec![raw("a", EntryType::Regular, b"", |h| {
                h.as_old_mut().size = *b"zzzzzzzzzzz\0"
            })],
            "not a number",
        ),
        (
            "more than there is",
            vec![raw("a", EntryType::Regular, b"abc", |h| {
                h.set_size(1 << 40)
            })],
            "truncated",
        ),
        (
            "more than there is, by extension",
            vec![pax(&[("size", "18446744073709551615")]), entry("a", b"abc")],
            "truncated",
        ),
        (
            "two sizes",
            vec![pax(&[("size", "1"), ("size", "2")]), entry("a", b"ab")],
            "two extended sizes",
        ),
        (
            "two names",
            vec![pax(&[("path", "a"), ("path", "b")]), entry("a", b"")],
            "two extended names",
        ),
        (
            "name by extension",
            vec![pax(&[("path", "../index.json")]), entry("a", b"")],
            "leads out of the archive",
        ),
        (
            "size that is no number, by extension",
            vec![pax(&[("size", "-1")]), entry("a", b"")],
            "not a number",
        ),
        (
            "global name",
            vec![
                raw("g", EntryType::XGlobalHeader, b"8 path=a\n", |_| {}),
                entry("a", b""),
            ],
            "cannot be read",
        ),
        (
            "global name that is right",
            vec![
                raw("g", EntryType::XGlobalHeader, b"10 path=a\n", |_| {}),
                entry("a", b""),
            ],
            "renames or resizes every entry",
        ),
        (
            "record that lies about its length",
            vec![
                raw("x", EntryType::XHeader, b"99 path=a\n", |_| {}),
                entry("a", b""),
            ],
            "cannot be read",
        ),
        (
            "extension of nothing",
            vec![pax(&[("path", "a")])],
            "describes no entry",
        ),
        (
            "long name of nothing",
            vec![raw("././@LongLink", EntryType::GNULongName, b"a\0", |_| {})],
            "describes no entry",
        ),
        (
            "file that is a folder",
            vec![entry("a/", b"a")],
            "name of a folder",
        ),
        (
            "file without a name",
            vec![entry("./", b"a")],
            "name of a folder",
        ),
    ];
    for (name, entries, expected) in cases {
        let mut bytes = first();
        bytes.extend(entries.into_iter().flatten());
        bytes.extend(end());
        let error = error(&bytes);
        assert_eq!(error.reason(), Reason::LayoutMalformed, "{name}: {error}");
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
}

#[test]
fn names_and_headers_have_limits() {
    let long = "a".repeat(5000);
    for (name, bytes) in [
        ("archive-name-bytes", pax(&[("path", &long)])),
        (
            "archive-header-bytes",
            raw("x", EntryType::XHeader, &vec![b'a'; 129 << 10], |_| {}),
        ),
        (
            "archive-header-bytes",
            raw("x", EntryType::GNULongName, &vec![b'a'; 129 << 10], |_| {}),
        ),
        // Nothing that large is there: the limit must hold before anything is reserved.
        (
            "archive-header-bytes",
            raw("x", EntryType::GNULongLink, b"", |h| h.set_size(1 << 50)),
        ),
    ] {
        let mut archive = bytes;
        archive.extend(entry("a", b""));
        archive.extend(end());
        let error = error(&archive);
        assert!(
            matches!(error, LayoutError::LimitExceeded { limit, .. } if limit.name == name),
            "{name}: {error}"
        );
    }
}

#[test]
fn an_archive_that_ends_anywhere_is_truncated() {
    let signed = Signed::new();
    let whole = tar(&signed.repository.layout_files());
    let content = whole.len() - 1024;
    for at in (1..content)
        .step_by(509)
        .chain([content - 512, content, content + 100])
    {
        let expected = match at < 512 {
            true => "neither a folder nor a tar archive",
            false => "truncated",
        };
        let (_folder, path) = file(&whole[..at]);
        let error = Layout::open(&path).unwrap_err();
        assert!(error.to_string().contains(expected), "{at}: {error}");
    }
    let packed = gzip(&whole);
    for at in (20..packed.len()).step_by(101) {
        let (_folder, path) = file(&packed[..at]);
        let error = Layout::open(&path).unwrap_err();
        assert_eq!(error.reason(), Reason::LayoutMalformed, "{at}: {error}");
    }
}

#[test]
fn a_changed_byte_of_the_compression_is_noticed() {
    let signed = Signed::new();
    let packed = gzip(&tar(&signed.repository.layout_files()));
    let (mut noticed, mut unnoticed) = (0, 0);
    // The flags and the time of the header mean nothing to the content.
    for at in (20..packed.len()).step_by(97) {
        let mut bytes = packed.clone();
        bytes[at] ^= 0x10;
        let (_folder, path) = file(&bytes);
        let error = match Layout::open(&path) {
            Err(error) => error,
            // A copy of what was said before may be taken from either of two places that say the same.
            Ok(layout) => {
                for (name, object) in &signed.repository.objects {
                    let size = object.bytes.len().try_into().unwrap();
                    let descriptor = Descriptor::new("", name.parse().unwrap(), size);
                    let blob = layout.blob(&descriptor, BUNDLE_BYTES).unwrap();
                    assert_eq!(blob.found().unwrap(), object.bytes);
                }
                unnoticed += 1;
                continue;
            }
        };
        noticed += 1;
        assert!(
            matches!(
                error.reason(),
                Reason::LayoutMalformed | Reason::LimitExceeded
            ),
            "{at}: {error}"
        );
    }
    assert!(noticed > 10 * unnoticed, "{noticed} and {unnoticed}");
}

#[test]
fn a_bomb_is_refused_before_it_has_grown() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(&raw("a", EntryType::Regular, b"", |h| h.set_size(1 << 40)))
        .unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..100 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 256 << 10, "{} bytes", bomb.len());
    let (_folder, path) = file(&bomb);
    let error = Layout::open(&path).unwrap_err();
    assert!(
        matches!(error, LayoutError::LimitExceeded { limit, .. } if limit.name == "archive-expansion"),
        "{error}"
    );
}

#[test]
fn harmless_extras_do_not_disturb() {
    let signed = Signed::new();
    let long = format!("{}/{}", "d".repeat(90), "f".repeat(200));
    let comment = raw(
        "g",
        EntryType::XGlobalHeader,
        b"20 comment=a commit\n",
        |_| {},
    );
    let mut bytes = comment;
    bytes.extend(raw("./", EntryType::Directory, b"", |_| {}));
    bytes.extend(raw("blobs/", EntryType::Directory, b"", |_| {}));
    bytes.extend(raw("latest", EntryType::Symlink, b"", |h| {
        h.set_link_name("/etc").unwrap()
    }));
    bytes.extend(pax(&[
        ("path", &long),
        ("mtime", "1.5"),
        ("SCHILY.xattr.user.a", "b\nc=d\n"),
    ]));
    bytes.extend(entry("short", b"content"));
    bytes.extend(raw(
        "././@LongLink",
        EntryType::GNULongName,
        format!("{long}2\0").as_bytes(),
        |_| {},
    ));
    bytes.extend(entry("short", b"content"));
    for (path, content) in signed.repository.layout_files() {
        bytes.extend(entry(&format!("./{path}"), &content));
    }
    bytes.extend(vec![0; 10240]);
    for bytes in [bytes.clone(), gzip(&bytes)] {
        let (_folder, path) = file(&bytes);
        let found = open(&path).resolve(&Wanted::Only).unwrap().found().unwrap();
        assert_eq!(found.digest, digest(&signed.index));
    }
}

#[cfg(unix)]
#[test]
fn links_pipes_and_folders_in_a_folder_are_not_read() {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    let signed = Signed::new();
    let blob = format!("blobs/{}", signed.index.digest.replacen(':', "/", 1));
    let read = |path: &std::path::Path| {
        let layout = Layout::open(path)?;
        layout.manifest(&digest(&signed.index))?;
        let size = signed.index.size.try_into().unwrap();
        layout.open_blob(&Descriptor::new("", digest(&signed.index), size))
    };
    for name in [
        blob.as_str(),
        "index.json",
        "oci-layout",
        "blobs",
        "blobs/sha256",
    ] {
        let folder = folder(&signed.repository.layout_files());
        let outside = tempfile::TempDir::new().unwrap();
        let target = outside.path().join("moved");
        fs::rename(folder.path().join(name), &target).unwrap();
        symlink(&target, folder.path().join(name)).unwrap();
        let error = read(folder.path()).unwrap_err();
        assert_eq!(error.reason(), Reason::LayoutMalformed, "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
    for name in [blob.as_str(), "index.json", "oci-layout"] {
        let folder = folder(&signed.repository.layout_files());
        let path = folder.path().join(name);
        fs::remove_file(&path).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let error = read(folder.path()).unwrap_err();
        assert_eq!(
            error.reason(),
            Reason::LayoutMalformed,
            "a pipe as {name}: {error}"
        );
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = read(folder.path()).unwrap_err();
        assert_eq!(
            error.reason(),
            Reason::LayoutMalformed,
            "a folder as {name}: {error}"
        );
    }
    // The folder itself may be named through a link: the caller chose that.
    let folder = folder(&signed.repository.layout_files());
    let outside = tempfile::TempDir::new().unwrap();
    symlink(folder.path(), outside.path().join("layout")).unwrap();
    read(&outside.path().join("layout")).unwrap();
}

#[test]
fn indexes_do_not_nest_without_end() {
    let mut repository = sealcheck_testkit::image::Repository::new();
    let (mut index, _) = repository.push_platforms(&["linux/amd64"]);
    for _ in 0..9 {
        index = repository.push_index(sealcheck_testkit::image::Flavour::Oci, &[index]);
    }
    repository.tag("v1", &index);
    let folder = folder(&repository.layout_files());
    let error = open(folder.path()).referrers(&digest(&index)).unwrap_err();
    assert!(
        matches!(error, LayoutError::LimitExceeded { limit, .. } if limit.name == "index-depth"),
        "{error}"
    );
}

fn crossed(error: &LayoutError) -> &'static str {
    match error {
        LayoutError::LimitExceeded { limit, .. } => limit.name,
        error => panic!("{error}"),
    }
}

#[test]
fn an_archive_has_only_so_many_entries_and_names() {
    let one = raw("d", EntryType::Directory, b"", |_| {});
    let bytes = one.repeat(131_073);
    let (_folder, path) = file(&bytes);
    assert_eq!(crossed(&Layout::open(&path).unwrap_err()), "layout-entries");

    let mut bytes = Vec::new();
    for number in 0..4200 {
        bytes.extend(pax(&[("path", &format!("{number:04000}"))]));
        bytes.extend(raw("d", EntryType::Directory, b"", |_| {}));
    }
    let (_folder, path) = file(&bytes);
    let error = Layout::open(&path).unwrap_err();
    assert_eq!(crossed(&error), "archive-names-bytes");
}

#[test]
fn files_and_searches_have_limits() {
    let signed = Signed::new();
    let huge = |path: &std::path::Path, size| {
        fs::File::create(path).unwrap().set_len(size).unwrap();
    };
    for (name, size, expected) in [
        ("oci-layout", 9 << 20, "layout-file-bytes"),
        ("index.json", 9 << 20, "index-bytes"),
    ] {
        let folder = folder(&signed.repository.layout_files());
        huge(&folder.path().join(name), size);
        let error = Layout::open(folder.path()).unwrap_err();
        assert_eq!(crossed(&error), expected);
    }
    // Blobs that nobody lists, as many as fill half a gigabyte, in a layout whose blobs are searched.
    let folder = folder(&signed.repository.cosign_save_files(&signed.index));
    for number in 0..130 {
        let name = format!("blobs/sha256/{number:064}");
        huge(&folder.path().join(name), 4 << 20);
    }
    let error = open(folder.path())
        .referrers(&digest(&signed.index))
        .unwrap_err();
    assert_eq!(crossed(&error), "layout-search-bytes");
}

#[test]
fn many_broken_blobs_are_told_of_and_not_kept() {
    let signed = Signed::new();
    let folder = folder(&signed.repository.cosign_save_files(&signed.index));
    for number in 0..100 {
        let name = format!("blobs/sha256/{number:064}");
        fs::write(folder.path().join(name), b"something else").unwrap();
    }
    let referrers = open(folder.path())
        .referrers(&digest(&signed.index))
        .unwrap();
    assert_eq!(referrers.broken.len(), 32);
    assert_eq!(referrers.descriptors.len(), 1);
}
