//! Many artifacts at one time.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use sealcheck_verify::Verdict;

use crate::blob::BlobRequest;
use crate::engine::Engine;
use crate::ordered::ordered;
use crate::progress::Progress;

impl Engine {
    /// Verifies many artifacts on `jobs` threads and hands each verdict to `on_result`, on the calling thread and in
    /// the order of the requests. Memory is bounded by `jobs`: requests are taken from the iterator as they are needed,
    /// and no thread gets far ahead of the slowest one. `on_result` can end it early.
    pub fn verify_all(
        &self,
        requests: impl IntoIterator<Item = BlobRequest>,
        jobs: NonZeroUsize,
        progress: &dyn Progress,
        on_result: impl FnMut(usize, Verdict) -> ControlFlow<()>,
    ) {
        ordered(
            requests,
            jobs,
            |request| self.verify_blob(&request, progress),
            on_result,
        );
    }
}
