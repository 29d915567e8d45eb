use sealcheck_verify::Reason;

use super::*;

fn parse(text: &str) -> Result<Registries, Failure> {
    file::parse(text.as_bytes(), Path::new("/etc/sealcheck"))
}

fn places(registries: &Registries, repository: &str) -> Vec<String> {
    let repository = Repository::parse(repository).unwrap();
    registries
        .endpoints(&repository)
        .into_iter()
        .map(|endpoint| format!("{}/{}", endpoint.host, endpoint.path))
        .collect()
}

#[test]
fn without_settings_a_repository_is_where_its_name_says() {
    for text in ["", "\n", "# nothing\n", "{}", "repositories: []"] {
        let registries = parse(text).unwrap();
        assert_eq!(registries, Registries::default(), "{text:?}");
    }
    let none = Registries::default();
    assert_eq!(places(&none, "r.example:5000/app"), ["r.example:5000/app"]);
    assert_eq!(
        places(&none, "nginx"),
        ["registry-1.docker.io/library/nginx"]
    );
}

#[test]
fn mirrors_come_first_and_a_rewrite_takes_the_place_of_the_origin() {
    let registries = parse(
        "repositories:
  - prefix: registry.k8s.io
    mirrors: [one.example:5000/k8s, two.example]
  - prefix: registry.k8s.io/sig
    mirrors: [sig.example]
  - prefix: docker.io/library
    rewrite: hub.example/official
  - prefix: quay.io/acme/app
    rewrite: apps.example/renamed
  - prefix: index.docker.io
    mirrors: [docker.io/mirrored]
",
    )
    .unwrap();
    for (repository, expected) in [
        (
            "registry.k8s.io/pause",
            &[
                "one.example:5000/k8s/pause",
                "two.example/pause",
                "registry.k8s.io/pause",
            ][..],
        ),
        // The longest prefix counts, and ends at a slash.
        (
            "registry.k8s.io/sig/x",
            &["sig.example/x", "registry.k8s.io/sig/x"],
        ),
        (
            "registry.k8s.io/signal",
            &[
                "one.example:5000/k8s/signal",
                "two.example/signal",
                "registry.k8s.io/signal",
            ],
        ),
        ("nginx", &["hub.example/official/nginx"]),
        (
            "acme/app",
            &[
                "registry-1.docker.io/mirrored/acme/app",
                "registry-1.docker.io/acme/app",
            ],
        ),
        ("quay.io/acme/app", &["apps.example/renamed"]),
        ("quay.io/acme/app/part", &["apps.example/renamed/part"]),
        ("quay.io/acme/apple", &["quay.io/acme/apple"]),
        (
            "registry.k8s.io.evil.example/pause",
            &["registry.k8s.io.evil.example/pause"],
        ),
        ("registry.k8s.io:443/pause", &["registry.k8s.io:443/pause"]),
    ] {
        assert_eq!(places(&registries, repository), expected, "{repository}");
    }
}

#[test]
fn settings_of_a_host_reach_the_network() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "hunter2\n").unwrap();
    let text = "registries:
  r.example:5000:
    ca-files: [ca.pem, /abs/ca.pem]
    client-certificate: {certificate: c.pem, key: c.key}
    max-in-flight: 3
    requests-per-second: 4
    credentials: {username: robot, password-file: password}
    token-hosts: [auth.example]
  plain.example:
    http: true
    credentials: {helper: pass}
  docker.io:
    credentials: {anonymous: true}
