//! Cells of the matrix.

use std::fmt;
use std::time::Duration;

use sealcheck_registry::double::Fault;

/// A cell: what happens to the list of referrers or to what it leads to, to the referrers tag, and to the signature tag.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) bundle: &'static Bundle,
    pub(crate) fallback: Tag,
    pub(crate) signature: Tag,
}

/// What is asked for the bundle.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) name: &'static str,
    pub(crate) at: Step,
    pub(crate) trouble: Trouble,
}

/// The requests that lead to a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The list of the referrers API.
    List,
    /// The manifest that it lists.
    Manifest,
    /// The bundle itself.
    Content,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// Nothing.
    Nothing,
    /// This, always.
    Always(fn() -> Fault),
    /// This in the first request, and then nothing.
    Once(fn() -> Fault),
    /// It leads to another registry with the same content.
    OtherRegistry,
    /// It leads to a page for people.
    LoginPage,
}

/// A tag that is made from the image's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Present,
    Absent,
    Failing,
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) cell: Cell,
    pub(crate) outcome: String,
    pub(crate) reason: String,
}

impl Cell {
    /// The whole product for the list; what lies behind the list is tried with and without a signature elsewhere.
    pub(crate) fn all() -> Vec<Self> {
        let mut cells = Vec::new();
        for bundle in BUNDLES {
            for fallback in Tag::ALL {
                for signature in Tag::ALL {
                    let outside =
                        bundle.at != List && (fallback != Tag::Absent || signature == Tag::Failing);
                    if !outside {
                        cells.push(Self {
                            bundle,
                            fallback,
                            signature,
                        });
                    }
                }
            }
        }
        cells
    }

    /// How long a request may take: long enough for a busy machine, except where it is to be too short.
    pub(crate) fn deadline(&self) -> Duration {
        match self.bundle.name {
            "too slow" => Duration::from_secs(2),
            _ => Duration::from_secs(30),
        }
    }

    /// Whether anything in it gives no answer.
    pub(crate) fn fails(&self) -> bool {
        let harmless = matches!(
            self.bundle.name,
            "ok" | "absent"
                | "absent without a word"
                | "slow"
                | "429, then ok"
                | "503, then ok"
                | "truncated, then ok"
                | "redirect to another host"
                | "content with another type"
                | "content by redirect to another host"
        );
        !harmless || self.fallback == Tag::Failing || self.signature == Tag::Failing
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} | {} | {}",
            self.bundle.name,
            self.fallback.word(),
            self.signature.word()
        )
    }
}

impl Tag {
    const ALL: [Self; 3] = [Self::Present, Self::Absent, Self::Failing];

    fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Failing => "failing",
        }
    }
}

impl Line {
    /// A line of the table; `None` for comments.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let cells: Vec<&str> = text.split('|').map(str::trim).collect();
        let [bundle, fallback, signature, outcome, reason] = cells[..] else {
            panic!("{text}: five columns");
        };
        let tag = |word: &str| {
            let tag = Tag::ALL.into_iter().find(|tag| tag.word() == word);
            tag.unwrap_or_else(|| panic!("{text}: {word}"))
        };
        let known = BUNDLES.iter().find(|known| known.name == bundle);
        Some(Self {
            cell: Cell {
                bundle: known.unwrap_or_else(|| panic!("{text}: {bundle}")),
                fallback: tag(fallback),
                signature: tag(signature),
            },
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
        })
    }
}

const fn bundle(name: &'static str, at: Step, trouble: Trouble) -> Bundle {
    Bundle { name, at, trouble }
}

const SLOW: Duration = Duration::from_millis(300);
const TOO_SLOW: Duration = Duration::from_secs(6);

use Step::{Content, List, Manifest};
use Trouble::{Always, LoginPage, Nothing, Once, OtherRegistry};

