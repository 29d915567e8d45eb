//! The result document (`sealcheck/result/v1`).

use sealcheck_verify::{Evidence, Outcome, Reason, Verdict};
use serde::Serialize;

use crate::escape::escaped;

/// The name of the JSON schema that [`ResultDocument`] serialises to.
pub const RESULT_SCHEMA: &str = "sealcheck/result/v1";

/// How a run ended: the worst outcome, and the evidence of each artifact.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResultDocument {
    /// `sealcheck/result/v1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = RESULT_SCHEMA)))]
    pub schema: &'static str,
    /// The worst outcome of all results; where there is none because the command failed, the outcome of its reason.
    pub outcome: Outcome,
    /// Why the command failed before anything was verified; only without results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// One evidence object for each artifact, in the order of the input.
    pub results: Vec<Evidence>,
    /// What lies in the folders that were named and is no artifact of its own. Nothing is proved about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// Something in a folder that was not verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Its path.
    pub path: String,
    /// Why, in a few words: what it is.
    pub why: String,
}

impl ResultDocument {
    /// The document of these verdicts.
    #[must_use]
    pub fn new<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>) -> Self {
        let results: Vec<Evidence> = verdicts
            .into_iter()
            .map(|verdict| verdict.evidence().clone())
            .collect();
        Self {
            schema: RESULT_SCHEMA,
            outcome: results
                .iter()
                .map(|evidence| evidence.outcome)
                .max()
                .unwrap_or(Outcome::Usage),
            reason: None,
            message: None,
            hint: None,
            results,
            left_out: Vec::new(),
        }
    }

    /// The document of a command that failed before anything was verified: a wrong command line, or no trusted root.
    #[must_use]
    pub fn failed(reason: Reason, message: &str, hint: &str) -> Self {
        Self {
            schema: RESULT_SCHEMA,
            outcome: reason.outcome(),
            reason: Some(reason),
            message: Some(message.to_owned()),
            hint: Some(hint.to_owned()),
            results: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// The document as indented JSON with a line feed at its end.
    ///
    /// # Errors
    /// None that can occur: every value of the document has a JSON form.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| escaped(text) + "\n")
    }
}
