//! Certificates and timestamps in which one element is odd, wherever one is taken in: the authorities of the trusted
//! root, the signer's certificate, and what a timestamp brings along.
//!
//! What can be signed again is: then the odd element is all that is wrong.

use std::sync::Arc;

use sealcheck_testkit::authority::Certified;
use sealcheck_testkit::mutate::der::{Content as Inside, Element};
use sealcheck_testkit::sign::SignedContent;
use sealcheck_testkit::{
    BundleVersion, Content, DEFAULT_TIME, EntryKind, Instance, InstanceOptions, Key, Leaf,
    LeafRequest, Plan, SctMode, Signed, TokenOptions, asn1, ct, encoding,
};
use serde_json::json;

use crate::judge::{Case, Trust};
use crate::made::{ARTIFACT, Site};

/// One place where certificates are taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A certificate of the trusted root: its list, its index, and whether its issuer signs the change.
    TrustedRoot(&'static str, usize, bool),
    /// The signer's certificate, signed again and published again.
    Leaf,
    /// A certificate in a timestamp that is not its signer's.
    Embedded,
    /// A timestamp.
    Timestamp,
}

pub(crate) const TARGETS: [Target; 11] = [
    Target::TrustedRoot(CA, 0, false),
    Target::TrustedRoot(CA, 0, true),
    Target::TrustedRoot(CA, 1, false),
    Target::TrustedRoot(CA, 1, true),
    Target::TrustedRoot(TSA, 0, false),
    Target::TrustedRoot(TSA, 0, true),
    Target::TrustedRoot(TSA, 1, false),
    Target::TrustedRoot(TSA, 1, true),
    Target::Leaf,
    Target::Embedded,
    Target::Timestamp,
];

/// What is damaged: a signature logged by Rekor v1, which needs no timestamp, and one by Rekor v2, which does.
pub(crate) struct Damage {
    site: Site,
    sound: [Signed; 2],
    leaf: Leaf,
}

impl Damage {
    pub(crate) fn new() -> Self {
        let site = Site::new(InstanceOptions::default());
        let sign = |entry| {
            let mut plan = Plan::default().with_entries(&[entry]);
            if entry == EntryKind::HashedRekordV002 {
                plan = plan.with_timestamp(TokenOptions::default());
            }
            site.instance.sign(Content::message(ARTIFACT), &plan)
        };
        let sound = [
            sign(EntryKind::HashedRekordV001),
            sign(EntryKind::HashedRekordV002),
        ];
        let leaf = site.instance.issue(&LeafRequest {
            sct: SctMode::None,
            ..LeafRequest::default()
        });
        Self { site, sound, leaf }
    }

    /// The changed cases of a target; of `stride` only one.
    pub(crate) fn cases(
        &self,
        target: Target,
        seed: u64,
        stride: u64,
    ) -> impl Iterator<Item = (Case, String)> {
        let begin = seed % stride;
        let chosen = (begin..).step_by(usize::try_from(stride).unwrap());
        let mut chosen = chosen.peekable();
        let changes = self.original(target);
        let changes: Vec<(String, Element)> = (0_u64..)
            .zip(changes.changes())
            .filter(|(index, _)| chosen.next_if_eq(index).is_some())
            .map(|(_, change)| change)
            .collect();
        changes.into_iter().zip(0_usize..).flat_map(
            move |((said, changed), index)| -> Option<(Case, String)> {
                let case = self.case(target, &changed, &self.sound[index % 2])?;
                Some((case, format!("{target:?}: {said}")))
            },
        )
    }

    /// What is changed: the to-be-signed part when somebody signs the change.
    fn original(&self, target: Target) -> Element {
        let instance = &self.site.instance;
        let der = match target {
            Target::TrustedRoot(list, index, resigned) => {
                let (certified, _) = member(instance, list, index);
                match resigned {
                    true => to_be_signed(&certified.der),
                    false => certified.der.clone(),
                }
            }
            Target::Leaf => to_be_signed(&self.leaf.der),
            Target::Embedded => instance.tsa.root.der.clone(),
            Target::Timestamp => self.sound[1].timestamps[0].clone(),
        };
        Element::parse(&der).unwrap()
    }

