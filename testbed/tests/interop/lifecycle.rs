//! Several testbeds side by side, which end in the ways in which a test can end.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sealcheck_testbed::{Part, Testbed};

/// A testbed in a process of its own.
struct Held {
    child: Child,
    folder: PathBuf,
}

/// What the process of a held testbed does: it says where it is, and panics when it is told so.
pub(crate) fn hold(parts: &str) {
    let parts: Vec<Part> = parts.split(' ').map(|name| name.parse().unwrap()).collect();
    let testbed = Testbed::start(&parts).unwrap();
    println!("{}", testbed.folder.display());
    std::io::stdin().read_line(&mut String::new()).unwrap();
    panic!("as told");
}

/// No process and no file survives SIGKILL, Ctrl-C or a panic, and the other testbeds do not notice.
pub(crate) fn nothing_survives_and_nobody_notices(testbed: &Testbed) {
    let mut killed = Held::start(Part::SIGSTORE);
    let mut interrupted = Held::start(&[Part::RekorV2, Part::DistributionRegistry]);
    let mut panicked = Held::start(&[Part::Timestamps, Part::ReferrersRegistry]);
    let all = [&killed, &interrupted, &panicked];
    for held in all {
        let running = held.processes();
        assert!(running.len() >= 4, "{running:?}");
        only_ephemeral_ports(&running);
    }
    only_ephemeral_ports(&processes_of(&testbed.folder));

    killed.child.kill().unwrap();
    killed.is_gone();
    assert!(!interrupted.processes().is_empty() && !panicked.processes().is_empty());
    // As a terminal does it: the whole group of the process.
    let group = format!("-{}", interrupted.child.id());
    assert!(
        Command::new("kill")
            .args(["-INT", "--", &group])
            .status()
            .unwrap()
            .success()
    );
    interrupted.is_gone();
    panicked
        .child
        .stdin
        .take()
        .unwrap()
        .write_all(b"\n")
        .unwrap();
    panicked.is_gone();
    assert!(testbed.folder.exists() && !processes_of(&testbed.folder).is_empty());
}

impl Held {
    fn start(parts: &[Part]) -> Self {
        let names: Vec<&str> = parts.iter().map(|part| part.name()).collect();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(HOLD, names.join(" "))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let folder = PathBuf::from(line.trim());
        assert!(folder.is_dir(), "{line:?}");
        Self { child, folder }
    }

    fn processes(&self) -> Vec<u32> {
        processes_of(&self.folder)
    }

    /// Waits until it has ended, and with it everything that it started.
    fn is_gone(&mut self) {
        self.child.wait().unwrap();
        let deadline = Instant::now() + CLEANED_WITHIN;
        while self.folder.exists() || !self.processes().is_empty() {
            assert!(
                Instant::now() < deadline,
                "left: {:?}, {} {}",
                self.processes(),
                self.folder.display(),
                self.folder.exists()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The processes that work in this folder, or were told of it.
fn processes_of(folder: &Path) -> Vec<u32> {
    let name = folder.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let directory = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let is_told = String::from_utf8_lossy(&arguments).contains(name);
        if id != std::process::id() && (is_told || directory.to_string_lossy().starts_with(name)) {
            found.push(id);
        }
    }
    found
}

/// Every port on which they listen is one that the system gave.
fn only_ephemeral_ports(processes: &[u32]) {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let mut range = range
        .split_whitespace()
        .map(|port| port.parse::<u16>().unwrap());
    let range = range.next().unwrap()..=range.next().unwrap();
    let inodes: BTreeSet<String> = processes.iter().flat_map(|id| sockets(*id)).collect();
    for table in ["tcp", "tcp6"] {
        let sockets = fs::read_to_string(format!("/proc/net/{table}")).unwrap();
        for line in sockets.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let is_listening = fields[3] == "0A";
            if is_listening && inodes.contains(fields[9]) {
                let (_, port) = fields[1].split_once(':').unwrap();
                let port = u16::from_str_radix(port, 16).unwrap();
                assert!(range.contains(&port), "port {port} is fixed");
            }
        }
    }
}

/// The inodes of a process's sockets.
fn sockets(process: u32) -> Vec<String> {
    let open = fs::read_dir(format!("/proc/{process}/fd"));
    let open = open.into_iter().flatten().flatten();
    open.filter_map(|file| fs::read_link(file.path()).ok())
        .filter_map(|target| {
            let target = target.to_string_lossy().into_owned();
            Some(
                target
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect()
}

/// Has a process of this test hold these parts, and do nothing else.
pub(crate) const HOLD: &str = "SEALCHECK_TESTBED_HOLD";
/// A database takes its time to end.
const CLEANED_WITHIN: Duration = Duration::from_secs(30);
