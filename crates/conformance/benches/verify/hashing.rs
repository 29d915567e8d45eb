//! Reading and hashing a large file, beside a bare loop over the same file with the same library, and beside hashing
//! alone.

use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use sealcheck_verify::{Artifact, Needs};

use crate::{median, once, ratio};

pub(crate) fn run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let mut file = File::create(&path).unwrap();
    let block: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    for _ in 0..MEBIBYTES {
        file.write_all(&block).unwrap();
    }
    drop(file);
    let open = || File::open(&path).unwrap();
    let mut figures = [const { Vec::<Duration>::new() }; 3];
    let [ours, bare, memory] = &mut figures;
    for _ in 0..ROUNDS {
        ours.push(once(|| {
            drop(Artifact::from_reader(open(), &Needs::sha256()).unwrap());
        }));
        bare.push(once(|| {
            let (mut file, mut context) = (open(), Context::new(&SHA256));
            let mut buffer = vec![0; BUFFER];
            loop {
                let count = file.read(&mut buffer).unwrap();
                match buffer.get(..count) {
                    None | Some([]) => break,
                    Some(piece) => context.update(piece),
                }
            }
            std::hint::black_box(context.finish());
        }));
        memory.push(once(|| {
            let mut context = Context::new(&SHA256);
            (0..MEBIBYTES).for_each(|_| context.update(&block));
            std::hint::black_box(context.finish());
        }));
    }
    let ratio = ratio(ours, bare);
    let [ours, bare, memory] = [median(ours), median(bare), median(memory)];
    println!(
        "\nhashing {MEBIBYTES} MiB: {:.0} ms; a bare loop over the file {:.0} ms, ratio {ratio:.3}, bar {BAR} {}; without reading {:.0} ms",
        ours.as_secs_f64() * 1e3,
        bare.as_secs_f64() * 1e3,
        if ratio <= BAR { "PASS" } else { "OVER" },
        memory.as_secs_f64() * 1e3,
    );
}

const MEBIBYTES: usize = 500;
const BUFFER: usize = 128 << 10;
const ROUNDS: usize = 7;
const BAR: f64 = 1.05;
