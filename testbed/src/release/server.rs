//! The server of a release's files: as dl.k8s.io and its neighbours answer, and with faults where a test wants them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sealcheck_net::double::{Answer, Asked, Double};

use super::digest::sha256;

/// Three hosts on ports of their own, each of which answers the same: `/release/PATH` is the file in the folder,
/// `/VERSION/release` and `/VERSION/source` (with any suffix) lead to the SBOMs, and `/VERSION/PATH` to the file of that
/// version on the first host. Ranges are served. Faults are set on each host for itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReleaseServer {
    /// Where the files are: dl.k8s.io.
    pub files: Host,
    /// Where they are delivered from: cdn.dl.k8s.io. A redirect leads there.
    pub cdn: Host,
    /// Where the SBOMs have addresses of their own: sbom.k8s.io.
    pub sboms: Host,
}

/// One of the hosts.
#[derive(Debug)]
pub struct Host {
    double: Double,
    url: String,
    faults: Faults,
    bytes: Arc<AtomicU64>,
}

/// How a path is answered instead of well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Piece by piece of this many bytes, each after a pause.
    Slow {
        /// The size of a piece.
        piece: usize,
        /// The pause.
        pause: Duration,
    },
    /// The connection ends after this many bytes of the body, although more were announced.
    Cut {
        /// How many bytes come.
        after: usize,
    },
    /// Nothing more comes after this many bytes of the body, and the connection stays open.
    Hold {
        /// How many bytes come; with 0 there is not even a status.
        after: usize,
    },
    /// 302 to the same path under this base address, which has no slash at its end.
    Redirect {
        /// The base address.
        to: String,
    },
    /// 429.
    Throttle {
        /// `Retry-After`, in seconds.
        retry_after: u32,
    },
    /// This status, with a body that is no file's.
    Status(u16),
    /// These bytes, as if they were the file.
    Lie(Vec<u8>),
    /// The whole file, whatever range was asked for.
    NoRanges,
}

type Faults = Arc<Mutex<BTreeMap<String, Planned>>>;

/// A fault, for so many more requests or for all.
#[derive(Debug)]
struct Planned {
    fault: Fault,
    left: Option<usize>,
}

impl ReleaseServer {
    /// Serves what lies in the folder: `release/VERSION/PATH`, as [`MiniRelease`](super::MiniRelease) publishes it.
    ///
    /// # Panics
    /// Where no loopback port can be had.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        let files = Double::start();
        let main = files.url("");
        let host = |double: Double| Host::start(double, folder.to_owned(), main.clone());
        Self {
            cdn: host(Double::start()),
            sboms: host(Double::start()),
            files: host(files),
        }
    }
}

impl Host {
    fn start(double: Double, folder: PathBuf, main: String) -> Self {
        let faults = Faults::default();
        let planned = Arc::clone(&faults);
        let bytes = Arc::new(AtomicU64::new(0));
        let sent = Arc::clone(&bytes);
        double.respond(move |asked| {
            let path = asked.target.split('?').next().unwrap_or_default();
            let fault = take(&planned, path);
            let answer = answer(&folder, &main, path, asked, fault);
            if asked.method == "GET" {
                let size = u64::try_from(answer.body().len()).unwrap_or(u64::MAX);
                sent.fetch_add(size, Ordering::Relaxed);
            }
            Some(answer)
        });
        Self {
            url: double.url(""),
            double,
            faults,
            bytes,
        }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of a path on this host.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// From now on this path (`/release/VERSION/PATH`) is answered so.
    pub fn set(&self, path: &str, fault: Fault) {
        let planned = Planned { fault, left: None };
        lock(&self.faults).insert(path.to_owned(), planned);
    }

    /// The next `times` requests of this path are answered so, and those after them well.
    pub fn set_times(&self, path: &str, times: usize, fault: Fault) {
        let left = Some(times);
        lock(&self.faults).insert(path.to_owned(), Planned { fault, left });
    }

    /// Everything is answered well again.
    pub fn mend(&self) {
        lock(&self.faults).clear();
    }

    /// How many requests of this path came.
    #[must_use]
    pub fn hits(&self, path: &str) -> usize {
        let requests = self.requests();
        let of_path = requests
            .iter()
            .filter(|asked| asked.target.split('?').next() == Some(path));
        of_path.count()
    }

    /// How many bytes of bodies were to be sent: more than came where a fault is to cut them.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The requests that came, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Asked> {
        self.double.requests()
    }
}

