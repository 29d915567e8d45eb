//! How many requests a verification takes: the table in `docs/requests.md` is what this test counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sealcheck_engine::{ImageSource, Platforms};
use sealcheck_registry::Platform;
use sealcheck_registry::double::{Access, At, Fault, RegistryDouble};
use sealcheck_testkit::image::{CasePlatforms, RequestCase, request_cases};

use sealcheck_verify::{Outcome, Reason};

use super::scene::*;
use crate::support::by_identity;

/// The requests that verifying the image takes. Nothing may be asked for twice.
fn requests(scene: &Scene, case: &RequestCase) -> usize {
    let double = RegistryDouble::start();
    double.hold("app", &case.repository);
    if !case.has_api {
        double.fault(At::Referrers, Fault::PageNotFound);
    }
    if case.wants_token {
        double.access(Access::anonymous_tokens());
    }
    let mut request = request(&double, by_identity());
    request.image = ImageSource::Registry(double.reference(&case.reference()));
    request.platforms = match case.platforms {
        CasePlatforms::AsGiven => Platforms::AsGiven,
        CasePlatforms::Amd64 => Platforms::One(Platform::new("linux", "amd64", "")),
        CasePlatforms::All => Platforms::All,
    };
    let verdict = scene.online().verify_image(&request);
    match case.name.contains("unsigned") {
        true => assert_failed(&verdict, Outcome::Unsigned, Reason::NoProofFound),
        false => assert_verified(&verdict),
    }
    let lines = double.lines();
    let mut distinct = lines.clone();
    distinct.sort();
    distinct.dedup();
    // The first request of all is answered with a challenge, and asked again with a token.
    let repeated = usize::from(case.wants_token);
    assert_eq!(lines.len(), distinct.len() + repeated, "{lines:#?}");
    lines.len()
}

/// Names and numbers of the table's rows.
fn documented() -> BTreeMap<String, usize> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/requests.md");
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|row| {
            let mut cells = row.split('|').map(str::trim);
            let name = cells.next()?.to_owned();
            let count = cells.next()?.parse().ok()?;
            Some((name, count))
        })
        .collect()
}

#[test]
fn the_table_of_requests_is_what_is_counted() {
    let scene = Scene::new();
    let counted: BTreeMap<String, usize> = request_cases(&scene.sigstore)
        .iter()
        .map(|case| (case.name.to_owned(), requests(&scene, case)))
        .collect();
    assert_eq!(counted, documented());
}
