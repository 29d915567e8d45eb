//! The ways to use cosign: who signs what, which services vouch, and in which form the proof is kept.

/// One way to use cosign.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub content: Content,
    pub signer: Signer,
    pub services: Services,
    pub form: Form,
    pub made: Made,
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Blob,
    /// An attestation of this type, as cosign's `--type` names it.
    Attestation(&'static str),
    /// An image in a registry, which then holds the proof.
    Image,
    /// An attestation of this type about an image.
    ImageAttestation(&'static str),
}

/// Who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    /// A new key of this kind, with a certificate of Fulcio's.
    Keyless(Kind),
    /// A key of this kind, which the verifier knows.
    Key(Kind),
    /// A key with a certificate of an authority that is not Fulcio, alone or with its chain.
    OwnAuthority { with_chain: bool },
}

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    P256,
    P384,
    P521,
    Ed25519,
    Rsa,
}

/// Which log and authority vouch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Services {
    RekorV1,
    /// With a timestamp, as its entries have no time.
    RekorV2,
    /// A timestamp and no log.
    Timestamp,
    Nothing,
}

/// In which form the proof is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Bundle,
    LegacyBundle,
    /// `.sig`, and `.cert` for a certificate.
    Detached,
    /// Of an image: the tag `.sig` or `.att`, with all but the payload in annotations.
    Tag,
}

/// By which of its commands cosign made the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// `sign-blob` or `attest-blob`.
    Signed,
    /// `bundle create`, from a proof in this form.
    Created(Form),
    /// `bundle upgrade`, from a bundle of this version.
    Upgraded(&'static str),
}

impl Content {
    /// The attestation's type, where it is one.
    pub(crate) fn predicate(self) -> Option<&'static str> {
        match self {
            Self::Blob | Self::Image => None,
            Self::Attestation(kind) | Self::ImageAttestation(kind) => Some(kind),
        }
    }

    pub(crate) fn is_image(self) -> bool {
        matches!(self, Self::Image | Self::ImageAttestation(_))
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::P256, Self::P384, Self::P521, Self::Ed25519, Self::Rsa];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Ed25519 => "ed25519",
            Self::Rsa => "rsa",
        }
    }

    /// What `--signature-digest-algorithm` calls the digest that goes with it, where that is not SHA-256.
    pub(crate) fn digest(self) -> Option<&'static str> {
        match self {
            Self::P384 => Some("sha384"),
            Self::P521 => Some("sha512"),
            Self::P256 | Self::Ed25519 | Self::Rsa => None,
        }
    }

    /// What cosign's `--signing-algorithm` calls it.
    pub(crate) fn algorithm(self) -> &'static str {
        match self {
            Self::P256 => "ecdsa-sha2-256-nistp256",
            Self::P384 => "ecdsa-sha2-384-nistp384",
            Self::P521 => "ecdsa-sha2-512-nistp521",
            Self::Ed25519 => "ed25519-ph",
            Self::Rsa => "rsa-sign-pkcs1-2048-sha256",
        }
    }
}

impl Services {
    const ALL: [Self; 4] = [Self::RekorV1, Self::RekorV2, Self::Timestamp, Self::Nothing];

    pub(crate) fn has_log(self) -> bool {
        matches!(self, Self::RekorV1 | Self::RekorV2)
    }

    pub(crate) fn has_timestamp(self) -> bool {
        matches!(self, Self::RekorV2 | Self::Timestamp)
    }
}

