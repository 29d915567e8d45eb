//! Demands on SLSA provenance, by the rules of slsa-verifier: names are equal or they are not.

mod builder;
mod certificate;
mod source;
mod version;

pub(crate) use certificate::agree;

pub use builder::BuilderDemand;
pub use source::SourceDemand;

use crate::limits::DEMAND_BYTES;
use sealcheck_verify::{Failure, Reason, Result};

/// Text that a demand can be: printable, without spaces, not endless.
fn plain(text: &str, flag: &'static str) -> Result<()> {
    if text.len() > DEMAND_BYTES.max {
        return Err(usage(flag)
            .expected(format!(
                "at most {} bytes ({})",
                DEMAND_BYTES.max, DEMAND_BYTES.name
            ))
            .found(text.len()));
    }
    match text.chars().all(|c| !c.is_control() && !c.is_whitespace()) && !text.is_empty() {
        true => Ok(()),
        false => Err(usage(flag)
            .expected("text without spaces")
            .found(format_args!("{text:?}"))),
    }
}

fn usage(flag: &'static str) -> Failure {
    Failure::new(Reason::ArgumentInvalid).at(flag)
}

/// Whether a ref that was found is the demanded one: the same, or the tag of that name.
fn same_reference(demanded: &str, found: &str) -> bool {
    found == demanded || found.strip_prefix(TAGS) == Some(demanded)
}

const TAGS: &str = "refs/tags/";
