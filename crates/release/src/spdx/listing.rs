//! A folder against a document: which file is what the document lists, and which is not.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use sealcheck_verify::{Digest, DigestAlgorithm, Outcome, Reason};

use super::path::{self, PathTrap};
use super::{Document, Element, ElementId, RelationshipKind};

/// What a document lists, ordered so that a file's place in it is found at once.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Ordered by their paths from the end: those of one name are neighbours, and of these those of one folder.
    entries: Vec<Entry>,
    /// Entries by their longest digest, in order.
    by_digest: HashMap<Digest, Vec<usize>>,
    /// One entry for each name in small letters.
    by_small_name: HashMap<String, usize>,
    algorithms: Vec<DigestAlgorithm>,
    unusable: Vec<(ElementId, PathTrap)>,
}

/// A file that a document lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    path: Box<str>,
    id: ElementId,
    origin: Origin,
    digests: Vec<Digest>,
}

/// What in the document an entry is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A file of the release.
    File,
    /// The archive of a package, for example of an image. Its path is the one on the machine that built it.
    Package,
}

/// A file of the folder.
#[derive(Clone, Copy, Debug)]
pub struct LocalFile<'a> {
    /// The path below the folder, with slashes.
    pub path: &'a str,
    /// The digests of its content, by all of [`Listing::algorithms`].
    pub digests: &'a [Digest],
}

/// What comes of comparing a folder with a document.
#[derive(Clone, Debug)]
pub struct Check<'a, 'l> {
    /// The files in their order, with what they are.
    pub files: Vec<(LocalFile<'a>, Standing<'l>)>,
    /// Files of the release that no file of the folder is, and in whose place none stands.
    pub missing: Vec<&'l Entry>,
}

/// What a file of the folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'l> {
    /// What the document lists, under its name: all digests agree.
    Proved {
        /// The entry that it is.
        entry: &'l Entry,
        /// Whether it lies where the entry says.
        matched: Matched,
    },
    /// It has the name of an entry and the content of none.
    Altered {
        /// What it could be by its path: one entry when the path says which.
        expected: &'l [Entry],
    },
    /// It lies in the place of one entry and has the content of another.
    Swapped {
        /// The entry that its content is.
        entry: &'l Entry,
        /// What it should be by its path.
        expected: &'l [Entry],
    },
    /// It has the content of an entry and a name that none has.
    Renamed {
        /// The entry that its content is.
        entry: &'l Entry,
    },
    /// It has the name of an entry that no digest proves: it has none of SHA-256, SHA-384 and SHA-512.
    Unprovable {
        /// What it could be by its path.
        expected: &'l [Entry],
    },
    /// The document says nothing about it.
    NotCovered(NotCovered<'l>),
    /// Nothing can be said, as a digest is missing.
    NotHashed {
        /// An algorithm of the document by which the file was not hashed.
        missing: DigestAlgorithm,
    },
}

/// Whether a file lies where the document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// At the entry's path.
    Path,
    /// Elsewhere, under the entry's name.
    Name,
}

/// Why the document says nothing about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCovered<'l> {
    /// Its name is an entry's but for capital and small letters, and its content is none that is listed. Where a system
    /// does not tell them apart, it would be taken for that file.
    CaseDiffers(&'l Entry),
    /// Its path is none.
    Path(PathTrap),
    /// Nothing in the document is called like it. Proofs and checksums, for example, are not listed.
    NotListed,
}

impl Standing<'_> {
    /// The outcome for the file, as far as the document alone decides it. What it does not cover is `rejected`, unless the
    /// project publishes such files beside those that it lists.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.reason().map_or(Outcome::Verified, Reason::outcome)
    }

    /// Why the file is not proved. That nothing could be compared is no difference.
    pub(crate) fn reason(&self) -> Option<Reason> {
        match self {
            Self::Proved { .. } => None,
            Self::Altered { .. }
            | Self::Swapped { .. }
            | Self::Renamed { .. }
            | Self::NotCovered(_) => Some(Reason::ReleaseMismatch),
            Self::Unprovable { .. } => Some(Reason::NoProofFound),
            Self::NotHashed { .. } => Some(Reason::ArtifactUnreadable),
        }
    }
}

