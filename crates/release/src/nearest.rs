//! What may have been meant.

/// The known names that are nearest to `given`, the nearest first and those alike in order; where none is near, those that begin
/// with it, the shortest first.
pub(crate) fn nearest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    // The distance costs the product of the lengths, and nobody mistypes more.
    if given.is_empty() || given.len() > NEAREST_BYTES {
        return Vec::new();
    }
    let most = (given.chars().count() / 3).clamp(1, 4);
    let lower = given.to_lowercase();
    let known: Vec<&str> = known.collect();
    let alike = known.iter().filter_map(|name| {
        let is_alike = name.len().abs_diff(given.len()) <= most * 4;
        let distance = is_alike.then(|| strsim::osa_distance(&lower, &name.to_lowercase()))?;
        (distance <= most).then_some((distance, *name))
    });
    let mut near: Vec<(usize, &str)> = alike.collect();
    if near.is_empty() && given.len() >= BEGINNING_BYTES {
        // What was left out may be the end: `kubernetes-client`.
        let begins = known
            .iter()
            .filter(|name| name.to_lowercase().starts_with(&lower));
        near.extend(begins.map(|name| (name.len(), *name)));
    }
    near.sort_unstable();
    near.dedup();
    near.into_iter().map(|(_, name)| name).take(SHOWN).collect()
}

/// Longer than any real name.
const NEAREST_BYTES: usize = 256;
/// Shorter beginnings are those of too many.
const BEGINNING_BYTES: usize = 4;
/// How many are told.
pub(crate) const SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_not() {
        let known = || ["kubectl", "kubelet", "kubeadm", "kube-proxy"].into_iter();
        assert_eq!(nearest("kubectk", known()), ["kubectl"]);
        assert_eq!(nearest("kubeclt", known()), ["kubectl", "kubelet"]);
        assert_eq!(nearest("KUBECTL", known()), ["kubectl"]);
        assert_eq!(
            nearest("kubectl", ["kubectl", "kubectl"].into_iter()),
            ["kubectl"]
        );
        assert_eq!(nearest("kube-p", known()), ["kube-proxy"]);
        for far in ["", "helm", "docker-compose", &"k".repeat(300)] {
            assert!(nearest(far, known()).is_empty(), "{far}");
        }
    }
}
