//! What a mirror can do, rightly and wrongly, and what becomes of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use sealcheck_trust::{Opened, TrustError, Warning, open, open_offline};
use support::{DAY, HOUR, NOW, World, at, block_on};

/// After a refusal nothing that was trusted before may be lost or changed.
fn assert_refused(world: &World, now: i64, code: &str) -> TrustError {
    let before = std::fs::read(world.set_file()).unwrap();
    let Opened::RefreshDue(mut refresh) = open(&world.source(), at(now)).unwrap() else {
        panic!("no refresh was due");
    };
    let error = block_on(refresh.run(world.server.clone())).unwrap_err();
    assert_eq!(error.reason().code(), code, "{error}");
    assert_eq!(refresh.last_good().unwrap().bytes, b"{\"revision\": 1}\n");
    drop(refresh);
    assert_eq!(std::fs::read(world.set_file()).unwrap(), before);
    let offline = open_offline(&world.source(), at(now)).unwrap();
    assert_eq!(offline.bytes, b"{\"revision\": 1}\n");
    error
}

/// A world in which revision 1 was loaded at `NOW`.
fn loaded() -> World {
    let world = World::new();
    world.load(NOW).unwrap();
    world
}

#[test]
fn a_repository_is_loaded_from_its_initial_root() {
    let world = World::new();
    let loaded = world.load(NOW).unwrap();
    assert_eq!(loaded.bytes, world.publisher.target);
    assert_eq!(loaded.source, "tuf:https://tuf.example");
    assert_eq!(loaded.fetched_at, Some(at(NOW)));
    assert_eq!(loaded.age.unwrap().as_secs(), 0);
    assert_eq!(loaded.expires, Some(at(world.publisher.timestamp.expires)));
    assert_eq!(loaded.sha256.len(), 64);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn a_new_revision_is_taken_when_the_old_one_is_a_day_old() {
    let mut world = loaded();
    world.publisher.next_revision();
    world.publisher.publish(&world.server);
    assert_eq!(
        world.load(NOW + DAY - 1).unwrap().bytes,
        b"{\"revision\": 1}\n"
    );
    assert_eq!(world.load(NOW + DAY).unwrap().bytes, b"{\"revision\": 2}\n");
    assert_eq!(world.server.count("timestamp.json"), 2);
}

#[test]
fn root_and_online_keys_may_rotate() {
    let mut world = loaded();
    world.publisher.rotate_root_key();
    world.publisher.rotate_online_key();
    world.publisher.rotate_root_key();
    world.publisher.next_revision();
    world.publisher.publish(&world.server);
    assert_eq!(world.load(NOW + DAY).unwrap().bytes, b"{\"revision\": 2}\n");
    // The whole chain is in the cache: offline it is walked again from the initial root.
    let offline = open_offline(&world.source(), at(NOW + DAY)).unwrap();
    assert_eq!(offline.bytes, b"{\"revision\": 2}\n");
    assert_eq!(offline.warnings, []);
}

#[test]
fn a_root_that_the_old_key_did_not_sign_is_refused() {
    let mut world = loaded();
    world.publisher.root.version = 2;
    world.publisher.root_key = support::Key::new("thief");
    let thief = world.publisher.root_key.clone();
    world.publisher.sign_root(&[&thief]);
    world.publisher.publish(&world.server);
    assert_refused(&world, NOW + DAY, "trust-metadata-invalid");
}

#[test]
fn a_rotation_that_was_seen_takes_the_old_key_out_of_use_even_when_the_rest_fails() {
    let mut world = loaded();
    world.publisher.rotate_online_key();
    world.publisher.next_revision();
    world.publisher.publish(&world.server);
    world.server.remove("timestamp.json");
    let error = world.load(NOW + DAY).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-unavailable", "{error}");
    let error = open_offline(&world.source(), at(NOW + DAY)).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-unavailable", "{error}");

    world.publisher.publish(&world.server);
    let loaded = world.load(NOW + DAY).unwrap();
    assert_eq!(loaded.bytes, b"{\"revision\": 2}\n");
}

#[test]
fn each_role_that_has_expired_is_named_with_its_time() {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let mut world = World::new();
        let expires = NOW + HOUR;
        match role {
            "root" => {
                world.publisher.root.version = 2;
                world.publisher.root.expires = expires;
                let key = world.publisher.root_key.clone();
                world.publisher.sign_root(&[&key]);
            }
            "timestamp" => world.publisher.timestamp.expires = expires,
            "snapshot" => world.publisher.snapshot.expires = expires,
            _ => world.publisher.targets.expires = expires,
        }
        world.publisher.publish(&world.server);
        // Through the whole last second before the expiry, and not at it.
        let loaded = world.load(expires - 1).unwrap();
        assert_eq!(loaded.expires, Some(at(expires)));
        let error = open_offline(&world.source(), at(expires)).unwrap_err();
        assert_eq!(error.reason().code(), "trust-root-expired");
        for now in [expires, expires + 1] {
            let error = world.load(now).unwrap_err();
            let TrustError::Expired {
                role: found,
                expires: when,
                ..
            } = &error
            else {
                panic!("{role}: {error}");
            };
            assert_eq!((found.as_str(), *when), (role, at(expires)), "{error}");
            assert!(
                error.to_string().contains("2026-06-01T01:00:00Z"),
                "{error}"
            );
        }
    }
}

