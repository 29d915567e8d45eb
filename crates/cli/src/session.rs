//! What both commands that verify files do.

use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;
use sealcheck_engine::{ArtifactSource, BlobRequest, Input, MaterialSource, Named, expand};
use sealcheck_verify::{Content, Requirements, Verdict};

use crate::args::VerifyArgs;
use crate::environment::origin;
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
        let Some(output) = &self.args.output.output_file else {
            return Ok(());
        };
        let hit = artifacts.iter().any(|artifact| match artifact {
            ArtifactSource::File(file) => same_file(file, output),
            _ => false,
        });
        let hit = hit
            || self
                .args
                .trust
                .trusted_root
                .iter()
                .any(|file| same_file(file.as_ref(), output));
        match hit {
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
        fail_fast: bool,
        judge: impl Fn(Verdict) -> Verdict,
        mut each: impl FnMut(&Verdict) -> Result<()>,
    ) -> Result<u8> {
        let count = artifacts.len();
        if count > 1 && self.names_one_artifact() {
            return Err(Problem::argument(format!("one proof is named for {count} artifacts"))
                .with_hint("A proof belongs to one artifact: verify them one by one, or leave the proofs beside the files, where they are found."));
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
            match ArtifactSource::parse(name) {
                ArtifactSource::File(path) if path.is_dir() => {
                    let expansion = expand(std::slice::from_ref(&path));
                    if expansion.files.is_empty() {
                        return Err(Problem::argument(format!(
                            "the folder {} has no file to verify",
                            path.display()
                        ))
                        .with_hint("Name a folder with the signed files and their proofs in it."));
                    }
                    for skipped in &expansion.skipped {
                        self.line.console.note(&format!(
                            "{} is left out: {}.",
                            skipped.path.display(),
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
                    stream |= matches!(source, ArtifactSource::Stream(_));
                    out.push(source);
                }
            }
        }
        Ok(out)
    }

    fn request(&self, artifact: ArtifactSource) -> BlobRequest {
        BlobRequest {
            artifact,
            material: self.material.clone(),
            requirements: Arc::clone(&self.opened.requirements),
            lookup: !self.args.require.ignores_log(),
            save_bundle: self.args.material.save_bundle.clone(),
        }
    }

    fn names_one_artifact(&self) -> bool {
        matches!(self.material, MaterialSource::Named(_))
            || self.args.material.save_bundle.is_some()
    }
}

/// Whether two paths lead to one file that is there.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The result would replace what it is about.
pub(crate) fn read_and_written(output: &Path) -> Problem {
    Problem::argument(format!(
        "--output-file {} is a file that the verification reads",
        output.display()
    ))
}

/// The proof that the flags name. Of a bundle and a signature the one given by stronger means counts.
fn material(args: &VerifyArgs, matches: &ArgMatches) -> Result<MaterialSource> {
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
                crate::environment::spoken(matches, id)
            ))
            .with_hint("Name the signature too, with --signature or --bundle.")),
            None => Ok(MaterialSource::Beside),
        };
    }
    let by_bundle = bundle > signature;
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
        Problem::argument(format!("--digest {text}: {error}")).with_hint(
            "Write ALG:HEX, for example sha256: and 64 hex digits, or HEX with --digestAlg.",
        )
    })
}
