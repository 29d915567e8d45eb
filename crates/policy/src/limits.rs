//! The sizes and counts beyond which a predicate or a policy is refused, each with its reason.

use sealcheck_verify::limits::Limit;

/// The text of one policy. Real ones have a few hundred bytes; it bounds the work of the parser, and with
/// [`CEL_DEPTH`] its use of the stack.
pub const POLICY_BYTES: Limit = Limit::new("policy-bytes", 16 << 10);
/// Policies of one verification.
pub const POLICIES: Limit = Limit::new("policies", 64);
/// Nesting of parentheses, brackets and macros in a CEL expression.
pub const CEL_NESTING: Limit = Limit::new("cel-nesting", 32);
/// Depth of a CEL expression's tree, which long chains of operators and fields make deep without any nesting.
/// Evaluation needs stack for it.
pub const CEL_DEPTH: Limit = Limit::new("cel-depth", 200);
/// Values that one evaluation may go over in its loops, comparisons and copies: a second or two of work.
pub const CEL_STEPS: Limit = Limit::new("cel-steps", 5_000_000);
/// Steps of the evaluation of a Rego policy.
pub const REGO_STEPS: Limit = Limit::new("rego-steps", 5_000_000);
/// Values in a predicate that a policy looks at. An SBOM of ten thousand packages has about 300,000.
pub const PREDICATE_VALUES: Limit = Limit::new("predicate-values", 4_000_000);
/// A demand of `--slsa-builder` or `--slsa-source`.
pub const DEMAND_BYTES: Limit = Limit::new("demand-bytes", 2048);
