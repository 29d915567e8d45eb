//! HTTP/1.1, as much of it as the double needs.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Shared;
use super::script::{Answer, Asked};

trait Duplex: Read + Write {}
impl<T: Read + Write> Duplex for T {}

/// Serves one connection until either side ends it.
pub(super) fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, shared: &Shared) {
    let _ = stream.set_read_timeout(Some(IDLE));
    let _ = stream.set_nodelay(true);
    let Ok(raw) = stream.try_clone() else {
        return;
    };
    let mut duplex: Box<dyn Duplex> = match tls {
        None => Box::new(stream),
        Some(config) => match ServerConnection::new(config) {
            Ok(connection) => Box::new(StreamOwned::new(connection, stream)),
            Err(_) => return,
        },
    };
    // A client that goes away, or does not trust us, is part of the tests.
    while let Ok(Some(asked)) = read(duplex.as_mut()) {
        let head_only = asked.method == "HEAD";
        let answer = shared.lock().answer(asked);
        thread::sleep(answer.delay);
        let sent = write(duplex.as_mut(), &answer, head_only);
        let mut script = shared.lock();
        script.in_flight = script.in_flight.saturating_sub(1);
        drop(script);
        if let (Ok(true), Some(port)) = (&sent, answer.tunnel) {
            tunnel(raw, port);
            return;
        }
        if !matches!(sent, Ok(true)) {
            break;
        }
    }
    let _ = raw.shutdown(Shutdown::Both);
}

fn read(stream: &mut dyn Duplex) -> io::Result<Option<Asked>> {
    let mut head = Vec::new();
    let mut byte = [0u8; 1];
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > MAX_HEAD || stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.extend_from_slice(&byte);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length
        .and_then(|(_, value)| value.parse::<usize>().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some(Asked {
        method,
        target,
        headers,
        body,
    }))
}

/// Sends an answer; `true` if the connection can be used further.
fn write(stream: &mut dyn Duplex, answer: &Answer, head_only: bool) -> io::Result<bool> {
    if answer.silent {
        return Ok(false);
    }
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if answer.chunked {
        head.push_str("transfer-encoding: chunked\r\n");
    } else if answer.tunnel.is_none() {
        head.push_str(&format!("content-length: {}\r\n", answer.body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.flush()?;
    if head_only || answer.tunnel.is_some() {
        return Ok(true);
    }
    let body = answer
        .body
        .get(..answer.cut.unwrap_or(answer.body.len()))
        .unwrap_or(&answer.body);
    let (size, pause) = answer.drip.unwrap_or((64 * 1024, Duration::ZERO));
    for piece in body.chunks(size) {
        if answer.chunked {
            stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
        }
        stream.write_all(piece)?;
        if answer.chunked {
            stream.write_all(b"\r\n")?;
        }
        stream.flush()?;
        thread::sleep(pause);
    }
    if answer.cut.is_some() {
        return Ok(false);
    }
    if answer.chunked {
        stream.write_all(b"0\r\n\r\n")?;
        stream.flush()?;
    }
    Ok(true)
}

fn tunnel(near: TcpStream, port: u16) {
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else {
        return;
    };
    let (Ok(mut near_in), Ok(mut far_out)) = (near.try_clone(), far.try_clone()) else {
        return;
    };
    let upward = thread::spawn(move || {
        let _ = io::copy(&mut near_in, &mut far_out);
        let _ = far_out.shutdown(Shutdown::Write);
    });
    let (mut far_in, mut near_out) = (far, near);
    let _ = io::copy(&mut far_in, &mut near_out);
    let _ = near_out.shutdown(Shutdown::Write);
    let _ = upward.join();
}

/// Longest wait for a further request on a connection.
const IDLE: Duration = Duration::from_secs(30);

/// Largest request head.
const MAX_HEAD: usize = 64 * 1024;
