//! Artifacts that are kept while they are read.

use std::path::PathBuf;
use std::sync::Arc;

use sealcheck_engine::{ArtifactSource, BlobRequest, Input, Part, Silent};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_verify::{Outcome, Reason, Verdict};

use crate::support::*;

/// Downloads `/app` into `app.part`, with a proof that lies here.
fn download(world: &World, from: Input) -> (Verdict, PathBuf) {
    let proof = world.write("proof", world.sign().bundle_bytes());
    let to = world.path("app.part");
    let artifact = ArtifactSource::Download {
        from,
        to: Arc::new(Part::open(&to).unwrap()),
    };
    let mut request = BlobRequest::new(artifact, by_identity());
    request.material = bundle(&proof);
    let verdict = world
        .online("http://127.0.0.1:9")
        .verify_blob(&request, &Silent);
    (verdict, to)
}

fn url(double: &Double) -> Input {
    Input::Url(double.url("/app"))
}

fn part(from: usize) -> Answer {
    let length = ARTIFACT.len();
    Answer::status(206).with_body(&ARTIFACT[from..]).header(
        "content-range",
        &format!("bytes {from}-{}/{length}", length - 1),
    )
}

#[test]
fn what_is_read_is_kept() {
    let world = World::new();
    let double = Double::start();
    double
        .expect(Ask::get("/app").without("range"))
        .forever(Answer::ok(ARTIFACT));
    let (verdict, to) = download(&world, url(&double));
    assert_verified(&verdict);
    assert_eq!(std::fs::read(to).unwrap(), ARTIFACT);
    let file = world.write("local", ARTIFACT);
    let (verdict, to) = download(&world, Input::File(file));
    assert_verified(&verdict);
    assert_eq!(std::fs::read(to).unwrap(), ARTIFACT);
}

#[test]
fn an_interrupted_download_goes_on_where_it_ended() {
    let world = World::new();
    let double = Double::start();
    world.write("app.part", &ARTIFACT[..3]);
    double
        .expect(Ask::get("/app").with("range", "bytes=3-"))
        .answer(part(3).cut_after(2));
    // The connection broke: what came is kept, in this very run.
    double
        .expect(Ask::get("/app").with("range", "bytes=5-"))
        .answer(part(5));
    let (verdict, to) = download(&world, url(&double));
    assert_verified(&verdict);
    assert_eq!(std::fs::read(&to).unwrap(), ARTIFACT);
    // All of it is there already.
    double
        .expect(Ask::get("/app").with("range", &format!("bytes={}-", ARTIFACT.len())))
        .answer(
            Answer::status(416).header("content-range", &format!("bytes */{}", ARTIFACT.len())),
        );
    let (verdict, _) = download(&world, url(&double));
    assert_verified(&verdict);
}

#[test]
fn what_was_kept_of_something_else_is_dropped() {
    let world = World::new();
    // A server that knows no ranges, one that answers to another range, and one whose artifact is shorter.
    for (first, second) in [
        (Answer::ok(ARTIFACT), None),
        (part(4), Some(Answer::ok(ARTIFACT))),
        (
            Answer::status(416).header("content-range", "bytes */2"),
            Some(Answer::ok(ARTIFACT)),
        ),
        (
            Answer::status(206).with_body("x"),
            Some(Answer::ok(ARTIFACT)),
        ),
    ] {
        let double = Double::start();
        world.write("app.part", "of another version");
        double
            .expect(Ask::get("/app").with("range", "bytes=18-"))
            .answer(first);
        if let Some(second) = second {
            double
                .expect(Ask::get("/app").without("range"))
                .answer(second);
        }
        let (verdict, to) = download(&world, url(&double));
        assert_verified(&verdict);
        assert_eq!(std::fs::read(to).unwrap(), ARTIFACT);
    }
    // The server goes on with it: what is there is hashed as well, so it is rejected.
    let double = Double::start();
    world.write("app.part", "xxx");
    double
        .expect(Ask::get("/app").with("range", "bytes=3-"))
        .answer(part(3));
    let (verdict, _) = download(&world, url(&double));
    assert_failed(&verdict, Outcome::Rejected, Reason::ArtifactMismatch);
}

#[test]
fn a_server_that_always_breaks_is_given_up() {
    let world = World::new();
    let double = Double::start();
    double
        .expect(Ask::get("/app").without("range"))
        .answer(Answer::ok(ARTIFACT).cut_after(2));
    double
        .expect(Ask::get("/app").with("range", "bytes=2-"))
        .forever(part(2).cut_after(0));
    let (verdict, to) = download(&world, url(&double));
    assert_failed(&verdict, Outcome::Unavailable, Reason::ArtifactUnreadable);
    assert_eq!(std::fs::read(to).unwrap(), &ARTIFACT[..2]);
}

