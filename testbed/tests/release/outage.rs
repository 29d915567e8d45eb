//! Full disks, interrupted runs and mirrors that lie: nothing half-written has its final name, and the next run goes on.

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use sealcheck_testbed::release::{Fault, ReleaseServer};
use sealcheck_verify::Digest;
use serde_json::Value;
use tempfile::TempDir;

use crate::commands::{KUBECTL, VERSION, command, done};
use crate::{NEW_VERSION, Run};

const TARBALL: &str = "kubernetes-server-linux-amd64.tar.gz";

/// A release with a server and a folder of its own.
struct Scene<'r> {
    run: &'r Run,
    server: ReleaseServer,
    folder: TempDir,
}

impl<'r> Scene<'r> {
    fn new(run: &'r Run) -> Self {
        let server = ReleaseServer::start(&run.release.folder);
        let folder = tempfile::tempdir().unwrap();
        let profile = run.release.profile(&server);
        fs::write(folder.path().join("profile.yaml"), profile).unwrap();
        Self {
            run,
            server,
            folder,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        command(self.run, self.folder.path(), arguments)
    }

    fn run(&self, arguments: &[&str]) -> (i32, Value, String) {
        done(self.command(arguments))
    }

    /// The ranges of a file that were asked for; "" for the whole.
    fn asked(&self, path: &str) -> Vec<String> {
        let target = address(path);
        let requests = self.server.files.requests().into_iter();
        let of_file = requests.filter(|asked| asked.target == target);
        of_file
            .map(|asked| asked.header("range").unwrap_or_default().to_owned())
            .collect()
    }

    /// Runs it on a disk of this many bytes that is mounted at `disk`, and then again with room. Where nothing can be
    /// mounted, no file may be longer than that in the first run.
    fn on_a_small_disk(&self, size: usize, disk: &str, arguments: &[&str]) -> Small {
        let can_mount = Command::new("unshare")
            .args(["-rm", "true"])
            .status()
            .is_ok_and(|status| status.success());
        let inner = self.command(arguments);
        let mut outer = match can_mount {
            true => {
                let mut outer = Command::new("unshare");
                outer.args(["-rm", "sh", "-c", MOUNTED]);
                outer
            }
            false => {
                let mut outer = Command::new("sh");
                outer.args(["-c", LIMITED]);
                outer
            }
        };
        outer.args(["sh", disk, &size.to_string()]);
        outer.arg(inner.get_program()).args(inner.get_args());
        outer.current_dir(self.folder.path());
        fs::create_dir_all(self.folder.path().join(disk)).unwrap();
        let output = outer.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let of = |run: &str| -> (i32, Value, String) {
            let read = |name: &str| {
                fs::read_to_string(self.folder.path().join(format!("{run}.{name}"))).unwrap()
            };
            let (code, stdout) = (read("code"), read("out"));
            (
                code.trim().parse().unwrap(),
                serde_json::from_str(&stdout).unwrap_or(Value::Null),
                format!("{stdout}{}", read("err")),
            )
        };
        Small {
            first: of("first"),
            second: of("second"),
            error: match can_mount {
                true => "No space left on device",
                false => "File too large",
            },
        }
    }

    /// Starts it, interrupts it as at a keyboard when this file is partly there, and says how much of it there was.
    fn interrupt(&self, part: &Path, arguments: &[&str]) -> u64 {
        let (size, told) = self.interrupt_with(part, arguments, Stdio::piped());
        assert!(told.contains("the same command goes on"), "{told}");
        size
    }

    fn interrupt_with(&self, part: &Path, arguments: &[&str], stderr: Stdio) -> (u64, String) {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(stderr);
        let mut child = command.spawn().unwrap();
        let size = || fs::metadata(part).map_or(0, |metadata| metadata.len());
        let is_begun = (0..LOOKS).any(|_| {
            assert!(child.try_wait().unwrap().is_none(), "it has ended");
            thread::sleep(Duration::from_millis(5));
            size() > 0
        });
        assert!(is_begun, "nothing came");
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(2), "{ended:?}");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        (size(), told)
    }
}

/// Two runs, the first without room.
struct Small {
    first: (i32, Value, String),
    second: (i32, Value, String),
    /// What the system says of a disk without room.
    error: &'static str,
}

/// On a full disk a file that is fetched does not get its name, and the next run goes on with what there is.
pub(crate) fn full_disk(run: &Run) {
    let scene = Scene::new(run);
    let fetch = ["fetch", VERSION, TARBALL, "--to", "out"];
    let small = scene.on_a_small_disk(4096, "out", &fetch);
    let (code, report, told) = small.first;
    assert_eq!(code, 3, "{told}");
    let result = &report["results"][0];
    assert_eq!(result["reason"], "result-unwritable", "{told}");
    let message = result["message"].as_str().unwrap();
    assert!(message.contains(small.error), "{message}");
    assert!(message.contains(TARBALL), "{message}");
    let first = scene.folder.path().join("first");
    let part = format!(".{TARBALL}.part");
    assert_eq!(files(&first), std::slice::from_ref(&part));
    let kept = fs::metadata(first.join(part)).unwrap().len();
    assert_eq!(kept, 4096);
    let (code, _, told) = small.second;
    assert_eq!(code, 0, "{told}");
    let second = scene.folder.path().join("second");
    assert_eq!(files(&second), [TARBALL]);
    assert_published(run, &second.join(TARBALL), TARBALL);
    assert_eq!(scene.asked(TARBALL), ["", &format!("bytes={kept}-")]);
}

