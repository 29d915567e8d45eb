//! The result document (`sealcheck/result/v1`).

use sealcheck_verify::{Evidence, Outcome, Verdict};
use serde::Serialize;

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
    /// The worst outcome of all results; `usage` when there is none, since nothing was verified.
    pub outcome: Outcome,
    /// One evidence object for each artifact, in the order of the input.
    pub results: Vec<Evidence>,
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
            results,
        }
    }

    /// The document as indented JSON with a line feed at its end.
    ///
    /// # Errors
    /// None that can occur: every value of the document has a JSON form.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}
