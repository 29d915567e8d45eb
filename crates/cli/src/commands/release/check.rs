//! `sealcheck release sbom --check`: a folder, file by file, by what the proved SBOM lists.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sealcheck_engine::{ArtifactSource, expand, ordered};
use sealcheck_record::{FileState, FolderFile, RELEASE_FOLDER_SCHEMA, ReleaseFolder};
use sealcheck_release::prove::Beside;
use sealcheck_release::spdx::{Check, LocalFile, Matched, NotCovered, Origin, Standing};
use sealcheck_release::{ProvedSbom, Release};
use sealcheck_verify::{Digest, Failure, Outcome, printable};

use super::{Project, about, catalogue, head, is_for};
use crate::CommandLine;
use crate::args::ReleaseSbomArgs;
use crate::output::{self, Publication, Watch};
use crate::problem::Result;
use crate::report::colour;
use crate::report::wrap::paragraph;
use crate::session::shown;

/// One file of the folder.
struct Row {
    file: FolderFile,
    outcome: Option<Outcome>,
    /// Whether a count is enough for it in a text.
    is_usual: bool,
}

/// A file with what is needed to say what it is where the SBOM does not.
struct Place<'p> {
    release: &'p Release<'p>,
    sbom: &'p ProvedSbom,
    file: PathBuf,
    digests: &'p [Digest],
}

/// Proves a folder.
pub(super) fn check(
    project: &Project,
    release: &Release<'_>,
    sbom: &ProvedSbom,
    folder: &Path,
    args: &ReleaseSbomArgs,
    line: &CommandLine<'_>,
) -> Result<u8> {
    let publication = Publication::begin(&args.report, line.console)?;
    // An SBOM that lists nothing, or what can lie in no folder, proves no folder.
    let catalogue = catalogue(release, sbom, args.platform.as_ref())?;
    let elsewhere: BTreeSet<&str> = catalogue
        .artifacts()
        .filter(|artifact| !is_for(artifact, args.platform.as_ref()))
        .map(|artifact| artifact.path.as_str())
        .collect();
    let (names, hashes, skipped) = hash(project, sbom, folder, args, line);
    let local = names.iter().zip(&hashes);
    let local = local.filter_map(|(path, digests)| {
        Some(LocalFile {
            path,
            digests: digests.as_ref().ok()?,
        })
    });
    let check = sbom.listing.check(local);
    let mut rows: Vec<Row> = check
        .files
        .iter()
        .map(|(file, standing)| {
            let place = Place {
                release,
                sbom,
                file: folder.join(file.path),
                digests: file.digests,
            };
            row(&place, file.path, standing)
        })
        .collect();
    for (name, digests) in names.iter().zip(&hashes) {
        if let Err(failure) = digests {
            rows.push(Row {
                file: FolderFile {
                    path: name.clone(),
                    state: FileState::Unreadable,
                    artifact: None,
                    detail: Some(failure.to_string()),
                },
                outcome: Some(failure.outcome()),
                is_usual: false,
            });
        }
    }
    rows.extend(skipped.into_iter().map(|(path, why)| Row {
        file: FolderFile {
            path,
            state: FileState::LeftOut,
            artifact: None,
            detail: Some(format!("{why}: it was not looked at")),
        },
        outcome: Some(Outcome::Unavailable),
        is_usual: false,
    }));
    let mut missing = missing(&check, &rows);
    missing.retain(|path| !elsewhere.contains(path.as_str()));
    let mut counts = BTreeMap::new();
    for row in &rows {
        *counts.entry(row.file.state.as_str()).or_insert(0) += 1;
    }
    if !missing.is_empty() {
        counts.insert("missing", missing.len());
    }
    let worst = rows.iter().filter_map(|row| row.outcome).max();
    let worst = worst.unwrap_or(Outcome::Verified);
    let outcome = match missing.is_empty() {
        true => worst,
        false => worst.max(Outcome::Rejected),
    };
    let document = ReleaseFolder {
        schema: RELEASE_FOLDER_SCHEMA,
        about: about(release, sbom, outcome),
        counts,
        files: rows.iter().map(|row| row.file.clone()).collect(),
        missing,
    };
    publication.end(outcome, |_| text(&document, &rows, folder), &document)
}