impl Listing {
    /// What `document` lists: its files, and the archives of packages that are not part of another package.
    #[must_use]
    pub fn new(document: &Document) -> Self {
        let mut unusable = Vec::new();
        let mut files: HashMap<String, Entry> = HashMap::new();
        for file in document.files() {
            let path = match path::normal(&file.name) {
                Ok(path) => path,
                Err(trap) => {
                    unusable.push((file.id.clone(), trap));
                    continue;
                }
            };
            let entry = files.entry(path).or_insert_with_key(|path| Entry {
                path: path.as_str().into(),
                id: file.id.clone(),
                origin: Origin::File,
                digests: Vec::new(),
            });
            // The same file twice: what either says must hold. They do not contradict each other.
            entry.add(file.checksums.digests());
        }
        let mut entries: Vec<Entry> = files.into_values().collect();
        let parts_of_others = parts_of_packages(document);
        for package in document.packages() {
            let Some(name) = package.file_name.as_deref() else {
                continue;
            };
            if parts_of_others.contains(&package.id) || package.checksums.digests().next().is_none()
            {
                continue;
            }
            match path::normal(name.trim_start_matches('/')) {
                Ok(path) => {
                    let mut entry = Entry {
                        path: path.into(),
                        id: package.id.clone(),
                        origin: Origin::Package,
                        digests: Vec::new(),
                    };
                    entry.add(package.checksums.digests());
                    entries.push(entry);
                }
                Err(trap) => unusable.push((package.id.clone(), trap)),
            }
        }
        Self::of(entries, unusable)
    }

    fn of(mut entries: Vec<Entry>, unusable: Vec<(ElementId, PathTrap)>) -> Self {
        entries.sort_by(|a, b| {
            let by_path = a.path.rsplit('/').cmp(b.path.rsplit('/'));
            by_path.then(a.origin.cmp(&b.origin)).then(a.id.cmp(&b.id))
        });
        let mut by_digest: HashMap<Digest, Vec<usize>> = HashMap::new();
        let mut by_small_name = HashMap::new();
        let mut algorithms = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            by_small_name
                .entry(entry.name().to_lowercase())
                .or_insert(index);
            if let Some(digest) = entry.digests.last() {
                by_digest.entry(*digest).or_default().push(index);
            }
            algorithms.extend(entry.digests.iter().map(Digest::algorithm));
            algorithms.sort_unstable();
            algorithms.dedup();
        }
        Self {
            entries,
            by_digest,
            by_small_name,
            algorithms,
            unusable,
        }
    }

    /// All that is listed, ordered by names.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The algorithms by which every file of a folder must be hashed, so that it can be compared with all that the document
    /// says about it.
    #[must_use]
    pub fn algorithms(&self) -> &[DigestAlgorithm] {
        &self.algorithms
    }

    /// Elements whose names are no paths below a folder. No file is ever one of them.
    #[must_use]
    pub fn unusable(&self) -> &[(ElementId, PathTrap)] {
        &self.unusable
    }

    /// Says of each file what it is, and what is missing.
    ///
    /// A file is proved when it has the name of an entry, all of that entry's digests, and no other entry is nearer to its
    /// path. The digests must be SHA-256 or longer; SHA-1 is never looked at.
    pub fn check<'a>(&self, files: impl IntoIterator<Item = LocalFile<'a>>) -> Check<'a, '_> {
        let mut present = vec![false; self.entries.len()];
        let files = files
            .into_iter()
            .map(|file| {
                let (standing, entry) = self.standing(&file);
                if let Some(present) = entry.and_then(|index| present.get_mut(index)) {
                    *present = true;
                }
                (file, standing)
            })
            .collect();
        let missing = self
            .entries
            .iter()
            .zip(present)
            .filter(|(entry, present)| !present && entry.origin == Origin::File)
            .map(|(entry, _)| entry)
            .collect();
        Check { files, missing }
    }

    /// What a file is, and the entry that it is or stands in the place of.
    fn standing(&self, file: &LocalFile<'_>) -> (Standing<'_>, Option<usize>) {
        let path = match path::normal(file.path) {
            Ok(path) => path,
            Err(trap) => return (Standing::NotCovered(NotCovered::Path(trap)), None),
        };
        let nearest = self.nearest(&path);
        let expected = self.entries.get(nearest.clone()).unwrap_or_default();
        let only = (nearest.len() == 1).then_some(nearest.start);
        let known = |algorithm| {
            file.digests
                .iter()
                .any(|digest| digest.algorithm() == algorithm)
        };
        if let Some(missing) = self.algorithms.iter().find(|algorithm| !known(**algorithm)) {
            return (Standing::NotHashed { missing: *missing }, only);
        }
        match (self.content(file, &nearest), expected) {
            (Some((index, entry)), _) if nearest.contains(&index) => {
                let matched = match *entry.path == *path {
                    true => Matched::Path,
                    false => Matched::Name,
                };
                (Standing::Proved { entry, matched }, Some(index))
            }
            (Some((_, entry)), []) => (Standing::Renamed { entry }, None),
            (Some((_, entry)), expected) => (Standing::Swapped { entry, expected }, only),
            (None, []) => (Standing::NotCovered(self.why_not(&path)), None),
            (None, expected) if expected.iter().all(|entry| entry.digests.is_empty()) => {
                (Standing::Unprovable { expected }, only)
            }
            (None, expected) => (Standing::Altered { expected }, only),
        }
    }

    /// The entries whose paths have the most parts from the end in common with `path`: the one at the path itself, or the
    /// candidates where a folder is laid out otherwise.
    fn nearest(&self, path: &str) -> Range<usize> {
        let position = self
            .entries
            .partition_point(|entry| entry.path.rsplit('/').lt(path.rsplit('/')));
        let neighbours = [position.checked_sub(1), Some(position)];
        let common = neighbours
            .into_iter()
            .flatten()
            .filter_map(|index| self.entries.get(index))
            .map(|entry| common_parts(&entry.path, path))
            .max()
            .unwrap_or(0);
        if common == 0 {
            return 0..0;
        }
        let end = || path.rsplit('/').take(common);
        let start = self
            .entries
            .partition_point(|entry| entry.path.rsplit('/').take(common).lt(end()));
        let stop = self
            .entries
            .partition_point(|entry| entry.path.rsplit('/').take(common).le(end()));
        // At the very path of a file of the release there is nothing else that it could be.
        match self.entries.get(start) {
            Some(entry) if *entry.path == *path && entry.origin == Origin::File => start..start + 1,
            _ => start..stop,
        }
    }

    /// The entry that has the file's content, one in `nearest` if there is any.
    fn content(&self, file: &LocalFile<'_>, nearest: &Range<usize>) -> Option<(usize, &Entry)> {
        let found = file
            .digests
            .iter()
            .filter_map(|digest| self.by_digest.get(digest))
            .flatten()
            .filter_map(|index| Some((*index, self.entries.get(*index)?)))
            .filter(|(_, entry)| entry.is_content_of(file));
        let mut first = None;
        for (index, entry) in found {
            if nearest.contains(&index) {
                return Some((index, entry));
            }
            first = first.or(Some((index, entry)));
        }
        first
    }

    fn why_not(&self, path: &str) -> NotCovered<'_> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let small = self.by_small_name.get(&name.to_lowercase());
        match small.and_then(|index| self.entries.get(*index)) {
            Some(entry) => NotCovered::CaseDiffers(entry),
            None => NotCovered::NotListed,
        }
    }
}

