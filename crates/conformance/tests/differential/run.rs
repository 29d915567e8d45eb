//! The run: vectors, then changes in slices, then whether every known difference was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck_testkit::mutate::Rng;
use sealcheck_verify::Time;
use serde_json::Value;

use crate::certificates::{Damage, TARGETS, Target};
use crate::differences::{DIFFERENCES, Seen};
use crate::judge::{Case, Direction, Signer, Subject};
use crate::{changes, corpus, document, made};

/// What all trials share.
struct Run {
    seed: u64,
    now: Time,
    groups: Vec<Vec<Case>>,
    /// The accepted cases of each group that has any.
    accepted: Vec<Vec<Case>>,
    hits: Mutex<BTreeMap<&'static str, usize>>,
    /// The differences that a vector shows, which does not depend on chance.
    shown: Mutex<BTreeSet<&'static str>>,
}

/// A disagreement that no entry explains.
struct Finding {
    what: String,
    direction: Direction,
    reason: String,
    case: Case,
}

pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let seed = number("SEALCHECK_DIFFERENTIAL_SEED", DEFAULT_SEED);
    let count = number("SEALCHECK_DIFFERENTIAL_COUNT", DEFAULT_COUNT);
    let run = Arc::new(Run::new(seed));
    let mut trials = Vec::new();
    for case in run.groups.iter().flatten() {
        let (run, case) = (run.clone(), case.clone());
        let name = format!("vector::{}", case.name);
        trials.push(Trial::test(name, move || run.vector(&case)));
    }
    for case in run.accepted.iter().flatten() {
        let Some(log) = case.name.strip_prefix("made::same-signer::") else {
            continue;
        };
        let log = log.rsplit("::").next().unwrap_or_default();
        let donors = run.groups.iter().flatten().filter(|donor| {
            donor.name.starts_with("made::same-signer::")
                && donor.name.ends_with(&format!("::{log}"))
        });
        let (case, donors) = (case.clone(), donors.cloned().collect::<Vec<_>>());
        let (run, name) = (run.clone(), format!("swaps::{}", case.name));
        trials.push(Trial::test(name, move || run.swaps(&case, &donors)));
    }
    for slice in 0..SLICES {
        let run = run.clone();
        let name = format!("changes::seed-{seed}::slice-{slice:02}-of-{SLICES}");
        trials.push(Trial::test(name, move || {
            let indexes = (slice..count).step_by(usize::try_from(SLICES).unwrap());
            run.changes(indexes)
        }));
    }
    let damage = Arc::new(Damage::new());
    for target in TARGETS {
        let (run, damage) = (run.clone(), damage.clone());
        let stride = (DEFAULT_STRIDE * DEFAULT_COUNT / count.max(1)).max(1);
        let name = format!("certificates::{target:?}::one-of-{stride}");
        trials.push(Trial::test(name, move || {
            run.certificates(&damage, target, stride)
        }));
    }
    trials.push(Trial::test("document", document::agrees));
    let conclusion = libtest_mimic::run(&arguments, trials);
    let whole = arguments.filter.is_none() && !arguments.list && conclusion.num_failed == 0;
    eprintln!("{}", run.summary(count));
    if whole && corpus::is_there() && run.has_stale() {
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut groups = corpus::groups();
        groups.extend(made::groups());
        let now = SystemTime::now().into();
        let accepted = groups
            .iter()
            .map(|group| {
                let accepted = group.iter().filter(|case| case.judge(now).ours.is_ok());
                accepted.cloned().collect::<Vec<_>>()
            })
            .filter(|group| !group.is_empty())
            .collect();
        Self {
            seed,
            now,
            groups,
            accepted,
            hits: Mutex::default(),
            shown: Mutex::default(),
        }
    }

    fn vector(&self, case: &Case) -> Result<(), Failed> {
        let (finding, known) = self.judge(case.clone(), "as it is".into());
        self.shown.lock().unwrap().extend(known);
        match finding {
            None => Ok(()),
            Some(finding) => Err(report(&[finding]).into()),
        }
    }

    /// Every one and every two parts of every other bundle of the same signer in the same kind of log.
    fn swaps(&self, case: &Case, donors: &[Case]) -> Result<(), Failed> {
        let swapped = donors.iter().flat_map(|donor| changes::swaps(case, donor));
        let findings: Vec<Finding> = swapped
            .filter_map(|(changed, said)| self.check(changed, said))
            .collect();
        match findings.is_empty() {
            true => Ok(()),
            false => Err(report(&findings).into()),
        }
    }

    /// Groups take turns, so that a large one does not crowd out the others.
    fn changes(&self, indexes: impl Iterator<Item = u64>) -> Result<(), Failed> {
        let groups = u64::try_from(self.accepted.len()).unwrap();
        let mut findings = Vec::new();
        for index in indexes {
            let mut rng = Rng::new(self.seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let group = &self.accepted[usize::try_from(index % groups).unwrap()];
            let turn = usize::try_from(index / groups).unwrap();
            let case = &group[turn % group.len()];
            let donor = rng.pick(group).unwrap();
            let (changed, said) = changes::change(&mut rng, case, donor);
            let what = format!("seed {} index {index}: {said}", self.seed);
            findings.extend(self.check(changed, what));
        }
        match findings.is_empty() {
            true => Ok(()),
            false => Err(report(&findings).into()),
        }
    }

    fn certificates(&self, damage: &Damage, target: Target, stride: u64) -> Result<(), Failed> {
        let changed = damage.cases(target, self.seed, stride);
        let findings: Vec<Finding> = changed
            .filter_map(|(changed, said)| self.check(changed, said))
            .collect();
        match findings.is_empty() {
            true => Ok(()),
            false => Err(report(&findings).into()),
        }
    }

    fn check(&self, case: Case, what: String) -> Option<Finding> {
        self.judge(case, what).0
    }

    /// What is found, or the difference that explains it.
    fn judge(&self, case: Case, what: String) -> (Option<Finding>, Option<&'static str>) {
        let judgement = case.judge(self.now);
        let Some(direction) = judgement.direction() else {
            return (None, None);
        };
        let bundle: Value = serde_json::from_slice(&case.bundle).unwrap_or_default();
        let seen = Seen {
            bundle: &bundle,
            judgement: &judgement,
        };
        let known = DIFFERENCES.iter().find(|known| known.explains(&seen));
        if let Some(known) = known {
            *self.hits.lock().unwrap().entry(known.id).or_default() += 1;
            return (None, Some(known.id));
        }
        let reason = match (&judgement.ours, &judgement.oracle) {
            (Err(failure), _) => format!("{} {failure}", failure.reason),
            (_, Err(error)) => error.clone(),
            _ => String::new(),
        };
        let finding = Finding {
            what,
            direction,
            reason,
            case,
        };
        (Some(finding), None)
    }

    fn summary(&self, count: u64) -> String {
        let vectors: usize = self.groups.iter().map(Vec::len).sum();
        let accepted: usize = self.accepted.iter().map(Vec::len).sum();
        let mut out = format!(
            "differential: seed {}, {vectors} vectors ({accepted} accepted), {count} changes",
            self.seed
        );
        let hits = self.hits.lock().unwrap();
        for known in DIFFERENCES {
            let hits = hits.get(known.id).copied().unwrap_or_default();
            let _ = write!(out, "\n{hits:>8}  {} ({})", known.id, known.direction());
            if !self.shown.lock().unwrap().contains(known.id) {
                out += "  STALE: no vector shows it";
            }
        }
        out
    }

    fn has_stale(&self) -> bool {
        let shown = self.shown.lock().unwrap();
        DIFFERENCES.iter().any(|known| !shown.contains(known.id))
    }
}

