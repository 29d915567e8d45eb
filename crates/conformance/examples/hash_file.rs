//! Reads and hashes a file in the barest loop: what `cargo xtask bench` compares the hashing of large files with.

use std::fs::File;
use std::io::Read;

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{Context, SHA256};

fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).context("hash_file FILE")?;
    let (mut file, mut context) = (File::open(path)?, Context::new(&SHA256));
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            None | Some([]) => break,
            Some(piece) => context.update(piece),
        }
    }
    std::hint::black_box(context.finish());
    Ok(())
}

const BUFFER: usize = 128 << 10;
