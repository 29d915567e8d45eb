//! The good paths: each form of a proof is accepted, and the evidence says what was proved and by what.

mod artifacts;
mod bundles;
mod certificates;
mod cosign;
mod entries;
mod images;
mod keys;
mod requirements;
mod time;
