//! Artifacts that are kept while they are read.

use std::path::PathBuf;

use sealcheck_engine::{ArtifactSource, BlobRequest, Input, Silent};
use sealcheck_net::double::{Answer, Ask, Double};
use sealcheck_verify::{Outcome, Reason, Verdict};

use crate::support::*;

/// Downloads `/app` into `app.part`, with a proof that lies here.
fn download(world: &World, from: Input) -> (Verdict, PathBuf) {
    let proof = world.write("proof", world.sign().bundle_bytes());
    let to = world.path("app.part");
    let artifact = ArtifactSource::Download {
        from,
        to: to.clone(),
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
    let double = Double::start();
    let to = world.write("app.part", "");
    let other = std::fs::File::open(&to).unwrap();
    other.lock().unwrap();
    let (verdict, _) = download(&world, url(&double));
    assert_failed(&verdict, Outcome::Unavailable, Reason::ResultUnwritable);
    // A folder that is not there.
    let artifact = ArtifactSource::Download {
        from: url(&double),
        to: world.path("nowhere/app"),
    };
    let request = BlobRequest {
        artifact,
        material: bundle(&world.path("proof")),
        ..world.app()
    };
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::ResultUnwritable);
}