";
    let registries = file::parse(text.as_bytes(), folder.path()).unwrap();
    let network = registries.network(sealcheck_net::Config::default());
    assert_eq!(network.hosts.len(), 1);
    let host = network.hosts.first().unwrap();
    assert_eq!(host.host, "r.example:5000");
    assert_eq!(
        host.ca_files,
        [folder.path().join("ca.pem"), "/abs/ca.pem".into()]
    );
    assert_eq!(
        host.client_certificate.as_ref().unwrap().key,
        folder.path().join("c.key")
    );
    assert_eq!(host.max_in_flight, Some(3));
    assert_eq!(host.pace, Some(Duration::from_millis(250)));
    let host = registries.host("r.example:5000").unwrap();
    assert_eq!(
        host.credentials,
        Some(Source::Given(Credential::basic(
            "robot",
            "hunter2".to_owned()
        )))
    );
    assert_eq!(
        host.token_hosts.as_deref(),
        Some(&["auth.example".to_owned()][..])
    );
    let host = registries.host("plain.example").unwrap();
    assert_eq!(host.http, Some(true));
    assert_eq!(host.credentials, Some(Source::Helper("pass".to_owned())));
    // Docker Hub's settings are those of its address.
    let host = registries.host("registry-1.docker.io").unwrap();
    assert_eq!(host.credentials, Some(Source::Anonymous));
    assert!(!format!("{registries:?}").contains("hunter2"));
}

