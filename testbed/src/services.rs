//! The services of a Sigstore instance: each function starts one and waits until it answers.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::database::Database;
use crate::http::{accepts, answers, free_port};
use crate::issuer::{AUDIENCE, Issuer, VOUCHER_CLAIM};
use crate::peers::{self, Cache};
use crate::pki::{Certificate, KeyFiles, PASSWORD};
use crate::process::{Launch, Peer, on_free_ports, run};

/// Trillian over its database: the trees of the CT log and of Rekor v1.
#[derive(Debug)]
pub(crate) struct Trillian {
    _signer: Peer,
    _server: Peer,
    port: u16,
    database: Database,
}

impl Trillian {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let database = Database::start(folder, &cache.trillian_schema()?)?;
        let (server, signer, port) = on_free_ports(|| {
            let (port, signer_port) = (free_port()?, free_port()?);
            let launch = |name, peer, port| -> Result<Launch> {
                Ok(Launch::new(name, cache.program(peer)?)
                    .flag("mysql_uri", database.dsn("trillian"))
                    .flag("storage_system", "mysql")
                    .flag("quota_system", "noop")
                    .flag("rpc_endpoint", format_args!("127.0.0.1:{port}"))
                    .flag("http_endpoint", ""))
            };
            let server = launch("trillian-server", peers::TRILLIAN_SERVER, port)?.start(folder)?;
            let signer = launch("trillian-signer", peers::TRILLIAN_SIGNER, signer_port)?
                .arg("--force_master")
                .flag("sequencer_interval", "50ms")
                .flag("batch_size", 100)
                .start(folder)?;
            let server = server.ready(|| accepts(port))?;
            Ok((server, signer.ready(|| accepts(signer_port))?, port))
        })?;
        Ok(Self {
            _signer: signer,
            _server: server,
            port,
            database,
        })
    }

    /// A new tree; its id.
    fn create_tree(&self, cache: &Cache) -> Result<String> {
        let output = run(Command::new(cache.program(peers::CREATE_TREE)?)
            .arg(format!("--admin_server=127.0.0.1:{}", self.port)))?;
        Ok(String::from_utf8(output)?.trim().to_owned())
    }
}

/// A service with the URL that clients speak to.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) url: String,
    _peer: Peer,
}

impl Service {
    pub(crate) fn at(port: u16, peer: Peer) -> Self {
        Self {
            url: format!("http://127.0.0.1:{port}"),
            _peer: peer,
        }
    }
}

/// The CT log, which accepts what `root` issues.
pub(crate) fn ct_log(
    cache: &Cache,
    folder: &Path,
    trillian: &Trillian,
    key: &KeyFiles,
    root: &Certificate,
) -> Result<Service> {
    let config = format!(
        "config {{\n  log_id: {}\n  prefix: \"{CT_PREFIX}\"\n  roots_pem_file: {:?}\n  \
         ext_key_usages: \"CodeSigning\"\n  max_merge_delay_sec: 86400\n  expected_merge_delay_sec: 120\n  \
         private_key: {{ [type.googleapis.com/keyspb.PEMKeyFile] {{ path: {:?} password: {PASSWORD:?} }} }}\n}}\n",
        trillian.create_tree(cache)?,
        root.pem,
        key.encrypted,
    );
    let file = folder.join("ct.cfg");
    fs::write(&file, config)?;
    let port = free_port()?;
    let peer = Launch::new("ct-log", cache.program(peers::CT_LOG)?)
        .flag("log_config", file.display())
        .flag(
            "log_rpc_server",
            format_args!("127.0.0.1:{}", trillian.port),
        )
        .flag("http_endpoint", format_args!("127.0.0.1:{port}"))
        .start(folder)?
        .ready(|| answers(port, &format!("/{CT_PREFIX}/ct/v1/get-sth")))?;
    Ok(Service {
        url: format!("http://127.0.0.1:{port}/{CT_PREFIX}"),
        _peer: peer,
    })
}

