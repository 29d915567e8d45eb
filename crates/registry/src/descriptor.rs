//! Descriptors: what a manifest says about something else (image-spec 1.1, "OCI Content Descriptors").

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use sealcheck_verify::Digest;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::exact::Exact;

/// A descriptor as it stands in a manifest or an index. Nothing of it but the digest is proved by fetching.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
#[non_exhaustive]
pub struct Descriptor {
    /// What kind of content it is. Some tools leave it empty.
    #[serde(default)]
    pub media_type: String,
    /// The digest of the content.
    #[serde(deserialize_with = "digest")]
    pub digest: Digest,
    /// The size of the content, in bytes.
    pub size: u64,
    /// The type of the artifact that a manifest describes; often absent, empty or wrong.
    #[serde(default, deserialize_with = "or_default")]
    pub artifact_type: String,
    /// Annotations.
    #[serde(default, deserialize_with = "annotations")]
    pub annotations: BTreeMap<String, String>,
    /// What the image runs on.
    #[serde(default)]
    pub platform: Option<Platform>,
}

impl Descriptor {
    /// A descriptor of content with this type, digest and size in bytes.
    #[must_use]
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            artifact_type: String::new(),
            annotations: BTreeMap::new(),
            platform: None,
        }
    }

    /// An annotation.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name).map(String::as_str)
    }
}

/// What an image runs on, in Go's words: `linux/arm64/v8`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Platform {
    /// The operating system (`GOOS`).
    #[serde(default)]
    pub os: String,
    /// The processor (`GOARCH`).
    #[serde(default)]
    pub architecture: String,
    /// The processor's variant, for example `v8`; may be empty.
    #[serde(default, deserialize_with = "or_default")]
    pub variant: String,
    /// The system's version; only Windows images have one.
    #[serde(default, rename = "os.version", deserialize_with = "or_default")]
    pub os_version: String,
}

impl Platform {
    /// A platform; an empty `variant` means none.
    #[must_use]
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
            os_version: String::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Descriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(Exact(deserializer))
    }
}

impl<'de> Deserialize<'de> for Platform {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(Exact(deserializer))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        if !self.os_version.is_empty() {
            write!(f, ":{}", self.os_version)?;
        }
        Ok(())
    }
}

/// A digest that content can be checked with.
fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse::<Digest>() {
        // Registries compare digests as text, so that one in upper case is another.
        Ok(digest) if digest.algorithm().signs() && digest.to_string() == text => Ok(digest),
        _ => Err(D::Error::custom(
            "expected sha256, sha384 or sha512 and lower-case hex",
        )),
    }
}

/// Annotations, each name once: cosign's legacy signatures stand in them, and two readers could take different ones.
pub(crate) fn annotations<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let unique: Option<Unique> = Option::deserialize(deserializer)?;
    Ok(unique.map(|unique| unique.0).unwrap_or_default())
}

/// A map without duplicates.
struct Unique(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("annotations, each with a text")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
                let mut unique = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry::<String, String>()? {
                    match unique.entry(name) {
                        Entry::Vacant(free) => free.insert(value),
                        Entry::Occupied(taken) => {
                            return Err(A::Error::custom(format_args!(
                                "duplicate annotation `{}`",
                                taken.key()
                            )));
                        }
                    };
                }
                Ok(Unique(unique))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// `null` is what Go writes for an empty list or map.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
