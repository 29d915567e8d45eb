//! `cargo xtask schema`: the JSON schemas of the documents, made from the types and committed in docs/schema.

use anyhow::Result;
use clap::Args;
use sealcheck_record::schema;

use crate::docs::generated;

#[derive(Args)]
pub(crate) struct Options {
    /// Fail when a committed schema is not current, instead of writing it
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    for (name, schema) in [
        ("evidence-v1", schema::evidence()),
        ("result-v1", schema::result()),
        ("tree-v1", schema::tree()),
        ("release-report-v1", schema::release_report()),
        ("release-images-v1", schema::release_images()),
        ("release-folder-v1", schema::release_folder()),
        ("release-list-v1", schema::release_list()),
        ("kit-v1", schema::kit()),
    ] {
        let page = serde_json::to_string_pretty(&schema)? + "\n";
        generated(&format!("docs/schema/{name}.json"), &page, options.check)?;
    }
    Ok(())
}
