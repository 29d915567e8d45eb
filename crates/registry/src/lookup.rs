//! Answers: found, or authoritatively not there.

/// An answer of a registry. What could not be asked is an error and never [`Lookup::Absent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there.
    Found(T),
    /// Every place that was asked said, as a registry says it, that it has none.
    Absent(Absence),
}

/// What a registry said when it has something not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Absence {
    /// What was asked, one URL for each place.
    pub asked: Vec<String>,
    /// The registry's error code, for example `MANIFEST_UNKNOWN` or `NAME_UNKNOWN`; of the last place, and empty when it
    /// gave none.
    pub code: String,
}

impl<T> Lookup<T> {
    /// What was found.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Absent(_) => None,
        }
    }

    /// Whether it is authoritatively not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }

    /// The same answer with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(found) => Lookup::Found(change(found)),
            Self::Absent(absence) => Lookup::Absent(absence),
        }
    }
}
