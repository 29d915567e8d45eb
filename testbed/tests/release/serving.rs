//! The profile and the server, which must be of one mind.

use std::fs;

use sealcheck_release::catalogue::ProofAddress;
use sealcheck_release::spdx::Document;
use sealcheck_release::{Catalogue, Channel, Profile};

use crate::{NEW_VERSION, Run, get};

/// Every address of every artifact leads to the file that was published, and so do those of what is beside it.
pub(crate) fn profile(run: &Run) {
    let text = run.release.profile(&run.server);
    let profile = Profile::parse(text.as_bytes()).unwrap();
    let sbom = run.release.file(NEW_VERSION, "kubernetes-release.spdx");
    let sbom = Document::read(&fs::read(sbom).unwrap()).unwrap();
    let names: Vec<&str> = sbom.files().iter().map(|file| &*file.name).collect();
    let catalogue = Catalogue::new(&profile, &names).unwrap();
    let mut count = 0;
    for artifact in catalogue.artifacts() {
        let path = artifact.path.as_str();
        for place in profile.addresses(NEW_VERSION, &artifact.path) {
            same(run, &place.artifact, path);
            let detached = place.proofs.iter().find_map(|proof| match proof {
                ProofAddress::Detached {
                    signature,
                    certificate,
                } => Some((signature, certificate)),
                ProofAddress::Bundle(_) => None,
            });
            let (signature, certificate) = detached.unwrap();
            same(run, signature, &format!("{path}.sig"));
            same(run, certificate, &format!("{path}.cert"));
            for (algorithm, address) in &place.checksums {
                same(run, address, &format!("{path}.{}", algorithm.as_str()));
            }
            count += 1;
        }
    }
    // The SBOMs are at two places.
    assert_eq!(count, 14 + 4);
    let stable: Channel = "stable".parse().unwrap();
    let answer = get(&profile.channel_address(stable).unwrap());
    assert_eq!(stable.answer(&answer).unwrap(), NEW_VERSION);
    assert_eq!(profile.registry(NEW_VERSION), Some(&*run.release.registry));
}

fn same(run: &Run, address: &str, path: &str) {
    let published = fs::read(run.release.file(NEW_VERSION, path)).unwrap();
    assert_eq!(get(address), published, "{address}");
}
