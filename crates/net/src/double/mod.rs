//! A scripted HTTP server on loopback, for tests.
//!
//! The test says which requests will come and how each is answered; a request that was not scripted, and a scripted
//! answer that was never asked for, fail the test when the [`Double`] is dropped. It runs in plain threads, so that it
//! serves asynchronous tests, synchronous ones and child processes alike.
//!
//! ```
//! use sealcheck_net::double::{Answer, Ask, Double};
//!
//! let double = Double::start();
//! double.expect(Ask::get("/x")).answer(Answer::status(503)).answer(Answer::ok("hello"));
//! # double.forgive();
//! ```
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "test support: a broken script or loopback must end the test at once"
)]

mod script;
mod wire;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use pki_types::pem::PemObject;
use pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

pub use script::{Answer, Ask, Asked};
use script::{Expectation, Responder, Script};

/// The server. See the [module documentation](self).
#[derive(Debug)]
pub struct Double {
    address: SocketAddr,
    scheme: &'static str,
    name: String,
    certificate: Option<String>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    stopped: AtomicBool,
    connections: AtomicUsize,
}

/// Where answers to one expected request are added.
#[derive(Debug)]
pub struct Answers<'a> {
    double: &'a Double,
    index: usize,
}

impl Double {
    /// A server that speaks plain HTTP/1.1 on a free loopback port.
    #[must_use]
    pub fn start() -> Self {
        Self::listen("http", "127.0.0.1", None, None)
    }

    /// A server that speaks HTTP/1.1 over TLS, with a self-signed certificate for `name` and 127.0.0.1.
    #[must_use]
    pub fn start_tls(name: &str) -> Self {
        Self::start_with_certificates(name, None)
    }

    /// The same, which talks only to clients with a certificate that is `client_ca`'s (PEM) or issued by it.
    #[must_use]
    pub fn start_mutual_tls(name: &str, client_ca: &str) -> Self {
        Self::start_with_certificates(name, Some(client_ca))
    }

    fn start_with_certificates(name: &str, client_ca: Option<&str>) -> Self {
        let own = rcgen::generate_simple_self_signed(vec![name.to_owned(), "127.0.0.1".to_owned()])
            .expect("a self-signed certificate");
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("TLS versions");
        let config = match client_ca {
            None => config.with_no_client_auth(),
            Some(pem) => {
                let ca = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a CA in PEM");
                let mut roots = RootCertStore::empty();
                roots.add(ca).expect("a usable CA");
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()
                        .expect("a verifier of client certificates");
                config.with_client_cert_verifier(verifier)
            }
        };
        let mut config = config
            .with_single_cert(vec![own.cert.der().clone()], key.into())
            .expect("a usable certificate");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self::listen("https", name, Some(own.cert.pem()), Some(Arc::new(config)))
    }

    /// The URL of a path on this server (by IP address).
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The URL of a path on this server by its name; only a proxy can resolve it.
    #[must_use]
    pub fn named_url(&self, path: &str) -> String {
        format!(
            "{}://{}:{}{path}",
            self.scheme,
            self.name,
            self.address.port()
        )
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate to trust, in PEM, if this server speaks TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Scripts a request. Requests are matched with expectations in the order in which they were made, skipping those
    /// whose answers are used up.
    pub fn expect(&self, ask: Ask) -> Answers<'_> {
        let mut script = self.shared.lock();
        script.expectations.push(Expectation::new(ask));
        Answers {
            double: self,
            index: script.expectations.len().saturating_sub(1),
        }
    }

    /// Lets `respond` answer whatever it has an answer for; what it has none for is looked up in the script.
    pub fn respond(&self, respond: impl FnMut(&Asked) -> Option<Answer> + Send + 'static) {
        self.shared.lock().respond = Some(Responder(Box::new(respond)));
    }

    /// The requests that came, in order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Asked> {
        self.shared.lock().asked.clone()
    }

    /// How many requests of this method and target came.
    #[must_use]
    pub fn hits(&self, method: &str, target: &str) -> usize {
        let script = self.shared.lock();
        script
            .asked
            .iter()
            .filter(|asked| asked.method == method && asked.target == target)
            .count()
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Most requests that were being answered at one time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.shared.lock().most_in_flight
    }

    /// Forgets what went against the script, and what is still expected: for tests of the double itself.
    pub fn forgive(&self) {
        let mut script = self.shared.lock();
        script.unscripted.clear();
        script.expectations.clear();
    }

    /// What went against the script so far.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.shared.lock().complaints()
    }

    fn listen(
        scheme: &'static str,
        name: &str,
        certificate: Option<String>,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let address = listener
            .local_addr()
            .expect("the address of a bound socket");
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            stopped: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
        });
        let seen = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if seen.stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    seen.connections.fetch_add(1, Ordering::SeqCst);
                    let (seen, tls) = (Arc::clone(&seen), tls.clone());
                    thread::spawn(move || wire::serve(stream, tls, &seen));
                }
            }
        });
        Self {
            address,
            scheme,
            name: name.to_owned(),
            certificate,
            shared,
        }
    }
}

impl Answers<'_> {
    /// Adds the answer to the next request of this kind. An answer that is never asked for fails the test.
    #[must_use = "more answers can follow; `let _ =` or `;` after the last"]
    fn push(self, answer: Answer, forever: bool) -> Self {
        let mut script = self.double.shared.lock();
        if let Some(expectation) = script.expectations.get_mut(self.index) {
            expectation.push(answer, forever);
        }
        drop(script);
        self
    }

    /// Adds the answer to the next request of this kind. An answer that is never asked for fails the test.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "the last call of a chain is a statement"
    )]
    pub fn answer(self, answer: Answer) -> Self {
        self.push(answer, false)
    }

    /// Gives this answer to every further request of this kind, none included.
    pub fn forever(self, answer: Answer) {
        let _ = self.push(answer, true);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then sees the flag.
        let _ = TcpStream::connect(self.address);
        let complaints = self.shared.lock().complaints();
        if !complaints.is_empty() && !thread::panicking() {
            panic!(
                "the HTTP double at {} has complaints:\n{}",
                self.address,
                complaints.join("\n")
            );
        }
    }
}
