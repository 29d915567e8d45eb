//! The commands of docs/images.md, executed as they stand there.

use std::path::Path;

use sealcheck_testkit::image::Repository;
use serde_json::json;

use crate::sandbox::finish;
use crate::scene::Scene;

const SIGNERS: [&str; 2] = ["build@example.com", "qa@example.com"];

/// An index with two platforms, signed by two signers and attested by one.
fn scene() -> Scene {
    let mut repository = Repository::new();
    let (index, _) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
    let mut scene = Scene::of(repository, index);
    let index = scene.image.clone();
    let signatures = SIGNERS.map(|signer| scene.sign(signer));
    scene.repository.attach_signatures(&index, &signatures);
    let predicate = json!({ "builder": "me" });
    let kind = "https://slsa.dev/provenance/v1";
    let attestation = scene.attest_by(SIGNERS[0], kind, predicate);
    scene.repository.attach_attestations(&index, &[attestation]);
    scene
}

#[test]
fn the_commands_of_the_page_on_images_work() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images.md");
    let page = std::fs::read_to_string(path).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let commands: Vec<String> = blocks
        .filter_map(|block| block.split_once("```"))
        .flat_map(|(block, _)| {
            let joined = block.replace("\\\n", " ");
            joined.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    assert!(commands.len() >= 10, "{commands:?}");
    let scene = scene();
    let double = scene.serve();
    let host = double.host();
    scene
        .sandbox
        .write("images.txt", format!("{host}/app:v1\n{host}/app:v1\n"));
    for command in commands {
        let here = command.replace("registry.example", &host);
        let mut words = here.split_whitespace();
        assert_eq!(words.next(), Some("sealcheck"), "{command}");
        let mut run = scene.sandbox.command(&words.collect::<Vec<_>>());
        // Who must have signed stands on the page, whom to trust for it does not.
        if command.contains("--identity") {
            run.args(["--trusted-root", "root.json"]);
        }
        let run = finish(&mut run);
        assert_eq!(run.code, 0, "{command}\n{}\n{}", run.stdout, run.stderr);
        assert!(!run.stdout.is_empty(), "{command}");
    }
}
