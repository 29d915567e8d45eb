//! Many artifacts at one time.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use sealcheck_verify::Verdict;

use crate::blob::BlobRequest;
use crate::engine::Engine;
use crate::progress::Progress;

/// What a worker sends back: the verdict, or that it was lost because the worker panicked.
type Done = (usize, Option<Verdict>);

impl Engine {
    /// Verifies many artifacts on `jobs` threads and hands each verdict to `on_result`, on the calling thread and in
    /// the order of the requests. Memory is bounded by `jobs`: requests are taken from the iterator as they are needed,
    /// and no thread gets far ahead of the slowest one. `on_result` can end it early.
    pub fn verify_all(
        &self,
        requests: impl IntoIterator<Item = BlobRequest>,
        jobs: NonZeroUsize,
        progress: &dyn Progress,
        mut on_result: impl FnMut(usize, Verdict) -> ControlFlow<()>,
    ) {
        let mut requests = requests.into_iter().enumerate();
        if jobs == NonZeroUsize::MIN {
            for (index, request) in requests {
                if on_result(index, self.verify_blob(&request, progress)).is_break() {
                    return;
                }
            }
            return;
        }
        let (to_workers, work) = channel::<(usize, BlobRequest)>();
        let work = Mutex::new(work);
        let (to_us, results) = channel::<Done>();
        thread::scope(|scope| {
            // Dropped when this closure ends, which ends the workers.
            let to_workers = to_workers;
            let mut workers = 0;
            let mut started = 0_usize;
            let mut next = 0_usize;
            let mut waiting: BTreeMap<usize, Verdict> = BTreeMap::new();
            loop {
                // Started, but not yet handed on: twice the threads, so that none of them waits for the slowest.
                while started.saturating_sub(next) < jobs.get().saturating_mul(2) {
                    let Some(job) = requests.next() else { break };
                    if workers < jobs.get() {
                        workers += 1;
                        let (work, to_us) = (&work, to_us.clone());
                        scope.spawn(move || self.work(work, &to_us, progress));
                    }
                    started += 1;
                    if to_workers.send(job).is_err() {
                        return;
                    }
                }
                if started == next {
                    return;
                }
                match results.recv() {
                    Ok((index, Some(verdict))) => waiting.insert(index, verdict),
                    // The scope passes the panic on.
                    Ok((_, None)) | Err(_) => return,
                };
                while let Some(verdict) = waiting.remove(&next) {
                    if on_result(next, verdict).is_break() {
                        return;
                    }
                    next += 1;
                }
            }
        });
    }

    fn work(
        &self,
        work: &Mutex<Receiver<(usize, BlobRequest)>>,
        results: &Sender<Done>,
        progress: &dyn Progress,
    ) {
        loop {
            let job = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((index, request)) = job else { return };
            let mut slot = Slot {
                results,
                index,
                verdict: None,
            };
            slot.verdict = Some(self.verify_blob(&request, progress));
        }
    }
}

/// Sends what is in it when it goes, also by a panic, so that nobody waits in vain.
struct Slot<'r> {
    results: &'r Sender<Done>,
    index: usize,
    verdict: Option<Verdict>,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        // Nobody listens any more when the caller has ended it.
        drop(self.results.send((self.index, self.verdict.take())));
    }
}
