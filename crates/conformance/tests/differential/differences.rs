//! Where the two differ, and why that is right.

use sealcheck_verify::{Failure, Reason};
use serde_json::Value;

use crate::judge::{Case, Direction};

/// A class of disagreements that is understood.
pub(crate) struct Difference {
    pub(crate) id: &'static str,
    pub(crate) direction: Direction,
    pub(crate) applies: fn(&Seen<'_>) -> bool,
    /// What differs.
    pub(crate) what: &'static str,
    /// Why ours is right.
    pub(crate) why: &'static str,
}

/// A disagreement.
pub(crate) struct Seen<'a> {
    pub(crate) case: &'a Case,
    /// The bundle; null when it is no JSON.
    pub(crate) bundle: &'a Value,
    /// Our reason to reject.
    pub(crate) ours: Option<&'a Failure>,
    /// The oracle's.
    pub(crate) oracle: Option<&'a str>,
}

pub(crate) const DIFFERENCES: &[Difference] = &[];