impl Case {
    /// Everything that cosign can be asked for.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::blobs();
        all.extend(Self::attestations());
        all.extend(Self::rebuilt());
        all.extend(Self::own_authorities());
        all.extend(Self::images());
        all
    }

    /// What cosign has commands for and fails to make, with the words in which it says so.
    pub(crate) fn refused() -> Vec<(Self, &'static str)> {
        let attestation = Content::Attestation("slsaprovenance1");
        let v1 = Services::RekorV1;
        let created = |form| Self {
            made: Made::Created(form),
            ..Self::signed(attestation, Signer::Keyless(Kind::P256), v1, Form::Bundle)
        };
        let other_entry = "signature not found in transparency log";
        let mut all = vec![
            (created(Form::Detached), other_entry),
            (created(Form::LegacyBundle), other_entry),
        ];
        for (content, signer, services, words) in [
            (
                Content::Blob,
                Signer::Keyless(Kind::Ed25519),
                v1,
                "invalid signing algorithm",
            ),
            (
                Content::Blob,
                Signer::OwnAuthority { with_chain: true },
                Services::RekorV2,
                "invalid hashedrekord request",
            ),
            (
                attestation,
                Signer::Key(Kind::P384),
                v1,
                "accepted signatures do not match threshold",
            ),
            (
                attestation,
                Signer::Key(Kind::Ed25519),
                v1,
                "accepted signatures do not match threshold",
            ),
        ] {
            all.push((Self::signed(content, signer, services, Form::Bundle), words));
        }
        all
    }

    /// What the documentation and the tests call it.
    pub(crate) fn name(&self) -> String {
        let content = match self.content {
            Content::Blob => "blob".to_owned(),
            Content::Attestation(kind) => format!("attestation-{}", slug(kind)),
            Content::Image => "image".to_owned(),
            Content::ImageAttestation(kind) => format!("image-attestation-{}", slug(kind)),
        };
        let signer = match self.signer {
            Signer::Keyless(Kind::P256) => "keyless".to_owned(),
            Signer::Keyless(kind) => format!("keyless-{}", kind.name()),
            Signer::Key(kind) => kind.name().to_owned(),
            Signer::OwnAuthority { with_chain: false } => "own-authority".to_owned(),
            Signer::OwnAuthority { with_chain: true } => "own-authority-chain".to_owned(),
        };
        let services = match self.services {
            Services::RekorV1 => "rekor-v1",
            Services::RekorV2 => "rekor-v2",
            Services::Timestamp => "timestamp",
            Services::Nothing => "nothing",
        };
        let form = match self.form {
            Form::Bundle => "bundle",
            Form::LegacyBundle => "legacy-bundle",
            Form::Detached => "detached",
            Form::Tag => "tag",
        };
        let made = match self.made {
            Made::Signed => String::new(),
            Made::Created(Form::LegacyBundle) => "-from-legacy-bundle".to_owned(),
            Made::Created(_) => "-from-files".to_owned(),
            Made::Upgraded(version) => format!("-from-v{version}"),
        };
        format!("{content}-{signer}-{services}-{form}{made}")
    }

    pub(crate) fn is_attestation(&self) -> bool {
        self.content.predicate().is_some()
    }

    fn signed(content: Content, signer: Signer, services: Services, form: Form) -> Self {
        Self {
            content,
            signer,
            services,
            form,
            made: Made::Signed,
        }
    }

    fn blobs() -> Vec<Self> {
        let mut all = Vec::new();
        let mut signers = vec![Signer::Keyless(Kind::P256)];
        signers.extend(Kind::ALL.map(Signer::Key));
        for signer in signers {
            for services in Services::ALL {
                for form in [Form::Bundle, Form::LegacyBundle, Form::Detached] {
                    // Rekor v2 takes a signing configuration, and with it cosign always writes a bundle.
                    if services != Services::RekorV2 || form != Form::Detached {
                        all.push(Self::signed(Content::Blob, signer, services, form));
                    }
                }
            }
        }
        for kind in [Kind::P384, Kind::P521, Kind::Rsa] {
            for services in [Services::RekorV1, Services::RekorV2] {
                let signer = Signer::Keyless(kind);
                all.push(Self::signed(Content::Blob, signer, services, Form::Bundle));
            }
        }
        all
    }

    fn attestations() -> Vec<Self> {
        let attestation = Content::Attestation("slsaprovenance1");
        let mut all = Vec::new();
        for signer in [Signer::Keyless(Kind::P256), Signer::Key(Kind::P256)] {
            for services in Services::ALL {
                all.push(Self::signed(attestation, signer, services, Form::Bundle));
            }
            for form in [Form::LegacyBundle, Form::Detached] {
                all.push(Self::signed(attestation, signer, Services::RekorV1, form));
            }
        }
        let v1 = [(Kind::Rsa, Services::RekorV1)];
        let v2 = [Kind::P384, Kind::Ed25519, Kind::Rsa].map(|kind| (kind, Services::RekorV2));
        for (kind, services) in v1.into_iter().chain(v2) {
            let signer = Signer::Key(kind);
            all.push(Self::signed(attestation, signer, services, Form::Bundle));
        }
        let keyless = Signer::Keyless(Kind::P256);
        for kind in PREDICATE_TYPES {
            let content = Content::Attestation(kind);
            all.push(Self::signed(
                content,
                keyless,
                Services::RekorV1,
                Form::Bundle,
            ));
        }
        all
    }

    /// What `cosign bundle` makes of other forms.
    fn rebuilt() -> Vec<Self> {
        let keyless = Signer::Keyless(Kind::P256);
        let key = Signer::Key(Kind::P256);
        let attestation = Content::Attestation("slsaprovenance1");
        let rebuilt = |content, signer, services, made| Self {
            content,
            signer,
            services,
            form: Form::Bundle,
            made,
        };
        let mut all = Vec::new();
        for signer in [keyless, key] {
            for form in [Form::Detached, Form::LegacyBundle] {
                let made = Made::Created(form);
                all.push(rebuilt(Content::Blob, signer, Services::RekorV1, made));
            }
            let made = Made::Created(Form::Detached);
            all.push(rebuilt(Content::Blob, signer, Services::Timestamp, made));
            all.push(rebuilt(attestation, signer, Services::Timestamp, made));
            for version in ["0.1", "0.2"] {
                let made = Made::Upgraded(version);
                all.push(rebuilt(Content::Blob, signer, Services::RekorV1, made));
            }
        }
        let made = Made::Upgraded("0.1");
        all.push(rebuilt(attestation, keyless, Services::RekorV1, made));
        all
    }

    /// What `cosign sign` and `cosign attest` attach to an image.
    pub(crate) fn images() -> Vec<Self> {
        let mut all = Vec::new();
        for content in [Content::Image, Content::ImageAttestation("slsaprovenance1")] {
            for signer in [Signer::Keyless(Kind::P256), Signer::Key(Kind::P256)] {
                for (services, form) in [
                    (Services::RekorV1, Form::Bundle),
                    (Services::RekorV2, Form::Bundle),
                    (Services::RekorV1, Form::Tag),
                ] {
                    all.push(Self::signed(content, signer, services, form));
                }
            }
        }
        all
    }

    fn own_authorities() -> Vec<Self> {
        let mut all = Vec::new();
        for with_chain in [false, true] {
            for services in [Services::RekorV1, Services::RekorV2, Services::Timestamp] {
                if services != Services::RekorV2 || !with_chain {
                    let signer = Signer::OwnAuthority { with_chain };
                    all.push(Self::signed(Content::Blob, signer, services, Form::Bundle));
                }
            }
        }
        let signer = Signer::OwnAuthority { with_chain: false };
        for form in [Form::LegacyBundle, Form::Detached] {
            all.push(Self::signed(Content::Blob, signer, Services::RekorV1, form));
        }
        all
    }
}

/// A URI as a part of a name.
fn slug(kind: &str) -> String {
    match kind.contains(':') {
        true => "uri".to_owned(),
        false => kind.to_owned(),
    }
}

/// The types that cosign knows but one, which has more cases of its own; and one that it does not.
const PREDICATE_TYPES: [&str; 10] = [
    "slsaprovenance",
    "slsaprovenance02",
    "link",
    "spdx",
    "spdxjson",
    "cyclonedx",
    "vuln",
    "openvex",
    "custom",
    "https://example.com/predicate/v1",
];
