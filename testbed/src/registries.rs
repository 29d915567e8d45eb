//! Registries of container images, empty when they start. All speak plain HTTP.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::http::{answers, free_port};
use crate::peers::{self, Cache};
use crate::process::{Launch, on_free_ports};
use crate::services::Service;

/// `crane registry serve`.
pub(crate) fn crane(cache: &Cache, folder: &Path) -> Result<Service> {
    start(folder, |port| {
        let launch = Launch::new("crane-registry", cache.program(peers::CRANE)?)
            .arg("registry")
            .arg("serve")
            .flag("address", address(port));
        Ok(launch)
    })
}

/// The distribution registry, where everything can be deleted again.
pub(crate) fn distribution(cache: &Cache, folder: &Path) -> Result<Service> {
    let storage = folder.join("distribution");
    fs::create_dir_all(&storage)?;
    start(folder, |port| {
        let config = folder.join("distribution.yaml");
        let settings = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {:?}\n  delete:\n    enabled: true\n\
             http:\n  addr: {}\n  secret: testbed\n",
            storage,
            address(port)
        );
        fs::write(&config, settings)?;
        let launch = Launch::new("distribution-registry", cache.program(peers::DISTRIBUTION)?)
            .arg("serve")
            .arg(config.display().to_string())
            // Its traces would go to a fixed port.
            .env("OTEL_TRACES_EXPORTER", "none");
        Ok(launch)
    })
}

/// The registry with a referrers API.
pub(crate) fn referrers(cache: &Cache, folder: &Path) -> Result<Service> {
    start(folder, |port| {
        let program = cache.program(peers::REFERRERS_REGISTRY)?;
        Ok(Launch::new("referrers-registry", program).flag("address", address(port)))
    })
}

fn start(folder: &Path, launch: impl Fn(u16) -> Result<Launch>) -> Result<Service> {
    on_free_ports(|| {
        let port = free_port()?;
        let peer = launch(port)?.start(folder)?;
        Ok(Service::at(port, peer.ready(|| answers(port, "/v2/"))?))
    })
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
