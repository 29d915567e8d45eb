//! What may have been meant.

/// The known names that are nearest to `given`, the nearest first and those alike in order; none when nothing is near.
pub(crate) fn nearest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    // The distance costs the product of the lengths, and nobody mistypes more.
    if given.is_empty() || given.len() > NEAREST_BYTES {
        return Vec::new();
    }
    let most = (given.chars().count() / 3).clamp(1, 4);
    let lower = given.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|name| {
            let own = name.to_lowercase();
            // What was left out at the end: `kubernetes-client`.
            let begins = given.len() >= BEGINNING_BYTES && own.starts_with(&lower);
            let is_alike = own.len().abs_diff(given.len()) <= most * 4;
            let distance = is_alike.then(|| strsim::osa_distance(&lower, &own));
            let distance = distance.filter(|distance| *distance <= most);
            Some((distance.or(begins.then_some(most))?, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().map(|(_, name)| name).take(SHOWN).collect()
}

/// Longer than any real name.
const NEAREST_BYTES: usize = 256;
/// Shorter beginnings are those of too many.
const BEGINNING_BYTES: usize = 4;
/// How many are told.
const SHOWN: usize = 3;

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
