//! An environment in which every connection is noticed.

use std::process::Command;

use sealcheck_net::double::{Answer, Double};

/// A server that is the log, and the proxy on the way to every other place.
pub(crate) struct Trap {
    server: Double,
}

impl Trap {
    pub(crate) fn set() -> Self {
        let server = Double::start();
        // An answer after which nobody tries again.
        server.respond(|_| Some(Answer::status(410)));
        Self { server }
    }

    /// Sets it around a command of sealcheck.
    pub(crate) fn around(&self, command: &mut Command) {
        let here = self.server.url("");
        for variable in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(variable, &here);
        }
        command.args(["--rekor-url", &here]);
    }

    /// How many connections were made.
    pub(crate) fn caught(&self) -> usize {
        self.server.connections()
    }
}
