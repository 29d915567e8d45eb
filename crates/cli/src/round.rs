//! The verification of all artifacts of a command, and of what only seemed to prove them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sealcheck_engine::{ArtifactSource, BlobRequest, ProofFile};
use sealcheck_record::LeftOut;
use sealcheck_verify::Verdict;

use crate::output::{self, Report, Watch};
use crate::problem::Result;
use crate::report::progress::Bar;
use crate::session::{Session, shown};

/// What is to be verified.
#[derive(Debug, Default)]
pub(crate) struct Artifacts {
    /// The artifacts.
    pub(crate) sources: Vec<ArtifactSource>,
    /// What seems to prove some of them.
    pub(crate) proofs: Vec<ProofFile>,
    /// What else was in their folders.
    pub(crate) left_out: Vec<LeftOut>,
}

impl From<ArtifactSource> for Artifacts {
    fn from(source: ArtifactSource) -> Self {
        Self {
            sources: vec![source],
            ..Self::default()
        }
    }
}

/// The verification of all artifacts, with what it writes to.
pub(crate) struct Round<'s, J, E> {
    pub(crate) session: &'s Session<'s>,
    pub(crate) report: Report<'s>,
    pub(crate) judge: J,
    pub(crate) each: E,
    pub(crate) bar: Option<Bar>,
}

impl<J: Fn(Verdict) -> Verdict, E: FnMut(&Verdict) -> Result<()>> Round<'_, J, E> {
    /// Verifies the artifacts, and then what only seemed to be a proof of them.
    pub(crate) fn finish(
        mut self,
        sources: Vec<ArtifactSource>,
        proofs: Vec<ProofFile>,
    ) -> Result<u8> {
        let count = sources.len();
        let session = self.session;
        let (named, proofs): (Vec<_>, Vec<_>) = proofs
            .into_iter()
            .partition(|proof| session.names(&proof.path));
        let mut of: BTreeMap<PathBuf, Vec<ProofFile>> = BTreeMap::new();
        for proof in proofs {
            of.entry(proof.of.clone()).or_default().push(proof);
        }
        let proofs_of: Vec<Vec<ProofFile>> = sources
            .iter()
            .map(|source| match source {
                ArtifactSource::File(path) => of.remove(path).unwrap_or_default(),
                _ => Vec::new(),
            })
            .collect();
        let left_out = |path: &Path, why: &str| LeftOut {
            path: shown(path),
            why: why.to_owned(),
        };
        let mut used: Vec<LeftOut> = named
            .iter()
            .map(|proof| left_out(&proof.path, "the proof that was named"))
            .collect();
        // Those whose file was not verified here.
        let mut others: Vec<PathBuf> = of.into_values().flatten().map(|proof| proof.path).collect();
        self.verify(sources, |index, verdict| {
            for proof in proofs_of.get(index).into_iter().flatten() {
                match proof.role(verdict.evidence()) {
                    Some(role) => used.push(left_out(&proof.path, role)),
                    None => others.push(proof.path.clone()),
                }
            }
        });
        others.sort();
        let others = others.into_iter().map(ArtifactSource::File).collect();
        self.verify(others, |_, _| {});
        if let Some(bar) = &self.bar {
            bar.clear();
        }
        session.tell_proofs(&used);
        used.into_iter()
            .for_each(|left| self.report.leave_out(left));
        self.report.end(self.bar.as_ref(), count)
    }

    /// `see` gets each verdict as it is, before it is judged and written.
    fn verify(&mut self, sources: Vec<ArtifactSource>, mut see: impl FnMut(usize, &Verdict)) {
        let Self {
            session,
            report,
            judge,
            each,
            bar,
        } = self;
        if report.is_stopped() {
            return;
        }
        let watch = Watch(bar.as_ref());
        let mut take = |index: usize, verdict: Verdict| {
            see(index, &verdict);
            let verdict = session.line.console.discreet(judge(verdict));
            report.take(bar.as_ref(), &verdict, || each(&verdict))
        };
        let mut requests: Vec<BlobRequest> = sources
            .into_iter()
            .map(|source| session.request(source))
            .collect();
        let engine = &session.opened.engine;
        match (requests.pop(), requests.is_empty()) {
            // One artifact needs no threads.
            (Some(only), true) => {
                let _ = take(0, engine.verify_blob(&only, &watch));
            }
            (Some(last), false) => {
                requests.push(last);
                let jobs = output::jobs(session.args.output.jobs);
                engine.verify_all(requests, jobs, &watch, take);
            }
            (None, _) => {}
        }
    }
}
