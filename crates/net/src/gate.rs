//! Bounded concurrency per host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One semaphore per origin.
#[derive(Debug)]
pub(crate) struct Gate {
    width: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The right to have one request under way; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Permit(
    #[expect(dead_code, reason = "held for its Drop")] Option<OwnedSemaphorePermit>,
);

impl Gate {
    pub(crate) fn new(width: usize) -> Self {
        Self {
            width: width.max(1),
            hosts: Mutex::new(HashMap::new()),
        }
    }

    /// Waits until a request to this URL's origin may start.
    pub(crate) async fn enter(&self, url: &Url) -> Permit {
        let semaphore = self.semaphore(url.origin().ascii_serialization());
        // Fails only when the semaphore is closed, which nothing does.
        Permit(semaphore.acquire_owned().await.ok())
    }

    fn semaphore(&self, origin: String) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // A long-lived process meets many hosts (redirects to storage): forget those nobody waits for or talks to.
        if hosts.len() >= REMEMBERED_HOSTS {
            hosts.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
        Arc::clone(
            hosts
                .entry(origin)
                .or_insert_with(|| Arc::new(Semaphore::new(self.width))),
        )
    }
}

/// Above this many hosts, idle ones are forgotten.
const REMEMBERED_HOSTS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_width_holds_per_origin() {
        let gate = Gate::new(1);
        let here = Url::parse("https://a.example/x").unwrap();
        let same = Url::parse("https://a.example:443/y").unwrap();
        let other = Url::parse("https://b.example/x").unwrap();
        let first = gate.enter(&here).await;
        let _elsewhere = gate.enter(&other).await;
        let semaphore = gate.semaphore(same.origin().ascii_serialization());
        assert_eq!(semaphore.available_permits(), 0);
        drop(first);
        assert_eq!(semaphore.available_permits(), 1);
    }

    #[tokio::test]
    async fn idle_hosts_are_forgotten_and_busy_ones_are_not() {
        let gate = Gate::new(1);
        let busy = gate
            .enter(&Url::parse("https://busy.example/").unwrap())
            .await;
        for number in 0..2 * REMEMBERED_HOSTS {
            gate.enter(&Url::parse(&format!("https://h{number}.example/")).unwrap())
                .await;
        }
        assert!(gate.hosts.lock().unwrap().len() <= REMEMBERED_HOSTS);
        assert!(
            gate.hosts
                .lock()
                .unwrap()
                .contains_key("https://busy.example")
        );
        drop(busy);
    }
}
