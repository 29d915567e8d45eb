//! The profile of a release that lies elsewhere.

use sealcheck_release::Profile;

use super::ReleaseServer;

/// The profile of Kubernetes, with files and SBOMs where this server has them and the images in this registry. Signers and all
/// else are Kubernetes'.
#[must_use]
pub fn profile(server: &ReleaseServer, registry: &str) -> String {
    let (files, cdn, sboms) = (server.files.url(), server.cdn.url(), server.sboms.url());
    let places = [
        ("https://cdn.dl.k8s.io/", format!("{cdn}/")),
        ("https://dl.k8s.io/", format!("{files}/")),
        // Not the namespaces of the documents, which are the same as Kubernetes'.
        ("- https://sbom.k8s.io/", format!("- {sboms}/")),
        ("registry: registry.k8s.io", format!("registry: {registry}")),
        (
            "name: kubernetes\n",
            "name: kubernetes-testbed\n".to_owned(),
        ),
    ];
    let own = Profile::kubernetes_text().lines().filter(|line| {
        // An address of a bucket that nobody here has.
        !line.starts_with('#') && !line.contains("//storage.googleapis.com/")
    });
    let text: String = own
        .map(|line| {
            let line = format!("{line}\n");
            // What a document calls itself is the same everywhere.
            match line.trim_start().starts_with("namespace:") {
                true => line,
                false => places
                    .iter()
                    .fold(line, |line, (from, to)| line.replace(from, to)),
            }
        })
        .collect();
    format!("# A miniature of what the Kubernetes project publishes, on a testbed.\n{text}")
}

#[cfg(test)]
mod tests {
    use sealcheck_release::{Channel, Purpose, Version};

    use super::*;

    #[test]
    fn everything_is_at_the_places_and_signed_by_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let server = ReleaseServer::start(folder.path());
        let text = profile(&server, "127.0.0.1:4");
        let mini = Profile::parse(text.as_bytes()).unwrap();
        let version = Version::release(1, 36, 0);
        let at = |path: &str| {
            let addresses = mini.addresses(version, &path.parse().unwrap());
            let addresses = addresses.into_iter().map(|at| at.artifact);
            addresses.collect::<Vec<_>>()
        };
        assert_eq!(
            at("kubernetes.tar.gz"),
            [server.files.at("/release/v1.36.0/kubernetes.tar.gz")]
        );
        assert_eq!(
            at("kubernetes-release.spdx"),
            [
                server.files.at("/release/v1.36.0/kubernetes-release.spdx"),
                server.sboms.at("/v1.36.0/release"),
            ]
        );
        let stable: Channel = "stable-1.36".parse().unwrap();
        assert_eq!(
            mini.channel_address(stable).unwrap(),
            server.files.at("/release/stable-1.36.txt")
        );
        assert_eq!(mini.registry(version), Some("127.0.0.1:4"));
        let cdn = server.cdn.at("/release/v1.36.0/kubernetes.tar.gz");
        assert!(mini.recognise(&cdn).is_some());
        for host in ["dl.k8s.io", "sbom.k8s.io", "storage.googleapis.com"] {
            assert!(!text.contains(&format!("- https://{host}")), "{host}");
        }
        let kubernetes = Profile::kubernetes();
        for purpose in [Purpose::Files, Purpose::Images] {
            let accepted =
                |profile: &Profile| format!("{:?}", profile.accepted(purpose, Some(version)));
            assert_eq!(accepted(&mini), accepted(&kubernetes));
        }
    }
}
