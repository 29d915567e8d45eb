//! When to ask again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Url;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep};

use crate::redact::redact_url;
use crate::{NetError, Phase, RetryPolicy};

/// The attempts of one call: how many there were, how long there may be more, and what went wrong last.
pub(crate) struct Patience<'a> {
    /// When the call must be over.
    pub(crate) until: Instant,
    whole: Duration,
    policy: RetryPolicy,
    url: &'a Url,
    number: u32,
    last: Option<NetError>,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(policy: RetryPolicy, whole: Duration, url: &'a Url) -> Self {
        Self {
            until: later(whole),
            whole,
            policy,
            url,
            number: 1,
            last: None,
        }
    }

    /// Takes the outcome of an attempt. `None`, after the wait that is due, means: ask again.
    pub(crate) async fn settle<T>(
        &mut self,
        outcome: Result<Result<T, NetError>, Elapsed>,
    ) -> Option<Result<T, NetError>> {
        let mut error = match outcome {
            Ok(Ok(done)) => return Some(Ok(done)),
            Ok(Err(error)) => error,
            Err(_) => {
                return Some(Err(NetError::Timeout {
                    url: redact_url(self.url),
                    phase: Phase::Total,
                    after: self.whole,
                    last: self.last.take().map(Box::new),
                }));
            }
        };
        let mut wanted = None;
        if let NetError::Status {
            attempts,
            retry_after,
            ..
        } = &mut error
        {
            *attempts = self.number;
            wanted = *retry_after;
        }
        if self.number >= self.policy.attempts || !error.is_transient() {
            return Some(Err(error));
        }
        let wait = wanted.unwrap_or_else(|| self.policy.wait(self.number, random_fraction()));
        // No use in waiting for an answer that cannot come in time.
        if wait >= self.until.saturating_duration_since(Instant::now()) {
            return Some(Err(error));
        }
        sleep(wait).await;
        self.last = Some(error);
        self.number += 1;
        None
    }
}

impl RetryPolicy {
    /// The wait after failed attempt number `attempt` (the first is 1), for a `fraction` between 0 and 1.
    fn wait(&self, attempt: u32, fraction: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        let bound = self
            .base
            .saturating_mul(2u32.saturating_pow(doublings))
            .min(self.cap);
        bound.mul_f64(fraction.clamp(0.0, 1.0))
    }
}

/// A random number between 0 and 1. It only spreads retries of many clients over time, so that the randomness of the
/// standard library's hash keys is enough.
fn random_fraction() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    let low = u32::try_from(random & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    f64::from(low) / f64::from(u32::MAX)
}

/// A time to come; "never" is far enough away.
pub(crate) fn later(after: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(after)
        .or_else(|| now.checked_add(Duration::from_secs(u64::from(u32::MAX))))
        .unwrap_or(now)
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. A date in the past is zero; nonsense is `None`.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit is a long time; the deadline cuts it.
        return Some(Duration::from_secs(
            value.parse().unwrap_or(u64::from(u32::MAX)),
        ));
    }
    // An IMF-fixdate (RFC 9110, section 5.6.7) is a date as RFC 2822 has it, with the obsolete zone GMT.
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()?;
    let now = now.duration_since(UNIX_EPOCH).ok()?;
    let then = Duration::from_secs(u64::try_from(date.as_second()).ok()?);
    Some(then.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_are_jittered_in_full() {
        let policy = RetryPolicy {
            attempts: 9,
            base: Duration::from_secs(1),
            cap: Duration::from_secs(5),
        };
        let bounds: Vec<u64> = (1..=5)
            .map(|attempt| policy.wait(attempt, 1.0).as_secs())
            .collect();
        assert_eq!(bounds, [1, 2, 4, 5, 5]);
        assert_eq!(policy.wait(u32::MAX, 0.5), Duration::from_millis(2500));
        assert_eq!(policy.wait(3, 0.0), Duration::ZERO);
        let drawn: Vec<f64> = (0..100).map(|_| random_fraction()).collect();
        assert!(drawn.iter().all(|f| (0.0..=1.0).contains(f)));
        assert!(drawn.iter().any(|f| *f < 0.5) && drawn.iter().any(|f| *f > 0.5));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_770); // Sun, 06 Nov 1994 08:49:30 GMT
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after(" 0 ", now), Some(Duration::ZERO));
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(
            retry_after("99999999999999999999999", now),
            Some(Duration::from_secs(u64::from(u32::MAX)))
        );
        for nonsense in ["", "soon", "-1", "1.5", "Sun, 06 Nov 1994"] {
            assert_eq!(retry_after(nonsense, now), None, "{nonsense}");
        }
    }
}
