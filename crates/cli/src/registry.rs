//! From flags to how registries are spoken to.

use std::path::PathBuf;

use clap::ArgMatches;
use sealcheck_engine::{ClientCertificate, HostConfig, ImageSource, RegistrySettings};
use sealcheck_registry::{Credential, Keychain, Registries, Repository};
use sealcheck_verify::printable;

use crate::args::{DeprecatedRegistryArgs, RegistryArgs};
use crate::environment::{Origin, origin, spoken};
use crate::problem::{Problem, Result};
use crate::{CommandLine, environment, setup, signals};

/// How registries are spoken to, and what that needs of the network. The default speaks to none with credentials.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) settings: RegistrySettings,
    pub(crate) hosts: Vec<HostConfig>,
    pub(crate) ca_files: Vec<PathBuf>,
}

/// Reads the flags. Credentials that are given are for the registry of `images` alone.
pub(crate) fn read(
    args: &RegistryArgs,
    deprecated: &DeprecatedRegistryArgs,
    line: &CommandLine<'_>,
    images: &[ImageSource],
) -> Result<Access> {
    let matches = line.matches;
    refuse(deprecated)?;
    tell(args, deprecated, line);
    let registries = match &args.registry_config {
        Some(path) => Registries::read(path)?,
        None => Registries::default(),
    };
    let mut keychain =
        Keychain::from_environment().with_call_before_helpers(signals::end_helpers_too);
    if let Some(path) = &args.pull_secret {
        keychain = keychain.with_pull_secret(path)?;
    }
    #[cfg(any(feature = "acr", feature = "ecr", feature = "gcr", feature = "ghcr"))]
    {
        keychain = keychain.with_ambient(|name: &str| std::env::var_os(name));
    }
    let mut hosts = Vec::new();
    if let Some(credential) = credential(args, matches)?
        && let Some(registry) = only_registry(images, "credentials are given")?
    {
        keychain = keychain.with_given(&[registry], credential);
    }
    if let Some(certificate) = client_certificate(args, matches)?
        && let Some(registry) = only_registry(images, "a client certificate is given")?
    {
        hosts.push(HostConfig {
            host: registry.to_owned(),
            client_certificate: Some(certificate),
            ..HostConfig::default()
        });
    }
    Ok(Access {
        settings: RegistrySettings {
            registries,
            keychain,
            allow_http: args.allow_http_registry,
        },
        hosts,
        ca_files: args.registry_cacert.iter().cloned().collect(),
    })
}

/// Where proofs are looked for instead of in the images' own repositories.
pub(crate) fn repositories(args: &RegistryArgs, matches: &ArgMatches) -> Result<Vec<Repository>> {
    args.signature_repository
        .iter()
        .map(|text| {
            Repository::parse(text).map_err(|error| {
                Problem::argument(format!(
                    "{}: {error}",
                    spoken(matches, "signature_repository")
                ))
                .with_hint(match text.contains("://") {
                    true => "Give the repository without a scheme: registry.example/signatures.",
                    false => {
                        "Give a repository without tag and digest: registry.example/signatures."
                    }
                })
            })
        })
        .collect()
}

fn refuse(args: &DeprecatedRegistryArgs) -> Result<()> {
    if args.registry_server_name.is_some() {
        return Err(Problem::argument("--registry-server-name is refused: a registry is known by the name in its certificate")
            .with_hint("Say in --registry-config under which name it is reached: repositories: [{prefix: NAME, rewrite: NAME-IN-CERTIFICATE}]. The images keep their names."));
    }
    if args.attachment_tag_prefix.is_some() {
        return Err(Problem::argument(
            "--attachment-tag-prefix is refused: tags with a prefix are not looked at",
        )
        .with_hint("Copy the proofs to a repository of their own, and name it with --signature-repository."));
    }
    Ok(())
}