    fn case(&self, target: Target, changed: &Element, sound: &Signed) -> Option<Case> {
        let name = format!("certificates::{target:?}");
        let instance = &self.site.instance;
        match target {
            Target::TrustedRoot(list, index, resigned) => {
                let (_, issuer) = member(instance, list, index);
                let der = match resigned {
                    true => certificate(&changed.encode(), &issuer.key),
                    false => changed.encode(),
                };
                let mut root = instance.trusted_root_json();
                root[list][0]["certChain"]["certificates"][index] =
                    json!({ "rawBytes": encoding::base64(&der) });
                let trust = Trust::new(root.to_string().as_bytes());
                Some(Case {
                    trust,
                    ..self.site.case(name, sound, BundleVersion::V03)
                })
            }
            Target::Leaf => {
                let signed = self.signed_by(self.published(changed)?);
                Some(self.site.case(name, &signed, BundleVersion::V03))
            }
            Target::Embedded => {
                let mut signed = self.sound[1].clone();
                signed.timestamps = vec![embed(&signed.timestamps[0], changed)?];
                Some(self.site.case(name, &signed, BundleVersion::V03))
            }
            Target::Timestamp => {
                let mut signed = sound.clone();
                signed.timestamps = vec![changed.encode()];
                Some(self.site.case(name, &signed, BundleVersion::V03))
            }
        }
    }

    /// The certificate with this to-be-signed part, published in the CT log; `None` where there is no list of
    /// extensions to take the log's answer in.
    fn published(&self, tbs: &Element) -> Option<Vec<u8>> {
        let instance = &self.site.instance;
        let issuer = instance.authority.issuing();
        let sct = instance.ct.sign_precertificate(
            &issuer.key.fingerprint(),
            &tbs.encode(),
            DEFAULT_TIME,
            &[],
        );
        let mut tbs = tbs.clone();
        let extensions = tbs.elements()?.last_mut()?.elements()?.first_mut()?;
        let extension = Element::parse(&ct::extension(&[sct]))?;
        extensions.elements()?.push(extension);
        Some(certificate(&tbs.encode(), &issuer.key))
    }

    fn signed_by(&self, der: Vec<u8>) -> Signed {
        let leaf = Leaf {
            der,
            ..self.leaf.clone()
        };
        let instance = &self.site.instance;
        let signed = SignedContent::by_leaf(Content::message(ARTIFACT), &leaf, None);
        let entry = instance.record(EntryKind::HashedRekordV001, &signed, DEFAULT_TIME);
        Signed {
            signed,
            entries: vec![entry],
            timestamps: Vec::new(),
        }
    }
}

/// A certificate of the trusted root, and the one that signed it.
fn member<'a>(
    instance: &'a Arc<Instance>,
    list: &str,
    index: usize,
) -> (&'a Certified, &'a Certified) {
    let tsa = &instance.tsa;
    let path: [&Certified; 2] = match list {
        CA => [&instance.authority.path()[1], &instance.authority.path()[0]],
        _ => [&tsa.signer, &tsa.root],
    };
    (path[index], path[1])
}

fn to_be_signed(der: &[u8]) -> Vec<u8> {
    let mut certificate = Element::parse(der).unwrap();
    certificate.elements().unwrap()[0].encode()
}

fn certificate(tbs: &[u8], issuer: &Key) -> Vec<u8> {
    asn1::sequence(&[
        tbs.to_vec(),
        issuer.signature_algorithm(),
        asn1::bit_string(&issuer.sign(tbs)),
    ])
}

/// The response with a certificate in it, which nothing signs.
fn embed(response: &[u8], certificate: &Element) -> Option<Vec<u8>> {
    let mut response = Element::parse(response)?;
    let content_info = response.elements()?.get_mut(1)?;
    let signed_data = content_info
        .elements()?
        .get_mut(1)?
        .elements()?
        .get_mut(0)?;
    let mut set = Element::parse(&asn1::context(0, &[]))?;
    set.content = Inside::Elements(vec![certificate.clone()]);
    signed_data.elements()?.insert(3, set);
    Some(response.encode())
}

const CA: &str = "certificateAuthorities";
const TSA: &str = "timestampAuthorities";
