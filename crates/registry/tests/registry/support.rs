//! What the tests share.

use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use sealcheck_net::{Client, Config, Proxies, RetryPolicy};
use sealcheck_registry::double::{Access, RegistryDouble};
use sealcheck_registry::{Keychain, Registries, Registry, RegistryError, Settings};

/// Impatient settings of the network.
pub(crate) fn net() -> Config {
    Config {
        total_deadline: Duration::from_secs(5),
        retry: RetryPolicy {
            attempts: 2,
            base: Duration::from_millis(1),
            cap: Duration::from_millis(4),
        },
        proxies: Proxies::none(),
        ..Config::default()
    }
}

pub(crate) fn client(settings: Settings) -> Registry {
    let network = settings.registries.network(net());
    Registry::new(Client::new(network).unwrap(), settings)
}

/// A client without any settings.
pub(crate) fn anonymous() -> Registry {
    client(Settings::default())
}

pub(crate) fn with_keychain(keychain: Keychain) -> Registry {
    client(Settings {
        keychain,
        ..Settings::default()
    })
}

/// A client with this file of settings.
pub(crate) fn with_registries(yaml: &str) -> Registry {
    client(Settings {
        registries: registries(yaml),
        ..Settings::default()
    })
}

pub(crate) fn registries(yaml: &str) -> Registries {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registries.yaml");
    std::fs::write(&path, yaml).unwrap();
    Registries::read(&path).unwrap()
}

/// A Docker configuration in a folder, and the keychain of a user who has it.
pub(crate) fn docker(folder: &Path, config: &str) -> Keychain {
    std::fs::write(folder.join("config.json"), config).unwrap();
    let docker_config = folder.as_os_str().to_owned();
    let path = folder.as_os_str().to_owned();
    Keychain::from_variables(move |name| match name {
        "DOCKER_CONFIG" => Some(docker_config.clone()),
        // Helpers of the test first, and the shell that they are written in.
        "PATH" => {
            let mut search = path.clone();
            search.push(":/bin:/usr/bin");
            Some(search)
        }
        _ => None,
    })
}

/// Requests of this method.
pub(crate) fn count(registry: &RegistryDouble, method: &str, part: &str) -> usize {
    registry
        .requests()
        .iter()
        .filter(|asked| asked.method == method && asked.target.contains(part))
        .count()
}

/// The code of an error, and its whole text for the message of the test.
pub(crate) fn code(error: &RegistryError) -> &'static str {
    error.reason().code()
}

pub(crate) fn basic(username: &str, password: &str) -> Access {
    Access::Basic {
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

pub(crate) async fn ask(client: &Registry, registry: &RegistryDouble) -> Result<(), RegistryError> {
    let answer = client.manifest(&registry.reference("team/app:v1")).await?;
    assert!(!answer.is_absent());
    Ok(())
}

pub(crate) fn with_image(access: Access) -> RegistryDouble {
    let registry = RegistryDouble::start();
    registry.image("team/app", "v1");
    registry.access(access);
    registry
}

pub(crate) fn auth(username: &str, password: &str) -> String {
    BASE64.encode(format!("{username}:{password}").as_bytes())
}
