//! Looking for what is attached to an image: at every place, whatever the others answer.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use sealcheck_registry::{Attached, Content, Descriptor, Manifest, Referrers};
use sealcheck_verify::evidence::{Found, Place};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Digest, Failure, Reason, Result, printable};

use super::budget::Budget;
use super::layers::{Item, Kind, Origin, pair};
use super::shelf::{Answer, Shelf};
use super::together::together;

/// What was looked at, what was found, and what gave no answer.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    pub(crate) places: Vec<Place>,
    pub(crate) items: Vec<Item>,
    /// The manifests that are attached, whatever is in them.
    pub(crate) manifests: Vec<AttachedManifest>,
    /// The places that gave no answer: as long as there is one, nothing is unsigned.
    pub(crate) failures: Vec<Failure>,
}

/// A manifest that is attached to an image.
#[derive(Clone, Debug)]
pub(crate) struct AttachedManifest {
    pub(crate) shelf: Shelf,
    pub(crate) subject: Digest,
    pub(crate) origin: Origin,
    /// Whether it says itself that it is attached to the subject.
    pub(crate) names_subject: bool,
    /// With the artifact type and annotations of lists of referrers.
    pub(crate) descriptor: Descriptor,
}

/// How much is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What can be a proof.
    Proofs,
    /// Everything.
    Everything,
}

/// One place with what lies there, before the places are counted.
#[derive(Debug)]
struct Report {
    place: String,
    found: Found,
    detail: Option<String>,
    items: Vec<Item>,
    manifest: Option<AttachedManifest>,
    failures: Vec<Failure>,
    /// Proofs that were taken from the budget for it.
    counted: usize,
}

type Task<'t> = Pin<Box<dyn Future<Output = Vec<Report>> + 't>>;

/// Looks on each of the shelves for what is attached to `subject`.
pub(crate) async fn discover(
    shelves: &[Shelf],
    subject: &Digest,
    scope: Scope,
    budget: &Budget,
) -> Discovery {
    let mut tasks: Vec<Task<'_>> = Vec::new();
    for shelf in shelves {
        let search = Search {
            shelf,
            subject: *subject,
            scope,
            budget,
        };
        tasks.push(Box::pin(search.referrers()));
        tasks.push(Box::pin(search.tagged(Attached::Signature)));
        tasks.push(Box::pin(search.tagged(Attached::Attestation)));
        if scope == Scope::Everything {
            tasks.push(Box::pin(search.tagged(Attached::Sbom)));
        }
    }
    let every = tasks.len();
    let mut reports: Vec<Report> = together(tasks, every).await.into_iter().flatten().collect();
    // Before as well: each is a request.
    bound(&mut reports, budget);
    fetch_content(&mut reports, budget).await;
    bound(&mut reports, budget);
    let mut discovery = Discovery::default();
    for report in reports {
        discovery.add(report);
    }
    discovery
}

/// Fetches what can be a proof. The small first, so that a large one cannot use up what the others need.
async fn fetch_content(reports: &mut [Report], budget: &Budget) {
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    for (report, there) in reports.iter().enumerate() {
        let Some(AttachedManifest { shelf, .. }) = &there.manifest else {
            continue;
        };
        for (item, layer) in there.items.iter().enumerate() {
            if let Some(limit) = layer.kind.limit() {
                let layer = &layer.descriptor;
                wanted.push((report, item, shelf, layer, limit));
            }
        }
    }
    wanted.sort_by_key(|(_, _, _, layer, _)| layer.size);
    let fetching = wanted
        .into_iter()
        .map(async |(report, item, shelf, layer, limit)| {
            (report, item, fetch(shelf, layer, limit, budget).await)
        });
    for (report, item, content) in together(fetching, AT_ONE_TIME).await {
        let report = reports.get_mut(report);
        if let Some(item) = report.and_then(|report| report.items.get_mut(item)) {
            item.content = Some(content);
        }
    }
    for report in reports {
        pair(&mut report.items);
    }
}

/// A layer: the positions of its report and of itself in that, where it lies, what it is, and how large it may be.
type Wanted<'r> = (usize, usize, &'r Shelf, &'r Descriptor, Limit);

