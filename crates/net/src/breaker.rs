//! Not asking a host any longer that lets its questions wait for nothing.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use crate::NetError;
use crate::redact::redact_url;

/// What became of the questions to one host. Each question has a deadline of its own; this is what bounds a thousand of
/// them.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Tally>);

#[derive(Debug, Default)]
struct Tally {
    since: Option<Instant>,
    questions: u32,
    timeouts: u32,
    /// Until when it is not asked, and the timeout that was one too many.
    open: Option<(Instant, NetError)>,
}

impl Breaker {
    /// Refuses a question while the host is not asked.
    pub(crate) fn check(&self, url: &Url) -> Result<(), NetError> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &tally.open {
            Some((until, last)) if Instant::now() < *until => Err(NetError::GivenUp {
                url: redact_url(url),
                timeouts: tally.timeouts,
                last: Box::new(last.clone()),
            }),
            Some(_) => {
                // It gets another chance, and is given up again at the next timeout.
                tally.open = None;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Counts a question that is over, and how it ended if it failed.
    pub(crate) fn record(&self, error: Option<&NetError>) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if tally.since.is_none_or(|since| now - since > WINDOW) {
            *tally = Tally {
                since: Some(now),
                open: tally.open.take(),
                ..Tally::default()
            };
        }
        match error {
            // It was not asked.
            Some(NetError::GivenUp { .. }) => {}
            Some(error @ NetError::Timeout { .. }) => {
                tally.questions = tally.questions.saturating_add(1);
                tally.timeouts = tally.timeouts.saturating_add(1);
                let is_usual = tally.timeouts.saturating_mul(SHARE) >= tally.questions;
                if tally.timeouts >= TIMEOUTS && is_usual && tally.open.is_none() {
                    tally.open = Some((now + PAUSE, error.clone()));
                }
            }
            _ => tally.questions = tally.questions.saturating_add(1),
        }
    }
}

/// So many timeouts are no accident,
const TIMEOUTS: u32 = 3;

/// unless there are many times as many answers: a busy host loses some.
const SHARE: u32 = 10;

/// Questions longer ago than this say nothing about now.
const WINDOW: Duration = Duration::from_secs(600);

/// How long the host is not asked.
const PAUSE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::Phase;

    fn timeout() -> NetError {
        NetError::Timeout {
            url: "https://a.example/".to_owned(),
            phase: Phase::Total,
            after: Duration::from_secs(60),
            last: None,
        }
    }

    fn is_asked(breaker: &Breaker) -> bool {
        let url = Url::parse("https://a.example/x?t=secret").unwrap();
        match breaker.check(&url) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.kind(), "given-up");
                let text = error.to_string();
                assert!(text.contains("took longer than 60s"), "{text}");
                assert!(!text.contains("secret"), "{text}");
                false
            }
        }
    }

    // The clock is the test's.
    #[tokio::test(start_paused = true)]
    async fn a_host_that_lets_three_questions_wait_is_given_up_for_a_while() {
        let breaker = Breaker::default();
        for _ in 0..2 {
            breaker.record(Some(&timeout()));
            assert!(is_asked(&breaker));
        }
        breaker.record(Some(&timeout()));
        assert!(!is_asked(&breaker));
        advance(PAUSE - Duration::from_secs(1)).await;
        assert!(!is_asked(&breaker));
        advance(Duration::from_secs(1)).await;
        assert!(is_asked(&breaker));
        // One more is enough now.
        breaker.record(Some(&timeout()));
        assert!(!is_asked(&breaker));
        advance(WINDOW + PAUSE).await;
        assert!(is_asked(&breaker));
        breaker.record(Some(&timeout()));
        assert!(is_asked(&breaker), "that was long ago");
    }

    #[tokio::test(start_paused = true)]
    async fn answers_between_them_do_not_help_unless_there_are_many() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            breaker.record(None);
            breaker.record(Some(&timeout()));
        }
        assert!(!is_asked(&breaker));
        let busy = Breaker::default();
        for _ in 0..1000 {
            busy.record(None);
        }
        for _ in 0..10 {
            busy.record(Some(&timeout()));
        }
        assert!(is_asked(&busy));
        // Other failures have their own retries.
        let failing = Breaker::default();
        for _ in 0..10 {
            failing.record(Some(&NetError::Connect {
                url: String::new(),
                detail: String::new(),
            }));
        }
        assert!(is_asked(&failing));
    }
}
