//! What both verifying commands do.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use sealcheck_engine::{ArtifactSource, BlobRequest, Engine, Input, MaterialSource, Named, expand};
use sealcheck_trust::Warning;
use sealcheck_verify::{Content, Reason, Requirements, Verdict, printable};

use crate::args::VerifyArgs;
use crate::console::Console;
use crate::environment::{origin, spoken};
use crate::output::{self, Output, Watch};
use crate::problem::{Problem, Result};
use crate::requirements::{self, RequiredSigner};
use crate::signer::{self, Given, Signer};
use crate::suggestion;
use crate::{CommandLine, setup};

/// A verification that is ready to be made.
pub(crate) struct Session<'a> {
    args: &'a VerifyArgs,
    console: Console<'a>,
    engine: Engine,
    requirements: Arc<Requirements>,
    material: MaterialSource,
}

impl<'a> Session<'a> {
    /// Settles who must have signed, what is trusted and what is required. `names` are the artifacts as the user wrote
    /// them.
    pub(crate) fn open(
        args: &'a VerifyArgs,
        line: &CommandLine<'a>,
        names: &[String],
        content: Content,
    ) -> Result<Self> {
        let console = line.console;
        refuse_hardware(args)?;
        let proof = &args.proof;
        let parts = [
            &proof.bundle,
            &proof.signature,
            &proof.certificate,
            &proof.rfc3161_timestamp,
            &proof.sct,
            &args.signer.key,
        ];
        for part in parts.into_iter().flatten() {
            tell_pipe(console, part.as_ref());
        }
        if args.deprecated.new_bundle_format {
            console
                .note("--new-bundle-format has no effect: the format of a bundle is recognised.");
        }
        if args.deprecated.private_infrastructure {
            console.note("--private-infrastructure is deprecated: write --insecure-ignore-tlog.");
        }
        for text in requirements::weakened(args, line.matches) {
            console.note(&text);
        }
        let signer = match signer::read(&args.signer, line.matches)? {
            Given::Signer(signer) => signer,
            Given::Incomplete { identity, issuer } => {
                return Err(suggestion::missing(
                    &args.proof,
                    line,
                    names,
                    identity,
                    issuer,
                ));
            }
        };
        if let Signer::Identity(identities) = &signer {
            for text in signer::warnings(identities) {
                console.warning(&text);
            }
        }
        let material = material(args, line.matches)?;
        let engine = setup::engine(&args.trust, &args.network, line.matches)?;
        for warning in &engine.trust().warnings {
            tell(console, warning, args.network.offline, args.output.verbose);
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
        let requirements = requirements::build(args, signer, content)?;
        Ok(Self {
            args,
            console,
            engine,
            requirements: Arc::new(requirements),
            material,
        })
    }

    /// The result must not be written over what it is about.
    fn refuse_input_as_output(&self, artifacts: &[ArtifactSource]) -> Result<()> {
        let Some(output) = &self.args.output.output_file else {
            return Ok(());
        };
        let Ok(target) = output.canonicalize() else {
            return Ok(());
        };
        let proof = &self.args.proof;
        let named = [
            &proof.bundle,
            &proof.signature,
            &proof.certificate,
            &proof.rfc3161_timestamp,
            &proof.sct,
            &self.args.signer.key,
        ];
        let named = named.into_iter().flatten().map(PathBuf::from);
        let root = self.args.trust.trusted_root.iter().map(PathBuf::from);
        let files = artifacts.iter().filter_map(|artifact| match artifact {
            ArtifactSource::File(file) => Some(file),
            _ => None,
        });
        let beside = files
            .clone()
            .flat_map(|file| sealcheck_engine::proof_paths(file));
        let mut read = named.chain(root).chain(files.cloned()).chain(beside);
        let is_target = |file: PathBuf| file.canonicalize().is_ok_and(|file| file == target);
        match read.any(is_target) {
            true => Err(read_and_written(output)),
            false => Ok(()),
        }
    }

    /// Verifies the artifacts, writes the results, and gives the exit code. `judge` says what else the verdict depends
    /// on; `each` sees what was written.
    pub(crate) fn run(
        &self,
        artifacts: Vec<ArtifactSource>,
        predicate: bool,
        judge: impl Fn(Verdict) -> Verdict,
        mut each: impl FnMut(&Verdict) -> Result<()>,
    ) -> Result<u8> {
        let count = artifacts.len();
        if count > 1 && self.names_one_artifact() {
            return Err(Problem::argument(format!("one proof is named for {count} artifacts"))
                .with_hint("A proof belongs to one artifact: verify them one by one, or leave the proofs beside the files, where they are found."));
        }
        if matches!(self.material, MaterialSource::Beside) {
            refuse_placeless(&artifacts)?;
        }
        self.refuse_input_as_output(&artifacts)?;
        let mut output = Output::begin(&self.args.output, self.console, count > 1, predicate)?;
        let bar = output::bar(self.console, count);
        let watch = Watch(bar.as_ref());
        let mut problem = None;
        let mut take = |verdict: Verdict| {
            let verdict = judge(verdict);
            if let Some(bar) = &bar {
                bar.done();
            }
            let mut write = || output.push(&verdict).and_then(|()| each(&verdict));
            let written = match &bar {
                Some(bar) => bar.suspend(write),
                None => write(),
            };
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(stop) => {
                    problem = Some(stop);
                    ControlFlow::Break(())
                }
            }
        };
        let mut requests: Vec<BlobRequest> = artifacts
            .into_iter()
            .map(|artifact| self.request(artifact))
            .collect();
        match (requests.pop(), requests.is_empty()) {
            // One artifact needs no threads.
            (Some(only), true) => {
                let _ = take(self.engine.verify_blob(&only, &watch));
            }
            (Some(last), false) => {
                requests.push(last);
                self.engine
                    .verify_all(requests, self.jobs(), &watch, |_, verdict| take(verdict));
            }
            (None, _) => {}
        }
        if let Some(bar) = &bar {
            bar.clear();
        }
        match problem {
            Some(problem) => Err(problem),
            None => output.finish().map(sealcheck_verify::Outcome::exit_code),
        }
        .map_err(Problem::late)
    }

