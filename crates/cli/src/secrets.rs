//! What the user's addresses have of secrets, and output without them.

use std::ffi::OsString;
use std::io::{self, Write};

use sealcheck_engine::Secrets;

use crate::args::SECRETS;
use crate::environment;

/// The secrets of the command line and of the variables that are read.
pub(crate) fn of(arguments: &[OsString]) -> Secrets {
    let mut secrets = Secrets::default();
    let mut before = String::new();
    for word in arguments.iter().skip(1) {
        let word = word.to_string_lossy().into_owned();
        let flag = match word.split_once('=') {
            Some((flag, _)) if flag.starts_with('-') => flag,
            _ => &before,
        };
        learn(&mut secrets, flag, &word);
        before = word;
    }
    for (name, value) in environment::read() {
        learn(&mut secrets, &name, &value);
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

/// Names and patterns of signers are no addresses at which anything is asked.
fn learn(secrets: &mut Secrets, flag: &str, value: &str) {
    let flag = flag.to_ascii_lowercase().replace('_', "-");
    match ["identity", "issuer", "claim", "certificate-github"]
        .iter()
        .any(|name| flag.contains(name))
    {
        true => secrets.learn_credentials(value),
        false => secrets.learn(value),
    }
}

/// A writer that leaves out secrets, line by line.
pub(crate) struct Discreet<'s, W: Write> {
    out: W,
    secrets: &'s Secrets,
    /// The beginning of a line that is not written yet.
    line: Vec<u8>,
}

impl<'s, W: Write> Discreet<'s, W> {
    pub(crate) fn new(out: W, secrets: &'s Secrets) -> Self {
        Self {
            out,
            secrets,
            line: Vec::new(),
        }
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        self.out.write_all(self.secrets.hide(&text).as_bytes())
    }
}

impl<W: Write> Write for Discreet<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.secrets.is_empty() {
            return self.out.write(bytes);
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.write_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_line()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Discreet, of, words};

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
    fn a_secret_that_is_written_in_pieces_is_left_out() {
        let words = ["sealcheck", "--key=https://user:s3cret@h.test"].map(Into::into);
        let secrets = of(&words);
        let mut out = Vec::new();
        let mut discreet = Discreet::new(&mut out, &secrets);
        for piece in ["a https://user", ":s3", "cret@h.test\nb", " /user:s3cret@"] {
            discreet.write_all(piece.as_bytes()).unwrap();
        }
        discreet.flush().unwrap();
        assert_eq!(out, b"a https://redacted@h.test\nb /redacted@");
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
        assert_ne!(
            of(&["sealcheck", "--key", text].map(Into::into)).hide(text),
            text
        );
    }
}
