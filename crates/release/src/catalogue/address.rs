//! Where an artifact and its side files are, and what an address is of.

use sealcheck_verify::DigestAlgorithm;

use crate::profile::{ProofName, Slot};
use crate::{Channel, Profile, ReleasePath, Version};

/// The addresses of an artifact at one place, and of what is published beside it there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Addresses {
    /// The artifact.
    pub artifact: String,
    /// Its proofs, in the order in which they are asked for.
    pub proofs: Vec<ProofAddress>,
    /// Its checksums.
    pub checksums: Vec<(DigestAlgorithm, String)>,
}

/// Where a proof is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofAddress {
    /// One file that holds everything.
    Bundle(String),
    /// A signature and a certificate.
    Detached {
        /// The signature.
        signature: String,
        /// The certificate.
        certificate: String,
    },
}

/// What an address is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The version.
    pub version: Version,
    /// The path below the release.
    pub path: ReleasePath,
}

impl Profile {
    /// The places of an artifact, in the order in which they are asked. Never empty.
    #[must_use]
    pub fn addresses(&self, version: Version, path: &ReleasePath) -> Vec<Addresses> {
        let version = version.to_string();
        let encoded = path.encoded();
        let of_files = self.files.addresses.iter();
        let of_files =
            of_files.map(|at| at.fill(&[(Slot::Version, &version), (Slot::Path, &encoded)]));
        let of_sboms = self.sboms.iter().filter(|sbom| sbom.path == *path);
        let of_sboms = of_sboms
            .flat_map(|sbom| &sbom.addresses)
            .map(|at| at.fill(&[(Slot::Version, &version)]));
        of_files
            .chain(of_sboms)
            .map(|artifact| self.beside(artifact))
            .collect()
    }

    /// The address at which a channel answers; `None` when the project has no channels.
    #[must_use]
    pub fn channel_address(&self, channel: Channel) -> Option<String> {
        let template = self.files.channels.as_ref()?;
        Some(template.fill(&[(Slot::Channel, &channel.file_name())]))
    }

    /// What an address is of, also where it is one that is not asked: `dl.k8s.io/v1.36.0/…` is the same as
    /// `dl.k8s.io/release/v1.36.0/…`. `None` when it is of no release of this project, or not in one of these forms.
    #[must_use]
    pub fn recognise(&self, address: &str) -> Option<Recognised> {
        let of_sboms = self.sboms.iter().flat_map(|sbom| {
            let suffix = self.side_suffix(address).map_or("", |(suffix, _)| suffix);
            let known = sbom.addresses.iter().chain(&sbom.recognised);
            known.filter_map(move |template| {
                let artifact = address.strip_suffix(suffix)?;
                let version = template.read(artifact)?.get(Slot::Version)?.parse().ok()?;
                let path = sbom.path.with_suffix(suffix);
                Some(Recognised { version, path })
            })
        });
        let of_files = self.files.addresses.iter().chain(&self.files.recognised);
        let of_files = of_files.filter_map(|template| {
            let read = template.read(address)?;
            let version = read.get(Slot::Version)?.parse().ok()?;
            let path = ReleasePath::decoded(read.get(Slot::Path)?).ok()?;
            Some(Recognised { version, path })
        });
        of_files.chain(of_sboms).next()
    }

    fn beside(&self, artifact: String) -> Addresses {
        let proofs = self.files.proofs.iter().map(|proof| match proof {
            ProofName::Bundle(bundle) => ProofAddress::Bundle(format!("{artifact}{bundle}")),
            ProofName::Detached {
                signature,
                certificate,
            } => ProofAddress::Detached {
                signature: format!("{artifact}{signature}"),
                certificate: format!("{artifact}{certificate}"),
            },
        });
        let checksums = self.files.checksums.iter();
        let checksums = checksums.map(|sum| (sum.algorithm, format!("{artifact}{}", sum.suffix)));
        Addresses {
            proofs: proofs.collect(),
            checksums: checksums.collect(),
            artifact,
        }
    }
}
