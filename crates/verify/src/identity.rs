//! Whom the caller requires: patterns over the certificate's identity, issuer and claims.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use regex::{Regex, RegexBuilder};

use crate::certificate::{Claim, Claims};
use crate::limits::IDENTITY_PATTERN_BYTES;
use crate::{Failure, Reason, Result};

/// A pattern that a whole text must match. Never empty, always anchored at both ends.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    kind: PatternKind,
}

#[derive(Clone, Debug)]
enum PatternKind {
    Exact,
    Glob(GlobMatcher),
    Regex(Regex),
}

impl Pattern {
    /// The text itself, byte for byte.
    ///
    /// # Errors
    /// [`Reason::ArgumentInvalid`] when it is empty.
    pub fn exact(text: &str) -> Result<Self> {
        Ok(Self {
            text: checked(text)?,
            kind: PatternKind::Exact,
        })
    }

    /// A glob: `*` matches within one segment between slashes, `**` across segments, `?` one character, `[…]` and
    /// `{a,b}` as usual.
    ///
    /// # Errors
    /// [`Reason::ArgumentInvalid`] when it is empty or no glob.
    pub fn glob(text: &str) -> Result<Self> {
        let checked = checked(text)?;
        let glob = GlobBuilder::new(text)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| argument().detail(error))?;
        Ok(Self {
            text: checked,
            kind: PatternKind::Glob(glob.compile_matcher()),
        })
    }

    /// A regular expression that must match the whole text, unlike cosign's, which may match any part of it.
    ///
    /// # Errors
    /// [`Reason::ArgumentInvalid`] when it is empty, no regular expression, or compiles to something huge.
    pub fn regex(text: &str) -> Result<Self> {
        let checked = checked(text)?;
        // Compiled alone first: `a)(b` must not become valid by the parentheses around it.
        let compile = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(REGEX_BYTES)
                .build()
                .map_err(|error| argument().detail(last_line(&error.to_string())))
        };
        compile(text)?;
        Ok(Self {
            text: checked,
            kind: PatternKind::Regex(compile(&format!(r"\A(?:{text})\z"))?),
        })
    }

    /// Whether all of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        match &self.kind {
            PatternKind::Exact => *self.text == *text,
            PatternKind::Glob(glob) => glob.is_match(text),
            PatternKind::Regex(regex) => regex.is_match(text),
        }
    }

    /// Whether it is one text and no other.
    pub(crate) fn is_exact(&self) -> bool {
        matches!(self.kind, PatternKind::Exact)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            PatternKind::Exact => f.write_str(&self.text),
            PatternKind::Glob(_) => write!(f, "glob:{}", self.text),
            PatternKind::Regex(_) => write!(f, "regex:{}", self.text),
        }
    }
}

impl serde::Serialize for Pattern {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Pattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "minLength": 1,
            "description": "The exact text, or `glob:` or `regex:` and a pattern that must match the whole text."
        })
    }
}

/// One acceptable signer: subject alternative name and issuer together, and any further claims.
#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Identity {
    /// The certificate's subject alternative name.
    subject: Pattern,
    /// The OIDC issuer; null when the certificate must name none.
    issuer: Option<Pattern>,
    /// Further certificate claims, all of which must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims: Vec<RequiredClaim>,
}

#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RequiredClaim {
    /// The claim's name.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    #[serde(serialize_with = "crate::evidence::text")]
    claim: Claim,
    /// What its value must match.
    value: Pattern,
}

impl Identity {
    /// An identity is always a name together with the issuer that vouches for it: either alone proves nothing.
    pub fn new(subject: Pattern, issuer: Pattern) -> Self {
        Self {
            subject,
            issuer: Some(issuer),
            claims: Vec::new(),
        }
    }

    /// A name in a certificate that must **not** name an issuer.
    ///
    /// Some authorities, such as the one behind GitHub's attestations of releases, issue certificates to themselves and
    /// not to whom an issuer vouches for: there the authority alone vouches for the name, and only a trusted root that
    /// has no other kind of authority makes it mean something. A certificate with an issuer is refused, whatever it is,
    /// so this never accepts what [`Identity::new`] would have to judge.
    pub fn without_issuer(subject: Pattern) -> Self {
        Self {
            subject,
            issuer: None,
            claims: Vec::new(),
        }
    }

    /// Also requires a claim of the certificate.
    #[must_use]
    pub fn with_claim(mut self, claim: Claim, value: Pattern) -> Self {
        self.claims.push(RequiredClaim { claim, value });
        self
    }

