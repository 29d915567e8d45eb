//! Several requests at one time, in order, with a bound.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// A request under way, with its position.
type Active<'f, T> = (usize, Pin<Box<dyn Future<Output = T> + 'f>>);

/// Runs the futures, at most `most` of them at one time, and gives what they give in their order.
pub(crate) async fn together<'f, T, F: Future<Output = T> + 'f>(
    futures: impl IntoIterator<Item = F>,
    most: usize,
) -> Vec<T> {
    let mut waiting = futures.into_iter().enumerate();
    let mut active: Vec<Active<'f, T>> = Vec::new();
    let mut done: Vec<(usize, T)> = Vec::new();
    poll_fn(|context| {
        loop {
            while active.len() < most.max(1) {
                let Some((position, future)) = waiting.next() else {
                    break;
                };
                active.push((position, Box::pin(future)));
            }
            if active.is_empty() {
                return Poll::Ready(());
            }
            let before = active.len();
            active.retain_mut(|(position, future)| match future.as_mut().poll(context) {
                Poll::Ready(value) => {
                    done.push((*position, value));
                    false
                }
                Poll::Pending => true,
            });
            // What has ended makes room for the next.
            if active.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    done.sort_by_key(|(position, _)| *position);
    done.into_iter().map(|(_, value)| value).collect()
}

/// Runs a future that waits for nothing, as those are that read layouts. `None` when it waits all the same.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::task::Poll;

    use super::{at_once, poll_fn, together};

    #[test]
    fn results_are_in_order_and_no_more_run_than_may() {
        let running = Cell::new(0_usize);
        let most = Cell::new(0_usize);
        let futures = (0..20_usize).map(|number| {
            let (running, most) = (&running, &most);
            let mut turns = 1 + number % 3;
            let mut begun = false;
            poll_fn(move |context| {
                if !begun {
                    begun = true;
                    running.set(running.get() + 1);
                    most.set(most.get().max(running.get()));
                }
                if turns == 0 {
                    running.set(running.get() - 1);
                    return Poll::Ready(number);
                }
                turns -= 1;
                context.waker().wake_by_ref();
                Poll::Pending
            })
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let all = runtime.block_on(together(futures, 4));
        assert_eq!(all, (0..20).collect::<Vec<_>>());
        assert_eq!((running.get(), most.get()), (0, 4));
    }

    #[test]
    fn what_waits_is_not_at_once() {
        assert_eq!(at_once(async { 1 }), Some(1));
        assert_eq!(at_once(std::future::pending::<()>()), None);
        assert_eq!(
            at_once(together([1, 1].map(async |one| one), 1)),
            Some(vec![1, 1])
        );
    }
}
