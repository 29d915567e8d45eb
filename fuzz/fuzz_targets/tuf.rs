//! A TUF mirror: timestamp, snapshot, targets, the trusted root itself and the next root, with a NUL between each.
//!
//! No key of the repository is in the repository of this code, so nothing but the one trusted root can be accepted.
#![no_main]

use std::future::ready;
use std::time::Duration;

use sealcheck_fuzz::{now, parts};
use sealcheck_trust::{Fetch, Fetching, InitialRoot, Mirror, Opened, Repository, Source, open};

/// The files of the mirror.
struct Files(Vec<Vec<u8>>);

impl Fetch for Files {
    fn get<'a>(&'a self, path: &'a str, limit: u64) -> Fetching<'a> {
        let number = match path {
            "timestamp.json" => Some(0),
            "2.root.json" => Some(4),
            path if path.ends_with(".snapshot.json") => Some(1),
            path if path.starts_with("targets/") => Some(3),
            path if path.ends_with(".targets.json") => Some(2),
            _ => None,
        };
        let file = number.and_then(|number| self.0.get(number));
        let within = |file: &&Vec<u8>| u64::try_from(file.len()).is_ok_and(|size| size <= limit);
        let file = file.filter(|file| !file.is_empty()).filter(within);
        Box::pin(ready(Ok(file.cloned())))
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let repository = Repository {
        max_age: Duration::ZERO,
        ..Repository::new(
            Mirror::Url("https://tuf.example".into()),
            InitialRoot::File {
                path: concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tuf_root.json").into(),
                sha256: None,
            },
        )
    };
    let Ok(Opened::RefreshDue(mut refresh)) = open(&Source::Tuf(repository), now()) else {
        panic!("nothing is cached");
    };
    let files = Files(parts(data).map(<[u8]>::to_vec).collect());
    if let Ok(loaded) = sealcheck_fuzz::ready(refresh.run(files)) {
        assert_eq!(
            loaded.bytes,
            include_bytes!("../seeds/trusted_root/private.json"),
            "another trusted root was accepted"
        );
    }
});
