//! The file in which a TUF repository's verified state is remembered; others may have written it.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use sealcheck_fuzz::now;
use sealcheck_trust::{InitialRoot, Mirror, Repository, Source, open_offline};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fn repository() -> Repository {
    Repository {
        cache_dir: Some(FOLDER.path().to_owned()),
        ..Repository::new(
            Mirror::Url("https://tuf.example".into()),
            InitialRoot::File {
                path: concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tuf_root.json").into(),
                sha256: None,
            },
        )
    }
}

/// Where the state of this repository is kept.
static SET: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = FOLDER.path().join("tuf.example-76480f6a63f1ee79");
    fs::create_dir_all(&folder).expect("a folder");
    folder.join("set.json")
});

libfuzzer_sys::fuzz_target!(
    init: {
        // Nothing would be found if it were looked for elsewhere.
        fs::write(&*SET, include_bytes!("../seeds/tuf_cache/set.json")).expect("a file");
        open_offline(&Source::Tuf(repository()), now()).expect("the seed is sound");
    },
    |data: &[u8]| {
        fs::write(&*SET, data).expect("a file");
        if let Ok(loaded) = open_offline(&Source::Tuf(repository()), now()) {
            assert_eq!(
                loaded.bytes,
                include_bytes!("../seeds/trusted_root/private.json"),
                "another trusted root was accepted"
            );
        }
    }
);