const BUNDLES: &[Bundle] = &[
    bundle("ok", List, Nothing),
    bundle("absent", List, Always(|| Fault::PageNotFound)),
    bundle("absent without a word", List, Always(|| Fault::Status(404))),
    bundle(
        "404 that denies in plain words",
        List,
        Always(|| Fault::Words(404, "proxy: access denied by policy")),
    ),
    bundle(
        "400 that wants a login in plain words",
        List,
        Always(|| Fault::Words(400, "unauthorized: authentication required")),
    ),
    bundle(
        "404 of something else",
        List,
        Always(|| Fault::Words(404, r#"{"message":"no such thing"}"#)),
    ),
    bundle("203", List, Always(|| Fault::WithStatus(203))),
    bundle("401", List, Always(|| Fault::Unauthorized)),
    bundle("403", List, Always(|| Fault::Forbidden)),
    bundle("429", List, Always(|| Fault::TooManyRequests(None))),
    bundle(
        "429 with Retry-After",
        List,
        Always(|| Fault::TooManyRequests(Some(1))),
    ),
    bundle(
        "429 with a long Retry-After",
        List,
        Always(|| Fault::TooManyRequests(Some(3600))),
    ),
    bundle(
        "429, then ok",
        List,
        Once(|| Fault::TooManyRequests(Some(0))),
    ),
    bundle("500", List, Always(|| Fault::ServerError)),
    bundle("503, then ok", List, Once(|| Fault::Status(503))),
    bundle("slow", List, Always(|| Fault::Slow(SLOW))),
    bundle("too slow", List, Always(|| Fault::Slow(TOO_SLOW))),
    bundle("truncated", List, Always(|| Fault::Truncated)),
    bundle("truncated, then ok", List, Once(|| Fault::Truncated)),
    bundle("silence", List, Always(|| Fault::Silence)),
    bundle("paging loop", List, Always(|| Fault::PagingLoop)),
    bundle(
        "next page on another host",
        List,
        Always(|| Fault::PageElsewhere("http://192.0.2.1/v2/app".into())),
    ),
    bundle("10,000 entries", List, Always(|| Fault::Entries(10_000))),
    bundle("wrong digest", List, Always(|| Fault::WrongDigest)),
    bundle("wrong media type", List, Always(|| Fault::WrongMediaType)),
    bundle("redirect to another host", List, OtherRegistry),
    bundle("redirect to a login page", List, LoginPage),
    bundle("redirect loop", List, Always(|| Fault::RedirectLoop)),
    bundle("gzip bomb", List, Always(|| Fault::GzipBomb)),
    bundle("huge", List, Always(|| Fault::Huge)),
    bundle("no JSON", List, Always(|| Fault::Garbage)),
    bundle("manifest absent", Manifest, Always(|| Fault::Absent)),
    bundle(
        "manifest not found by no registry",
        Manifest,
        Always(|| Fault::PageNotFound),
    ),
    bundle("manifest 401", Manifest, Always(|| Fault::Unauthorized)),
    bundle("manifest 403", Manifest, Always(|| Fault::Forbidden)),
    bundle(
        "manifest 429",
        Manifest,
        Always(|| Fault::TooManyRequests(None)),
    ),
    bundle("manifest 500", Manifest, Always(|| Fault::ServerError)),
    bundle("manifest truncated", Manifest, Always(|| Fault::Truncated)),
    bundle(
        "manifest of another digest",
        Manifest,
        Always(|| Fault::WrongDigest),
    ),
    bundle(
        "manifest with another type",
        Manifest,
        Always(|| Fault::WrongMediaType),
    ),
    bundle(
        "manifest in a redirect loop",
        Manifest,
        Always(|| Fault::RedirectLoop),
    ),
    bundle(
        "manifest as a gzip bomb",
        Manifest,
        Always(|| Fault::GzipBomb),
    ),
    bundle("manifest huge", Manifest, Always(|| Fault::Huge)),
    bundle("manifest no JSON", Manifest, Always(|| Fault::Garbage)),
    bundle("content absent", Content, Always(|| Fault::Absent)),
    bundle("content 401", Content, Always(|| Fault::Unauthorized)),
    bundle("content 403", Content, Always(|| Fault::Forbidden)),
    bundle(
        "content 429",
        Content,
        Always(|| Fault::TooManyRequests(None)),
    ),
    bundle("content 500", Content, Always(|| Fault::ServerError)),
    bundle("content truncated", Content, Always(|| Fault::Truncated)),
    bundle(
        "content of another digest",
        Content,
        Always(|| Fault::WrongDigest),
    ),
    bundle(
        "content with another type",
        Content,
        Always(|| Fault::WrongMediaType),
    ),
    bundle(
        "content by redirect to another host",
        Content,
        OtherRegistry,
    ),
    bundle(
        "content in a redirect loop",
        Content,
        Always(|| Fault::RedirectLoop),
    ),
    bundle(
        "content as a gzip bomb",
        Content,
        Always(|| Fault::GzipBomb),
    ),
    bundle("content huge", Content, Always(|| Fault::Huge)),
    bundle("content garbage", Content, Always(|| Fault::Garbage)),
];
