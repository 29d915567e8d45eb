//! The peers' programs: built from their pinned Go modules into a cache outside the tree, once.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use crate::process::run;
use crate::toolchain::go;

/// One program of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The folder of its tools module below `testbed/tools`.
    group: &'static str,
    package: &'static str,
    /// What `go build` calls the program.
    name: &'static str,
}

/// Where built programs live.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// `$SEALCHECK_TESTBED_CACHE`, otherwise `sealcheck-testbed` in the user's cache folder.
    pub(crate) fn open() -> Result<Self> {
        let folder = match (
            env::var_os(CACHE),
            env::var_os("XDG_CACHE_HOME"),
            env::var_os("HOME"),
        ) {
            (Some(folder), ..) => PathBuf::from(folder),
            (_, Some(caches), _) => Path::new(&caches).join("sealcheck-testbed"),
            (.., Some(home)) => Path::new(&home).join(".cache/sealcheck-testbed"),
            _ => bail!("no cache folder: set {CACHE} or HOME"),
        };
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create the cache {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The cache's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program of a peer, built if this version of it is not there.
    pub(crate) fn program(&self, peer: Peer) -> Result<PathBuf> {
        self.made(peer.group, peer.name, |workspace, made| {
            announce(&format!("building {} ...", peer.package));
            let start = Instant::now();
            // Nobody debugs them, and without what a debugger needs they are linked in half the time.
            let build = ["build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o"];
            run(self.go(workspace)?.args(build).arg(made).arg(peer.package))
                .with_context(|| format!("{} cannot be built", peer.package))?;
            announce(&format!(
                "built {} in {} s",
                peer.name,
                start.elapsed().as_secs()
            ));
            Ok(())
        })
    }

    /// The tables of Trillian, from its module.
    pub(crate) fn trillian_schema(&self) -> Result<PathBuf> {
        self.made("trillian", "storage.sql", |workspace, made| {
            let format = [
                "list",
                "-mod=mod",
                "-m",
                "-f",
                "{{.Dir}}",
                "github.com/google/trillian",
            ];
            run(self
                .go(workspace)?
                .args(["mod", "download", "github.com/google/trillian"]))?;
            let module = String::from_utf8(run(self.go(workspace)?.args(format))?)?;
            let schema = Path::new(module.trim()).join("storage/mysql/schema/storage.sql");
            fs::write(made, fs::read(&schema)?)?;
            Ok(())
        })
    }

    fn go(&self, workspace: &Path) -> Result<Command> {
        let mut command = Command::new(go(&self.folder)?);
        command
            .env("GOTOOLCHAIN", "auto")
            .env("GOFLAGS", "")
            .env("CGO_ENABLED", "0")
            .current_dir(workspace);
        Ok(command)
    }

    /// A file that `make` makes, in a copy of the group's tools module, unless it is there already.
    fn made(
        &self,
        group: &str,
        name: &str,
        make: impl FnOnce(&Path, &Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tools")
            .join(group);
        let sources = sources(&tools)?;
        let pins = sources.iter().fold(Vec::new(), |pins, (_, content)| {
            digest(&SHA256, &[&pins, content.as_slice()].concat())
                .as_ref()
                .to_vec()
        });
        let pins = HEXLOWER.encode(pins.get(..6).unwrap_or(&pins));
        // Another version lives in another folder, so old checkouts and new ones share a cache.
        let folder = self.folder.join("bin").join(format!("{group}-{pins}"));
        let wanted = folder.join(name);
        fs::create_dir_all(&folder)?;
        // One builder at a time: two runs side by side must not build the same thing.
        let lock = fs::File::create(self.folder.join("build.lock"))?;
        lock.lock().context("cannot lock the cache")?;
        if !wanted.exists() {
            // `-mod=mod` may write go.mod and go.sum, which must not happen in the tree.
            let workspace = tempfile::tempdir_in(&self.folder)?;
            for (file, content) in &sources {
                let copy = workspace.path().join(file);
                fs::create_dir_all(copy.parent().unwrap_or(workspace.path()))?;
                fs::write(copy, content)?;
            }
            let made = workspace.path().join("made");
            make(workspace.path(), &made)?;
            fs::rename(&made, &wanted)?;
        }
        Ok(wanted)
    }
}

/// The files of a tools module: its pins, and the programs that it has of its own in folders.
fn sources(tools: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(tools).with_context(|| format!("no tools in {}", tools.display()))? {
        let (name, path) = entry.map(|entry| (PathBuf::from(entry.file_name()), entry.path()))?;
        match path.is_dir() {
            true => found.extend(
                sources(&path)?
                    .into_iter()
                    .map(|(inner, content)| (name.join(inner), content)),
            ),
            false => {
                found.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

#[expect(
    clippy::print_stderr,
    reason = "the first build takes many minutes: silence would look like a hang"
)]
pub(crate) fn announce(text: &str) {
    eprintln!("testbed: {text}");
}

/// Overrides the cache's folder.
const CACHE: &str = "SEALCHECK_TESTBED_CACHE";

const fn peer(group: &'static str, package: &'static str, name: &'static str) -> Peer {
    Peer {
        group,
        package,
        name,
    }
}

pub(crate) const COSIGN: Peer = peer(
    "sigstore",
    "github.com/sigstore/cosign/v3/cmd/cosign",
    "cosign",
);
pub(crate) const FULCIO: Peer = peer("sigstore", "github.com/sigstore/fulcio", "fulcio");
pub(crate) const REKOR: Peer = peer("sigstore", "./rekor-server", "rekor-server");
pub(crate) const TIMESTAMPS: Peer = peer("sigstore", "./timestamp-server", "timestamp-server");
pub(crate) const TRILLIAN_SERVER: Peer = peer(
    "trillian",
    "github.com/google/trillian/cmd/trillian_log_server",
    "trillian_log_server",
);
pub(crate) const TRILLIAN_SIGNER: Peer = peer(
    "trillian",
    "github.com/google/trillian/cmd/trillian_log_signer",
    "trillian_log_signer",
);
pub(crate) const CREATE_TREE: Peer = peer(
    "trillian",
    "github.com/google/trillian/cmd/createtree",
    "createtree",
);
pub(crate) const CT_LOG: Peer = peer(
    "ct-log",
    "github.com/google/certificate-transparency-go/trillian/ctfe/ct_server",
    "ct_server",
);
pub(crate) const REKOR_V2: Peer = peer(
    "rekor-tiles",
    "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix",
    "posix",
);
pub(crate) const CRANE: Peer = peer(
    "registries",
    "github.com/google/go-containerregistry/cmd/crane",
    "crane",
);
pub(crate) const DISTRIBUTION: Peer = peer("registries", "./distribution", "distribution");
pub(crate) const REFERRERS_REGISTRY: Peer =
    peer("registries", "./referrers-registry", "referrers-registry");
