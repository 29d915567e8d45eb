//! A policy: its text, and the language it is written in.

use data_encoding::HEXLOWER;
use sealcheck_verify::evidence::PolicyKind;
use sealcheck_verify::{Digest, Failure, Reason, Result};

use crate::expression::Expression;
use crate::input::Input;
use crate::limits::POLICY_BYTES;

/// A policy that is ready to be evaluated.
#[derive(Debug)]
pub struct Policy {
    name: Box<str>,
    sha256: Box<str>,
    rule: Rule,
}

/// The languages that policies are written in, by the end of the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `.cel`: the Common Expression Language.
    Cel,
    /// `.rego`: the language of the Open Policy Agent.
    Rego,
    /// `.cue`, which is refused.
    Cue,
}

#[derive(Debug)]
enum Rule {
    Cel(Expression),
    #[cfg(feature = "rego")]
    Rego(crate::rego::Module),
}

impl Language {
    /// The language of a file with this name.
    pub fn of(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension {
            "cel" => Some(Self::Cel),
            "rego" => Some(Self::Rego),
            "cue" => Some(Self::Cue),
            _ => None,
        }
    }
}

impl Policy {
    /// Reads a policy: the text of a file with this name.
    ///
    /// Everything that can be found out without an attestation is found out here.
    ///
    /// # Errors
    /// [`Reason::PolicyInvalid`] with the place in the text.
    pub fn load(name: &str, text: &[u8]) -> Result<Self> {
        let invalid = || Failure::new(Reason::PolicyInvalid).at(name);
        if text.len() > POLICY_BYTES.max {
            return Err(invalid()
                .expected(format!(
                    "at most {} bytes ({})",
                    POLICY_BYTES.max, POLICY_BYTES.name
                ))
                .found(text.len()));
        }
        let source = std::str::from_utf8(text).map_err(|error| invalid().detail(error))?;
        let rule = match Language::of(name) {
            Some(Language::Cel) => Rule::Cel(Expression::compile(name, source)?),
            #[cfg(feature = "rego")]
            Some(Language::Rego) => Rule::Rego(crate::rego::Module::compile(name, source)?),
            #[cfg(not(feature = "rego"))]
            Some(Language::Rego) => return Err(invalid().detail(NO_REGO)),
            Some(Language::Cue) => return Err(invalid().detail(NO_CUE)),
            None => {
                return Err(invalid()
                    .expected("a name that ends in .cel or .rego")
                    .found(name));
            }
        };
        Ok(Self {
            name: name.into(),
            sha256: HEXLOWER.encode(Digest::sha256(text).as_bytes()).into(),
            rule,
        })
    }

    /// The name it was loaded under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of its text, in hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The kind, as the evidence has it.
    pub fn kind(&self) -> PolicyKind {
        match &self.rule {
            Rule::Cel(_) => PolicyKind::Cel,
            #[cfg(feature = "rego")]
            Rule::Rego(_) => PolicyKind::Rego,
        }
    }

    /// Evaluates the policy. Only a clear yes is one.
    pub(crate) fn check(&self, input: &Input) -> Result<()> {
        match &self.rule {
            Rule::Cel(expression) => expression.check(&self.name, input),
            #[cfg(feature = "rego")]
            Rule::Rego(module) => module.check(&self.name, input),
        }
    }
}

const NO_CUE: &str = "CUE is not supported, because there is no implementation of it to build on: write the condition in CEL, as docs/policies.md shows for cosign's examples, into a file that ends in .cel";
#[cfg(not(feature = "rego"))]
const NO_REGO: &str = "this program was built without Rego: build it with `cargo build --release -p sealcheck --features rego`, or write the condition in CEL into a file that ends in .cel";

#[cfg(test)]
mod tests {
    use super::Policy;
    use sealcheck_verify::{Digest, Reason};

    #[test]
    fn a_policy_is_known_by_name_and_digest() {
        let policy = Policy::load("dir/a.cel", b"true").unwrap();
        assert_eq!(policy.name(), "dir/a.cel");
        assert_eq!(policy.sha256(), Digest::sha256(b"true").hex());
    }

    #[test]
    fn other_languages_are_refused_with_what_to_use_instead() {
        for (name, says) in [
            ("a.cue", "write the condition in CEL"),
            ("a.txt", "ends in .cel"),
            ("cel", "ends in .cel"),
            ("a.CEL", "ends in .cel"),
            #[cfg(not(feature = "rego"))]
            ("a.rego", "--features rego"),
        ] {
            let failure = Policy::load(name, b"true").unwrap_err();
            assert_eq!(failure.reason, Reason::PolicyInvalid, "{name}");
            assert!(failure.to_string().contains(says), "{failure}");
        }
    }

    #[test]
    fn large_and_binary_policies_are_refused() {
        for text in [vec![b' '; (16 << 10) + 1], vec![0xff, 0xfe]] {
            let failure = Policy::load("a.cel", &text).unwrap_err();
            assert_eq!(failure.reason, Reason::PolicyInvalid);
        }
    }
}
