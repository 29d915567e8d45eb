//! How reading an artifact is watched.

/// Told how far the reading of artifacts is. It is called from the threads that read.
pub trait Progress: Sync {
    /// `done` bytes of `artifact` (the name that is in its evidence) have been read, of `total` when that is known. The
    /// first call says 0, the last one the whole size; an artifact that fails or is only a digest has no last one.
    fn read(&self, artifact: &str, done: u64, total: Option<u64>);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn read(&self, _: &str, _: u64, _: Option<u64>) {}
}
