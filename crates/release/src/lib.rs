//! What a project such as Kubernetes publishes for a version, and how it is proved.

pub mod spdx;