/// What is planned for a request of this path.
fn take(faults: &Faults, path: &str) -> Option<Fault> {
    let mut faults = lock(faults);
    let planned = faults.get_mut(path)?;
    match &mut planned.left {
        None => {}
        Some(0) => return None,
        Some(left) => *left -= 1,
    }
    Some(planned.fault.clone())
}

fn lock(faults: &Faults) -> MutexGuard<'_, BTreeMap<String, Planned>> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(folder: &Path, main: &str, path: &str, asked: &Asked, fault: Option<Fault>) -> Answer {
    if !matches!(asked.method.as_str(), "GET" | "HEAD") {
        return Answer::status(405);
    }
    match &fault {
        Some(Fault::Status(status)) => return Answer::status(*status).with_body("as told\n"),
        Some(Fault::Throttle { retry_after }) => {
            return Answer::status(429).header("retry-after", &retry_after.to_string());
        }
        Some(Fault::Redirect { to }) => return Answer::redirect(&format!("{to}{path}")),
        _ => {}
    }
    if let Some(there) = elsewhere(path) {
        return Answer::redirect(&format!("{main}{there}"));
    }
    let content = match &fault {
        Some(Fault::Lie(bytes)) => Some(bytes.clone()),
        _ => read(folder, path),
    };
    let Some(content) = content else {
        return Answer::status(404).with_body("no such file\n");
    };
    let answer = match fault {
        Some(Fault::NoRanges) => Answer::ok(content),
        _ => ranged(&content, asked),
    };
    match fault {
        Some(Fault::Slow { piece, pause }) => answer.drip(piece, pause),
        Some(Fault::Cut { after }) => answer.cut_after(after),
        Some(Fault::Hold { after: 0 }) => answer.after(FOREVER),
        Some(Fault::Hold { after }) => answer.drip(after, FOREVER),
        _ => answer,
    }
}

/// Where a path leads that is not the file's own.
fn elsewhere(path: &str) -> Option<String> {
    let (version, rest) = path.strip_prefix('/')?.split_once('/')?;
    if !version.starts_with('v') {
        return None;
    }
    let (name, suffix) = match rest.split_once('.') {
        Some((name, suffix)) => (name, format!(".{suffix}")),
        None => (rest, String::new()),
    };
    Some(match name {
        "release" | "source" => format!("/release/{version}/kubernetes-{name}.spdx{suffix}"),
        _ => format!("/release/{version}/{rest}"),
    })
}

/// The file at a path of the folder, and nothing that lies beside the folder.
fn read(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let path = path.strip_prefix('/')?;
    let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    let file = folder.join(is_plain.then_some(path)?);
    fs::read(file).ok()
}

/// The whole, or the range that was asked for (RFC 9110, section 14): one range, of the version that the client has.
fn ranged(content: &[u8], asked: &Asked) -> Answer {
    let tag = format!("{:?}", sha256(content));
    let size = content.len();
    let answer = |answer: Answer| answer.header("accept-ranges", "bytes").header("etag", &tag);
    let is_same = asked.header("if-range").is_none_or(|known| known == tag);
    let wanted = asked.header("range").filter(|_| is_same);
    match wanted.and_then(|range| bounds(range, size)) {
        None => answer(Answer::ok(content)),
        Some((start, end)) => match content.get(start..end).filter(|part| !part.is_empty()) {
            None => Answer::status(416).header("content-range", &format!("bytes */{size}")),
            Some(part) => answer(Answer::status(206))
                .header(
                    "content-range",
                    &format!("bytes {start}-{}/{size}", end.saturating_sub(1)),
                )
                .with_body(part),
        },
    }
}

/// Where a range begins and ends; `None` for what is not understood, which counts as if nothing had been asked for.
fn bounds(range: &str, size: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    Some(match (first, last) {
        ("", last) => (size.saturating_sub(last.parse().ok()?), size),
        (first, "") => (first.parse().ok()?, size),
        (first, last) => {
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then(|| (first, last.saturating_add(1).min(size)))?
        }
    })
}

/// No test waits so long.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests;
