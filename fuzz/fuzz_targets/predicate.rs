//! Predicates of every kind: the input is the predicate, as text.
#![no_main]

use sealcheck_policy::predicate::summarise;
use sealcheck_policy::{PredicateKind, PredicateType, lines};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for (_, uri) in PredicateType::names() {
        match summarise(PredicateKind::of(uri), text) {
            Ok(facts) => {
                for (label, value) in lines(&facts) {
                    assert!(label.len() <= 12, "{label}");
                    assert!(!value.chars().any(char::is_control), "{value:?}");
                }
            }
            Err(failure) => {
                let field = failure.field.as_deref().unwrap_or_default();
                assert!(field.starts_with("predicate"), "{failure}");
            }
        }
    }
});
