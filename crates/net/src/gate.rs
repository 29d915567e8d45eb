//! Bounded concurrency and pace per host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::breaker::Breaker;
use crate::{HostConfig, NetError};

/// One semaphore per origin, and where it is wanted a clock.
#[derive(Debug)]
pub(crate) struct Gate {
    width: usize,
    special: Vec<HostConfig>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

#[derive(Debug)]
struct Host {
    semaphore: Arc<Semaphore>,
    pace: Option<Pace>,
    breaker: Breaker,
}

/// When the next request may start.
#[derive(Debug)]
struct Pace {
    between: Duration,
    next: Mutex<Instant>,
}

/// The right to have one request under way; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _permit: Option<OwnedSemaphorePermit>,
    /// Held so that a busy host is not forgotten.
    host: Arc<Host>,
}

impl Permit {
    /// Counts how a body that is read piece by piece ended badly.
    pub(crate) fn record(&self, error: &NetError) {
        self.host.breaker.record(Some(error));
    }
}

impl Gate {
    pub(crate) fn new(width: usize, special: Vec<HostConfig>) -> Self {
        Self {
            width: width.max(1),
            special,
            hosts: Mutex::new(HashMap::new()),
        }
    }

    /// Waits until a request to this URL's origin may start. Fails at once when that host is given up, also for those who
    /// wait then.
    pub(crate) async fn enter(&self, url: &Url) -> Result<Permit, NetError> {
        let host = self.host(url);
        host.breaker.check(url)?;
        // Fails only when the semaphore is closed, which nothing does.
        let permit = Arc::clone(&host.semaphore).acquire_owned().await.ok();
        if let Some(pace) = &host.pace {
            sleep_until(pace.turn(Instant::now())).await;
        }
        host.breaker.check(url)?;
        Ok(Permit {
            _permit: permit,
            host,
        })
    }

    /// Counts a question to this URL's origin that is over, and how it ended if it failed.
    pub(crate) fn record(&self, url: &Url, error: Option<&NetError>) {
        self.host(url).breaker.record(error);
    }

    fn host(&self, url: &Url) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // A long-lived process meets many hosts (redirects to storage): forget those nobody waits for or talks to, but
        // not those whose pace must be kept.
        if hosts.len() >= REMEMBERED_HOSTS {
            hosts.retain(|_, host| host.pace.is_some() || Arc::strong_count(host) > 1);
        }
        Arc::clone(
            hosts
                .entry(url.origin().ascii_serialization())
                .or_insert_with(|| Arc::new(self.new_host(url))),
        )
    }

    fn new_host(&self, url: &Url) -> Host {
        let special = self.special.iter().find(|host| host.fits(url));
        let width = special.and_then(|host| host.max_in_flight);
        let pace = special.and_then(|host| host.pace);
        Host {
            semaphore: Arc::new(Semaphore::new(width.unwrap_or(self.width).max(1))),
            pace: pace.map(|between| Pace {
                between,
                next: Mutex::new(Instant::now()),
            }),
            breaker: Breaker::default(),
        }
    }
}

impl Pace {
    /// When the request that asks now may start.
    fn turn(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*next);
        *next = turn.checked_add(self.between).unwrap_or(turn);
        turn
    }
}

/// Above this many hosts, idle ones are forgotten.
const REMEMBERED_HOSTS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_width_holds_per_origin() {
        let gate = Gate::new(1, Vec::new());
        let here = Url::parse("https://a.example/x").unwrap();
        let same = Url::parse("https://a.example:443/y").unwrap();
        let other = Url::parse("https://b.example/x").unwrap();
        let first = gate.enter(&here).await.unwrap();
        let _elsewhere = gate.enter(&other).await.unwrap();
        let host = gate.host(&same);
        assert_eq!(host.semaphore.available_permits(), 0);
        drop(first);
        assert_eq!(host.semaphore.available_permits(), 1);
    }

    #[tokio::test]
    async fn idle_hosts_are_forgotten_and_busy_ones_are_not() {
        let gate = Gate::new(1, Vec::new());
        let busy = gate
            .enter(&Url::parse("https://busy.example/").unwrap())
            .await
            .unwrap();
        for number in 0..2 * REMEMBERED_HOSTS {
            gate.enter(&Url::parse(&format!("https://h{number}.example/")).unwrap())
                .await
                .unwrap();
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

    // The clock is the test's: it moves only when everybody waits.
    #[tokio::test(start_paused = true)]
    async fn one_host_can_have_its_own_width_and_pace() {
        let slow = HostConfig {
            host: "slow.example:5000".to_owned(),
            max_in_flight: Some(3),
            pace: Some(Duration::from_millis(40)),
            ..HostConfig::default()
        };
        let gate = Gate::new(1, vec![slow]);
        let url = Url::parse("https://slow.example:5000/x").unwrap();
        let before = Instant::now();
        let first = gate.enter(&url).await.unwrap();
        let second = gate.enter(&url).await.unwrap();
        let third = gate.enter(&url).await.unwrap();
        assert_eq!(Instant::now(), before + Duration::from_millis(80));
        assert_eq!(gate.host(&url).semaphore.available_permits(), 0);
        drop((first, second, third));
        let other = Url::parse("https://slow.example/x").unwrap();
        assert!(gate.host(&other).pace.is_none());
        assert_eq!(gate.host(&other).semaphore.available_permits(), 1);
    }

    #[test]
    fn a_pace_does_not_save_up_turns() {
        let now = Instant::now();
        let pace = Pace {
            between: Duration::from_secs(1),
            next: Mutex::new(now),
        };
        let later = now + Duration::from_secs(10);
        assert_eq!(pace.turn(later), later);
        assert_eq!(pace.turn(later), later + Duration::from_secs(1));
    }
}