/// Paths in the settings are relative to them, so that the cure of a file on the command line would mislead.
#[test]
fn a_file_with_a_secret_that_is_missing_is_told_with_its_field() {
    let folder = tempfile::tempdir().unwrap();
    for (line, field) in [
        ("{username: robot, password-file: gone}", "password-file"),
        ("{token-file: gone}", "token-file"),
        ("{identity-token-file: gone}", "identity-token-file"),
    ] {
        let text = format!("registries:\n  r.example: {{credentials: {line}}}");
        let failure = file::parse(text.as_bytes(), folder.path()).unwrap_err();
        assert_eq!(failure.reason, Reason::ConfigurationInvalid);
        let place = format!("registries[r.example].credentials.{field}");
        let named = failure.field.as_deref().unwrap();
        assert!(named.ends_with(&place), "{failure}");
        let found = failure.found.as_deref().unwrap();
        assert!(found.contains(&folder.path().join("gone").display().to_string()));
        assert!(failure.to_string().contains("relative to these settings"));
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (text, field, word) in [
        ("mirror: []", "", "mirror"),
        (
            "repositories:\n  - prefix: r.example\n    mirors: [x.example]",
            "repositories[0]",
            "mirors",
        ),
        (
            "repositories:\n  - mirrors: [x.example]",
            "repositories[0]",
            "prefix",
        ),
        (
            "repositories:\n  - prefix: r.example",
            "repositories[0]",
            "neither",
        ),
        (
            "repositories:\n  - prefix: nginx\n    rewrite: r.example",
            "repositories[0].prefix",
            "nginx",
        ),
        (
            "repositories:\n  - prefix: r.example\n    mirrors: [a.example, 'b.example/UPPER']",
            "repositories[0].mirrors[1]",
            "UPPER",
        ),
        (
            "repositories:\n  - prefix: r.example\n    rewrite: 'https://x.example'",
            "repositories[0].rewrite",
            "https",
        ),
        (
            "repositories:\n  - prefix: r.example\n    rewrite: a.example\n  - prefix: R.example\n    rewrite: b.example",
            "repositories[1].prefix",
            "above",
        ),
        (
            "registries:\n  r.example/app: {http: true}",
            "registries[r.example/app]",
            "path",
        ),
        (
            "registries:\n  nginx: {http: true}",
            "registries[nginx]",
            "nginx",
        ),
        (
            "registries:\n  docker.io: {http: false}\n  index.docker.io: {http: false}",
            "registries[index.docker.io]",
            "another name",
        ),
        (
            "registries:\n  r.example: {password: hunter2}",
            "registries.r.example",
            "password",
        ),
        (
            "registries:\n  r.example: {http: maybe}",
            "registries.r.example.http",
            "boolean (line 2, column 21)",
        ),
        (
            "registries:\n  r.example: {http: true, ca-files: [x]}",
            "registries[r.example].http",
            "certificates",
        ),
        (
            "registries:\n  r.example: {max-in-flight: 0}",
            "registries[r.example].max-in-flight",
            "0",
        ),
        (
            "registries:\n  r.example: {requests-per-second: 0}",
            "registries[r.example].requests-per-second",
            "0",
        ),
        (
            "registries:\n  r.example: {requests-per-second: .inf}",
            "registries[r.example].requests-per-second",
            "inf",
        ),
        (
            "registries:\n  r.example: {credentials: {username: x}}",
            "registries[r.example].credentials",
            "another combination",
        ),
        (
            "registries:\n  r.example: {credentials: {helper: x, anonymous: true}}",
            "registries[r.example].credentials",
            "another combination",
        ),
        (
            "registries:\n  r.example: {credentials: {anonymous: false}}",
            "registries[r.example].credentials",
            "another combination",
        ),
        (
            "registries:\n  r.example: {client-certificate: {certificate: x}}",
            "registries.r.example.client-certificate",
            "key",
        ),
        ("repositories: x", "repositories", ""),
        ("- x", "", ""),
        (
            "registries:\n  r.example: {http: true}\n  r.example: {http: true}",
            "",
            "duplicate",
        ),
    ] {
        let failure = match parse(text) {
            Err(failure) => failure,
            Ok(registries) => panic!("{text:?} was read as {registries:?}"),
        };
        assert_eq!(failure.reason, Reason::ConfigurationInvalid, "{failure}");
        assert!(
            failure
                .field
                .as_deref()
                .unwrap_or_default()
                .starts_with(field),
            "{text:?}: {failure}"
        );
        assert!(failure.to_string().contains(word), "{text:?}: {failure}");
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_named_by_its_file() {
    let text = "registries:\n  r.example: {credentials: {token-file: does-not-exist}}";
    let failure = parse(text).unwrap_err();
    assert_eq!(failure.reason, Reason::ConfigurationInvalid);
    assert!(
        failure
            .to_string()
            .contains("/etc/sealcheck/does-not-exist"),
        "{failure}"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    let text = "registries:\n  r.example: {credentials: {identity-token-file: empty}}";
    let failure = file::parse(text.as_bytes(), folder.path()).unwrap_err();
    assert_eq!(failure.reason, Reason::ConfigurationInvalid);
    assert!(
        failure.to_string().contains("identity-token-file"),
        "{failure}"
    );
}

#[test]
fn a_file_is_read_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registries.yaml");
    assert_eq!(
        Registries::read(&path).unwrap_err().reason,
        Reason::FileNotFound
    );
    std::fs::write(&path, "registries:\n  r.example: {htp: true}\n").unwrap();
    let failure = Registries::read(&path).unwrap_err().to_string();
    assert!(
        failure.contains("registries.yaml") && failure.contains("htp"),
        "{failure}"
    );
    std::fs::write(&path, "registries:\n  r.example: {http: true}\n").unwrap();
    assert_eq!(
        Registries::read(&path)
            .unwrap()
            .host("r.example")
            .unwrap()
            .http,
        Some(true)
    );
    std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_eq!(
        Registries::read(&path).unwrap_err().reason,
        Reason::LimitExceeded
    );
}

#[test]
fn the_documented_example_is_read() {
    let page = include_str!("../../../../docs/registries.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    // The one in the documentation of the type is the same.
    let of_type: String = include_str!("mod.rs")
        .lines()
        .skip_while(|line| *line != "/// ```yaml")
        .skip(1)
        .take_while(|line| *line != "/// ```")
        .map(|line| {
            format!(
                "{}\n",
                line.trim_start_matches("///").trim_start_matches(' ')
            )
        })
        .collect();
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let without_comments = |text: &str| {
        let lines = text
            .lines()
            .map(|line| line.split(" #").next().unwrap_or_default());
        squeezed(&lines.collect::<Vec<_>>().join("\n"))
    };
    assert_eq!(without_comments(example), without_comments(&of_type));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "hunter2").unwrap();
    let registries = file::parse(example.as_bytes(), folder.path()).unwrap();
    assert_eq!(
        places(&registries, "quay.io/acme/app"),
        ["registry.example/acme/app"]
    );
    assert_eq!(
        registries.host("registry.example").unwrap().http,
        Some(true)
    );
}
