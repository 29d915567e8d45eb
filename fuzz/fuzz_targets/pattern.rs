//! Identity patterns: the input is a pattern and a text, with a NUL between them.
#![no_main]

use sealcheck_verify::Pattern;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let (pattern, text) = text.split_once('\0').unwrap_or((text, ""));
    if let Ok(exact) = Pattern::exact(pattern) {
        assert_eq!(exact.matches(text), pattern == text);
        assert!(exact.matches(pattern));
        assert_eq!(exact.accepted_stranger(), None);
    }
    if let Ok(glob) = Pattern::glob(pattern) {
        let literal = !pattern.contains(['*', '?', '[', ']', '{', '}', '\\', '!']);
        assert!(
            !literal || glob.matches(text) == (pattern == text),
            "a glob without wildcards"
        );
    }
    if let Ok(regex) = Pattern::regex(pattern) {
        let literal = regex_literal(pattern);
        assert!(
            !literal || regex.matches(text) == (pattern == text),
            "an expression without operators"
        );
    }
});

fn regex_literal(pattern: &str) -> bool {
    pattern
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"@/:-_ ".contains(&byte))
}
