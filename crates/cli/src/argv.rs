//! Command lines as cosign's users write them: `-key` for `--key`, and `--offline=false`.

use std::ffi::OsString;

use clap::{ArgAction, Command};

/// A command line in this program's own form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// The arguments.
    pub(crate) arguments: Vec<OsString>,
    /// What to tell the user.
    pub(crate) notes: Vec<String>,
    /// Switches that were switched off by `=false`, which no variable may switch on again.
    pub(crate) settled: Vec<String>,
}

/// `version` and `help` as flags, for they are commands of cosign.
pub(crate) fn without_commands(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut out: Vec<OsString> = arguments.into_iter().collect();
    let words: Vec<Option<&str>> = out.iter().skip(1).map(|word| word.to_str()).collect();
    let flags: Vec<OsString> = match words.as_slice() {
        [Some("version")] => vec!["--version".into()],
        [Some("help")] => vec!["--help".into()],
        [Some("help"), Some(command)] if !command.starts_with('-') => {
            vec![(*command).into(), "--help".into()]
        }
        _ => return out,
    };
    out.truncate(1);
    out.extend(flags);
    out
}

/// Moves the flags that cosign takes before its command (`cosign -t 30s verify …`) behind it.
pub(crate) fn with_command_first(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut out = arguments;
    let mut command = 1;
    while let Some(word) = out.get(command).and_then(|word| word.to_str()) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        command += match (name, value) {
            ("-d" | "--verbose", _) | ("-t" | "--timeout" | "--output-file", Some(_)) => 1,
            ("-t" | "--timeout" | "--output-file", None) => 2,
            _ if word.starts_with('-') => return out,
            _ => break,
        };
    }
    if let Some(flags) = out.get_mut(1..=command) {
        flags.rotate_right(1);
    }
    out
}

/// Rewrites the flags of the subcommand that stands in the arguments.
pub(crate) fn rewrite(arguments: impl IntoIterator<Item = OsString>, root: &Command) -> Rewritten {
    let mut out = Rewritten::default();
    let mut command: Option<&Command> = None;
    let mut flags_end = false;
    for argument in arguments {
        let text = argument.to_str();
        match (command, text) {
            (None, Some(name)) if !out.arguments.is_empty() => command = root.find_subcommand(name),
            (Some(_), Some("--")) => flags_end = true,
            // A command below a command.
            (Some(above), Some(name)) if !flags_end && above.find_subcommand(name).is_some() => {
                command = above.find_subcommand(name);
            }
            (Some(command), Some(text)) if !flags_end => {
                if let Some(argument) = out.flag(text, command) {
                    out.arguments.push(argument);
                }
                continue;
            }
            _ => {}
        }
        out.arguments.push(argument);
    }
    out
}

impl Rewritten {
    /// The argument to use instead of `text`; `None` when it is a switch that is off anyway.
    fn flag(&mut self, text: &str, command: &Command) -> Option<OsString> {
        let (dashes, name) = match (text.strip_prefix("--"), text.strip_prefix('-')) {
            (Some(name), _) => (2, name),
            (None, Some(name)) => (1, name),
            (None, None) => return Some(text.into()),
        };
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name, None),
        };
        let is_known = |arg: &&clap::Arg| {
            arg.get_long() == Some(name)
                || arg
                    .get_visible_aliases()
                    .is_some_and(|aliases| aliases.contains(&name))
        };
        // One letter behind one dash is a short flag.
        let found = command
            .get_arguments()
            .find(is_known)
            .filter(|_| dashes == 2 || name.len() > 1);
        let Some(arg) = found else {
            return Some(text.into());
        };
        if dashes == 1 {
            self.notes.push(format!("-{name} is read as --{name}."));
        }
        let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
        let flag = arg.get_long().unwrap_or(name);
        match value.map(truth) {
            // Of a switch that is given several times the last one counts.
            None | Some(Some(true)) if is_switch => {
                self.forget(flag);
                Some(format!("--{flag}").into())
            }
            Some(Some(false)) if is_switch => {
                self.forget(flag);
                self.settled.push(flag.to_owned());
                None
            }
            _ if dashes == 1 => Some(format!("-{text}").into()),
            _ => Some(text.into()),
        }
    }

    /// Takes back what was said about a switch before.
    fn forget(&mut self, flag: &str) {
        let spelled = format!("--{flag}");
        self.arguments.retain(|argument| *argument != *spelled);
        self.settled.retain(|settled| settled != flag);
    }
}

