//! Where test data that is not ours lies: beside the workspace, never in it.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of real-world corpora: `$SEALCHECK_CORPORA`, otherwise `../shared/corpora` beside the
/// workspace. See [`conformance`] for what happens when it is missing.
#[must_use]
pub fn corpora() -> Option<PathBuf> {
    found(corpora_folder(), in_ci())
}

/// The folder of public conformance vectors, a sibling of the corpora. When it is missing, says so on
/// stderr and returns `None`; where the variable `CI` is set, panics instead, since CI must not skip.
#[must_use]
pub fn conformance() -> Option<PathBuf> {
    found(corpora_folder().with_file_name("conformance"), in_ci())
}

/// The folder of published trust roots, a sibling of the corpora. See [`conformance`].
#[must_use]
pub fn trust() -> Option<PathBuf> {
    found(corpora_folder().with_file_name("trust"), in_ci())
}

fn corpora_folder() -> PathBuf {
    match env::var_os("SEALCHECK_CORPORA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
    }
}

fn in_ci() -> bool {
    env::var_os("CI").is_some()
}

fn found(folder: PathBuf, in_ci: bool) -> Option<PathBuf> {
    if folder.is_dir() {
        return Some(folder);
    }
    let message = format!(
        "skipped: no test data at {}; set SEALCHECK_CORPORA to the folder of the corpora",
        folder.display()
    );
    assert!(!in_ci, "CI must not skip. {message}");
    #[expect(clippy::print_stderr, reason = "a skip must be visible")]
    {
        eprintln!("{message}");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_data_skips_on_a_developers_machine() {
        assert_eq!(found("no/such/folder".into(), false), None);
        assert!(found(env!("CARGO_MANIFEST_DIR").into(), false).is_some());
    }

    #[test]
    #[should_panic(expected = "CI must not skip")]
    fn missing_data_fails_in_ci() {
        let _ = found("no/such/folder".into(), true);
    }
}
