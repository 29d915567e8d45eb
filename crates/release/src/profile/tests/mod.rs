//! Profiles, built in and read.

mod kubernetes;
mod mistakes;
mod places;

use sealcheck_verify::Reason;

use super::*;
use crate::Channel;
use crate::catalogue::{ProofAddress, Published, SideRole};
use crate::limits::{PROFILE_BYTES, PROFILE_ENTRIES, PROFILE_TEXT_BYTES};

const GOOGLE: &str = "https://accounts.google.com";
const STAGING: &str = "krel-staging@k8s-releng-prod.iam.gserviceaccount.com";
const TRUST: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";
const SUMMARIES: &str = "promoter-summaries@k8s-releng-prod.iam.gserviceaccount.com";
const PROMOTER: &str = "k8s-infra-gcr-promoter@k8s-artifacts-prod.iam.gserviceaccount.com";
const BUILDS: &str = "prow-build@k8s-infra-prow-build.iam.gserviceaccount.com";

/// The least that a profile says.
const SMALL: &str = "name: acme
files:
  addresses: ['https://dl.acme.test/{version}/{path}']
  proofs:
    - bundle: .sigstore.json
signers:
  - subject: releases@acme.test
    issuer: https://accounts.acme.test
    for: [files]
";

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn path(text: &str) -> ReleasePath {
    text.parse().unwrap()
}

fn subjects(profile: &Profile, purpose: Purpose, version: Option<&str>) -> Vec<(String, String)> {
    let version = version.map(|text| text.parse().unwrap());
    let accepted = profile.accepted(purpose, version);
    let identities = accepted.iter().flat_map(Identities::iter);
    identities
        .map(|identity| {
            (
                identity.subject().to_string(),
                identity.issuer().unwrap().to_string(),
            )
        })
        .collect()
}
