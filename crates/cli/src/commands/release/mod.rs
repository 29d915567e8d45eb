//! `sealcheck release`.

mod all;
mod check;
mod collect;
mod fetch;
mod images;
mod kit;
mod list;
mod sbom;
mod verify;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use sealcheck_record::AboutRelease;
use sealcheck_release::{
    Artifact, Catalogue, Demands, InvalidVersion, InvalidWanted, Origin, Platform, Profile,
    ProfileError, ProvedSbom, Purpose, Release, Wanted,
};
use sealcheck_verify::{Content, Failure, Outcome, Reason, Requirements, Verdict, printable};

use crate::args::{OutputArgs, ReleaseCommand, ReleaseCommonArgs};
use crate::opened::Opened;
use crate::output::{Report, Shape};
use crate::problem::{Problem, Result};
use crate::registry::Access;
use crate::report::colour;
use crate::session::{is_within, read_and_written, shown};
use crate::signer::{self, Given, Signer};
use crate::suggestion::quoted;
use crate::{CommandLine, refusal, suggestion};

/// Runs the command.
pub(crate) fn run(command: &ReleaseCommand, line: &CommandLine<'_>) -> Result<u8> {
    match command {
        ReleaseCommand::Verify(args) => verify::run(args, line).map_err(|problem| {
            let paths = args.paths.iter().filter_map(|path| path.to_str());
            version_first(problem, "verify", &args.version, paths)
        }),
        ReleaseCommand::Fetch(args) => fetch::run(args, line).map_err(|problem| {
            let names = args.names.iter().map(String::as_str);
            version_first(problem, "fetch", &args.version, names)
        }),
        ReleaseCommand::Sbom(args) => sbom::run(args, line),
        ReleaseCommand::Images(args) => images::run(args, line),
        ReleaseCommand::VerifyAll(args) => all::run(args, line),
        ReleaseCommand::Collect(args) => collect::run(args, line),
        ReleaseCommand::List(args) => list::run(args, line),
    }
}

/// A project whose releases are to be proved.
struct Project {
    opened: Opened,
    wanted: Wanted,
    profile: Profile,
    profile_file: Option<PathBuf>,
    origin: Origin,
    /// Whether the flags say who must have signed, instead of the profile.
    named: bool,
}

impl Project {
    fn open(
        version: &str,
        args: &ReleaseCommonArgs,
        access: Access,
        verbose: bool,
        line: &CommandLine<'_>,
    ) -> Result<Self> {
        let wanted = wanted(version)?;
        if args.require.signers().is_some() {
            return Err(Problem::argument(
                "--require signers=N is for images: a file has one proof at a time",
            ));
        }
        let profile = match &args.profile {
            None => Profile::kubernetes(),
            Some(path) => Profile::read(path).map_err(|error| unread(path, &error))?,
        };
        let (profile, origin) = origin(profile, args.from.as_deref())?;
        let named = !matches!(
            signer::read(&args.signer, line.matches)?,
            Given::Incomplete {
                identity: None,
                issuer: None
            }
        );
        if let Some(flag) = signer::alone(&args.signer, line.matches).filter(|_| !named) {
            return Err(Problem::argument(format!(
                "{flag} says more about a signer, and none is named"
            ))
            .with_hint("Give --identity and --issuer with it, or leave it out: the profile says who signs."));
        }
        let accepted = profile.accepted(Purpose::Files, None);
        let otherwise =
            |identity: Option<String>, issuer: Option<String>| match (&identity, &issuer, accepted)
            {
                (None, None, Some(accepted)) => Ok(Signer::Identity(accepted)),
                _ => Err(suggestion::missing(line, &[], identity, issuer)),
            };
        let demand = |requirements: Requirements| requirements.content(Content::Signature);
        let common = args.common(verbose);
        let opened = Opened::new(common, access, line, demand, otherwise)?;
        Ok(Self {
            opened,
            wanted,
            profile,
            profile_file: args.profile.clone(),
            origin,
            named,
        })
    }