impl Entry {
    fn add(&mut self, digests: impl Iterator<Item = Digest>) {
        self.digests.extend(digests);
        self.digests.sort_unstable_by_key(Digest::algorithm);
        self.digests.dedup();
    }

    /// The path in its one spelling: `bin/linux/amd64/kubectl`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The element of the document; of several with the same name, the first.
    #[must_use]
    pub fn id(&self) -> &ElementId {
        &self.id
    }

    /// What in the document it is made of.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The digests that a file must have, the longest last. Without any it cannot be proved.
    #[must_use]
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    fn is_content_of(&self, file: &LocalFile<'_>) -> bool {
        !self.digests.is_empty()
            && self
                .digests
                .iter()
                .all(|digest| file.digests.contains(digest))
    }
}

/// The packages that another package contains, as images contain their layers.
fn parts_of_packages(document: &Document) -> HashSet<&ElementId> {
    let packages: HashSet<&ElementId> = document
        .packages()
        .iter()
        .map(|package| &package.id)
        .collect();
    let relationships = document.relationships().iter();
    relationships
        .filter_map(|relationship| {
            match (&relationship.from, &relationship.kind, &relationship.to) {
                (Element::Here(whole), RelationshipKind::Contains, Element::Here(part)) => {
                    packages.contains(whole).then_some(part)
                }
                _ => None,
            }
        })
        .collect()
}

fn common_parts(a: &str, b: &str) -> usize {
    a.rsplit('/')
        .zip(b.rsplit('/'))
        .take_while(|(a, b)| a == b)
        .count()
}
