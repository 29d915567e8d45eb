//! Policies in CEL (cel.dev): one expression that must be true.
//!
//! The parser and the evaluator are recursive and have no guard of their stack, and evaluation has no budget of its
//! own. So both run on a thread with a stack of known size; the text, its nesting and the depth of its tree are
//! limited before anything is evaluated; and every value that a loop, a comparison or a concatenation goes over is
//! charged ([`check`] puts the charges in).

mod check;
mod functions;
mod value;

use std::sync::Arc;

use cel::{Context, ExecutionError, IdedExpr, Value};
use sealcheck_verify::{Failure, Reason, Result, printable};

use crate::input::Input;
use crate::limits::CEL_NESTING;

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Expression {
    /// The operands of the outermost `&&`, all of which must be true: which of them is not is worth knowing.
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    tree: IdedExpr,
    /// The line on which it begins, from 1, and that line's text.
    line: usize,
    text: Box<str>,
}

impl Expression {
    /// Parses and checks a policy.
    ///
    /// # Errors
    /// `policy-invalid` with `NAME:LINE:COLUMN`.
    pub(crate) fn compile(name: &str, source: &str) -> Result<Self> {
        let compiled = on_large_stack(|| compile(name, source));
        compiled.unwrap_or_else(|| Err(invalid(name).detail("the parser failed")))
    }

    /// Evaluates the policy.
    ///
    /// # Errors
    /// `policy-refused` when it is false, `policy-undecided` when it cannot be evaluated, `policy-invalid` when its
    /// result is neither.
    pub(crate) fn check(&self, name: &str, input: &Input) -> Result<()> {
        let evaluated = on_large_stack(|| self.evaluate(name, input));
        evaluated.unwrap_or_else(|| Err(undecided(name).detail("evaluation failed")))
    }

    /// `&&` gives false when any operand is false, whatever the others are, so those that cannot be evaluated decide
    /// only when none is false.
    fn evaluate(&self, name: &str, input: &Input) -> Result<()> {
        let mut context = Context::with_env(Arc::new(functions::environment()));
        for (variable, value) in &input.variables {
            context.add_variable_from_value(variable.as_str(), value::of_json(value));
        }
        functions::allow_steps();
        let mut first = Ok(());
        for condition in &self.conditions {
            let place = format!("{name}:{}", condition.line);
            let failure = match Value::resolve(&condition.tree, &context) {
                Ok(Value::Bool(true)) => continue,
                Ok(Value::Bool(false)) => {
                    return Err(Failure::new(Reason::PolicyRefused)
                        .at(place)
                        .detail(format_args!("this is not true: {}", condition.text)));
                }
                Ok(other) => invalid(&place).expected("true or false").found(
                    format_args!("{:?}", other.type_of())
                        .to_string()
                        .to_lowercase(),
                ),
                Err(error) => undecided(&place).detail(explain(&error)),
            };
            if first.is_ok() {
                first = Err(failure);
            }
            if functions::steps_are_used_up() {
                break;
            }
        }
        first
    }
}

