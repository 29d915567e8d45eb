//! Where credentials come from.

mod docker;
mod helper;
mod running;
mod secret;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sealcheck_net::{Client, Redacted};
use sealcheck_verify::{Failure, Reason};

use crate::RegistryError;
use docker::{DockerFile, Entry};
use helper::Helpers;

pub use running::end_helpers;

/// What a registry is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// A name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: Redacted,
    },
    /// An identity token (OAuth 2 refresh token), which a token service changes into access tokens.
    IdentityToken(Redacted),
    /// A token that the registry itself takes.
    RegistryToken(Redacted),
}

impl Credential {
    /// A name and a password.
    #[must_use]
    pub fn basic(username: impl Into<String>, password: impl Into<Redacted>) -> Self {
        Self::Basic {
            username: username.into(),
            password: password.into(),
        }
    }
}

/// Sources of credentials, asked in order when a registry wants some. The first that has an entry for the registry decides;
/// one that is broken is an error, because going on without it could show other credentials than those that were meant.
///
/// Cloning is cheap, and clones share what helpers said.
#[derive(Clone, Default)]
pub struct Keychain {
    sources: Vec<Source>,
    helpers: Arc<Helpers>,
}

#[derive(Clone)]
enum Source {
    /// From the command line, for these registries alone.
    Given {
        registries: Vec<String>,
        credential: Credential,
    },
    /// Docker's or podman's file, which is read when it is needed.
    File {
        path: PathBuf,
        /// The variable that names it. What is named must be there.
        variable: Option<&'static str>,
        may_be_missing: bool,
    },
    /// A file with a Kubernetes pull secret, read already.
    Secret { name: String, file: Arc<DockerFile> },
    /// The identity that a cloud gave to this machine or workload.
    #[cfg(any(feature = "acr", feature = "ecr", feature = "gcr", feature = "ghcr"))]
    Ambient(crate::ambient::Provider),
}

/// A credential and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) credential: Credential,
    /// For messages: the file, the helper, the flags.
    pub(crate) source: String,
}