#[test]
fn two_runs_do_not_write_one_file() {
    let world = World::new();
    let to = world.write("app.part", "");
    let other = std::fs::File::open(&to).unwrap();
    other.lock().unwrap();
    let refused = |path: &str| {
        let failure = Part::open(&world.path(path)).unwrap_err();
        assert_eq!(failure.reason, Reason::ResultUnwritable, "{path}");
    };
    refused("app.part");
    // As long as one run has it, another one gets none, also when its bytes are all there.
    drop(other);
    let part = Part::open(&to).unwrap();
    refused("app.part");
    part.rename(&world.path("app"), 0o644).unwrap();
    assert!(Part::open(&to).is_ok(), "a new one");
    // A folder that is not there, and one in its place.
    refused("nowhere/app");
    std::fs::create_dir(world.path("folder")).unwrap();
    refused("folder");
}

/// Until the proof has held, and the file has its name, the bytes that were read are those that are kept.
#[test]
fn a_file_is_locked_until_it_has_its_name() {
    let world = World::new();
    let to = world.path("app.part");
    let part = Arc::new(Part::open(&to).unwrap());
    let artifact = ArtifactSource::Download {
        from: Input::File(world.write("local", ARTIFACT)),
        to: Arc::clone(&part),
    };
    let mut request = BlobRequest::new(artifact, by_identity());
    request.material = bundle(&world.write("proof", world.sign().bundle_bytes()));
    assert_verified(&world.engine().verify_blob(&request, &Silent));
    drop(request);
    assert!(Part::open(&to).is_err());
    assert_eq!(std::fs::read(&to).unwrap(), ARTIFACT);
    let part = Arc::into_inner(part).unwrap();
    part.rename(&world.path("app"), 0o755).unwrap();
    assert_eq!(std::fs::read(world.path("app")).unwrap(), ARTIFACT);
}

/// The run that waited for the lock must not write what has its name by now.
#[test]
fn what_was_proved_is_what_gets_the_name() {
    let world = World::new();
    let to = world.path("app.part");
    let part = Part::open(&to).unwrap();
    std::fs::remove_file(&to).unwrap();
    let other = world.write("app.part", "of somebody else");
    let failure = part.rename(&world.path("app"), 0o755).unwrap_err();
    assert_eq!(failure.reason, Reason::ResultUnwritable);
    assert!(!world.path("app").exists());
    let part = Part::open(&other).unwrap();
    assert!(part.is_resumed());
    std::fs::remove_file(&to).unwrap();
    world.write("app.part", "of a third");
    part.remove().unwrap();
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "of a third");
}

/// What it is, and how it is made.
#[cfg(unix)]
type Leftover<'t> = (&'static str, Box<dyn Fn() + 't>);

#[cfg(unix)]
#[test]
fn what_others_can_write_is_made_anew() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let world = World::new();
    let precious = world.write("precious", "precious");
    let to = world.path("app.part");
    let mode = |path: &std::path::Path, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, mode).unwrap();
    };
    mode(&precious, 0o600);
    let mut leftovers: Vec<Leftover<'_>> = vec![
        (
            "a hard link",
            Box::new(|| std::fs::hard_link(&precious, &to).unwrap()),
        ),
        ("a link", Box::new(|| symlink(&precious, &to).unwrap())),
        (
            "a link to nothing",
            Box::new(|| symlink(world.path("made"), &to).unwrap()),
        ),
        (
            "writable by others",
            Box::new(|| {
                world.write("app.part", "x");
                mode(&to, 0o666);
            }),
        ),
    ];
    // Only root can make a file that belongs to somebody else.
    if std::fs::metadata(&precious).unwrap().uid() == 0 {
        leftovers.push((
            "of another user",
            Box::new(|| {
                world.write("app.part", "x");
                mode(&to, 0o600);
                std::os::unix::fs::chown(&to, Some(1001), None).unwrap();
            }),
        ));
    }
    for (what, make) in leftovers {
        make();
        let part = Part::open(&to).unwrap();
        assert!(!part.is_resumed(), "{what}");
        let there = std::fs::symlink_metadata(&to).unwrap();
        assert!(there.is_file() && there.nlink() == 1, "{what}");
        assert_eq!(there.mode() & 0o777, 0o600, "{what}");
        part.rename(&world.path("app"), 0o755).unwrap();
        let there = std::fs::metadata(world.path("app")).unwrap();
        assert_eq!(there.mode() & 0o7777, 0o755, "{what}");
    }
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
    assert!(!world.path("made").exists());
    // A run goes on with its own.
    world.write("app.part", "x");
    mode(&to, 0o600);
    assert!(Part::open(&to).unwrap().is_resumed());
}
