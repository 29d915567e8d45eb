//! The cache: half written, damaged, unwritable, shared by threads and processes; and offline.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sealcheck_trust::{
    InitialRoot, Instance, Mirror, Opened, Repository, Source, Warning, open, open_offline,
};
use support::{DAY, NOW, Publisher, World, at, load, write_folder};

#[test]
fn a_fresh_cache_needs_no_request() {
    let world = World::new();
    world.load(NOW).unwrap();
    let before = world.server.0.lock().unwrap().requests.len();
    let loaded = world.load(NOW + DAY - 1).unwrap();
    assert_eq!(loaded.age, Some(Duration::from_secs(86_399)));
    assert_eq!(world.server.0.lock().unwrap().requests.len(), before);
}

#[test]
fn a_cache_from_the_future_is_not_fresh() {
    let world = World::new();
    world.load(NOW + 1).unwrap();
    let loaded = world.load(NOW).unwrap();
    assert_eq!(loaded.fetched_at, Some(at(NOW)));
    assert_eq!(world.server.count("timestamp.json"), 2);
}

#[test]
fn a_damaged_cache_is_reported_and_replaced() {
    for damage in [
        |set: &[u8]| set.get(..set.len() / 2).unwrap().to_vec(),
        |_: &[u8]| Vec::new(),
        |set: &[u8]| {
            // Another target under the same metadata.
            let text = String::from_utf8(set.to_vec()).unwrap();
            text.replace(r#"revision\": 1"#, r#"revision\": 7"#).into()
        },
        |set: &[u8]| {
            // Metadata without the target that belongs to it, and a root that nobody signed.
            let mut set: serde_json::Value = serde_json::from_slice(set).unwrap();
            let files = set.get_mut("files").unwrap().as_object_mut().unwrap();
            files.remove("targets/trusted_root.json").unwrap();
            let root = files.get("root_history/1.root.json").unwrap().clone();
            files.insert("root_history/2.root.json".into(), root);
            set.to_string().into()
        },
    ] {
        let world = World::new();
        world.load(NOW).unwrap();
        let file = world.set_file();
        let damaged = damage(&fs::read(&file).unwrap());
        assert_ne!(damaged, fs::read(&file).unwrap());
        fs::write(&file, damaged).unwrap();

        let error = open_offline(&world.source(), at(NOW)).unwrap_err();
        assert_eq!(error.reason().code(), "trust-root-unavailable", "{error}");
        let loaded = world.load(NOW).unwrap();
        assert_eq!(loaded.bytes, world.publisher.target);
        assert!(
            matches!(loaded.warnings.as_slice(), [Warning::CacheIgnored { .. }]),
            "{:?}",
            loaded.warnings
        );
        assert_eq!(open_offline(&world.source(), at(NOW)).unwrap().warnings, []);
    }
}

#[test]
fn an_interrupted_write_leaves_the_old_set_and_is_cleaned_up() {
    let mut world = World::new();
    world.load(NOW).unwrap();
    let abandoned = world.set_file().with_file_name(".set-killed");
    fs::write(&abandoned, b"{\"schema\":\"sealcheck/tuf-ca").unwrap();
    let loaded = open_offline(&world.source(), at(NOW)).unwrap();
    assert_eq!(loaded.bytes, b"{\"revision\": 1}\n");
    assert_eq!(loaded.warnings, []);

    world.publisher.next_revision();
    world.publisher.publish(&world.server);
    world.load(NOW + DAY).unwrap();
    assert!(!abandoned.exists());
}

#[test]
fn a_cache_folder_that_cannot_be_made_costs_a_warning() {
    let mut world = World::new();
    let file = world.dir.path().join("file");
    fs::write(&file, b"").unwrap();
    world.repository.cache_dir = Some(file.join("cache"));
    let loaded = world.load(NOW).unwrap();
    assert_eq!(loaded.bytes, world.publisher.target);
    let [warning @ Warning::CacheUnwritable { .. }] = loaded.warnings.as_slice() else {
        panic!("{:?}", loaded.warnings);
    };
    assert_eq!(warning.reason().code(), "cache-unwritable");
}

#[test]
fn a_cache_that_can_be_read_but_not_locked_still_serves() {
    let mut world = World::new();
    world.load(NOW).unwrap();
    // A folder in place of the lock file stops even the superuser, whom permissions do not.
    let lock = world.set_file().with_file_name("lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_eq!(world.load(NOW).unwrap().warnings, []);

    world.publisher.next_revision();
    world.publisher.publish(&world.server);
    let loaded = world.load(NOW + DAY).unwrap();
    assert_eq!(loaded.bytes, b"{\"revision\": 2}\n");
    assert!(matches!(
        loaded.warnings.as_slice(),
        [Warning::CacheUnwritable { .. }]
    ));
    let offline = open_offline(&world.source(), at(NOW + DAY)).unwrap();
    assert_eq!(offline.bytes, b"{\"revision\": 1}\n");
}

#[test]
fn without_a_cache_folder_nothing_is_remembered() {
    let mut world = World::new();
    world.repository.cache_dir = None;
    assert_eq!(world.load(NOW).unwrap().warnings, []);
    world.load(NOW).unwrap();
    assert_eq!(world.server.count("timestamp.json"), 2);
    let error = open_offline(&world.source(), at(NOW)).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-unavailable");
}

#[test]
fn while_one_refreshes_the_others_go_on_with_what_is_cached() {
    let mut world = World::new();
    world.load(NOW).unwrap();
    world.publisher.next_revision();
    world.publisher.publish(&world.server);
    let Opened::RefreshDue(mut refresh) = open(&world.source(), at(NOW + DAY)).unwrap() else {
        panic!("no refresh was due");
    };
    let other = world.load(NOW + DAY).unwrap();
    assert_eq!(other.bytes, b"{\"revision\": 1}\n");
    assert_eq!(other.age, Some(Duration::from_secs(86_400)));
    support::block_on(refresh.run(world.server.clone())).unwrap();
    assert_eq!(world.load(NOW + DAY).unwrap().bytes, b"{\"revision\": 2}\n");
    assert_eq!(world.server.count("timestamp.json"), 2);
}

#[test]
fn eight_threads_with_an_empty_cache_ask_the_mirror_once() {
    let world = World::new();
    let source = world.source();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let loaded = load(&source, &world.server, NOW).unwrap();
                assert_eq!(loaded.bytes, world.publisher.target);
                assert_eq!(loaded.warnings, []);
            });
        }
    });
    assert_eq!(world.server.count("timestamp.json"), 1);
}

