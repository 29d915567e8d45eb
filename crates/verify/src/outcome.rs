//! The four outcomes of a verification.

use std::fmt;

/// How a verification ended. Every verification ends in exactly one of these.
///
/// The order is the order of gravity that decides over several artifacts: the greatest one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Proof was found and every required check passed.
    Verified,
    /// We looked everywhere we should, got authoritative answers, and there is no proof.
    Unsigned,
    /// The question could not be answered: network, registry, log, trust root, no trusted signing time.
    Unavailable,
    /// Proof was found and it is wrong, or not by whom the user requires.
    Rejected,
    /// The command, the policy or the configuration is wrong; nothing was verified.
    Usage,
}

impl Outcome {
    /// The exit code of a process that ends with this outcome.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Rejected => 1,
            Self::Usage => 2,
            Self::Unavailable => 3,
            Self::Unsigned => 4,
        }
    }

    /// The outcome's name as it stands in documents: `verified`, `rejected`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Usage => "usage",
            Self::Unavailable => "unavailable",
            Self::Unsigned => "unsigned",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn the_worst_outcome_decides() {
        let all = [
            Outcome::Verified,
            Outcome::Unsigned,
            Outcome::Unavailable,
            Outcome::Rejected,
            Outcome::Usage,
        ];
        assert!(all.is_sorted());
        assert_eq!(all.map(Outcome::exit_code), [0, 4, 3, 1, 2]);
    }
}
