//! Profiles with mistakes in them.

use super::*;

#[test]
fn mistakes_are_told_with_line_and_field() {
    let files =
        "files:\n  addresses: ['https://a.test/{version}/{path}']\n  proofs: [{bundle: .b}]\n";
    let signer = "signers:\n  - {subject: s, issuer: i, for: [files]";
    for (text, line, field, word) in [
        (format!("name: n\n{files}"), None, "", "signers"),
        (format!("nam: n\n{files}{signer}}}\n"), Some(1), "", "nam"),
        (
            format!("name: n\nname: m\n{files}{signer}}}\n"),
            Some(2),
            "",
            "duplicate",
        ),
        (
            format!("name: ''\n{files}{signer}}}\n"),
            Some(1),
            "name",
            "short text",
        ),
        (
            format!("name: \"a\\nb\"\n{files}{signer}}}\n"),
            Some(1),
            "name",
            "one line",
        ),
        (
            format!("name: n\n{files}  since: v1.2.3-rc.1\n{signer}}}\n"),
            Some(5),
            "files.since",
            "v1.2.3-rc.1",
        ),
        (
            format!("name: n\n{files}  since: v1.2\n{signer}}}\n"),
            Some(5),
            "files.since",
            "nearest: v1.2.0",
        ),
        (
            format!("name: n\n{files}  channels: 'https://a.test/{{path}}'\n{signer}}}\n"),
            Some(5),
            "files.channels",
            "{channel}",
        ),
        (
            format!(
                "name: n\n{files}  checksums: [{{suffix: sha, algorithm: sha256}}]\n{signer}}}\n"
            ),
            Some(5),
            "files.checksums[0].suffix",
            ".sig",
        ),
        (
            format!(
                "name: n\n{files}  checksums: [{{suffix: .sha1, algorithm: sha1}}]\n{signer}}}\n"
            ),
            Some(5),
            "files.checksums[0].algorithm",
            "sha512",
        ),
        (
            format!("name: n\n{files}  forms: [{{path: '{{os}}/x', is: binary}}]\n{signer}}}\n"),
            Some(5),
            "files.forms[0].path",
            "together",
        ),
        (
            format!("name: n\n{files}  forms: [{{path: x, is: program}}]\n{signer}}}\n"),
            Some(5),
            "files.forms[0].is",
            "program",
        ),
        (
            format!("name: n\n{files}sboms: [{{name: a, path: ../a}}]\n{signer}}}\n"),
            Some(5),
            "sboms[0].path",
            "..",
        ),
        (
            format!(
                "name: n\n{files}sboms:\n  - {{name: a, path: a, document-name: 'a {{version}}'}}\n  - {{name: a, path: b, document-name: 'b {{version}}'}}\n{signer}}}\n"
            ),
            Some(7),
            "sboms[1]",
            "above",
        ),
        (
            format!(
                "name: n\n{files}sboms: [{{name: a, path: a, document-name: 'a {{version}}', addresses: ['https://a.test/x']}}]\n{signer}}}\n"
            ),
            Some(5),
            "sboms[0].addresses[0]",
            "{version}",
        ),
        (
            format!(
                "name: n\n{files}sboms:\n  - {{name: a, path: a, document-name: 'a {{version}}'}}\n  - {{name: b, path: b, document-name: 'a {{version}}'}}\n{signer}}}\n"
            ),
            Some(7),
            "sboms[1]",
            "above",
        ),
        (
            format!("name: n\n{files}sboms: [{{name: a, path: a}}]\n{signer}}}\n"),
            Some(5),
            "sboms[0]",
            "document-name",
        ),
        (
            format!(
                "name: n\n{files}sboms: [{{name: a, path: a, document-name: a}}]\n{signer}}}\n"
            ),
            Some(5),
            "sboms[0].document-name",
            "{version}",
        ),
        (
            format!("name: n\n{files}images: {{registries: []}}\n{signer}}}\n"),
            None,
            "images.registries",
            "none",
        ),
        (
            format!(
                "name: n\n{files}images: {{registries: [{{registry: 'https://r.test'}}]}}\n{signer}}}\n"
            ),
            Some(5),
            "images.registries[0]",
            "registry.k8s.io",
        ),
        (
            format!(
                "name: n\n{files}images: {{registries: [{{registry: r.test, since: v2.0.0, before: v1.0.0}}]}}\n{signer}}}\n"
            ),
            Some(5),
            "images.registries[0].before",
            "after",
        ),
        (
            format!(
                "name: n\n{files}images:\n  registries:\n    - {{registry: a.test, before: v2.0.0}}\n    - {{registry: b.test, since: v1.0.0}}\n{signer}}}\n"
            ),
            Some(8),
            "images.registries[1]",
            "one registry",
        ),
        (
            format!(
                "name: n\n{files}attestations: [{{is: files, predicate-type: t}}]\n{signer}}}\n"
            ),
            Some(5),
            "attestations[0].is",
            "promotion-records",
        ),
        (
            format!(
                "name: n\n{files}attestations:\n  - {{is: promotion-records, predicate-type: t}}\n  - {{is: promotion-records, predicate-type: u}}\n{signer}}}\n"
            ),
            Some(7),
            "attestations[1]",
            "above",
        ),
        (
            format!("name: n\n{files}{signer}, since: tomorrow}}\n"),
            Some(6),
            "signers[0].since",
            "2026-10-01",
        ),
        (
            format!("name: n\n{files}{signer}, since: 2026-02-30}}\n"),
            Some(6),
            "signers[0].since",
            "2026-02-30",
        ),
        (
            format!("name: n\n{files}{signer}, since: 2026-02-02, before: 2026-02-02}}\n"),
            Some(6),
            "signers[0].before",
            "after",
        ),
        (
            format!("name: n\n{files}{signer}, since: v1.1.0, before: v1.0.0}}\n"),
            Some(6),
            "signers[0].before",
            "after",
        ),
        (
            format!("name: n\n{files}{signer}, accepted: no}}\n"),
            Some(6),
            "signers[0]",
            "accepted",
        ),
        (
            format!("name: n\n{files}signers:\n  - {{subject: '', issuer: i, for: [files]}}\n"),
            Some(6),
            "signers[0].subject",
            "short text",
        ),
        (
            format!("name: n\n{files}signers:\n  - {{subject: s, for: [files]}}\n"),
            Some(6),
            "signers[0]",
            "issuer",
        ),
        (
            format!("name: n\n{files}signers:\n  - {{subject: s, issuer: i, for: []}}\n"),
            Some(6),
            "signers[0].for",
            "at least one",
        ),
        (
            format!(
                "name: n\n{files}signers:\n  - {{subject: s, issuer: i, for: [files, files]}}\n"
            ),
            Some(6),
            "signers[0].for",
            "once",
        ),
        (
            format!("name: n\n{files}signers:\n  - {{subject: s, issuer: i, for: [everything]}}\n"),
            Some(6),
            "signers[0].for",
            "everything",
        ),
        (
            format!(
                "name: n\n{files}{signer}}}\n  - {{subject: s, issuer: i, for: [images, files], not-accepted: why}}\n"
            ),
            Some(7),
            "signers[1]",
            "above",
        ),
        (
            format!("name: n\n{files}unsigned: [{{path: '[', because: b}}]\n{signer}}}\n"),
            Some(5),
            "unsigned[0].path",
            "",
        ),
        (
            format!("name: n\nfiles:\n  addresses: []\n  proofs: [{{bundle: .b}}]\n{signer}}}\n"),
            None,
            "files.addresses",
            "none",
        ),
        (
            format!(
                "name: n\nfiles:\n  addresses: ['https://a.test/{{version}}/{{path}}']\n  proofs: []\n{signer}}}\n"
            ),
            None,
            "files.proofs",
            "none",
        ),
        (
            format!(
                "name: n\nfiles:\n  addresses: ['https://a.test/{{version}}/{{path}}']\n  proofs: [{{signature: .sig}}]\n{signer}}}\n"
            ),
            Some(4),
            "files.proofs[0]",
            "another combination",
        ),
        (
            format!(
                "name: n\nfiles:\n  addresses: ['https://a.test/{{version}}/{{path}}']\n  proofs: [{{bundle: .b, signature: .s}}]\n{signer}}}\n"
            ),
            Some(4),
            "files.proofs[0]",
            "another combination",
        ),
        ("- x".to_owned(), Some(1), "", ""),
        (String::new(), None, "", ""),
    ] {
        match Profile::parse(text.as_bytes()) {
            Err(error @ ProfileError::Invalid { .. }) => {
                let ProfileError::Invalid {
                    line: at,
                    field: found,
                    ..
                } = &error
                else {
                    unreachable!()
                };
                assert!(found.starts_with(field), "{text}\n{error}");
                assert!(error.to_string().contains(word), "{text}\n{error}");
                if line.is_some() {
                    assert_eq!(*at, line, "{text}\n{error}");
                }
                assert_eq!(error.reason(), Reason::ConfigurationInvalid);
            }
            other => panic!("{text}\n{other:?}"),
        }
    }
}

