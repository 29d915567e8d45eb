//! A TUF repository over HTTP(S), through the one client of the process.

use sealcheck_net::{Client, NetError};

use crate::fetch::{Fetch, FetchError, Fetching};

/// A TUF repository behind a base URL.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    base: String,
}

impl Http {
    /// The repository at `base_url` ([`Refresh::url`](crate::Refresh::url)).
    #[must_use]
    pub fn new(client: Client, base_url: &str) -> Self {
        Self {
            client,
            base: base_url.trim_end_matches('/').to_owned(),
        }
    }

    async fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, FetchError> {
        let url = format!("{}/{path}", self.base);
        let mut request = self.client.get(url).limit(limit).accept(NOT_FOUND);
        // Object stores that do not let anyone list them answer 403 for what is not there, and the
        // end of the root chain is found by asking for what is not there. Any other file must exist.
        if path.ends_with(".root.json") {
            request = request.accept(FORBIDDEN);
        }
        match request.send().await {
            Ok(response) if [NOT_FOUND, FORBIDDEN].contains(&response.status()) => Ok(None),
            Ok(response) => Ok(Some(response.into_body())),
            Err(NetError::TooLarge { .. }) => Err(FetchError::TooLarge {
                path: path.to_owned(),
                limit,
            }),
            // The path says what was asked, and the mirror is named with the error.
            Err(e) => Err(FetchError::failed(path, e.cause())),
        }
    }
}

impl Fetch for Http {
    fn get<'a>(&'a self, path: &'a str, limit: u64) -> Fetching<'a> {
        Box::pin(self.read(path, limit))
    }
}

const NOT_FOUND: u16 = 404;
const FORBIDDEN: u16 = 403;
