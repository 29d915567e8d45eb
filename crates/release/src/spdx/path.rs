//! Names of files as paths below a folder: the same path has one spelling, and what leads elsewhere is none.

use super::limits::SPDX_VALUE_BYTES;

/// Why a name is no path below a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathTrap {
    /// It names nothing: it is empty, or only dots and slashes.
    #[error("it names no file")]
    Empty,
    /// It begins with a slash.
    #[error("it is absolute")]
    Absolute,
    /// It has a part `..`, which leads out of the folder or to another file than it seems.
    #[error("it has a part ..")]
    Parent,
    /// It has a backslash, which separates on one system and is part of a name on another.
    #[error("it has a backslash")]
    Backslash,
    /// It has a control character.
    #[error("it has a control character")]
    Control,
    /// It is longer than a path can be.
    #[error("it is longer than a path can be")]
    TooLong,
}

/// The parts of a path.
pub(super) fn parts(name: &str) -> Result<Vec<&str>, PathTrap> {
    if name.len() > SPDX_VALUE_BYTES.max {
        return Err(PathTrap::TooLong);
    }
    if name.starts_with('/') {
        return Err(PathTrap::Absolute);
    }
    if name.contains('\\') {
        return Err(PathTrap::Backslash);
    }
    if name.chars().any(char::is_control) {
        return Err(PathTrap::Control);
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    match parts.as_slice() {
        [] => Err(PathTrap::Empty),
        parts if parts.contains(&"..") => Err(PathTrap::Parent),
        _ => Ok(parts),
    }
}

/// The path in its one spelling: without `.` and doubled slashes.
pub(super) fn normal(name: &str) -> Result<String, PathTrap> {
    Ok(parts(name)?.join("/"))
}