fn compile(name: &str, source: &str) -> Result<Expression> {
    let nesting = u16::try_from(CEL_NESTING.max).unwrap_or(u16::MAX);
    let parsed = functions::environment()
        .parser()
        .max_recursion_depth(nesting)
        .parse_with_source_info(source);
    let (tree, positions) = parsed.map_err(|errors| {
        let error = errors.errors.into_iter().next();
        let Some(error) = error else {
            return invalid(name);
        };
        let message = printable(error.msg.lines().next().unwrap_or_default());
        match error.pos {
            (line @ 1.., column @ 0..) => {
                invalid(&format!("{name}:{line}:{}", column.max(1))).detail(message)
            }
            _ => invalid(name).detail(message),
        }
    })?;
    let mut conditions = Vec::new();
    check::conjuncts(tree, &mut conditions);
    let conditions = conditions
        .into_iter()
        .map(|tree| {
            let tree = check::prepare(name, source, &positions, tree)?;
            let offset = check::first_offset(&tree, &positions);
            let (line, _) = check::position(source, offset);
            let text = source.lines().nth(line.saturating_sub(1));
            Ok(Condition {
                tree,
                line,
                text: printable(text.unwrap_or_default().trim()).into(),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Expression { conditions })
}

/// What went wrong, without the values: they may be the whole predicate.
fn explain(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("there is no field `{}`", printable(key)),
        ExecutionError::NoSuchOverload(overload) => printable(&overload.to_string()),
        ExecutionError::UndeclaredReference(name) => format!("there is no `{}`", printable(name)),
        ExecutionError::UnexpectedType { got, want } => format!("a {want} is needed, not a {got}"),
        ExecutionError::FunctionError { message, .. } => printable(message),
        ExecutionError::IndexOutOfBounds(_) => "an index is out of bounds".to_owned(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "division by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "a number is too large".to_owned(),
        ExecutionError::ValuesNotComparable(..) => "two values cannot be compared".to_owned(),
        _ => "a value is of another type than is needed".to_owned(),
    }
}

/// Runs `work` on a thread whose stack is large enough for everything that the limits let through; `None` when there
/// is no thread to be had, or the work panicked.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("policy".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .ok()?
            .join()
            .ok()
    })
}

fn invalid(place: &str) -> Failure {
    Failure::new(Reason::PolicyInvalid).at(place)
}

fn undecided(place: &str) -> Failure {
    Failure::new(Reason::PolicyUndecided).at(place)
}