    /// Refuses an output that would replace what is read, or what may be the release.
    fn refuse_overwriting(
        &self,
        output: Option<&Path>,
        read: impl Iterator<Item = PathBuf>,
    ) -> Result<()> {
        let read = read.chain(self.profile_file.clone());
        self.opened.refuse_overwriting(output, read)?;
        let (Some(output), Origin::Folder { root, .. }) = (output, &self.origin) else {
            return Ok(());
        };
        let mut occupied = self.origin.occupied().into_iter();
        let is_refused = is_within(output, root) && !refusal::may_replace(output)
            || occupied.any(|folder| is_within(output, &folder));
        match is_refused {
            true => Err(read_and_written(output)),
            false => Ok(()),
        }
    }

    /// The release that is meant.
    fn release(&self, line: &CommandLine<'_>) -> Result<Release<'_>> {
        let requirements = (*self.opened.requirements).clone();
        let demands = match self.named {
            true => Demands::Given(requirements),
            false => Demands::OfProfile(requirements),
        };
        let origin = self.origin.clone();
        let engine = &self.opened.engine;
        let release = Release::new(engine, &self.profile, &self.wanted, origin, demands)?;
        if let (Wanted::Channel(channel), Some(place)) = (&self.wanted, release.channel_place()) {
            line.console.note(&format!(
                "{channel} is {}, says {place}; nobody signs that.",
                release.version()
            ));
        }
        Ok(release)
    }

    /// The name of the SBOM that lists the release.
    fn list(&self) -> &str {
        self.profile
            .sboms
            .first()
            .map_or("release", |sbom| &sbom.name)
    }
}

/// Why a profile was not read.
fn unread(path: &Path, error: &ProfileError) -> Failure {
    let failure = match error {
        ProfileError::Unreadable {
            is_missing: true, ..
        } => Failure::new(Reason::FileNotFound),
        ProfileError::Unreadable { detail, .. } => {
            Failure::new(Reason::ProfileMalformed).detail(detail)
        }
        _ => Failure::new(Reason::ProfileMalformed).detail(error),
    };
    failure.at(shown(path))
}

/// The same problem, with the right order as its hint where the version stands behind what it is of.
fn version_first<'t>(
    problem: Problem,
    command: &str,
    first: &str,
    mut rest: impl Iterator<Item = &'t str>,
) -> Problem {
    let is_version = |text: &str| text.parse::<Wanted>().is_ok();
    if problem.failure.reason != Reason::VersionUnknown || is_version(first) {
        return problem;
    }
    match rest.find(|text| is_version(text)) {
        None => problem,
        Some(version) => problem.with_hint(format!(
            "The version comes first: `sealcheck release {command} {version} {}`.",
            quoted(&printable(first))
        )),
    }
}

/// The version or channel that a text means.
fn wanted(text: &str) -> Result<Wanted> {
    text.parse().map_err(|error: InvalidWanted| {
        let failure = Failure::new(Reason::VersionUnknown);
        let failure = match error {
            InvalidWanted::Version(InvalidVersion::Form { nearest, .. }) => failure
                .expected("a version such as v1.36.0")
                .found(match nearest {
                    Some(nearest) => format!("{} (is {nearest} meant?)", printable(text)),
                    None => printable(text),
                }),
            error => failure.detail(error),
        };
        Problem::from(failure)
    })
}

/// Where the files are.
fn origin(profile: Profile, from: Option<&str>) -> Result<(Profile, Origin)> {
    match from {
        None => Ok((profile, Origin::Published)),
        Some(address) if address.contains("://") => {
            let profile = profile.with_files_at(address).map_err(|error| {
                Problem::argument(format!("--from: {error}"))
                    .with_hint("Give the address where the folders of the versions are, or a whole one with {version} and {path}.")
            })?;
            Ok((profile, Origin::Published))
        }
        Some(folder) => {
            let folder = PathBuf::from(folder);
            let hint = "Name a folder, or an address with https:// before it.";
            require_folder("--from", &folder, hint)?;
            Ok((profile, Origin::folder(folder)))
        }
    }
}

/// Refuses what is no folder, in the value of a flag.
fn require_folder(flag: &str, folder: &Path, hint: &str) -> Result<()> {
    let why = match (folder.is_dir(), folder.exists()) {
        (true, _) => return Ok(()),
        (false, true) => "it is a file, not a folder",
        (false, false) => "there is no such folder",
    };
    Err(Problem::argument(format!("{flag} {}: {why}", shown(folder))).with_hint(hint))
}

