//! How cosign is asked to sign.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealcheck_testbed::{Certificate, Testbed};
use serde_json::{Value, json};

use crate::case::{Case, Content, Form, Kind, Made, Services, Signer};
use crate::image;
use crate::proof::Proof;

/// One of the two who sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Alice,
    Bob,
}

impl Who {
    pub(crate) fn email(self) -> &'static str {
        match self {
            Self::Alice => "alice@example.com",
            Self::Bob => "bob@example.com",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
        }
    }

    /// The key pair's files without their ending, `.key` or `.pub`.
    pub(crate) fn key(self, testbed: &Testbed, kind: Kind) -> PathBuf {
        testbed
            .folder
            .join(format!("{}-{}", self.name(), kind.name()))
    }
}

/// Makes the keys and certificates that the cases sign with, and gives each log its first entry, so that the proof of
/// every later one has hashes.
pub(crate) fn prepare(testbed: &Testbed) {
    let folder = &testbed.folder;
    let nothing = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}"#;
    fs::write(folder.join(NOTHING), nothing).unwrap();
    for who in [Who::Alice, Who::Bob] {
        for kind in Kind::ALL {
            let pem = folder.join("new.pem");
            run(Command::new("openssl")
                .arg("genpkey")
                .args(openssl_algorithm(kind))
                .arg("-out")
                .arg(&pem));
            import(testbed, &pem, &who.key(testbed, kind));
        }
    }
    own_authority(testbed);
    for services in [Services::RekorV1, Services::RekorV2] {
        let case = Case {
            content: Content::Blob,
            signer: Signer::Key(Kind::P256),
            services,
            form: Form::Bundle,
            made: Made::Signed,
        };
        let place = folder.join("interop").join("first").join(case.name());
        sign(testbed, &case, Who::Bob, "first", &place).unwrap();
    }
}

/// An authority of one's own, with an intermediate and a certificate for each signer.
fn own_authority(testbed: &Testbed) {
    let folder = &testbed.folder;
    let ca = [
        "basicConstraints=critical,CA:TRUE,pathlen:0",
        "keyUsage=critical,keyCertSign",
    ];
    let root = Certificate::authority(folder, "own-root", "/O=own/CN=root").unwrap();
    let between = root
        .issue(folder, "own-between", "/O=own/CN=between", &ca)
        .unwrap();
    let chain = [&between, &root].map(|certificate| fs::read(&certificate.pem).unwrap());
    fs::write(folder.join("own-chain.pem"), chain.concat()).unwrap();
    for who in [Who::Alice, Who::Bob] {
        let name = format!("{}-own", who.name());
        let san = format!("subjectAltName=critical,email:{}", who.email());
        // Fulcio's extensions for the issuer: the one that cosign's old formats read, and the one that is DER.
        let text = data_encoding::HEXLOWER.encode(testbed.issuer_url.as_bytes());
        let old_issuer = format!("1.3.6.1.4.1.57264.1.1=DER:{text}");
        let issuer = format!(
            "1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:{}",
            testbed.issuer_url
        );
        let extensions = [
            "keyUsage=critical,digitalSignature",
            "extendedKeyUsage=codeSigning",
            "basicConstraints=critical,CA:FALSE",
            &san,
            &old_issuer,
            &issuer,
        ];
        let leaf = between.issue(folder, &name, "/", &extensions).unwrap();
        import(
            testbed,
            &leaf.key.private,
            &folder.join(format!("{name}-cosign")),
        );
    }
}

fn import(testbed: &Testbed, pem: &Path, prefix: &Path) {
    run(testbed
        .cosign()
        .arg("import-key-pair")
        .arg("--key")
        .arg(pem)
        .arg("--output-key-prefix")
        .arg(prefix));
}

fn openssl_algorithm(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::P256 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        Kind::P384 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        Kind::P521 => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        Kind::Ed25519 => &["-algorithm", "ed25519"],
        Kind::Rsa => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    }
}

