//! Whether and how the network is used.

use std::time::Duration;

use clap::Args;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArgs {
    /// Open no connection at all; trusted roots come from the cache or from what is built in.
    #[arg(long)]
    pub(crate) offline: bool,
    /// The transparency log that is asked when the proof has no log entry [default: https://rekor.sigstore.dev]
    #[arg(long, value_name = "URL")]
    pub(crate) rekor_url: Option<String>,
    /// The longest time for one request, its retries included, for example 90s or 3m.
    #[arg(short, long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

/// Reads a time as Go programs write it: `3m0s`, `1.5h`, `300ms`, and `0` for no limit.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time such as 90s, 3m or 1h30m".to_owned();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .filter(|length| *length > 0)
            .ok_or_else(wrong)?;
        let (number, unit) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let length = unit
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(unit.len());
        let (unit, after) = unit.split_at_checked(length).ok_or_else(wrong)?;
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return Err(wrong()),
        };
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = after;
    }
    match text.is_empty() {
        true => Err(wrong()),
        false => Ok(total),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn times_are_read_as_cosign_reads_them() {
        for (text, milliseconds) in [
            ("3m", 180_000),
            ("3m0s", 180_000),
            ("1h30m", 5_400_000),
            ("1.5s", 1_500),
            ("300ms", 300),
            ("0", 0),
        ] {
            assert_eq!(
                duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for wrong in [
            "",
            "3",
            "m",
            "3x",
            "-3m",
            "3m5",
            "99999999999999999999999h",
            "1..5s",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