/// A truth value as Go reads it.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{rewrite, with_command_first};
    use crate::args::Command;

    fn rewritten(line: &str) -> (String, usize, Vec<String>) {
        let mut root = Command::definition(|_| true);
        root.build();
        let out = rewrite(line.split(' ').map(Into::into), &root);
        let texts: Vec<String> = out
            .arguments
            .iter()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        (texts.join(" "), out.notes.len(), out.settled)
    }

    #[test]
    fn the_command_comes_before_its_flags() {
        for (line, expected) in [
            ("cosign -t 30s verify x", "cosign verify -t 30s x"),
            (
                "cosign -d --timeout=3m verify x",
                "cosign verify -d --timeout=3m x",
            ),
            (
                "cosign --output-file o tree x",
                "cosign tree --output-file o x",
            ),
            ("cosign verify -t 30s x", "cosign verify -t 30s x"),
            ("cosign --help", "cosign --help"),
            ("cosign -t", "cosign -t"),
            ("cosign -t 3s", "cosign -t 3s"),
            (
                "cosign -t 3s --key k verify x",
                "cosign -t 3s --key k verify x",
            ),
            ("cosign", "cosign"),
        ] {
            let words = line.split(' ').map(Into::into).collect();
            let moved: Vec<String> = with_command_first(words)
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            assert_eq!(moved.join(" "), expected);
        }
    }

    #[test]
    fn single_dashes_and_truth_values_are_rewritten() {
        for (line, expected, notes) in [
            (
                "sealcheck verify-blob -key k f",
                "sealcheck verify-blob --key k f",
                1,
            ),
            (
                "sealcheck verify-blob -key=k f",
                "sealcheck verify-blob --key=k f",
                1,
            ),
            (
                "sealcheck verify-blob -t 3m -",
                "sealcheck verify-blob -t 3m -",
                0,
            ),
            (
                "sealcheck verify-blob --offline=true f",
                "sealcheck verify-blob --offline f",
                0,
            ),
            (
                "sealcheck verify-blob -offline=1 f",
                "sealcheck verify-blob --offline f",
                1,
            ),
            (
                "sealcheck verify-blob --offline=maybe f",
                "sealcheck verify-blob --offline=maybe f",
                0,
            ),
            (
                "sealcheck verify-blob -- -key",
                "sealcheck verify-blob -- -key",
                0,
            ),
            ("sealcheck explain -key", "sealcheck explain -key", 0),
        ] {
            let (text, count, settled) = rewritten(line);
            assert_eq!((text.as_str(), count), (expected, notes));
            assert!(settled.is_empty());
        }
        let (text, _, settled) = rewritten("sealcheck verify-blob --offline=false f");
        assert_eq!(text, "sealcheck verify-blob f");
        assert_eq!(settled, ["offline"]);
        for (line, expected, off) in [
            ("--offline --offline=false f", "f", 1),
            ("--offline=false --offline f", "--offline f", 0),
            ("--offline --offline f", "--offline f", 0),
            ("--offline=false --offline=false f", "f", 1),
        ] {
            let (text, _, settled) = rewritten(&format!("sealcheck verify-blob {line}"));
            assert_eq!(text, format!("sealcheck verify-blob {expected}"), "{line}");
            assert_eq!(settled.len(), off, "{line}");
        }
    }
}