/// Address space, not memory: only what is used is ever backed. The test of the deepest expressions says how much the
/// limits can need in a debug build.
const STACK_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::Expression;
    use crate::input::Input;
    use sealcheck_verify::{Failure, Reason, Result};
    use serde_json::{Value, json};

    fn input(predicate: Value) -> Input {
        let variables = json!({
            "predicateType": "https://x.test/v1",
            "predicate": predicate,
            "subject": [{"name": "app", "digest": {"sha256": "00"}}],
            "artifact": {"name": "app", "digest": {"sha256": "00"}},
            "signer": "https://github.com/org/repo/.github/workflows/x.yml@refs/heads/main",
            "issuer": "https://token.actions.githubusercontent.com",
            "claims": {"source-repository-uri": "https://github.com/org/repo"},
            "signedAt": 1_700_000_000,
            "verifiedAt": 1_700_003_600,
        });
        Input {
            variables: variables.as_object().unwrap().clone(),
        }
    }

    fn check(source: &str) -> Result<()> {
        let predicate = json!({
            "builder": {"id": "https://b.test/x@v1"},
            "count": 3, "ratio": 0.5, "big": 18_446_744_073_709_551_615_u64, "none": null,
            "tags": ["a", "b"], "digests": {"sha256": "aa", "sha512": "bb"},
            "packages": [{"name": "p", "license": "MIT"}, {"name": "q", "license": "Apache-2.0"}],
            "time": "2023-11-14T22:00:00Z",
        });
        Expression::compile("p.cel", source)?.check("p.cel", &input(predicate))
    }

    #[track_caller]
    fn fails(source: &str) -> Failure {
        check(source).expect_err(source)
    }

    #[test]
    fn true_is_a_pass() {
        for source in [
            "true",
            "predicate.builder.id == 'https://b.test/x@v1'",
            "// a comment\npredicate.count == 3 && // another\n  predicate.count < 4\n",
            "predicate.count > 2 && predicate.ratio < 1.0 && predicate.big > 5u",
            "'a' in predicate.tags && !('c' in predicate.tags) && 'sha256' in predicate.digests",
            "predicate.packages.all(p, p.license in ['MIT', 'Apache-2.0'])",
            "predicate.packages.exists(p, p.name == 'q' && p.license.startsWith('Apache'))",
            "predicate.packages.exists_one(p, p.name == 'q')",
            "predicate.packages.filter(p, p.license == 'MIT').map(p, p.name) == ['p']",
            "predicate.packages.map(p, p.license == 'MIT', p.name).size() == 1",
            "size(predicate.packages) == 2 && predicate.tags.size() == 2 && 'abc'.size() == 3",
            "predicate.digests.all(algorithm, algorithm.startsWith('sha'))",
            "has(predicate.builder) && !has(predicate.missing) && !has(predicate.builder.missing)",
            "predicate.?missing.orValue('x') == 'x' && predicate[?'count'].hasValue()",
            "optional.of(1).or(optional.none()).value() == 1 && !optional.ofNonZeroValue(0).hasValue()",
            "predicate.?count.optMap(c, c + 1).orValue(0) == 4",
            "predicate.none == null && predicateType.endsWith('/v1') && predicateType.contains('x.test')",
            "predicate.builder.id.matches('^https://b\\\\.test/.*$')",
            "claims['source-repository-uri'] == 'https://github.com/org/repo'",
            "subject[0].digest.sha256 == artifact.digest.sha256 && artifact.name == 'app'",
            "signer.startsWith('https://github.com/org/') && issuer != ''",
            "signedAt == timestamp('2023-11-14T22:13:20Z')",
            "verifiedAt - timestamp(predicate.time) < duration('2h')",
            "timestamp('2023-11-14T23:13:20+01:00') == signedAt",
            "predicate.count == 3 ? true : false",
            "type(predicate.count) == int && type(predicate.tags) == list && type(null) == null_type",
            "type('') == string && type(true) == bool && type(1.0) == double && type(1u) == uint && type({}) == map",
            "type(b'') == bytes && type(int) == type && dyn(1) == 1",
            "int('3') == 3 && string(3) == '3' && double(1) == 1.0 && uint(1) == 1u && bool('true') && bytes('a') == b'a'",
            "(3 + 4) * 2 - 1 == 13 && 7 / 2 == 3 && 7 % 2 == 1 && -(-1) == 1 && [1] + [2] == [1, 2] && 'a' + 'b' == 'ab'",
            "predicate.count >= 3 && predicate.count <= 3 && 1 < 2",
            // What cannot be evaluated does not matter where the other side decides.
            "predicate.missing == 1 || predicate.count == 3",
        ] {
            assert_eq!(check(source), Ok(()), "{source}");
        }
    }

    #[test]
    fn false_is_refused_and_the_condition_is_named() {
        let failure = fails("predicate.count == 3 &&\n  // why\n  predicate.count == 4 &&\n  true");
        assert_eq!(failure.reason, Reason::PolicyRefused);
        assert_eq!(failure.field.as_deref(), Some("p.cel:3"));
        assert_eq!(
            failure.detail.as_deref(),
            Some("this is not true: predicate.count == 4 &&")
        );
        for source in [
            "false",
            "!has(predicate.count)",
            "predicate.packages.all(p, p.license == 'MIT')",
            "false && predicate.missing == 1",
            "predicate.missing == 1 && false",
        ] {
            assert_eq!(fails(source).reason, Reason::PolicyRefused, "{source}");
        }
    }

    #[test]
    fn what_cannot_be_evaluated_is_never_a_pass() {
        for source in [
            "predicate.missing",
            "predicate.missing != 'x'",
            "!(predicate.missing == 'x')",
            "predicate.packages.all(p, p.missing != 'x')",
            "predicate.count == 3 && predicate.missing != 1",
            "predicate.count.x == 1",
            "predicate.tags[7] == ''",
            "1 / (predicate.count - 3) == 0",
            "predicate.count.startsWith('x')",
            "predicate.tags > 3",
            "timestamp('yesterday') < verifiedAt",
            "duration('30d') > 0",
            "predicate.count + 'x' == ''",
            "9223372036854775807 + predicate.count > 0",
            "predicate.builder.id.matches('(')",
            "int('x') == 1",
            "predicate.?missing.value() == 1",
        ] {
            let failure = fails(source);
            assert_eq!(
                failure.reason,
                Reason::PolicyUndecided,
                "{source}: {failure}"
            );
            assert_eq!(failure.field.as_deref(), Some("p.cel:1"), "{source}");
        }
        let failure = fails("predicate.builder.missing == 1");
        assert_eq!(
            failure.detail.as_deref(),
            Some("there is no field `missing`")
        );
    }

    #[test]
    fn a_result_that_is_neither_is_a_wrong_policy() {
        for source in [
            "1",
            "'true'",
            "null",
            "[true]",
            "{'a': true}",
            "predicate.?count",
            "predicate.count && true",
        ] {
            assert_eq!(fails(source).reason, Reason::PolicyInvalid, "{source}");
        }
        assert_eq!(fails("predicate.tags").found.as_deref(), Some("list"));
    }

    #[test]
    fn a_wrong_policy_is_found_without_an_attestation() {
        for (source, place, says) in [
            ("", "p.cel", ""),
            ("// nothing", "p.cel", ""),
            ("predicate.count ==", "p.cel:1", ""),
            ("true &&\n  (predicate", "p.cel:2", ""),
            ("true false", "p.cel:1:6", ""),
            (
                "predikate.count == 3",
                "p.cel:1:1",
                "there is no variable `predikate`",
            ),
            (
                "true ||\n predikate.x",
                "p.cel:2:2",
                "there is no variable `predikate`",
            ),
            (
                "predicate.all(p, q == 1)",
                "p.cel:1:18",
                "there is no variable `q`",
            ),
            (
                "predicate.all(p, true) && p == 1",
                "p.cel:1:27",
                "there is no variable `p`",
            ),
            ("now() > 1", "p.cel:1", "there is no function `now`"),
            (
                "true || 'a'.lower() == ''",
                "p.cel:1",
                "there is no function `lower`",
            ),
            (
                "optional.some(1).hasValue()",
                "p.cel:1",
                "there is no function `some`",
            ),
            (
                "a.b.Message{x: 1} == null",
                "p.cel:1",
                "there are no message types",
            ),
            ("predicate.exists(p)", "p.cel", ""),
            ("\u{0}", "p.cel:1", ""),
        ] {
            let failure = Expression::compile("p.cel", source).expect_err(source);
            assert_eq!(failure.reason, Reason::PolicyInvalid, "{source}");
            let field = failure.field.as_deref().unwrap_or_default();
            assert!(field.starts_with(place), "{source}: {failure}");
            assert!(failure.to_string().contains(says), "{source}: {failure}");
        }
    }

    #[test]
    fn nothing_that_is_deep_exhausts_the_stack() {
        // The longest texts of each kind that the limits let to the parser, in a debug build: an overflow would abort.
        let size = 16 << 10;
        for (name, source) in [
            (
                "parentheses",
                format!("{}1{}", "(".repeat(8000), ")".repeat(8000)),
            ),
            ("lists", format!("{}{}", "[".repeat(8000), "]".repeat(8000))),
            ("open", "(".repeat(size)),
            ("negations", format!("{}true", "!".repeat(size - 4))),
            ("minus", format!("{}1", "-".repeat(size - 1))),
            ("sums", format!("1{}", "+1".repeat(size / 2 - 1))),
            ("fields", format!("predicate{}", ".a".repeat(8000))),
            ("indexes", format!("predicate{}", "[0]".repeat(5000))),
            ("comparisons", format!("1{}", "<1".repeat(size / 2 - 1))),
            ("conditions", format!("{}true", "true?true:".repeat(1600))),
            ("calls", format!("1{}", ".f()".repeat(4000))),
            (
                "macros",
                format!("{}true{}", "[1].all(x,".repeat(1000), ")".repeat(1000)),
            ),
            (
                "maps",
                format!("{}1{}", "{1:".repeat(3000), "}".repeat(3000)),
            ),
            ("and", format!("true{}", "&&true".repeat(2700))),
            ("or", format!("false{}", "||false".repeat(2300))),
        ] {
            let compiled = Expression::compile("p.cel", &source);
            match name {
                // Pairs cancel each other out while they are parsed.
                "negations" | "minus" => {}
                "and" => assert_eq!(compiled.unwrap().check("p.cel", &input(json!({}))), Ok(())),
                "or" => {
                    let failure = compiled.unwrap().check("p.cel", &input(json!({})));
                    assert_eq!(failure.unwrap_err().reason, Reason::PolicyRefused);
                }
                _ => assert_eq!(
                    compiled.unwrap_err().reason,
                    Reason::PolicyInvalid,
                    "{name}"
                ),
            }
        }
    }

    #[test]
    fn the_deepest_expressions_that_are_accepted_are_evaluated() {
        for source in [
            format!("{}true{}", "(".repeat(31), ")".repeat(31)),
            format!("1{} == 200", "+1".repeat(190)),
            format!("has(predicate{}) || true", ".a".repeat(190)),
            format!("{}true{}", "[1].all(x,".repeat(20), ")".repeat(20)),
        ] {
            let result = Expression::compile("p.cel", &source)
                .map(|expression| expression.check("p.cel", &input(json!({}))));
            assert!(
                !matches!(&result, Err(failure) if failure.reason != Reason::PolicyInvalid),
                "{result:?}"
            );
            assert!(result.is_ok(), "{source}: {result:?}");
        }
    }

    #[test]
    fn work_is_bounded() {
        let many: Vec<u32> = (0..20_000).collect();
        let input = input(json!({ "list": many, "text": "x".repeat(1 << 20) }));
        let check = |source: &str| {
            Expression::compile("p.cel", source)
                .and_then(|expression| expression.check("p.cel", &input))
        };
        assert_eq!(check("predicate.list.all(x, x >= 0)"), Ok(()));
        for source in [
            "predicate.list.all(x, predicate.list.exists(y, y == x))",
            "predicate.list.all(x, predicate.list.all(y, predicate.list.all(z, true)))",
            "predicate.list.all(x, x in predicate.list)",
            "predicate.list.all(x, predicate == predicate)",
            "predicate.list.map(x, predicate.text + 'y').size() > 0",
            "predicate.list.map(x, predicate.text).map(t, t).size() > 0",
            "predicate.list.all(x, !predicate.text.contains('y'))",
            "predicate.list.all(x, 'a'.matches('^a+$') && 'b'.matches('^b+$'))",
            "predicate.list.all(x, [predicate].size() == 1)",
            "predicate.list.all(x, {'a': predicate}.size() == 1)",
            "predicate.list.all(x, optional.of(predicate).hasValue())",
            "predicate.list.all(x, predicate.?list.hasValue())",
            "predicate.list.all(x, predicate[?'list'].hasValue())",
            "predicate.list.all(x, predicate.text <= predicate.text)",
            "predicate.list.all(x, string(predicate.text) != '')",
            "predicate.list.all(x, size(bytes(predicate.text)) > 0)",
            "predicate.list.all(x, (true ? predicate : {}) != {})",
            "predicate.list.filter(x, predicate.list.filter(y, y > x) != []) != []",
        ] {
            let failure = check(source).expect_err(source);
            assert_eq!(failure.reason, Reason::PolicyUndecided, "{source}");
            assert!(
                failure.to_string().contains("cel-steps"),
                "{source}: {failure}"
            );
        }
        // Neither can the limit be swallowed.
        let failure = check("predicate.list.all(x, x in predicate.list) || true");
        assert!(failure.is_ok(), "the other side decides");
        let failure =
            check("predicate.list.all(x, x in predicate.list) && predicate.list.size() > 0");
        assert_eq!(failure.unwrap_err().reason, Reason::PolicyUndecided);
    }
}
