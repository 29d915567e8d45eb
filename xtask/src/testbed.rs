//! `cargo xtask testbed`: the private Sigstore of real peers, for a person to play with.

use std::fs;
use std::io::Read;

use anyhow::Result;
use clap::{Args, Subcommand};
use sealcheck_release::Version;
use sealcheck_testbed::release::{
    ISSUER, KREL_STAGING, KREL_TRUST, MiniRelease, ODD_FILE, ODD_VERSION, ReleaseServer,
};
use sealcheck_testbed::{Part, Testbed};

use crate::process;

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Build the peers, as far as they are not in the cache
    Build,
    /// Start a testbed, say how to use it, and end it with Ctrl-C
    Up {
        /// What to start instead of everything: fulcio, rekor, rekor-v2, timestamps, crane-registry,
        /// distribution-registry, referrers-registry
        parts: Vec<Part>,
        /// Publish a miniature release of Kubernetes there as well, and serve it
        #[arg(long)]
        release: bool,
    },
}

pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.action {
        Action::Build => {
            Testbed::prepare(Part::ALL)?;
            let folder = Testbed::cache_folder()?;
            println!("the peers are built: {}", folder.display());
        }
        Action::Up { parts, release } => {
            let mut parts = match parts.is_empty() {
                true => Part::ALL.to_vec(),
                false => parts.clone(),
            };
            if *release {
                let needed = MiniRelease::PARTS.iter();
                let missing: Vec<Part> = needed
                    .filter(|part| !parts.contains(part))
                    .copied()
                    .collect();
                parts.extend(missing);
            }
            let sealcheck = process::sealcheck()?;
            let testbed = Testbed::start(&parts)?;
            let token = testbed.folder.join("token");
            fs::write(&token, testbed.token(EMAIL)?)?;
            print!("{}", addresses(&testbed));
            let sealcheck = sealcheck.display().to_string();
            print!("{}", commands(&testbed, &sealcheck));
            // Served until the end.
            let _served = match release {
                true => Some(publish(&testbed, &sealcheck)?),
                false => None,
            };
            println!("\nCtrl-C, or the end of standard input, ends it.");
            // Without a terminal's input (a pipe that is held open, for example) this waits just as well.
            std::io::stdin().read_to_end(&mut Vec::new())?;
        }
    }
    Ok(())
}

/// Publishes the miniature release, and says how to use it.
fn publish(testbed: &Testbed, sealcheck: &str) -> Result<ReleaseServer> {
    let folder = testbed.folder.join("published");
    println!("\n# The miniature release: signing some fifty files and images ...");
    let release =
        MiniRelease::publish(testbed, &folder, &[Version::release(1, 36, 0), ODD_VERSION])?;
    let server = ReleaseServer::start(&folder);
    let profile = testbed.folder.join("profile.yaml");
    fs::write(&profile, release.profile(&server))?;
    for (name, place) in [
        (
            "files",
            format!("{}/release/VERSION/PATH", server.files.url()),
        ),
        (
            "files, by redirect",
            format!("{}/VERSION/PATH", server.files.url()),
        ),
        ("SBOMs", format!("{}/VERSION/release", server.sboms.url())),
        ("delivered from", server.cdn.url().to_owned()),
        (
            "images",
            format!("{}/kube-apiserver:VERSION", release.registry),
        ),
        ("profile", profile.display().to_string()),
        ("folder", folder.display().to_string()),
    ] {
        println!("{name:<25}{place}");
    }
    let versions: Vec<String> = release.versions.iter().map(ToString::to_string).collect();
    println!("{:<25}{}", "versions", versions.join(", "));
    let root = testbed.trusted_root.display();
    let rekor = testbed.rekor_url.as_deref().unwrap_or_default();
    let file = server.files.at(&format!("/release/v1.36.0/{ODD_FILE}"));
    println!(
        "\n# Fetch a file with what proves it, and prove it ({ODD_VERSION}'s is the one that its signature does not fit)"
    );
    println!("curl -O {file} -O {file}.sig -O {file}.cert");
    println!(
        "{sealcheck} verify-blob --trusted-root {root} --rekor-url {rekor} \\\n    --certificate-identity {KREL_STAGING} --certificate-oidc-issuer {ISSUER} \\\n    --signature kubectl.sig --certificate kubectl.cert kubectl"
    );
    println!("\n# Prove the whole release");
    println!(
        "{sealcheck} release verify-all v1.36.0 --profile {} \\\n    --trusted-root {root} --rekor-url {rekor}",
        profile.display()
    );
    println!("\n# Prove an image");
    println!(
        "{sealcheck} verify --trusted-root {root} \\\n    --certificate-identity {KREL_TRUST} --certificate-oidc-issuer {ISSUER} \\\n    {}/kube-apiserver:v1.36.0",
        release.registry
    );
    Ok(server)
}