    /// The artifacts that the user means: folders are walked.
    pub(crate) fn artifacts(&self, names: &[String]) -> Result<Vec<ArtifactSource>> {
        let mut out = Vec::new();
        let mut stream = false;
        for name in names {
            match artifact(name)? {
                ArtifactSource::File(path) if path.is_dir() => {
                    let expansion = expand(std::slice::from_ref(&path));
                    if expansion.files.is_empty() {
                        return Err(Problem::argument(format!(
                            "the folder {} has no file to verify",
                            shown(&path)
                        ))
                        .with_hint("Name a folder with the signed files and their proofs in it."));
                    }
                    self.tell_proofs(&path, &expansion.proofs);
                    for skipped in &expansion.skipped {
                        self.console.note(&format!(
                            "{} is left out: {}.",
                            shown(&skipped.path),
                            skipped.why
                        ));
                    }
                    out.extend(expansion.files.into_iter().map(ArtifactSource::File));
                }
                ArtifactSource::Stream(_) if stream => {
                    return Err(Problem::argument("standard input (-) is named twice")
                        .with_hint("It can be read once only."));
                }
                source => {
                    if let ArtifactSource::File(path) = &source {
                        tell_pipe(self.console, path);
                    }
                    stream |= matches!(source, ArtifactSource::Stream(_));
                    out.push(source);
                }
            }
        }
        Ok(out)
    }

    /// What of a folder is not verified because it is a proof.
    fn tell_proofs(&self, folder: &Path, proofs: &[PathBuf]) {
        let count = proofs.len();
        match count {
            0 => return,
            1 => self.console.note(&format!(
                "1 file in {} is the proof of a file beside it, and not verified itself.",
                shown(folder)
            )),
            _ => self.console.note(&format!(
                "{count} files in {} are proofs of files beside them, and not verified themselves.",
                shown(folder)
            )),
        }
        if self.args.output.verbose {
            for proof in proofs {
                self.console.note(&format!("{} is a proof.", shown(proof)));
            }
        }
    }

    fn request(&self, artifact: ArtifactSource) -> BlobRequest {
        BlobRequest {
            artifact,
            material: self.material.clone(),
            requirements: Arc::clone(&self.requirements),
            lookup: !(self.args.proof.insecure_ignore_tlog
                || self.args.deprecated.private_infrastructure),
            save_bundle: self.args.proof.save_bundle.clone(),
        }
    }

    fn names_one_artifact(&self) -> bool {
        matches!(self.material, MaterialSource::Named(_)) || self.args.proof.save_bundle.is_some()
    }