    /// The required subject alternative name.
    pub fn subject(&self) -> &Pattern {
        &self.subject
    }

    /// The required issuer; `None` when the certificate must name none.
    pub fn issuer(&self) -> Option<&Pattern> {
        self.issuer.as_ref()
    }

    /// The claims and what their values must match.
    pub(crate) fn claims(&self) -> impl Iterator<Item = (Claim, &Pattern)> {
        self.claims
            .iter()
            .map(|required| (required.claim, &required.value))
    }

    fn check(&self, claims: &Claims) -> Result<()> {
        let differs = |reason, pattern: &Pattern, found: Option<&str>| {
            Failure::new(reason)
                .expected(pattern)
                .found(found.unwrap_or("nothing"))
        };
        let subject = claims.subject();
        if !subject.is_some_and(|subject| self.subject.matches(subject)) {
            return Err(differs(Reason::IdentityMismatch, &self.subject, subject)
                .at("subjectAlternativeName"));
        }
        let found = claims.issuer.as_deref();
        match (&self.issuer, found) {
            (Some(issuer), found) if !found.is_some_and(|found| issuer.matches(found)) => {
                return Err(differs(Reason::IssuerMismatch, issuer, found).at("issuer"));
            }
            (None, Some(found)) => {
                return Err(Failure::new(Reason::IssuerMismatch)
                    .at("issuer")
                    .expected("a certificate without an issuer")
                    .found(found));
            }
            _ => {}
        }
        for required in &self.claims {
            let value = claims.get(required.claim);
            if !value.is_some_and(|value| required.value.matches(value)) {
                return Err(differs(Reason::ClaimMismatch, &required.value, value)
                    .at(required.claim.to_string()));
            }
        }
        Ok(())
    }
}

/// The acceptable signers, any one of whom will do. Never empty.
#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Identities(Vec<Identity>);

impl Identities {
    /// Exactly this signer.
    pub fn one(identity: Identity) -> Self {
        Self(vec![identity])
    }

    /// Also this one.
    #[must_use]
    pub fn or(mut self, identity: Identity) -> Self {
        self.0.push(identity);
        self
    }

    /// The identities.
    pub fn iter(&self) -> impl Iterator<Item = &Identity> {
        self.0.iter()
    }

    /// The first identity that matches, by its position; otherwise the mismatch that came closest.
    pub(crate) fn check(&self, claims: &Claims) -> Result<usize> {
        let mut closest: Option<Failure> = None;
        for (position, identity) in self.0.iter().enumerate() {
            match identity.check(claims) {
                Ok(()) => return Ok(position),
                Err(failure) => {
                    let closer = closest
                        .as_ref()
                        .is_none_or(|best| nearness(&failure) > nearness(best));
                    if closer {
                        closest = Some(failure);
                    }
                }
            }
        }
        Err(closest.unwrap_or_else(|| Failure::new(Reason::IdentityRequired)))
    }
}

/// How many checks an identity passed before this one failed.
fn nearness(failure: &Failure) -> u8 {
    match failure.reason {
        Reason::ClaimMismatch => 2,
        Reason::IssuerMismatch => 1,
        _ => 0,
    }
}

fn checked(text: &str) -> Result<Box<str>> {
    if text.is_empty() {
        return Err(argument().expected("a pattern").found("an empty text"));
    }
    IDENTITY_PATTERN_BYTES.check(text.len(), "pattern")?;
    Ok(text.into())
}

/// What is wrong with a regular expression, without the drawing above it.
fn last_line(error: &str) -> &str {
    let line = error.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line)
}

fn argument() -> Failure {
    Failure::new(Reason::ArgumentInvalid).at("pattern")
}

