//! The functions that a policy can use: CEL's own, and times as seconds.
//!
//! CEL's timestamps and durations would bring another library of times along. Here `timestamp` reads RFC 3339 text and
//! `duration` reads text such as `720h`, and both give seconds as an int, so that the usual comparisons work.

use std::cell::Cell;

use cel::common::functions::Function;
use cel::common::types::{
    CelBytes, CelInt, CelList, CelMap, CelOptional, CelString, DYN_TYPE, STRING_TYPE,
};
use cel::common::value::{CowVal, Val};
use cel::{Env, ExecutionError};
use sealcheck_verify::Time;

use crate::limits::CEL_STEPS;

/// The environment of every policy.
pub(super) fn environment() -> Env {
    let mut env = Env::stdlib();
    let own: [(&str, _, Function); 4] = [
        ("timestamp", STRING_TYPE, timestamp),
        ("duration", STRING_TYPE, duration),
        (CHARGE, DYN_TYPE, charge),
        (CHARGE_PATTERN, DYN_TYPE, charge_pattern),
    ];
    for (name, argument, function) in own {
        // Fails only for a name that is taken; the tests call each.
        env.add_overload(name, name, vec![argument], function).ok();
    }
    env
}

/// Lets the evaluations that follow on this thread go over as many values as the limit says.
pub(super) fn allow_steps() {
    LEFT.set(CEL_STEPS.max);
}

/// Whether the limit was reached.
pub(super) fn steps_are_used_up() -> bool {
    LEFT.get() == 0
}

fn timestamp<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = text(&args)?;
    let time: Time = text
        .parse()
        .map_err(|error| ExecutionError::function_error("timestamp", error))?;
    Ok(CowVal::owned(CelInt::from(time.unix_seconds())))
}

fn duration<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let seconds = seconds(text(&args)?).ok_or_else(|| {
        ExecutionError::function_error("duration", "not a duration such as 720h, 90m, 30s or 1h30m")
    })?;
    Ok(CowVal::owned(CelInt::from(seconds)))
}

/// Whole numbers with their units, the greatest first, as CEL writes durations. Fractions would be lost in seconds, so
/// they are no durations here.
fn seconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (mut total, mut units) = (0_i64, &UNITS[..]);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at_checked(digits)?;
        let unit = behind.chars().next()?;
        let at = units.iter().position(|(name, _)| *name == unit)?;
        let (_, seconds) = units.get(at)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*seconds)?)?;
        units = units.get(at + 1..)?;
        rest = behind.get(unit.len_utf8()..)?;
    }
    Some(sign * total)
}

/// Counts the values that are about to be gone over, and hands them back.
fn charge<'b, 'v>(mut args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = args
        .pop()
        .ok_or_else(ExecutionError::missing_argument_or_target)?;
    weigh(value.as_ref())?;
    Ok(value)
}

/// The same for a regular expression, which is compiled each time.
fn charge_pattern<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    take(PATTERN_STEPS)?;
    charge(args)
}

fn weigh(value: &dyn Val) -> Result<(), ExecutionError> {
    if let Some(text) = value.downcast_ref::<CelString>() {
        return take(1 + text.inner().len() / TEXT_BYTES);
    }
    if let Some(bytes) = value.downcast_ref::<CelBytes>() {
        return take(1 + bytes.inner().len() / TEXT_BYTES);
    }
    take(1)?;
    if let Some(optional) = value.downcast_ref::<CelOptional>() {
        return optional.inner().map_or(Ok(()), weigh);
    }
    if let Some(list) = value.downcast_ref::<CelList>() {
        return list
            .inner()
            .iter()
            .try_for_each(|element| weigh(element.as_ref()));
    }
    if let Some(map) = value.downcast_ref::<CelMap>() {
        return map
            .inner()
            .values()
            .try_for_each(|element| weigh(element.as_ref()));
    }
    Ok(())
}

fn take(steps: usize) -> Result<(), ExecutionError> {
    match LEFT.get().checked_sub(steps) {
        Some(left) if left > 0 => {
            LEFT.set(left);
            Ok(())
        }
        _ => {
            LEFT.set(0);
            Err(ExecutionError::function_error(
                CHARGE,
                format_args!(
                    "it takes more than {} steps ({})",
                    CEL_STEPS.max, CEL_STEPS.name
                ),
            ))
        }
    }
}

fn text<'a>(args: &'a [CowVal<'_, '_>]) -> Result<&'a str, ExecutionError> {
    args.first()
        .and_then(|value| value.downcast_ref::<CelString>())
        .map(|text| text.inner())
        .ok_or_else(ExecutionError::missing_argument_or_target)
}

thread_local! {
    /// The steps that are left. Every evaluation has a thread of its own.
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// No expression can name a function that begins with @.
pub(super) const CHARGE: &str = "@charge";
pub(super) const CHARGE_PATTERN: &str = "@charge_pattern";
/// What compiling a usual pattern costs, in steps.
const PATTERN_STEPS: usize = 100;
/// How much text is as much work as one value.
const TEXT_BYTES: usize = 64;
const UNITS: [(char, i64); 3] = [('h', 3600), ('m', 60), ('s', 1)];

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_are_whole_seconds() {
        for (text, expected) in [
            ("720h", Some(2_592_000)),
            ("1h30m", Some(5400)),
            ("90s", Some(90)),
            ("-1h", Some(-3600)),
            ("0s", Some(0)),
            ("1.5h", None),
            ("1m1h", None),
            ("1h1h", None),
            ("30d", None),
            ("", None),
            ("-", None),
            ("h", None),
            ("1", None),
            ("9223372036854775807h", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
