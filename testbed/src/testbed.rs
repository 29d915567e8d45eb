//! The testbed as tests and people use it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::http::FileServer;
use crate::issuer::Issuer;
use crate::peers::{self, Cache};
use crate::pki::{Certificate, KeyFiles};
use crate::process::{Janitor, on_free_ports};
use crate::services::{self, Service, Trillian};
use crate::trust::{TrustedServices, ed25519_log, p256_log, signing_config};
use crate::tuf::Publisher;

/// A part of the instance that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The certificate authority, with its CT log.
    Fulcio,
    /// Rekor v1.
    Rekor,
    /// Rekor v2.
    RekorV2,
    /// The timestamp authority.
    Timestamps,
}

impl Part {
    /// Everything.
    pub const ALL: &[Self] = &[Self::Fulcio, Self::Rekor, Self::RekorV2, Self::Timestamps];
}

/// A running instance. It ends with this value.
#[derive(Debug)]
pub struct Testbed {
    /// The trusted root of all parts, in a file.
    pub trusted_root: PathBuf,
    /// A signing configuration with Rekor v1, as far as it runs, and no timestamp authority.
    pub signing_config_v1: PathBuf,
    /// A signing configuration with Rekor v2 and the timestamp authority, as far as they run.
    pub signing_config_v2: PathBuf,
    /// A signing configuration with the timestamp authority and no log.
    pub signing_config_no_log: PathBuf,
    /// Rekor v1.
    pub rekor_url: Option<String>,
    /// Rekor v2.
    pub rekor_v2_url: Option<String>,
    /// Fulcio.
    pub fulcio_url: Option<String>,
    /// The timestamp authority's endpoint.
    pub tsa_url: Option<String>,
    /// The issuer of identity tokens.
    pub issuer_url: String,
    /// The TUF repository with the trusted root and the signing configuration (`signing_config.v0.2.json`).
    pub tuf_url: String,
    /// The root metadata with which TUF clients start.
    pub tuf_root: PathBuf,
    /// The cosign program.
    pub cosign: PathBuf,
    /// The public key of Rekor v1 in PEM (`SIGSTORE_REKOR_PUBLIC_KEY`).
    pub rekor_key: PathBuf,
    /// The public key of the CT log in PEM (`SIGSTORE_CT_LOG_PUBLIC_KEY_FILE`).
    pub ct_log_key: PathBuf,
    /// The certificate of Fulcio in PEM (`SIGSTORE_ROOT_FILE`).
    pub fulcio_root: PathBuf,
    /// The certificates of the timestamp authority in PEM, leaf first.
    pub tsa_chain: PathBuf,
    /// All state of this testbed. Tests may put their files here.
    pub folder: PathBuf,
    issuer: Issuer,
    // Fields are dropped in this order: who speaks to others first, the folder last.
    _tuf: FileServer,
    _services: Vec<Service>,
    _trillian: Option<Trillian>,
    _janitor: Janitor,
}

