//! What may be fetched and judged for one image, whatever is listed for it.

use std::cell::Cell;

use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Reason, Result};
use tokio::sync::Notify;

/// What is left for one image and for those that it lists, together.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Manifests that are attached.
    pub(crate) manifests: Purse,
    /// What lies in them and can be a proof.
    pub(crate) content: Purse,
    proofs: Cell<usize>,
}

/// Bytes that may still be fetched. They are set aside before something is asked for, and paid when it has come: what is
/// only declared takes nothing from others.
#[derive(Debug)]
pub(crate) struct Purse {
    limit: Limit,
    free: Cell<u64>,
    set_aside: Cell<u64>,
    changed: Notify,
}

/// Bytes that are set aside; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share<'p> {
    purse: &'p Purse,
    bytes: u64,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            manifests: Purse::new(MANIFEST_BYTES),
            content: Purse::new(CONTENT_BYTES),
            proofs: Cell::new(PROOFS.max),
        }
    }

    /// Takes so many proofs, or none of them.
    pub(crate) fn take_proofs(&self, count: usize) -> Result<()> {
        let left = self.proofs.get().checked_sub(count);
        self.proofs.set(left.ok_or_else(|| over(PROOFS))?);
        Ok(())
    }
}

impl Purse {
    fn new(limit: Limit) -> Self {
        Self {
            limit,
            free: Cell::new(u64::try_from(limit.max).unwrap_or(u64::MAX)),
            set_aside: Cell::new(0),
            changed: Notify::new(),
        }
    }

    /// Sets bytes aside, and waits while others have set aside what they may give back.
    pub(crate) async fn set_aside(&self, bytes: u64) -> Result<Share<'_>> {
        loop {
            let changed = self.changed.notified();
            let free = self.free.get();
            if let Some(left) = free.checked_sub(bytes) {
                self.free.set(left);
                self.set_aside
                    .set(self.set_aside.get().saturating_add(bytes));
                return Ok(Share { purse: self, bytes });
            }
            if free.saturating_add(self.set_aside.get()) < bytes {
                return Err(over(self.limit));
            }
            changed.await;
        }
    }
}

impl Share<'_> {
    /// Pays: all of it has come.
    pub(crate) fn pay(mut self) {
        self.release();
        self.bytes = 0;
    }

    fn release(&self) {
        let purse = self.purse;
        purse
            .set_aside
            .set(purse.set_aside.get().saturating_sub(self.bytes));
        purse.changed.notify_waiters();
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            let free = &self.purse.free;
            free.set(free.get().saturating_add(self.bytes));
            self.release();
        }
    }
}

/// Not all was read, so that there may be more in the rest.
pub(crate) fn over(limit: Limit) -> Failure {
    Failure::new(Reason::AnswerTooLarge)
        .at(limit.name)
        .expected(limit)
        .found("more")
}

/// Manifests with what their layers are, which take some times their size in memory. A thousand signatures in one have
/// 4 MB, a thousand bundles 1 MB.
const MANIFEST_BYTES: Limit = Limit {
    name: "attached-manifest-bytes",
    max: 32 << 20,
};

/// Proofs. One attestation of the greatest size fits.
const CONTENT_BYTES: Limit = Limit {
    name: "attached-bytes",
    max: 192 << 20,
};

/// Proofs that are judged, each of which is kept with its verdict (10 KB).
const PROOFS: Limit = Limit {
    name: "proofs",
    max: 2000,
};

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::{Budget, PROOFS};
    use crate::image::together::at_once;

    const ALL: u64 = 192 << 20;

    #[test]
    fn what_was_only_declared_is_given_back() {
        let budget = Budget::new();
        let purse = &budget.content;
        for _ in 0..3 {
            let share = at_once(purse.set_aside(ALL)).unwrap().unwrap();
            drop(share);
        }
        at_once(purse.set_aside(ALL - 1)).unwrap().unwrap().pay();
        at_once(purse.set_aside(1)).unwrap().unwrap().pay();
        let failure = at_once(purse.set_aside(1)).unwrap().unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("attached-bytes"));
        // Nothing costs nothing.
        assert!(at_once(purse.set_aside(0)).unwrap().is_ok());
    }

    #[test]
    fn who_may_get_something_back_waits_and_who_may_not_is_told_at_once() {
        let budget = Budget::new();
        let purse = &budget.content;
        let mut context = Context::from_waker(Waker::noop());
        let first = at_once(purse.set_aside(ALL - 1)).unwrap().unwrap();
        let mut second = pin!(purse.set_aside(2));
        assert!(second.as_mut().poll(&mut context).is_pending());
        let mut third = pin!(purse.set_aside(ALL));
        assert!(third.as_mut().poll(&mut context).is_pending());
        assert!(at_once(purse.set_aside(ALL + 1)).unwrap().is_err());
        drop(first);
        let Poll::Ready(Ok(share)) = second.as_mut().poll(&mut context) else {
            panic!("there is room");
        };
        share.pay();
        let Poll::Ready(Err(_)) = third.as_mut().poll(&mut context) else {
            panic!("there cannot be room any more");
        };
    }

    #[test]
    fn proofs_are_taken_whole() {
        let budget = Budget::new();
        assert!(budget.take_proofs(PROOFS.max - 1).is_ok());
        assert!(budget.take_proofs(2).is_err());
        assert!(budget.take_proofs(1).is_ok());
        assert!(budget.take_proofs(1).is_err());
    }
}
