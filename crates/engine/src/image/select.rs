//! Which images of an index are meant.

use sealcheck_registry::{Content, Descriptor, Index, Manifest, Platform};
use sealcheck_verify::limits::Limit;
use sealcheck_verify::{Failure, Reason, Result, printable};
use serde::Deserialize;

use super::request::Platforms;
use super::shelf::Shelf;

/// An image that was chosen, and the platform that the index gives it.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) descriptor: Descriptor,
    pub(crate) platform: Option<Platform>,
}

/// The images that `platforms` means: of an index those that it lists, of an image itself.
///
/// Several may fit one platform (a variant that was left out, versions of Windows): then all of them are chosen, because any
/// of them may be run. So may those without a platform, which are for any as some tools see it. An entry that cannot be read
/// may be one that others can: then there is no choice.
pub(crate) async fn select(
    shelf: &Shelf,
    manifest: &Manifest,
    platforms: &Platforms,
) -> Result<Vec<Chosen>> {
    let itself = || Chosen {
        descriptor: manifest.descriptor(),
        platform: None,
    };
    match (platforms, manifest.content()) {
        (Platforms::AsGiven, _) | (Platforms::All, Content::Image(_)) => Ok(vec![itself()]),
        (Platforms::All, Content::Index(index)) => {
            let images = all_images(index)?;
            match images.is_empty() {
                true => Err(none().found("an index without images")),
                false => Ok(images),
            }
        }
        (Platforms::One(wanted), Content::Index(index)) => {
            let images = all_images(index)?;
            let shown: Vec<String> = images
                .iter()
                .filter_map(|image| image.platform.as_ref())
                .map(|platform| printable(&platform.to_string()))
                .collect();
            let fitting: Vec<Chosen> = images
                .into_iter()
                .filter(|image| match &image.platform {
                    Some(found) => is_open(found) || fits(wanted, found),
                    None => true,
                })
                .collect();
            match fitting.is_empty() {
                true => Err(none().expected(wanted).found(match shown.is_empty() {
                    true => "an index that names no platform".to_owned(),
                    false => shown.join(", "),
                })),
                false => Ok(fitting),
            }
        }
        (Platforms::One(wanted), Content::Image(image)) => {
            let bytes = shelf.blob(&image.config, CONFIGURATION_BYTES).await?;
            let found = serde_json::from_slice::<Configuration>(&bytes)
                .map(Platform::from)
                .map_err(|error| {
                    none()
                        .at("config")
                        .expected(wanted)
                        .found("a configuration that names no platform")
                        .detail(error)
                })?;
            match fits(wanted, &found) {
                true => Ok(vec![Chosen {
                    platform: Some(found),
                    ..itself()
                }]),
                false => Err(none().expected(wanted).found(match found.os.is_empty() {
                    true => "an image that names no platform".to_owned(),
                    false => found.to_string(),
                })),
            }
        }
    }
}

/// What an index lists, when all of it can be read.
fn all_images(index: &Index) -> Result<Vec<Chosen>> {
    match index.broken.first() {
        Some(failure) => Err(failure.clone()),
        None => Ok(images(&index.manifests)),
    }
}

/// What an index lists, without the attestations that BuildKit puts among the images.
pub(crate) fn images(manifests: &[Descriptor]) -> Vec<Chosen> {
    manifests
        .iter()
        .filter(|descriptor| !is_buildkit_attestation(descriptor))
        .map(|descriptor| Chosen {
            descriptor: descriptor.clone(),
            platform: descriptor.platform.clone(),
        })
        .collect()
}

/// BuildKit's attestations stand in the index for the platform `unknown/unknown` and are never run.
pub(crate) fn is_buildkit_attestation(descriptor: &Descriptor) -> bool {
    let is_unknown = descriptor
        .platform
        .as_ref()
        .is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown");
    is_unknown && descriptor.annotation("vnd.docker.reference.type") == Some("attestation-manifest")
}

