//! Who must have signed, what is trusted and what is required: settled once, for every command that verifies.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealcheck_engine::Engine;
use sealcheck_trust::Warning;
use sealcheck_verify::Requirements;

use crate::args::{Common, DeprecatedArgs};
use crate::console::Console;
use crate::problem::{Problem, Result};
use crate::registry::Access;
use crate::requirements::{self, RequiredSigner};
use crate::session::{read_and_written, resolved, tell_pipe};
use crate::signer::{self, Given, Signer};
use crate::{CommandLine, precedence, setup};

/// An engine, and what each proof must show.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    pub(crate) requirements: Arc<Requirements>,
    /// The arguments without what a stronger answer made void.
    pub(crate) args: Common,
}

impl Opened {
    /// Reads the flags; `demand` adds what the command itself requires. `otherwise` says who must have signed when
    /// no signer is named completely; it gets what is.
    pub(crate) fn new(
        args: Common,
        access: Access,
        line: &CommandLine<'_>,
        demand: impl FnOnce(Requirements) -> Requirements,
        otherwise: impl FnOnce(Option<String>, Option<String>) -> Result<Signer>,
    ) -> Result<Self> {
        let console = line.console;
        refuse_hardware(&args.deprecated)?;
        let settled = precedence::settle(args, line)?;
        let args = &settled.args;
        if let Some(key) = &args.signer.key {
            tell_pipe(console, key.as_ref());
        }
        tell_deprecated(&args.deprecated, console);
        let weakened = requirements::weakened(&settled, line.matches);
        let said = signer::said(&args.signer, line.matches);
        for text in settled.notes.iter().chain(&weakened).chain(&said) {
            console.note(text);
        }
        let signer = match signer::read(&args.signer, line.matches)? {
            Given::Signer(signer) => signer,
            Given::Incomplete { identity, issuer } => otherwise(identity, issuer)?,
        };
        if let Signer::Identity(identities) = &signer {
            for text in signer::warnings(identities) {
                console.warning(&text);
            }
        }
        let by_key = matches!(signer, Signer::Key(_));
        let needed = requirements::need_trust(args, by_key);
        let engine = setup::engine(&args.trust, &args.network, access, needed)?;
        for warning in &engine.trust().warnings {
            tell(console, warning, args.network.offline, args.verbose);
        }
        for skipped in engine.trust().root.skipped() {
            console.note(&format!(
                "a log of the trusted root is left out: {skipped}."
            ));
        }
        let signer = match signer {
            Signer::Identity(identities) => RequiredSigner::Identity(identities),
            Signer::Key(key) => RequiredSigner::Key(key.load(&engine)?),
        };
        let requirements = requirements::build(&settled, signer)?;
        Ok(Self {
            engine,
            requirements: Arc::new(demand(requirements)),
            args: settled.args,
        })
    }

    /// Refuses an output that is one of the files that are `read`, or that key and trust are made of.
    pub(crate) fn refuse_overwriting(
        &self,
        output: Option<&Path>,
        read: impl Iterator<Item = PathBuf>,
    ) -> Result<()> {
        let Some((output, target)) = output.and_then(|output| Some((output, resolved(output)?)))
        else {
            return Ok(());
        };
        let trust = &self.args.trust;
        let trusted = [
            &trust.trusted_root,
            &trust.tuf_root,
            &trust.certificate_chain,
            &trust.ca_roots,
            &trust.ca_intermediates,
            &trust.timestamp_certificate_chain,
            &trust.rekor_public_key,
            &trust.ct_log_public_key,
        ];
        let trusted = trusted.into_iter().flatten().cloned();
        let key = self.args.signer.key.iter().map(PathBuf::from);
        let is_target = |file: PathBuf| resolved(&file).is_some_and(|file| file == target);
        // What a repository is made of, and what is kept of it.
        let mirror = trust.tuf_mirror.iter().map(PathBuf::from);
        let mut folders = setup::kept_in(trust).into_iter().chain(mirror);
        let is_within =
            |folder: PathBuf| resolved(&folder).is_some_and(|it| target.starts_with(it));
        match read.chain(key).chain(trusted).any(is_target) || folders.any(is_within) {
            true => Err(read_and_written(output)),
            false => Ok(()),
        }
    }
}

fn tell_deprecated(args: &DeprecatedArgs, console: Console<'_>) {
    if args.new_bundle_format {
        console.note("--new-bundle-format has no effect: the format of a bundle is recognised.");
    }
    if args.private_infrastructure {
        console.note("--private-infrastructure is deprecated: write --insecure-ignore-tlog.");
    }
}

fn refuse_hardware(args: &DeprecatedArgs) -> Result<()> {
    match args.sk || args.slot.is_some() {
        false => Ok(()),
        true => Err(Problem::argument("--sk and --slot: hardware tokens are not asked for keys").with_hint(
            "Export the token's public key to a file once (cosign public-key --sk > token.pub), and give it with --key.",
        )),
    }
}

/// What the user should know about the trusted root. Offline, an embedded root is what was asked for.
fn tell(console: Console<'_>, warning: &Warning, offline: bool, verbose: bool) {
    let expected = offline && matches!(warning, Warning::EmbeddedLastResort { .. });
    match expected {
        true if verbose => console.note(&format!("{warning}.")),
        true => {}
        false => console.warning(&format!("{warning}.")),
    }
}
