//! Work that many want is done once.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

/// Results by key. Who asks for one that is being made waits for it; when its maker is cancelled, a waiter takes over.
pub(crate) struct Flights<K, V> {
    cells: Mutex<HashMap<K, Arc<OnceCell<V>>>>,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self {
            cells: Mutex::default(),
        }
    }
}

/// Values may be secret: nothing of them is shown.
impl<K, V> fmt::Debug for Flights<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    /// The value for `key`, made by `make` unless it is there or under way. What `keep` refuses is given to all who wait,
    /// and made again for who asks later.
    pub(crate) async fn join<F: Future<Output = V>>(
        &self,
        key: K,
        keep: impl FnOnce(&V) -> bool,
        make: impl FnOnce() -> F,
    ) -> V {
        let cell = self.cell(key.clone());
        let mut made = false;
        let value = cell
            .get_or_init(|| {
                made = true;
                make()
            })
            .await
            .clone();
        if made && !keep(&value) {
            self.remove(&key, &cell);
        }
        value
    }

    /// The value for `key`, if it has been made.
    pub(crate) fn peek(&self, key: &K) -> Option<V> {
        self.lock().get(key)?.get().cloned()
    }

    /// Stores a value that was made in another way, unless there is one, and gives the one that is there. While one is being
    /// made, the new one is only given back.
    pub(crate) fn offer(&self, key: K, value: V) -> V {
        let cell = self.cell(key);
        let _ = cell.set(value.clone());
        cell.get().cloned().unwrap_or(value)
    }

    /// Forgets the value for `key` if it satisfies `outdated`, so that it is made again.
    pub(crate) fn forget_if(&self, key: &K, outdated: impl FnOnce(&V) -> bool) {
        let mut cells = self.lock();
        let is_outdated = cells
            .get(key)
            .and_then(|cell| cell.get())
            .is_some_and(outdated);
        if is_outdated {
            cells.remove(key);
        }
    }

    fn cell(&self, key: K) -> Arc<OnceCell<V>> {
        let mut cells = self.lock();
        // What a long-lived process has seen is not kept for ever. Those that are under way are.
        if cells.len() >= MOST && !cells.contains_key(&key) {
            cells.retain(|_, cell| !cell.initialized());
        }
        Arc::clone(cells.entry(key).or_default())
    }

    fn remove(&self, key: &K, cell: &Arc<OnceCell<V>>) {
        let mut cells = self.lock();
        if cells.get(key).is_some_and(|there| Arc::ptr_eq(there, cell)) {
            cells.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<OnceCell<V>>>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Above this many, finished ones are forgotten: more than the objects of one run, and some ten megabytes.
const MOST: usize = 65_536;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn five_hundred_who_ask_at_one_time_cost_one_making() {
        let flights = Arc::new(Flights::<&str, usize>::default());
        let made = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..500 {
            let (flights, made) = (Arc::clone(&flights), Arc::clone(&made));
            tasks.spawn(async move {
                flights
                    .join(
                        "key",
                        |_| true,
                        || async {
                            sleep(Duration::from_millis(5)).await;
                            made.fetch_add(1, Ordering::SeqCst)
                        },
                    )
                    .await
            });
        }
        while let Some(value) = tasks.join_next().await {
            assert_eq!(value.unwrap(), 0);
        }
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_is_not_kept_is_given_to_all_who_wait_and_made_again_later() {
        let flights = Flights::<&str, usize>::default();
        let made = AtomicUsize::new(0);
        let ask = || {
            flights.join(
                "key",
                |_| false,
                || async {
                    sleep(Duration::from_millis(5)).await;
                    made.fetch_add(1, Ordering::SeqCst)
                },
            )
        };
        assert_eq!(tokio::join!(ask(), ask(), ask()), (0, 0, 0));
        assert_eq!(ask().await, 1);
    }

    #[tokio::test]
    async fn a_waiter_takes_over_from_one_who_is_cancelled() {
        let flights = Arc::new(Flights::<&str, usize>::default());
        let slow = {
            let flights = Arc::clone(&flights);
            tokio::spawn(async move {
                flights
                    .join(
                        "key",
                        |_| true,
                        || async {
                            sleep(Duration::from_secs(3600)).await;
                            1
                        },
                    )
                    .await
            })
        };
        tokio::task::yield_now().await;
        let waiter =
            tokio::spawn(async move { flights.join("key", |_| true, || async { 2 }).await });
        tokio::task::yield_now().await;
        slow.abort();
        assert_eq!(waiter.await.unwrap(), 2);
    }

    #[tokio::test]
    async fn an_offered_value_does_not_replace_one() {
        let flights = Flights::<&str, usize>::default();
        assert_eq!(flights.offer("key", 1), 1);
        assert_eq!(flights.offer("key", 2), 1);
        assert_eq!(flights.peek(&"key"), Some(1));
        flights.forget_if(&"key", |value| *value == 2);
        assert_eq!(flights.peek(&"key"), Some(1));
        flights.forget_if(&"key", |value| *value == 1);
        assert_eq!(flights.peek(&"key"), None);
    }

    #[test]
    fn not_everything_is_kept_for_ever() {
        let flights = Flights::<usize, usize>::default();
        let under_way = flights.cell(usize::MAX);
        for number in 0..=MOST {
            flights.offer(number, number);
        }
        assert!(flights.lock().len() < 10);
        assert_eq!(flights.peek(&MOST), Some(MOST));
        assert!(Arc::ptr_eq(&under_way, &flights.cell(usize::MAX)));
    }
}
