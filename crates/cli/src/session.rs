//! What both commands that verify files do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use sealcheck_engine::{ArtifactSource, BlobRequest, Input, MaterialSource, Named, expand};
use sealcheck_record::LeftOut;
use sealcheck_verify::{Content, Reason, Requirements, Verdict, printable};

use crate::args::{MaterialArgs, VerifyArgs};
use crate::console::Console;
use crate::environment::{origin, spoken};
use crate::opened::Opened;
use crate::output::{self, Report, Shape};
use crate::problem::{Problem, Result};
use crate::registry::Access;
use crate::round::{Artifacts, Round};
use crate::suggestion;
use crate::{CommandLine, precedence, setup};

/// A verification that is ready to be made.
pub(crate) struct Session<'a> {
    pub(crate) args: &'a VerifyArgs,
    pub(crate) line: &'a CommandLine<'a>,
    pub(crate) opened: Opened,
    /// The parts of the proof that count.
    proof: MaterialArgs,
    material: MaterialSource,
}

impl<'a> Session<'a> {
    /// Settles who must have signed, what is trusted and what is required. `names` are the artifacts as the user wrote
    /// them.
    pub(crate) fn open(
        args: &'a VerifyArgs,
        line: &'a CommandLine<'a>,
        names: &[String],
        content: Content,
    ) -> Result<Self> {
        if args.require.signers().is_some() {
            return Err(Problem::argument(
                "--require signers=N is for images: a file has one proof at a time",
            )
            .with_hint("Verify the file once for each signer, with the proof of each."));
        }
        refuse_dashes(args, names)?;
        let (proof, notes) = precedence::material(&args.material, line);
        for text in notes {
            line.console.note(&text);
        }
        for part in parts(&proof).into_iter().flatten() {
            tell_pipe(line.console, part.as_ref());
        }
        if args.experimental_oci11 {
            line.console
                .note("--experimental-oci11 has no effect: nothing is asked of a registry.");
        }
        let missing = |identity, issuer| {
            let found = suggestion::beside(&proof, names);
            Err(suggestion::missing(
                line,
                found.as_slice(),
                identity,
                issuer,
            ))
        };
        let material = material(&proof, line.matches)?;
        let demand = |requirements: Requirements| requirements.content(content);
        let opened = Opened::new(args.common(), Access::default(), line, demand, missing)?;
        Ok(Self {
            args,
            line,
            opened,
            proof,
            material,
        })
    }

    /// The result must not be written over what it is about, nor where a proof would be looked for.
    fn refuse_input_as_output(&self, artifacts: &[ArtifactSource]) -> Result<()> {
        let named = parts(&self.proof).into_iter().flatten().map(PathBuf::from);
        let files = artifacts.iter().filter_map(|artifact| match artifact {
            ArtifactSource::File(file) => Some(file),
            _ => None,
        });
        let beside = files
            .clone()
            .flat_map(|file| sealcheck_engine::proof_paths(file));
        let saved = self.proof.save_bundle.iter().cloned();
        self.opened.refuse_overwriting(
            self.args.output.output_file.as_deref(),
            named.chain(files.cloned()).chain(beside).chain(saved),
        )
    }

    /// Verifies the artifacts, writes the results, and gives the exit code. `judge` says what else a verdict depends on;
    /// `each` sees what was written.
    pub(crate) fn run(
        &self,
        artifacts: Artifacts,
        predicate: bool,
        fail_fast: bool,
        judge: impl Fn(Verdict) -> Verdict,
        each: impl FnMut(&Verdict) -> Result<()>,
    ) -> Result<u8> {
        let Artifacts {
            sources,
            proofs,
            left_out,
        } = artifacts;
        let count = sources.len();
        if count > 1 && self.names_one_artifact() {
            let what = match &self.material {
                MaterialSource::Named(_) => "one proof is named",
                MaterialSource::Beside | MaterialSource::At(_) => {
                    "one file for the bundle is named"
                }
            };
            return Err(Problem::argument(format!("{what} for {count} artifacts"))
                .with_hint("A proof belongs to one artifact: verify them one by one, or leave the proofs beside the files, where they are found."));
        }
        if matches!(self.material, MaterialSource::Beside) {
            refuse_placeless(&sources)?;
        }
        self.refuse_input_as_output(&sources)?;
        let shape = Shape {
            several: count > 1 || !proofs.is_empty(),
            aside: predicate,
        };
        let mut report = Report::begin(&self.args.output, self.line, shape, fail_fast)?;
        left_out.into_iter().for_each(|left| report.leave_out(left));
        let round = Round {
            session: self,
            report,
            judge,
            each,
            bar: output::bar(self.line.console, count),
        };
        round.finish(sources, proofs)
    }

