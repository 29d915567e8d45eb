//! Images with proofs as they are attached in practice, for counting what their verification asks for: the rows of
//! `docs/requests.md`.

use super::{Descriptor, ImageOptions, Repository};
use crate::{Content, Instance, LeafRequest, Plan, San, Signed, sign};

/// One image in its repository, how its registry is, and what is to be proved of it.
#[derive(Clone, Debug)]
pub struct RequestCase {
    /// The first cell of its row.
    pub name: &'static str,
    /// What the registry holds, with the image under the tag `v1`.
    pub repository: Repository,
    /// The image, or the index.
    pub image: Descriptor,
    /// Whether the registry has the referrers API.
    pub has_api: bool,
    /// Whether it wants a token.
    pub wants_token: bool,
    /// Whether the image is named by its digest alone.
    pub by_digest: bool,
    /// Which platforms are to be proved.
    pub platforms: CasePlatforms,
}

/// Which platforms are to be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CasePlatforms {
    /// What the reference leads to.
    AsGiven,
    /// linux/amd64.
    Amd64,
    /// Every one.
    All,
}

/// All of them, signed by this instance for its usual signer.
#[must_use]
pub fn request_cases(sigstore: &Instance) -> Vec<RequestCase> {
    let bundle = |repository: &mut Repository, image: &Descriptor| {
        let signed = sigstore.sign_image_bundle(&image.digest, &[]);
        repository.attach_bundle(image, &signed);
    };
    let signature = |repository: &mut Repository, image: &Descriptor| {
        let signed = sigstore.sign_image("registry.test/app", &image.digest, &[]);
        repository.attach_signatures(image, &[signed]);
    };
    let with = |name, attach: &dyn Fn(&mut Repository, &Descriptor)| {
        let mut repository = Repository::new();
        let image = repository.push_image(&ImageOptions::default());
        attach(&mut repository, &image);
        RequestCase::new(name, repository, image)
    };
    let of_index = |name, attach: &dyn Fn(&mut Repository, &Descriptor, &[Descriptor])| {
        let mut repository = Repository::new();
        let (index, images) = repository.push_platforms(&["linux/amd64", "linux/arm64"]);
        attach(&mut repository, &index, &images);
        RequestCase::new(name, repository, index)
    };
    let signed_index = |name| of_index(name, &|repository, index, _| signature(repository, index));
    let unsigned = |name| with(name, &|_, _| {});
    vec![
        with("bundle, referrers API", &bundle),
        RequestCase {
            has_api: false,
            ..with("bundle, referrers tag", &|repository, image| {
                bundle(repository, image);
                repository.push_fallback(image);
            })
        },
        with("signature under `.sig`", &signature),
        RequestCase {
            by_digest: true,
            ..with("signature under `.sig`, image by digest", &signature)
        },
        RequestCase {
            wants_token: true,
            ..with("signature under `.sig`, with a token service", &signature)
        },
        with("bundle and signature", &|repository, image| {
            bundle(repository, image);
            signature(repository, image);
        }),
        with(
            "11 signatures under `.sig`, one payload",
            &|repository, image| {
                repository.attach_signatures(image, &eleven(sigstore, image));
            },
        ),
        with("5 bundles, referrers API", &|repository, image| {
            for _ in 0..5 {
                bundle(repository, image);
            }
        }),
        unsigned("unsigned"),
        RequestCase {
            by_digest: true,
            ..unsigned("unsigned, image by digest")
        },
        RequestCase {
            platforms: CasePlatforms::Amd64,
            ..signed_index("one platform, the index is signed")
        },
        RequestCase {
            platforms: CasePlatforms::Amd64,
            ..of_index(
                "one platform, its image is signed",
                &|repository, _, images| {
                    if let Some(amd64) = images.first() {
                        signature(repository, amd64);
                    }
                },
            )
        },
        RequestCase {
            platforms: CasePlatforms::Amd64,
            ..of_index("one platform, unsigned", &|_, _, _| {})
        },
        RequestCase {
            platforms: CasePlatforms::All,
            ..signed_index("two platforms, the index is signed")
        },
    ]
}

/// Signatures of one payload, the last by the usual signer.
fn eleven(sigstore: &Instance, image: &Descriptor) -> Vec<Signed> {
    let payload = sign::simple_signing_payload("registry.test/app", &image.digest, &[]);
    let content = || Content::message(payload.to_string().as_bytes());
    let others = (0..10).map(|number| {
        let signer = San::Email(format!("{number}@example.com"));
        let leaf = LeafRequest::new(signer, "https://accounts.example.com");
        sigstore.sign(content(), &Plan::keyless(leaf))
    });
    let usual = sigstore.sign(content(), &Plan::default());
    others.chain([usual]).collect()
}

impl RequestCase {
    fn new(name: &'static str, mut repository: Repository, image: Descriptor) -> Self {
        repository.tag("v1", &image);
        Self {
            name,
            repository,
            image,
            has_api: true,
            wants_token: false,
            by_digest: false,
            platforms: CasePlatforms::AsGiven,
        }
    }

    /// The image's name in the repository `app`.
    #[must_use]
    pub fn reference(&self) -> String {
        match self.by_digest {
            true => format!("app@{}", self.image.digest),
            false => "app:v1".to_owned(),
        }
    }
}
