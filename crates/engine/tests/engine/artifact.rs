//! Reading artifacts.

use std::fs;
use std::io::{self, Read, Write};
use std::sync::Mutex;

use sealcheck_engine::{ArtifactSource, BlobRequest, Progress, Silent, Stream};
use sealcheck_testkit::Plan;
use sealcheck_verify::{Digest, Outcome, Reason};

use crate::support::*;

/// Remembers what it was told.
#[derive(Default)]
struct Watched(Mutex<Vec<(String, u64, Option<u64>)>>);

impl Progress for Watched {
    fn read(&self, artifact: &str, done: u64, total: Option<u64>) {
        self.0
            .lock()
            .unwrap()
            .push((artifact.to_owned(), done, total));
    }
}

#[test]
fn a_large_file_is_streamed_and_its_progress_told() {
    let world = World::new();
    let bytes: Vec<u8> = (0..2_u32 << 20).map(|i| i.to_le_bytes()[0]).collect();
    let path = world.write("app", &bytes);
    let signed = world.sigstore.sign_blob(&bytes);
    world.write("app.sigstore.json", signed.bundle_bytes());
    let watched = Watched::default();
    let verdict = world.engine().verify_blob(&world.app(), &watched);
    assert_verified(&verdict);
    let told = watched.0.into_inner().unwrap();
    let total = 2 << 20;
    assert_eq!(told[0], (path.display().to_string(), 0, Some(total)));
    assert_eq!(told.last().unwrap().1, total);
    assert!(told.len() >= 17, "in pieces of 128 KiB");
    assert!(told.is_sorted_by_key(|(_, done, _)| *done));
}

#[test]
fn an_empty_file_is_an_artifact_like_others() {
    let world = World::new();
    world.write("app", b"");
    world.write(
        "app.sigstore.json",
        world.sigstore.sign_blob(b"").bundle_bytes(),
    );
    assert_verified(&world.verify());
}

#[test]
fn a_stream_is_read_once() {
    let world = World::new();
    let proof = world.write("proof", world.sign().bundle_bytes());
    let mut request = BlobRequest::new(
        ArtifactSource::Stream(Stream::new("-", ARTIFACT)),
        by_identity(),
    );
    request.material = bundle(&proof);
    let engine = world.engine();
    let verdict = engine.verify_blob(&request, &Silent);
    assert_verified(&verdict);
    assert_eq!(verdict.evidence().artifact.name.as_deref(), Some("-"));
    let verdict = engine.verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::ArtifactUnreadable);
}

#[test]
fn a_stream_that_fails_is_no_shorter_artifact() {
    struct Broken(bool);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::Error::other("the tape tore"));
            }
            buffer[..ARTIFACT.len()].copy_from_slice(ARTIFACT);
            Ok(ARTIFACT.len())
        }
    }
    let world = World::new();
    let proof = world.write("proof", world.sign().bundle_bytes());
    let stream = Stream::new("-", Broken(false));
    let mut request = BlobRequest::new(ArtifactSource::Stream(stream), by_identity());
    request.material = bundle(&proof);
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Unavailable, Reason::ArtifactUnreadable);
    assert!(verdict.to_string().contains("the tape tore"), "{verdict}");
}

#[test]
fn a_digest_stands_for_its_artifact() {
    let world = World::new();
    let proof = world.write("proof", world.sign().bundle_bytes());
    let attestation = world.sigstore.attest_blob(ARTIFACT);
    let attestation = world.write("attestation", attestation.bundle_bytes());
    for (proof, requirements) in [(proof, by_identity()), (attestation, attested())] {
        let digest = Digest::sha256(ARTIFACT);
        let mut request = BlobRequest::new(
            ArtifactSource::parse(&digest.to_string()).unwrap(),
            requirements.clone(),
        );
        request.material = bundle(&proof);
        let verdict = world.engine().verify_blob(&request, &Silent);
        assert_verified(&verdict);
        let name = digest.to_string();
        assert_eq!(
            verdict.evidence().artifact.name.as_deref(),
            Some(name.as_str())
        );
        request.artifact = ArtifactSource::Digest(Digest::sha256(b"another"));
        let verdict = world.engine().verify_blob(&request, &Silent);
        assert_eq!(verdict.outcome(), Outcome::Rejected, "{verdict}");
    }
}