/// Where everything is.
fn addresses(testbed: &Testbed) -> String {
    let tuf = format!("{} (root: {})", testbed.tuf_url, testbed.tuf_root.display());
    let folder = testbed.folder.display().to_string();
    [
        ("Fulcio", testbed.fulcio_url.as_ref()),
        ("Rekor v1", testbed.rekor_url.as_ref()),
        ("Rekor v2", testbed.rekor_v2_url.as_ref()),
        ("timestamps", testbed.tsa_url.as_ref()),
        ("registry of crane", testbed.crane_registry.as_ref()),
        (
            "registry of distribution",
            testbed.distribution_registry.as_ref(),
        ),
        (
            "registry with referrers",
            testbed.referrers_registry.as_ref(),
        ),
        ("OIDC issuer", Some(&testbed.oidc_url)),
        ("TUF repository", Some(&tuf)),
        ("folder, with logs", Some(&folder)),
    ]
    .into_iter()
    .filter_map(|(name, place)| Some(format!("{name:<25}{}\n", place?)))
    .collect()
}

/// What can be typed in another terminal.
fn commands(testbed: &Testbed, sealcheck: &str) -> String {
    let cosign = testbed.cosign.display();
    let root = testbed.trusted_root.display();
    let token = testbed.folder.join("token");
    let token = token.display();
    let config = match testbed.rekor_v2_url {
        Some(_) => &testbed.signing_config_v2,
        None => &testbed.signing_config_v1,
    };
    let config = config.display();
    let issuer = &testbed.issuer_url;
    let mut text = String::new();
    let mut say = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    if testbed.fulcio_url.is_some() {
        say(&format!(
            "\n# Sign as {EMAIL}; the token is good for an hour"
        ));
        if testbed.rekor_v2_url.is_some() && testbed.rekor_url.is_some() {
            let v1 = testbed.signing_config_v1.display();
            say(&format!("# (Rekor v1 instead of v2: {v1})"));
        }
        say(&format!(
            "{cosign} sign-blob --yes --signing-config {config} --trusted-root {root} \\\n    --identity-token {token} --bundle FILE.sigstore.json FILE"
        ));
        say("\n# Verify, by either");
        for verifier in [&cosign.to_string(), sealcheck] {
            say(&format!(
                "{verifier} verify-blob --trusted-root {root} \\\n    --certificate-identity {EMAIL} --certificate-oidc-issuer {issuer} \\\n    --bundle FILE.sigstore.json FILE"
            ));
        }
    }
    if let Some(crane) = &testbed.crane {
        let registry = [
            &testbed.referrers_registry,
            &testbed.distribution_registry,
            &testbed.crane_registry,
        ];
        if let Some(registry) = registry.into_iter().flatten().next() {
            say("\n# An image of one file, and its signature");
            say(&format!(
                "tar -cf layer.tar FILE && {} append --oci-empty-base -f layer.tar -t {registry}/app:1",
                crane.display()
            ));
            say(&format!(
                "{cosign} sign --yes --allow-http-registry --signing-config {config} --trusted-root {root} \\\n    --identity-token {token} {registry}/app:1"
            ));
        }
    }
    say(
        "\n# What cosign needs for its legacy formats (where these are set, it does not look at TUF)",
    );
    for (name, file) in testbed.legacy_trust() {
        say(&format!("export {name}={}", file.display()));
    }
    say(
        "\n# Or let cosign learn everything from TUF (this changes ~/.sigstore; TUF_ROOT names another folder)",
    );
    say(&format!(
        "{cosign} initialize --mirror {} --root {}",
        testbed.tuf_url,
        testbed.tuf_root.display()
    ));
    text
}

const EMAIL: &str = "alice@example.com";
