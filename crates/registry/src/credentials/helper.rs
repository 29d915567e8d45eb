//! Credential helpers: programs named `docker-credential-NAME` that are asked on standard input.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sealcheck_net::Redacted;
use serde::Deserialize;
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use super::running::Running;
use super::{Credential, Found};
use crate::RegistryError;
use crate::flight::Flights;
use crate::limits::HELPER_BYTES;
use crate::reference::DOCKER_HUB;

/// The helpers of a process: one at a time of each name, because they lock files and keyrings, and each question once.
#[derive(Debug)]
pub(super) struct Helpers {
    search: Option<OsString>,
    deadline: Duration,
    /// Called before a helper is started.
    before: Option<fn()>,
    turns: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
    answers: Flights<(String, String), Answer>,
}

/// What was found, and when.
#[derive(Clone)]
struct Answer {
    found: Result<Option<Found>, RegistryError>,
    at: Instant,
}

impl Answer {
    /// How long it is used. A failure too: one that took all of its time would take it again for every image of a batch.
    fn kept(&self) -> Duration {
        match self.found {
            Ok(_) => KEPT,
            Err(_) => FAILURE_KEPT,
        }
    }
}

/// What a helper prints for `get`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    username: String,
    secret: String,
}

/// How a helper ended.
struct Ended {
    status: ExitStatus,
    output: Vec<u8>,
}

impl Default for Helpers {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Helpers {
    /// Helpers in these folders; those of this process's `PATH` if there are none.
    pub(super) fn new(search: Option<OsString>) -> Self {
        Self {
            search,
            deadline: DEADLINE,
            before: None,
            turns: Mutex::default(),
            answers: Flights::default(),
        }
    }

    pub(super) fn with_deadline(&self, deadline: Duration) -> Self {
        Self {
            deadline,
            before: self.before,
            ..Self::new(self.search.clone())
        }
    }

    pub(super) fn with_call_before(&self, before: fn()) -> Self {
        Self {
            deadline: self.deadline,
            before: Some(before),
            ..Self::new(self.search.clone())
        }
    }

    /// What the helper of this name has for a registry; `None` when it says that it has nothing.
    pub(super) async fn ask(
        &self,
        name: &str,
        registry: &str,
    ) -> Result<Option<Found>, RegistryError> {
        let key = (name.to_owned(), registry.to_owned());
        self.answers
            .forget_if(&key, |answer| answer.at.elapsed() > answer.kept());
        self.answers
            .join(
                key,
                |_| true,
                || async {
                    let turn = self.turn(name);
                    let _turn = turn.lock().await;
                    Answer {
                        found: self.run(name, registry).await,
                        at: Instant::now(),
                    }
                },
            )
            .await
            .found
    }

    /// Forgets what was said about a registry.
    pub(super) fn forget(&self, registry: &str) {
        let names: Vec<String> = self.lock().keys().cloned().collect();
        for name in names {
            self.answers
                .forget_if(&(name, registry.to_owned()), |_| true);
        }
    }

