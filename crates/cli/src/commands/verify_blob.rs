//! `sealcheck verify-blob`.

use sealcheck_verify::Content;

use crate::CommandLine;
use crate::args::BlobArgs;
use crate::problem::Result;
use crate::session::Session;

/// Verifies signatures over files.
pub(crate) fn run(args: &BlobArgs, line: &CommandLine<'_>) -> Result<u8> {
    let session = Session::open(&args.verify, line, &args.artifacts, Content::Signature)?;
    let artifacts = session.artifacts(&args.artifacts)?;
    session.run(
        artifacts,
        false,
        args.batch.fail_fast,
        |verdict| verdict,
        |_| Ok(()),
    )
}
