//! What a build makes: programs, archives of images, tarballs.

use anyhow::Result;
use sealcheck_release::Version;
use serde_json::json;

use super::archive::{Member, tar, tar_gz};
use super::digest::{sha256, sha512};

/// How much a miniature holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Contents {
    /// The platforms that programs are built for, as operating system and architecture.
    platforms: &'static [(&'static str, &'static str)],
    /// The programs.
    programs: &'static [&'static str],
    /// The platforms that have a tarball with the clients.
    clients: &'static [(&'static str, &'static str)],
    /// The architectures of the images.
    pub(super) architectures: &'static [&'static str],
    /// Whether there is also what stands beside all platforms: tarballs of the server and of everything, and `pause`.
    pub(super) has_common: bool,
}

impl Contents {
    /// Of every kind something.
    pub const WHOLE: Self = Self {
        platforms: &[("linux", "amd64"), ("linux", "arm64"), ("windows", "amd64")],
        programs: &["kubectl", "kubelet", "kubeadm"],
        clients: &[("linux", "amd64"), ("linux", "arm64"), ("windows", "amd64")],
        architectures: &["amd64", "arm64"],
        has_common: true,
    };
    /// So little that it can be kept with the sources.
    pub const SMALL: Self = Self {
        platforms: &[("linux", "amd64"), ("windows", "amd64")],
        programs: &["kubectl", "kubelet"],
        clients: &[("linux", "amd64")],
        architectures: &["amd64"],
        has_common: false,
    };
}

/// The outcome of a build.
pub(super) struct Build {
    pub(super) version: Version,
    pub(super) programs: Vec<Program>,
    pub(super) tarballs: Vec<Tarball>,
    pub(super) images: Vec<Image>,
}

/// A program for one platform.
pub(super) struct Program {
    pub(super) os: &'static str,
    pub(super) arch: &'static str,
    /// With `.exe` for Windows.
    pub(super) name: String,
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// A compressed archive.
pub(super) struct Tarball {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// An image for Linux on one architecture, as `docker save` writes it.
pub(super) struct Image {
    pub(super) name: &'static str,
    pub(super) arch: &'static str,
    pub(super) tag: String,
    pub(super) archive: Vec<u8>,
    pub(super) layers: Vec<Layer>,
}

/// A layer, not compressed.
pub(super) struct Layer {
    /// The folder that it has in the archive.
    pub(super) folder: String,
    pub(super) bytes: Vec<u8>,
}

impl Build {
    pub(super) fn new(version: Version, contents: &Contents) -> Result<Self> {
        let programs: Vec<Program> = contents
            .platforms
            .iter()
            .flat_map(|(os, arch)| {
                contents
                    .programs
                    .iter()
                    .map(|name| Program::new(version, name, os, arch))
            })
            .collect();
        let mut images = Vec::new();
        for arch in contents.architectures {
            images.push(Image::new(API_SERVER, arch, &version.to_string())?);
        }
        let mut build = Self {
            version,
            programs,
            tarballs: Vec::new(),
            images,
        };
        let mut tarballs = Vec::new();
        for (os, arch) in contents.clients {
            tarballs.push(build.client(os, arch)?);
        }
        if contents.has_common {
            tarballs.push(build.server("amd64")?);
            tarballs.push(build.root()?);
        }
        build.tarballs = tarballs;
        Ok(build)
    }

    /// The files that the build publishes, by their paths below the release.
    pub(super) fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        let programs = self.programs.iter();
        let programs = programs.map(|program| (program.path.clone(), program.bytes.as_slice()));
        let tarballs = self.tarballs.iter();
        let tarballs = tarballs.map(|tarball| (tarball.path.clone(), tarball.bytes.as_slice()));
        let images = self.images.iter().flat_map(|image| {
            let path = format!("bin/linux/{}/{}", image.arch, image.name);
            [
                (format!("{path}.tar"), image.archive.as_slice()),
                (format!("{path}.docker_tag"), image.tag.as_bytes()),
            ]
        });
        programs.chain(tarballs).chain(images)
    }

    fn programs_of(&self, os: &str, arch: &str) -> impl Iterator<Item = &Program> {
        let is_of = move |program: &&Program| program.os == os && program.arch == arch;
        self.programs.iter().filter(is_of)
    }

    fn client(&self, os: &str, arch: &str) -> Result<Tarball> {
        let clients = self
            .programs_of(os, arch)
            .filter(|program| program.name.starts_with("kubectl"));
        let members: Vec<Member<'_>> = clients
            .map(|program| program.member("client/bin"))
            .collect();
        Ok(Tarball {
            path: format!("kubernetes-client-{os}-{arch}.tar.gz"),
            bytes: tar_gz(&members)?,
        })
    }

    fn server(&self, arch: &str) -> Result<Tarball> {
        let mut members = vec![text("LICENSES", b"Apache-2.0\n")];
        members.extend(
            self.programs_of("linux", arch)
                .map(|program| program.member("server/bin")),
        );
        let images = self.images.iter().filter(|image| image.arch == arch);
        for image in images {
            let path = format!("server/bin/{}", image.name);
            members.push(text(&format!("{path}.tar"), &image.archive));
            members.push(text(&format!("{path}.docker_tag"), image.tag.as_bytes()));
        }
        Ok(Tarball {
            path: format!("kubernetes-server-linux-{arch}.tar.gz"),
            bytes: tar_gz(&members)?,
        })
    }

