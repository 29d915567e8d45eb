//! Reads and hashes files in the barest loop, on all cores: what `cargo xtask bench` compares the hashing of large files with.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::digest::{Context, SHA256};

fn main() -> Result<()> {
    let files: Vec<OsString> = std::env::args_os().skip(1).collect();
    ensure!(!files.is_empty(), "hash_file FILE…");
    let threads = thread::available_parallelism()?.get().min(files.len());
    let files = Mutex::new(files);
    let next = || files.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || -> Result<()> { std::iter::from_fn(next).try_for_each(hash) };
    thread::scope(|scope| {
        // One file needs no thread beside the first.
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        work()?;
        others.into_iter().try_for_each(|other| {
            other
                .join()
                .map_err(|_| anyhow::anyhow!("a thread panicked"))?
        })
    })
}

fn hash(path: OsString) -> Result<()> {
    let mut file = File::open(&path).with_context(|| path.display().to_string())?;
    let mut context = Context::new(&SHA256);
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
