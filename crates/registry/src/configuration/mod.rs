//! What is special about single registries.

use std::path::Path;

use sealcheck_verify::Failure;

/// Mirrors and settings of registries, from one YAML file. The default has none.
#[derive(Clone, Debug, Default)]
pub struct Registries {}

impl Registries {
    /// Reads a file.
    ///
    /// # Errors
    /// `configuration-invalid` with the path of the field, `file-not-found`, `limit-exceeded`.
    pub fn read(_path: &Path) -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// `base` with what the registries need of the network: certificates, concurrency, pace.
    ///
    /// # Errors
    /// `configuration-invalid` when a file with a certificate or a key cannot be read.
    pub fn network(&self, base: sealcheck_net::Config) -> Result<sealcheck_net::Config, Failure> {
        Ok(base)
    }
}
