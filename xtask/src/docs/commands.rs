//! Commands in the README and the guides are commands that exist.

use std::process::Command;

use anyhow::{Result, ensure};
use clap::CommandFactory;

