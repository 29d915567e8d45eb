//! Every environment variable that the program reads, and which one speaks for which flag.

use clap::{ArgMatches, Command, parser::ValueSource};

/// Before the name of each flag: `--trusted-root` is `SEALCHECK_TRUSTED_ROOT`.
pub(crate) const SEALCHECK: &str = "SEALCHECK_";
/// The same for the flags that cosign has.
pub(crate) const COSIGN: &str = "COSIGN_";
/// Where folders for caches lie (XDG Base Directory Specification).
pub(crate) const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
/// The user's own folder.
pub(crate) const HOME: &str = "HOME";
/// The same on Windows.
pub(crate) const LOCALAPPDATA: &str = "LOCALAPPDATA";
/// cosign's bound of what it fetches, which has no effect here.
pub(crate) const MAX_ATTACHMENT_SIZE: &str = "COSIGN_MAX_ATTACHMENT_SIZE";

/// Where a value comes from; the greater one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// A variable of cosign, Sigstore or TUF.
    Foreign,
    /// A `SEALCHECK_` variable.
    Own,
    /// The command line.
    Flag,
}

/// The variables that may speak for flags.
pub(crate) fn read() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| {
            let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
            (text(name), text(value))
        })
        .filter(|(name, _)| {
            name.starts_with(SEALCHECK)
                || name.starts_with(COSIGN)
                || OTHERS.iter().any(|(_, other)| other == name)
        })
}

/// Lets variables speak for the flags of a command, except for those in `settled`.
pub(crate) fn attach(command: Command, settled: &[String]) -> Command {
    let command = command.mut_subcommands(|command| attach(command, settled));
    command.mut_args(|arg| match arg.get_long() {
        Some(flag) if !settled.iter().any(|settled| settled == flag) => match variable(flag) {
            Some(name) => arg.env(name).hide_env_values(true),
            None => arg,
        },
        _ => arg,
    })
}

/// The variable that speaks for a flag: the first one that is set and not empty.
pub(crate) fn variable(flag: &str) -> Option<String> {
    names(flag).find(|name| is_set(name))
}

/// Whether a variable is set and not empty.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Where the value of a flag comes from; `None` when it is a default or absent.
pub(crate) fn origin(matches: &ArgMatches, id: &str) -> Option<Origin> {
    match matches.value_source(id)? {
        ValueSource::CommandLine => Some(Origin::Flag),
        ValueSource::EnvVariable => match variable(&flag(id))?.starts_with(SEALCHECK) {
            true => Some(Origin::Own),
            false => Some(Origin::Foreign),
        },
        _ => None,
    }
}

/// How to speak of a flag's value: by the flag, or by the variable that it comes from.
pub(crate) fn spoken(matches: &ArgMatches, id: &str) -> String {
    let flag = flag(id);
    match origin(matches, id) {
        Some(Origin::Own | Origin::Foreign) => variable(&flag).unwrap_or(flag),
        _ => match POSITIONAL.iter().find(|(ids, _)| ids.contains(&id)) {
            Some((_, shown)) => (*shown).to_owned(),
            None => format!("--{flag}"),
        },
    }
}

/// The flag of an argument.
fn flag(id: &str) -> String {
    match id {
        "digest_alg" => "digestAlg".to_owned(),
        "predicate_type" => "type".to_owned(),
        id => id.replace('_', "-"),
    }
}

/// All variables of a flag, the strongest first.
fn names(flag: &str) -> impl Iterator<Item = String> {
    let screaming = flag.replace('-', "_").to_ascii_uppercase();
    let cosign = COSIGN_FLAGS
        .contains(&flag)
        .then(|| format!("{COSIGN}{screaming}"));
    let others = OTHERS
        .iter()
        .filter(move |(of, _)| *of == flag)
        .map(|(_, name)| (*name).to_owned());
    std::iter::once(format!("{SEALCHECK}{screaming}"))
        .chain(cosign)
        .chain(others.collect::<Vec<_>>())
}

/// Arguments that have no flag.
const POSITIONAL: [(&[&str], &str); 5] = [
    (&["artifacts", "artifact", "file"], "<FILE>"),
    (&["images", "image"], "<IMAGE>"),
    (&["layout"], "<LAYOUT>"),
    (&["code"], "<CODE>"),
    (&["version"], "<VERSION>"),
];

/// The flags that cosign reads from `COSIGN_` variables. Those for its output are left out: it has no such formats.
const COSIGN_FLAGS: &[&str] = &[
    "allow-certificate-chain",
    "allow-http-registry",
    "allow-insecure-registry",
    "annotations",
    "attachment",
    "attachment-tag-prefix",
    "bundle",
    "ca-intermediates",
    "ca-roots",
    "certificate",
    "certificate-chain",
    "certificate-github-workflow-name",
    "certificate-github-workflow-ref",
    "certificate-github-workflow-repository",
    "certificate-github-workflow-sha",
    "certificate-github-workflow-trigger",
    "certificate-identity",
    "certificate-identity-regexp",
    "certificate-oidc-issuer",
    "certificate-oidc-issuer-regexp",
    "check-claims",
    "digest",
    "experimental-oci11",
    "insecure-ignore-sct",
    "insecure-ignore-tlog",
    "k8s-keychain",
    "key",
    "local-image",
    "new-bundle-format",
    "offline",
    "output-file",
    "payload",
    "policy",
    "predicate-type",
    "private-infrastructure",
    "registry-cacert",
    "registry-client-cert",
    "registry-client-key",
    "registry-password",
    "registry-server-name",
    "registry-token",
    "registry-username",
    "rekor-url",
    "rfc3161-timestamp",
    "sct",
    "signature",
    "signature-digest-algorithm",
    "sk",
    "slot",
    "timeout",
    "timestamp-certificate-chain",
    "trusted-root",
    "type",
    "use-signed-timestamps",
    "verbose",
];

/// Variables that are not named after the flag they speak for.
const OTHERS: &[(&str, &str)] = &[
    ("jobs", "COSIGN_MAX_WORKERS"),
    ("signature-repository", "COSIGN_REPOSITORY"),
    ("digestAlg", "COSIGN_DIGESTALG"),
    ("ca-roots", "SIGSTORE_ROOT_FILE"),
    ("rekor-public-key", "SIGSTORE_REKOR_PUBLIC_KEY"),
    ("ct-log-public-key", "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE"),
    (
        "timestamp-certificate-chain",
        "SIGSTORE_TSA_CERTIFICATE_FILE",
    ),
    ("cache-dir", "TUF_ROOT"),
    ("tuf-mirror", "TUF_MIRROR"),
    ("tuf-root", "TUF_ROOT_JSON"),
];

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn own_variables_come_first() {
        let all = |flag| names(flag).collect::<Vec<_>>();
        assert_eq!(
            all("ca-roots"),
            [
                "SEALCHECK_CA_ROOTS",
                "COSIGN_CA_ROOTS",
                "SIGSTORE_ROOT_FILE"
            ]
        );
        assert_eq!(all("instance"), ["SEALCHECK_INSTANCE"]);
        assert_eq!(all("tuf-mirror"), ["SEALCHECK_TUF_MIRROR", "TUF_MIRROR"]);
    }
}
