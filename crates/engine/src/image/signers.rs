//! How many distinct signers there are.

use sealcheck_verify::Verdict;

/// Who signed, as far as that can be compared: name and issuer, and the key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Signer<'v> {
    /// Subject alternative name and issuer; `None` for a plain key.
    identity: Option<(&'v str, Option<&'v str>)>,
    /// SHA-256 of the key.
    key: Option<&'v str>,
}

/// The number of distinct signers among verified proofs. Two signatures are one signer's when they have the same identity, or
/// the same key: one key under two names is one signer, and so are all who are linked that way.
pub(crate) fn distinct<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>) -> usize {
    let mut groups: Vec<Vec<Signer<'v>>> = Vec::new();
    for verdict in verdicts {
        let signer = Signer::of(verdict);
        let (same, others): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| group.iter().any(|known| known.is_same(&signer)));
        groups = others;
        let mut joined: Vec<Signer<'v>> = same.into_iter().flatten().collect();
        if !joined.contains(&signer) {
            joined.push(signer);
        }
        groups.push(joined);
    }
    groups.len()
}

impl<'v> Signer<'v> {
    fn of(verdict: &'v Verdict) -> Self {
        let evidence = verdict.evidence();
        let key = evidence.checks.key.facts();
        let by_certificate = key.is_some_and(|key| key.source == "certificate");
        Self {
            identity: evidence
                .signer
                .as_deref()
                .filter(|_| by_certificate)
                .map(|name| (name, evidence.issuer.as_deref())),
            key: key.map(|key| &*key.sha256),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.identity.is_some() && self.identity == other.identity)
            || (self.key.is_some() && self.key == other.key)
            // Who cannot be told apart from others is nobody new.
            || (self.identity.is_none() && self.key.is_none())
    }
}
