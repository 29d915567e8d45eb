//! One figure, its bar and its baseline.

use std::fmt;

/// A figure of this run.
pub(crate) struct Figure {
    /// What was measured, unique: the key in the baseline.
    pub(crate) name: String,
    pub(crate) measured: u64,
    /// What must never be crossed.
    pub(crate) bar: Option<u64>,
}

/// What becomes of a figure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Accepted,
    OverBar,
    Worse,
    /// Good news, but a later loss of the same size would go unnoticed.
    Better,
    NotRecorded,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, measured: u64, bar: Option<u64>) -> Self {
        Self {
            name: name.into(),
            measured,
            bar,
        }
    }

    pub(crate) fn crosses_bar(&self) -> bool {
        self.bar.is_some_and(|bar| self.measured > bar)
    }

    pub(crate) fn judge(&self, recorded: Option<u64>) -> Judgement {
        let per_cent = |recorded: u64, share: u64| recorded.saturating_mul(share) / 100;
        match recorded {
            _ if self.crosses_bar() => Judgement::OverBar,
            None => Judgement::NotRecorded,
            Some(recorded) if self.measured > per_cent(recorded, WORST) => Judgement::Worse,
            Some(recorded) if self.measured < per_cent(recorded, BEST) => Judgement::Better,
            Some(_) => Judgement::Accepted,
        }
    }

    pub(crate) fn row(&self, recorded: Option<u64>, judgement: &Judgement) -> String {
        let number = |number: Option<u64>| number.map_or("-".to_owned(), grouped);
        format!(
            "{:<44} {:>14} {:>14} {:>14}  {judgement}",
            self.name,
            grouped(self.measured),
            number(recorded),
            number(self.bar),
        )
    }
}

impl Judgement {
    pub(crate) fn accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "pass",
            Self::OverBar => "OVER THE BAR",
            Self::Worse => "WORSE than the baseline by more than 5 %",
            Self::Better => "BETTER than the baseline by more than 10 %, which should be recorded",
            Self::NotRecorded => "NOT IN THE BASELINE",
        })
    }
}

/// With spaces between the thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// The widest range around a baseline that is taken for noise: other compilers, other C libraries, in per cent.
const WORST: u64 = 105;
const BEST: u64 = 90;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_watched() {
        let judge = |measured, recorded| Figure::new("f", measured, Some(1_000)).judge(recorded);
        assert_eq!(judge(100, Some(100)), Judgement::Accepted);
        assert_eq!(judge(105, Some(100)), Judgement::Accepted);
        assert_eq!(judge(106, Some(100)), Judgement::Worse);
        assert_eq!(judge(90, Some(100)), Judgement::Accepted);
        assert_eq!(judge(89, Some(100)), Judgement::Better);
        assert_eq!(judge(1_001, Some(1_001)), Judgement::OverBar);
        assert_eq!(judge(100, None), Judgement::NotRecorded);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234), "1 234");
        assert_eq!(grouped(12_345_678), "12 345 678");
    }
}
