//! What is attached to an image, as registries list it (distribution-spec 1.1, "Listing Referrers").

use std::collections::HashSet;
use std::sync::Arc;

use sealcheck_net::{Response, Url, redact_url};
use sealcheck_verify::{Digest, Failure, Reason, printable};

use super::answer::{
    API_VERSION, check_refusal, check_words, is_page, is_plain, page, says_registry, told,
};
use super::ask::{Answer, Ask, Method, NOT_FOUND, Reply};
use super::{Nowhere, Registry, Shared, url};
use crate::configuration::Endpoint;
use crate::limits::{INDEX_BYTES, REFERRER_PAGES, REFERRERS};
use crate::manifest::{List, OCI_INDEX, essence};
use crate::{
    Absence, Attached, Descriptor, Lookup, Manifest, Reference, RegistryError, Repository,
};

/// A list of referrers. Each descriptor is a claim; only the manifest behind it says what it is attached to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Referrers {
    /// The descriptors in the registry's order, each digest once.
    pub descriptors: Vec<Descriptor>,
    /// Entries of the list that are no descriptors, and places that may have more and gave no answer; a broken one does not
    /// hide a good one.
    pub broken: Vec<Failure>,
    /// The repositories that gave the list, where it was not that of the name alone: mirrors, or what it is rewritten to.
    pub from: Vec<String>,
}

impl Referrers {
    fn new(list: List) -> Self {
        let mut referrers = Self::default();
        referrers.add(list);
        referrers
    }

    fn add(&mut self, list: List) {
        let mut seen: HashSet<Digest> = self
            .descriptors
            .iter()
            .map(|descriptor| descriptor.digest)
            .collect();
        let fresh = list
            .descriptors
            .into_iter()
            .filter(|descriptor| seen.insert(descriptor.digest));
        self.descriptors.extend(fresh);
        self.broken.extend(list.broken);
    }

    fn count(&self) -> usize {
        self.descriptors.len().saturating_add(self.broken.len())
    }

    fn is_empty(&self) -> bool {
        self.count() == 0
    }
}

impl Registry {
    pub(super) async fn referrers_under_tag(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Lookup<Arc<Referrers>>, RegistryError> {
        let Some(reference) = repository.attached(digest, Attached::Referrers) else {
            return Ok(Lookup::Absent(Absence::default()));
        };
        let endpoints = self.shared.settings.registries.endpoints(repository);
        let mut joined = Joined::default();
        for endpoint in &endpoints {
            let manifest = match endpoints.as_slice() {
                [_] => self.manifest(&reference).await,
                // The index of a mirror does not stand for those of the others.
                _ => self.shared.manifest_at(endpoint, reference.target()).await,
            };
            let list = manifest.and_then(|found| under_tag(found, &reference));
            joined.add(repository, endpoint, list);
        }
        joined.answer(&reference.to_string())
    }
}

/// The lists of several endpoints as one. What one of them lists says nothing of what the others have.
#[derive(Default)]
struct Joined {
    list: Option<Referrers>,
    nowhere: Nowhere,
}

impl Joined {
    fn add(
        &mut self,
        repository: &Repository,
        endpoint: &Endpoint,
        answer: Result<Lookup<Referrers>, RegistryError>,
    ) {
        match answer {
            Ok(Lookup::Found(found)) => {
                let list = self.list.get_or_insert_default();
                list.add(List {
                    descriptors: found.descriptors,
                    broken: found.broken,
                });
                list.from.push(endpoint.to_string());
            }
            Ok(Lookup::Absent(absence)) => self.nowhere.absent(absence),
            Err(error) => self.nowhere.failed(error),
        }
        if let Some(list) = &mut self.list
            && list.from == [repository.to_string()]
        {
            list.from.clear();
        }
    }

