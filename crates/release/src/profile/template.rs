//! Addresses and paths with places that are filled in: `https://dl.k8s.io/release/{version}/{path}`.

use std::fmt;

use regex::Regex;
use sealcheck_verify::printable;

use crate::limits::PROFILE_TEXT_BYTES;

/// A text with places. It is filled in, and it reads what it could have written.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
    reader: Regex,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Slot(Slot),
}

/// What stands in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `{version}`: a version, with its `v`.
    Version,
    /// `{channel}`: the name of a channel's file.
    Channel,
    /// `{path}`: a path below the release.
    Path,
    /// `{name}`: the name of an artifact, one part of a path or of a file's name.
    Name,
    /// `{os}`: an operating system.
    Os,
    /// `{arch}`: an architecture.
    Arch,
}

impl Slot {
    const ALL: [Self; 6] = [
        Self::Version,
        Self::Channel,
        Self::Path,
        Self::Name,
        Self::Os,
        Self::Arch,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Channel => "channel",
            Self::Path => "path",
            Self::Name => "name",
            Self::Os => "os",
            Self::Arch => "arch",
        }
    }

    /// What can stand there. A path is the only thing with slashes; platforms have no dashes, so that
    /// `{name}-{os}-{arch}` is read in one way.
    fn pattern(self) -> &'static str {
        match self {
            Self::Version => r"v[0-9][0-9A-Za-z.+-]*",
            Self::Channel => r"[a-z][0-9a-z.-]*\.txt",
            Self::Path => r"[^?#]+",
            Self::Name => r"[0-9A-Za-z][0-9A-Za-z._-]*",
            Self::Os => r"[a-z][0-9a-z]*",
            Self::Arch => r"[0-9a-z][0-9a-z_]*",
        }
    }
}

impl Template {
    /// An address with the places `slots`, each of them once. Only scheme and host are fixed, so that nothing that is
    /// filled in can lead to another host.
    pub(crate) fn address(text: &str, slots: &[Slot]) -> Result<Self, String> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or_else(|| wrong("an address that begins with https:// or http://", text))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(wrong("a host without user, password and places", text));
        }
        if path.contains(['?', '#']) {
            return Err(wrong("an address without query and fragment", text));
        }
        // What was filled in must be read in one way: a version ends at a slash, and a path at the end.
        let has_path = slots.contains(&Slot::Path);
        if has_path && !(path.ends_with("/{path}") && path.contains("{version}/")) {
            return Err(wrong(
                "{version} before a slash, and /{path} at the end",
                text,
            ));
        }
        Self::parse(text, slots)
    }

    /// A path form with any of the places `{name}`, `{os}` and `{arch}`; an architecture is one of a system.
    pub(crate) fn form(text: &str) -> Result<Self, String> {
        if !crate::ReleasePath::is_plain(&text.replace(['{', '}'], "")) {
            return Err(wrong("a path below the release", text));
        }
        let has = |slot: Slot| text.contains(&format!("{{{}}}", slot.name()));
        if has(Slot::Os) != has(Slot::Arch) {
            return Err(wrong("{os} and {arch} together", text));
        }
        let all = [Slot::Name, Slot::Os, Slot::Arch];
        let slots: Vec<Slot> = all.into_iter().filter(|slot| has(*slot)).collect();
        Self::parse(text, &slots)
    }

    /// Words with the place `{version}`, once.
    pub(crate) fn words(text: &str) -> Result<Self, String> {
        Self::parse(text, &[Slot::Version])
    }

    fn parse(text: &str, slots: &[Slot]) -> Result<Self, String> {
        if text.len() > PROFILE_TEXT_BYTES.max {
            return Err(wrong(
                &format!(
                    "at most {} bytes ({})",
                    PROFILE_TEXT_BYTES.max, PROFILE_TEXT_BYTES.name
                ),
                text,
            ));
        }
        let mut pieces = Vec::new();
        let mut found = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind
                .split_once('}')
                .ok_or_else(|| wrong("a place that ends with }", text))?;
            let slot = Slot::ALL
                .into_iter()
                .find(|slot| slot.name() == name && slots.contains(slot))
                .ok_or_else(|| wrong(&places(slots), text))?;
            if found.contains(&slot) {
                return Err(wrong("each place once", text));
            }
            if before.is_empty() && !found.is_empty() {
                return Err(wrong("something between two places", text));
            }
            found.push(slot);
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Slot(slot));
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        if pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Text(text) if text.contains(['{', '}'])))
        {
            return Err(wrong("a place between { and }", text));
        }
        if found.len() < slots.len() {
            return Err(wrong(&places(slots), text));
        }
        let mut pattern = r"\A".to_owned();
        for piece in &pieces {
            match piece {
                Piece::Text(text) => pattern.push_str(&regex::escape(text)),
                Piece::Slot(slot) => {
                    pattern.push_str(&format!("(?P<{}>{})", slot.name(), slot.pattern()));
                }
            }
        }
        pattern.push_str(r"\z");
        let reader = Regex::new(&pattern).map_err(|_| wrong("a shorter text", text))?;
        Ok(Self {
            text: text.to_owned(),
            pieces,
            reader,
        })
    }

    /// The text with its places filled in; a place without a value stays empty, which [`Template::parse`] excludes for
    /// the places that its users fill.
    pub(crate) fn fill(&self, values: &[(Slot, &str)]) -> String {
        let value = |slot: Slot| {
            values
                .iter()
                .find(|(of, _)| *of == slot)
                .map(|(_, value)| *value)
        };
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Slot(slot) => value(*slot).unwrap_or_default(),
        });
        pieces.collect()
    }

    /// What stands in the places of a text that this template could have written.
    pub(crate) fn read<'t>(&self, text: &'t str) -> Option<Filled<'t>> {
        self.reader.captures(text).map(Filled)
    }
}

