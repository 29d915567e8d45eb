//! The JSON schemas of the documents (draft 2020-12), made from the types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use sealcheck_verify::Evidence;
use serde_json::Value;

use crate::{
    KitIndex, ReleaseFolder, ReleaseImages, ReleaseList, ReleaseReport, ResultDocument,
    TreeDocument,
};

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

/// The schema of `sealcheck/release-report/v1`.
#[must_use]
pub fn release_report() -> Value {
    generate::<ReleaseReport>()
}

/// The schema of `sealcheck/release-images/v1`.
#[must_use]
pub fn release_images() -> Value {
    generate::<ReleaseImages>()
}

/// The schema of `sealcheck/release-folder/v1`.
#[must_use]
pub fn release_folder() -> Value {
    generate::<ReleaseFolder>()
}

/// The schema of `sealcheck/release-list/v1`.
#[must_use]
pub fn release_list() -> Value {
    generate::<ReleaseList>()
}

/// The schema of `sealcheck/kit/v1`.
#[must_use]
pub fn kit() -> Value {
    generate::<KitIndex>()
}

fn generate<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
