//! What the commands that verify images do.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use sealcheck_engine::{
    Demand, ImageRequest, ImageSource, ImageVerdict, Inventory, Manifested, Platforms,
};
use sealcheck_registry::{Platform, Repository};
use sealcheck_verify::{Reason, Requirements, printable};

use crate::args::{
    ImageVerifyArgs, ImagesArgs, NetworkArgs, PlatformsArgs, RefusedAttestationArgs, RegistryArgs,
};
use crate::opened::Opened;
use crate::output::{self, Report, Shape};
use crate::problem::{Problem, Result};
use crate::registry::{self, Access};
use crate::report::image::PLATFORM_HINT;
use crate::session::tell_pipe;
use crate::suggestion::{self, Found};
use crate::{CommandLine, image_source, setup};

/// A verification of images that is ready to be made.
pub(crate) struct ImageSession<'a> {
    args: &'a ImageVerifyArgs,
    line: &'a CommandLine<'a>,
    opened: Opened,
    images: Vec<ImageSource>,
    platforms: Platforms,
    repositories: Vec<Repository>,
    signers: NonZeroUsize,
}

impl<'a> ImageSession<'a> {
    /// Settles which images, who must have signed, what is trusted and what is required: what the flags say, and then
    /// what `demand` adds.
    pub(crate) fn open(
        images: &ImagesArgs,
        args: &'a ImageVerifyArgs,
        line: &'a CommandLine<'a>,
        demand: impl FnOnce(Requirements) -> Requirements,
    ) -> Result<Self> {
        let platforms = platforms(&images.platforms);
        let list = images.images_from.as_ref();
        if let Some(list) = list {
            tell_pipe(line.console, list);
        }
        let images = image_source::all(images)?;
        let repositories = registry::repositories(&args.registry, line.matches)?;
        let access = registry::read(&args.registry, &args.deprecated_registry, line, &images)?;
        let missing = |identity, issuer| {
            let found = images.first().map_or_else(Vec::new, |image| {
                claimed(image, &repositories, &args.network, &access)
            });
            Err(suggestion::missing(line, &found, identity, issuer))
        };
        let opened = Opened::new(args.common(), access.clone(), line, demand, missing)?;
        let layouts = images.iter().filter_map(|image| match image {
            ImageSource::Layout { path, .. } => Some(path),
            ImageSource::Registry(_) => None,
        });
        let RegistryArgs {
            registry_config,
            pull_secret,
            ..
        } = &args.registry;
        let named = [registry_config.as_ref(), pull_secret.as_ref(), list];
        let read = named.into_iter().flatten().chain(layouts).cloned();
        opened.refuse_overwriting(args.output.output_file.as_deref(), read)?;
        let signers = args
            .require
            .signers()
            .map_or(NonZeroUsize::MIN, NonZeroUsize::from);
        let acceptable = opened.requirements.identities();
        if signers > NonZeroUsize::MIN && acceptable.is_none() {
            return Err(Problem::argument(format!(
                "--require signers={signers} cannot be met by one key: whoever has it is one signer"
            ))
            .with_hint(
                "Name the identities that must have signed, each --identity beside its --issuer.",
            ));
        }
        Ok(Self {
            args,
            line,
            opened,
            images,
            platforms,
            repositories,
            signers,
        })
    }

    /// Refuses images without a name to pin. A layout that cannot be read is for the verification to tell.
    pub(crate) fn require_names(&self) -> Result<()> {
        let engine = &self.opened.engine;
        let is_nameless = |image: &&ImageSource| matches!(engine.name_to_pin(image), Ok(None));
        match self.images.iter().find(is_nameless) {
            Some(image) => Err(nameless(&image.to_string())),
            None => Ok(()),
        }
    }