/// A text that a template has read.
pub(crate) struct Filled<'t>(regex::Captures<'t>);

impl<'t> Filled<'t> {
    /// What stands in this place; `None` when the template has none.
    pub(crate) fn get(&self, slot: Slot) -> Option<&'t str> {
        self.0.name(slot.name()).map(|found| found.as_str())
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Template {}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn places(slots: &[Slot]) -> String {
    let names: Vec<String> = slots
        .iter()
        .map(|slot| format!("{{{}}}", slot.name()))
        .collect();
    match names.is_empty() {
        true => "no places".to_owned(),
        false => format!("the places {}, each once", names.join(" and ")),
    }
}

fn wrong(expected: &str, found: &str) -> String {
    format!("expected {expected}, found {:?}", printable(found))
}

#[cfg(test)]
mod tests {
    use super::{Slot, Template};

    const FILES: [Slot; 2] = [Slot::Version, Slot::Path];

    #[test]
    fn what_is_filled_in_is_read_again() {
        let address = Template::address("https://h.test/r.x/{version}/{path}", &FILES).unwrap();
        let filled = address.fill(&[(Slot::Version, "v1.2.3"), (Slot::Path, "bin/a")]);
        assert_eq!(filled, "https://h.test/r.x/v1.2.3/bin/a");
        let read = address.read(&filled).unwrap();
        assert_eq!(read.get(Slot::Version), Some("v1.2.3"));
        assert_eq!(read.get(Slot::Path), Some("bin/a"));
        assert_eq!(read.get(Slot::Os), None);
        for other in [
            "https://h.test/rax/v1.2.3/bin/a",
            "https://h.test/r.x/v1.2.3/",
            "https://h.test/r.x/1.2.3/bin/a",
            "https://h.test/r.x/v1.2.3/bin/a?x",
            "x https://h.test/r.x/v1.2.3/bin/a",
            "https://h.test/r.x/v1.2.3\n/bin/a",
        ] {
            assert!(address.read(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_platform_is_the_end_of_a_name() {
        let form = Template::form("kubernetes-{name}-{os}-{arch}.tar.gz").unwrap();
        let read = form.read("kubernetes-a-b-linux-amd64.tar.gz").unwrap();
        assert_eq!(read.get(Slot::Name), Some("a-b"));
        assert_eq!(read.get(Slot::Os), Some("linux"));
        assert_eq!(read.get(Slot::Arch), Some("amd64"));
        assert!(form.read("kubernetes-test-portable.tar.gz").is_none());
    }

    #[test]
    fn addresses_that_could_lead_elsewhere_are_refused() {
        for text in [
            "",
            "ftp://h.test/{version}/{path}",
            "HTTPS://h.test/{version}/{path}",
            "https:///{version}/{path}",
            "https://{version}/{path}",
            "https://h.test{version}/{path}",
            "https://user:password@h.test/{version}/{path}",
            "https://h.test/{version}/{path}?x=1",
            "https://h.test/{version}/{path}#x",
            "https://h.test/{version}",
            "https://h.test/{path}",
            "https://h.test/{version}{path}",
            "https://h.test/{version}-{path}",
            "https://h.test/{path}/{version}",
            "https://h.test/{version}/{path}.x",
            "https://h.test/{version}/x{path}",
            "https://h.test/{version}/{path}/{version}",
            "https://h.test/{version}/{path}/{os}",
            "https://h.test/{version}/{path}/{unknown}",
            "https://h.test/{version}/{path",
            "https://h.test/{version}/path}",
            "https://h.test/{{version}}/{path}",
        ] {
            let error = Template::address(text, &FILES).unwrap_err();
            assert!(error.starts_with("expected "), "{text}: {error}");
        }
    }

    #[test]
    fn forms_are_paths_with_whole_platforms() {
        for text in [
            "",
            "/bin/{name}",
            "../{name}",
            "bin\\{name}",
            "bin/{os}/{name}",
            "bin/{arch}",
            "{path}",
            "{version}/x",
            "{name}{os}-{arch}",
            "a//b",
        ] {
            assert!(Template::form(text).is_err(), "{text}");
        }
        assert!(Template::form("kubernetes.tar.gz").is_ok());
    }
}