async fn fetch(shelf: &Shelf, layer: &Descriptor, limit: Limit, budget: &Budget) -> Result<Bytes> {
    // What is over its own limit is not even asked for.
    let is_within = usize::try_from(layer.size).is_ok_and(|size| size <= limit.max);
    let share = match is_within {
        true => Some(budget.content.set_aside(layer.size).await?),
        false => None,
    };
    let content = shelf.blob(layer, limit).await?;
    if let Some(share) = share {
        share.pay();
    }
    Ok(content)
}

/// Gives up the places with the most proofs, where there are more than are judged for one image.
fn bound(reports: &mut [Report], budget: &Budget) {
    let mut order: Vec<(usize, &mut Report)> = reports
        .iter_mut()
        .map(|report| (report.items.iter().map(Item::proofs).sum(), report))
        .collect();
    order.sort_by_key(|(proofs, _)| *proofs);
    for (proofs, report) in order {
        let more = proofs.saturating_sub(report.counted);
        report.counted = proofs.max(report.counted);
        if let Err(failure) = budget.take_proofs(more) {
            report.items.retain(|item| item.kind.limit().is_none());
            report.found = Found::Failed;
            report.detail = Some(failure.to_string());
            report.failures.push(failure);
        }
    }
}

impl Discovery {
    fn add(&mut self, report: Report) {
        let place = self.places.len();
        let detail = report.detail.map(Into::into);
        self.places
            .push(Place::new(printable(&report.place), report.found, detail));
        self.items.extend(report.items.into_iter().map(|mut item| {
            item.place = place;
            item
        }));
        self.manifests.extend(report.manifest);
        self.failures.extend(report.failures);
    }

    /// The content of every layer that was fetched.
    pub(crate) fn contents(&self) -> HashMap<Digest, Bytes> {
        self.items
            .iter()
            .filter_map(|item| match &item.content {
                Some(Ok(content)) => Some((item.descriptor.digest, content.clone())),
                _ => None,
            })
            .collect()
    }

    /// Adds what was found elsewhere.
    pub(crate) fn append(&mut self, mut other: Self) {
        let before = self.places.len();
        for item in &mut other.items {
            item.place += before;
        }
        self.places.append(&mut other.places);
        self.items.append(&mut other.items);
        self.manifests.append(&mut other.manifests);
        self.failures.append(&mut other.failures);
    }
}

/// A search for what is attached to one manifest, on one shelf.
#[derive(Clone, Copy)]
struct Search<'s> {
    shelf: &'s Shelf,
    subject: Digest,
    scope: Scope,
    budget: &'s Budget,
}

