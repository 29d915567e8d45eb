//! What the user's addresses have of secrets.

use std::ffi::OsString;
use std::path::Path;

use sealcheck_engine::{ImageSource, Secrets};

use crate::args::SECRETS;
use crate::{environment, image_source};

/// The secrets of the command line and of the variables that are read.
pub(crate) fn of(arguments: &[OsString]) -> Secrets {
    let mut secrets = Secrets::default();
    let mut before = String::new();
    for word in arguments.iter().skip(1) {
        let word = word.to_string_lossy().into_owned();
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => (flag, value),
            _ => (before.as_str(), word.as_str()),
        };
        if !is_there(value) {
            learn(&mut secrets, flag, &word);
        }
        before = word;
    }
    for (name, value) in environment::read() {
        if !is_there(&value) {
            learn(&mut secrets, &name, &value);
        }
    }
    secrets
}

/// What stands behind the program's name, without the secrets of registries. Those of addresses are left out where it is
/// printed.
pub(crate) fn words(arguments: &[OsString]) -> Vec<String> {
    let mut hide = false;
    let mut out = Vec::new();
    for argument in arguments.iter().skip(1) {
        let text = argument.to_string_lossy();
        let (flag, value) = match text.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (&*text, None),
        };
        let is_secret = SECRETS.contains(&flag);
        out.push(match (is_secret, value) {
            (true, Some(_)) => format!("{flag}=[redacted]"),
            _ if hide => "[redacted]".to_owned(),
            _ => text.to_string(),
        });
        hide = is_secret && value.is_none();
    }
    out
}

/// Whether it is the name of a file or of a layout, which is no address, whatever it looks like.
fn is_there(value: &str) -> bool {
    let is_file = |path: &Path| path.symlink_metadata().is_ok();
    is_file(Path::new(value))
        || matches!(image_source::one(value, false), Ok(ImageSource::Layout { path, .. }) if is_file(&path))
}

/// Names and patterns of signers, types and annotations are no addresses at which anything is asked.
fn learn(secrets: &mut Secrets, flag: &str, value: &str) {
    let flag = flag.to_ascii_lowercase().replace('_', "-");
    match [
        "identity",
        "issuer",
        "claim",
        "certificate-github",
        "type",
        "annotation",
    ]
    .iter()
    .any(|name| flag.contains(name))
    {
        true => secrets.learn_credentials(value),
        false => secrets.learn(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{of, words};

    #[test]
    fn secrets_of_registries_are_not_typed_again() {
        let line = "sealcheck verify --registry-password hunter2 --registry-token=hunter2 app";
        let words = words(&line.split(' ').map(Into::into).collect::<Vec<_>>()).join(" ");
        assert_eq!(
            words,
            "verify --registry-password [redacted] --registry-token=[redacted] app"
        );
    }

    #[test]
    fn patterns_of_signers_keep_their_questions() {
        let text = "regex:https://h.test/a?b=c";
        for line in [
            vec!["sealcheck", "--identity", text],
            vec!["sealcheck", "--identity=regex:https://h.test/a?b=c"],
            vec!["sealcheck", "--certificate-oidc-issuer-regexp", text],
        ] {
            let words: Vec<_> = line.into_iter().map(Into::into).collect();
            assert_eq!(of(&words).hide(text), text);
        }
        let address = "https://h.test/a?b=c";
        let words = ["sealcheck", "--key", address].map(Into::into);
        assert_ne!(of(&words).hide(address), address);
    }
}