/// Has cosign make a proof for `artifact` in a folder of its own. Fails with what cosign printed.
pub(crate) fn sign(
    testbed: &Testbed,
    case: &Case,
    who: Who,
    artifact: &str,
    folder: &Path,
) -> Result<Proof, String> {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("artifact"), artifact).unwrap();
    if case.content.is_image() {
        let registry = testbed.crane_registry.as_deref().unwrap();
        let place = folder.file_name().unwrap().display();
        let image = format!("{registry}/{}/{place}:1", case.name());
        image::push(testbed, artifact.as_bytes(), folder, &image);
        attempt(&mut attach(testbed, case, who, &image, folder))?;
    }
    match case.made {
        Made::Signed if case.content.is_image() => {}
        Made::Signed => attempt(&mut command(testbed, case, case.form, who, folder))?,
        Made::Created(form) => {
            attempt(&mut command(testbed, case, form, who, folder))?;
            create(testbed, case, form, who, folder)?;
        }
        Made::Upgraded(version) => {
            attempt(&mut command(testbed, case, Form::Bundle, who, folder))?;
            upgrade(testbed, version, folder)?;
        }
    }
    let mut root: Value =
        serde_json::from_slice(&fs::read(&testbed.trusted_root).unwrap()).unwrap();
    if let Signer::OwnAuthority { with_chain } = case.signer {
        let certificate = |name: &str| {
            let der = Certificate::read(&testbed.folder.join(name)).unwrap();
            json!({"rawBytes": data_encoding::BASE64.encode(&der)})
        };
        let chain = match with_chain {
            true => vec![certificate("own-root.crt")],
            false => vec![certificate("own-between.crt"), certificate("own-root.crt")],
        };
        root["certificateAuthorities"][0]["certChain"] = json!({ "certificates": chain });
    }
    let (material, attached) = match case.content.is_image() {
        true => {
            let (material, attached) = image::material(testbed, case, folder, &image_in(folder));
            (material, Some(attached))
        }
        false => (Proof::material(case, folder), None),
    };
    Ok(Proof {
        case: case.clone(),
        artifact: artifact.into(),
        material,
        attached,
        identity: who.email().into(),
        issuer: testbed.issuer_url.clone(),
        key: match case.signer {
            Signer::Key(kind) => Some(who.key(testbed, kind).with_extension("pub")),
            _ => None,
        },
        predicate: case.content.predicate().map(str::to_owned),
        root,
        digest: match case.signer {
            Signer::Key(kind) => kind.digest(),
            _ => None,
        },
        rekor_url: testbed.rekor_url.clone().unwrap(),
    })
}

/// How cosign is asked to sign an image, or to attest something about it.
pub(crate) fn attach(
    testbed: &Testbed,
    case: &Case,
    who: Who,
    image: &str,
    folder: &Path,
) -> Command {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(IMAGE), image).unwrap();
    command(testbed, case, case.form, who, folder)
}

