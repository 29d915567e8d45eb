//! `docs/reasons.md`, made from the one table of reasons.

use sealcheck_verify::{Outcome, Reason};

/// The page.
pub(super) fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    for outcome in [
        Outcome::Rejected,
        Outcome::Unavailable,
        Outcome::Unsigned,
        Outcome::Usage,
    ] {
        let code = outcome.exit_code();
        page += &format!("\n## {outcome} (exit code {code})\n");
        for reason in Reason::ALL {
            if reason.outcome() == outcome {
                page += &format!(
                    "\n### {}\n\n{}.\n\n- Cause: {}\n- Cure: {}\n",
                    reason.code(),
                    capitalised(reason.summary()),
                    reason.cause(),
                    reason.cure()
                );
            }
        }
    }
    page
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

const INTRODUCTION: &str = "\
# Reason codes

Everything that is not `verified` has one of these codes: in the JSON document as `reason`, in the text report behind
the outcome. `sealcheck explain CODE` prints the same. Codes are never renamed or reused; new ones may be added.

<!-- Made by `cargo xtask docs` from crates/verify/src/reason.rs. -->
";

#[cfg(test)]
mod tests {
    use sealcheck_verify::Reason;

    use super::page;

    #[test]
    fn every_reason_has_its_place() {
        let page = page();
        for reason in Reason::ALL {
            assert_eq!(page.matches(&format!("\n### {reason}\n")).count(), 1);
        }
    }
}