    /// The list. Where one of the endpoints could not be asked, it may have more; and an empty list then is none.
    fn answer(self, asked: &str) -> Result<Lookup<Arc<Referrers>>, RegistryError> {
        let Some(mut list) = self.list else {
            return self.nowhere.answer().map(Lookup::Absent);
        };
        match self.nowhere.answer() {
            Ok(_) => {}
            Err(error) if list.is_empty() => return Err(error),
            Err(error) => list.broken.push(Failure::from(&error)),
        }
        match list.count() > REFERRERS.max {
            true => Err(RegistryError::LimitExceeded {
                url: asked.to_owned(),
                limit: REFERRERS,
            }),
            false => Ok(Lookup::Found(Arc::new(list))),
        }
    }
}

/// What the index under the referrers tag lists.
fn under_tag(
    found: Lookup<Arc<Manifest>>,
    reference: &Reference,
) -> Result<Lookup<Referrers>, RegistryError> {
    let manifest = match found {
        Lookup::Found(manifest) => manifest,
        Lookup::Absent(absence) => return Ok(Lookup::Absent(absence)),
    };
    match manifest.index() {
        Some(index) => Ok(Lookup::Found(Referrers::new(List {
            descriptors: index.manifests.clone(),
            broken: index.broken.clone(),
        }))),
        None => Err(Failure::new(Reason::ManifestMalformed)
            .at("mediaType")
            .expected("an index under the referrers tag")
            .found(manifest.media_type())
            .detail(reference)
            .into()),
    }
}

impl Shared {
    /// The lists of all endpoints: a mirror has the image, and seldom all that was attached to it since.
    pub(super) async fn fetch_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Lookup<Arc<Referrers>>, RegistryError> {
        let mut joined = Joined::default();
        for endpoint in &self.settings.registries.endpoints(repository) {
            let list = self.list(endpoint, digest, artifact_type).await;
            joined.add(repository, endpoint, list);
        }
        joined.answer(&format!("{repository}/referrers/{digest}"))
    }

    /// The whole list of an endpoint, page by page.
    async fn list(
        &self,
        endpoint: &Endpoint,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Lookup<Referrers>, RegistryError> {
        let base = self.base(endpoint).await?;
        let mut next = url(&base, endpoint, &format!("referrers/{digest}"));
        if let Some(artifact_type) = artifact_type {
            next.query_pairs_mut()
                .append_pair("artifactType", artifact_type);
        }
        let mut visited: Vec<Url> = Vec::new();
        let mut referrers = Referrers::default();
        loop {
            let shown = redact_url(&next);
            if visited.len() >= REFERRER_PAGES.max {
                return Err(RegistryError::LimitExceeded {
                    url: shown,
                    limit: REFERRER_PAGES,
                });
            }
            let asked = next.clone();
            visited.push(next.clone());
            let mut ask = Ask::new(Method::Get, next, OCI_INDEX, INDEX_BYTES);
            // Only the first page can be missing: a registry that has begun a list has the API.
            if visited.len() == 1 {
                ask.accepted = NO_API;
            }
            let response = match self.ask(endpoint, &ask).await? {
                Answer::Reply(Reply::Whole(response)) => response,
                Answer::Absent(_) | Answer::Unclear | Answer::Reply(Reply::Streamed(_)) => {
                    return Err(ask.unexpected());
                }
            };
            if NO_API.contains(&response.status()) {
                check_no_api(&shown, &response, &asked)?;
                return Ok(Lookup::Absent(Absence {
                    asked: vec![shown],
                    code: format!("status {}", response.status()),
                }));
            }
            if response.status() != OK {
                return Err(RegistryError::NotARegistry {
                    url: shown,
                    status: response.status(),
                    detail: "a list comes with the status 200".to_owned(),
                });
            }
            let mut page = read(&shown, &response)?;
            if let Some(artifact_type) = artifact_type
                && !is_filtered(&response)
            {
                page.descriptors
                    .retain(|descriptor| descriptor.artifact_type == artifact_type);
            }
            referrers.add(page);
            if referrers.count() > REFERRERS.max {
                return Err(RegistryError::LimitExceeded {
                    url: shown,
                    limit: REFERRERS,
                });
            }
            next = match next_page(&response, &visited)? {
                Some(url) => url,
                None => return Ok(Lookup::Found(referrers)),
            };
        }
    }
}

/// Makes sure that an answer with one of the statuses [`NO_API`] means that there is no such API.
///
/// Elsewhere a registry shows itself by its error list or its header. Here many answer for which the address is unknown, in
/// the words of the program that looks addresses up; anything else is something before the registry, or a refusal.
fn check_no_api(url: &str, response: &Response, asked: &Url) -> Result<(), RegistryError> {
    let (body, status) = (response.body(), response.status());
    let told = told(body);
    check_refusal(url, told.as_ref())?;
    if is_page(response.header("content-type"), body) {
        // A page at the registry's own address is of something before it. Where the registry itself leads elsewhere
        // (GHCR does, to a page that is not found), that is its way to have no API.
        return match response.final_url().origin() == asked.origin() {
            true => Err(page(url, status)),
            false => Ok(()),
        };
    }
    if told.is_some() {
        return Ok(());
    }
    check_words(url, body)?;
    match is_plain(body) || says_registry(response.header(API_VERSION)) {
        true => Ok(()),
        false => Err(RegistryError::NotARegistry {
            url: url.to_owned(),
            status,
            detail: "it has neither a registry's error list, nor its header, nor the words of a server that does not know the address".to_owned(),
        }),
    }
}

fn read(url: &str, response: &Response) -> Result<List, RegistryError> {
    let content_type = response.header("content-type").unwrap_or_default();
    // Something that answers 200 to everything is not a registry without referrers.
    if essence(content_type) != OCI_INDEX {
        return Err(RegistryError::Malformed {
            url: url.to_owned(),
            field: "content-type".to_owned(),
            expected: OCI_INDEX.to_owned(),
            found: printable(content_type),
        });
    }
    List::read(response.body()).map_err(|failure| match failure.reason {
        Reason::LimitExceeded => RegistryError::LimitExceeded {
            url: url.to_owned(),
            limit: REFERRERS,
        },
        _ => RegistryError::Malformed {
            url: url.to_owned(),
            field: failure.field.map_or_else(String::new, String::from),
            expected: failure.expected.map_or_else(String::new, String::from),
            found: failure.found.map_or_else(String::new, String::from),
        },
    })
}

/// Whether the registry says that it applied the filter.
fn is_filtered(response: &Response) -> bool {
    response
        .headers("oci-filters-applied")
        .flat_map(|header| header.split(','))
        .any(|name| name.trim().eq_ignore_ascii_case("artifactType"))
}

/// The next page: `Link: <URL>; rel="next"` (RFC 8288). It must lie on the origin that gave this one, and be a new one.
fn next_page(response: &Response, visited: &[Url]) -> Result<Option<Url>, RegistryError> {
    let here = response.final_url();
    let refused = |expected: &str, found: String| RegistryError::Malformed {
        url: redact_url(here),
        field: "link".to_owned(),
        expected: expected.to_owned(),
        found,
    };
    let mut target = None;
    for header in response.headers("link") {
        // Taken for the end of the list, what cannot be read would hide the rest.
        let next = next_link(header).map_err(|Unreadable| {
            refused("links as RFC 8288 has them", "something else".to_owned())
        })?;
        target = target.or(next);
    }
    let Some(target) = target else {
        return Ok(None);
    };
    let shown = || match here.join(target) {
        Ok(url) => printable(&redact_url(&url)),
        Err(_) => "no URL".to_owned(),
    };
    let mut next = here
        .join(target)
        .map_err(|_| refused("the URL of the next page", shown()))?;
    next.set_fragment(None);
    if next.origin() != here.origin() || !next.username().is_empty() || next.password().is_some() {
        return Err(refused("a page on the same host", shown()));
    }
    if visited.contains(&next) || next == *here {
        return Err(refused("a page that was not read yet", shown()));
    }
    Ok(Some(next))
}

/// A `Link` header of which it cannot be said whether there is a next page.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable;

/// The target of the link with the relation `next`.
fn next_link(header: &str) -> Result<Option<&str>, Unreadable> {
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Ok(None);
        }
        let (target, after) = rest
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'))
            .ok_or(Unreadable)?;
        // Parameters go on to the next comma that begins another link.
        let end = after.find(",<").or_else(|| after.find(", <"));
        let (parameters, further) = after.split_at(end.unwrap_or(after.len()));
        // Of several, the first counts (RFC 8288, section 3.3).
        let relation = parameters
            .split(';')
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("rel"));
        let is_next = relation.is_some_and(|(_, value)| {
            value
                .trim()
                .trim_matches(['"', '\''])
                .split_ascii_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Ok(Some(target));
        }
        if parameters.to_ascii_lowercase().contains("next") {
            return Err(Unreadable);
        }
        rest = further;
    }
}