impl Search<'_> {
    /// The referrers that are listed anywhere, each fetched once.
    async fn referrers(self) -> Vec<Report> {
        let lists = [Listing::Api, Listing::Tag].map(|listing| self.ask(listing));
        let mut reports = Vec::new();
        let mut listed: Vec<Descriptor> = Vec::new();
        for (place, answer) in together(lists, 2).await.into_iter().flatten() {
            let (report, descriptors) = self.list(place, answer);
            reports.push(report);
            for descriptor in descriptors {
                if listed.iter().all(|seen| seen.digest != descriptor.digest) {
                    listed.push(descriptor);
                }
            }
        }
        // The small first here as well; reported in the order of the lists.
        let mut order: Vec<(usize, &Descriptor)> = listed.iter().enumerate().collect();
        order.sort_by_key(|(_, descriptor)| descriptor.size);
        let fetching = order
            .into_iter()
            .map(async |(position, descriptor)| (position, self.referrer(descriptor).await));
        let mut fetched = together(fetching, AT_ONE_TIME).await;
        fetched.sort_by_key(|(position, _)| *position);
        reports.extend(fetched.into_iter().map(|(_, report)| report));
        reports
    }

    /// The answer of a list, with its place; `None` when the shelf has no such list.
    async fn ask(self, listing: Listing) -> Option<(String, Listed)> {
        Some(match listing {
            Listing::Api => (
                self.shelf.referrers_place(&self.subject),
                self.shelf.referrers(&self.subject).await,
            ),
            Listing::Tag => (
                self.shelf.tag_place(&self.subject, Attached::Referrers),
                self.shelf.referrers_by_tag(&self.subject).await?,
            ),
        })
    }

    fn list(self, place: String, answer: Listed) -> (Report, Vec<Descriptor>) {
        match answer {
            Ok(Ok(listed)) => {
                let count = listed.descriptors.len();
                let failures = listed.broken.clone();
                let found = match (count, failures.is_empty()) {
                    (0, true) => Found::Absent,
                    (0, false) => Found::Failed,
                    _ => Found::Present,
                };
                let mut detail = format!("a list of {count}");
                if !listed.from.is_empty() {
                    detail = format!("{detail} from {}", listed.from.join(", "));
                }
                if let Some(failure) = failures.first() {
                    detail = format!(
                        "{detail}, and {} that cannot be read: {failure}",
                        failures.len()
                    );
                }
                let report = Report {
                    place,
                    found,
                    detail: Some(detail),
                    items: Vec::new(),
                    manifest: None,
                    failures,
                    counted: 0,
                };
                (report, listed.descriptors.clone())
            }
            Ok(Err(absence)) => (Report::absent(place, &absence.code), Vec::new()),
            Err(failure) => (Report::failed(place, failure), Vec::new()),
        }
    }

    /// A manifest that refers to the image. The type that the list has for it is a claim and sorts nothing out: what is
    /// fetched says itself what it is, and what cannot be read as a manifest leaves the question open.
    async fn referrer(self, descriptor: &Descriptor) -> Report {
        let place = self.shelf.digest_place(&descriptor.digest);
        match self.listed_manifest(descriptor, &place).await {
            Ok(manifest) => self.manifest(place, &manifest, descriptor, Origin::Referrer),
            Err(failure) => Report::failed(place, failure),
        }
    }

    /// The manifest behind an entry of a list, of which size and digest must be those of the entry.
    async fn listed_manifest(self, listed: &Descriptor, place: &str) -> Result<Arc<Manifest>> {
        let share = self.budget.manifests.set_aside(listed.size).await?;
        let Ok(manifest) = self.shelf.manifest(&listed.digest).await? else {
            return Err(super::shelf::gone(place));
        };
        let size = manifest.descriptor().size;
        if size != listed.size {
            return Err(Failure::new(Reason::RegistryAnswerInvalid)
                .at("size")
                .expected(listed.size)
                .found(size)
                .detail(place));
        }
        share.pay();
        Ok(manifest)
    }

    /// What lies under a tag that is made from the image's digest.
    async fn tagged(self, what: Attached) -> Vec<Report> {
        let origin = match what {
            Attached::Signature => Origin::SignatureTag,
            Attached::Attestation => Origin::AttestationTag,
            Attached::Sbom => Origin::SbomTag,
            Attached::Referrers => Origin::Referrer,
        };
        let mut reports = Vec::new();
        for answer in self.shelf.attached(&self.subject, what).await {
            let place = self.shelf.tag_place(&self.subject, what);
            reports.push(match answer {
                Ok(Ok(manifest)) => {
                    let listed = manifest.descriptor();
                    match self.budget.manifests.set_aside(listed.size).await {
                        Ok(share) => {
                            share.pay();
                            self.manifest(place, &manifest, &listed, origin)
                        }
                        Err(failure) => Report::failed(place, failure),
                    }
                }
                Ok(Err(absence)) => Report::absent(place, &absence.code),
                Err(failure) => Report::failed(place, failure),
            });
        }
        reports
    }

    /// The layers of a manifest, without their content.
    fn manifest(
        self,
        place: String,
        manifest: &Arc<Manifest>,
        listed: &Descriptor,
        origin: Origin,
    ) -> Report {
        let attached = AttachedManifest {
            shelf: self.shelf.clone(),
            subject: self.subject,
            origin,
            names_subject: manifest
                .subject()
                .is_some_and(|subject| subject.digest == self.subject),
            descriptor: {
                let mut descriptor = listed.clone();
                manifest.media_type().clone_into(&mut descriptor.media_type);
                descriptor
            },
        };
        let image = match manifest.content() {
            Content::Image(image) => image,
            Content::Index(_) => {
                return Report {
                    place,
                    found: Found::Absent,
                    detail: Some("an index, in which no proof is kept".to_owned()),
                    items: self.opaque(listed),
                    manifest: Some(attached),
                    failures: Vec::new(),
                    counted: 0,
                };
            }
        };
        let types = [
            image.artifact_type.as_str(),
            image.config.media_type.as_str(),
            listed.artifact_type.as_str(),
        ];
        let artifact_type = types
            .into_iter()
            .find(|kind| !kind.is_empty())
            .unwrap_or_default();
        // The same proof a second time says nothing more.
        let mut seen: HashSet<Same<'_>> = HashSet::new();
        let mut items: Vec<Item> = image
            .layers
            .iter()
            .enumerate()
            .map(|(position, layer)| Item {
                subject: self.subject,
                kind: Kind::of(layer, &types, origin),
                place: 0,
                manifest: *manifest.digest(),
                artifact_type: artifact_type.to_owned(),
                layer: position,
                descriptor: layer.clone(),
                content: None,
                certificates: Vec::new(),
            })
            .zip(&image.layers)
            .filter(|(item, layer)| {
                item.kind.limit().is_none()
                    || seen.insert((layer.digest, &layer.media_type, &layer.annotations))
            })
            .map(|(item, _)| item)
            .collect();
        let proofs = items.iter().filter(|item| item.is_proof()).count();
        let detail = match (proofs, items.first()) {
            (0, _) if artifact_type.is_empty() => "no proof in it".to_owned(),
            (0, _) => format!("no proof in it: {}", printable(artifact_type)),
            (1, Some(item)) if items.len() == 1 => item.kind.word().to_owned(),
            _ => format!("{proofs} proofs in {} layers", items.len()),
        };
        if self.scope == Scope::Proofs {
            // The certificate files are laid beside their signatures when they have come.
            items.retain(|item| item.kind.limit().is_some());
        }
        let found = match proofs {
            0 => Found::Absent,
            _ => Found::Present,
        };
        Report {
            place,
            found,
            detail: Some(detail),
            items,
            manifest: Some(attached),
            failures: Vec::new(),
            counted: 0,
        }
    }

    /// A referrer that is not looked into, for lists of everything.
    fn opaque(self, descriptor: &Descriptor) -> Vec<Item> {
        if self.scope == Scope::Proofs {
            return Vec::new();
        }
        vec![Item {
            subject: self.subject,
            kind: Kind::Other,
            place: 0,
            manifest: descriptor.digest,
            artifact_type: descriptor.artifact_type.clone(),
            layer: 0,
            descriptor: descriptor.clone(),
            content: None,
            certificates: Vec::new(),
        }]
    }
}

