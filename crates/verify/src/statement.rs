//! in-toto statements (in-toto attestation framework, v0.1 and v1): what an attestation is about.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::artifact::Artifact;
use crate::digest::{Digest, DigestAlgorithm};
use crate::limits::SUBJECTS;
use crate::{Failure, Reason, Result, json};

/// A statement: subjects and a predicate about them.
#[derive(Clone, Debug)]
pub struct Statement {
    predicate_type: Box<str>,
    predicate: Option<Box<RawValue>>,
    subjects: Vec<Subject>,
}

/// One artifact that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    name: Box<str>,
    digests: Vec<(Box<str>, Box<str>)>,
    annotations: Annotations,
}

/// Annotations whose values are text; others (ResourceDescriptor allows any JSON) are passed over. Each name stands once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Annotations(Vec<(Box<str>, Box<str>)>);

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, rename = "_type")]
    kind: Cow<'a, str>,
    #[serde(borrow, rename = "predicateType")]
    predicate_type: Cow<'a, str>,
    subject: Vec<SubjectWire>,
    #[serde(borrow, default)]
    predicate: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SubjectWire {
    #[serde(default)]
    name: Box<str>,
    digest: DigestSet,
    #[serde(default, deserialize_with = "or_default")]
    annotations: Annotations,
}

struct DigestSet(Vec<(Box<str>, Box<str>)>);

impl Statement {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self> {
        json::check_depth(payload, "payload")?;
        let wire: Wire<'_> = json::parse(payload, Reason::StatementMalformed)?;
        let malformed = |field: &'static str| Failure::new(Reason::StatementMalformed).at(field);
        if !TYPES.contains(&&*wire.kind) {
            return Err(malformed("_type")
                .expected(TYPES.join(" or "))
                .found(&wire.kind));
        }
        if wire.predicate_type.is_empty() {
            return Err(malformed("predicateType")
                .expected("a type URI")
                .found("nothing"));
        }
        SUBJECTS.check(wire.subject.len(), "subject")?;
        if wire.subject.is_empty() {
            return Err(malformed("subject")
                .expected("at least one subject")
                .found("none"));
        }
        for (index, subject) in wire.subject.iter().enumerate() {
            subject
                .digest
                .check()
                .map_err(|failure| failure.within(&format!("subject[{index}]")))?;
        }
        Ok(Self {
            predicate_type: wire.predicate_type.into(),
            predicate: wire.predicate.map(ToOwned::to_owned),
            subjects: wire
                .subject
                .into_iter()
                .map(|subject| Subject {
                    name: subject.name,
                    digests: subject.digest.0,
                    annotations: subject.annotations,
                })
                .collect(),
        })
    }

    /// The predicate's type URI.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// The predicate as it stands in the signed payload (JSON text); `None` when the statement has none.
    pub fn predicate(&self) -> Option<&str> {
        self.predicate.as_deref().map(RawValue::get)
    }

    /// The subjects.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The algorithms of the subjects' digests that can be computed.
    pub(crate) fn digest_algorithms(&self) -> impl Iterator<Item = DigestAlgorithm> + '_ {
        self.subjects
            .iter()
            .flat_map(|subject| &subject.digests)
            .filter_map(|(name, _)| name.parse().ok())
    }

    /// The subject that is this artifact.
    ///
    /// A subject is the artifact when at least one of its digests is the artifact's and none that can be compared differs.
    /// SHA-1 is not computed: beside a right SHA-256 it could add nothing, and a collision could make it say anything.
    ///
    /// Of several, the first that `fits` is it, or else the first.
    pub(crate) fn find(
        &self,
        artifact: &Artifact<'_>,
        fits: impl Fn(&Subject) -> bool,
    ) -> Result<&Subject> {
        let mut contradiction = None;
        let mut first = None;
        for subject in &self.subjects {
            match subject.compare(artifact) {
                Comparison::Same if fits(subject) => return Ok(subject),
                Comparison::Same => first = first.or(Some(subject)),
                Comparison::Contradictory(name) => contradiction = Some((subject, name)),
                Comparison::Other => {}
            }
        }
        if let Some(first) = first {
            return Ok(first);
        }
        let failure = Failure::new(Reason::SubjectMismatch)
            .at("payload.subject")
            .expected(artifact.primary());
        Err(match (contradiction, self.subjects.as_slice()) {
            (Some((subject, algorithm)), _) => failure.detail(format!(
                "subject {:?} has one digest of this artifact and another {algorithm}",
                subject.name
            )),
            (None, [subject]) => failure.found(subject),
            (None, subjects) => failure.found(format!(
                "{} subjects, none with this digest",
                subjects.len()
            )),
        })
    }
}

enum Comparison {
    Same,
    Other,
    Contradictory(DigestAlgorithm),
}

impl Subject {
    /// The subject's name; for files usually the file's name. Nothing is proved by it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Algorithm names and hex values.
    pub fn digests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.digests
            .iter()
            .map(|(algorithm, value)| (&**algorithm, &**value))
    }

    /// Names and values of the annotations that are text, in the order of the statement.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.annotations.iter()
    }

    pub(crate) fn signed_annotations(&self) -> &Annotations {
        &self.annotations
    }

    fn compare(&self, artifact: &Artifact<'_>) -> Comparison {
        let (mut same, mut different) = (false, None);
        for (algorithm, value) in self.digests() {
            let Ok(algorithm) = algorithm.parse::<DigestAlgorithm>() else {
                continue;
            };
            let Some(actual) = artifact.digest(algorithm) else {
                continue;
            };
            match Digest::from_hex(algorithm, value) {
                Ok(claimed) if claimed == actual => same = true,
                _ => different = Some(algorithm),
            }
        }
        match (same, different) {
            (true, None) => Comparison::Same,
            (true, Some(algorithm)) => Comparison::Contradictory(algorithm),
            (false, _) => Comparison::Other,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.digests.first() {
            Some((algorithm, value)) => write!(f, "{algorithm}:{value} ({})", self.name),
            None => write!(f, "no digest ({})", self.name),
        }
    }
}

