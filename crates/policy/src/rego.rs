//! Policies in Rego, in the form that cosign asks for: package `signature`, rule `allow`, version 0 of the language
//! (`import rego.v1` selects the newer one). Beside that, a rule `deny` must give nothing.
//!
//! What cosign gives such a policy is the statement; here `input` has the variables of [`Input`], among them the
//! statement's `predicateType`, `predicate` and `subject` under their own names.

use std::fmt;
use std::sync::Arc;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::{Program, RegoVM};
use regorus::{Engine, Rc, Value};
use sealcheck_verify::{Failure, Reason, Result, printable};

use crate::input::Input;
use crate::limits::REGO_STEPS;

/// A compiled module.
pub(crate) struct Module {
    program: Arc<Program>,
    denies: bool,
}

impl Module {
    /// Parses and compiles a module.
    ///
    /// # Errors
    /// `policy-invalid`.
    pub(crate) fn compile(name: &str, source: &str) -> Result<Self> {
        let invalid = || Failure::new(Reason::PolicyInvalid).at(name);
        let wrong = |error: &dyn fmt::Display| invalid().detail(first_words(error));
        let mut engine = Engine::new();
        engine.set_rego_v0(true);
        let package = engine
            .add_policy(name.to_owned(), source.to_owned())
            .map_err(|error| wrong(&error))?;
        let declares = |rule: &str| {
            engine
                .has_declared_rule_rooted_at(name, rule)
                .map_err(|error| wrong(&error))
        };
        let denies = declares("deny")?;
        if package != PACKAGE || !declares("allow")? {
            return Err(invalid()
                .expected("package signature, with a rule allow")
                .found(package));
        }
        let policy = engine
            .compile_with_entrypoint(&Rc::from(ALLOW))
            .map_err(|error| wrong(&error))?;
        let entry_points: &[&str] = match denies {
            true => &[ALLOW, DENY],
            false => &[ALLOW],
        };
        let program =
            Compiler::compile_from_policy(&policy, entry_points).map_err(|error| wrong(&error))?;
        Ok(Self { program, denies })
    }

    /// Evaluates `deny` and `allow`.
    ///
    /// # Errors
    /// `policy-refused` when `deny` gives something or `allow` is not true, `policy-undecided` when one of them cannot
    /// be evaluated.
    pub(crate) fn check(&self, name: &str, input: &Input) -> Result<()> {
        let undecided = |error: &dyn fmt::Display| {
            Failure::new(Reason::PolicyUndecided)
                .at(name)
                .detail(first_words(error))
        };
        let refused = || Failure::new(Reason::PolicyRefused).at(name);
        let text = serde_json::to_string(&input.variables).map_err(|error| undecided(&error))?;
        let input = Value::from_json_str(&text).map_err(|error| undecided(&error))?;
        let value = |rule: &str| {
            let mut machine = RegoVM::new();
            machine.set_max_instructions(REGO_STEPS.max);
            machine.set_strict_builtin_errors(true);
            machine.load_program(Arc::clone(&self.program));
            machine.set_input(input.clone());
            machine
                .execute_entry_point_by_name(rule)
                .map_err(|error| undecided(&error))
        };
        if self.denies {
            match value(DENY)? {
                Value::Undefined => {}
                Value::Set(reasons) if reasons.is_empty() => {}
                denied => return Err(refused().detail(format!("deny gives {}", text_of(&denied)))),
            }
        }
        match value(ALLOW)? {
            Value::Bool(true) => Ok(()),
            Value::Undefined => Err(refused().detail("no rule allow is true")),
            other => Err(refused()
                .expected("allow to be true")
                .found(text_of(&other))),
        }
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Module")
    }
}

fn text_of(value: &Value) -> String {
    printable(&value.to_json_str().unwrap_or_default())
}

/// The line of an error that says what is wrong; around it the evaluator draws the source.
fn first_words(error: &dyn fmt::Display) -> String {
    let text = error.to_string();
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("error: "))
        .or_else(|| text.lines().find(|line| !line.trim().is_empty()))
        .unwrap_or_default();
    printable(line.trim())
}

const PACKAGE: &str = "data.signature";
const ALLOW: &str = "data.signature.allow";
const DENY: &str = "data.signature.deny";

#[cfg(test)]
mod tests {
    use super::Module;
    use crate::input::Input;
    use sealcheck_verify::{Reason, Result};
    use serde_json::json;

    fn check(source: &str) -> Result<()> {
        let variables = json!({
            "predicateType": "https://slsa.dev/provenance/v0.2",
            "predicate": {"count": 3, "list": [1, 2, 3]},
            "signer": "me",
        });
        let input = Input {
            variables: variables.as_object().unwrap().clone(),
        };
        Module::compile("p.rego", source)?.check("p.rego", &input)
    }

    // The table of cosign's TestValidationJSON (pkg/cosign/rego).
    #[test]
    fn modules_are_asked_as_cosign_asks_them() {
        let allow = "package signature\nallow {\n input.predicateType == \"https://slsa.dev/provenance/v0.2\"\n}\n";
        assert_eq!(check(allow), Ok(()));
        for source in [
            allow.replace("v0.2", "v99.9"),
            "package signature\ndefault allow = false\n".to_owned(),
            "package signature\nallow = \"yes\"\n".to_owned(),
        ] {
            let failure = check(&source).expect_err(&source);
            assert_eq!(failure.reason, Reason::PolicyRefused, "{source}: {failure}");
        }
    }

    #[test]
    fn a_reason_to_deny_is_told() {
        let source = "package signature\nallow { true }\ndeny[msg] {\n input.predicate.count > 2\n msg := \"too many\"\n}\n";
        let failure = check(source).unwrap_err();
        assert_eq!(failure.reason, Reason::PolicyRefused);
        assert!(failure.to_string().contains("too many"), "{failure}");
        assert_eq!(check(&source.replace("> 2", "> 3")), Ok(()));
    }

    #[test]
    fn the_newer_language_is_understood() {
        let source = "package signature\nimport rego.v1\nallow if {\n some x in input.predicate.list\n x == 2\n}\n";
        assert_eq!(check(source), Ok(()));
    }

    #[test]
    fn wrong_modules_are_found_without_an_attestation() {
        for source in [
            "",
            "package signature\nallow {",
            "package sigstore\nisCompliant { true }",
            "package signature\nother { true }\n",
            "package signature\nallow { unknown.function(1) }",
            "allow { true }",
        ] {
            let failure = Module::compile("p.rego", source).expect_err(source);
            assert_eq!(failure.reason, Reason::PolicyInvalid, "{source}");
        }
    }

    #[test]
    fn what_cannot_be_evaluated_is_never_a_pass() {
        for source in [
            "package signature\nallow { to_number(\"x\") == 1 }",
            "package signature\nallow { http.send({\"url\": \"http://127.0.0.1\"}) }",
            "package signature\nallow = true\nallow = false",
        ] {
            assert!(check(source).is_err(), "{source}");
        }
    }

    #[test]
    fn work_is_bounded() {
        let source = "package signature\nallow { count([1 | some a in numbers.range(1, 2000); some b in numbers.range(1, 2000); some c in numbers.range(1, 2000); a + b == c]) > 0 }\nimport future.keywords\n";
        let failure = check(
            &source
                .replace("allow", "import future.keywords.in\nallow")
                .replace("import future.keywords\n", ""),
        )
        .unwrap_err();
        assert_eq!(failure.reason, Reason::PolicyUndecided, "{failure}");
    }
}