const OK: u16 = 200;

/// What registries without the API answer, besides 404: they do not know the address, the method or the media type. That is
/// not yet "there are none": then the tags must say so.
const NO_API: &[u16] = &[NOT_FOUND, 400, 405, 406, 501];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_to_the_next_page_is_found() {
        for (header, expected) in [
            ("</v2/x?n=1>; rel=\"next\"", Ok(Some("/v2/x?n=1"))),
            ("</v2/x>;rel=next", Ok(Some("/v2/x"))),
            ("</v2/x>; rel='next'", Ok(Some("/v2/x"))),
            ("</a>; rel=prev, </b>; rel=\"next last\"", Ok(Some("/b"))),
            ("</a>; rel=prev,</b>; title=x; REL=Next", Ok(Some("/b"))),
            ("</a?next=1>; rel=prev", Ok(None)),
            ("", Ok(None)),
            (" ,", Ok(None)),
            // No more can be said of these than that there may be more.
            ("</a", Err(Unreadable)),
            ("</a; rel=\"next\"", Err(Unreadable)),
            ("/a; rel=next", Err(Unreadable)),
            ("/a; rel=prev", Err(Unreadable)),
            ("</a>; rel*=UTF-8''next", Err(Unreadable)),
            ("</a>; next", Err(Unreadable)),
            ("</a>; rel=prev, /b; rel=next", Err(Unreadable)),
        ] {
            assert_eq!(next_link(header), expected, "{header}");
        }
    }
}
