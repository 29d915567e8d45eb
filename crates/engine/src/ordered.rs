//! Work on several threads, with results in the order of the input.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does `work` for each job on at most `threads` threads and hands each result to `on_result`, on the calling thread and in
/// the order of the jobs. Memory is bounded by the threads: jobs are taken from the iterator as they are needed, and no thread
/// gets far ahead of the slowest one. `on_result` can end it early.
pub fn ordered<J: Send, R: Send>(
    jobs: impl IntoIterator<Item = J>,
    threads: NonZeroUsize,
    work: impl Fn(J) -> R + Sync,
    mut on_result: impl FnMut(usize, R) -> ControlFlow<()>,
) {
    let mut jobs = jobs.into_iter().enumerate();
    if threads == NonZeroUsize::MIN {
        for (index, job) in jobs {
            if on_result(index, work(job)).is_break() {
                return;
            }
        }
        return;
    }
    let (to_workers, todo) = channel::<(usize, J)>();
    let todo = Mutex::new(todo);
    let (to_us, results) = channel::<(usize, Option<R>)>();
    thread::scope(|scope| {
        // Dropped when this closure ends, which ends the workers.
        let to_workers = to_workers;
        let mut workers = 0;
        let mut started = 0_usize;
        let mut next = 0_usize;
        let mut waiting: BTreeMap<usize, R> = BTreeMap::new();
        loop {
            // Started, but not yet handed on: twice the threads, so that none of them waits for the slowest.
            while started.saturating_sub(next) < threads.get().saturating_mul(2) {
                let Some(job) = jobs.next() else { break };
                if workers < threads.get() {
                    workers += 1;
                    let (todo, to_us, work) = (&todo, to_us.clone(), &work);
                    scope.spawn(move || {
                        loop {
                            let job = todo.lock().unwrap_or_else(PoisonError::into_inner).recv();
                            let Ok((index, job)) = job else { return };
                            let mut slot = Slot {
                                results: &to_us,
                                index,
                                result: None,
                            };
                            slot.result = Some(work(job));
                        }
                    });
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
                Ok((index, Some(result))) => waiting.insert(index, result),
                // The scope passes the panic on.
                Ok((_, None)) | Err(_) => return,
            };
            while let Some(result) = waiting.remove(&next) {
                if on_result(next, result).is_break() {
                    return;
                }
                next += 1;
            }
        }
    });
}

/// Sends what is in it when it goes, also by a panic, so that nobody waits in vain.
struct Slot<'r, R> {
    results: &'r Sender<(usize, Option<R>)>,
    index: usize,
    result: Option<R>,
}

impl<R> Drop for Slot<'_, R> {
    fn drop(&mut self) {
        // Nobody listens any more when the caller has ended it.
        drop(self.results.send((self.index, self.result.take())));
    }
}