    fn turn(&self, name: &str) -> Arc<AsyncMutex<()>> {
        Arc::clone(self.lock().entry(name.to_owned()).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<AsyncMutex<()>>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, name: &str, registry: &str) -> Result<Option<Found>, RegistryError> {
        let program = format!("docker-credential-{name}");
        let failed = |detail: String| RegistryError::Credentials {
            registry: registry.to_owned(),
            source_name: program.clone(),
            detail,
        };
        // The name comes from a file: it must not lead out of the search path.
        if name.is_empty() || name.contains(['/', '\\', '\0']) {
            return Err(failed("this is not the name of a program".to_owned()));
        }
        let mut command = Command::new(&program);
        if let Some(search) = &self.search {
            command.env("PATH", search);
        }
        // Docker Hub is known to helpers by the address of its first API.
        let server = match registry == DOCKER_HUB {
            true => DOCKER_HUB_SERVER.to_owned(),
            false => registry.to_owned(),
        };
        let deadline = self.deadline;
        if let Some(before) = self.before {
            before();
        }
        let (sender, receiver) = oneshot::channel();
        // A thread of its own: programs are waited for, and nothing else may wait with them.
        thread::Builder::new()
            .name("credential-helper".to_owned())
            .spawn(move || {
                let _ = sender.send(converse(command, &server, deadline));
            })
            .map_err(|error| failed(format!("no thread could be started: {error}")))?;
        let ended = match receiver.await {
            Ok(ended) => ended.map_err(failed)?,
            Err(_) => return Err(failed("it could not be run".to_owned())),
        };
        let credential = read(&ended).map_err(failed)?;
        Ok(credential.map(|credential| Found {
            credential,
            source: program.clone(),
        }))
    }
}

/// What the output says, or what is wrong with it. Never the output itself: a helper that fails may have printed the secret.
fn read(ended: &Ended) -> Result<Option<Credential>, String> {
    let text = String::from_utf8_lossy(&ended.output);
    if !ended.status.success() {
        // The words that Docker's helpers have for it, on standard output.
        return match NOTHING_FOUND.iter().any(|words| text.contains(words)) {
            true => Ok(None),
            false => Err(format!("it ended with {}", ended.status)),
        };
    }
    let printed: Printed = serde_json::from_str(&text)
        .map_err(|_| "what it printed is no JSON object with Username and Secret".to_owned())?;
    if printed.secret.is_empty() {
        return match printed.username.is_empty() {
            true => Ok(None),
            false => Err("it printed a name without a secret".to_owned()),
        };
    }
    Ok(Some(match printed.username.as_str() {
        "<token>" => Credential::IdentityToken(Redacted::new(printed.secret)),
        _ => Credential::basic(printed.username, printed.secret),
    }))
}

/// Starts the program, asks, and reads what it prints until it ends or its time is over.
fn converse(mut command: Command, server: &str, deadline: Duration) -> Result<Ended, String> {
    command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // It may carry the secret as well, and nobody reads it here.
        .stderr(Stdio::null());
    let end = Instant::now() + deadline;
    let mut running = Running::start(&mut command).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such program in PATH".to_owned(),
        _ => format!("it could not be started: {error}"),
    })?;
    let conversation = talk(&mut running.child, server, deadline, end);
    if conversation.is_err() {
        // Whatever it does, nobody waits for it any more.
        running.end();
    }
    let status = running.child.wait().map_err(|error| error.to_string());
    Ok(Ended {
        output: conversation?,
        status: status?,
    })
}

fn talk(
    child: &mut Child,
    server: &str,
    deadline: Duration,
    end: Instant,
) -> Result<Vec<u8>, String> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it has no standard input or output".to_owned());
    };
    let question = server.to_owned();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // A helper that does not read its question can still answer it.
        let _ = input.write_all(question.as_bytes());
        drop(input);
        let cap = u64::try_from(HELPER_BYTES.max).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let read = output.take(cap.saturating_add(1)).read_to_end(&mut bytes);
        let _ = sender.send(read.map(|_| bytes));
    });
    let too_long = || format!("it took longer than {} seconds", deadline.as_secs_f32());
    let output = match receiver.recv_timeout(deadline) {
        Ok(Ok(bytes)) if bytes.len() > HELPER_BYTES.max => {
            return Err(format!(
                "it printed more than {} bytes ({})",
                HELPER_BYTES.max, HELPER_BYTES.name
            ));
        }
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(format!("its output could not be read: {error}")),
        Err(RecvTimeoutError::Timeout) => return Err(too_long()),
        Err(RecvTimeoutError::Disconnected) => return Err("it could not be asked".to_owned()),
    };
    // It has closed its output; it should end now, and must end in time.
    loop {
        match child.try_wait() {
            Ok(Some(_)) => return Ok(output),
            Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(2)),
            Ok(None) => return Err(too_long()),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Helpers that open a browser or unlock a keyring take seconds.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long an answer is used: the shortest-lived credentials (cloud access tokens) live an hour, and helpers renew them
/// some minutes before their end.
const KEPT: Duration = Duration::from_secs(300);

/// How long a failure is used: as long as a helper may take, so that it is asked at most half of the time.
const FAILURE_KEPT: Duration = DEADLINE;

/// docker-credential-helpers `credentials/error.go`, and what macOS' and Windows' helpers say instead.
const NOTHING_FOUND: &[&str] = &[
    "credentials not found in native keychain",
    "no credentials server URL",
    "The specified item could not be found in the keychain",
    "Element not found.",
];

const DOCKER_HUB_SERVER: &str = "https://index.docker.io/v1/";
