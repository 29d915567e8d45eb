use proptest::prelude::*;

use super::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn short_names_are_read_as_docker_reads_them() {
    let digest = format!("sha256:{HEX}");
    for (text, canonical) in [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("library/nginx", "docker.io/library/nginx:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("docker.io/library/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/acme/app", "docker.io/acme/app:latest"),
        ("acme/app", "docker.io/acme/app:latest"),
        ("acme/team/app", "docker.io/acme/team/app:latest"),
        // Without a dot, a port or a capital, the first part is no host.
        ("registry/app", "docker.io/registry/app:latest"),
        ("docker.io", "docker.io/library/docker.io:latest"),
        ("localhost", "docker.io/library/localhost:latest"),
        ("localhost:5000", "docker.io/library/localhost:5000"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("LOCALHOST/app", "localhost/app:latest"),
        ("Registry:5000/app", "registry:5000/app:latest"),
        ("registry.example/app", "registry.example/app:latest"),
        ("Registry.Example/app", "registry.example/app:latest"),
        (
            "registry.example:5000/app",
            "registry.example:5000/app:latest",
        ),
        (
            "registry.example:5000/app:v1",
            "registry.example:5000/app:v1",
        ),
        (
            "registry-1.docker.io/library/nginx",
            "registry-1.docker.io/library/nginx:latest",
        ),
        ("10.0.0.1/app", "10.0.0.1/app:latest"),
        ("10.0.0.1:443/app", "10.0.0.1:443/app:latest"),
        ("[::1]/app", "[::1]/app:latest"),
        ("[::1]:5000/app:v1", "[::1]:5000/app:v1"),
        (
            "[2001:DB8:0:0::1]:5000/app",
            "[2001:db8::1]:5000/app:latest",
        ),
        (
            "xn--bcher-kva.example/app",
            "xn--bcher-kva.example/app:latest",
        ),
        (
            "r.example/a.b_c__d-e---f/g0",
            "r.example/a.b_c__d-e---f/g0:latest",
        ),
        ("nginx:_x.Y-9", "docker.io/library/nginx:_x.Y-9"),
        (
            "docker.io/library/index.docker.io",
            "docker.io/library/index.docker.io:latest",
        ),
    ] {
        let reference = Reference::parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(reference.to_string(), canonical, "{text}");
        // The canonical form means itself.
        assert_eq!(
            Reference::parse(canonical).as_ref(),
            Ok(&reference),
            "{text}"
        );
        let pinned = format!("{text}@{digest}");
        let pinned = Reference::parse(&pinned).unwrap();
        assert_eq!(pinned.repository(), reference.repository());
        assert_eq!(pinned.digest().unwrap().to_string(), digest);
    }
}

#[test]
fn a_digest_decides_and_a_tag_beside_it_is_a_name() {
    let digest = format!("sha256:{HEX}");
    let alone = Reference::parse(&format!("nginx@{digest}")).unwrap();
    assert_eq!(alone.tag(), None);
    assert_eq!(
        alone.to_string(),
        format!("docker.io/library/nginx@{digest}")
    );
    let both = Reference::parse(&format!("r.example:5000/app:v1@{digest}")).unwrap();
    assert_eq!(both.tag(), Some("v1"));
    assert_eq!(both.target().to_string(), digest);
    assert_eq!(both.to_string(), format!("r.example:5000/app:v1@{digest}"));
    let pinned = Reference::parse("nginx:1.27").unwrap();
    let pinned = pinned.with_digest(digest.parse().unwrap());
    assert_eq!(
        pinned.to_string(),
        format!("docker.io/library/nginx:1.27@{digest}")
    );
}

#[test]
fn what_is_no_reference_is_refused_with_the_part_that_is_wrong() {
    let long_tag = format!("app:{}", "t".repeat(129));
    let long_name = format!("r.example/{}", "a".repeat(246));
    let upper = format!("app@sha256:{}", HEX.to_uppercase());
    let sha1 = format!("app@sha1:{}", "0".repeat(40));
    for (text, part) in [
        ("", "repository"),
        ("/", "repository"),
        ("app/", "repository"),
        ("/app", "repository"),
        ("a//b", "repository"),
        ("App", "repository"),
        ("acme/App", "repository"),
        ("r.example/App", "repository"),
        ("-app", "repository"),
        ("app-", "repository"),
        ("a..b", "repository"),
        ("a___b", "repository"),
        ("a._b", "repository"),
        ("a b", "repository"),
        ("äpp", "repository"),
        ("app\n", "repository"),
        ("docker.io/", "repository"),
        (HEX, "repository"),
        (&long_name, "repository"),
        ("https://r.example/app", "registry"),
        ("my_registry:5000/app", "registry"),
        ("r..example/app", "registry"),
        ("-r.example/app", "registry"),
        ("r.example-/app", "registry"),
        ("r.example./app", "registry"),
        ("user@r.example/app", "digest"),
        ("[::1/app", "registry"),
        ("[::1]x/app", "registry"),
        ("[::g]/app", "registry"),
        ("[fe80::1%25eth0]/app", "registry"),
        ("[127.0.0.1]/app", "registry"),
        ("::1/app", "registry"),
        // Docker takes this for the host `Registry`, which in lower case would be a name on Docker Hub.
        ("Registry/app", "registry"),
        ("r.example:/app", "port"),
        ("r.example:0/app", "port"),
        ("r.example:65536/app", "port"),
        ("r.example:+80/app", "port"),
        ("r.example:8o/app", "port"),
        ("app:", "tag"),
        ("app:.v1", "tag"),
        ("app:-v1", "tag"),
        ("app:v 1", "tag"),
        ("app:v1:v2", "repository"),
        (&long_tag, "tag"),
        ("app@", "digest"),
        ("app@sha256", "digest"),
        ("app@sha256:abc", "digest"),
        ("app@md5:d41d8cd98f00b204e9800998ecf8427e", "digest"),
        (&sha1, "digest"),
        (&upper, "digest"),
        (
            "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "repository",
        ),
    ] {
        let error = match Reference::parse(text) {
            Err(error) => error,
            Ok(reference) => panic!("{text:?} was read as {reference}"),
        };
        assert_eq!(error.part, part, "{error}");
        assert!(error.to_string().contains(error.expected), "{error}");
    }
}

#[test]
fn names_and_tags_may_be_as_long_as_registries_allow() {
    let tag = "t".repeat(128);
    assert!(Reference::parse(&format!("app:{tag}")).is_ok());
    let name = format!("r.example/{}", "a".repeat(245));
    assert_eq!(
        Reference::parse(&name)
            .unwrap()
            .repository()
            .to_string()
            .len(),
        255
    );
}

#[test]
fn a_repository_has_no_tag_and_no_digest() {
    assert_eq!(
        Repository::parse("r.example:5000/a/b").unwrap().to_string(),
        "r.example:5000/a/b"
    );
    assert_eq!(
        Repository::parse("nginx").unwrap().to_string(),
        "docker.io/library/nginx"
    );
    for text in ["nginx:1", "r.example:5000/a:b", "a@sha256:x"] {
        assert!(Repository::parse(text).is_err(), "{text}");
    }
}

#[test]
fn tags_are_made_from_digests_as_the_tools_make_them() {
    let repository = Repository::parse("r.example/app").unwrap();
    let sha256: Digest = format!("sha256:{HEX}").parse().unwrap();
    let sha512: Digest = format!("sha512:{}", "ab".repeat(64)).parse().unwrap();
    for (what, suffix) in [
        (Attached::Signature, ".sig"),
        (Attached::Attestation, ".att"),
        (Attached::Sbom, ".sbom"),
        (Attached::Referrers, ""),
    ] {
        let reference = repository.attached(&sha256, what).unwrap();
        assert_eq!(
            reference.to_string(),
            format!("r.example/app:sha256-{HEX}{suffix}")
        );
    }
    // The referrers tag is cut; cosign's would be longer than a tag can be.
    assert_eq!(
        repository
            .attached(&sha512, Attached::Referrers)
            .unwrap()
            .tag(),
        Some(format!("sha512-{}", "ab".repeat(32)).as_str())
    );
    assert_eq!(repository.attached(&sha512, Attached::Signature), None);
}

#[test]
fn hostile_text_does_not_reach_the_terminal() {
    let error = Reference::parse("a\u{1b}[2Jb").unwrap_err().to_string();
    assert!(!error.contains('\u{1b}'), "{error}");
}

fn component() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}((\\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}"
}

proptest! {
    #[test]
    fn what_the_grammar_makes_is_read_and_written_as_it_was(
        host in "([a-z0-9]{1,6}\\.){1,2}[a-z0-9]{1,6}(:[1-9][0-9]{0,3})?",
        path in proptest::collection::vec(component(), 1..4),
        tag in proptest::option::of("[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,30}"),
        digest in proptest::option::of("[0-9a-f]{64}"),
    ) {
        let mut text = format!("{host}/{}", path.join("/"));
        match (&tag, &digest) {
            (None, None) => text.push_str(":latest"),
            (Some(tag), None) => text.push_str(&format!(":{tag}")),
            (None, Some(hex)) => text.push_str(&format!("@sha256:{hex}")),
            (Some(tag), Some(hex)) => text.push_str(&format!(":{tag}@sha256:{hex}")),
        }
        let reference = Reference::parse(&text).unwrap();
        prop_assert_eq!(reference.registry(), host);
        prop_assert_eq!(reference.repository().path(), path.join("/"));
        prop_assert_eq!(reference.to_string(), text);
    }

    #[test]
    fn any_text_is_read_into_a_canonical_form_or_refused(text in "\\PC{0,60}|[a-zA-Z0-9:/@._\\[\\]-]{0,60}") {
        if let Ok(reference) = Reference::parse(&text) {
            let canonical = reference.to_string();
            prop_assert_eq!(Reference::parse(&canonical), Ok(reference));
            // No part can lead out of its place in a URL.
            prop_assert!(!canonical.contains(['?', '#', '%', '\\', ' ']), "{}", canonical);
            prop_assert!(!canonical.contains(".."), "{}", canonical);
        }
    }
}
