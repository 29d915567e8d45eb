//! Tests of the timestamp checks: sound tokens, one counterexample for each check, vectors, and systematic damage.

mod authorities;
mod damage;
mod forge;
mod signatures;
mod structure;
mod trailing;
mod vectors;

use super::{TimestampFacts, TokenCheck};
use crate::{Reason, Result};

/// The facts of a token that verified.
#[track_caller]
fn verified(verdict: Result<TokenCheck>) -> TimestampFacts {
    match verdict.unwrap() {
        TokenCheck::Verified(facts) => *facts,
        unknown => panic!("{unknown:?}"),
    }
}

/// The token was refused for this reason at this field.
#[track_caller]
fn refused(verdict: Result<TokenCheck>, reason: Reason, field: &str) {
    let failure = verdict.unwrap_err();
    assert_eq!(failure.reason, reason, "{failure}");
    assert_eq!(failure.field.as_deref().unwrap_or(""), field, "{failure}");
}

#[track_caller]
fn unknown(verdict: Result<TokenCheck>) {
    let verdict = verdict.unwrap();
    assert!(
        matches!(verdict, TokenCheck::UnknownAuthority { .. }),
        "{verdict:?}"
    );
}