impl Keychain {
    /// No credentials: every registry is asked anonymously.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Docker's and podman's files, where their variables and habits put them: `DOCKER_CONFIG`, `REGISTRY_AUTH_FILE`,
    /// `~/.docker/config.json`, `$XDG_RUNTIME_DIR/containers/auth.json`, `~/.config/containers/auth.json`.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// The same with other variables than this process has; `PATH` is where helpers are looked for.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let below = |root: &str, path: &str| get(root).map(|root| Path::new(&root).join(path));
        let home = |path: &str| below("HOME", path).or_else(|| below("USERPROFILE", path));
        let candidates = [
            (below("DOCKER_CONFIG", "config.json"), None),
            // A file that is named must be there; podman says so too.
            (get(AUTH_FILE).map(PathBuf::from), Some(AUTH_FILE)),
            (home(".docker/config.json"), None),
            (below("XDG_RUNTIME_DIR", "containers/auth.json"), None),
            (
                below("XDG_CONFIG_HOME", "containers/auth.json")
                    .or_else(|| home(".config/containers/auth.json")),
                None,
            ),
        ];
        let sources = candidates
            .into_iter()
            .filter_map(|(path, variable)| {
                path.map(|path| Source::File {
                    path,
                    variable,
                    may_be_missing: variable.is_none(),
                })
            })
            .collect();
        Self {
            sources,
            helpers: Arc::new(Helpers::new(get("PATH"))),
        }
    }

    /// Puts a credential from the command line before the other sources, for these registries alone.
    #[must_use]
    pub fn with_given(mut self, registries: &[&str], credential: Credential) -> Self {
        let registries = registries.iter().map(|name| (*name).to_owned()).collect();
        self.sources.insert(
            0,
            Source::Given {
                registries,
                credential,
            },
        );
        self
    }

    /// Puts a file in Docker's form before the other sources. It must be there when credentials are needed.
    #[must_use]
    pub fn with_file(mut self, path: &Path) -> Self {
        self.sources.insert(
            0,
            Source::File {
                path: path.to_owned(),
                variable: None,
                may_be_missing: false,
            },
        );
        self
    }

    /// Puts a Kubernetes pull secret before the other sources: the secret as YAML or JSON
    /// (`kubernetes.io/dockerconfigjson` or the older `kubernetes.io/dockercfg`), or only what is in it.
    ///
    /// # Errors
    /// `file-not-found`, `limit-exceeded`, and `configuration-invalid` when it is not one.
    pub fn with_pull_secret(mut self, path: &Path) -> Result<Self, Failure> {
        let file = secret::read(path)?;
        self.sources.insert(
            0,
            Source::Secret {
                name: path.display().to_string(),
                file: Arc::new(file),
            },
        );
        Ok(self)
    }

    /// Adds, after the other sources, the identities that clouds give to machines and workloads: those of Amazon's (feature
    /// `ecr`), Azure's (`acr`), Google's (`gcr`) and GitHub's (`ghcr`) registries. Each is asked only for its own registries.
    #[cfg(any(feature = "acr", feature = "ecr", feature = "gcr", feature = "ghcr"))]
    #[must_use]
    pub fn with_ambient(mut self, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let providers = crate::ambient::providers(&variable);
        self.sources
            .extend(providers.into_iter().map(Source::Ambient));
        self
    }

    /// How long a helper may take, instead of 30 seconds.
    #[must_use]
    pub fn with_helper_deadline(mut self, deadline: Duration) -> Self {
        self.helpers = Arc::new(self.helpers.with_deadline(deadline));
        self
    }

    /// Calls this before a helper is started: the place to see to it that signals call [`end_helpers`].
    #[must_use]
    pub fn with_call_before_helpers(mut self, before: fn()) -> Self {
        self.helpers = Arc::new(self.helpers.with_call_before(before));
        self
    }

    /// The credential for a repository, if any source has one.
    ///
    /// # Errors
    /// [`RegistryError::Credentials`].
    #[cfg_attr(
        not(any(feature = "acr", feature = "ecr", feature = "gcr", feature = "ghcr")),
        expect(unused_variables, reason = "only clouds are asked over the network")
    )]
    pub(crate) async fn find(
        &self,
        http: &Client,
        registry: &str,
        path: &str,
    ) -> Result<Option<Found>, RegistryError> {
        for source in &self.sources {
            let found = match source {
                Source::Given {
                    registries,
                    credential,
                } => registries
                    .iter()
                    .any(|given| given == registry)
                    .then(|| Found {
                        credential: credential.clone(),
                        source: "the command line".to_owned(),
                    }),
                Source::File {
                    path: file,
                    variable,
                    may_be_missing,
                } => {
                    let name = match variable {
                        Some(variable) => format!("{variable}={}", file.display()),
                        None => file.display().to_string(),
                    };
                    let read = DockerFile::read(file, *may_be_missing)
                        .map_err(|failure| broken(registry, &name, &failure))?;
                    self.look_in(&read, &name, registry, path).await?
                }
                Source::Secret { name, file } => self.look_in(file, name, registry, path).await?,
                #[cfg(any(feature = "acr", feature = "ecr", feature = "gcr", feature = "ghcr"))]
                Source::Ambient(provider) => provider.find(http, registry).await?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The credential that a helper has for a registry.
    pub(crate) async fn ask_helper(
        &self,
        helper: &str,
        registry: &str,
    ) -> Result<Option<Found>, RegistryError> {
        self.helpers.ask(helper, registry).await
    }

    /// Forgets what helpers said, after a registry has refused it.
    pub(crate) fn forget(&self, registry: &str) {
        self.helpers.forget(registry);
    }

    async fn look_in(
        &self,
        file: &DockerFile,
        name: &str,
        registry: &str,
        path: &str,
    ) -> Result<Option<Found>, RegistryError> {
        let entry = file
            .entry(registry, path)
            .map_err(|failure| broken(registry, name, &failure))?;
        match entry {
            None => Ok(None),
            Some(Entry::Credential(credential)) => Ok(Some(Found {
                credential,
                source: name.to_owned(),
            })),
            Some(Entry::Helper(helper)) => self.helpers.ask(&helper, registry).await,
        }
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for source in &self.sources {
            match source {
                Source::Given { registries, .. } => list.entry(&format_args!("for {registries:?}")),
                Source::File { path, .. } => list.entry(path),
                Source::Secret { name, .. } => list.entry(name),
                #[cfg(any(feature = "acr", feature = "ecr", feature = "gcr", feature = "ghcr"))]
                Source::Ambient(_) => list.entry(&"a cloud's identity"),
            };
        }
        list.finish()
    }
}

fn broken(registry: &str, source: &str, failure: &Failure) -> RegistryError {
    RegistryError::Credentials {
        registry: registry.to_owned(),
        source_name: source.to_owned(),
        detail: match failure.reason {
            // The source says which.
            Reason::FileNotFound => failure.reason.summary().to_owned(),
            _ => failure.to_string(),
        },
    }
}

/// podman's variable for the file with credentials.
const AUTH_FILE: &str = "REGISTRY_AUTH_FILE";

/// The content of a small file.
pub(crate) fn read_file(
    path: &Path,
    limit: sealcheck_verify::limits::Limit,
) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let failed = |error: &std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => Reason::FileNotFound,
            _ => Reason::ConfigurationInvalid,
        };
        let failure = Failure::new(reason).at(path.display().to_string());
        match reason {
            // That says it already.
            Reason::FileNotFound => failure,
            _ => failure.detail(error),
        }
    };
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    let cap = u64::try_from(limit.max).unwrap_or(u64::MAX);
    let mut content = Vec::new();
    file.take(cap.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|error| failed(&error))?;
    match content.len() > limit.max {
        true => Err(crate::error::over(limit, content.len()).detail(path.display())),
        false => Ok(content),
    }
}