/// How cosign is asked to sign what lies in the folder.
fn command(testbed: &Testbed, case: &Case, form: Form, who: Who, folder: &Path) -> Command {
    let mut cosign = testbed.cosign();
    cosign.current_dir(folder);
    match case.content {
        Content::Blob => cosign.arg("sign-blob"),
        Content::Attestation(_) => cosign.arg("attest-blob"),
        Content::Image => cosign.arg("sign"),
        Content::ImageAttestation(_) => cosign.arg("attest"),
    };
    cosign.arg("--yes");
    if let Some(kind) = case.content.predicate() {
        fs::write(folder.join("predicate"), predicate(kind)).unwrap();
        cosign.args(["--type", kind, "--predicate", "predicate"]);
    }
    if case.content.is_image() {
        cosign.arg("--allow-http-registry");
        if form == Form::Bundle {
            cosign.arg("--trusted-root").arg(&testbed.trusted_root);
        }
    }
    match (form, case.services) {
        (Form::Bundle, services) => {
            cosign.arg("--signing-config").arg(match services {
                Services::RekorV1 => testbed.signing_config_v1.clone(),
                Services::RekorV2 => testbed.signing_config_v2.clone(),
                Services::Timestamp => testbed.signing_config_no_log.clone(),
                Services::Nothing => nothing(testbed, case),
            });
        }
        (_, Services::RekorV2) => {
            cosign.arg("--new-bundle-format=false");
            cosign
                .arg("--signing-config")
                .arg(&testbed.signing_config_v2);
        }
        (_, services) => {
            cosign.args(["--use-signing-config=false", "--new-bundle-format=false"]);
            cosign.args(["--fulcio-url", testbed.fulcio_url.as_deref().unwrap()]);
            cosign.args(["--rekor-url", testbed.rekor_url.as_deref().unwrap()]);
            if !services.has_log() {
                cosign.arg("--tlog-upload=false");
            }
            if services.has_timestamp() {
                cosign.args([
                    "--timestamp-server-url",
                    testbed.tsa_url.as_deref().unwrap(),
                ]);
            }
        }
    }
    if !case.content.is_image() && form != Form::Detached {
        cosign.args(["--bundle", "bundle"]);
    }
    if form != Form::Bundle && case.services.has_timestamp() {
        cosign.args([timestamp_flag(case), "timestamp"]);
    }
    if form == Form::Detached {
        cosign.args(["--output-signature", "sig"]);
        if !matches!(case.signer, Signer::Key(_)) {
            cosign.args(["--output-certificate", "cert"]);
        }
    }
    match case.signer {
        Signer::Keyless(kind) => {
            // By file: cosign takes a text for a token only if it is signed with RS256.
            fs::write(folder.join("token"), testbed.token(who.email()).unwrap()).unwrap();
            cosign.args(["--identity-token", "token"]);
            if case.content == Content::Blob {
                cosign.args(["--signing-algorithm", kind.algorithm()]);
            }
        }
        Signer::Key(kind) => {
            cosign
                .arg("--key")
                .arg(who.key(testbed, kind).with_extension("key"));
        }
        Signer::OwnAuthority { with_chain } => {
            let file = |end: &str| testbed.folder.join(format!("{}-own{end}", who.name()));
            cosign.arg("--key").arg(file("-cosign.key"));
            cosign.arg("--certificate").arg(file(".crt"));
            if with_chain {
                cosign
                    .arg("--certificate-chain")
                    .arg(testbed.folder.join("own-chain.pem"));
            }
        }
    }
    match case.content.is_image() {
        true => cosign.arg(image_in(folder)),
        false => cosign.arg("artifact"),
    };
    cosign
}

/// The image that was pushed for what is signed in this folder.
fn image_in(folder: &Path) -> String {
    fs::read_to_string(folder.join(IMAGE)).unwrap()
}

/// A signing configuration without log and timestamp authority.
fn nothing(testbed: &Testbed, case: &Case) -> PathBuf {
    let path = testbed.folder.join(NOTHING);
    if let Signer::Keyless(_) = case.signer {
        let file = testbed.folder.join("signing_config_fulcio.json");
        let mut config: Value =
            serde_json::from_slice(&fs::read(&testbed.signing_config_no_log).unwrap()).unwrap();
        let fields = config.as_object_mut().unwrap();
        fields.remove("tsaUrls");
        fields.remove("tsaConfig");
        fs::write(&file, config.to_string()).unwrap();
        return file;
    }
    path
}

/// The two commands do not call it the same.
fn timestamp_flag(case: &Case) -> &'static str {
    match case.is_attestation() {
        false => "--rfc3161-timestamp",
        true => "--rfc3161-timestamp-bundle",
    }
}

