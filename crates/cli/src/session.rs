//! What both commands that verify files do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use sealcheck_engine::{ArtifactSource, BlobRequest, Input, MaterialSource, Named, expand};
use sealcheck_verify::{Content, Reason, Requirements, Verdict, printable};

use crate::args::VerifyArgs;
use crate::console::Console;
use crate::environment::{origin, spoken};
use crate::opened::Opened;
use crate::output::{self, Report, Shape, Watch};
use crate::problem::{Problem, Result};
use crate::registry::Access;
use crate::suggestion;
use crate::{CommandLine, setup};

/// A verification that is ready to be made.
pub(crate) struct Session<'a> {
    args: &'a VerifyArgs,
    line: &'a CommandLine<'a>,
    opened: Opened,
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
        for part in parts(args).into_iter().flatten() {
            tell_pipe(line.console, part.as_ref());
        }
        let missing = |identity, issuer| {
            let found = suggestion::beside(&args.material, names);
            suggestion::missing(line, found.as_slice(), identity, issuer)
        };
        let material = material(args, line.matches)?;
        let demand = |requirements: Requirements| requirements.content(content);
        let opened = Opened::new(&args.common(), Access::default(), line, demand, missing)?;
        Ok(Self {
            args,
            line,
            opened,
            material,
        })
    }

    /// The result must not be written over what it is about.
    fn refuse_input_as_output(&self, artifacts: &[ArtifactSource]) -> Result<()> {
        let key = self.args.signer.key.iter();
        let named = parts(self.args).into_iter().flatten().chain(key);
        let root = self.args.trust.trusted_root.iter().cloned();
        let files = artifacts.iter().filter_map(|artifact| match artifact {
            ArtifactSource::File(file) => Some(file),
            _ => None,
        });
        let beside = files
            .clone()
            .flat_map(|file| sealcheck_engine::proof_paths(file));
        let read = named.map(PathBuf::from).chain(root);
        refuse_overwriting(
            self.args.output.output_file.as_deref(),
            read.chain(files.cloned()).chain(beside),
        )
    }

    /// Verifies the artifacts, writes the results, and gives the exit code. `judge` says what else the verdict depends
    /// on; `each` sees what was written.
    pub(crate) fn run(
        &self,
        artifacts: Vec<ArtifactSource>,
        predicate: bool,
        fail_fast: bool,
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
        let mut report = Report::begin(
            &self.args.output,
            self.line,
            Shape {
                several: count > 1,
                aside: predicate,
            },
            fail_fast,
        )?;
        let bar = output::bar(self.line.console, count);
        let watch = Watch(bar.as_ref());
        let mut take = |verdict: Verdict| {
            let verdict = judge(verdict);
            report.take(bar.as_ref(), &verdict, || each(&verdict))
        };
        let mut requests: Vec<BlobRequest> = artifacts
            .into_iter()
            .map(|artifact| self.request(artifact))
            .collect();
        let engine = &self.opened.engine;
        match (requests.pop(), requests.is_empty()) {
            // One artifact needs no threads.
            (Some(only), true) => {
                let _ = take(engine.verify_blob(&only, &watch));
            }
            (Some(last), false) => {
                requests.push(last);
                let jobs = output::jobs(&self.args.output);
                engine.verify_all(requests, jobs, &watch, |_, verdict| take(verdict));
            }
            (None, _) => {}
        }
        report.end(bar.as_ref(), count)
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
                        self.line.console.note(&format!(
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
                        tell_pipe(self.line.console, path);
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
            1 => self.line.console.note(&format!(
                "1 file in {} is the proof of a file beside it, and not verified itself.",
                shown(folder)
            )),
            _ => self.line.console.note(&format!(
                "{count} files in {} are proofs of files beside them, and not verified themselves.",
                shown(folder)
            )),
        }
        if self.args.output.verbose {
            for proof in proofs {
                self.line
                    .console
                    .note(&format!("{} is a proof.", shown(proof)));
            }
        }
    }

    fn request(&self, artifact: ArtifactSource) -> BlobRequest {
        BlobRequest {
            artifact,
            material: self.material.clone(),
            requirements: Arc::clone(&self.opened.requirements),
            lookup: !self.args.common().ignores_log(),
            save_bundle: self.args.material.save_bundle.clone(),
        }
    }

    fn names_one_artifact(&self) -> bool {
        matches!(self.material, MaterialSource::Named(_))
            || self.args.material.save_bundle.is_some()
    }
}

/// Everything that the flags name of a proof.
fn parts(args: &VerifyArgs) -> [&Option<String>; 5] {
    let proof = &args.material;
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

/// Refuses an output that is one of the files that are `read`.
pub(crate) fn refuse_overwriting(
    output: Option<&Path>,
    mut read: impl Iterator<Item = PathBuf>,
) -> Result<()> {
    let Some(output) = output else {
        return Ok(());
    };
    match read.any(|file| same_file(&file, output)) {
        true => Err(read_and_written(output)),
        false => Ok(()),
    }
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
    let proof = &args.material;
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
    let proof = &args.material;
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

/// An artifact that is known by its digest only.
pub(crate) fn digest_source(text: &str) -> Result<ArtifactSource> {
    text.parse().map(ArtifactSource::Digest).map_err(|error| {
        Problem::argument(format!("--digest {text}: {error}"))
            .with_hint(format!("{DIGEST_HINT} HEX alone goes with --digestAlg."))
    })
}

const DIGEST_HINT: &str = "Write ALG:HEX, for example sha256: and the 64 hex digits that `sha256sum FILE` prints; a file of that name is ./NAME.";
