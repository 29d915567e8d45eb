//! The JSON schemas of the documents (draft 2020-12), made from the types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use sealcheck_verify::Evidence;
use serde_json::Value;

use crate::{ResultDocument, TreeDocument};

/// The schema of `sealcheck/evidence/v1`.
#[must_use]
pub fn evidence() -> Value {
    generate::<Evidence>()
}

/// The schema of `sealcheck/result/v1`.
#[must_use]
pub fn result() -> Value {
    generate::<ResultDocument>()
}

/// The schema of `sealcheck/tree/v1`.
#[must_use]
pub fn tree() -> Value {
    generate::<TreeDocument>()
}

fn generate<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