fn create(
    testbed: &Testbed,
    case: &Case,
    form: Form,
    who: Who,
    folder: &Path,
) -> Result<(), String> {
    let mut cosign = testbed.cosign();
    cosign.current_dir(folder).args(["bundle", "create"]);
    cosign.args(["--artifact", "artifact", "--out", "created"]);
    match (form, case.is_attestation()) {
        (Form::LegacyBundle, _) => cosign.args(["--bundle", "bundle"]),
        (_, true) => cosign.args(["--attestation", "sig", "--signature", "empty"]),
        (_, false) => cosign.args(["--signature", "sig"]),
    };
    fs::write(folder.join("empty"), "").unwrap();
    match case.signer {
        Signer::Key(kind) => {
            cosign
                .arg("--key")
                .arg(who.key(testbed, kind).with_extension("pub"));
        }
        _ if form == Form::Detached => {
            let certificate = folder.join("cert");
            let text = fs::read(&certificate).unwrap();
            // What attest-blob writes is plain PEM, and base64 of it is what this command reads.
            if text.starts_with(b"-----") {
                fs::write(&certificate, data_encoding::BASE64.encode(&text)).unwrap();
            }
            cosign.args(["--certificate", "cert"]);
        }
        _ => {}
    }
    match case.services.has_log() {
        true => cosign.args(["--rekor-url", testbed.rekor_url.as_deref().unwrap()]),
        false => cosign.arg("--ignore-tlog"),
    };
    if case.services.has_timestamp() {
        cosign.args(["--rfc3161-timestamp", "timestamp"]);
    }
    attempt(&mut cosign)?;
    fs::rename(folder.join("created"), folder.join("bundle")).unwrap();
    Ok(())
}

/// Cosign writes no bundles of these versions, but finds them: its own is set back to one, and then upgraded.
fn upgrade(testbed: &Testbed, version: &str, folder: &Path) -> Result<(), String> {
    let file = folder.join("bundle");
    let mut bundle: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    bundle["mediaType"] =
        format!("application/vnd.dev.sigstore.bundle+json;version={version}").into();
    let material = bundle["verificationMaterial"].as_object_mut().unwrap();
    if let Some(certificate) = material.remove("certificate") {
        material.insert(
            "x509CertificateChain".to_owned(),
            json!({"certificates": [certificate]}),
        );
    }
    if version == "0.1" {
        let entry = material["tlogEntries"][0].as_object_mut().unwrap();
        entry.remove("inclusionProof");
    }
    fs::write(&file, bundle.to_string()).unwrap();
    attempt(
        testbed
            .cosign()
            .current_dir(folder)
            .args(["bundle", "upgrade", "--out", "upgraded", "--rekor-url"])
            .arg(testbed.rekor_url.as_deref().unwrap())
            .arg("bundle"),
    )?;
    fs::rename(folder.join("upgraded"), file).unwrap();
    Ok(())
}

/// A predicate of this type, as small as cosign takes it.
fn predicate(kind: &str) -> &'static str {
    match kind {
        "slsaprovenance" | "slsaprovenance02" => {
            r#"{"builder": {"id": "https://example.com/builder"}, "buildType": "https://example.com/build"}"#
        }
        "slsaprovenance1" => {
            r#"{"buildDefinition": {"buildType": "https://example.com/build", "externalParameters": {},
            "resolvedDependencies": []}, "runDetails": {"builder": {"id": "https://example.com/builder"}}}"#
        }
        "link" => {
            r#"{"_type": "link", "name": "build", "materials": {}, "products": {}, "byproducts": {},
            "command": ["make"], "environment": {}}"#
        }
        "spdx" => "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n",
        "spdxjson" => r#"{"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0"}"#,
        "cyclonedx" => r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}"#,
        "vuln" => {
            r#"{"invocation": {"parameters": [], "uri": "", "event_id": "", "builder.id": ""},
            "scanner": {"uri": "https://example.com/scanner", "version": "1", "db": {"uri": "", "version": ""},
            "result": {}}, "metadata": {"scanStartedOn": "2026-01-01T00:00:00Z",
            "scanFinishedOn": "2026-01-01T00:00:01Z"}}"#
        }
        "openvex" => {
            r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex", "author": "alice",
            "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": []}"#
        }
        _ => r#"{"reviewed": true}"#,
    }
}

/// Runs a program to its end, which must be a good one.
pub(crate) fn run(command: &mut Command) {
    attempt(command).unwrap_or_else(|told| panic!("{told}"));
}

fn attempt(command: &mut Command) -> Result<(), String> {
    let output = command.output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{command:?}:\n{}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

const IMAGE: &str = "image";
const NOTHING: &str = "signing_config_nothing.json";
