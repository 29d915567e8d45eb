//! Profiles of projects, and the texts that are read with them: the input is a profile, and after a NUL a path, a version or
//! an address.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use sealcheck_release::catalogue::{Lookup, Published};
use sealcheck_release::{Catalogue, Channel, Profile, ReleasePath, Version, Wanted};

static KUBERNETES: LazyLock<Profile> = LazyLock::new(Profile::kubernetes);

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = sealcheck_fuzz::parts(data);
    let profile = Profile::parse(parts.next().unwrap_or_default());
    let profile = profile.as_ref().unwrap_or(&KUBERNETES);
    let content = parts.next().unwrap_or_default();
    let stable: Channel = "stable-1".parse().expect("a channel");
    if let Ok(version) = stable.answer(content) {
        assert!(version.is_release() && version.major() == 1);
    }
    let Ok(text) = str::from_utf8(content) else {
        return;
    };
    if let Ok(version) = text.parse::<Version>() {
        assert_eq!(
            version.to_string().trim_start_matches('v'),
            text.trim_start_matches('v')
        );
    }
    let _ = text.parse::<Wanted>();
    if let Some(found) = profile.recognise(text) {
        let places = profile.addresses(found.version, &found.path);
        let again = profile.recognise(&places[0].artifact);
        assert_eq!(
            again,
            Some(found),
            "an address of the artifact is of another one"
        );
    }
    if let Ok(path) = text.parse::<ReleasePath>() {
        let version = Version::release(1, 2, 3);
        assert!(!profile.addresses(version, &path).is_empty());
        if let Published::Side(side) = profile.describe(&path) {
            assert!(path.as_str().starts_with(side.of.as_str()));
        }
        let catalogue = Catalogue::new(profile, &[text]).expect("a catalogue");
        let lookup = Lookup {
            file: Path::new(text),
            exactly: Some(text),
            platform: None,
        };
        assert_eq!(catalogue.find(&lookup).expect("itself").path, path);
    }
});
