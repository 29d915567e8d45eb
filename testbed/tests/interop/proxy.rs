//! A log behind a proxy that changes its answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A loopback address that answers like the log, or in another way.
pub(crate) struct Proxy {
    address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Holds a port that is never served.
    _silent: Option<TcpListener>,
}

/// An answer over HTTP.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// Only half of the body is sent.
    pub is_cut: bool,
}

impl Proxy {
    /// In front of the log at this address; `change` is told the path of the question.
    pub(crate) fn start(
        log: &str,
        change: impl Fn(&str, Answer) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_stopping = Arc::new(AtomicBool::new(false));
        let (stop, log, change) = (Arc::clone(&is_stopping), log.to_owned(), Arc::new(change));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (log, change) = (log.clone(), Arc::clone(&change));
                // Whoever hangs up early hurts only itself.
                std::thread::spawn(move || serve(stream?, &log, &*change));
            }
        });
        Self {
            address,
            is_stopping,
            thread: Some(thread),
            _silent: None,
        }
    }

    /// Where nobody listens.
    pub(crate) fn closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::without_thread(listener.local_addr().unwrap(), None)
    }

    /// Where a connection is taken and nothing is said.
    pub(crate) fn silent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::without_thread(listener.local_addr().unwrap(), Some(listener))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn without_thread(address: SocketAddr, silent: Option<TcpListener>) -> Self {
        Self {
            address,
            is_stopping: Arc::default(),
            thread: None,
            _silent: silent,
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.is_stopping.store(true, Ordering::SeqCst);
            // Wakes the accepting thread up.
            let _ = TcpStream::connect(self.address);
            let _ = thread.join();
        }
    }
}

/// Asks the server at `http://HOST:PORT`.
pub(crate) fn ask(url: &str, method: &str, path: &str, body: &[u8]) -> Answer {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // In HTTP/1.0 the answer comes in one piece, and ends with the connection.
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Accept: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    headers(&mut reader).unwrap();
    let mut body = Vec::new();
    reader.read_to_end(&mut body).unwrap();
    Answer {
        status,
        body,
        is_cut: false,
    }
}

fn serve(
    stream: TcpStream,
    log: &str,
    change: &dyn Fn(&str, Answer) -> Answer,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut words = request.split(' ');
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let length = headers(&mut reader)?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let answer = change(path, ask(log, method, path, &body));
    let mut stream = stream;
    let head = format!(
        "HTTP/1.1 {} Scripted\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.status,
        answer.body.len()
    );
    let sent = match answer.is_cut {
        true => answer.body.len() / 2,
        false => answer.body.len(),
    };
    stream.write_all(head.as_bytes())?;
    stream.write_all(&answer.body[..sent])
}

/// Reads the headers to their end, and returns the length that they announce.
fn headers(reader: &mut impl BufRead) -> std::io::Result<usize> {
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    Ok(length)
}

const PATIENCE: Duration = Duration::from_secs(30);
