//! The verification of all artifacts of a command, and of what only seemed to prove them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use sealcheck_engine::{ArtifactSource, BlobRequest, Proof};
use sealcheck_record::LeftOut;
use sealcheck_verify::Verdict;

use crate::output::{Output, Watch};
use crate::problem::{Problem, Result};
use crate::report::progress::Bar;
use crate::session::{Session, shown};

/// What is to be verified.
#[derive(Debug, Default)]
pub(crate) struct Artifacts {
    /// The artifacts.
    pub(crate) sources: Vec<ArtifactSource>,
    /// What seems to prove some of them.
    pub(crate) proofs: Vec<Proof>,
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
pub(crate) struct Round<'s, E> {
    pub(crate) session: &'s Session<'s>,
    pub(crate) output: Output<'s>,
    pub(crate) each: E,
    pub(crate) bar: Option<Bar>,
    pub(crate) problem: Option<Problem>,
}

impl<E: FnMut(&Verdict) -> Result<()>> Round<'_, E> {
    /// Verifies the artifacts, and then what only seemed to be a proof of them.
    pub(crate) fn finish(mut self, sources: Vec<ArtifactSource>, proofs: Vec<Proof>) -> Result<u8> {
        let session = self.session;
        let (named, proofs): (Vec<_>, Vec<_>) = proofs
            .into_iter()
            .partition(|proof| session.names(&proof.path));
        let mut of: BTreeMap<PathBuf, Vec<Proof>> = BTreeMap::new();
        for proof in proofs {
            of.entry(proof.of.clone()).or_default().push(proof);
        }
        let proofs_of: Vec<Vec<Proof>> = sources
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
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        session.tell_proofs(&used);
        used.into_iter()
            .for_each(|left| self.output.leave_out(left));
        self.output
            .finish()
            .map(sealcheck_verify::Outcome::exit_code)
    }

    /// `see` gets each verdict as it is, before it is written.
    fn verify(&mut self, sources: Vec<ArtifactSource>, mut see: impl FnMut(usize, &Verdict)) {
        let Self {
            session,
            output,
            each,
            bar,
            problem,
        } = self;
        if problem.is_some() {
            return;
        }
        let watch = Watch(bar.as_ref());
        let mut take = |index: usize, verdict: Verdict| {
            see(index, &verdict);
            let verdict = session.console.discreet(verdict);
            if let Some(bar) = &*bar {
                bar.done();
            }
            let mut write = || output.push(&verdict).and_then(|()| each(&verdict));
            let written = match &*bar {
                Some(bar) => bar.suspend(write),
                None => write(),
            };
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(stop) => {
                    *problem = Some(stop);
                    ControlFlow::Break(())
                }
            }
        };
        let mut requests: Vec<BlobRequest> = sources
            .into_iter()
            .map(|source| session.request(source))
            .collect();
        match (requests.pop(), requests.is_empty()) {
            // One artifact needs no threads.
            (Some(only), true) => {
                let _ = take(0, session.engine.verify_blob(&only, &watch));
            }
            (Some(last), false) => {
                requests.push(last);
                session
                    .engine
                    .verify_all(requests, session.jobs(), &watch, take);
            }
            (None, _) => {}
        }
    }
}
