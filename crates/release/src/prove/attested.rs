//! What is signed and attested about an image must be about this image, by its name.

use sealcheck_verify::{Digest, Failure, Outcome, Reason, Verdict, printable};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The names of an image.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// Paths without a registry: signatures name the registry of the region where they were made, or a mirror.
    pub(super) paths: Vec<Box<str>>,
    /// `None` for an image that the SBOM names by its digest only.
    pub(super) tag: Option<String>,
}

/// What is judged of a verification summary (slsa.dev/verification_summary/v1).
#[derive(Deserialize)]
struct Summary {
    verifier: Verifier,
    #[serde(rename = "verificationResult")]
    result: String,
    #[serde(rename = "resourceUri")]
    resource: String,
}

#[derive(Deserialize)]
struct Verifier {
    id: String,
}

/// The levels of a summary.
#[derive(Deserialize)]
struct Levels {
    #[serde(default, rename = "verifiedLevels")]
    levels: Vec<String>,
}

/// What is judged of a promotion record (k8s.io/promo-tools/promotion/v1).
#[derive(Deserialize)]
struct Promotion {
    destination: Destination,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Destination {
    name: String,
}

impl Named {
    /// A signature counts when its payload names this image. A payload without a name is about a digest only.
    pub(super) fn signature(&self, verdict: Verdict) -> Verdict {
        let subject = verdict.evidence().checks.subject.facts();
        let is_payload = subject.filter(|subject| subject.predicate_type.is_none());
        let name = is_payload.map(|subject| subject.name.clone());
        match name.filter(|name| !name.is_empty() && !self.is_named(name)) {
            Some(name) => verdict.with_failure(
                Failure::new(Reason::SubjectNameMismatch)
                    .at("payload.critical.identity.docker-reference")
                    .expected(self.shown())
                    .found(printable(&name)),
            ),
            None => verdict,
        }
    }

    /// A summary counts when it is by this verifier, about this image, and says that what was verified passed.
    pub(super) fn summary(
        &self,
        verdict: Verdict,
        verifier: Option<&str>,
        digest: &Digest,
    ) -> Verdict {
        let judge = |summary: Summary| {
            let of_other = |wanted: &&str| *wanted != summary.verifier.id;
            if let Some(verifier) = verifier.filter(of_other) {
                let expected = format!("verifier {verifier}");
                return Some(refused("predicate", expected, &summary.verifier.id));
            }
            if summary.result != "PASSED" {
                return Some(refused("predicate", "PASSED".to_owned(), &summary.result));
            }
            let (name, own) = match summary.resource.split_once('@') {
                Some((name, own)) => (name, Some(own)),
                None => (&*summary.resource, None),
            };
            let is_other = own.is_some_and(|own| own != digest.to_string());
            (is_other || !self.is_named(name)).then(|| {
                let expected = format!("{} with {digest}", self.shown());
                refused("predicate.resourceUri", expected, &summary.resource)
            })
        };
        judged(verdict, "a verification summary", judge)
    }

    /// A record counts when the promotion was to this image, under its tag if it names any.
    pub(super) fn promotion(&self, verdict: Verdict) -> Verdict {
        let judge = |promotion: Promotion| {
            let name = &promotion.destination.name;
            if !self.is_named(name) {
                return Some(refused("predicate.destination.name", self.shown(), name));
            }
            let tags = &promotion.tags;
            let own = self.tag.as_ref().filter(|_| !tags.is_empty());
            let own = own.filter(|own| !tags.contains(own))?;
            Some(refused("predicate.tags", own.clone(), &tags.join(", ")))
        };
        judged(verdict, "a promotion record", judge)
    }

    /// Whether a name with a registry, and perhaps a tag or a digest, is that of this image.
    fn is_named(&self, name: &str) -> bool {
        let name = name.split_once('@').map_or(name, |(name, _)| name);
        let tag = name
            .rfind(':')
            .filter(|colon| !name[*colon..].contains('/'));
        let name = tag.map_or(name, |colon| &name[..colon]);
        self.paths.iter().any(|path| {
            let before = name.strip_suffix(&**path);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    }

    fn shown(&self) -> String {
        self.paths.join(" or ")
    }
}

/// The levels that a summary names.
pub(super) fn levels(verdict: &Verdict) -> Vec<String> {
    let predicate = verdict.statement().and_then(|it| it.predicate());
    let levels = predicate.and_then(|text| serde_json::from_str::<Levels>(text).ok());
    levels.map(|it| it.levels).unwrap_or_default()
}

/// Holds a predicate that is proved against a demand.
fn judged<T: DeserializeOwned>(
    verdict: Verdict,
    what: &str,
    judge: impl FnOnce(T) -> Option<Failure>,
) -> Verdict {
    if verdict.outcome() != Outcome::Verified {
        return verdict;
    }
    let predicate = verdict.statement().and_then(|it| it.predicate());
    let failure = match predicate.map(serde_json::from_str::<T>) {
        Some(Ok(predicate)) => judge(predicate),
        Some(Err(error)) => Some(refused("predicate", what.to_owned(), &error.to_string())),
        None => Some(refused("predicate", what.to_owned(), "none")),
    };
    match failure {
        Some(failure) => verdict.with_failure(failure),
        None => verdict,
    }
}

fn refused(at: &str, expected: String, found: &str) -> Failure {
    Failure::new(Reason::PolicyRefused)
        .at(at)
        .expected(expected)
        .found(printable(found))
}

#[cfg(test)]
mod tests {
    use super::Named;

    #[test]
    fn a_name_is_that_of_an_image_in_any_registry() {
        let named = Named {
            paths: vec!["kube-proxy-amd64".into(), "kube-proxy".into()],
            tag: None,
        };
        for name in [
            "registry.k8s.io/kube-proxy",
            "registry.k8s.io/kube-proxy-amd64",
            "asia.gcr.io/k8s-artifacts-prod/kube-proxy:v1.24.0",
            "us-west1-docker.pkg.dev/k8s-artifacts-prod/images/kube-proxy",
            "localhost:5000/kube-proxy",
            "mirror.example/k8s/kube-proxy:v1@sha256:00",
            "kube-proxy",
        ] {
            assert!(named.is_named(name), "{name}");
        }
        for name in [
            "registry.k8s.io/kube-apiserver",
            "registry.k8s.io/my-kube-proxy",
            "registry.k8s.io/kube-proxy/other",
            "registry.k8s.io/kube-proxy-arm64",
            "registry.k8s.io/other:kube-proxy",
            "",
        ] {
            assert!(!named.is_named(name), "{name}");
        }
    }
}