    /// Verifies the images, writes the results, and gives the exit code. `aside`: standard output belongs to what `each`
    /// does with a verdict.
    pub(crate) fn run(
        self,
        demand: Option<Demand>,
        aside: bool,
        mut each: impl FnMut(&ImageVerdict) -> Result<()>,
    ) -> Result<u8> {
        let count = self.images.len();
        let shape = Shape {
            several: count > 1,
            aside,
        };
        let fail_fast = self.args.batch.fail_fast;
        let mut report = Report::begin(&self.args.output, self.line, shape, fail_fast)?;
        let bar = output::bar(self.line.console, count);
        let mut take = |verdict: ImageVerdict| {
            let told = self.line.console.discreet(verdict.verdict().clone());
            report.take(bar.as_ref(), &told, || each(&verdict))
        };
        let engine = &self.opened.engine;
        let request = |image| ImageRequest {
            platforms: self.platforms.clone(),
            repositories: self.repositories.clone(),
            demand: demand.clone(),
            signers: self.signers,
            lookup: !self.opened.args.ignores_log(),
            ..ImageRequest::new(image, Arc::clone(&self.opened.requirements))
        };
        let mut images = self.images.clone();
        match (images.pop(), images.is_empty()) {
            (Some(only), true) => {
                let _ = take(engine.verify_image(&request(only)));
            }
            (Some(last), false) => {
                images.push(last);
                let jobs = output::jobs(self.args.output.jobs);
                let requests = images.into_iter().map(request);
                engine.verify_images(requests, jobs, |_, verdict| take(verdict));
            }
            (None, _) => {}
        }
        report.end(bar.as_ref(), count)
    }
}

/// That there is nothing to pin an image by.
pub(crate) fn nameless(name: &str) -> Problem {
    Problem::argument(format!(
        "--pin: {} has no name of a registry for the image, or several, so that there is no reference to pin",
        printable(name)
    ))
    .with_hint("Name it as it is called in the layout, or verify it in its registry; without --pin the report has the digest. `sealcheck copy` and containerd write such names (io.containerd.image.name).")
}

/// Which images of an index the flags mean.
pub(crate) fn platforms(args: &PlatformsArgs) -> Platforms {
    match (&args.platform, args.all_platforms) {
        (Some(platform), _) => Platforms::One(platform.clone()),
        (None, true) => Platforms::All,
        (None, false) => Platforms::AsGiven,
    }
}

/// One platform, or what the reference leads to.
pub(crate) fn one_or_given(platform: Option<&Platform>) -> Platforms {
    platform.map_or(Platforms::AsGiven, |platform| {
        Platforms::One(platform.clone())
    })
}

/// That the inventory of an image may lack something.
pub(crate) fn incomplete(inventory: &Inventory) -> Option<Problem> {
    let failure = inventory.failures.first()?;
    let is_missing = |it: &Manifested| it.missing.as_ref() == Some(failure);
    let problem = Problem::from(failure.clone());
    let is_listed =
        failure.reason == Reason::ImageNotFound && inventory.manifests.iter().any(is_missing);
    Some(match is_listed {
        true => problem.with_hint(PLATFORM_HINT),
        false => problem,
    })
}

/// Refuses what cosign has for material that is not attached to the image.
pub(crate) fn refuse(args: &RefusedAttestationArgs) -> Result<()> {
    let flag = match (&args.certificate, &args.sct) {
        (Some(_), _) => "--certificate",
        (None, Some(_)) => "--sct",
        (None, None) => return Ok(()),
    };
    Err(Problem::argument(format!(
        "{flag} is refused: everything that proves an image is taken from its signatures"
    ))
    .with_hint("Attach the certificate when signing. Authorities of your own are named with --certificate-chain or --ca-roots."))
}

/// Who the image's proofs claim to be by. Nothing is proved by it, so nothing is said when it cannot be found out.
fn claimed(
    image: &ImageSource,
    repositories: &[Repository],
    network: &NetworkArgs,
    access: &Access,
) -> Vec<Found> {
    let inventory = setup::reading_engine(network, access.clone(), Some(PATIENCE))
        .ok()
        .and_then(|engine| {
            engine
                .inventory(image, &Platforms::AsGiven, repositories)
                .ok()
        });
    let Some(inventory) = inventory else {
        return Vec::new();
    };
    let attachments = inventory.manifests.iter().flat_map(|it| &it.attachments);
    let mut out = Vec::new();
    for attachment in attachments {
        let Some(place) = inventory.places.get(attachment.place) else {
            continue;
        };
        for material in attachment.materials.iter().flatten() {
            out.extend(material.unverified_claims().map(|claims| Found {
                place: place.place.to_string(),
                claims,
            }));
        }
    }
    out
}

/// A wrong command line is told soon, with or without a suggestion.
const PATIENCE: Duration = Duration::from_secs(10);
