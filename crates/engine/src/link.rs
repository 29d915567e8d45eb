//! The way to the network, built when it is needed for the first time.

use std::future::Future;
use std::sync::OnceLock;

use sealcheck_net::{Client, NetError};
use sealcheck_verify::{Failure, Reason, Result};
use tokio::runtime::{Builder, Runtime};

use crate::config::Network;

/// The network, or the lack of it.
#[derive(Debug)]
pub(crate) struct Link {
    network: Network,
    online: OnceLock<Result<Online>>,
}

/// A client and the runtime that drives it.
#[derive(Debug)]
pub(crate) struct Online {
    runtime: Runtime,
    client: Client,
}

impl Link {
    pub(crate) fn new(network: Network) -> Self {
        Self {
            network,
            online: OnceLock::new(),
        }
    }

    pub(crate) fn is_offline(&self) -> bool {
        matches!(self.network, Network::Offline)
    }

    /// The client, constructed by the first call.
    pub(crate) fn online(&self) -> Result<&Online> {
        let Network::Lazy(config) = &self.network else {
            return Err(Failure::new(Reason::Offline));
        };
        self.online
            .get_or_init(|| Online::new(config.clone()))
            .as_ref()
            .map_err(Clone::clone)
    }
}

impl Online {
    fn new(config: sealcheck_net::Config) -> Result<Self> {
        let client = Client::new(config).map_err(|error| match error {
            NetError::Config { .. } => Failure::new(Reason::ArgumentInvalid).detail(error),
            error => Failure::new(Reason::NetworkFailed).detail(error),
        })?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| {
                Failure::new(Reason::NetworkFailed)
                    .detail(format_args!("no event loop could be made: {error}"))
            })?;
        Ok(Self { runtime, client })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for a request. Several threads may wait at one time: one of them drives the connections of all.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}
