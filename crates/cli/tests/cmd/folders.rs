//! `verify-blob` on several files and folders: what is verified, what is left out, and which place decided.

use crate::sandbox::Sandbox;

#[test]
fn several_files_and_folders_end_with_a_summary() {
    let sandbox = Sandbox::new();
    sandbox.write("dist/a", b"hello");
    sandbox.write("dist/a.sigstore.json", sandbox.read("app.sigstore.json"));
    sandbox.write("dist/b", b"tampered");
    sandbox.write("dist/b.sigstore.json", sandbox.read("app.sigstore.json"));
    sandbox.write("dist/c", b"unsigned");
    let run = sandbox.verify(&["app", "dist", "-o", "text"]).exits(1);
    sandbox.golden("several", &run);
    let run = sandbox.verify(&["dist"]).exits(1);
    let outcomes: Vec<_> = run.result()["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(outcomes, ["verified", "rejected", "unsigned"]);
    sandbox
        .verify(&["app", "dist/a", "--bundle", "app.sigstore.json"])
        .exits(2);
    std::fs::create_dir(sandbox.path("nothing")).unwrap();
    sandbox.verify(&["nothing"]).exits(2);
}

#[test]
fn a_file_that_is_only_named_like_a_proof_is_verified_itself() {
    let sandbox = Sandbox::new();
    sandbox.write("dist/app", b"hello");
    sandbox.write("dist/app.sigstore.json", sandbox.read("app.sigstore.json"));
    sandbox.write("dist/app.bundle", b"#!/bin/sh\nexec evil\n");
    let run = sandbox.verify(&["dist"]).exits(4);
    let document = run.result();
    let results: Vec<_> = document["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| (&result["artifact"]["name"], &result["outcome"]))
        .collect();
    assert_eq!(
        serde_json::json!(results),
        serde_json::json!([["dist/app", "verified"], ["dist/app.bundle", "unsigned"]])
    );
    assert!(
        run.stderr
            .contains("note: 1 file is the proof of a file beside it"),
        "{}",
        run.stderr
    );
    let run = sandbox
        .verify(&["dist", "--verbose", "-o", "text"])
        .exits(4);
    assert!(
        run.stderr
            .contains("note: dist/app.sigstore.json is left out: the proof of")
    );
}

/// Whatever lies beside a good proof and only looks like one.
#[test]
fn what_only_looks_like_a_proof_is_verified_itself() {
    let sandbox = Sandbox::new();
    let bundle = sandbox.read("app.sigstore.json");
    let other = sandbox.sigstore.attest_blob(b"other");
    let genuine = sandbox.sigstore.attest_blob(b"hello");
    let elsewhere = sealcheck_testkit::Instance::new().attest_blob(b"hello");
    let raw: Vec<u8> = (0..=255).map(|byte: u8| byte.wrapping_mul(167)).collect();
    let letters = format!("{}eg==", "evil".repeat(21));
    for (name, content, code) in [
        (
            "app.sig",
            [&b"#!/bin/sh\nexec evil \xff\n#"[..], &[b' '; 231]].concat(),
            4,
        ),
        ("app.sig", letters.into_bytes(), 4),
        ("app.sig", raw, 4),
        ("app.intoto.jsonl", other.bundle_bytes(), 4),
        ("app.intoto.jsonl", elsewhere.bundle_bytes(), 4),
        (
            "app.bundle",
            sandbox.sigstore.sign_blob(b"other").bundle_bytes(),
            4,
        ),
        // By the same signer about the same file: it is no signature, and proves all the same.
        ("app.intoto.jsonl", genuine.bundle_bytes(), 0),
        ("app.bundle", bundle.clone().into_bytes(), 0),
    ] {
        let _ = std::fs::remove_dir_all(sandbox.path("dist"));
        sandbox.write("dist/app", b"hello");
        sandbox.write("dist/app.sigstore.json", &bundle);
        let path = format!("dist/{name}");
        sandbox.write(&path, content);
        let document = sandbox.verify(&["dist"]).exits(code).result();
        let results = document["results"].as_array().unwrap();
        let left_out = document["leftOut"].as_array().unwrap();
        assert_eq!(results[0]["outcome"], "verified", "{name}");
        assert_eq!(
            left_out.iter().any(|left| left["path"] == path),
            code == 0,
            "{document}"
        );
        assert_eq!(
            results
                .iter()
                .any(|result| result["artifact"]["name"] == path),
            code != 0
        );
        let proof = "dist/app.sigstore.json";
        assert!(
            left_out.iter().any(|left| left["path"] == proof),
            "{document}"
        );
    }
}

#[test]
fn the_document_says_which_place_decided() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "app.bundle",
        sandbox.sigstore.sign_blob(b"other").bundle_bytes(),
    );
    let document = sandbox.verify(&["app"]).exits(0).result();
    let places: Vec<_> = document["results"][0]["places"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|place| place["found"] == "present")
        .map(|place| serde_json::json!([place["place"], place["outcome"], place["decided"]]))
        .collect();
    let expected = serde_json::json!([
        ["app.sigstore.json", "verified", true],
        ["app.bundle", "rejected", false]
    ]);
    assert_eq!(serde_json::json!(places), expected);
    let text = sandbox.verify(&["app", "-o", "text"]).exits(0).stdout;
    assert!(text.contains("proof         app.sigstore.json ("), "{text}");
}

#[cfg(unix)]
#[test]
fn the_document_lists_what_is_left_out_of_a_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("dist/app", b"hello");
    sandbox.write("dist/app.sigstore.json", sandbox.read("app.sigstore.json"));
    std::os::unix::fs::symlink("..", sandbox.path("dist/up")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(sandbox.path("dist/pipe"))
        .status();
    assert!(made.unwrap().success());
    let document = sandbox.verify(&["dist"]).exits(0).result();
    let paths: Vec<_> = document["leftOut"]
        .as_array()
        .unwrap()
        .iter()
        .map(|left| (left["path"].as_str().unwrap(), left["why"].is_string()))
        .collect();
    assert_eq!(
        paths,
        [
            ("dist/pipe", true),
            ("dist/up", true),
            ("dist/app.sigstore.json", true)
        ]
    );
    // A proof that is named is no artifact of the folder either.
    let named = ["dist", "--bundle", "dist/app.sigstore.json"];
    sandbox.verify(&named).exits(0);
    // When another one is named, nobody looked at this one.
    let named = ["dist", "--bundle", "app.sigstore.json"];
    let document = sandbox.verify(&named).exits(1).result();
    assert_eq!(document["results"].as_array().unwrap().len(), 2);
}

#[test]
fn what_many_places_have_in_common_is_said_once() {
    let sandbox = Sandbox::new();
    let who = sandbox.who();
    // Nobody listens on this port of the loopback interface.
    let line = [
        "verify-blob",
        "http://127.0.0.1:1/app",
        "--trusted-root",
        "root.json",
        "-o",
        "text",
        "--identity",
        &who.identity,
        "--issuer",
        &who.issuer,
    ];
    let run = sandbox.run(&line).exits(3);
    assert_eq!(run.stdout.matches("refused").count(), 1, "{}", run.stdout);
    assert_eq!(run.stdout.matches("127.0.0.1:1/app.sig\n").count(), 1);
}
