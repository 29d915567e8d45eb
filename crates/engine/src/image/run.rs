//! What the verifications of one run share: answers of registries, opened layouts.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sealcheck_registry::layout::{Layout, Registered, Wanted};
use sealcheck_registry::{Descriptor, Lookup, Manifest, Reference, Registry, Repository};
use sealcheck_verify::{Digest, Failure, Reason, Result, printable};

use super::request::{ImageSource, Platforms};
use super::shelf::{Shelf, unanswered};
use super::together::at_once;
use crate::engine::Engine;

/// Questions about images that belong together: those of a command, of a batch, of a release. What was answered once is not
/// asked again, so that a tag means one thing in it.
#[derive(Debug)]
pub struct ImageRun<'e> {
    pub(super) engine: &'e Engine,
    registry: OnceLock<Registry>,
    layouts: Mutex<BTreeMap<PathBuf, Result<Layout>>>,
}

/// An image that was found.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The reference with the digest; `None` for layouts.
    pub(crate) reference: Option<Reference>,
    /// The reference that a pin is made of: this one, or the name that a layout has for the image.
    pub(crate) name: Option<Reference>,
    pub(crate) digest: Digest,
    /// The manifest, where it had to be read.
    pub(crate) manifest: Option<Arc<Manifest>>,
    /// Whether it is certain that there is such an image.
    pub(crate) is_there: bool,
}

impl<'e> ImageRun<'e> {
    /// Begins with no answers.
    #[must_use]
    pub fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            registry: OnceLock::new(),
            layouts: Mutex::default(),
        }
    }

    /// Where the image is.
    pub(crate) fn shelf(&self, image: &ImageSource) -> Result<Shelf> {
        match image {
            ImageSource::Registry(reference) => self.repository(reference.repository()),
            ImageSource::Layout { path, .. } => self.layout(path).map(Shelf::Layout),
        }
    }

    /// Where proofs of it are looked for.
    pub(crate) fn proof_shelves(
        &self,
        own: &Shelf,
        repositories: &[Repository],
    ) -> Result<Vec<Shelf>> {
        match repositories.is_empty() {
            true => Ok(vec![own.clone()]),
            false => repositories
                .iter()
                .map(|repository| self.repository(repository))
                .collect(),
        }
    }

    fn repository(&self, repository: &Repository) -> Result<Shelf> {
        let client = self
            .engine
            .registry()
            .map_err(|failure| failure.at(repository.to_string()))?;
        let fresh = self.registry.get_or_init(|| client.fresh());
        Ok(Shelf::Repository(fresh.clone(), repository.clone()))
    }

    /// Opens a layout once; an archive is read whole for that.
    fn layout(&self, path: &Path) -> Result<Layout> {
        let mut layouts = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = layouts.get(path) {
            return known.clone();
        }
        let opened = Layout::open(path).map_err(|error| Failure::from(&error));
        layouts.insert(path.to_owned(), opened.clone());
        opened
    }

    /// The images that other tools may take from a layout, with their names. Empty for a registry.
    ///
    /// # Errors
    /// `layout-unreadable` and `layout-malformed`.
    pub fn registered(&self, image: &ImageSource) -> Result<Vec<Registered>> {
        match image {
            ImageSource::Registry(_) => Ok(Vec::new()),
            ImageSource::Layout { path, .. } => {
                let images = self.layout(path)?.images();
                images.map_err(|error| unanswered(&error))
            }
        }
    }

    /// Waits for questions to these shelves. Where none of them is remote, no runtime is needed.
    pub(crate) fn wait<T>(&self, shelves: &[Shelf], future: impl Future<Output = T>) -> Result<T> {
        match shelves.iter().any(Shelf::is_remote) {
            true => Ok(self.engine.link.online()?.wait(future)),
            false => at_once(future).ok_or_else(|| {
                Failure::new(Reason::ProofUnreadable)
                    .detail("reading a layout waited for something")
            }),
        }
    }
}

impl Engine {
    /// The name by which an image can be pinned: the reference of one in a registry, for one in a layout the whole name that
    /// the layout has for it, which is a claim. `None` where it has none, or several.
    ///
    /// # Errors
    /// When a layout cannot be read, or it is not certain which of its images is meant.
    pub fn name_to_pin(&self, image: &ImageSource) -> Result<Option<Reference>> {
        match image {
            ImageSource::Registry(reference) => Ok(Some(reference.clone())),
            ImageSource::Layout { path, image } => {
                let layout = ImageRun::new(self).layout(path)?;
                let found = in_layout(&layout, image.as_deref())?;
                Ok(found.and_then(|(_, name)| name))
            }
        }
    }
}