/// Whether a platform does not say what it is: containerd takes an empty system for its own, and go-containerregistry an
/// entry without a platform for `linux/amd64`.
fn is_open(platform: &Platform) -> bool {
    platform.os.is_empty() || platform.architecture.is_empty()
}

fn fits(wanted: &Platform, found: &Platform) -> bool {
    let (wanted_architecture, wanted_variant) = normal(wanted);
    let (architecture, variant) = normal(found);
    wanted.os.eq_ignore_ascii_case(&found.os)
        && wanted_architecture == architecture
        && (wanted.variant.is_empty() || wanted_variant == variant)
        && (wanted.os_version.is_empty() || wanted.os_version == found.os_version)
}

/// An architecture, with a variant behind a slash or without, by the name that Go has for it: what container runtimes take for
/// the same has one name. A name that is not known is given back in small letters.
#[must_use]
pub fn normal_architecture(text: &str) -> String {
    let (architecture, variant) = text.split_once('/').unwrap_or((text, ""));
    normal_parts(architecture, variant).0
}

fn normal(platform: &Platform) -> (String, String) {
    normal_parts(&platform.architecture, &platform.variant)
}

/// Architecture and variant as container runtimes compare them (containerd, `platforms/database.go`).
fn normal_parts(architecture: &str, variant: &str) -> (String, String) {
    let architecture = architecture.to_ascii_lowercase();
    let variant = variant.to_ascii_lowercase();
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("i386", variant) => ("386", variant),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        (architecture, variant) => (architecture, variant),
    };
    let variant = match (architecture, variant) {
        ("amd64", "v1") | ("arm64", "8" | "v8") => "",
        ("arm", "" | "7") => "v7",
        ("arm", "5") => "v5",
        ("arm", "6") => "v6",
        (_, variant) => variant,
    };
    (architecture.to_owned(), variant.to_owned())
}

fn none() -> Failure {
    Failure::new(Reason::PlatformNotFound)
}

/// What an image's configuration says of its platform.
#[derive(Deserialize)]
pub(crate) struct Configuration {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default, rename = "os.version")]
    os_version: String,
}

impl From<Configuration> for Platform {
    fn from(configuration: Configuration) -> Self {
        let mut platform = Self::new(
            &configuration.os,
            &configuration.architecture,
            &configuration.variant,
        );
        platform.os_version = configuration.os_version;
        platform
    }
}

/// The configuration of an image. Real ones have some KB; labels can make them large.
pub(crate) const CONFIGURATION_BYTES: Limit = Limit {
    name: "image-configuration-bytes",
    max: 4 << 20,
};

#[cfg(test)]
mod tests {
    use sealcheck_registry::Platform;

    use super::fits;

    fn platform(text: &str) -> Platform {
        let mut parts = text.split('/');
        let mut next = || parts.next().unwrap_or_default();
        Platform::new(next(), next(), next())
    }

    #[test]
    fn platforms_fit_as_runtimes_compare_them() {
        for (wanted, found, expected) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/x86_64", "linux/amd64/v1", true),
            ("linux/amd64/v1", "linux/amd64", true),
            ("linux/amd64/v3", "linux/amd64", false),
            ("linux/amd64", "linux/amd64/v3", true),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/aarch64", "linux/arm64", true),
            ("linux/arm/v7", "linux/arm", true),
            ("linux/arm", "linux/arm/v6", true),
            ("linux/arm/v7", "linux/arm/v6", false),
            ("linux/arm64", "linux/arm", false),
            ("windows/amd64", "linux/amd64", false),
            ("linux/", "linux/amd64", false),
            ("linux/s390x", "linux/ppc64le", false),
        ] {
            assert_eq!(
                fits(&platform(wanted), &platform(found)),
                expected,
                "{wanted} {found}"
            );
        }
        let mut version = platform("windows/amd64");
        version.os_version = "10.0.20348.1".to_owned();
        assert!(fits(&platform("windows/amd64"), &version));
        assert!(!fits(&version, &platform("windows/amd64")));
    }
}