impl DigestSet {
    /// Refuses what claims to be a digest of the usual algorithms and is none, also where another subject is meant: a
    /// statement that cannot be read as a whole says nothing for certain.
    fn check(&self) -> Result<()> {
        for (name, value) in &self.0 {
            if let Ok(algorithm) = name.parse::<DigestAlgorithm>()
                && algorithm.signs()
                && Digest::from_hex(algorithm, value).is_err()
            {
                return Err(Failure::new(Reason::StatementMalformed)
                    .at("digest")
                    .expected(format!("the hex digits of a {algorithm} digest"))
                    .found(value));
            }
        }
        Ok(())
    }
}

impl Annotations {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    fn get(&self, wanted: &str) -> Option<&str> {
        self.iter()
            .find_map(|(name, value)| (name == wanted).then_some(value))
    }

    /// The first of these that is not there as it is wanted.
    pub(crate) fn missing<'w>(
        &self,
        wanted: &'w [(Box<str>, Box<str>)],
    ) -> Option<(&'w str, &'w str, Option<&str>)> {
        wanted
            .iter()
            .map(|(name, value)| (&**name, &**value, self.get(name)))
            .find(|(_, value, found)| *found != Some(value))
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Annotations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of annotations")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Annotations, A::Error> {
                let mut names: BTreeSet<Box<str>> = BTreeSet::new();
                let mut texts = Vec::new();
                while let Some((name, value)) = map.next_entry::<Box<str>, &'de RawValue>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format_args!(
                            "duplicate annotation `{name}`"
                        )));
                    }
                    if let Ok(text) = serde_json::from_str::<Box<str>>(value.get()) {
                        texts.push((name, text));
                    }
                }
                Ok(Annotations(texts))
            }
        }
        input.deserialize_map(Pairs)
    }
}

/// `null` is what Go writes for an empty map.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    input: D,
) -> std::result::Result<T, D::Error> {
    Ok(Option::<T>::deserialize(input)?.unwrap_or_default())
}

impl<'de> Deserialize<'de> for DigestSet {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = DigestSet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of digest algorithms and hex values")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<DigestSet, A::Error> {
                let mut pairs: Vec<(Box<str>, Box<str>)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<Box<str>, Box<str>>()? {
                    if pairs.iter().any(|(seen, _)| *seen == name) {
                        return Err(A::Error::custom(format_args!(
                            "duplicate digest algorithm `{name}`"
                        )));
                    }
                    pairs.push((name, value));
                }
                Ok(DigestSet(pairs))
            }
        }
        input.deserialize_map(Pairs)
    }
}

const TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v0.1",
    "https://in-toto.io/Statement/v1",
];

#[cfg(test)]
mod tests {
    use super::Statement;
    use crate::artifact::Artifact;
    use crate::{Digest, Reason};

    fn statement(subject: &str) -> crate::Result<Statement> {
        let text = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","predicateType":"t","subject":{subject},"predicate":{{"a":[1]}}}}"#
        );
        Statement::parse(text.as_bytes())
    }

    #[test]
    fn subjects_are_found_by_any_comparable_digest() {
        let artifact = Artifact::from_bytes(b"hello");
        let sha256 = Digest::sha256(b"hello").hex();
        let found = statement(&format!(
            r#"[{{"name":"x","digest":{{"md5":"00","sha256":"{sha256}"}}}}]"#
        ))
        .unwrap();
        assert_eq!(found.find(&artifact, |_| true).unwrap().name(), "x");
        assert_eq!(found.predicate(), Some(r#"{"a":[1]}"#));
    }

    #[test]
    fn contradicting_digests_do_not_match() {
        let artifact = Artifact::from_bytes(b"hello");
        let sha256 = Digest::sha256(b"hello").hex();
        let both = statement(&format!(
            r#"[{{"name":"x","digest":{{"sha256":"{sha256}","sha512":"{}"}}}}]"#,
            "00".repeat(64)
        ));
        assert_eq!(
            both.unwrap().find(&artifact, |_| true).unwrap_err().reason,
            Reason::SubjectMismatch
        );
    }

    #[test]
    fn broken_statements_are_refused() {
        for subject in [
            "[]",
            "null",
            "[{}]",
            "[{\"digest\":{\"sha256\":1}}]",
            "[{\"digest\":{\"a\":\"\",\"a\":\"\"}}]",
            "[{\"digest\":{\"sha256\":\"00\"}}]",
            "[{\"digest\":{\"sha1\":\"x\"}},{\"digest\":{\"sha512\":\"\"}}]",
        ] {
            assert_eq!(
                statement(subject).unwrap_err().reason,
                Reason::StatementMalformed,
                "{subject}"
            );
        }
        let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
        assert_eq!(statement(&deep).unwrap_err().reason, Reason::LimitExceeded);
    }
}
