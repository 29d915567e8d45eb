//! Why a verification did not succeed: a stable code with the facts.

use std::fmt;

use crate::{Outcome, Reason};

/// The result of one check.
pub type Result<T> = std::result::Result<T, Failure>;

/// One failed check: the reason's code, where it was seen, what was expected and what was found.
///
/// The facts are data for people; the [`Reason`] is what programs match on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// The stable reason code.
    pub reason: Reason,
    /// The field or the part in which it was seen, for example
    /// `verificationMaterial.tlogEntries[0].inclusionProof.checkpoint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Box<str>>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Box<str>>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Box<str>>,
    /// More about this very case, one sentence without a full stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<str>>,
}

impl Failure {
    /// A failure with its code alone.
    pub fn new(reason: Reason) -> Self {
        Self {
            reason,
            field: None,
            expected: None,
            found: None,
            detail: None,
        }
    }

    /// Says where it was seen.
    #[must_use]
    pub fn at(mut self, field: impl Into<Box<str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Puts `parent` before the field, with a dot unless the field begins with an index.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = Some(match self.field {
            None => parent.into(),
            Some(field) if field.starts_with('[') => format!("{parent}{field}").into(),
            Some(field) => format!("{parent}.{field}").into(),
        });
        self
    }

    /// Puts the name of a file before the field, so that the two can be told apart: `root.json: tlogs[0].baseUrl`.
    #[must_use]
    pub fn of_file(mut self, file: &str) -> Self {
        self.field = Some(match self.field {
            None => file.into(),
            Some(field) => format!("{file}: {field}").into(),
        });
        self
    }

    /// Says what would have been right.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string().into());
        self
    }

    /// Says what was there. Control characters are escaped and long values cut, because this text is hostile input.
    #[must_use]
    pub fn found(mut self, found: impl fmt::Display) -> Self {
        self.found = Some(printable(&found.to_string()).into());
        self
    }

    /// Adds one sentence about this case.
    #[must_use]
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(printable(&detail.to_string()).into());
        self
    }

    /// Adds a sentence behind what is said about this case already.
    #[must_use]
    pub fn and_detail(self, more: impl fmt::Display) -> Self {
        let Some(detail) = &self.detail else {
            return self.detail(more);
        };
        let both = format!("{detail}; {}", printable(&more.to_string()));
        Self {
            detail: Some(both.into()),
            ..self
        }
    }

    /// Passes what it tells about this case through `told`, which may leave out what must not be printed.
    #[must_use]
    pub fn with_words(mut self, told: &dyn Fn(&str) -> String) -> Self {
        let words = [
            &mut self.field,
            &mut self.expected,
            &mut self.found,
            &mut self.detail,
        ];
        for text in words.into_iter().flatten() {
            *text = told(text).into();
        }
        self
    }

    /// The outcome that this failure leads to.
    pub fn outcome(&self) -> Outcome {
        self.reason.outcome()
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        self.reason.cure()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.summary())?;
        if let Some(field) = &self.field {
            write!(f, " at {field}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => write!(f, " (expected {expected}, found {found})"),
            (Some(expected), None) => write!(f, " (expected {expected})"),
            (None, Some(found)) => write!(f, " (found {found})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// `text` with control and direction-changing characters escaped, and cut.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(PRINTABLE_CHARACTERS));
    for (count, character) in text.chars().enumerate() {
        if count == PRINTABLE_CHARACTERS {
            out.push('…');
            break;
        }
        match is_unprintable(character) {
            true => out.extend(character.escape_unicode()),
            false => out.push(character),
        }
    }
    out
}

/// Whether a character controls a terminal, changes the direction of text or cannot be seen.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Hostile text is cut here: long enough for any identity seen in the field.
const PRINTABLE_CHARACTERS: usize = 512;

#[cfg(test)]
mod tests {
    use super::{Failure, printable};
    use crate::Reason;

    #[test]
    fn field_paths_nest() {
        let failure = Failure::new(Reason::CheckpointMalformed)
            .at("checkpoint")
            .within("inclusionProof")
            .within("tlogEntries[0]");
        assert_eq!(
            failure.field.as_deref(),
            Some("tlogEntries[0].inclusionProof.checkpoint")
        );
        let failure = Failure::new(Reason::MaterialMalformed)
            .at("[3]")
            .within("hashes");
        assert_eq!(failure.field.as_deref(), Some("hashes[3]"));
        let failure = failure.of_file("root.json");
        assert_eq!(failure.field.as_deref(), Some("root.json: hashes[3]"));
        let failure = Failure::new(Reason::MaterialMalformed).of_file("root.json");
        assert_eq!(failure.field.as_deref(), Some("root.json"));
    }

    #[test]
    fn what_is_said_already_stays() {
        let failure = Failure::new(Reason::ReleaseMismatch).and_detail("one");
        assert_eq!(failure.detail.as_deref(), Some("one"));
        let failure = failure.and_detail("two\n");
        assert_eq!(failure.detail.as_deref(), Some("one; two\\u{a}"));
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor() {
        assert_eq!(
            printable("a\u{1b}[2Jb\n\u{202e}"),
            "a\\u{1b}[2Jb\\u{a}\\u{202e}"
        );
        assert_eq!(printable(&"x".repeat(10_000)).chars().count(), 513);
    }
}