/// Refuses a file where a folder is to be filled.
fn require_folder_to_fill(to: &Path) -> Result<()> {
    let hint = "Name a folder, which is made where it does not exist.";
    match to.exists() {
        true => require_folder("--to", to, hint),
        false => Ok(()),
    }
}

/// What a release holds; a platform that it has nothing for is a mistake, as nothing would be looked at.
fn catalogue<'p>(
    release: &Release<'p>,
    sbom: &ProvedSbom,
    platform: Option<&Platform>,
) -> Result<Catalogue<'p>> {
    let catalogue = sbom.catalogue(release.profile())?;
    match platform.map(|platform| catalogue.has_platform(platform)) {
        None | Some(Ok(())) => Ok(catalogue),
        Some(Err(error)) => Err(Problem::argument(format!("--platform: {error}"))
            .with_hint("Its platforms are shown by release list.")),
    }
}

/// The name of an artifact, for which its address can stand.
fn artifact_name<'t>(text: &'t str, release: &Release<'_>) -> Result<Cow<'t, str>> {
    // Browsers show addresses without their beginning.
    let whole = match text.contains("://") {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("https://{text}")),
    };
    let found = release.profile().recognise(&whole);
    if found.is_none() && !text.contains("://") {
        return Ok(Cow::Borrowed(text));
    }
    let unknown = || Failure::new(Reason::ArtifactUnknown).found(printable(text));
    match found {
        Some(found) if found.version == release.version() => Ok(found.path.to_string().into()),
        Some(found) => Err(unknown()
            .expected(format!("an artifact of {}", release.version()))
            .detail(format!("it is one of {}", found.version))
            .into()),
        None => Err(unknown()
            .expected("an artifact, or an address of the project")
            .into()),
    }
}

/// Whether an artifact is for this platform, or for any.
fn is_for(artifact: &Artifact, platform: Option<&Platform>) -> bool {
    match (platform, &artifact.platform) {
        (Some(wanted), Some(own)) => wanted == own,
        _ => true,
    }
}

/// Shows the verdict about an SBOM that was not proved: without it nothing can be said about a release.
fn not_proved(verdict: &Verdict, output: &OutputArgs, line: &CommandLine<'_>) -> Result<u8> {
    line.console.note(
        "The SBOM says what the release consists of, and it is not proved: nothing else was looked at.",
    );
    let shape = Shape {
        several: false,
        aside: false,
    };
    let mut report = Report::begin(output, line, shape, false)?;
    let told = line.console.discreet(verdict.clone());
    let _ = report.take(None, &told, || Ok(()));
    report.end(None, 1)
}

/// Says by what the files are known.
fn tell_sbom(sbom: &ProvedSbom, release: &Release<'_>, line: &CommandLine<'_>) {
    let evidence = sbom.verdict.evidence();
    let signer = evidence.signer.as_deref().unwrap_or("the given key");
    let at = evidence
        .signed_at
        .map(|time| format!(" at {time}"))
        .unwrap_or_default();
    line.console.note(&format!(
        "The SBOM of {} is proved (signed by {}{at}); it lists {} files.",
        release.version(),
        printable(signer),
        sbom.listing.entries().len(),
    ));
}

/// What the document about a release begins with.
fn about(release: &Release<'_>, sbom: &ProvedSbom, outcome: Outcome) -> AboutRelease {
    AboutRelease {
        project: release.profile().name.clone(),
        version: release.version().to_string(),
        outcome,
        sbom: sbom.verdict.evidence().clone(),
    }
}

/// The first line of a report for people: the outcome, and of what.
fn head(about: &AboutRelease, what: &str) -> String {
    let style = colour::of(about.outcome);
    let of = printable(&format!("{} {}", about.project, about.version));
    format!("{style}{}{style:#}  {of}: {what}\n", about.outcome)
}

/// For whoever interrupts what is being fetched.
const GOES_ON: &str =
    "what was reported as verified is proved; the same command goes on with the rest.";
/// For whoever interrupts what is reported as a whole.
const NOT_REPORTED: &str = "nothing was reported; run it again.";
