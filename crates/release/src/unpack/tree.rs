//! The paths of an archive: each once, each below folders only, and no link that leads elsewhere.

use std::collections::{BTreeMap, HashMap};

use sealcheck_verify::{Digest, printable};

use super::entries::{Entry, EntryKind, within};
use super::{Refusal, UnpackError, UnpackLimits};
use crate::limits::{UNPACK_ENTRIES, UNPACK_NAMES_BYTES};

/// What was seen of an archive so far.
#[derive(Default)]
pub(super) struct Tree {
    nodes: BTreeMap<String, Node>,
    /// The paths by how they are where upper and lower case are the same.
    folded: HashMap<String, String>,
    names_bytes: usize,
}

#[derive(Debug)]
pub(super) enum Node {
    /// The mode is absent as long as only what lies in it was seen.
    Folder(Option<u32>),
    /// Known when it was written.
    File(Option<File>),
    HardLink,
    SymbolicLink,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) digest: Digest,
}

impl Tree {
    /// Takes an entry in. Returns the folders that must be made for it, the outermost first.
    pub(super) fn add(
        &mut self,
        entry: &Entry,
        limits: UnpackLimits,
    ) -> Result<Vec<String>, UnpackError> {
        let mut new = Vec::new();
        for (at, _) in entry.path.match_indices('/') {
            let (folder, _) = entry.path.split_at(at);
            match self.nodes.get(folder) {
                Some(Node::Folder(_)) => {}
                Some(_) => {
                    let other = printable(folder);
                    return Err(entry.refused(Refusal::BelowFile { other }));
                }
                None => {
                    self.insert(entry, folder, Node::Folder(None), limits)?;
                    new.push(folder.to_owned());
                }
            }
        }
        if let EntryKind::SymbolicLink(target) = &entry.kind {
            // Kept until the end.
            self.count_names(target)?;
        }
        let node = match entry.kind {
            EntryKind::Folder => Node::Folder(Some(entry.mode)),
            EntryKind::File => Node::File(None),
            EntryKind::HardLink(_) => Node::HardLink,
            EntryKind::SymbolicLink(_) => Node::SymbolicLink,
        };
        match (self.nodes.get_mut(&entry.path), &node) {
            // A folder may come after what lies in it, once.
            (Some(Node::Folder(mode @ None)), Node::Folder(_)) => *mode = Some(entry.mode),
            (Some(_), _) => return Err(entry.refused(Refusal::Duplicate)),
            (None, _) => {
                if matches!(node, Node::Folder(_)) && !entry.path.is_empty() {
                    new.push(entry.path.clone());
                }
                self.insert(entry, &entry.path, node, limits)?;
            }
        }
        Ok(new)
    }

    /// Remembers what was written for an entry.
    pub(super) fn written(&mut self, path: &str, file: File) {
        self.nodes.insert(path.to_owned(), Node::File(Some(file)));
    }

    /// The file that a hard link is another name of: one before it that is no link itself.
    pub(super) fn hard_target(&self, entry: &Entry, target: &str) -> Result<File, UnpackError> {
        let shown = || printable(target);
        match self.nodes.get(target) {
            Some(Node::File(Some(file))) => Ok(*file),
            Some(Node::HardLink | Node::SymbolicLink) => {
                Err(entry.refused(Refusal::LinkThrough { target: shown() }))
            }
            _ => Err(entry.refused(Refusal::LinkNowhere { target: shown() })),
        }
    }

    /// Checks where a symbolic link leads, when the whole archive was seen: to a file or folder of it, through nothing but
    /// folders of it. What is there twice is refused, so this is where every system follows it.
    pub(super) fn check_symbolic(&self, entry: &Entry, target: &str) -> Result<(), UnpackError> {
        let shown = || printable(target);
        if target.starts_with('/') {
            return Err(entry.refused(Refusal::LinkOut { target: shown() }));
        }
        if target.is_empty() || target.contains(['\\', ':']) || target.chars().any(char::is_control)
        {
            return Err(entry.refused(Refusal::Separator));
        }
        let mut at: Vec<&str> = entry.path.split('/').collect();
        at.pop();
        let mut parts = target
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .peekable();
        while let Some(part) = parts.next() {
            if part == ".." {
                if at.pop().is_none() {
                    return Err(entry.refused(Refusal::LinkOut { target: shown() }));
                }
                continue;
            }
            at.push(part);
            let is_last = parts.peek().is_none();
            match self.nodes.get(&at.join("/")) {
                Some(Node::Folder(_)) => {}
                Some(Node::File(_) | Node::HardLink) if is_last => {}
                Some(Node::SymbolicLink) => {
                    return Err(entry.refused(Refusal::LinkThrough { target: shown() }));
                }
                _ => return Err(entry.refused(Refusal::LinkNowhere { target: shown() })),
            }
        }
        let end = at.join("/");
        let contains = end.is_empty()
            || entry
                .path
                .strip_prefix(&*end)
                .is_some_and(|rest| rest.starts_with('/'));
        match contains {
            true => Err(entry.refused(Refusal::LinkLoop { target: shown() })),
            false => Ok(()),
        }
    }

    /// The folders, the innermost first, with the modes that the archive gives them.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&str, Option<u32>)> {
        self.nodes
            .iter()
            .rev()
            .filter_map(|(path, node)| match node {
                Node::Folder(mode) => Some((&**path, *mode)),
                _ => None,
            })
    }

    /// The files that were written.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, File)> {
        self.nodes.iter().filter_map(|(path, node)| match node {
            Node::File(Some(file)) => Some((&**path, *file)),
            _ => None,
        })
    }

    fn insert(
        &mut self,
        entry: &Entry,
        path: &str,
        node: Node,
        limits: UnpackLimits,
    ) -> Result<(), UnpackError> {
        self.count_names(path)?;
        within(
            UNPACK_ENTRIES,
            self.nodes.len().saturating_add(1),
            limits.entries,
        )?;
        // The same proved archive must be the same folder on every system; where upper and lower case are the same, one of
        // two such files would be lost.
        if let Some(other) = self.folded.insert(folded(path), path.to_owned()) {
            let other = printable(&other);
            return Err(entry.refused(Refusal::SameButCase { other }));
        }
        self.nodes.insert(path.to_owned(), node);
        Ok(())
    }

    /// Counts what is kept in memory of names.
    fn count_names(&mut self, name: &str) -> Result<(), UnpackError> {
        self.names_bytes = self.names_bytes.saturating_add(name.len());
        within(UNPACK_NAMES_BYTES, self.names_bytes, UNPACK_NAMES_BYTES.max)
    }
}

/// A path as it is where upper and lower case are the same; both ways, because some letters have two small forms.
fn folded(path: &str) -> String {
    path.to_uppercase().to_lowercase()
}
