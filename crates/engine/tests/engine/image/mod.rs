//! Images in registries and in layouts.

mod batch;
mod bounds;
mod composition;
mod copies;
mod corpus;
mod demands;
mod faults;
mod forms;
mod inventory;
mod log;
mod platforms;
mod requests;
mod scene;
mod signers;
