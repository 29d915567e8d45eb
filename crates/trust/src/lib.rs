//! Where trust material comes from: embedded, a file, a TUF repository, the cache.
//!
//! ```
//! use sealcheck_trust::{Instance, Opened, Repository, Source, open, open_offline};
//!
//! # fn main() -> Result<(), sealcheck_trust::TrustError> {
//! let now = std::time::SystemTime::now().into(); // the caller owns the clock
//!
//! // Offline: nothing in this call could reach a network.
//! let loaded = open_offline(&Source::Tuf(Repository::of(Instance::PublicGood)), now)?;
//! assert_eq!(loaded.source, "embedded:public-good");
//!
//! // Online: the network is only needed when nothing fresh is cached.
//! match open(&Source::Tuf(Repository::of(Instance::PublicGood)), now)? {
//!     Opened::Ready(loaded) => assert!(!loaded.bytes.is_empty()),
//!     Opened::RefreshDue(refresh) => assert_eq!(refresh.url(), Instance::PublicGood.tuf_url()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Every trust root has a source and a digest that go into the evidence, and an age. The clock, the
//! environment and the network belong to the caller: `now` is an argument, the cache folder is
//! configuration, and the network is a [`Fetch`] ([`Http`]) that only [`Refresh::run`] takes.

mod cache;
mod error;
mod fetch;
mod http;
mod instance;
mod load;
mod source;
mod tuf;

pub use error::{TrustError, Warning};
pub use fetch::{Fetch, FetchError, Fetching, Folder};
pub use http::Http;
pub use instance::{Instance, SNAPSHOT_CRATE_VERSION, SNAPSHOT_TAKEN};
pub use load::{Loaded, Opened, Refresh, open, open_offline};
pub use source::{DEFAULT_MAX_AGE, InitialRoot, Mirror, Repository, Source};
pub use tuf::MAX_TRUSTED_ROOT_BYTES;
