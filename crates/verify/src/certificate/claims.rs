//! What a Fulcio certificate says about the signer beside the name: the OIDC issuer and the build's facts.
//!
//! Source: Fulcio's `docs/oid-info.md`.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use der::Tag;
use der::asn1::ObjectIdentifier;

use super::subject_alternative_name::is_plain;
use super::{Certificate, Extension, SubjectAlternativeName, malformed};
use crate::asn1::Der;

/// Who signed, according to the certificate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    /// The identity; `None` when the certificate names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub san: Option<SubjectAlternativeName>,
    /// The OIDC issuer that vouched for the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Box<str>>,
    /// Every other Fulcio extension.
    pub claims: ClaimValues,
}

/// The Fulcio extensions of a certificate and their values, in the order of the certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimValues {
    // One buffer for all values: a certificate for a workflow has two dozen.
    text: Box<str>,
    ranges: Vec<(Claim, Range<usize>)>,
}

/// An extension outside the ones that this program knows by name, displayed as dotted decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExtensionId(ObjectIdentifier);

macro_rules! claims {
    ($($name:ident $text:literal $number:literal $form:ident $doc:literal;)+) => {
        /// A Fulcio certificate extension, by its documented name.
        ///
        /// Written as its name (`source-repository-uri`) or as its OID.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Claim {
            $(#[doc = $doc] $name,)+
            /// An extension in Fulcio's arc without a name here. Its value is the content octets in lower-case hex.
            Other(ExtensionId),
        }

        impl Claim {
            /// Every claim that has a name.
            pub const NAMED: &[Claim] = &[$(Self::$name),+];

            /// The name; `None` for [`Claim::Other`].
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)+
                    Self::Other(_) => None,
                }
            }

            fn number(self) -> Option<u8> {
                match self {
                    $(Self::$name => Some($number),)+
                    Self::Other(_) => None,
                }
            }

            fn form(self) -> Form {
                match self {
                    $(Self::$name => Form::$form,)+
                    Self::Other(_) => Form::Unknown,
                }
            }
        }
    };
}

/// How a value is encoded.
enum Form {
    Raw,
    Utf8String,
    Unknown,
}

claims! {
    Issuer "issuer" 8 Utf8String
        "The OIDC issuer (1.3.6.1.4.1.57264.1.8, or the deprecated .1).";
    GithubWorkflowTrigger "github-workflow-trigger" 2 Raw
        "The event that started the GitHub workflow (.2, deprecated).";
    GithubWorkflowSha "github-workflow-sha" 3 Raw
        "The commit that the GitHub workflow ran on (.3, deprecated).";
    GithubWorkflowName "github-workflow-name" 4 Raw
        "The name of the GitHub workflow (.4, deprecated).";
    GithubWorkflowRepository "github-workflow-repository" 5 Raw
        "The repository of the GitHub workflow (.5, deprecated).";
    GithubWorkflowRef "github-workflow-ref" 6 Raw
        "The git ref of the GitHub workflow (.6, deprecated).";
    BuildSignerUri "build-signer-uri" 9 Utf8String
        "The build instructions that are responsible for signing (.9).";
    BuildSignerDigest "build-signer-digest" 10 Utf8String
        "The version of those build instructions (.10).";
    RunnerEnvironment "runner-environment" 11 Utf8String
        "Whether the build ran on hosted or on the owner's machines (.11).";
    SourceRepositoryUri "source-repository-uri" 12 Utf8String
        "The source repository of the build (.12).";
    SourceRepositoryDigest "source-repository-digest" 13 Utf8String
        "The commit of the source (.13).";
    SourceRepositoryRef "source-repository-ref" 14 Utf8String
        "The git ref of the source (.14).";
    SourceRepositoryIdentifier "source-repository-identifier" 15 Utf8String
        "The immutable identifier of the source repository (.15).";
    SourceRepositoryOwnerUri "source-repository-owner-uri" 16 Utf8String
        "The owner of the source repository (.16).";
    SourceRepositoryOwnerIdentifier "source-repository-owner-identifier" 17 Utf8String
        "The immutable identifier of that owner (.17).";
    BuildConfigUri "build-config-uri" 18 Utf8String
        "The top-level build instructions (.18).";
    BuildConfigDigest "build-config-digest" 19 Utf8String
        "The version of the top-level build instructions (.19).";
    BuildTrigger "build-trigger" 20 Utf8String
        "The event that started the build (.20).";
    RunInvocationUri "run-invocation-uri" 21 Utf8String
        "The run of the build (.21).";
    SourceRepositoryVisibilityAtSigning "source-repository-visibility-at-signing" 22 Utf8String
        "Whether the source repository was public at that time (.22).";
    DeploymentEnvironment "deployment-environment" 23 Utf8String
        "The environment that the job deploys to (.23).";
    TokenSubject "token-subject" 24 Utf8String
        "The subject of the OIDC token (.24).";
}

/// The text is neither the name nor the OID of a Fulcio extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownClaim;

