//! Which artifact of a release a local file or a name is.

use std::ffi::OsStr;
use std::path::{Component, Path};

use sealcheck_verify::printable;

use super::{Artifact, Catalogue, InvalidPath, Platform, ReleasePath};
use crate::nearest::{SHOWN, nearest};

/// What is known of a file whose artifact is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'l> {
    /// The path of the local file, or the name that a user gave.
    pub file: &'l Path,
    /// The path below the release, where the user has said it; then nothing else counts.
    pub exactly: Option<&'l str>,
    /// The platform, where the user has said it.
    pub platform: Option<&'l Platform>,
}

/// Why it is not certain which artifact is meant. All names are printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// The path below the release is none.
    #[error(transparent)]
    Path(#[from] InvalidPath),
    /// The release holds nothing of that name.
    #[error("the release has no {name}{}", nearest_words(.nearest))]
    Unknown {
        /// The name or the path.
        name: String,
        /// What may have been meant.
        nearest: Vec<String>,
    },
    /// The release holds nothing for that platform.
    #[error("the release has nothing for {platform}{}", nearest_words(.nearest))]
    UnknownPlatform {
        /// The platform.
        platform: Platform,
        /// What may have been meant; all platforms when nothing is near.
        nearest: Vec<String>,
    },
    /// It exists, but not for that platform.
    #[error("the release has no {name} for {platform}, only {}", .found.join(", "))]
    OtherPlatforms {
        /// The name.
        name: String,
        /// The platform that was asked for.
        platform: Platform,
        /// The paths of what there is.
        found: Vec<String>,
    },
    /// The file lies where that of another platform does.
    #[error("{file}: expected {platform} as asked for, found the place of {found}")]
    Contradiction {
        /// The file.
        file: String,
        /// The platform that was asked for.
        platform: Platform,
        /// The path below the release, whose place the file has.
        found: ReleasePath,
    },
    /// Several artifacts have that name.
    #[error("{name} can be any of {}", .candidates.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// The paths of those that it can be.
        candidates: Vec<String>,
    },
    /// It is a file beside an artifact, not one.
    #[error("{name} belongs to {of} and is not proved itself")]
    Side {
        /// The name.
        name: String,
        /// The artifact.
        of: ReleasePath,
    },
}