/// What the SBOM lists and the folder does not have: also what lies in the place of something else only.
fn missing(check: &Check<'_, '_>, rows: &[Row]) -> Vec<String> {
    let files = || rows.iter().map(|row| &row.file);
    let is_there = |path: &str| {
        let mut rows = files().filter(|file| file.state == FileState::Proved);
        rows.any(|file| file.artifact.as_deref() == Some(path))
    };
    let misplaced = files().filter(|file| file.state == FileState::Misplaced);
    let misplaced = misplaced
        .filter_map(|file| file.artifact.as_deref())
        .filter(|path| !is_there(path));
    // Of what could not be looked at it is not known whether it is there.
    let is_closed =
        |file: &&FolderFile| matches!(file.state, FileState::Unreadable | FileState::LeftOut);
    let closed = files().filter(is_closed);
    let is_seen = |path: &&str| !closed.clone().any(|file| holds(&file.path, path));
    let missing = check
        .missing
        .iter()
        .map(|entry| entry.path())
        .filter(is_seen);
    let all: BTreeSet<&str> = missing.chain(misplaced).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// Whether a local path, or the end of it, is that of the artifact or of a folder that the artifact lies in.
fn holds(local: &str, artifact: &str) -> bool {
    let starts = local
        .match_indices('/')
        .map(|(slash, _)| slash.saturating_add(1));
    let mut ends = std::iter::once(0)
        .chain(starts)
        .filter_map(|start| local.get(start..));
    ends.any(|end| {
        let rest = artifact.strip_prefix(end);
        // The folder itself holds everything.
        end == "." || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

type Hashed = std::result::Result<Vec<Digest>, Failure>;

/// The files of a folder by their paths below it, their digests, and what is no file.
fn hash(
    project: &Project,
    sbom: &ProvedSbom,
    folder: &Path,
    args: &ReleaseSbomArgs,
    line: &CommandLine<'_>,
) -> (Vec<String>, Vec<Hashed>, Vec<(String, &'static str)>) {
    let expansion = expand(&[folder.to_owned()]);
    let below = |path: &Path| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        let parts: Vec<String> = below
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        match parts.is_empty() {
            true => ".".to_owned(),
            false => parts.join("/"),
        }
    };
    let proofs = expansion.proofs.into_iter().map(|proof| proof.path);
    let mut files: Vec<PathBuf> = expansion.files.into_iter().chain(proofs).collect();
    files.sort();
    let names: Vec<String> = files.iter().map(|file| below(file)).collect();
    let skipped = expansion.skipped.iter();
    let skipped = skipped
        .map(|skipped| (below(&skipped.path), skipped.why))
        .collect();
    let bar = output::bar(line.console, files.len());
    let watch = Watch(bar.as_ref());
    let algorithms = sbom.listing.algorithms();
    let engine = &project.opened.engine;
    let mut hashes = Vec::new();
    let work = |file: PathBuf| engine.digests(&ArtifactSource::File(file), algorithms, &watch);
    ordered(files, output::jobs(args.jobs), work, |_, digests| {
        hashes.push(digests);
        if let Some(bar) = &bar {
            bar.done();
        }
        ControlFlow::Continue(())
    });
    if let Some(bar) = &bar {
        bar.clear();
    }
    (names, hashes, skipped)
}

fn row(place: &Place<'_>, path: &str, standing: &Standing<'_>) -> Row {
    let mut is_usual = false;
    let by_sbom = Some(standing.outcome());
    let (state, artifact, detail, outcome) = match standing {
        Standing::Proved { entry, matched } => {
            // Where an archive of an image lay when it was built says nothing of where it lies now.
            is_usual = *matched == Matched::Path || entry.origin() == Origin::Package;
            let artifact = Some(entry.path());
            match place.release.misplaced(Path::new(path), entry) {
                Some(platform) if !is_usual => (
                    FileState::Misplaced,
                    artifact,
                    Some(format!(
                        "it is {}, in the place of {platform}",
                        entry.path()
                    )),
                    Some(Outcome::Rejected),
                ),
                _ => {
                    let elsewhere = || {
                        format!(
                            "it is {}: it lies elsewhere than the SBOM says",
                            entry.path()
                        )
                    };
                    let detail = (!is_usual).then(elsewhere);
                    (FileState::Proved, artifact, detail, by_sbom)
                }
            }
        }
        Standing::Altered { expected } => (
            FileState::Altered,
            expected.first().map(|entry| entry.path()),
            Some("the SBOM lists other content under this name".to_owned()),
            by_sbom,
        ),
        Standing::Swapped { entry, .. } => (
            FileState::Swapped,
            Some(entry.path()),
            Some(format!("it has the content of {}", entry.path())),
            by_sbom,
        ),
        Standing::Renamed { entry } => (
            FileState::Renamed,
            Some(entry.path()),
            Some(format!("it is {} under another name", entry.path())),
            by_sbom,
        ),
        Standing::Unprovable { expected } => (
            FileState::Unprovable,
            expected.first().map(|entry| entry.path()),
            Some("the SBOM lists it without a digest that proves anything".to_owned()),
            by_sbom,
        ),
        Standing::NotCovered(why) => {
            let covered = not_covered(place, path, why);
            is_usual = covered.as_ref().is_ok_and(|beside| beside.is_usual);
            match covered {
                Ok(beside) => (FileState::NotCovered, None, Some(beside.why), None),
                Err(why) => (FileState::Extra, None, Some(why), by_sbom),
            }
        }
        Standing::NotHashed { missing } => (
            FileState::Unreadable,
            None,
            Some(format!("it was not hashed by {missing:?}")),
            by_sbom,
        ),
    };
    Row {
        file: FolderFile {
            path: path.to_owned(),
            state,
            artifact: artifact.map(str::to_owned),
            detail,
        },
        outcome,
        is_usual,
    }
}

/// What a file is that the SBOM does not list, or why it should not be there.
fn not_covered(
    place: &Place<'_>,
    path: &str,
    why: &NotCovered<'_>,
) -> std::result::Result<Beside, String> {
    match why {
        NotCovered::CaseDiffers(entry) => {
            Err(format!("named like {} but for capitals", entry.path()))
        }
        NotCovered::Path(trap) => Err(format!("its name is a trap: {trap}")),
        NotCovered::NotListed => place
            .release
            .beside(place.sbom, Path::new(path), &place.file, place.digests)
            .unwrap_or_else(|| Err("the release has no such file".to_owned())),
    }
}

fn text(document: &ReleaseFolder, rows: &[Row], folder: &Path) -> String {
    let about = &document.about;
    let mut out = head(about, &shown(folder));
    let mut add = |outcome: Option<Outcome>, word: &str, name: &str, detail: Option<&str>| {
        let style = outcome.map_or(colour::LABEL, colour::of);
        let padding = " ".repeat(WORDS.saturating_sub(word.len()));
        writeln!(out, "{style}{word}{style:#}{padding}{}", printable(name)).ok();
        if let Some(detail) = detail {
            let detail = paragraph(&printable(detail), WORDS, WORDS);
            writeln!(out, "{}{detail}", " ".repeat(WORDS)).ok();
        }
    };
    // What is proved where it should be, and its proofs and checksums, need no lines of their own.
    for row in rows.iter().filter(|row| !row.is_usual) {
        let file = &row.file;
        add(
            row.outcome,
            file.state.as_str(),
            &file.path,
            file.detail.as_deref(),
        );
    }
    for path in &document.missing {
        add(Some(Outcome::Rejected), "missing", path, None);
    }
    let counts: Vec<String> = document
        .counts
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let signer = about.sbom.signer.as_deref().unwrap_or("the given key");
    let style = colour::of(about.outcome);
    let sum = format!(
        "{style}{}{style:#}: {} of {}, by its SBOM, signed by {}",
        about.outcome,
        counts.join(", "),
        about.version,
        printable(signer)
    );
    writeln!(out, "{}", paragraph(&sum, 0, INDENT)).ok();
    out
}

/// Of the lines behind the first one.
const INDENT: usize = 2;
/// The longest state and two spaces.
const WORDS: usize = 13;

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_folder_that_cannot_be_read_holds_what_would_be_in_it() {
        for (local, artifact, expected) in [
            (".", "bin/linux/amd64/kubectl", true),
            ("bin", "bin/linux/amd64/kubectl", true),
            ("v1.36.0/bin/linux", "bin/linux/amd64/kubectl", true),
            ("bin/linux/amd64/kubectl", "bin/linux/amd64/kubectl", true),
            ("bin/linux/amd64/kube", "bin/linux/amd64/kubectl", false),
            ("linux", "bin/linux/amd64/kubectl", false),
        ] {
            assert_eq!(holds(local, artifact), expected, "{local}");
        }
    }
}
