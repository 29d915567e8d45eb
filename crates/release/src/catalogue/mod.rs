//! What a release holds, and which of it a file or a name is.
//!
//! There is no list of programs or platforms here: what exists is said by the proved SBOM of the release, and what a path is
//! by the forms of the profile.

mod address;
mod artifact;
mod find;
mod path;

use std::collections::BTreeMap;

use sealcheck_verify::limits::Limit;

pub use address::{Addresses, ProofAddress, Recognised};
pub use artifact::{Artifact, InvalidPlatform, Kind, Platform, Published, SideFile, SideRole};
pub(crate) use find::parts_from_end;
pub use find::{FindError, Lookup};
pub use path::{InvalidPath, ReleasePath};

use crate::Profile;
use crate::limits::CATALOGUE_NAMES;

/// What one release holds.
#[derive(Clone, Debug)]
pub struct Catalogue<'p> {
    profile: &'p Profile,
    artifacts: BTreeMap<ReleasePath, Artifact>,
}

/// Why a list of names is no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// A name is no path below a release.
    #[error("entry {position} of the list: {source}")]
    Path {
        /// Which one, counted from 1.
        position: usize,
        /// What is wrong with it.
        source: InvalidPath,
    },
    /// There are more names than any release has.
    #[error("the list has more than {} names ({})", .limit.max, .limit.name)]
    TooMany {
        /// The limit.
        limit: Limit,
    },
}

impl<'p> Catalogue<'p> {
    /// The catalogue of a release from the names that its SBOM lists. The SBOMs themselves belong to it although they do not
    /// list themselves. Real SBOMs list some files twice: whether both entries say the same of the file is for whoever reads
    /// the SBOM, here it is one name.
    ///
    /// # Errors
    /// [`CatalogueError`] when one of the names is a trap, or when there are too many.
    pub fn new(profile: &'p Profile, names: &[&str]) -> Result<Self, CatalogueError> {
        if names.len() > CATALOGUE_NAMES.max {
            return Err(CatalogueError::TooMany {
                limit: CATALOGUE_NAMES,
            });
        }
        let mut artifacts = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            let position = at.saturating_add(1);
            let path: ReleasePath = name
                .parse()
                .map_err(|source| CatalogueError::Path { position, source })?;
            let artifact = profile.artifact(&path);
            artifacts.insert(path, artifact);
        }
        for sbom in &profile.sboms {
            let artifact = profile.artifact(&sbom.path);
            artifacts.insert(sbom.path.clone(), artifact);
        }
        Ok(Self { profile, artifacts })
    }

    /// The artifacts, ordered by path.
    pub fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.artifacts.values()
    }

    /// The artifact at this path.
    #[must_use]
    pub fn get(&self, path: &ReleasePath) -> Option<&Artifact> {
        self.artifacts.get(path)
    }

    /// The platforms of the artifacts, ordered, each once.
    #[must_use]
    pub fn platforms(&self) -> Vec<&Platform> {
        let mut platforms: Vec<&Platform> = self
            .artifacts()
            .filter_map(|artifact| artifact.platform.as_ref())
            .collect();
        platforms.sort_unstable();
        platforms.dedup();
        platforms
    }
}

#[cfg(test)]
mod tests;
