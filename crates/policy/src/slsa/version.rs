//! Version tags (semver.org 2.0.0 behind a `v`), as in `v1.2.3-rc.1+build`, and in short as `v1.2` and `v1`.

use super::TAGS;

/// A version tag, in full or in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    major: Box<str>,
    minor: Option<Box<str>>,
    patch: Option<Box<str>>,
    /// Behind a full version only. What stands behind a `+` says nothing about precedence and is left out.
    prerelease: Option<Box<str>>,
}

impl Version {
    /// `None` when the text is no version tag: a short version with a prerelease or build among them.
    pub(super) fn parse(tag: &str) -> Option<Self> {
        let version = tag.strip_prefix('v')?;
        let (version, build) = match version.split_once('+') {
            Some((version, build)) => (version, Some(build)),
            None => (version, None),
        };
        let (core, prerelease) = match version.split_once('-') {
            Some((core, prerelease)) => (core, Some(prerelease)),
            None => (version, None),
        };
        let sound = |text: &str| text.split('.').all(is_identifier);
        if !build.is_none_or(sound)
            || !prerelease.is_none_or(|text| sound(text) && text.split('.').all(no_leading_zero))
        {
            return None;
        }
        let mut numbers = core.split('.');
        let major = numbers.next().filter(|text| is_number(text))?;
        let mut next = || match numbers.next() {
            None => Some(None),
            Some(text) => is_number(text).then(|| Some(text.into())),
        };
        let (minor, patch) = (next()?, next()?);
        if numbers.next().is_some()
            || (patch.is_none() && (build.is_some() || prerelease.is_some()))
        {
            return None;
        }
        Some(Self {
            major: major.into(),
            minor,
            patch,
            prerelease: prerelease.map(Into::into),
        })
    }

    /// Whether a tag's version is this one, as far as this one goes: `v1.2` is met by `v1.2.3` and `v1.2`, and not by
    /// a prerelease.
    pub(super) fn is_met_by(&self, tag: &Self) -> bool {
        let zero = || Box::from("0");
        let part = |demanded: &Option<Box<str>>, found: &Option<Box<str>>| {
            demanded
                .as_ref()
                .is_none_or(|demanded| *demanded == found.clone().unwrap_or_else(zero))
        };
        self.major == tag.major
            && part(&self.minor, &tag.minor)
            && part(&self.patch, &tag.patch)
            && self.prerelease == tag.prerelease
    }
}

/// Whether a ref is the tag of a full version without prerelease and build: `refs/tags/vX.Y.Z`.
pub(super) fn is_release_tag(reference: &str) -> bool {
    let Some(tag) = reference.strip_prefix(TAGS) else {
        return false;
    };
    !tag.contains('+')
        && Version::parse(tag)
            .is_some_and(|version| version.patch.is_some() && version.prerelease.is_none())
}

fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn no_leading_zero(identifier: &str) -> bool {
    !identifier.bytes().all(|byte| byte.is_ascii_digit()) || is_number(identifier)
}

#[cfg(test)]
mod tests {
    use super::Version;

    fn met(demanded: &str, tag: &str) -> Option<bool> {
        Some(Version::parse(demanded)?.is_met_by(&Version::parse(tag)?))
    }

    // The table of slsa-verifier: Test_VerifyVersionedTag (verifiers/internal/gha).
    #[test]
    fn versions_are_matched_as_slsa_verifier_matches_them() {
        let (yes, no, invalid) = (Some(true), Some(false), None);
        for (tag, demanded, expected) in [
            ("v1.2", "1.2", invalid),
            ("vslsa1", "vslsa1", invalid),
            ("vslsa1", "v1.2.3", invalid),
            ("v1.2.3", "v1.2.3", yes),
            ("v1.2.3", "v1.2", yes),
            ("v1.2.3", "v1", yes),
            ("v1.2.3", "v2", no),
            ("v1.2.3", "v1.3", no),
            ("v1.2.3", "v1.2.4", no),
            ("v1.2.3", "v1.2.2", no),
            ("v1.2", "v1.2", yes),
            ("v1.2", "v1", yes),
            ("v1.2", "v1.1", no),
            ("v1.2", "v0", no),
            ("v1.2", "v1.3", no),
            ("v1.2", "v1.2.3", no),
            ("v1.2", "v1.2.0", yes),
            ("v1.2", "v1.2.0+123", yes),
            ("v1.2", "v1.2+123", invalid),
            ("v1.2", "v1.2-alpha", invalid),
            ("v1.2", "v1-alpha", invalid),
            ("v1.2", "v1+123", invalid),
            ("v1.2", "v1-alpha+123", invalid),
            ("v1.2", "v1.2-alpha+123", invalid),
            ("v1.2.3-alpha", "v1.2.3-alpha", yes),
            ("v1.2.3-alpha", "v1.2.3", no),
            ("v1.2.3-alpha+123", "v1.2.3-alpha", yes),
            ("v1.2.3-alpha+123", "v1.2.3-alpha+123", yes),
            ("v1.2.3-alpha+123", "v1.2.3-alpha+456", yes),
            ("v1.2.3-alpha", "v1.2.3-alpha+123", yes),
            ("v1.2.3-alpha", "v1.2.3-beta+123", no),
            ("v1.2.3+123", "v1.2.3-alpha+123", no),
            ("v1.2.3+123", "v1.2.3-alpha", no),
            ("v1.2.3+123", "v1.2.3+123", yes),
            ("v1.2.3+123", "v1.2.3", yes),
            ("v1.2.3+123", "v1.2.3+456", yes),
            ("v1.2.3", "v1.2.3-alpha", no),
            ("v1.2.3-alpha", "v1.2.3-beta", no),
            ("v1.2.3", "v1.2.3+123", yes),
            ("v1.2", "v1.2.0-alpha+123", no),
            ("v1.2", "v2", no),
            ("v1", "v1", yes),
            ("v1", "v2", no),
            ("v1", "v1.2", no),
            ("v1", "v0", no),
            ("v1", "v1.2.3", no),
            ("v1", "v1.0", yes),
            ("v1", "v1.0.0", yes),
            ("v1", "v1-alpha", invalid),
            // Not in that table: a prerelease is no release of the version, in short or in full.
            ("v1.2.3-alpha", "v1.2", no),
            ("v1.2.3-alpha.2", "v1.2.3-alpha.1", no),
            ("v11.2.3", "v1", no),
            ("v1.22.3", "v1.2", no),
            ("v01.2.3", "v1", invalid),
            ("v1.2.3.4", "v1", invalid),
            ("v1..3", "v1", invalid),
            ("v1.2.3-", "v1", invalid),
            ("v1.2.3-01", "v1", invalid),
            ("V1.2.3", "v1", invalid),
            ("v", "v1", invalid),
        ] {
            assert_eq!(met(demanded, tag), expected, "{demanded} for {tag}");
        }
    }
}