#[test]
fn readers_see_whole_sets_only_while_revisions_change() {
    let mut world = World::new();
    world.repository.max_age = Duration::ZERO;
    world.load(NOW).unwrap();
    let source = world.source();
    let server = world.server.clone();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for reader in 0..8 {
            let (source, server, done) = (&source, &server, &done);
            scope.spawn(move || {
                let mut newest = String::new();
                while !done.load(Ordering::Relaxed) {
                    let loaded = if reader % 2 == 0 {
                        open_offline(source, at(NOW)).unwrap()
                    } else {
                        load(source, server, NOW).unwrap()
                    };
                    assert_eq!(loaded.warnings, []);
                    let seen = String::from_utf8(loaded.bytes).unwrap();
                    assert!(seen >= newest, "{seen} after {newest}");
                    newest = seen;
                }
            });
        }
        // Nine revisions, so that they sort as text.
        for _ in 2..=9 {
            world.publisher.next_revision();
            // As a real mirror does: what the old metadata names stays while readers may want it.
            let files = world.publisher.files();
            server.0.lock().unwrap().files.extend(files);
            thread::sleep(Duration::from_millis(20));
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(world.load(NOW).unwrap().bytes, b"{\"revision\": 9}\n");
}

/// The source that the processes of the next test share.
fn shared_folder(dir: &Path) -> Source {
    let mut repository = Repository::new(
        Mirror::Folder(dir.join("mirror")),
        InitialRoot::File {
            path: dir.join("mirror/1.root.json"),
            sha256: None,
        },
    );
    repository.cache_dir = Some(dir.join("cache"));
    Source::Tuf(repository)
}

#[test]
fn eight_processes_share_a_cache() {
    if let Some(dir) = std::env::var_os(CHILD) {
        for _ in 0..10 {
            let opened = open(&shared_folder(Path::new(&dir)), at(NOW)).unwrap();
            let Opened::Ready(loaded) = opened else {
                panic!("a folder needs no refresh");
            };
            assert_eq!(loaded.bytes, b"{\"revision\": 1}\n");
            assert_eq!(loaded.warnings, []);
        }
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    write_folder(&dir.path().join("mirror"), &Publisher::new().files());
    let children: Vec<_> = (0..8)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "eight_processes_share_a_cache"])
                .env(CHILD, dir.path())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let repository = fs::read_dir(dir.path().join("cache")).unwrap().next();
    let mut names: Vec<_> = fs::read_dir(repository.unwrap().unwrap().path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["lock", "set.json"]);
}

