//! From flags to an engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use sealcheck_engine::{Clock, Config, DEFAULT_REKOR_URL, Engine, NetConfig, Network, TrustSource};
use sealcheck_trust::{InitialRoot, Instance, Mirror, Repository, Source};
use sealcheck_verify::{Failure, Reason, TrustedRoot};

use crate::args::{InstanceName, NetworkArgs, TrustArgs};
use crate::environment::{self, spoken};
use crate::problem::{Problem, Result};
use crate::registry::Access;
use crate::trust_files::TrustFiles;

/// Makes the engine: loads the trusted root, from the network only when it is `needed`, and sets up the network without
/// using it.
pub(crate) fn engine(
    trust: &TrustArgs,
    network: &NetworkArgs,
    access: Access,
    needed: bool,
) -> Result<Engine> {
    let rekor_url = network
        .rekor_url
        .clone()
        .unwrap_or_else(|| DEFAULT_REKOR_URL.to_owned());
    let files = TrustFiles::read(trust)?;
    let config = Config {
        trust: match needed {
            true => TrustSource::Load(source(trust)?),
            false => TrustSource::AtHand(source(trust)?),
        },
        network: reach(network, &access),
        rekor_url,
        registry: access.settings,
        clock: Clock::System,
    };
    let engine = Engine::new(config.clone()).map_err(|failure| match failure.reason {
        Reason::ArgumentInvalid if !config.rekor_url.contains("://") => Problem::from(failure)
            .with_hint("Write the whole address of the log, with https:// before the host."),
        Reason::ArgumentInvalid if network.rekor_url.is_some() => wrong_address(failure),
        _ => failure.into(),
    })?;
    if files.is_empty() {
        return Ok(engine);
    }
    let loaded = engine.trust();
    let (json, source) = files.merge_into(loaded.json.as_deref(), &loaded.source)?;
    let root = TrustedRoot::from_json(&json).map_err(|failure| failure.of_file(&source))?;
    let given = TrustSource::Given {
        root: Arc::new(root),
        source,
    };
    Ok(Engine::new(Config {
        trust: given,
        ..config
    })?)
}

/// An engine that only reads registries and layouts. It trusts what is built in, because it verifies nothing. With
/// `patience` it asks once, and waits no longer than that.
pub(crate) fn reading_engine(
    network: &NetworkArgs,
    access: Access,
    patience: Option<Duration>,
) -> Result<Engine> {
    let mut reach = reach(network, &access);
    if let (Network::Lazy(config), Some(patience)) = (&mut reach, patience) {
        config.total_deadline = patience.min(config.total_deadline);
        config.connect_timeout = patience.min(config.connect_timeout);
        config.retry.attempts = 1;
    }
    Ok(Engine::new(Config {
        network: reach,
        registry: access.settings,
        ..Config::offline()
    })?)
}

/// An address at which nothing can be asked.
pub(crate) fn wrong_address(failure: Failure) -> Problem {
    Problem::from(failure).with_hint(
        "Give the address without user and password. What needs them must be downloaded first, and can then be named as a file.",
    )
}

/// Two flags or variables that cannot be given together.
pub(crate) fn exclusive(matches: &ArgMatches, one: &str, other: &str) -> Problem {
    Problem::argument(format!(
        "{} and {} exclude each other",
        spoken(matches, one),
        spoken(matches, other)
    ))
}

fn source(trust: &TrustArgs) -> Result<Source> {
    if let Some(path) = &trust.trusted_root {
        // An address may have a password in it, so it is not repeated.
        if path.to_str().is_some_and(|text| text.contains("://")) && !path.exists() {
            return Err(Problem::argument(
                "--trusted-root takes a file, and nothing is fetched from an address",
            )
            .with_hint("Download the file first by a way that you trust, or name a TUF repository with --tuf-mirror."));
        }
        return Ok(Source::File(path.clone()));
    }
    let instance = match trust.instance {
        InstanceName::PublicGood => Instance::PublicGood,
        InstanceName::Staging => Instance::Staging,
        InstanceName::Github => Instance::GitHub,
    };
    let mut repository = Repository::of(instance);
    if let Some(text) = &trust.tuf_mirror {
        repository.mirror = Mirror::parse(text).map_err(|error| {
            Problem::argument(format!("--tuf-mirror: {error}"))
                .with_hint("Give https://…, http:// to this machine, file:///PATH or a path.")
        })?;
    }
    if let Some(path) = &trust.tuf_root {
        repository.initial = InitialRoot::File {
            path: path.clone(),
            sha256: None,
        };
    }
    repository.cache_dir = kept_in(trust);
    Ok(Source::Tuf(repository))
}

/// The folder in which trusted roots are kept between runs.
pub(crate) fn kept_in(trust: &TrustArgs) -> Option<PathBuf> {
    trust.cache_dir.clone().or_else(cache_dir)
}

/// The user's cache folder; `None` when the environment names none, and then nothing is kept.
fn cache_dir() -> Option<PathBuf> {
    let folder = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = folder(environment::XDG_CACHE_HOME)
        .or_else(|| folder(environment::HOME).map(|home| home.join(".cache")))
        .or_else(|| folder(environment::LOCALAPPDATA))?;
    Some(base.join("sealcheck").join("tuf"))
}

fn reach(network: &NetworkArgs, access: &Access) -> Network {
    if network.offline {
        return Network::Offline;
    }
    let mut config = NetConfig {
        extra_ca_files: access.ca_files.clone(),
        hosts: access.hosts.clone(),
        ..NetConfig::default()
    };
    match network.timeout {
        None => {}
        Some(Duration::ZERO) => config.total_deadline = NO_LIMIT,
        Some(timeout) => {
            config.total_deadline = timeout;
            // A large body may take longer as a whole, but must not stand still for longer.
            config.stall_timeout = timeout.min(config.stall_timeout);
        }
    }
    Network::Lazy(config)
}

/// `--timeout 0`: longer than anybody waits.
const NO_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);
