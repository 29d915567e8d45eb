//! A moment in time.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// A moment in UTC with nanosecond precision, written in RFC 3339 form.
///
/// The core has no clock: whoever calls it says what time it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

/// The text is not an RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTime;

impl Time {
    /// The moment `seconds` after 1970-01-01T00:00:00Z; `None` outside the years -9999 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().map(Self)
    }

    /// The same with a fraction of a second.
    pub(crate) fn from_unix(seconds: i64, nanoseconds: i32) -> Option<Self> {
        Timestamp::new(seconds, nanoseconds).ok().map(Self)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second() - i64::from(self.0.subsec_nanosecond() < 0)
    }

    /// This moment moved by `seconds`, saturating at the ends of the calendar.
    pub fn saturating_add_seconds(self, seconds: i64) -> Self {
        let moved = self.unix_seconds().saturating_add(seconds);
        let edge = match seconds.is_negative() {
            true => Timestamp::MIN,
            false => Timestamp::MAX,
        };
        Timestamp::new(moved, self.0.subsec_nanosecond().max(0)).map_or(Self(edge), Self)
    }
}

impl From<std::time::SystemTime> for Time {
    fn from(time: std::time::SystemTime) -> Self {
        Self(Timestamp::try_from(time).unwrap_or(Timestamp::MAX))
    }
}

impl FromStr for Time {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        text.parse().map(Self).map_err(|_| InvalidTime)
    }
}

impl fmt::Display for InvalidTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an RFC 3339 time such as 2026-01-02T03:04:05Z")
    }
}

impl std::error::Error for InvalidTime {}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A validity window, closed at both ends (protobuf-specs `TimeRange`): the end itself is still inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment inside.
    pub start: Time,
    /// The last moment inside; `None` is open-ended.
    pub end: Option<Time>,
}

impl Window {
    /// Whether `time` lies inside.
    pub fn contains(&self, time: Time) -> bool {
        self.start <= time && self.end.is_none_or(|end| time <= end)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            Some(end) => write!(f, "{} to {end}", self.start),
            None => write!(f, "from {}", self.start),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Time, Window};

    #[test]
    fn both_ends_of_a_window_are_inside() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let window = Window {
            start: at("2026-01-01T00:00:00Z"),
            end: Some(at("2026-01-01T00:10:00Z")),
        };
        assert!(window.contains(window.start));
        assert!(window.contains(at("2026-01-01T00:10:00Z")));
        assert!(!window.contains(at("2026-01-01T00:10:00.000000001Z")));
        assert!(!window.contains(at("2025-12-31T23:59:59.999999999Z")));
    }

    #[test]
    fn moving_ends_at_the_ends_of_the_calendar() {
        let time = "2026-01-01T00:00:00.5Z".parse::<Time>().unwrap();
        let moved = |seconds| time.saturating_add_seconds(seconds).to_string();
        assert_eq!(moved(60), "2026-01-01T00:01:00.5Z");
        assert_eq!(moved(-60), "2025-12-31T23:59:00.5Z");
        assert_eq!(moved(0), "2026-01-01T00:00:00.5Z");
        assert!(moved(i64::MAX).starts_with("9999-") && moved(i64::MIN).starts_with("-009999-"));
        let (first, last) = (
            time.saturating_add_seconds(i64::MIN),
            time.saturating_add_seconds(i64::MAX),
        );
        assert_eq!(last.saturating_add_seconds(1), last);
        assert_eq!(first.saturating_add_seconds(-1), first);
    }

    #[test]
    fn seconds_are_rounded_down() {
        assert_eq!(
            "1969-12-31T23:59:59.5Z"
                .parse::<Time>()
                .unwrap()
                .unix_seconds(),
            -1
        );
        assert_eq!(
            "1970-01-01T00:00:01.9Z"
                .parse::<Time>()
                .unwrap()
                .unix_seconds(),
            1
        );
    }
}