/// Fulcio, which certifies the e-mail addresses in the issuer's tokens.
pub(crate) fn fulcio(
    cache: &Cache,
    folder: &Path,
    issuer: &Issuer,
    ct_log: &str,
    root: &Certificate,
) -> Result<Service> {
    let url = issuer.url();
    let config = folder.join("fulcio.yaml");
    fs::write(
        &config,
        format!(
            "oidc-issuers:\n  {url}:\n    issuer-url: {url}\n    client-id: {AUDIENCE}\n    type: email\n    \
             issuer-claim: {VOUCHER_CLAIM:?}\n    contact: testbed\n    description: testbed\n"
        ),
    )?;
    let port = free_port()?;
    let peer = Launch::new("fulcio", cache.program(peers::FULCIO)?)
        .arg("serve")
        .flag("config-path", config.display())
        .flag("host", "127.0.0.1")
        .flag("port", port)
        .flag("grpc-host", "127.0.0.1")
        .flag("grpc-port", free_port()?)
        .flag("metrics-port", free_port()?)
        // An abstract socket: its name is as global as a port.
        .flag(
            "legacy-unix-domain-socket",
            format_args!("@sealcheck-testbed-{port}"),
        )
        .flag("ca", "fileca")
        .flag("fileca-cert", root.pem.display())
        .flag("fileca-key", root.key.encrypted.display())
        .flag("fileca-key-passwd", PASSWORD)
        .flag("fileca-watch", false)
        .flag("ct-log-url", ct_log)
        .start(folder)?
        .ready(|| answers(port, "/healthz"))?;
    Ok(Service::at(port, peer))
}

/// Rekor v1 with its search index.
pub(crate) fn rekor(
    cache: &Cache,
    folder: &Path,
    trillian: &Trillian,
    key: &KeyFiles,
) -> Result<Service> {
    let port = free_port()?;
    let peer = Launch::new("rekor", cache.program(peers::REKOR)?)
        .flag("port", port)
        .flag("hostname", REKOR_NAME)
        .flag("signer", key.private.display())
        .flag("trillian-port", trillian.port)
        .flag("tree", trillian.create_tree(cache)?)
        .flag("index-dsn", trillian.database.dsn("rekor"))
        .start(folder)?
        .ready(|| answers(port, "/api/v1/log"))?;
    Ok(Service::at(port, peer))
}

/// Rekor v2 on files.
pub(crate) fn rekor_v2(cache: &Cache, folder: &Path, key: &KeyFiles) -> Result<Service> {
    let storage = folder.join("rekor-v2");
    fs::create_dir_all(&storage)?;
    let port = free_port()?;
    let peer = Launch::new("rekor-v2", cache.program(peers::REKOR_V2)?)
        .arg("serve")
        .flag("http-address", "127.0.0.1")
        .flag("http-port", port)
        .flag("http-metrics-port", free_port()?)
        .flag("grpc-address", "127.0.0.1")
        .flag("grpc-port", free_port()?)
        .flag("hostname", REKOR_V2_NAME)
        .flag("storage-dir", storage.display())
        .flag("signer-filepath", key.private.display())
        .flag("batch-max-age", "100ms")
        .flag("checkpoint-interval", "500ms")
        .start(folder)?
        .ready(|| answers(port, "/healthz"))?;
    Ok(Service::at(port, peer))
}

/// The timestamp authority. Its URL is the endpoint itself (RFC 3161 over HTTP).
pub(crate) fn timestamps(
    cache: &Cache,
    folder: &Path,
    leaf: &Certificate,
    root: &Certificate,
) -> Result<Service> {
    let chain = folder.join("tsa-chain.pem");
    let certificates = [fs::read(&leaf.pem)?, fs::read(&root.pem)?].concat();
    fs::write(&chain, certificates).context("cannot write the authority's chain")?;
    let port = free_port()?;
    let peer = Launch::new("timestamps", cache.program(peers::TIMESTAMPS)?)
        .flag("host", "127.0.0.1")
        .flag("port", port)
        .flag("file-signer-key-path", leaf.key.private.display())
        .flag("certificate-chain-path", chain.display())
        .start(folder)?
        .ready(|| answers(port, "/ping"))?;
    let mut service = Service::at(port, peer);
    service.url.push_str("/api/v1/timestamp");
    Ok(service)
}

/// What the trusted root calls Fulcio; its address is in the signing configurations.
pub(crate) const FULCIO_NAME: &str = "https://fulcio.testbed";
/// What the trusted root calls the CT log.
pub(crate) const CT_LOG_NAME: &str = "https://ct.testbed";
/// What the trusted root calls the timestamp authority.
pub(crate) const TIMESTAMPS_NAME: &str = "https://timestamps.testbed";
/// The origin of Rekor v1's checkpoints, before its tree id.
pub(crate) const REKOR_NAME: &str = "rekor.testbed";
/// The origin of Rekor v2's checkpoints.
pub(crate) const REKOR_V2_NAME: &str = "rekor-v2.testbed";
const CT_PREFIX: &str = "testbed";
