//! Policies in CEL: the input is the policy, which must be usable or refused, and never abort.
#![no_main]

use sealcheck_policy::{BuilderDemand, Policy, SourceDemand};
use sealcheck_verify::Reason;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Err(failure) = Policy::load("fuzz.cel", data) {
        assert_eq!(failure.reason, Reason::PolicyInvalid, "{failure}");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(demand) = text.parse::<BuilderDemand>() {
            assert_eq!(demand.to_string(), text);
        }
        if let Ok(demand) = text.parse::<SourceDemand>() {
            assert_eq!(demand.to_string(), text);
        }
    }
});
