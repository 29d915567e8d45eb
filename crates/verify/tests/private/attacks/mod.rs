//! The attacks: each is refused, for the right reason. One module for each step of a verification.

mod certificate;
mod demand;
mod files;
mod identity;
mod key;
mod log;
mod material;
mod sct;
mod signature;
mod subject;
mod time;
mod trust;