#[test]
fn without_network_the_last_good_root_serves_until_it_expires() {
    let world = loaded();
    world.server.set_down(true);
    let expires = world.publisher.timestamp.expires;
    let loaded = world.load(expires - 1).unwrap();
    assert_eq!(loaded.bytes, b"{\"revision\": 1}\n");
    assert_eq!(loaded.fetched_at, Some(at(NOW)));
    assert_eq!(loaded.age.unwrap().as_secs(), 7 * 24 * 3600 - 1);
    let [Warning::NotRefreshed(cause)] = loaded.warnings.as_slice() else {
        panic!("{:?}", loaded.warnings);
    };
    assert_eq!(cause.reason().code(), "trust-root-unavailable");

    let error = world.load(expires).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-expired");
    let text = error.to_string();
    assert!(text.contains("timestamp"), "{text}");
    assert!(text.contains("set.json"), "{text}");
    assert!(text.contains("connection refused"), "{text}");
}

#[test]
fn without_network_and_cache_there_is_no_answer() {
    let world = World::new();
    world.server.set_down(true);
    let error = world.load(NOW).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-unavailable");
    assert!(error.to_string().contains("https://tuf.example"), "{error}");
}

#[test]
fn older_metadata_than_was_trusted_is_a_rollback() {
    let mut world = World::new();
    let old = world.publisher.clone();
    world.publisher.timestamp.version = 5;
    world.publisher.snapshot.version = 5;
    world.publisher.targets.version = 5;
    world.publisher.publish(&world.server);
    world.load(NOW).unwrap();

    old.publish(&world.server);
    let error = assert_refused(&world, NOW + DAY, "trust-root-rollback");
    assert!(
        matches!(&error, TrustError::Rollback { role, trusted: 5, offered: 1, .. } if role == "timestamp"),
        "{error}"
    );

    let mut snapshot = world.publisher.clone();
    snapshot.timestamp.version = 6;
    snapshot.snapshot.version = 4;
    snapshot.publish(&world.server);
    let error = assert_refused(&world, NOW + DAY, "trust-root-rollback");
    assert!(error.to_string().contains("snapshot"), "{error}");

    let mut targets = world.publisher.clone();
    targets.timestamp.version = 6;
    targets.snapshot.version = 6;
    targets.targets.version = 4;
    targets.publish(&world.server);
    let error = assert_refused(&world, NOW + DAY, "trust-root-rollback");
    assert!(error.to_string().contains("targets"), "{error}");
}

#[test]
fn rollback_is_noticed_against_a_cache_that_has_expired() {
    let mut world = World::new();
    let mut old = world.publisher.clone();
    world.publisher.timestamp.version = 5;
    world.publisher.publish(&world.server);
    world.load(NOW).unwrap();
    let later = world.publisher.timestamp.expires + 1;
    old.timestamp.expires = later + DAY;
    old.publish(&world.server);
    assert_eq!(
        world.load(later).unwrap_err().reason().code(),
        "trust-root-rollback"
    );
}

#[test]
fn a_frozen_mirror_works_until_its_metadata_expires() {
    let world = loaded();
    let expires = world.publisher.timestamp.expires;
    let loaded = world.load(expires - 1).unwrap();
    assert_eq!(loaded.fetched_at, Some(at(expires - 1)));
    let error = world.load(expires).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-expired");
}

#[test]
fn metadata_of_different_revisions_does_not_mix() {
    for mixed in ["snapshot", "targets"] {
        let mut world = loaded();
        let old = world.server.get(&format!("1.{mixed}.json"));
        world.publisher.next_revision();
        world.publisher.publish(&world.server);
        world.server.put(&format!("2.{mixed}.json"), old);
        assert_refused(&world, NOW + DAY, "trust-metadata-invalid");
    }
}

#[test]
fn a_target_with_another_hash_is_refused() {
    let mut world = loaded();
    world.publisher.next_revision();
    world.publisher.publish(&world.server);
    let path = world.publisher.target_path();
    world.server.put(&path, b"{\"revision\": 9}\n");
    let error = assert_refused(&world, NOW + DAY, "trust-metadata-invalid");
    assert!(error.to_string().contains("sha256"), "{error}");
}

