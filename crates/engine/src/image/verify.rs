//! From the request to the verdict.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use sealcheck_verify::{Failure, Reason, Verdict};

use crate::engine::Engine;
use crate::image::{ImageRequest, ImageVerdict};
use crate::progress::Progress;

impl Engine {
    /// Verifies one image. There is always a verdict: what fails on the way is one with its reason.
    pub fn verify_image(&self, request: &ImageRequest, _progress: &dyn Progress) -> ImageVerdict {
        let failure = Failure::new(Reason::RegistryUnavailable).detail("not built yet");
        ImageVerdict {
            verdict: Verdict::failed(failure, None, &request.requirements, self.clock.now())
                .with_artifact_name(&request.image.to_string()),
            reference: None,
            digest: None,
            targets: Vec::new(),
            proofs: Vec::new(),
        }
    }

    /// Verifies many images, `jobs` at one time, and hands each verdict to `on_result` on the calling thread and in the
    /// order of the requests. Connections, tokens and answers are shared: an object that several images need is fetched
    /// once. Memory is bounded by `jobs`. An image that fails does not stop the others; `on_result` can.
    pub fn verify_images(
        &self,
        requests: impl IntoIterator<Item = ImageRequest>,
        _jobs: NonZeroUsize,
        progress: &dyn Progress,
        mut on_result: impl FnMut(usize, ImageVerdict) -> ControlFlow<()>,
    ) {
        for (index, request) in requests.into_iter().enumerate() {
            if on_result(index, self.verify_image(&request, progress)).is_break() {
                return;
            }
        }
    }
}