/// The two lists of referrers that a registry can have.
#[derive(Clone, Copy)]
enum Listing {
    Api,
    Tag,
}

type Listed = Result<Answer<Arc<Referrers>>>;

impl Report {
    fn absent(place: String, code: &str) -> Self {
        Self {
            place,
            found: Found::Absent,
            detail: (!code.is_empty()).then(|| printable(code)),
            items: Vec::new(),
            manifest: None,
            failures: Vec::new(),
            counted: 0,
        }
    }

    fn failed(place: String, failure: Failure) -> Self {
        let detail = failure.to_string();
        let failure = match failure.field {
            Some(_) => failure,
            None => failure.at(printable(&place)),
        };
        Self {
            place,
            found: Found::Failed,
            detail: Some(detail),
            items: Vec::new(),
            manifest: None,
            failures: vec![failure],
            counted: 0,
        }
    }
}

impl Item {
    /// Whether it is a signature, an attestation or a bundle.
    pub(crate) fn is_proof(&self) -> bool {
        !matches!(self.kind, Kind::Certificate | Kind::Sbom | Kind::Other)
    }

    /// How many proofs it counts for, as far as that can be said without reading them; a file that is fetched for one is as
    /// much.
    fn proofs(&self) -> usize {
        match (self.kind, &self.content) {
            (Kind::Sbom | Kind::Other, _) => 0,
            (Kind::Lines, Some(Ok(content))) => content
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.trim_ascii().is_empty())
                .count(),
            (Kind::Signature, _) => self.certificates.len().max(1),
            _ => 1,
        }
    }
}

/// What tells a proof from another in one manifest.
type Same<'m> = (Digest, &'m String, &'m BTreeMap<String, String>);

/// Requests for one image at one time; the client bounds those to one host as well.
const AT_ONE_TIME: usize = 16;