/// What the reference leads to, asked once. The manifest is read only where `platforms` makes it necessary.
pub(crate) async fn resolve(
    shelf: &Shelf,
    image: &ImageSource,
    platforms: &Platforms,
) -> Result<Resolved> {
    let reads = *platforms != Platforms::AsGiven;
    match (shelf, image) {
        (Shelf::Repository(registry, _), ImageSource::Registry(reference)) if reads => {
            let manifest = registry.manifest(reference).await;
            match manifest.map_err(|error| unanswered(&error))? {
                Lookup::Found(manifest) => Ok(Resolved {
                    reference: Some(reference.with_digest(*manifest.digest())),
                    name: Some(reference.clone()),
                    digest: *manifest.digest(),
                    manifest: Some(manifest),
                    is_there: true,
                }),
                Lookup::Absent(absence) => Err(not_found(&reference.to_string(), &absence.code)),
            }
        }
        (Shelf::Repository(registry, _), ImageSource::Registry(reference)) => {
            let resolved = registry.resolve(reference).await;
            match resolved.map_err(|error| unanswered(&error))? {
                Lookup::Found(resolved) => Ok(Resolved {
                    name: Some(resolved.reference.clone()),
                    reference: Some(resolved.reference),
                    digest: resolved.digest,
                    manifest: None,
                    // Registries of several regions have a tag in one, and its manifest not yet in another.
                    is_there: false,
                }),
                Lookup::Absent(absence) => Err(not_found(&reference.to_string(), &absence.code)),
            }
        }
        (Shelf::Layout(layout), ImageSource::Layout { image: name, .. }) => {
            let Some((descriptor, name)) = in_layout(layout, name.as_deref())? else {
                let failure = not_found(&image.to_string(), "");
                let names = layout.names();
                return Err(failure.found(match names.is_empty() {
                    true => "a layout without images".to_owned(),
                    false => names.join(", "),
                }));
            };
            let manifest = match reads {
                true => Some(manifest_of(shelf, &descriptor.digest, &image.to_string()).await?),
                false => None,
            };
            Ok(Resolved {
                reference: None,
                name,
                digest: descriptor.digest,
                manifest,
                is_there: true,
            })
        }
        // A shelf is made of its source.
        _ => Err(not_found(&image.to_string(), "")),
    }
}

/// The image of a layout that is meant, and the whole name that the layout has for it.
fn in_layout(
    layout: &Layout,
    name: Option<&str>,
) -> Result<Option<(Descriptor, Option<Reference>)>> {
    let digest = name.and_then(|name| name.parse::<Digest>().ok());
    let wanted = match (&digest, name) {
        (Some(digest), _) => Wanted::Digest(digest),
        (None, Some(name)) => Wanted::Name(name),
        (None, None) => Wanted::Only,
    };
    let found = layout
        .resolve(&wanted)
        .map_err(|error| unanswered(&error))?;
    Ok(match found {
        Lookup::Found(descriptor) => {
            let name = layout.whole_name(&wanted, &descriptor.digest);
            Some((descriptor, name))
        }
        Lookup::Absent(_) => None,
    })
}

/// Makes sure that other tools take the image of a layout for nothing else than these manifests, which are to be proved.
pub(crate) fn loads_only(
    shelf: &Shelf,
    image: &ImageSource,
    resolved: &Resolved,
    wanted: &[Digest],
) -> Result<()> {
    match (shelf, image) {
        (Shelf::Layout(layout), ImageSource::Layout { image: name, .. }) => layout
            .loads_only(wanted, &resolved.digest, name.as_deref())
            .map_err(|error| unanswered(&error)),
        _ => Ok(()),
    }
}

/// The manifest with this digest, which must be there.
pub(crate) async fn manifest_of(
    shelf: &Shelf,
    digest: &Digest,
    name: &str,
) -> Result<Arc<Manifest>> {
    match shelf.manifest(digest).await? {
        Ok(manifest) => Ok(manifest),
        Err(absence) => Err(not_found(name, &absence.code)),
    }
}

/// That an image which an index lists is there.
pub(crate) async fn listed(shelf: &Shelf, digest: &Digest) -> Result<()> {
    match shelf.manifest(digest).await? {
        Ok(_) => Ok(()),
        Err(absence) => {
            let failure = not_found(&shelf.digest_place(digest), &absence.code);
            Err(match shelf {
                Shelf::Layout(_) => failure.detail("this layout was copied without this platform"),
                Shelf::Repository(..) => {
                    failure.detail("its index is there, and the image itself is not")
                }
            })
        }
    }
}

fn not_found(name: &str, code: &str) -> Failure {
    let failure = Failure::new(Reason::ImageNotFound).at(printable(name));
    match code.is_empty() {
        true => failure,
        false => failure.detail(format_args!("the registry says {code}")),
    }
}
