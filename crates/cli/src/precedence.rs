//! Which of several answers to the same question counts: a flag before a variable, whatever the two are called.

use clap::ArgMatches;

use crate::CommandLine;
use crate::args::{Common, InstanceName, MaterialArgs, Require, TrustArgs};
use crate::environment::{Origin, origin, spoken, variable};
use crate::problem::{Problem, Result};
use crate::setup::exclusive;

/// The arguments without what a stronger answer makes void.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) args: Common,
    /// Whether the instance's having no log means that no entry is required.
    pub(crate) instance_waives_log: bool,
    /// The same for certificate-transparency logs.
    pub(crate) instance_waives_scts: bool,
    /// What to tell the user: what was set and does not count.
    pub(crate) notes: Vec<String>,
}

/// Settles every question to which several flags and variables give an answer.
pub(crate) fn settle(mut args: Common, line: &CommandLine<'_>) -> Result<Settled> {
    let mut court = Court::of(line);
    court.trust(&mut args.trust)?;
    court.requirements();
    let log = court.waiver(
        &mut [
            (
                "insecure_ignore_tlog",
                &mut args.require.insecure_ignore_tlog,
            ),
            (
                "private_infrastructure",
                &mut args.deprecated.private_infrastructure,
            ),
        ],
        &mut args.require.require,
        |require| matches!(require, Require::Log(_) | Require::InclusionProof),
    )?;
    let scts = court.waiver(
        &mut [("insecure_ignore_sct", &mut args.require.insecure_ignore_sct)],
        &mut args.require.require,
        |require| matches!(require, Require::Scts(_)),
    )?;
    let trust = &args.trust;
    let instance = origin(line.matches, "instance");
    let without_logs = trust.instance == InstanceName::Github && trust.trusted_root.is_none();
    let waives = |refused: Option<Origin>, own_log: bool| {
        without_logs && !own_log && (refused.is_none() || refused < instance)
    };
    Ok(Settled {
        instance_waives_log: waives(log, trust.rekor_public_key.is_some()),
        instance_waives_scts: waives(scts, trust.ct_log_public_key.is_some()),
        args,
        notes: court.notes,
    })
}

/// The parts of a proof without those that belong to another one, and what to tell of it.
pub(crate) fn material(args: &MaterialArgs, line: &CommandLine<'_>) -> (MaterialArgs, Vec<String>) {
    let mut court = Court::of(line);
    let mut args = args.clone();
    court.proof(&mut args);
    (args, court.notes)
}

struct Court<'m> {
    matches: &'m ArgMatches,
    switched_off: &'m [String],
    notes: Vec<String>,
}

impl<'m> Court<'m> {
    fn of(line: &CommandLine<'m>) -> Self {
        Self {
            matches: line.matches,
            switched_off: line.switched_off,
            notes: Vec::new(),
        }
    }

    /// Where an answer comes from. A switch that was switched off is one, too.
    fn origin(&self, id: &str) -> Option<Origin> {
        let is_off = self
            .switched_off
            .iter()
            .any(|flag| flag.replace('-', "_") == id);
        match is_off {
            true => Some(Origin::Flag),
            false => origin(self.matches, id),
        }
    }

