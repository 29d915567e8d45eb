//! What is expected and what is answered.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

type BodyTest = Box<dyn Fn(&[u8]) -> bool + Send>;

/// A request that will come: method, target and, if wanted, headers and body.
pub struct Ask {
    method: String,
    target: String,
    with: Vec<(String, String)>,
    without: Vec<String>,
    body: Option<BodyTest>,
}

impl Ask {
    /// A request with this method and target: path and query, or for a proxy the absolute URL or `host:port`.
    #[must_use]
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.into(),
            with: Vec::new(),
            without: Vec::new(),
            body: None,
        }
    }

    /// A GET.
    #[must_use]
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// A HEAD.
    #[must_use]
    pub fn head(target: impl Into<String>) -> Self {
        Self::new("HEAD", target)
    }

    /// A POST.
    #[must_use]
    pub fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    /// It must have this header with this value.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.with
            .push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// It must not have this header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.without.push(name.to_ascii_lowercase());
        self
    }

    /// Its body must satisfy this.
    #[must_use]
    pub fn body(mut self, matches: impl Fn(&[u8]) -> bool + Send + 'static) -> Self {
        self.body = Some(Box::new(matches));
        self
    }

    fn matches(&self, asked: &Asked) -> bool {
        self.method == asked.method
            && self.target == asked.target
            && self
                .with
                .iter()
                .all(|(name, value)| asked.header(name) == Some(value))
            && self.without.iter().all(|name| asked.header(name).is_none())
            && self
                .body
                .as_ref()
                .is_none_or(|matches| matches(&asked.body))
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} with {:?}, without {:?}",
            self.method, self.target, self.with, self.without
        )
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The target as it stood in the request line.
    pub target: String,
    /// Names (lower case) and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// The first header of this name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delay: Duration,
    pub(super) cut: Option<usize>,
    pub(super) drip: Option<(usize, Duration)>,
    pub(super) chunked: bool,
    pub(super) silent: bool,
    pub(super) tunnel: Option<u16>,
}

impl Answer {
    /// This status, no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            cut: None,
            drip: None,
            chunked: false,
            silent: false,
            tunnel: None,
        }
    }

    /// 200 with this body.
    #[must_use]
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).with_body(body)
    }

    /// 200 with this JSON text.
    #[must_use]
    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::ok(body).header("content-type", "application/json")
    }

    /// 302 to this address.
    #[must_use]
    pub fn redirect(to: &str) -> Self {
        Self::status(302).header("location", to)
    }

    /// Closes the connection without a word.
    #[must_use]
    pub fn silence() -> Self {
        Self {
            silent: true,
            ..Self::status(0)
        }
    }

    /// 200 to a CONNECT, and from then on a tunnel to this loopback port.
    #[must_use]
    pub fn tunnel(port: u16) -> Self {
        Self {
            tunnel: Some(port),
            ..Self::status(200)
        }
    }

    /// With this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The body so far.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// With this header instead of those of the same name.
    #[must_use]
    pub fn instead(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.header(name, value)
    }

    /// After this time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Declares the whole body but closes after this many bytes of it.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// Sends the body in pieces of this size with pauses in between.
    #[must_use]
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.drip = Some((bytes.max(1), pause));
        self
    }

    /// Does not declare the size of the body (`Transfer-Encoding: chunked`).
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Compresses the body and says so.
    ///
    /// # Panics
    /// Never: writing to memory does not fail.
    #[must_use]
    pub fn gzip(mut self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder
            .write_all(&self.body)
            .expect("compression in memory");
        self.body = encoder.finish().expect("compression in memory");
        self.header("content-encoding", "gzip")
    }
}

/// One scripted request and its answers.
#[derive(Debug)]
pub(super) struct Expectation {
    ask: Ask,
    answers: VecDeque<Answer>,
    forever: Option<Answer>,
}

impl Expectation {
    pub(super) fn new(ask: Ask) -> Self {
        Self {
            ask,
            answers: VecDeque::new(),
            forever: None,
        }
    }

    pub(super) fn push(&mut self, answer: Answer, forever: bool) {
        if forever {
            self.forever = Some(answer);
        } else {
            self.answers.push_back(answer);
        }
    }
}

type Respond = Box<dyn FnMut(&Asked) -> Option<Answer> + Send>;

/// A function that answers requests.
pub(super) struct Responder(pub(super) Respond);

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Responder")
    }
}

/// All that is scripted, and all that came.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) respond: Option<Responder>,
    pub(super) expectations: Vec<Expectation>,
    pub(super) asked: Vec<Asked>,
    pub(super) unscripted: Vec<String>,
    pub(super) in_flight: usize,
    pub(super) most_in_flight: usize,
}

impl Script {
    /// The answer to a request, which counts as under way from now on.
    pub(super) fn answer(&mut self, asked: Asked) -> Answer {
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
        let responded = self
            .respond
            .as_mut()
            .and_then(|responder| responder.0(&asked));
        if let Some(answer) = responded {
            self.asked.push(asked);
            return answer;
        }
        let found = self
            .expectations
            .iter_mut()
            .filter(|expectation| expectation.ask.matches(&asked))
            .find_map(|expectation| {
                expectation
                    .answers
                    .pop_front()
                    .or_else(|| expectation.forever.clone())
            });
        let answer = found.unwrap_or_else(|| {
            self.unscripted.push(format!(
                "not scripted: {} {} {:?} {}",
                asked.method,
                asked.target,
                asked.headers,
                String::from_utf8_lossy(&asked.body)
            ));
            // 418: neither retried nor accepted by anyone.
            Answer::status(418).with_body("this request was not scripted")
        });
        self.asked.push(asked);
        answer
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        let unused = self
            .expectations
            .iter()
            .filter(|expectation| !expectation.answers.is_empty())
            .map(|expectation| {
                format!(
                    "{} answers never asked for: {:?}",
                    expectation.answers.len(),
                    expectation.ask
                )
            });
        self.unscripted.iter().cloned().chain(unused).collect()
    }
}
