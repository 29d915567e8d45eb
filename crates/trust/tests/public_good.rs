//! The real repository of the public-good instance, as it was on 2026-08-21.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::path::{Path, PathBuf};

use sealcheck_trust::{Instance, Mirror, Repository, Source, TrustError, open_offline};
use sealcheck_verify::Time;

/// The folder of the repository, or `None` after saying that the test is skipped.
fn repository() -> Option<PathBuf> {
    let corpora = std::env::var_os("SEALCHECK_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    );
    let folder = corpora.join("../trust/public-good/tuf");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is missing",
        folder.display()
    );
    eprintln!("skipped: {} is missing", folder.display());
    None
}

fn load(folder: &Path, now: &str) -> Result<sealcheck_trust::Loaded, TrustError> {
    let mut repository = Repository::of(Instance::PublicGood);
    repository.mirror = Mirror::Folder(folder.to_owned());
    open_offline(&Source::Tuf(repository), now.parse::<Time>().unwrap())
}

#[test]
fn it_loads_from_the_embedded_root_at_its_time() {
    let Some(folder) = repository() else { return };
    let loaded = load(&folder, "2026-08-21T12:00:00Z").unwrap();
    let published = std::fs::read(folder.join("targets/trusted_root.json")).unwrap();
    assert_eq!(loaded.bytes, published);
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.expires.unwrap().to_string(), "2026-08-28T19:25:56Z");
}

#[test]
fn it_has_expired_since_and_does_not_give_way_to_the_embedded_snapshot() {
    let Some(folder) = repository() else { return };
    load(&folder, "2026-08-28T19:25:55Z").unwrap();
    for now in ["2026-08-28T19:25:56Z", "2026-11-23T00:00:00Z"] {
        let error = load(&folder, now).unwrap_err();
        assert_eq!(error.reason().code(), "trust-root-expired", "{error}");
        let text = error.to_string();
        assert!(text.contains("timestamp"), "{text}");
        assert!(text.contains("2026-08-28T19:25:56Z"), "{text}");
        assert!(text.contains("public-good/tuf"), "{text}");
    }
}

#[test]
fn a_cached_set_that_has_expired_does_not_give_way_to_the_embedded_snapshot() {
    let Some(folder) = repository() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut repository = Repository::of(Instance::PublicGood);
    repository.cache_dir = Some(dir.path().to_owned());
    let remote = Source::Tuf(repository.clone());
    repository.mirror = Mirror::Folder(folder);
    let now = |text: &str| text.parse::<Time>().unwrap();
    open_offline(&Source::Tuf(repository), now("2026-08-21T12:00:00Z")).unwrap();
    let kept = std::fs::read_dir(dir.path()).unwrap().next().unwrap();
    std::fs::rename(kept.unwrap().path(), dir.path().join("public-good")).unwrap();

    let loaded = open_offline(&remote, now("2026-08-28T19:25:55Z")).unwrap();
    assert!(loaded.source.starts_with("tuf:"), "{}", loaded.source);
    let error = open_offline(&remote, now("2026-08-28T19:25:56Z")).unwrap_err();
    assert_eq!(error.reason().code(), "trust-root-expired", "{error}");
    assert!(error.to_string().contains("set.json"), "{error}");
}
