//! What is kept of a repository, for somebody else to prove the trusted root with.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::path::PathBuf;

use sealcheck_trust::{InitialRoot, Mirror, Opened, Repository, Source, open, open_offline};
use support::{DAY, HOUR, NOW, Publisher, World, at, write_folder};

/// The repository in a folder, trusted by this root.
fn kept_in(folder: PathBuf, root: PathBuf) -> Source {
    let initial = InitialRoot::File {
        path: root,
        sha256: None,
    };
    Source::Tuf(Repository::new(Mirror::Folder(folder), initial))
}

#[test]
fn the_files_are_a_repository_again() {
    let mut world = World::new();
    world.publisher.rotate_root_key();
    world.publisher.rotate_online_key();
    world.publisher.next_revision();
    world.publisher.publish(&world.server);
    let loaded = world.load(NOW).unwrap();
    // As they were published, with every root.
    let published = world.server.0.lock().unwrap().files.clone();
    assert!(loaded.repository == published);
    let kit = world.dir.path().join("kit");
    write_folder(&kit, &loaded.repository);
    let root = |version: u64| {
        let path = world.dir.path().join(format!("{version}.root.json"));
        std::fs::write(&path, &world.publisher.roots[&version]).unwrap();
        path
    };
    // By the first root and by a later one; online the folder is read in the same way.
    for version in [1, 2, 3] {
        let source = kept_in(kit.clone(), root(version));
        let again = open_offline(&source, at(NOW + HOUR)).unwrap();
        assert_eq!(again.bytes, loaded.bytes);
        let Opened::Ready(online) = open(&source, at(NOW + HOUR)).unwrap() else {
            panic!("a folder is there");
        };
        assert_eq!(online.bytes, loaded.bytes);
    }
    // The same from the cache, a run later.
    let cached = open_offline(&world.source(), at(NOW + HOUR)).unwrap();
    assert_eq!(cached.repository, loaded.repository);
    // A root that did not lead to it proves nothing.
    let stranger = world.dir.path().join("stranger.json");
    std::fs::write(&stranger, &Publisher::new().roots[&1]).unwrap();
    let error = open_offline(&kept_in(kit.clone(), stranger), at(NOW)).unwrap_err();
    assert_eq!(error.reason().code(), "trust-metadata-invalid", "{error}");
    // Nor does an altered trusted root.
    std::fs::write(
        kit.join(world.publisher.target_path()),
        "{\"revision\": 3}\n",
    )
    .unwrap();
    let error = open_offline(&kept_in(kit, root(1)), at(NOW)).unwrap_err();
    assert_eq!(error.reason().code(), "trust-metadata-invalid", "{error}");
}

#[test]
fn what_is_kept_expires_with_its_metadata() {
    let world = World::new();
    let loaded = world.load(NOW).unwrap();
    let kit = world.dir.path().join("kit");
    write_folder(&kit, &loaded.repository);
    let source = kept_in(kit, world.dir.path().join("root.json"));
    open_offline(&source, at(NOW + 6 * DAY)).unwrap();
    assert_eq!(loaded.expires, Some(at(NOW + 7 * DAY)));
    let error = open_offline(&source, at(NOW + 7 * DAY + 1)).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-expired", "{error}");
}

#[test]
fn a_file_has_no_repository() {
    let world = World::new();
    let file = world.dir.path().join("trusted_root.json");
    std::fs::write(&file, "{}").unwrap();
    let loaded = open_offline(&Source::File(file), at(NOW)).unwrap();
    assert!(loaded.repository.is_empty());
}