impl Certificate<'_> {
    /// The identity, the issuer and every Fulcio extension.
    ///
    /// # Errors
    /// [`Reason::CertificateMalformed`](crate::Reason::CertificateMalformed) when one of them is not encoded as
    /// documented, or the two issuer extensions disagree.
    pub(crate) fn claims(&self) -> crate::Result<Claims> {
        let mut text = String::with_capacity(self.der.len());
        let mut ranges = Vec::with_capacity(Claim::NAMED.len());
        let mut deprecated_issuer = None;
        let mut issuer = None;
        for extension in self.extensions() {
            let start = text.len();
            match Claim::from_extension(extension) {
                None if extension.id == DEPRECATED_ISSUER => {
                    deprecated_issuer = Some(raw(extension)?);
                    continue;
                }
                None => continue,
                Some(Claim::Issuer) => {
                    issuer = Some(utf8_string(extension)?);
                    continue;
                }
                Some(claim) => {
                    match claim.form() {
                        Form::Raw => text.push_str(raw(extension)?),
                        Form::Utf8String => text.push_str(utf8_string(extension)?),
                        Form::Unknown => HEXLOWER.encode_append(extension.value, &mut text),
                    }
                    ranges.push((claim, start..text.len()));
                }
            }
        }
        Ok(Claims {
            san: self.subject_alternative_name()?,
            issuer: agreed_issuer(deprecated_issuer, issuer)?.map(Into::into),
            claims: ClaimValues {
                text: text.into(),
                ranges,
            },
        })
    }
}

impl Claims {
    /// The subject alternative name's value.
    pub fn subject(&self) -> Option<&str> {
        self.san.as_ref().map(SubjectAlternativeName::value)
    }

    /// The value of a claim.
    pub fn get(&self, claim: Claim) -> Option<&str> {
        match claim {
            Claim::Issuer => self.issuer.as_deref(),
            claim => self.claims.get(claim),
        }
    }
}

impl ClaimValues {
    /// The value of a claim other than the issuer.
    pub fn get(&self, claim: Claim) -> Option<&str> {
        self.iter()
            .find(|(present, _)| *present == claim)
            .map(|(_, value)| value)
    }

    /// The claims and their values.
    pub fn iter(&self) -> impl Iterator<Item = (Claim, &str)> {
        self.ranges
            .iter()
            .filter_map(|(claim, range)| Some((*claim, self.text.get(range.clone())?)))
    }
}

impl Claim {
    /// The OID in dotted decimals.
    pub fn oid(self) -> String {
        match self {
            Self::Other(id) => id.to_string(),
            claim => format!("{ARC}.{}", claim.number().unwrap_or_default()),
        }
    }

    /// The claim that an extension carries. The deprecated issuer is none: it is merged with the issuer.
    fn from_extension(extension: &Extension<'_>) -> Option<Self> {
        Self::from_oid(extension.id)
    }

    fn from_oid(id: ObjectIdentifier) -> Option<Self> {
        let below = id.as_bytes().strip_prefix(ARC.as_bytes())?;
        match below {
            [] | [DEPRECATED_ISSUER_NUMBER] => None,
            [number] => Self::NAMED
                .iter()
                .find(|claim| claim.number() == Some(*number))
                .copied()
                .or(Some(Self::Other(ExtensionId(id)))),
            _ => Some(Self::Other(ExtensionId(id))),
        }
    }
}

impl fmt::Display for ExtensionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.name()) {
            (Self::Other(id), _) => id.fmt(f),
            (_, name) => f.write_str(name.unwrap_or_default()),
        }
    }
}

impl FromStr for Claim {
    type Err = UnknownClaim;

    fn from_str(text: &str) -> Result<Self, UnknownClaim> {
        if let Some(claim) = Self::NAMED.iter().find(|claim| claim.name() == Some(text)) {
            return Ok(*claim);
        }
        let id = ObjectIdentifier::new(text).map_err(|_| UnknownClaim)?;
        match id == DEPRECATED_ISSUER {
            true => Ok(Self::Issuer),
            false => Self::from_oid(id).ok_or(UnknownClaim),
        }
    }
}

impl fmt::Display for UnknownClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a certificate claim such as source-repository-uri or 1.3.6.1.4.1.57264.1.12",
        )
    }
}

impl std::error::Error for UnknownClaim {}

impl serde::Serialize for Claim {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl serde::Serialize for ClaimValues {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ClaimValues {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClaimValues".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Fulcio certificate extensions by name; unknown ones by OID, in hex.",
            "type": "object",
            "propertyNames": { "pattern": "^([a-z][a-z-]*|[0-9.]+)$" },
            "additionalProperties": { "type": "string" }
        })
    }
}

fn agreed_issuer<'a>(
    deprecated: Option<&'a str>,
    issuer: Option<&'a str>,
) -> crate::Result<Option<&'a str>> {
    if let (Some(deprecated), Some(issuer)) = (deprecated, issuer)
        && deprecated != issuer
    {
        return Err(malformed("extensions.issuer")
            .detail("the two issuer extensions disagree")
            .expected(format!("{ARC}.1 to be {}", crate::printable(issuer)))
            .found(deprecated));
    }
    match issuer.or(deprecated) {
        Some(issuer) if !is_plain(issuer) => Err(malformed("extensions.issuer")
            .expected("an address without control characters")
            .found(format_args!("{issuer:?}"))),
        issuer => Ok(issuer),
    }
}

/// The value of one of the oldest extensions: text without any encoding.
fn raw<'a>(extension: &Extension<'a>) -> crate::Result<&'a str> {
    std::str::from_utf8(extension.value)
        .map_err(|error| malformed("extensions").at(field(extension)).detail(error))
}

/// The value of every extension since: one DER UTF8String.
fn utf8_string<'a>(extension: &Extension<'a>) -> crate::Result<&'a str> {
    Der::only(extension.value, Tag::Utf8String)
        .and_then(|element| element.text())
        .map_err(|error| malformed("extensions").at(field(extension)).detail(error))
}

fn field(extension: &Extension<'_>) -> String {
    format!("extensions[{}]", extension.id)
}

/// Fulcio's arc.
const ARC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
const DEPRECATED_ISSUER_NUMBER: u8 = 1;
const DEPRECATED_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.1");
