//! The client against the scripted double.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bodies;
mod connections;
mod questions;
mod retries;

use std::time::Duration;

use sealcheck_net::{Client, Config, Proxies, RetryPolicy};

fn config() -> Config {
    Config {
        retry: RetryPolicy {
            attempts: 3,
            base: Duration::from_millis(1),
            cap: Duration::from_millis(4),
        },
        proxies: Proxies::none(),
        ..Config::default()
    }
}

fn client() -> Client {
    Client::new(config()).unwrap()
}