impl Testbed {
    /// Builds what is missing and starts these parts; the issuer and the TUF repository are always there.
    ///
    /// # Errors
    /// A program cannot be built or started, or is not ready in time; with what it printed.
    pub fn start(parts: &[Part]) -> Result<Self> {
        let has = |part| parts.contains(&part);
        let cache = Cache::open()?;
        let folder = tempfile::Builder::new()
            .prefix("sealcheck-testbed-")
            .tempdir()?
            .keep();
        let janitor = Janitor::of(&folder)?;
        let now = jiff::Timestamp::now();
        // Clocks and whole seconds: everything is valid a little before it exists.
        let since = (now - jiff::SignedDuration::from_mins(5)).to_string();
        let since = since.split('.').next().map(|whole| format!("{whole}Z"));
        let since = since.context("no date")?.replace("ZZ", "Z");
        let root = Certificate::authority(&folder, "fulcio", "/O=testbed/CN=fulcio")?;
        let tsa_root = Certificate::authority(&folder, "tsa-root", "/O=testbed/CN=tsa root")?;
        let tsa = tsa_root.issue(&folder, "tsa", "/O=testbed/CN=tsa", TSA_EXTENSIONS)?;
        let ct_key = KeyFiles::p256(&folder, "ct-log")?;
        let rekor_key = KeyFiles::p256(&folder, "rekor")?;
        let rekor_v2_key = KeyFiles::ed25519(&folder, "rekor-v2")?;

        let issuer = Issuer::start()?;
        let mut trusted = TrustedServices::default();
        let mut running = Vec::new();
        let mut urls = [const { None }; 4];
        let [fulcio_url, rekor_url, rekor_v2_url, tsa_url] = &mut urls;
        let trillian = match has(Part::Fulcio) || has(Part::Rekor) {
            true => Some(Trillian::start(&cache, &folder)?),
            false => None,
        };
        if let (Some(trillian), true) = (&trillian, has(Part::Fulcio)) {
            let ct_log =
                on_free_ports(|| services::ct_log(&cache, &folder, trillian, &ct_key, &root))?;
            let fulcio =
                on_free_ports(|| services::fulcio(&cache, &folder, &issuer, &ct_log, &root))?;
            trusted.ct_logs.push(p256_log(&ct_log.url, &ct_key, &since));
            trusted
                .authorities
                .push((fulcio.url.clone(), vec![root.clone()]));
            *fulcio_url = Some(fulcio.url.clone());
            running.extend([fulcio, ct_log]);
        }
        if let (Some(trillian), true) = (&trillian, has(Part::Rekor)) {
            let rekor = on_free_ports(|| services::rekor(&cache, &folder, trillian, &rekor_key))?;
            let name = format!("https://{}", services::REKOR_NAME);
            trusted.logs.push(p256_log(&name, &rekor_key, &since));
            *rekor_url = Some(rekor.url.clone());
            running.push(rekor);
        }
        if has(Part::RekorV2) {
            let rekor = on_free_ports(|| services::rekor_v2(&cache, &folder, &rekor_v2_key))?;
            let name = services::REKOR_V2_NAME;
            let url = format!("https://{name}");
            trusted
                .logs
                .push(ed25519_log(&url, name, &rekor_v2_key, &since)?);
            *rekor_v2_url = Some(rekor.url.clone());
            running.push(rekor);
        }
        if has(Part::Timestamps) {
            let timestamps =
                on_free_ports(|| services::timestamps(&cache, &folder, &tsa, &tsa_root))?;
            let chain = vec![tsa, tsa_root];
            trusted
                .timestamp_authorities
                .push((timestamps.url.clone(), chain));
            *tsa_url = Some(timestamps.url.clone());
            running.push(timestamps);
        }
        let [fulcio_url, rekor_url, rekor_v2_url, tsa_url] = urls;

        let config = |rekor: Option<(&Option<String>, u32)>, tsa: Option<&str>| {
            let rekor = rekor.and_then(|(url, version)| Some((url.as_deref()?, version)));
            signing_config(fulcio_url.as_deref(), &issuer.url(), rekor, tsa, &since)
        };
        let tsa = tsa_url.as_deref();
        let write = |name: &str, value: &Value| -> Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, serde_json::to_vec_pretty(value)?)?;
            Ok(path)
        };
        let trusted_root = write("trusted_root.json", &trusted.trusted_root(&since)?)?;
        let v1 = config(Some((&rekor_url, 1)), None);
        let signing_config_v1 = write("signing_config_v1.json", &v1)?;
        let v2 = config(Some((&rekor_v2_url, 2)), tsa);
        let signing_config_v2 = write("signing_config_v2.json", &v2)?;
        let signing_config_no_log = write("signing_config_no_log.json", &config(None, tsa))?;

        let expires = format!(
            "{}-01-01T00:00:00Z",
            now.strftime("%Y").to_string().parse::<i32>()? + 2
        );
        let publisher = Publisher::new(&expires)?;
        let tuf_root = folder.join("tuf_root.json");
        fs::write(&tuf_root, publisher.root()?)?;
        let preferred = match rekor_v2_url {
            Some(_) => &signing_config_v2,
            None => &signing_config_v1,
        };
        let tuf = FileServer::start(|_| {
            publisher.files(&[
                ("trusted_root.json", fs::read(&trusted_root)?),
                ("signing_config.v0.2.json", fs::read(preferred)?),
            ])
        })?;
        Ok(Self {
            trusted_root,
            signing_config_v1,
            signing_config_v2,
            signing_config_no_log,
            rekor_url,
            rekor_v2_url,
            fulcio_url,
            tsa_url,
            issuer_url: issuer.url(),
            tuf_url: tuf.url(),
            tuf_root,
            cosign: cache.program(peers::COSIGN)?,
            rekor_key: rekor_key.public,
            ct_log_key: ct_key.public,
            fulcio_root: root.pem,
            tsa_chain: folder.join("tsa-chain.pem"),
            folder,
            issuer,
            _tuf: tuf,
            _services: running,
            _trillian: trillian,
            _janitor: janitor,
        })
    }

    /// An identity token for this e-mail address, valid for an hour. Cosign wants it in a file: on its command line it
    /// recognises only tokens signed with RS256.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn token(&self, email: &str) -> Result<String> {
        self.issuer.token(email)
    }

    /// Cosign, set up for this instance (a home of its own, no password on keys, legacy trust material by environment).
    pub fn cosign(&self) -> Command {
        let mut command = Command::new(&self.cosign);
        command
            .env("HOME", &self.folder)
            .env("TUF_ROOT", self.folder.join("cosign-tuf"))
            .env("COSIGN_PASSWORD", "")
            .current_dir(&self.folder);
        for (name, file) in self.legacy_trust() {
            command.env(name, file);
        }
        command
    }

    /// The environment by which cosign learns what to trust for its legacy formats.
    pub fn legacy_trust(&self) -> [(&'static str, &Path); 3] {
        [
            ("SIGSTORE_ROOT_FILE", &self.fulcio_root),
            ("SIGSTORE_REKOR_PUBLIC_KEY", &self.rekor_key),
            ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", &self.ct_log_key),
        ]
    }

    /// The folder of built programs and of what tests want to keep.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn cache_folder() -> Result<PathBuf> {
        Ok(Cache::open()?.folder().to_owned())
    }
}

/// RFC 3161, section 2.3: exactly this purpose, and critical.
const TSA_EXTENSIONS: &[&str] = &[
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=critical,timeStamping",
];
