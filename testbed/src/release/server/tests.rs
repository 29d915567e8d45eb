use std::io::{self, Read, Write};
use std::net::TcpStream;

use super::*;

const FILE: &str = "/release/v1.36.0/bin/linux/amd64/kubectl";
const CONTENT: &[u8] = b"0123456789";

/// What a client sees.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// In how many pieces the body came.
    pieces: usize,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn served() -> (tempfile::TempDir, ReleaseServer) {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in [
        (FILE, CONTENT),
        ("/release/v1.36.0/kubernetes-release.spdx", b"release"),
        ("/release/v1.36.0/kubernetes-source.spdx.sig", b"signature"),
        ("/release/stable-1.36.txt", b"v1.36.0"),
        ("/beside", b"no part of it"),
    ] {
        let file = folder
            .path()
            .join("root")
            .join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    let server = ReleaseServer::start(&folder.path().join("root"));
    (folder, server)
}

/// Asks, and reads as many bytes of the body as were announced. Without an answer within a second, that is an error.
fn ask(host: &Host, method: &str, path: &str, headers: &str) -> io::Result<Seen> {
    let mut stream = TcpStream::connect(host.url().trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n"
    )?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut seen = Seen {
        status: status.parse().unwrap(),
        headers,
        body: Vec::new(),
        pieces: 0,
    };
    let length: usize = seen.header("content-length").unwrap().parse().unwrap();
    if method == "GET" {
        let mut piece = [0; 64];
        while seen.body.len() < length {
            match stream.read(&mut piece)? {
                0 => {
                    let got = format!("cut after {} bytes", seen.body.len());
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, got));
                }
                read => {
                    seen.pieces += 1;
                    seen.body.extend(&piece[..read]);
                }
            }
        }
    }
    Ok(seen)
}

fn get(host: &Host, path: &str) -> Seen {
    ask(host, "GET", path, "").unwrap()
}

#[test]
fn files_and_channels_are_served_and_nothing_else() {
    let (_folder, server) = served();
    for host in [&server.files, &server.cdn, &server.sboms] {
        assert_eq!(get(host, FILE).body, CONTENT);
    }
    assert_eq!(
        get(&server.files, "/release/stable-1.36.txt").body,
        b"v1.36.0"
    );
    for path in [
        "/",
        "/release",
        "/release/v1.36.0/bin",
        "/release/v1.36.0/none",
        "/release/../../beside",
        "/release//v1.36.0/kubernetes-release.spdx",
    ] {
        assert_eq!(get(&server.files, path).status, 404, "{path}");
    }
    assert_eq!(ask(&server.files, "DELETE", FILE, "").unwrap().status, 405);
    let head = ask(&server.files, "HEAD", FILE, "").unwrap();
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("10"))
    );
}

#[test]
fn other_addresses_lead_to_the_files() {
    let (_folder, server) = served();
    for (host, path, leads_to) in [
        (&server.files, "/v1.36.0/bin/linux/amd64/kubectl", FILE),
        (
            &server.files,
            "/v1.36.0/kubernetes-release.spdx",
            "/release/v1.36.0/kubernetes-release.spdx",
        ),
        (
            &server.sboms,
            "/v1.36.0/release",
            "/release/v1.36.0/kubernetes-release.spdx",
        ),
        (
            &server.sboms,
            "/v1.36.0/source.sig",
            "/release/v1.36.0/kubernetes-source.spdx.sig",
        ),
    ] {
        let seen = get(host, path);
        assert_eq!(seen.status, 302, "{path}");
        assert_eq!(seen.header("location").unwrap(), server.files.at(leads_to));
        assert_eq!(get(&server.files, leads_to).status, 200, "{leads_to}");
    }
}

#[test]
fn ranges_are_served_of_what_the_client_knows() {
    let (_folder, server) = served();
    let range = |headers: &str| ask(&server.files, "GET", FILE, headers).unwrap();
    let whole = range("");
    let tag = whole.header("etag").unwrap();
    for (wanted, status, said, body) in [
        ("bytes=4-", 206, Some("bytes 4-9/10"), &b"456789"[..]),
        ("bytes=4-5", 206, Some("bytes 4-5/10"), b"45"),
        ("bytes=4-99", 206, Some("bytes 4-9/10"), b"456789"),
        ("bytes=-3", 206, Some("bytes 7-9/10"), b"789"),
        ("bytes=10-", 416, Some("bytes */10"), b""),
        ("bytes=5-4", 200, None, CONTENT),
        ("lines=1-2", 200, None, CONTENT),
    ] {
        for condition in ["", &format!("If-Range: {tag}\r\n")] {
            let seen = range(&format!("Range: {wanted}\r\n{condition}"));
            assert_eq!((seen.status, seen.header("content-range")), (status, said));
            assert_eq!(seen.body, body, "{wanted}");
        }
    }
    let changed = range("Range: bytes=4-\r\nIf-Range: \"another\"\r\n");
    assert_eq!((changed.status, changed.body.as_slice()), (200, CONTENT));
    server.files.set(FILE, Fault::NoRanges);
    assert_eq!(range("Range: bytes=4-\r\n").status, 200);
}