/// All findings by reason, each with an example that can be repeated.
fn report(findings: &[Finding]) -> String {
    let mut classes: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let class = format!("{}: {:.100}", finding.direction, finding.reason);
        classes.entry(class).or_default().push(finding);
    }
    let mut out = String::new();
    for (class, findings) in classes {
        let _ = writeln!(out, "{} x {class}", findings.len());
        for finding in findings.iter().take(EXAMPLES) {
            let folder = finding.write();
            let (name, what) = (&finding.case.name, &finding.what);
            let _ = writeln!(
                out,
                "    {name}: {what}\n      {}\n      {folder}",
                finding.reason
            );
        }
    }
    out
}

impl Finding {
    /// Writes everything that the judgement depends on, and says where.
    fn write(&self) -> String {
        let digest = sealcheck_verify::Digest::sha256(&self.case.bundle).to_string();
        let name = digest
            .trim_start_matches("sha256:")
            .get(..16)
            .unwrap()
            .to_owned();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("differential")
            .join(name);
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
        write("bundle.sigstore.json", &self.case.bundle);
        write("trusted_root.json", &self.case.trust.json);
        match &self.case.subject {
            Subject::Bytes(bytes) => write("artifact", bytes),
            Subject::Digest(digest) => write("digest", digest.to_string().as_bytes()),
        }
        match &self.case.signer {
            Signer::Identity { identity, issuer } => {
                write("identity", identity.as_bytes());
                write("issuer", issuer.as_bytes());
            }
            Signer::Key { spki } => write("key.der", spki),
        }
        let text = format!(
            "{}\n{}\n{}\n{}\n",
            self.case.name, self.what, self.direction, self.reason
        );
        write("README", text.as_bytes());
        folder.display().to_string()
    }
}

fn number(name: &str, default: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => default,
    }
}

const DEFAULT_SEED: u64 = 20_261_123;
const DEFAULT_COUNT: u64 = 20_000;
/// Of so many changes of one element of a certificate, a run of the default length tries one.
const DEFAULT_STRIDE: u64 = 5;
/// Parts of the run that the test harness spreads over its threads.
const SLICES: u64 = 16;
/// How many findings of one class are shown and written.
const EXAMPLES: usize = 3;