    fn jobs(&self) -> NonZeroUsize {
        self.args
            .output
            .jobs
            .unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

/// Whether two paths lead to one file that is there.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The result would replace what it depends on.
pub(crate) fn read_and_written(output: &Path) -> Problem {
    Problem::argument(format!(
        "--output-file {} is a file that the verification reads",
        shown(output)
    ))
    .with_hint("Name another file for the result.")
}

/// An artifact as the user names it.
pub(crate) fn artifact(name: &str) -> Result<ArtifactSource> {
    ArtifactSource::parse(name).map_err(|failure| match failure.reason {
        Reason::ArgumentInvalid if name.contains("://") => setup::wrong_address(failure),
        Reason::ArgumentInvalid => Problem::from(failure).with_hint(DIGEST_HINT),
        _ => failure.into(),
    })
}

/// Says that a named pipe is waited for: nothing else shows it.
pub(crate) fn tell_pipe(console: Console<'_>, path: &Path) {
    if is_pipe(path) {
        console.note(&format!(
            "{} is a pipe: sealcheck waits for a program that writes into it.",
            shown(path)
        ));
    }
}

/// Whether reading waits for somebody who writes. The shell's own pipes, which are links, have one already.
#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::symlink_metadata(path).is_ok_and(|there| there.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// Refuses artifacts beside which no proof can lie, when none is named.
fn refuse_placeless(artifacts: &[ArtifactSource]) -> Result<()> {
    let what = artifacts.iter().find_map(|artifact| match artifact {
        ArtifactSource::Stream(_) => Some("standard input"),
        ArtifactSource::Digest(_) => Some("a digest"),
        ArtifactSource::File(_) | ArtifactSource::Url(_) => None,
    });
    match what {
        None => Ok(()),
        Some(what) => Err(Problem::argument(format!(
            "{what} has no place beside it where a proof can be found"
        ))
        .with_hint("Name the proof with --bundle, or with --signature and --certificate.")),
    }
}

/// Refuses standard input as a part of a proof, because it may be the artifact.
fn refuse_streams(args: &VerifyArgs, matches: &ArgMatches) -> Result<()> {
    let proof = &args.proof;
    for (id, text) in [
        ("bundle", &proof.bundle),
        ("signature", &proof.signature),
        ("certificate", &proof.certificate),
        ("rfc3161_timestamp", &proof.rfc3161_timestamp),
        ("sct", &proof.sct),
    ] {
        if text.as_deref() == Some("-") {
            let flag = spoken(matches, id);
            return Err(Problem::argument(format!(
                "{flag} cannot be standard input (-): only an artifact or a key can"
            ))
            .with_hint(format!(
                "Write it to a file and name that with {flag}; a file whose name is - is ./-."
            )));
        }
    }
    Ok(())
}

/// A path for people: names of files can be hostile text.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// The proof that the flags name. Of a bundle and a signature the one given by stronger means counts.
fn material(args: &VerifyArgs, matches: &ArgMatches) -> Result<MaterialSource> {
    refuse_streams(args, matches)?;
    let proof = &args.proof;
    let (bundle, signature) = (origin(matches, "bundle"), origin(matches, "signature"));
    if bundle.is_some() && bundle == signature {
        return Err(setup::exclusive(matches, "bundle", "signature")
            .with_hint("A bundle already has the signature: give one of them."));
    }
    let parts = [
        ("certificate", &proof.certificate),
        ("rfc3161_timestamp", &proof.rfc3161_timestamp),
        ("sct", &proof.sct),
    ];
    let input = |text: &Option<String>| text.as_deref().map(Input::parse);
    if bundle.is_none() && signature.is_none() {
        return match parts.iter().find(|(_, text)| text.is_some()) {
            Some((id, _)) => Err(Problem::argument(format!(
                "{} is only a part of a proof",
                spoken(matches, id)
            ))
            .with_hint("Name the signature too, with --signature or --bundle.")),
            None => Ok(MaterialSource::Beside),
        };
    }
    let by_bundle = bundle > signature;
    if by_bundle && proof.certificate.is_some() {
        return Err(setup::exclusive(matches, "bundle", "certificate")
            .with_hint("A bundle brings its own certificate: drop --certificate, or give --signature instead of --bundle."));
    }
    Ok(MaterialSource::Named(Box::new(Named {
        bundle: input(&proof.bundle).filter(|_| by_bundle),
        signature: proof
            .signature
            .as_deref()
            .filter(|_| !by_bundle)
            .map(Input::parse_signature),
        certificate: input(&proof.certificate),
        chain: None,
        timestamp: input(&proof.rfc3161_timestamp),
        sct: input(&proof.sct),
    })))
}

fn refuse_hardware(args: &VerifyArgs) -> Result<()> {
    match args.deprecated.sk || args.deprecated.slot.is_some() {
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

/// An artifact that is known by its digest only.
pub(crate) fn digest_source(text: &str) -> Result<ArtifactSource> {
    text.parse().map(ArtifactSource::Digest).map_err(|error| {
        Problem::argument(format!("--digest {text}: {error}"))
            .with_hint(format!("{DIGEST_HINT} HEX alone goes with --digestAlg."))
    })
}

const DIGEST_HINT: &str = "Write ALG:HEX, for example sha256: and the 64 hex digits that `sha256sum FILE` prints; a file of that name is ./NAME.";
