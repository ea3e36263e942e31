//! Prints what a group costs on the disk under a directory: `cargo run --release -p sutra-wal --example commit -- DIR`.

use std::sync::Arc;
use std::time::Instant;

use sutra_vfs::RealDirectory;
use sutra_wal::{Wal, WalError, WalOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: commit DIR (a directory for the log, on the disk to measure)")?;
    let directory = Arc::new(RealDirectory::open(path)?);
    println!("{:>12} {:>10} {:>12} {:>12} {:>12}", "group bytes", "segments", "median us", "p99 us", "worst us");
    for group_bytes in [4 << 10, 64 << 10, 1 << 20] {
        let (mut wal, _) = Wal::recover(directory.clone(), WalOptions::new([1; 16]), 0, &mut |_| Ok(()))?;
        let entry = vec![0x5A_u8; group_bytes];
        // The first round writes fresh segments, the second one recycled ones.
        for round in ["fresh", "recycled"] {
            let groups = (32 << 20) / group_bytes;
            let mut micros = Vec::new();
            for _ in 0..groups {
                let begun = Instant::now();
                append(&mut wal, &entry)?;
                micros.push(begun.elapsed().as_micros());
            }
            micros.sort_unstable();
            let at = |part: usize| micros.get(micros.len() * part / 1000).copied().unwrap_or_default();
            println!("{group_bytes:>12} {round:>10} {:>12} {:>12} {:>12}", at(500), at(990), at(999));
            wal.release(wal.next_sequence() - 1)?;
        }
        wal.remove_all()?;
    }
    Ok(())
}

fn append(wal: &mut Wal, entry: &[u8]) -> Result<(), WalError> {
    wal.append(0, wal.next_sequence(), &[entry])
}