#[test]
fn a_missing_file_and_a_folder_are_mistakes_of_the_caller() {
    let world = World::new();
    assert_failed(&world.verify(), Outcome::Usage, Reason::FileNotFound);
    fs::create_dir(world.path("app")).unwrap();
    let verdict = world.verify();
    assert_failed(&verdict, Outcome::Usage, Reason::FileNotFound);
    assert!(verdict.to_string().contains("found a folder"), "{verdict}");
    let mut request = world.app();
    let file = world.write("file", "");
    for path in [file.join("below-a-file"), "with\0nul".into()] {
        request.artifact = ArtifactSource::File(path);
        let verdict = world.engine().verify_blob(&request, &Silent);
        assert_failed(&verdict, Outcome::Usage, Reason::FileNotFound);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_not_a_mistake_of_the_caller() {
    let world = World::new();
    std::os::unix::fs::symlink("gone", world.path("app")).unwrap();
    world.write("app.sigstore.json", world.sign().bundle_bytes());
    let verdict = world.verify();
    assert_failed(&verdict, Outcome::Unavailable, Reason::ArtifactUnreadable);
    assert!(verdict.to_string().contains("link to nothing"), "{verdict}");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_there_and_cannot_be_read_is_unavailable() {
    let world = World::new();
    // A loop of links fails for everybody, also for root, who may read every file.
    std::os::unix::fs::symlink("app", world.path("app")).unwrap();
    world.write("app.sigstore.json", world.sign().bundle_bytes());
    assert_failed(
        &world.verify(),
        Outcome::Unavailable,
        Reason::ArtifactUnreadable,
    );
}

#[test]
fn a_file_that_changes_while_it_is_read_is_no_artifact() {
    type Change = fn(&std::path::Path);
    let changes: Vec<Change> = vec![
        |path| {
            let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(b"more").unwrap();
        },
        |path| {
            fs::OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(3)
                .unwrap()
        },
        |path| {
            // Another file under the same name, as an update in place makes it.
            let other = path.with_extension("new");
            fs::write(&other, b"another, longer one").unwrap();
            fs::rename(other, path).unwrap();
        },
        #[cfg(unix)]
        |path| {
            // The same size and time of modification: what was read is another file all the same.
            let other = path.with_extension("new");
            fs::write(&other, vec![b'x'; ARTIFACT.len()]).unwrap();
            let modified = fs::metadata(path).unwrap().modified().unwrap();
            let file = fs::File::options().write(true).open(&other).unwrap();
            file.set_modified(modified).unwrap();
            fs::rename(other, path).unwrap();
        },
        #[cfg(unix)]
        |path| {
            let modified = fs::metadata(path).unwrap().modified().unwrap();
            fs::write(path, vec![b'x'; ARTIFACT.len()]).unwrap();
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(modified).unwrap();
        },
    ];
    struct Changing<'a>(&'a std::path::Path, Change);
    impl Progress for Changing<'_> {
        fn read(&self, _: &str, done: u64, _: Option<u64>) {
            if usize::try_from(done).is_ok_and(|done| done == ARTIFACT.len()) {
                (self.1)(self.0);
            }
        }
    }
    for change in changes {
        let world = World::with_artifact();
        world.write("app.sigstore.json", world.sign().bundle_bytes());
        let path = world.path("app");
        let verdict = world
            .engine()
            .verify_blob(&world.app(), &Changing(&path, change));
        assert_failed(&verdict, Outcome::Unavailable, Reason::ArtifactUnreadable);
        assert!(verdict.to_string().contains("changed"), "{verdict}");
    }
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_a_file_that_can_be_read() {
    let world = World::new();
    let pipe = world.path("app");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    world.write("app.sigstore.json", world.sign().bundle_bytes());
    std::thread::scope(|scope| {
        scope.spawn(|| fs::write(&pipe, ARTIFACT).unwrap());
        assert_verified(&world.verify());
    });
}

#[test]
fn sources_are_read_as_users_write_them() {
    let parse = |text: &str| ArtifactSource::parse(text).unwrap();
    assert!(matches!(parse("-"), ArtifactSource::Stream(_)));
    assert!(matches!(parse("HTTPS://h/x"), ArtifactSource::Url(_)));
    assert!(matches!(parse("./sha256:00"), ArtifactSource::File(_)));
    assert!(matches!(
        parse(&format!("sha512:{}", "0".repeat(128))),
        ArtifactSource::Digest(_)
    ));
    for address in [
        "https://h.example/x?X-Amz-Signature=hunter2",
        "htps://user:hunter2@h.example/x?X-Amz-Signature=hunter2",
    ] {
        let name = parse(address).name();
        assert!(
            !name.contains("hunter2") && name.contains("h.example/x"),
            "{name}"
        );
    }
}

#[test]
fn what_can_be_no_artifact_is_refused_before_anything_is_looked_at() {
    for (text, told) in [
        ("https://user:hunter2@h.example/x", "credentials"),
        ("https://", "no address"),
        ("sha256:abc", "sha256 takes 64 hex digits, not 3"),
        ("sha256:xyz", "not other characters"),
    ] {
        let failure = ArtifactSource::parse(text).unwrap_err();
        assert_eq!(failure.reason, Reason::ArgumentInvalid, "{text}");
        let failure = failure.to_string();
        assert!(failure.contains(told), "{failure}");
        assert!(!failure.contains("hunter2"), "{failure}");
    }
}

#[test]
fn ed25519_over_the_file_itself_is_checked_while_it_is_read() {
    let world = World::with_artifact();
    let key = sealcheck_testkit::Key::generate(sealcheck_testkit::KeyKind::Ed25519);
    let plan = Plan::key(key.clone())
        .with_entries(&[])
        .with_scheme(sealcheck_testkit::Scheme::Ed25519);
    let signed = world
        .sigstore
        .sign(sealcheck_testkit::Content::message(ARTIFACT), &plan);
    world.write("app.sig", signed.sig_file());
    let requirements = by_key(&key).log_entries(sealcheck_verify::Threshold::Waived);
    let mut request = world.app();
    request.requirements = requirements.into();
    assert_verified(&world.engine().verify_blob(&request, &Silent));
    request.artifact = ArtifactSource::Digest(Digest::sha256(ARTIFACT));
    request.material = detached(sealcheck_engine::Input::File(world.path("app.sig")), None);
    let verdict = world.engine().verify_blob(&request, &Silent);
    assert_failed(&verdict, Outcome::Usage, Reason::MessageRequired);
}