/// A compiled pattern of one megabyte is far beyond any identity.
const REGEX_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::{Identities, Identity, Pattern};
    use crate::{Claim, Claims, Reason, SubjectAlternativeName};

    #[test]
    fn an_identity_that_merely_contains_the_required_one_does_not_match() {
        for pattern in [
            Pattern::exact("krel-trust@x.test").unwrap(),
            Pattern::glob("krel-*@x.test").unwrap(),
            Pattern::regex("krel-trust@x.test").unwrap(),
            Pattern::regex("krel-trust@x.test|none").unwrap(),
            Pattern::regex("(?x) krel-trust@x.test # comment\n").unwrap(),
        ] {
            assert!(pattern.matches("krel-trust@x.test"), "{pattern}");
            for other in [
                "akrel-trust@x.test",
                "krel-trust@x.test.evil.example",
                "krel-trust@x.test\n",
                "KREL-TRUST@X.TEST",
                "",
            ] {
                assert!(!pattern.matches(other), "{pattern} {other:?}");
            }
        }
    }

    #[test]
    fn no_issuer_is_asked_for_and_never_implied() {
        let claims = |issuer: Option<&str>| Claims {
            san: Some(SubjectAlternativeName::Uri("https://a.test".into())),
            issuer: issuer.map(Into::into),
            claims: Default::default(),
        };
        let name = || Pattern::exact("https://a.test").unwrap();
        let any = Identity::new(name(), Pattern::regex(".*").unwrap());
        let none = Identity::without_issuer(name());
        assert!(none.issuer().is_none());
        let shown = any.issuer().map(Pattern::to_string);
        assert_eq!(shown.as_deref(), Some("regex:.*"));
        let refused = |identity: &Identity, issuer| {
            let result = Identities::one(identity.clone()).check(&claims(issuer));
            result.map_err(|failure| failure.reason)
        };
        assert_eq!(refused(&none, None), Ok(0));
        assert_eq!(refused(&any, None), Err(Reason::IssuerMismatch));
        for issuer in ["https://issuer.test", ""] {
            assert_eq!(refused(&any, Some(issuer)), Ok(0));
            assert_eq!(refused(&none, Some(issuer)), Err(Reason::IssuerMismatch));
        }
        let other = Identity::without_issuer(Pattern::exact("https://b.test").unwrap());
        assert_eq!(refused(&other, None), Err(Reason::IdentityMismatch));
        assert_eq!(
            serde_json::to_value(&none).unwrap()["issuer"],
            serde_json::Value::Null
        );
    }

    #[test]
    fn globs_stop_at_slashes() {
        let glob = Pattern::glob("https://github.com/org/*/release.yml@refs/tags/v*").unwrap();
        assert!(glob.matches("https://github.com/org/repo/release.yml@refs/tags/v1"));
        assert!(!glob.matches("https://github.com/org/a/b/release.yml@refs/tags/v1"));
        assert!(
            Pattern::glob("https://github.com/**")
                .unwrap()
                .matches("https://github.com/a/b/c")
        );
    }

    #[test]
    fn patterns_that_are_none_are_refused() {
        for result in [
            Pattern::exact(""),
            Pattern::glob(""),
            Pattern::regex(""),
            Pattern::regex("("),
            Pattern::regex("a)(b"),
            Pattern::glob("[a"),
            Pattern::regex("(a{1000}){1000}"),
        ] {
            let failure = result.unwrap_err();
            assert_eq!(failure.reason, Reason::ArgumentInvalid);
            assert!(!failure.to_string().contains("\\u{a}"), "{failure}");
        }
        let failure = Pattern::regex(r"a\.b(").unwrap_err();
        assert_eq!(failure.detail.as_deref(), Some("unclosed group"));
        assert_eq!(
            Pattern::exact(&"a".repeat(5000)).unwrap_err().reason,
            Reason::LimitExceeded
        );
    }

    /// Which mismatch is told, whatever the order of the identities.
    #[test]
    fn the_mismatch_that_came_closest_is_told_and_of_equals_the_first() {
        let claims = Claims {
            san: Some(SubjectAlternativeName::Email("a@x.test".into())),
            issuer: Some("https://x.test".into()),
            claims: Default::default(),
        };
        let identity = |subject: &str, issuer: &str| {
            let exact = |text| Pattern::exact(text).unwrap();
            Identity::new(exact(subject), exact(issuer))
        };
        let by_claim = identity("a@x.test", "https://x.test")
            .with_claim(Claim::BuildTrigger, Pattern::exact("push").unwrap());
        let by_issuer = identity("a@x.test", "https://y.test");
        let by_subject = identity("b@x.test", "https://x.test");
        for (near, far, reason) in [
            (&by_claim, &by_issuer, Reason::ClaimMismatch),
            (&by_claim, &by_subject, Reason::ClaimMismatch),
            (&by_issuer, &by_subject, Reason::IssuerMismatch),
        ] {
            for (first, second) in [(near, far), (far, near)] {
                let both = Identities::one(first.clone()).or(second.clone());
                assert_eq!(both.check(&claims).unwrap_err().reason, reason);
            }
        }
        let equals = Identities::one(by_subject).or(identity("c@x.test", "https://x.test"));
        let failure = equals.check(&claims).unwrap_err();
        assert_eq!(failure.expected.as_deref(), Some("b@x.test"));
    }
}