/// So it is with a kit, and what is in it already is not fetched again.
pub(crate) fn full_disk_and_kit(run: &Run) {
    let scene = Scene::new(run);
    let collect = ["collect", VERSION, "--to", "kit", "--jobs", "1"];
    let small = scene.on_a_small_disk(72 << 10, "kit", &collect);
    let (code, _, told) = small.first;
    assert_eq!(code, 3, "{told}");
    assert!(told.contains("result-unwritable"), "{told}");
    assert!(told.contains(small.error), "{told}");
    let first = scene.folder.path().join("first");
    assert_whole(run, &first);
    let (code, _, told) = small.second;
    assert_eq!(code, 0, "{told}");
    let second = scene.folder.path().join("second");
    assert_whole(run, &second);
    let kept = files(&first.join(VERSION));
    let again = kept.iter().filter(|path| {
        let is_file = !path.ends_with(".sigstore.json") && !path.contains("/.");
        is_file && !path.starts_with('.') && kept.contains(&format!("{path}.sigstore.json"))
    });
    let mut count = 0;
    // The SBOM is read in each run.
    for path in again.filter(|path| !path.ends_with(".spdx")) {
        assert_eq!(scene.asked(path), [""], "{path}");
        count += 1;
    }
    assert_ne!(count, 0, "{kept:?}");
    proved_offline(&scene, "second");
}

/// A run that is interrupted leaves no file of the final name; the next one fetches the rest.
pub(crate) fn interrupted(run: &Run) {
    let scene = Scene::new(run);
    scene.server.files.set(&address(KUBECTL), SLOW);
    let fetch = ["fetch", VERSION, "kubectl", "--platform", "linux/amd64"];
    let fetch = [&fetch[..], &["--to", "out"]].concat();
    let out = scene.folder.path().join("out");
    let kept = scene.interrupt(&out.join(".kubectl.part"), &fetch);
    assert_eq!(files(&out), [".kubectl.part"]);
    scene.server.files.mend();
    let (code, _, told) = scene.run(&fetch);
    assert_eq!(code, 0, "{told}");
    assert_eq!(files(&out), ["kubectl"]);
    assert_published(run, &out.join("kubectl"), KUBECTL);
    assert_eq!(scene.asked(KUBECTL), ["", &format!("bytes={kept}-")]);
}

/// It ends also when nobody reads what it says.
pub(crate) fn interrupted_unheard(run: &Run) {
    let scene = Scene::new(run);
    scene.server.files.set(&address(KUBECTL), SLOW);
    let (reader, mut full) = std::io::pipe().unwrap();
    // As much as Linux keeps for whoever reads.
    full.write_all(&[b'\n'; 1 << 16]).unwrap();
    let fetch = ["fetch", VERSION, "kubectl", "--platform", "linux/amd64"];
    let fetch = [&fetch[..], &["--to", "out"]].concat();
    let part = scene.folder.path().join("out/.kubectl.part");
    scene.interrupt_with(&part, &fetch, full.into());
    drop(reader);
}

/// So it is with a kit.
pub(crate) fn interrupted_kit(run: &Run) {
    let scene = Scene::new(run);
    scene.server.files.set(&address(TARBALL), SLOW);
    let collect = ["collect", VERSION, "--to", "kit", "--jobs", "1"];
    let kit = scene.folder.path().join("kit");
    let part = kit.join(VERSION).join(format!(".{TARBALL}.part"));
    let kept = scene.interrupt(&part, &collect);
    assert_whole(run, &kit);
    scene.server.files.mend();
    let (code, _, told) = scene.run(&collect);
    assert_eq!(code, 0, "{told}");
    assert_whole(run, &kit);
    assert_eq!(scene.asked(TARBALL), ["", &format!("bytes={kept}-")]);
    assert_eq!(scene.asked(KUBECTL), [""]);
    proved_offline(&scene, "kit");
}

