//! A file of another version than the one that was asked for: which one, where a folder has both.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use sealcheck_engine::ImageRun;
use sealcheck_verify::evidence::{OtherVersion, SbomFacts};
use sealcheck_verify::{Digest, Failure};

use super::{Origin, Release};
use crate::Version;
use crate::limits::OTHER_VERSIONS;
use crate::spdx::{self, Entry, Listing, LocalFile, Standing};

/// The other versions of a folder, each as its proved SBOM lists it; read when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Others(OnceLock<Vec<Other>>);

#[derive(Debug)]
struct Other {
    version: Version,
    listing: Listing,
    facts: SbomFacts,
}

impl Release<'_> {
    /// The file of another version that has this content: the newest of those in the same folder whose SBOM is proved and
    /// lists it. Of more than [`OTHER_VERSIONS`] only the newest are looked at.
    pub(super) fn of_other_version(&self, digests: &[Digest]) -> Option<OtherVersion> {
        let others = self.others.0.get_or_init(|| self.read_others());
        others.iter().find_map(|other| {
            let entry = with_content(&other.listing, digests)?;
            Some(OtherVersion {
                version: other.version.to_string().into(),
                path: entry.path().into(),
                sbom: other.facts.clone(),
            })
        })
    }

    fn read_others(&self) -> Vec<Other> {
        let Origin::Folder { root, .. } = &self.origin else {
            return Vec::new();
        };
        let Some(list) = self.profile.sboms.first() else {
            return Vec::new();
        };
        let others = versions(root).into_iter();
        let proved = others
            .filter(|version| *version != self.version)
            .take(OTHER_VERSIONS.max)
            .filter_map(|version| {
                let release = Release {
                    engine: self.engine,
                    profile: self.profile,
                    version,
                    channel: None,
                    origin: Origin::folder(root.clone()).of(version),
                    demands: self.demands.clone(),
                    others: Others::default(),
                    images: ImageRun::new(self.engine),
                    repositories: Vec::new(),
                };
                // Of what is not proved nothing is said.
                let sbom = release.sbom(&list.name).ok()?;
                Some(Other {
                    version,
                    listing: sbom.listing,
                    facts: sbom.facts,
                })
            });
        proved.collect()
    }
}

/// The file of the release that has this content, whatever its name.
pub(super) fn with_content<'l>(listing: &'l Listing, digests: &[Digest]) -> Option<&'l Entry> {
    // A name that nothing has, so that the content alone counts.
    let nameless = LocalFile {
        path: "content",
        digests,
    };
    match listing.check([nameless]).files.first() {
        Some((_, Standing::Renamed { entry } | Standing::Swapped { entry, .. }))
            if entry.origin() == spdx::Origin::File =>
        {
            Some(entry)
        }
        _ => None,
    }
}

/// Says in a failure which version a file is of.
pub(super) fn told(failure: Failure, other: Option<&OtherVersion>) -> Failure {
    let Some(OtherVersion { version, path, .. }) = other else {
        return failure;
    };
    failure.and_detail(format_args!("this is {path} of {version}"))
}

/// The versions that have a folder, the newest first.
pub(super) fn versions(root: &Path) -> Vec<Version> {
    let folders = [root.to_owned(), root.join("release")];
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let names = entries
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut versions: Vec<Version> = names
        .filter_map(|name| {
            let version: Version = name.parse().ok()?;
            (version.to_string() == name).then_some(version)
        })
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions.dedup();
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_folders_and_the_newest_is_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "v1.9.0",
            "v1.36.0",
            "release/v1.36.1",
            "release/v1.36.0",
            "images",
            "1.35.0",
            "v1.35.0-x",
        ] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        assert_eq!(
            versions(folder.path()),
            [(1, 36, 1), (1, 36, 0), (1, 9, 0)]
                .map(|(major, minor, patch)| Version::release(major, minor, patch))
        );
    }
}
