//! Step 7: the subject.

use std::collections::BTreeMap;

use crate::evidence::SubjectFacts;
use crate::material::SignedMaterial;
use crate::requirements::Content;
use crate::statement::Annotations;
use crate::verify::Run;
use crate::{Failure, Reason, Result, printable};

impl Run<'_, '_> {
    /// What the statement or payload is about is this artifact, and says of it what is required. `None` for a signature that
    /// is about its artifact by itself.
    pub(crate) fn subject(&self) -> Result<Option<SubjectFacts>> {
        match (&self.material.content, &self.requirements.content) {
            (SignedMaterial::Message { .. }, Content::Attestation(_) | Content::AnyAttestation) => {
                Err(Failure::new(Reason::NotAnAttestation))
            }
            (SignedMaterial::Message { .. }, _) => self.check_bare().map(|()| None),
            (
                SignedMaterial::SimpleSigning { .. },
                Content::Attestation(_) | Content::AnyAttestation,
            ) => Err(Failure::new(Reason::NotAnAttestation)),
            (
                SignedMaterial::SimpleSigning {
                    image,
                    reference,
                    annotations,
                    ..
                },
                _,
            ) => match self.artifact.digest(image.algorithm()) {
                Some(actual) if actual == *image => {
                    self.check_name(reference, NAME_IN_PAYLOAD)?;
                    self.check_annotations(annotations, "payload.optional")?;
                    Ok(Some(SubjectFacts {
                        predicate_type: None,
                        name: reference.clone(),
                        annotations: texts(annotations),
                    }))
                }
                _ => Err(Failure::new(Reason::ArtifactMismatch)
                    .at("payload.critical.image.docker-manifest-digest")
                    .expected(self.artifact.primary())
                    .found(image)),
            },
            (SignedMaterial::Envelope { statement, .. }, content) => {
                let statement = statement.as_ref().map_err(Clone::clone)?;
                let kind = statement.predicate_type();
                match content {
                    Content::Signature if kind != COSIGN_SIGNATURE => {
                        return Err(Failure::new(Reason::NotASignature)
                            .at("payload.predicateType")
                            .found(kind));
                    }
                    Content::Attestation(required) if **required != *kind => {
                        return Err(Failure::new(Reason::PredicateTypeMismatch)
                            .at("payload.predicateType")
                            .expected(required)
                            .found(kind));
                    }
                    _ => {}
                }
                let wanted = &self.requirements.annotations;
                let subject = statement.find(self.artifact, |subject| {
                    subject.signed_annotations().missing(wanted).is_none()
                })?;
                self.check_name(subject.name(), "payload.subject.name")?;
                self.check_annotations(
                    subject.signed_annotations(),
                    "payload.subject.annotations",
                )?;
                Ok(Some(SubjectFacts {
                    predicate_type: Some(kind.into()),
                    name: subject.name().into(),
                    annotations: texts(subject.signed_annotations()),
                }))
            }
        }
    }

    fn check_name(&self, name: &str, field: &str) -> Result<()> {
        match &self.requirements.subject_name {
            Some(required) if !required.matches(name) => {
                Err(Failure::new(Reason::SubjectNameMismatch)
                    .at(field)
                    .expected(required)
                    .found(if name.is_empty() { "no name" } else { name }))
            }
            _ => Ok(()),
        }
    }

    fn check_annotations(&self, annotations: &Annotations, field: &str) -> Result<()> {
        match annotations.missing(&self.requirements.annotations) {
            None => Ok(()),
            Some((name, value, found)) => Err(Failure::new(Reason::AnnotationMismatch)
                .at(format!("{field}.{}", printable(name)))
                .expected(value)
                .found(found.unwrap_or("no such annotation, or none that is text"))),
        }
    }

    /// What cannot carry annotations or a name meets no demand for them.
    fn check_bare(&self) -> Result<()> {
        self.check_name("", "signature")?;
        self.check_annotations(&Annotations::default(), "signature")
    }
}

fn texts(annotations: &Annotations) -> BTreeMap<Box<str>, Box<str>> {
    annotations
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// Where a simple-signing payload has the name.
const NAME_IN_PAYLOAD: &str = "payload.critical.identity.docker-reference";

/// The predicate type of cosign's own signatures of container images.
pub const COSIGN_SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