fn tell(args: &RegistryArgs, deprecated: &DeprecatedRegistryArgs, line: &CommandLine<'_>) {
    let (matches, console) = (line.matches, line.console);
    let from_variable = origin(matches, "allow_http_registry").is_some_and(|it| it < Origin::Flag);
    if args.allow_http_registry && from_variable {
        let name = spoken(matches, "allow_http_registry");
        console.note(&format!(
            "{name} is set: registries without TLS are believed when they say that there is nothing."
        ));
    }
    let elsewhere = origin(matches, "signature_repository").is_some_and(|it| it < Origin::Flag);
    if elsewhere && !args.signature_repository.is_empty() {
        let name = spoken(matches, "signature_repository");
        console.note(&format!(
            "{name} is set: proofs are looked for in {} and not beside the image.",
            args.signature_repository.join(", ")
        ));
    }
    let configured = origin(matches, "registry_config").is_some_and(|it| it < Origin::Flag);
    if let Some(path) = args.registry_config.as_ref().filter(|_| configured) {
        console.note(&format!(
            "{} is set: {} says which mirrors are asked, and what is asked instead of registries.",
            spoken(matches, "registry_config"),
            printable(&path.display().to_string())
        ));
    }
    if environment::is_set(environment::MAX_ATTACHMENT_SIZE) {
        console.note(&format!(
            "{} has no effect: what is fetched for one image is bounded by fixed limits.",
            environment::MAX_ATTACHMENT_SIZE
        ));
    }
    if deprecated.allow_insecure_registry {
        console.warning("--allow-insecure-registry has no effect: certificates of registries are always checked. Give a registry's own authority with --registry-cacert, and for one without TLS --allow-http-registry.");
    }
    if deprecated.k8s_keychain {
        console.note(&format!("--k8s-keychain has no effect: Docker's and podman's files with their helpers are always used, {CLOUDS}"));
    }
    if deprecated.experimental_oci11 {
        console.note(
            "--experimental-oci11 has no effect: what was attached in this way is always looked at.",
        );
    }
}

/// The first flag with a secret for one registry.
pub(crate) fn secret(args: &RegistryArgs, matches: &ArgMatches) -> Option<String> {
    let given = [
        ("registry_username", args.registry_username.is_some()),
        ("registry_password", args.registry_password.is_some()),
        ("registry_token", args.registry_token.is_some()),
        ("registry_client_cert", args.registry_client_cert.is_some()),
        ("registry_client_key", args.registry_client_key.is_some()),
    ];
    let mut given = given.into_iter().filter(|(_, is_given)| *is_given);
    given.next().map(|(id, _)| spoken(matches, id))
}

fn credential(args: &RegistryArgs, matches: &ArgMatches) -> Result<Option<Credential>> {
    let named = |id| spoken(matches, id);
    match (
        &args.registry_username,
        &args.registry_password,
        &args.registry_token,
    ) {
        (None, None, None) => Ok(None),
        (None, None, Some(token)) => Ok(Some(Credential::RegistryToken(token.clone()))),
        (Some(username), Some(password), None) => {
            Ok(Some(Credential::basic(username, password.clone())))
        }
        (Some(_), _, Some(_)) => Err(setup::exclusive(
            matches,
            "registry_username",
            "registry_token",
        )),
        (None, Some(_), Some(_)) => Err(setup::exclusive(
            matches,
            "registry_password",
            "registry_token",
        )),
        (Some(_), None, None) => Err(Problem::argument(format!(
            "{} is given without a password",
            named("registry_username")
        ))
        .with_hint("Set SEALCHECK_REGISTRY_PASSWORD, or give --registry-password.")),
        (None, Some(_), None) => Err(Problem::argument(format!(
            "{} is given without a name",
            named("registry_password")
        ))
        .with_hint("Give --registry-username too.")),
    }
}

fn client_certificate(
    args: &RegistryArgs,
    matches: &ArgMatches,
) -> Result<Option<ClientCertificate>> {
    match (&args.registry_client_cert, &args.registry_client_key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(ClientCertificate {
            certificate: certificate.clone(),
            key: key.clone(),
        })),
        (certificate, _) => {
            let given = match certificate {
                Some(_) => "registry_client_cert",
                None => "registry_client_key",
            };
            Err(Problem::argument(format!(
                "{} is only half of a client certificate",
                spoken(matches, given)
            ))
            .with_hint("Give both --registry-client-cert and --registry-client-key."))
        }
    }
}

/// The one registry that secrets may be shown to; `None` when no image is in a registry.
fn only_registry<'i>(images: &'i [ImageSource], given: &str) -> Result<Option<&'i str>> {
    let mut registries: Vec<&str> = images
        .iter()
        .filter_map(|image| match image {
            ImageSource::Registry(reference) => Some(reference.registry()),
            ImageSource::Layout { .. } => None,
        })
        .collect();
    registries.sort_unstable();
    registries.dedup();
    match registries.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => Err(Problem::argument(format!(
            "{given} for one registry, and the images are in {}",
            several.join(", ")
        ))
        .with_hint("Log in to each registry (docker login), or write them into --registry-config: a secret is shown to one registry only.")),
    }
}

/// Whether the identities of clouds are used.
const CLOUDS: &str = match cfg!(any(
    feature = "acr",
    feature = "ecr",
    feature = "gcr",
    feature = "ghcr"
)) {
    true => "and the identities of the clouds that this program was built for.",
    false => {
        "ambient credentials of clouds never. Configure the cloud's helper, or give --pull-secret."
    }
};
