//! `sealcheck verify-attestation`.

use std::sync::Arc;

use sealcheck_engine::{Demand, ImageVerdict};
use sealcheck_policy::judge;
use sealcheck_verify::{Content, Outcome};

use crate::CommandLine;
use crate::args::ImageAttestationArgs;
use crate::commands::verify_blob_attestation::{print_predicate, require_claims};
use crate::demands::{self, predicate_type};
use crate::image_session::{self, ImageSession};
use crate::problem::Result;

/// Verifies attestations about images.
pub(crate) fn run(args: &ImageAttestationArgs, line: &CommandLine<'_>) -> Result<u8> {
    let predicate = &args.predicate;
    require_claims(&predicate.check_claims)?;
    image_session::refuse(&args.refused)?;
    let predicate_type = predicate_type(&predicate.predicate_type)?;
    let output = args.verify.output.output_file.as_deref();
    let demands = Arc::new(demands::read(predicate, &predicate_type, output)?);
    let content = Content::Attestation(predicate_type.uri().into());
    let session = ImageSession::open(&args.images, &args.verify, line, |requirements| {
        requirements.content(content.clone())
    })?;
    let demand = Demand::new(move |verdict| judge(verdict, &demands));
    session.run(
        Some(demand),
        predicate.print_predicate,
        |verdict| match predicate.print_predicate {
            true => predicates(verdict),
            false => Ok(()),
        },
    )
}

/// The predicate of every attestation that holds; nothing at all unless the image is verified.
fn predicates(verdict: &ImageVerdict) -> Result<()> {
    if verdict.outcome() != Outcome::Verified {
        return Ok(());
    }
    verdict
        .accepted()
        .try_for_each(|proof| print_predicate(&proof.verdict))
}