    fn root(&self) -> Result<Tarball> {
        let version = self.version.to_string();
        let members = [
            text("LICENSES", b"Apache-2.0\n"),
            text("README.md", b"# Kubernetes\n"),
            text(
                "client/README",
                b"The clients are in tarballs of their own.\n",
            ),
            Member {
                is_program: true,
                ..text(
                    "cluster/get-kube-binaries.sh",
                    b"#!/bin/sh\nexit 1 # a miniature\n",
                )
            },
            text("version", version.as_bytes()),
        ];
        Ok(Tarball {
            path: "kubernetes.tar.gz".to_owned(),
            bytes: tar_gz(&members)?,
        })
    }
}

impl Program {
    fn new(version: Version, name: &str, os: &'static str, arch: &'static str) -> Self {
        let says = format!("{name} {version} {os}/{arch}");
        let (name, bytes) = match os {
            "windows" => (
                format!("{name}.exe"),
                format!("MZ\0\0{}", weight(&says)).into_bytes(),
            ),
            // Can be run, so that an example can show that it runs.
            _ => (name.to_owned(), script(&says)),
        };
        Self {
            path: format!("bin/{os}/{arch}/{name}"),
            os,
            arch,
            name,
            bytes,
        }
    }

    fn member(&self, folder: &str) -> Member<'_> {
        Member {
            path: format!("kubernetes/{folder}/{}", self.name),
            bytes: &self.bytes,
            is_program: true,
        }
    }
}

impl Image {
    /// The image that is tagged so.
    pub(super) fn new(name: &'static str, arch: &'static str, tag: &str) -> Result<Self> {
        let says = format!("{name} {tag} linux/{arch}");
        let program = script(&says);
        let program = Member {
            path: format!("usr/local/bin/{name}"),
            bytes: &program,
            is_program: true,
        };
        let user = Member {
            path: "etc/passwd".to_owned(),
            bytes: b"root:x:0:0:root:/root:/sbin/nologin\n",
            is_program: false,
        };
        let layer = |member: Member<'_>| -> Result<Layer> {
            Ok(Layer {
                folder: sha256(format!("{says} {}", member.path).as_bytes()),
                bytes: tar(&[member])?,
            })
        };
        let layers = vec![layer(user)?, layer(program)?];
        Ok(Self {
            name,
            arch,
            tag: tag.to_owned(),
            archive: save(name, arch, tag, &layers)?,
            layers,
        })
    }

    /// The repository of its own.
    pub(super) fn repository(&self) -> String {
        format!("{}-{}", self.name, self.arch)
    }
}

/// As `docker save` writes an image.
fn save(name: &str, arch: &str, tag: &str, layers: &[Layer]) -> Result<Vec<u8>> {
    let ids = layers
        .iter()
        .map(|layer| format!("sha256:{}", sha256(&layer.bytes)));
    let config = json!({
        "architecture": arch,
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": {"Entrypoint": [format!("/usr/local/bin/{name}")]},
        "rootfs": {"type": "layers", "diff_ids": ids.collect::<Vec<_>>()},
    });
    let config = config.to_string();
    let config_name = format!("{}.json", sha256(config.as_bytes()));
    let files = layers
        .iter()
        .map(|layer| format!("{}/layer.tar", layer.folder));
    let files: Vec<String> = files.collect();
    let manifest = json!([{
        "Config": config_name,
        "RepoTags": [format!("{REGISTRY}/{name}-{arch}:{tag}")],
        "Layers": files,
    }]);
    let manifest = manifest.to_string();
    let file = |path: &str, bytes| Member {
        path: path.to_owned(),
        bytes,
        is_program: false,
    };
    let mut members: Vec<Member<'_>> = Vec::new();
    for (path, layer) in files.iter().zip(layers) {
        members.push(file(path, layer.bytes.as_slice()));
    }
    members.push(file(&config_name, config.as_bytes()));
    members.push(file("manifest.json", manifest.as_bytes()));
    tar(&members)
}

fn text<'a>(path: &str, bytes: &'a [u8]) -> Member<'a> {
    Member {
        path: format!("kubernetes/{path}"),
        bytes,
        is_program: false,
    }
}

/// A program that says what it is, with some weight.
fn script(says: &str) -> Vec<u8> {
    format!("#!/bin/sh\necho {says:?}\nexit 0\n{}", weight(says)).into_bytes()
}

/// Four kilobytes of comments that look random and are the same at every build.
fn weight(seed: &str) -> String {
    let lines = (0..32).map(|at| format!("# {}\n", sha512(format!("{seed} {at}").as_bytes())));
    lines.collect()
}

/// Where Kubernetes says that its images are. Here they are elsewhere, as with a mirror.
pub(super) const REGISTRY: &str = "registry.k8s.io";
pub(super) const API_SERVER: &str = "kube-apiserver";
