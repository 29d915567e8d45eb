//! The testbed as tests and people use it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::http::FileServer;
use crate::issuer::{Issuer, VOUCHER};
use crate::part::Part;
use crate::peers::{self, Cache, announce};
use crate::pki::{Certificate, KeyFiles};
use crate::process::{Janitor, on_free_ports};
use crate::registries;
use crate::requirements::provide;
use crate::services::{self, Service, Trillian};
use crate::trust::{TrustedServices, ed25519_log, p256_log, signing_config};
use crate::tuf::Publisher;

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
    /// `crane registry serve`, as `127.0.0.1:PORT`.
    pub crane_registry: Option<String>,
    /// The distribution registry, as `127.0.0.1:PORT`.
    pub distribution_registry: Option<String>,
    /// The registry that has the referrers API, as `127.0.0.1:PORT`.
    pub referrers_registry: Option<String>,
    /// Who vouches for signers, as certificates name it.
    pub issuer_url: String,
    /// Where identity tokens come from.
    pub oidc_url: String,
    /// The TUF repository with the trusted root and the signing configuration (`signing_config.v0.2.json`).
    pub tuf_url: String,
    /// The root metadata with which TUF clients start.
    pub tuf_root: PathBuf,
    /// The cosign program.
    pub cosign: PathBuf,
    /// The crane program; there with any registry.
    pub crane: Option<PathBuf>,
    /// The public key of Rekor v1 in PEM (`SIGSTORE_REKOR_PUBLIC_KEY`).
    pub rekor_key: PathBuf,
    /// The public key of the CT log in PEM (`SIGSTORE_CT_LOG_PUBLIC_KEY_FILE`).
    pub ct_log_key: PathBuf,
    /// The certificate of Fulcio in PEM (`SIGSTORE_ROOT_FILE`).
    pub fulcio_root: PathBuf,
    /// The certificates of the timestamp authority in PEM, leaf first (`SIGSTORE_TSA_CERTIFICATE_FILE`).
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
    /// Builds the programs of these parts, as far as they are not in the cache, and says how long it took. As root of a
    /// Debian it installs the programs that cannot be built.
    ///
    /// # Errors
    /// [`Missing`](crate::Missing), or a program cannot be installed or built; with what the attempt printed.
    pub fn prepare(parts: &[Part]) -> Result<()> {
        provide(parts)?;
        let cache = Cache::open()?;
        if parts.iter().any(|part| part.needs_database()) {
            cache.trillian_schema()?;
        }
        for peer in parts.iter().flat_map(|part| part.peers()) {
            cache.program(*peer)?;
        }
        cache.program(peers::COSIGN)?;
        Ok(())
    }

    /// What a test calls: the parts, or `None` after it was said on standard error why they cannot be had here.
    ///
    /// # Errors
    /// A part cannot be started; and where the variable `CI` is set, also as [`prepare`](Self::prepare), as CI must not skip.
    pub fn for_tests(parts: &[Part]) -> Result<Option<Self>> {
        match Self::prepare(parts) {
            Ok(()) => Self::start(parts).map(Some),
            Err(why) if env::var_os("CI").is_some() => Err(why).context("CI must not skip"),
            Err(why) => {
                announce(&format!(
                    "skipped, nothing was tested against real peers: {why:#}"
                ));
                Ok(None)
            }
        }
    }

    /// Builds what is missing and starts these parts; the issuer and the TUF repository are always there.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare); or a program cannot be started, or is not ready in time; with what it printed.
    pub fn start(parts: &[Part]) -> Result<Self> {
        Self::prepare(parts)?;
        let has = |part| parts.contains(&part);
        let cache = Cache::open()?;
        let folder = tempfile::Builder::new()
            .prefix("sealcheck-testbed-")
            .tempdir()?
            .keep();
        let janitor = Janitor::of(&folder)?;
        let root = Certificate::authority(&folder, "fulcio", "/O=testbed/CN=fulcio")?;
        let tsa_root = Certificate::authority(&folder, "tsa-root", "/O=testbed/CN=tsa root")?;
        let tsa = tsa_root.issue(&folder, "tsa", "/O=testbed/CN=tsa", TSA_EXTENSIONS)?;
        let ct_key = KeyFiles::p256(&folder, "ct-log")?;
        let rekor_key = KeyFiles::p256(&folder, "rekor")?;
        let rekor_v2_key = KeyFiles::ed25519(&folder, "rekor-v2")?;

        let issuer = Issuer::start()?;
        let trillian = match parts.iter().any(|part| part.needs_database()) {
            true => Some(Trillian::start(&cache, &folder)?),
            false => None,
        };
        let trees = || trillian.as_ref().context("Trillian does not run");
        let mut running = Vec::new();
        let mut start = |part, start: &dyn Fn() -> Result<Service>| -> Result<Option<String>> {
            if !has(part) {
                return Ok(None);
            }
            let service = on_free_ports(start)?;
            let url = service.url.clone();
            running.push(service);
            Ok(Some(url))
        };
        let ct_log_url = start(Part::Fulcio, &|| {
            services::ct_log(&cache, &folder, trees()?, &ct_key, &root)
        })?;
        let fulcio_url = start(Part::Fulcio, &|| {
            let ct_log = ct_log_url.as_deref().context("the CT log does not run")?;
            services::fulcio(&cache, &folder, &issuer, ct_log, &root)
        })?;
        let rekor_url = start(Part::Rekor, &|| {
            services::rekor(&cache, &folder, trees()?, &rekor_key)
        })?;
        let rekor_v2_url = start(Part::RekorV2, &|| {
            services::rekor_v2(&cache, &folder, &rekor_v2_key)
        })?;
        let tsa_url = start(Part::Timestamps, &|| {
            services::timestamps(&cache, &folder, &tsa, &tsa_root)
        })?;
        let mut registry = |part, launch: fn(&Cache, &Path) -> Result<Service>| {
            let url = start(part, &|| launch(&cache, &folder))?;
            anyhow::Ok(url.map(|url| url.trim_start_matches("http://").to_owned()))
        };
        let crane_registry = registry(Part::CraneRegistry, registries::crane)?;
        let distribution_registry = registry(Part::DistributionRegistry, registries::distribution)?;
        let referrers_registry = registry(Part::ReferrersRegistry, registries::referrers)?;

        // Clocks and whole seconds: everything is valid a little before it exists.
        let now = jiff::Timestamp::now();
        let since = whole_seconds(now - jiff::SignedDuration::from_mins(5))?;
        let mut logs = Vec::new();
        if rekor_url.is_some() {
            let name = format!("https://{}", services::REKOR_NAME);
            logs.push(p256_log(&name, &rekor_key, &since));
        }
        if rekor_v2_url.is_some() {
            logs.push(ed25519_log(services::REKOR_V2_NAME, &rekor_v2_key, &since)?);
        }
        let chain = |is_there: bool, name: &str, certificates: &[&Certificate]| {
            let certificates: Vec<_> = certificates.iter().copied().cloned().collect();
            let named = is_there.then(|| (name.to_owned(), certificates));
            named.into_iter().collect()
        };
        let trusted = TrustedServices {
            authorities: chain(fulcio_url.is_some(), services::FULCIO_NAME, &[&root]),
            timestamp_authorities: chain(
                tsa_url.is_some(),
                services::TIMESTAMPS_NAME,
                &[&tsa, &tsa_root],
            ),
            logs,
            ct_logs: ct_log_url
                .iter()
                .map(|_| p256_log(services::CT_LOG_NAME, &ct_key, &since))
                .collect(),
        };
        let write = |name: &str, value: &Value| -> Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, serde_json::to_vec_pretty(value)?)?;
            Ok(path)
        };
        let config = |name: &str, rekor: Option<(&Option<String>, u32)>, tsa: Option<&str>| {
            let rekor = rekor.and_then(|(url, version)| Some((url.as_deref()?, version)));
            let fulcio = fulcio_url.as_deref();
            write(
                name,
                &signing_config(fulcio, &issuer.url(), rekor, tsa, &since),
            )
        };
        let trusted_root = write("trusted_root.json", &trusted.trusted_root(&since)?)?;
        let tsa = tsa_url.as_deref();
        let signing_config_v1 = config("signing_config_v1.json", Some((&rekor_url, 1)), None)?;
        let signing_config_v2 = config("signing_config_v2.json", Some((&rekor_v2_url, 2)), tsa)?;
        let signing_config_no_log = config("signing_config_no_log.json", None, tsa)?;

        let publisher = Publisher::new(&whole_seconds(now + VALID_FOR)?)?;
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
            crane_registry,
            distribution_registry,
            referrers_registry,
            issuer_url: VOUCHER.to_owned(),
            oidc_url: issuer.url(),
            tuf_url: tuf.url(),
            tuf_root,
            cosign: cache.program(peers::COSIGN)?,
            crane: match parts.iter().any(|part| part.is_registry()) {
                true => Some(cache.program(peers::CRANE)?),
                false => None,
            },
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
        self.token_by(email, VOUCHER)
    }

    /// The same, where certificates name `voucher` as the issuer.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn token_by(&self, email: &str, voucher: &str) -> Result<String> {
        self.issuer.token(email, voucher)
    }

    /// Cosign, set up for this instance: a home of its own, no password on keys, legacy trust material by environment.
    /// Without a flag for it, it finds no trusted root: it would look for one in the public instance's repository, and with
    /// any at hand it verifies what it signs, and then refuses some of what it otherwise makes.
    pub fn cosign(&self) -> Command {
        let mut command = Command::new(&self.cosign);
        command
            .env("HOME", &self.folder)
            .env("TUF_ROOT", self.folder.join("cosign-tuf"))
            .env("TUF_MIRROR", NOWHERE)
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

/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:1";

/// RFC 3339 without fractions, which TUF clients do not read.
fn whole_seconds(time: jiff::Timestamp) -> Result<String> {
    let whole = jiff::Timestamp::from_second(time.as_second()).context("no such time")?;
    Ok(whole.to_string())
}

/// RFC 3161, section 2.3: exactly this purpose, and critical.
const TSA_EXTENSIONS: &[&str] = &[
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=critical,timeStamping",
];
/// How long the TUF metadata is good. A testbed lives for hours at most.
const VALID_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 365);
