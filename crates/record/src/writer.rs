//! The result document, written while the results come in.

use std::io::{self, Write};

use sealcheck_verify::{Outcome, Verdict};

use crate::document::{LeftOut, RESULT_SCHEMA};
use crate::escape::escaped;

/// Writes a [`ResultDocument`](crate::ResultDocument) result by result, so that memory does not grow with their number.
///
/// The worst outcome is known only at the end, so it is the last field instead of the second; JSON gives the order of
/// fields no meaning.
#[derive(Debug)]
pub struct ResultWriter<W: Write> {
    out: W,
    outcome: Option<Outcome>,
    left_out: Vec<LeftOut>,
}

impl<W: Write> ResultWriter<W> {
    /// Begins a document.
    ///
    /// # Errors
    /// What the writer returns.
    pub fn new(mut out: W) -> io::Result<Self> {
        write!(
            out,
            "{{\n  \"schema\": \"{RESULT_SCHEMA}\",\n  \"results\": ["
        )?;
        Ok(Self {
            out,
            outcome: None,
            left_out: Vec::new(),
        })
    }

    /// Lists something that was not verified, behind the results.
    pub fn leave_out(&mut self, left_out: LeftOut) {
        self.left_out.push(left_out);
    }

    /// Adds the evidence of one artifact.
    ///
    /// # Errors
    /// What the writer returns.
    pub fn push(&mut self, verdict: &Verdict) -> io::Result<()> {
        if self.outcome.is_some() {
            self.out.write_all(b",")?;
        }
        self.outcome = self.outcome.max(Some(verdict.outcome()));
        let text = escaped(serde_json::to_string_pretty(verdict.evidence())?);
        for line in text.lines() {
            write!(self.out, "\n    {line}")?;
        }
        Ok(())
    }

    /// Ends the document; gives the writer back, flushed, and the worst outcome: `usage` when there was no result.
    ///
    /// # Errors
    /// What the writer returns.
    pub fn finish(mut self) -> io::Result<(W, Outcome)> {
        let outcome = self.outcome.unwrap_or(Outcome::Usage);
        let close = if self.outcome.is_some() { "\n  ]" } else { "]" };
        write!(self.out, "{close},")?;
        for (index, left_out) in self.left_out.iter().enumerate() {
            let begin = if index == 0 {
                "\n  \"leftOut\": ["
            } else {
                ","
            };
            write!(
                self.out,
                "{begin}\n    {}",
                escaped(serde_json::to_string(left_out)?)
            )?;
        }
        let end = if self.left_out.is_empty() {
            ""
        } else {
            "\n  ],"
        };
        write!(self.out, "{end}\n  \"outcome\": \"{outcome}\"\n}}\n")?;
        self.out.flush()?;
        Ok((self.out, outcome))
    }
}
