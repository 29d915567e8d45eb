//! The sizes and counts beyond which an SPDX document is refused, each with its reason.

use sealcheck_verify::limits::Limit;

/// A document. The release of Kubernetes has 0.2 MB, with its sources 12 MB, Istio's 3 MB.
pub const SPDX_BYTES: Limit = Limit::new("spdx-bytes", 64 << 20);
/// A name, identifier or address that is kept (`PATH_MAX` of Linux). Texts that are passed over may be longer.
pub const SPDX_VALUE_BYTES: Limit = Limit::new("spdx-value-bytes", 4096);
/// Files and packages, and what else has an identifier. Istio's release has 3,500, a large system 100,000.
pub const SPDX_ELEMENTS: Limit = Limit::new("spdx-elements", 262_144);
/// Relationships: two for each element. Istio's release has one.
pub const SPDX_RELATIONSHIPS: Limit = Limit::new("spdx-relationships", 524_288);
/// Creators, other documents, and external references of one package. Real ones have up to 30.
pub const SPDX_REFERENCES: Limit = Limit::new("spdx-references", 1024);
/// Different tags that are passed over; SPDX has some 80.
pub const SPDX_PASSED_OVER: Limit = Limit::new("spdx-passed-over", 1024);
/// Values in a document in JSON: 20 for each element.
pub const SPDX_JSON_VALUES: Limit = Limit::new("spdx-json-values", 4_000_000);