    /// The strongest of these answers.
    fn strongest<'i>(&self, ids: &[&'i str]) -> Option<(Origin, &'i str)> {
        let given = ids.iter().filter_map(|id| Some((self.origin(id)?, *id)));
        given.max_by_key(|(origin, _)| *origin)
    }

    fn ignore(&mut self, id: &str, by: &str) {
        self.notes.push(format!(
            "{} is ignored: {} answers the same question.",
            spoken(self.matches, id),
            spoken(self.matches, by)
        ));
    }

    /// A trusted root, what it is fetched from, and single files. Of those that exclude each other the stronger counts.
    fn trust(&mut self, trust: &mut TrustArgs) -> Result<()> {
        let (chain, roots) = (self.origin("certificate_chain"), self.origin("ca_roots"));
        match (chain, roots) {
            (Some(chain), Some(roots)) if chain == roots => {
                return Err(exclusive(self.matches, "certificate_chain", "ca_roots")
                    .with_hint("Give the whole chain, or the roots with --ca-intermediates."));
            }
            (Some(chain), Some(roots)) if chain < roots => {
                self.void(trust, &["certificate_chain"], (roots, "ca_roots"));
            }
            (Some(chain), Some(_)) => {
                let by = (chain, "certificate_chain");
                self.void(trust, &["ca_roots", "ca_intermediates"], by);
            }
            _ => {}
        }
        if let (Some(root), Some(files)) = (self.origin("trusted_root"), self.strongest(FILES)) {
            match root.cmp(&files.0) {
                std::cmp::Ordering::Equal => {
                    return Err(exclusive(self.matches, "trusted_root", files.1).with_hint("Put everything that is trusted into the trusted root, or give single files only."));
                }
                std::cmp::Ordering::Less => self.void(trust, &["trusted_root"], files),
                std::cmp::Ordering::Greater => self.void(trust, FILES, (root, "trusted_root")),
            }
        }
        let fetched = self.strongest(REPOSITORY);
        if let (Some(root), Some(fetched), true) = (
            self.origin("trusted_root"),
            fetched,
            trust.trusted_root.is_some(),
        ) {
            match root.cmp(&fetched.0) {
                std::cmp::Ordering::Equal => {
                    return Err(
                        exclusive(self.matches, "trusted_root", fetched.1).with_hint(
                            "A trusted root file needs no repository: give one or the other.",
                        ),
                    );
                }
                std::cmp::Ordering::Less => self.void(trust, &["trusted_root"], fetched),
                std::cmp::Ordering::Greater => self.void(trust, REPOSITORY, (root, "trusted_root")),
            }
        }
        let Some(fetched) = fetched.filter(|_| trust.trusted_root.is_none()) else {
            return Ok(());
        };
        self.void(trust, FILES, fetched);
        let (instance, root) = (self.origin("instance"), self.origin("tuf_root"));
        match (instance, root) {
            (Some(instance), Some(root)) if root < instance => {
                // A repository that is not trusted by the instance's root is another instance.
                self.void(trust, &["tuf_root", "tuf_mirror"], (instance, "instance"));
            }
            (Some(instance), Some(root)) if instance < root => {
                self.void(trust, &["instance"], (root, "tuf_root"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Forgets those of `ids` that are weaker than `by`.
    fn void(&mut self, trust: &mut TrustArgs, ids: &[&'static str], by: (Origin, &str)) {
        for id in ids {
            if self.origin(id).is_some_and(|origin| origin < by.0) && forget(trust, id) {
                self.ignore(id, by.1);
            }
        }
    }

    /// A bundle brings its own certificate: one in a variable belongs to another proof.
    fn proof(&mut self, args: &mut MaterialArgs) {
        let (bundle, signature) = (self.origin("bundle"), self.origin("signature"));
        let is_other = self.origin("certificate") < bundle && signature < bundle;
        if is_other && args.certificate.take().is_some() {
            self.ignore("certificate", "bundle");
        }
    }

    /// What is demanded does not add up over flags and variables: what a variable demands is void beside the flag.
    fn requirements(&mut self) {
        let matches = self.matches;
        for id in matches.ids().map(clap::Id::as_str) {
            let is_demand = DEMANDS.contains(&id) && self.origin(id) == Some(Origin::Flag);
            let flag = spoken(matches, id);
            if let Some(name) = variable(flag.trim_start_matches('-')).filter(|_| is_demand) {
                self.notes
                    .push(format!("{name} is ignored: {flag} is given."));
            }
        }
    }

    /// Whether something is waived: by switches that say the same, against what `require` demands of it. Gives the origin
    /// of a refusal to waive it.
    fn waiver(
        &mut self,
        switches: &mut [(&'static str, &mut bool)],
        require: &mut Vec<Require>,
        is_demand: impl Fn(&Require) -> bool,
    ) -> Result<Option<Origin>> {
        let ids: Vec<&str> = switches.iter().map(|(id, _)| *id).collect();
        let Some((strongest, by)) = self.strongest(&ids) else {
            return Ok(None);
        };
        let mut waived = None;
        let mut refused = None;
        for (id, value) in switches.iter_mut() {
            match self.origin(id) {
                Some(origin) if origin == strongest && **value => waived = Some(*id),
                Some(origin) if origin == strongest => refused = Some(*id),
                Some(_) if **value => {
                    **value = false;
                    self.ignore(id, by);
                }
                _ => {}
            }
        }
        if let (Some(waived), Some(refused)) = (waived, refused) {
            return Err(Problem::argument(format!(
                "{} and {} contradict each other",
                spoken(self.matches, waived),
                spoken(self.matches, refused)
            ))
            .with_hint("Drop one of them: they say the same."));
        }
        let Some(waived) = waived else {
            return Ok(Some(strongest));
        };
        let demanded = self
            .origin("require")
            .filter(|_| require.iter().any(&is_demand));
        match demanded {
            Some(demanded) if strongest < demanded => {
                for (_, value) in switches {
                    **value = false;
                }
                self.ignore(waived, "require");
                Ok(Some(demanded))
            }
            Some(demanded) if demanded < strongest => {
                require.retain(|require| !is_demand(require));
                self.ignore("require", waived);
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

/// Whether there was something to forget.
fn forget(trust: &mut TrustArgs, id: &str) -> bool {
    match id {
        "trusted_root" => trust.trusted_root.take().is_some(),
        "tuf_mirror" => trust.tuf_mirror.take().is_some(),
        "tuf_root" => trust.tuf_root.take().is_some(),
        "certificate_chain" => trust.certificate_chain.take().is_some(),
        "ca_roots" => trust.ca_roots.take().is_some(),
        "ca_intermediates" => trust.ca_intermediates.take().is_some(),
        "timestamp_certificate_chain" => trust.timestamp_certificate_chain.take().is_some(),
        "rekor_public_key" => trust.rekor_public_key.take().is_some(),
        "ct_log_public_key" => trust.ct_log_public_key.take().is_some(),
        "instance" => {
            trust.instance = InstanceName::PublicGood;
            true
        }
        _ => false,
    }
}

/// The flags with the single files of which a trusted root is put together.
pub(crate) const FILES: &[&str] = &[
    "certificate_chain",
    "ca_roots",
    "ca_intermediates",
    "timestamp_certificate_chain",
    "rekor_public_key",
    "ct_log_public_key",
];
/// Flags whose values are demands upon what is accepted.
const DEMANDS: &[&str] = &[
    "require",
    "policy",
    "claim",
    "annotations",
    "slsa_builder",
    "slsa_source",
];
const REPOSITORY: &[&str] = &["tuf_mirror", "tuf_root", "instance"];