impl Catalogue<'_> {
    /// The artifact that is meant, in this order: what the user said exactly; the artifact whose path ends most like the
    /// file's (all of it, or as much of system, architecture and name as there is), for the platform if one is given; the one
    /// that is called name, system and architecture in one (`kubectl-linux-amd64`).
    ///
    /// This is a question of names alone: whether the file *is* the artifact is for a proof to say.
    ///
    /// # Errors
    /// [`FindError`] when there is none or when there are several, with what may have been meant.
    pub fn find(&self, lookup: &Lookup<'_>) -> Result<&Artifact, FindError> {
        if let Some(exactly) = lookup.exactly {
            return self.exactly(exactly);
        }
        let shown = || printable(&lookup.file.display().to_string());
        let parts = parts_from_end(lookup.file);
        let Some(name) = parts.first().copied() else {
            return Err(FindError::Unknown {
                name: shown(),
                nearest: Vec::new(),
            });
        };
        let of_name: Vec<(usize, &Artifact)> = self
            .artifacts()
            .filter_map(|artifact| Some((agreement(artifact, &parts, lookup.platform)?, artifact)))
            .collect();
        if of_name.is_empty() {
            return self
                .composed(name, lookup.platform)
                .ok_or_else(|| self.unknown(name));
        }
        let Some(platform) = lookup.platform else {
            let (_, found) = best(&of_name).map_err(|found| ambiguous(name, found))?;
            return Ok(found);
        };
        // Where the file lies is as clear a word as the option.
        if let Ok((agrees, placed)) = best(&of_name)
            && agrees > 1
            && placed.platform.as_ref().is_some_and(|own| own != platform)
        {
            return Err(FindError::Contradiction {
                file: shown(),
                platform: platform.clone(),
                found: placed.path.clone(),
            });
        }
        let fits =
            |artifact: &Artifact| artifact.platform.as_ref().is_none_or(|own| own == platform);
        let fitting: Vec<(usize, &Artifact)> = of_name
            .iter()
            .copied()
            .filter(|(_, artifact)| fits(artifact))
            .collect();
        if !fitting.is_empty() {
            let (_, found) = best(&fitting).map_err(|found| ambiguous(name, found))?;
            return Ok(found);
        }
        self.has_platform(platform)?;
        Err(FindError::OtherPlatforms {
            name: printable(name),
            platform: platform.clone(),
            found: paths(of_name.into_iter().map(|(_, artifact)| artifact)),
        })
    }

    fn exactly(&self, text: &str) -> Result<&Artifact, FindError> {
        let path: ReleasePath = text.parse()?;
        if let Some(found) = self.get(&path) {
            return Ok(found);
        }
        if let Some(side) = self.profile.side_file(&path)
            && self.get(&side.of).is_some()
        {
            return Err(FindError::Side {
                name: path.to_string(),
                of: side.of,
            });
        }
        let known = || self.artifacts().map(|artifact| &artifact.path);
        let mut near = nearest(path.as_str(), known().map(ReleasePath::as_str));
        if near.is_empty() {
            // The name without its folders, or with others.
            let names = nearest(path.file_name(), known().map(ReleasePath::file_name));
            let named = known().filter(|own| names.contains(&own.file_name()));
            near = named.map(ReleasePath::as_str).take(SHOWN).collect();
        }
        Err(FindError::Unknown {
            nearest: near.into_iter().map(str::to_owned).collect(),
            name: path.to_string(),
        })
    }

    /// The artifact with name, system and architecture in one, as people rename what they have for several platforms.
    fn composed(&self, name: &str, platform: Option<&Platform>) -> Option<&Artifact> {
        let is_composed = |artifact: &&Artifact| {
            let Some(own) = &artifact.platform else {
                return false;
            };
            let ending = match artifact.path.file_name().strip_prefix(&*artifact.name) {
                Some(ending) => ending,
                // A name within a name has its platform already.
                None => return false,
            };
            let is_called = ["-", "_"].into_iter().any(|dash| {
                let composed = [&*artifact.name, own.os(), own.arch()].join(dash);
                name.strip_suffix(ending).unwrap_or(name) == composed
            });
            is_called && platform.is_none_or(|platform| platform == own)
        };
        let mut found = self.artifacts().filter(is_composed);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    fn unknown(&self, name: &str) -> FindError {
        let side = name
            .parse()
            .ok()
            .and_then(|path| self.profile.side_file(&path));
        let artifacts = || self.artifacts();
        if let Some(side) = side
            && artifacts().any(|artifact| artifact.path.file_name() == side.of.file_name())
        {
            return FindError::Side {
                name: printable(name),
                of: side.of,
            };
        }
        let known = artifacts().flat_map(|artifact| [artifact.path.file_name(), &*artifact.name]);
        FindError::Unknown {
            name: printable(name),
            nearest: nearest(name, known)
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Whether there is anything for this platform.
    ///
    /// # Errors
    /// [`FindError::UnknownPlatform`] with the nearest that there are.
    pub fn has_platform(&self, platform: &Platform) -> Result<(), FindError> {
        match self.platforms().contains(&platform) {
            true => Ok(()),
            false => Err(self.unknown_platform(platform)),
        }
    }

    fn unknown_platform(&self, platform: &Platform) -> FindError {
        let known: Vec<String> = self
            .platforms()
            .into_iter()
            .map(Platform::to_string)
            .collect();
        let near = nearest(&platform.to_string(), known.iter().map(String::as_str));
        let near: Vec<String> = near.into_iter().map(str::to_owned).collect();
        FindError::UnknownPlatform {
            platform: platform.clone(),
            nearest: match near.is_empty() {
                true => known,
                false => near,
            },
        }
    }
}

/// In how many parts from its end the artifact's path is the file's; `None` when not even in the last.
///
/// With a platform, a program is also called without the ending that it has there (`kubectl` of `kubectl.exe`).
fn agreement(artifact: &Artifact, parts: &[&str], platform: Option<&Platform>) -> Option<usize> {
    let agrees = artifact
        .path
        .parts_from_end()
        .zip(parts)
        .take_while(|(own, part)| own == *part)
        .count();
    let is_named = platform.is_some() && artifact.platform.as_ref() == platform;
    match agrees {
        0 if is_named && parts.first() == Some(&&*artifact.name) => Some(1),
        0 => None,
        agrees => Some(agrees),
    }
}

/// The one that agrees most, and in how many parts; those that do when there are several.
fn best<'a>(found: &[(usize, &'a Artifact)]) -> Result<(usize, &'a Artifact), Vec<&'a Artifact>> {
    let most = found.iter().map(|(agrees, _)| *agrees).max();
    let mut best = found.iter().filter(|(agrees, _)| Some(*agrees) == most);
    match (best.next(), best.next()) {
        (Some(one), None) => Ok(*one),
        _ => Err(found
            .iter()
            .filter(|(agrees, _)| Some(*agrees) == most)
            .map(|(_, artifact)| *artifact)
            .collect()),
    }
}

fn ambiguous(name: &str, found: Vec<&Artifact>) -> FindError {
    FindError::Ambiguous {
        name: printable(name),
        candidates: paths(found.into_iter()),
    }
}

fn paths<'a>(artifacts: impl Iterator<Item = &'a Artifact>) -> Vec<String> {
    artifacts
        .map(|artifact| artifact.path.to_string())
        .collect()
}

/// The parts of a local path, the last first, up to one that is no name.
pub(crate) fn parts_from_end(path: &Path) -> Vec<&str> {
    let names = path.components().rev().map_while(|part| match part {
        Component::Normal(name) => OsStr::to_str(name),
        _ => None,
    });
    names.collect()
}

fn nearest_words(nearest: &[String]) -> String {
    match nearest.is_empty() {
        true => String::new(),
        false => format!(" (nearest: {})", nearest.join(", ")),
    }
}
