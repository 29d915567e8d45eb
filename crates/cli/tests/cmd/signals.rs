//! What is left when a signal ends the program: nothing.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use sealcheck_registry::double::Access;

use crate::scene::Scene;

/// A program that starts another one and waits for it.
const HANGS: &str = "#!/bin/sh\nexec 3> pipe\nsleep 60 &\nwait\n";

#[test]
fn a_credential_helper_ends_with_the_program() {
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let scene = Scene::new();
        let double = scene.serve();
        double.access(Access::Basic {
            username: "user".to_owned(),
            password: "hunter2".to_owned(),
        });
        let helper = scene.sandbox.path("docker-credential-hangs");
        std::fs::write(&helper, HANGS).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = r#"{"credsStore":"hangs"}"#;
        scene.sandbox.write("docker/config.json", config);
        let pipe = scene.sandbox.path("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );

        let image = format!("{}/app:v1", double.host());
        let path = format!("{}:/usr/bin:/bin", scene.sandbox.path("").display());
        let mut program = scene
            .sandbox
            .command(&["tree", &image])
            .env("PATH", path)
            .env("DOCKER_CONFIG", scene.sandbox.path("docker"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Opened when the helper runs; closed by the kernel when the last of those has ended that hold it.
        let (sender, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut file = std::fs::File::open(pipe).unwrap();
            sender.send("runs").unwrap();
            std::io::copy(&mut file, &mut std::io::sink()).unwrap();
            sender.send("ended").ok();
        });
        let next = || told.recv_timeout(Duration::from_secs(25));
        assert_eq!(next(), Ok("runs"));
        let process = program.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &process]).status();
        assert!(kill.unwrap().success());
        assert_eq!(program.wait().unwrap().signal(), Some(number));
        assert_eq!(next(), Ok("ended"), "something of the helper still runs");
    }
}