/// What nobody signed says nothing, like no answer at all: the last good set serves, and within its expiry only.
#[test]
fn an_answer_that_is_no_metadata_is_no_answer() {
    type Answer = fn(&World) -> Vec<u8>;
    let answers: [(&str, Answer); 7] = [
        ("a web page", |_| b"<!DOCTYPE html><html></html>".to_vec()),
        ("empty", |_| Vec::new()),
        ("without the parts", |_| b"{\"a\":1}".to_vec()),
        ("no whole JSON object", |_| b"[]".to_vec()),
        ("no whole JSON object", |_| b"sign in first".to_vec()),
        ("no whole JSON object", |world| {
            let whole = world.server.get("timestamp.json");
            whole.get(..whole.len() / 2).unwrap().to_vec()
        }),
        ("16384", |world| {
            let mut padded = world.server.get("timestamp.json");
            padded.resize(20_000, b' ');
            padded
        }),
    ];
    for (words, answer) in answers {
        for ignores_limits in [false, true] {
            let mut world = loaded();
            world.publisher.next_revision();
            world.publisher.publish(&world.server);
            world.server.put("timestamp.json", answer(&world));
            world.server.0.lock().unwrap().ignores_limits = ignores_limits;
            let loaded = world.load(NOW + DAY).unwrap();
            assert_eq!(loaded.bytes, b"{\"revision\": 1}\n");
            let [Warning::NotRefreshed(cause)] = loaded.warnings.as_slice() else {
                panic!("{:?}", loaded.warnings);
            };
            assert_eq!(cause.reason().code(), "trust-root-unavailable");
            assert!(cause.to_string().contains(words), "{cause}");
            let error = world.load(NOW + 8 * DAY).unwrap_err();
            assert_eq!(error.reason().code(), "trust-root-expired", "{error}");
            std::fs::remove_file(world.set_file()).unwrap();
            let error = world.load(NOW + DAY).unwrap_err();
            assert_eq!(error.reason().code(), "trust-root-unavailable", "{error}");
        }
    }
}

#[test]
fn a_page_in_the_place_of_any_other_file_is_no_answer() {
    for file in ["2.root.json", "2.snapshot.json", "2.targets.json", "target"] {
        let mut world = loaded();
        world.publisher.next_revision();
        world.publisher.publish(&world.server);
        let file = match file {
            "target" => world.publisher.target_path(),
            file => file.to_owned(),
        };
        world.server.put(&file, b"<html>sign in</html>");
        let loaded = world.load(NOW + DAY).unwrap();
        assert_eq!(loaded.bytes, b"{\"revision\": 1}\n", "{file}");
        let [Warning::NotRefreshed(_)] = loaded.warnings.as_slice() else {
            panic!("{file}: {:?}", loaded.warnings);
        };
    }
}

#[test]
fn a_target_beyond_our_limit_is_refused_before_it_is_fetched() {
    let mut world = World::new();
    world.publisher.target = vec![b' '; 8 * 1024 * 1024 + 1];
    world.publisher.publish(&world.server);
    assert_eq!(
        world.load(NOW).unwrap_err().reason().code(),
        "trust-metadata-invalid"
    );
    assert_eq!(world.server.count(&world.publisher.target_path()), 0);
}

#[test]
fn a_repository_without_the_target_says_so() {
    let mut world = World::new();
    world.publisher.target_name = "other.json".into();
    world.publisher.publish(&world.server);
    let error = world.load(NOW).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-not-found");
    assert!(error.to_string().contains("trusted_root.json"), "{error}");
}

#[test]
fn a_listed_target_that_the_mirror_lacks_is_not_an_answer() {
    let world = World::new();
    world.server.remove(&world.publisher.target_path());
    assert_eq!(
        world.load(NOW).unwrap_err().reason().code(),
        "trust-root-unavailable"
    );
}

#[test]
fn signed_metadata_that_leads_out_of_the_repository_is_not_followed() {
    for hash in ["../../x", "x/../../x", "https://evil.example/x", "x?y="] {
        let mut world = World::new();
        world.publisher.listed_sha256 = Some(hash.into());
        world.publisher.publish(&world.server);
        let error = world.load(NOW).unwrap_err();
        assert_eq!(error.reason().code(), "trust-metadata-invalid", "{error}");
        assert!(error.to_string().contains("leads out"), "{error}");
        let requests = world.server.0.lock().unwrap().requests.clone();
        assert!(requests.iter().all(|r| !r.contains('x')), "{requests:?}");
    }
}

#[test]
fn an_initial_root_that_is_not_one_is_refused() {
    let world = World::new();
    let path = world.dir.path().join("root.json");
    for (bytes, code) in [
        (Some(&b"{}"[..]), "trust-root-invalid"),
        (Some(b"not json"), "trust-root-invalid"),
        (
            Some(&world.server.get("timestamp.json")),
            "trust-root-invalid",
        ),
        (None, "trust-root-not-found"),
    ] {
        match bytes {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let error = open(&world.source(), at(NOW)).map(drop).unwrap_err();
        assert_eq!(error.reason().code(), code);
        assert!(error.to_string().contains("root.json"), "{error}");
    }
}