    /// The artifacts that the user means: folders are walked.
    pub(crate) fn artifacts(&self, names: &[String]) -> Result<Artifacts> {
        let mut out = Artifacts::default();
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
                    for skipped in expansion.skipped {
                        self.line.console.note(&format!(
                            "{} is left out: {}.",
                            shown(&skipped.path),
                            skipped.why
                        ));
                        out.left_out.push(LeftOut {
                            path: shown(&skipped.path),
                            why: skipped.why.to_owned(),
                        });
                    }
                    out.proofs.extend(expansion.proofs);
                    let files = expansion.files.into_iter();
                    out.sources.extend(files.map(ArtifactSource::File));
                }
                ArtifactSource::Stream(_) if stream => {
                    return Err(Problem::argument("standard input (-) is named twice")
                        .with_hint("It can be read once only."));
                }
                source => {
                    if let ArtifactSource::File(path) = &source {
                        tell_pipe(self.line.console, path);
                    }
                    stream |= matches!(source, ArtifactSource::Stream(_));
                    out.sources.push(source);
                }
            }
        }
        Ok(out)
    }

    /// What of the folders is not verified because it is a proof.
    pub(crate) fn tell_proofs(&self, proofs: &[LeftOut]) {
        match proofs {
            [] => return,
            [_] => self
                .line
                .console
                .note("1 file is the proof of a file beside it, and not verified itself."),
            several => self.line.console.note(&format!(
                "{} files are proofs of files beside them, and not verified themselves.",
                several.len()
            )),
        }
        if self.args.output.verbose {
            for LeftOut { path, why } in proofs {
                self.line
                    .console
                    .note(&format!("{path} is left out: {why}."));
            }
        }
    }

    /// Whether the proof that the user named is this file.
    pub(crate) fn names(&self, path: &Path) -> bool {
        let MaterialSource::Named(named) = &self.material else {
            return false;
        };
        let parts = [&named.bundle, &named.signature, &named.certificate];
        let there = path.canonicalize();
        parts.into_iter().flatten().any(|part| match part {
            Input::File(part) => part
                .canonicalize()
                .is_ok_and(|part| there.as_ref().is_ok_and(|there| *there == part)),
            Input::Url(_) | Input::Literal { .. } => false,
        })
    }

    pub(crate) fn request(&self, artifact: ArtifactSource) -> BlobRequest {
        BlobRequest {
            artifact,
            material: self.material.clone(),
            digests: Vec::new(),
            requirements: Arc::clone(&self.opened.requirements),
            lookup: !self.opened.args.ignores_log(),
            save_bundle: self.proof.save_bundle.clone(),
        }
    }

    fn names_one_artifact(&self) -> bool {
        matches!(self.material, MaterialSource::Named(_)) || self.proof.save_bundle.is_some()
    }
}

/// Everything that the flags name of a proof.
fn parts(proof: &MaterialArgs) -> [&Option<String>; 5] {
    [
        &proof.bundle,
        &proof.signature,
        &proof.certificate,
        &proof.rfc3161_timestamp,
        &proof.sct,
    ]
}

/// Whether two paths lead to one file that is there.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Where a file is or would be, whatever it is called.
pub(crate) fn resolved(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = path.canonicalize() {
        return Some(path);
    }
    let folder = match path.parent()? {
        folder if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

/// Whether a path lies in a folder, or would.
pub(crate) fn is_within(path: &Path, folder: &Path) -> bool {
    let whole = |path| resolved(path).or_else(|| std::path::absolute(path).ok());
    match (whole(path), whole(folder)) {
        (Some(path), Some(folder)) => path.starts_with(folder),
        _ => false,
    }
}

/// The result would replace what the command depends on.
pub(crate) fn read_and_written(output: &Path) -> Problem {
    Problem::argument(format!(
        "--output-file {} is a file that the verification reads or writes",
        shown(output)
    ))
    .with_hint("Name another file for the result.")
    .keeping_output_file()
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
        ArtifactSource::File(_) | ArtifactSource::Url(_) | ArtifactSource::Download { .. } => None,
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
fn refuse_streams(proof: &MaterialArgs, matches: &ArgMatches) -> Result<()> {
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
pub(crate) fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// The proof that the flags name. Of a bundle and a signature the one given by stronger means counts.
fn material(proof: &MaterialArgs, matches: &ArgMatches) -> Result<MaterialSource> {
    refuse_streams(proof, matches)?;
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

/// Refuses `-` where no stream can be meant, or not this one.
fn refuse_dashes(args: &VerifyArgs, names: &[String]) -> Result<()> {
    if args.signer.key.as_deref() == Some("-") && names.iter().any(|name| name == "-") {
        return Err(
            Problem::argument("the key and the artifact are both standard input (-)")
                .with_hint("It can be read once only: name a file for one of them."),
        );
    }
    match &args.material.save_bundle {
        Some(path) if path.as_os_str() == "-" => Err(Problem::argument(
            "--save-bundle cannot be standard output (-)",
        )
        .with_hint("Name a file for the bundle. A file whose name is - is ./-.")),
        _ => Ok(()),
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