/// A mirror can withhold, and that is all: what it has instead is found out, or is called what it is.
pub(crate) fn lying_mirror(run: &Run) {
    let published = |path: &str| fs::read(run.release.file(NEW_VERSION, path)).unwrap();
    let scene = Scene::new(run);
    let mirror = scene.server.files.at("/release");
    let fetch = |version: &str, what: &str, mirror: &str| {
        let arguments = ["fetch", version, what, "--platform", "linux/amd64"];
        scene.run(&[&arguments[..], &["--to", "out", "--from", mirror]].concat())
    };
    let out = scene.folder.path().join("out");
    // Of the right length, with other bytes.
    let mut other = published("bin/linux/amd64/kubeadm");
    *other.last_mut().unwrap() ^= 1;
    let path = address("bin/linux/amd64/kubeadm");
    scene.server.files.set(&path, Fault::Lie(other));
    let (code, report, told) = fetch(VERSION, "kubeadm", &mirror);
    assert_eq!(code, 1, "{told}");
    assert_eq!(report["results"][0]["reason"], "release-mismatch", "{told}");
    assert_eq!(files(&out), [""; 0]);
    scene.server.files.mend();
    // What had come already was another file's: it is not the release's fault.
    fs::write(out.join(".kubeadm.part"), &published(TARBALL)[..100]).unwrap();
    let (code, _, told) = fetch(VERSION, "kubeadm", &mirror);
    assert_eq!(code, 0, "{told}");
    // The files of an old version under the new one.
    let old = tempfile::tempdir().unwrap();
    let from = run.release.folder.join("release/v1.35.0");
    let to = old.path().join("release").join(VERSION);
    crate::matrix::copy(&from, &to);
    let server = ReleaseServer::start(old.path());
    let old = server.files.at("/release");
    let (code, report, told) = fetch(VERSION, "kubelet", &old);
    assert_eq!(code, 1, "{told}");
    let result = &report["results"][0];
    assert_eq!(result["reason"], "release-mismatch", "{told}");
    let message = result["message"].as_str().unwrap();
    assert!(message.contains("not of this version"), "{message}");
    assert!(!out.join("kubelet").exists());
    // Nobody signs what the newest version is: an old one is proved as what it is, and called so.
    let lie = Fault::Lie(b"v1.35.0".to_vec());
    scene.server.files.set("/release/stable.txt", lie);
    let (code, report, told) = fetch("stable", "kubelet", &mirror);
    assert_eq!(code, 0, "{told}");
    assert_eq!(report["results"][0]["release"]["version"], "v1.35.0");
    let (code, report, told) = scene.run(&["verify", VERSION, "out/kubelet", "--from", &mirror]);
    assert_eq!(code, 1, "{told}");
    assert_eq!(report["results"][0]["release"]["listed"], "other", "{told}");
}

/// Proves the kit without network.
fn proved_offline(scene: &Scene<'_>, kit: &str) {
    let (code, _, told) = scene.run(&["verify-all", VERSION, "--from", kit, "--offline"]);
    assert_eq!(code, 0, "{told}");
}

/// Whatever has a final name in a kit is all that it should be.
fn assert_whole(run: &Run, kit: &Path) {
    for path in files(kit) {
        let name = path.rsplit('/').next().unwrap();
        if name.starts_with('.') {
            continue;
        }
        let bytes = fs::read(kit.join(&path)).unwrap();
        let is_document = name.ends_with(".json") || name == "oci-layout";
        let published = path
            .strip_prefix(&format!("{VERSION}/"))
            .filter(|_| !name.ends_with(".sigstore.json"));
        if let Some(published) = published {
            assert_published(run, &kit.join(&path), published);
        } else if is_document {
            serde_json::from_slice::<Value>(&bytes)
                .unwrap_or_else(|error| panic!("{path}: {error}"));
        } else {
            assert_eq!(Digest::sha256(&bytes).hex(), name, "{path}");
        }
    }
}

fn assert_published(run: &Run, file: &Path, path: &str) {
    let published = fs::read(run.release.file(NEW_VERSION, path)).unwrap();
    assert_eq!(fs::read(file).unwrap(), published, "{path}");
}

/// The files below a folder, in order.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => {
                let inner = files(&entry.path()).into_iter();
                found.extend(inner.map(|path| format!("{name}/{path}")));
            }
            false => found.push(name),
        }
    }
    found.sort_unstable();
    found
}

fn address(path: &str) -> String {
    format!("/release/{VERSION}/{path}")
}

/// Slow enough that a part is seen.
const SLOW: Fault = Fault::Slow {
    piece: 512,
    pause: Duration::from_millis(100),
};
const LOOKS: usize = 12_000;

/// In a namespace of its own: a disk at `$1` with `$2` bytes, then with room. What is on it is copied after each run.
const MOUNTED: &str = r#"
disk=$1 size=$2; shift 2
mount -t tmpfs -o size=$size none "$disk" || exit 1
"$@" >first.out 2>first.err; echo $? >first.code; cp -r "$disk" first
mount -o remount,size=64m "$disk" || exit 1
"$@" >second.out 2>second.err; echo $? >second.code; cp -r "$disk" second
"#;

/// The same with a limit for each file (in units of 512 bytes).
const LIMITED: &str = r#"
disk=$1 size=$2; shift 2
(trap '' XFSZ; ulimit -f $((size / 512)); "$@") >first.out 2>first.err; echo $? >first.code; cp -r "$disk" first
"$@" >second.out 2>second.err; echo $? >second.code; cp -r "$disk" second
"#;