#[test]
fn profiles_are_limited() {
    let mut large = SMALL.as_bytes().to_vec();
    large.resize(PROFILE_BYTES.max + 1, b'#');
    assert_eq!(
        Profile::parse(&large).unwrap_err(),
        ProfileError::TooLarge {
            limit: PROFILE_BYTES
        }
    );
    assert!(
        Profile::parse(b"name: \xff")
            .unwrap_err()
            .to_string()
            .contains("UTF-8")
    );
    let entries = |count: usize| {
        format!(
            "{SMALL}unsigned:\n{}",
            "  - {path: a, because: b}\n".repeat(count)
        )
    };
    assert!(Profile::parse(entries(PROFILE_ENTRIES.max).as_bytes()).is_ok());
    let error = Profile::parse(entries(PROFILE_ENTRIES.max + 1).as_bytes()).unwrap_err();
    assert!(error.to_string().contains(PROFILE_ENTRIES.name), "{error}");
    let long = SMALL.replace(
        "dl.acme.test",
        &format!("{}.test", "a".repeat(PROFILE_TEXT_BYTES.max)),
    );
    let error = Profile::parse(long.as_bytes()).unwrap_err();
    assert!(
        error.to_string().contains(PROFILE_TEXT_BYTES.name),
        "{error}"
    );
    let long = SMALL.replace(
        "name: acme",
        &format!("name: {}", "a".repeat(PROFILE_TEXT_BYTES.max + 1)),
    );
    assert!(Profile::parse(long.as_bytes()).is_err());
}

#[test]
fn a_file_is_read_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("profile.yaml");
    let error = Profile::read(&file).unwrap_err();
    assert_eq!(error.reason(), Reason::FileNotFound);
    assert!(error.to_string().contains("profile.yaml"), "{error}");
    std::fs::write(&file, SMALL).unwrap();
    assert_eq!(Profile::read(&file).unwrap().name, "acme");
    std::fs::write(&file, vec![b'#'; PROFILE_BYTES.max + 1]).unwrap();
    assert_eq!(
        Profile::read(&file).unwrap_err().reason(),
        Reason::LimitExceeded
    );
}