#[test]
fn a_slow_server_gives_everything_piece_by_piece() {
    let (_folder, server) = served();
    assert_eq!(get(&server.files, FILE).pieces, 1);
    let pause = Duration::from_millis(20);
    server.files.set(FILE, Fault::Slow { piece: 1, pause });
    let seen = get(&server.files, FILE);
    assert_eq!(seen.body, CONTENT);
    // Each by itself, but for those during which this test was not run.
    assert!(seen.pieces > 1, "{}", seen.pieces);
}

#[test]
fn a_cut_answer_ends_early_and_can_be_resumed() {
    let (_folder, server) = served();
    server.files.set_times(FILE, 1, Fault::Cut { after: 3 });
    let error = ask(&server.files, "GET", FILE, "").unwrap_err();
    assert_eq!(error.to_string(), "cut after 3 bytes");
    let rest = ask(&server.files, "GET", FILE, "Range: bytes=3-\r\n").unwrap();
    assert_eq!((rest.status, rest.body.as_slice()), (206, &CONTENT[3..]));
}

#[test]
fn a_held_answer_does_not_end() {
    let (_folder, server) = served();
    for after in [0, 3] {
        server.files.set(FILE, Fault::Hold { after });
        let error = ask(&server.files, "GET", FILE, "").unwrap_err();
        assert!(
            matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ),
            "{error}"
        );
    }
}

#[test]
fn a_redirect_leads_to_another_host() {
    let (_folder, server) = served();
    let to = server.cdn.url().to_owned();
    server.files.set(FILE, Fault::Redirect { to });
    let seen = get(&server.files, FILE);
    assert_eq!(seen.status, 302);
    assert_eq!(seen.header("location").unwrap(), server.cdn.at(FILE));
    assert_ne!(server.cdn.url(), server.files.url());
    assert_eq!(get(&server.cdn, FILE).body, CONTENT);
}

#[test]
fn a_throttled_path_is_answered_after_some_refusals() {
    let (_folder, server) = served();
    let fault = Fault::Throttle { retry_after: 7 };
    server.files.set_times(FILE, 2, fault);
    for _ in 0..2 {
        let seen = get(&server.files, FILE);
        assert_eq!((seen.status, seen.header("retry-after")), (429, Some("7")));
    }
    assert_eq!(get(&server.files, FILE).status, 200);
    assert_eq!(server.files.hits(FILE), 3);
}

#[test]
fn a_status_is_given_for_one_path_until_it_is_mended() {
    let (_folder, server) = served();
    for status in [404, 500] {
        server.files.set(FILE, Fault::Status(status));
        assert_eq!(get(&server.files, FILE).status, status);
        assert_eq!(get(&server.files, "/release/stable-1.36.txt").status, 200);
        assert_eq!(get(&server.cdn, FILE).status, 200);
    }
    server.files.mend();
    assert_eq!(get(&server.files, FILE).status, 200);
}

#[test]
fn a_lie_looks_like_the_file() {
    let (_folder, server) = served();
    let truth = get(&server.files, FILE);
    server.files.set(FILE, Fault::Lie(b"012345678!".to_vec()));
    let lie = get(&server.files, FILE);
    assert_eq!((lie.status, lie.body.as_slice()), (200, &b"012345678!"[..]));
    assert_eq!(lie.header("content-length"), truth.header("content-length"));
    let part = ask(&server.files, "GET", FILE, "Range: bytes=8-\r\n").unwrap();
    assert_eq!(part.body, b"8!");
}

#[test]
fn requests_are_counted_for_each_host() {
    let (_folder, server) = served();
    get(&server.files, FILE);
    get(&server.files, &format!("{FILE}?x=1"));
    get(&server.cdn, FILE);
    assert_eq!((server.files.hits(FILE), server.cdn.hits(FILE)), (2, 1));
    assert_eq!(server.sboms.requests().len(), 0);
}
