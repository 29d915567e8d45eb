//! A little at once: most of the time of signing goes into waiting for services.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;

/// Does this with every item, some at a time.
///
/// # Errors
/// The first error of any; what was begun is done first.
pub(super) fn each<T: Sync>(items: &[T], act: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Nobody begins another one after this.
            act(item).inspect_err(|_| next.store(items.len(), Ordering::Relaxed))?;
        }
        Ok(())
    };
    let workers = 2 * thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        let workers = workers.min(items.len());
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        // The scope waits for those behind an error.
        running.into_iter().try_for_each(|worker| {
            let ended = worker.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_errors_come_back() {
        let done: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        each(&done, |item| {
            item.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
        assert!(done.iter().all(|item| item.load(Ordering::Relaxed) == 1));
        let error = each(&[1, 2, 3], |item| match item {
            2 => anyhow::bail!("the second"),
            _ => Ok(()),
        });
        assert_eq!(error.unwrap_err().to_string(), "the second");
        each::<u8>(&[], |_| anyhow::bail!("there is none")).unwrap();
    }
}