#[test]
fn a_folder_is_read_offline_and_rolled_back_no_more_than_a_mirror() {
    let dir = tempfile::tempdir().unwrap();
    let mut publisher = Publisher::new();
    let old = publisher.files();
    publisher.next_revision();
    write_folder(&dir.path().join("mirror"), &publisher.files());
    let source = shared_folder(dir.path());
    let loaded = open_offline(&source, at(NOW)).unwrap();
    assert_eq!(loaded.bytes, b"{\"revision\": 2}\n");
    assert!(loaded.source.starts_with("tuf:file:"), "{}", loaded.source);

    write_folder(&dir.path().join("mirror"), &old);
    let error = open_offline(&source, at(NOW)).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-rollback", "{error}");

    // A folder that is away, as a volume may be, is what a network that is down is.
    fs::rename(
        dir.path().join("mirror/1.root.json"),
        dir.path().join("root"),
    )
    .unwrap();
    fs::remove_dir_all(dir.path().join("mirror")).unwrap();
    let Source::Tuf(mut repository) = source else {
        panic!("a repository");
    };
    repository.initial = InitialRoot::File {
        path: dir.path().join("root"),
        sha256: None,
    };
    let loaded = open_offline(&Source::Tuf(repository), at(NOW)).unwrap();
    assert_eq!(loaded.bytes, b"{\"revision\": 2}\n");
    assert!(matches!(
        loaded.warnings.as_slice(),
        [Warning::NotRefreshed(_)]
    ));
}

#[test]
fn offline_the_embedded_snapshot_is_the_last_resort_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    for instance in Instance::ALL {
        let mut repository = Repository::of(instance);
        repository.cache_dir = Some(dir.path().to_owned());
        let now = sealcheck_trust::SNAPSHOT_TAKEN + 10 * DAY;
        let loaded = open_offline(&Source::Tuf(repository), at(now)).unwrap();
        assert_eq!(loaded.bytes, instance.trusted_root());
        assert_eq!(loaded.source, format!("embedded:{}", instance.name()));
        assert_eq!(loaded.age, Some(Duration::from_secs(864_000)));
        let [warning @ Warning::EmbeddedLastResort { .. }] = loaded.warnings.as_slice() else {
            panic!("{:?}", loaded.warnings);
        };
        assert_eq!(warning.reason().code(), "trust-root-unavailable");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A set that is there and of no use says that the embedded snapshot may be of no use either.
#[test]
fn offline_the_embedded_snapshot_does_not_stand_in_for_a_cached_set() {
    let world = World::new();
    world.load(NOW).unwrap();
    let mut repository = Repository::of(Instance::PublicGood);
    repository.cache_dir = Some(world.dir.path().join("other"));
    let folder = world.dir.path().join("other/public-good");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(world.set_file(), folder.join("set.json")).unwrap();
    let error = open_offline(&Source::Tuf(repository), at(NOW)).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-unavailable", "{error}");
    assert!(error.to_string().contains("set.json"), "{error}");
}

#[test]
fn a_trusted_root_file_is_given_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trusted_root.json");
    let source = Source::File(path.clone());
    let code = || {
        let error = open_offline(&source, at(NOW)).unwrap_err();
        assert!(error.to_string().contains("trusted_root.json"), "{error}");
        error.reason().code()
    };
    assert_eq!(code(), "trust-root-not-found");
    fs::create_dir(&path).unwrap();
    assert_eq!(code(), "trust-root-not-found");
    fs::remove_dir(&path).unwrap();
    let file = fs::File::create(&path).unwrap();
    file.set_len(sealcheck_trust::MAX_TRUSTED_ROOT_BYTES + 1)
        .unwrap();
    assert_eq!(code(), "trust-root-invalid");
    let below_a_file = Source::File(path.join("trusted_root.json"));
    let error = open_offline(&below_a_file, at(NOW)).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-unreadable");

    fs::write(&path, b"{}").unwrap();
    let loaded = open_offline(&source, at(NOW)).unwrap();
    assert_eq!(loaded.bytes, b"{}");
    assert_eq!(loaded.source, format!("file:{}", path.display()));
    assert_eq!(
        loaded.sha256,
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
    assert_eq!((loaded.fetched_at, loaded.age), (None, None));
}

const CHILD: &str = "SEALCHECK_TRUST_TEST_CHILD";
