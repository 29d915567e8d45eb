//! Package URLs, as far as they name images (github.com/package-url/purl-spec, types `oci` and `docker`).

use sealcheck_verify::Digest;

/// `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH`, decoded.
struct Purl {
    kind: String,
    /// Namespace and name.
    name: String,
    version: Option<String>,
    qualifiers: Vec<(String, String)>,
}

/// An image as a package URL names it, in its words: whether they are a name is not looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// Registry and path; of a broken package URL all of it.
    pub(super) repository: String,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<Digest>,
    pub(super) architecture: Option<String>,
    pub(super) os: Option<String>,
}

/// The image that a package URL names; `None` when it is of another type. An image that was left out because its name is
/// strange would be missed by nobody.
pub(super) fn image(text: &str) -> Option<Image> {
    let text = text.trim();
    if !is_of_images(text) {
        return None;
    }
    let Some(purl) = Purl::parse(text) else {
        return Some(Image {
            repository: text.to_owned(),
            tag: None,
            digest: None,
            architecture: None,
            os: None,
        });
    };
    let url = purl.qualifier("repository_url").map(without_scheme);
    let repository = match (purl.kind.as_str(), url) {
        ("docker", None) => format!("docker.io/{}", purl.name),
        (_, None) => purl.name.clone(),
        ("oci", Some(url)) => match url.rsplit('/').next() {
            // The address is that of the repository, or (as some tools write it) that of the folder which it is in.
            Some(last) if last == purl.name && url.contains('/') => url.to_owned(),
            _ => format!("{url}/{}", purl.name),
        },
        (_, Some(url)) => format!("{url}/{}", purl.name),
    };
    let version = purl.version.as_deref();
    let digest = version.and_then(|version| version.parse::<Digest>().ok());
    let digest = digest.filter(|digest| digest.algorithm().signs());
    // What is no digest is a tag, or fails as one: a broken digest is not passed over for the tag beside it.
    let version = version.filter(|_| digest.is_none());
    let tag = match (purl.kind.as_str(), version, purl.qualifier("tag")) {
        ("oci", Some(version), Some(tag)) if is_tag(version) => Some(tag),
        (_, version, tag) => version.or(tag),
    };
    Some(Image {
        repository,
        tag: tag.map(ToOwned::to_owned),
        digest,
        architecture: purl.qualifier("arch").map(ToOwned::to_owned),
        os: purl.qualifier("os").map(ToOwned::to_owned),
    })
}

/// Whether a package URL, also a broken one, is of a type that images have.
fn is_of_images(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let rest = rest.trim_start_matches('/');
    let kind = rest.split(['/', '@', '?', '#']).next().unwrap_or_default();
    let is = |wanted: &str| kind.eq_ignore_ascii_case(wanted);
    scheme.eq_ignore_ascii_case("pkg") && (is("oci") || is("docker"))
}

impl Purl {
    fn parse(text: &str) -> Option<Self> {
        let (_scheme, rest) = text.split_once(':')?;
        let rest = rest.trim_start_matches('/');
        let (rest, _subpath) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, rest) = rest.split_once('/')?;
        let (name, version) = match rest.rsplit_once('@') {
            Some((name, version)) => (name, Some(decode(version)?)),
            None => (rest, None),
        };
        let mut qualifiers = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=')?;
            let key = key.to_ascii_lowercase();
            // Which of two would count is a matter of taste.
            if qualifiers.iter().any(|(known, _)| *known == key) {
                return None;
            }
            qualifiers.push((key, decode(value)?));
        }
        Some(Self {
            kind: kind.to_ascii_lowercase(),
            name: decode(name.trim_matches('/'))?,
            version,
            qualifiers,
        })
    }

    fn qualifier(&self, wanted: &str) -> Option<&str> {
        let found = self.qualifiers.iter().find(|(key, _)| key == wanted);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

fn without_scheme(url: &str) -> &str {
    let url = url.strip_prefix("https://").unwrap_or(url);
    url.trim_end_matches('/')
}

/// Text with its percent-encoded bytes; `None` when it is no text then.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return String::from_utf8(bytes).ok(),
            [b'%', high, low, rest @ ..] => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let value = digit(high)? * 16 + digit(low)?;
                bytes.push(u8::try_from(value).ok()?);
                rest
            }
            [b'%', ..] => return None,
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
}

/// Whether this is the name of a repository, with its registry (distribution-spec 1.1, "Pulling manifests").
pub(super) fn is_repository(text: &str) -> bool {
    let Some((registry, path)) = text.split_once('/') else {
        return false;
    };
    let host =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    !registry.is_empty() && registry.bytes().all(host) && path.split('/').all(is_component)
}

/// Whether this is one part of a repository's path: words of small letters and digits with separators between them.
pub(super) fn is_component(part: &str) -> bool {
    let word = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let bytes = part.as_bytes();
    word(bytes.first())
        && word(bytes.last())
        && bytes
            .iter()
            .all(|byte| word(Some(byte)) || matches!(byte, b'.' | b'_' | b'-'))
}

/// Whether this is a tag.
pub(super) fn is_tag(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with(['.', '-'])
}
