//! What the machine gives, measured in the same run.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use sutra_benches::random::Random;
use sutra_benches::store::Folder;
use sutra_benches::{Outcome, median};

use crate::process::kibibytes;
use crate::report::{aligned, rounded};

const MIB: usize = 1 << 20;

/// A cache line with the number of the next one.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(u32);

/// The table of the limits, and which machine it was.
pub(crate) fn table(quick: bool) -> Outcome<String> {
    let folder = Folder::new()?;
    let (file, syncs) = if quick { (16 * MIB, 20) } else { (512 * MIB, 200) };
    let rows = [
        ("limit", "median".to_owned()),
        ("memory copy, 64 MiB that were touched before", format!("{} GB/s", rounded(copy()))),
        ("dependent random read in 256 MiB", format!("{} ns", rounded(random_read(quick)))),
        (
            if quick { "file: 16 MiB written and synced" } else { "file: 512 MiB written and synced" },
            format!("{} GB/s", rounded(file_write(folder.path(), file, 3)?)),
        ),
        (
            if quick { "file: 16 MiB written and synced, once" } else { "file: 6 GiB written and synced, once" },
            // So much that its pages are, in part, memory that the machine has not used for long: on a virtual one it has to be
            // had from the host first.
            format!("{} GB/s", rounded(file_write(folder.path(), if quick { file } else { 12 * file }, 1)?)),
        ),
        ("fdatasync after 4 KiB appended", format!("{} ms", rounded(sync(folder.path(), syncs)?))),
    ];
    let rows: Vec<_> = rows.map(|(name, value)| [name.to_owned(), value]).into();
    Ok(format!("## Limits of the machine\n\n{}\n{}\n", aligned(&rows), machine()))
}

/// Cores, memory and kernel, as far as the system says.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let read = |path| std::fs::read_to_string(path).ok();
    let memory = read("/proc/meminfo").and_then(|text| kibibytes(&text, "MemTotal:"));
    let memory =
        memory.map_or(String::new(), |bytes| format!(", {:.1} GiB of memory", bytes as f64 / (1_u64 << 30) as f64));
    let release = read("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores{memory}, {} {}.", std::env::consts::OS, release.trim()).replace(" .", ".")
}

fn copy() -> f64 {
    let (from, mut to) = (vec![1_u8; 64 * MIB], vec![0_u8; 64 * MIB]);
    let rates: Vec<_> = (0..7)
        .map(|_| {
            let start = Instant::now();
            to.copy_from_slice(black_box(&from));
            black_box(&mut to);
            from.len() as f64 / start.elapsed().as_nanos() as f64
        })
        .collect();
    median(&rates)
}

/// One cycle through all lines (Sattolo), so that no read can begin before the one before it has ended.
fn random_read(quick: bool) -> f64 {
    let count = 256 * MIB / size_of::<Line>();
    let mut lines: Vec<_> = (0..count).map(|at| Line(u32::try_from(at).unwrap_or(0))).collect();
    let mut random = Random::new(1);
    for at in (1..count).rev() {
        lines.swap(at, random.below(at));
    }
    let steps = if quick { 100_000 } else { 4_000_000 };
    let (mut at, start) = (0, Instant::now());
    for _ in 0..steps {
        at = lines[at as usize].0;
    }
    black_box(at);
    start.elapsed().as_nanos() as f64 / f64::from(steps)
}

fn file_write(folder: &Path, bytes: usize, rounds: usize) -> Outcome<f64> {
    let chunk = vec![7_u8; MIB];
    let mut rates = Vec::new();
    for round in 0..rounds {
        let path = folder.join(format!("limit-{round}"));
        let mut file = File::create(&path)?;
        let start = Instant::now();
        for _ in 0..bytes / MIB {
            file.write_all(&chunk)?;
        }
        file.sync_data()?;
        rates.push(bytes as f64 / start.elapsed().as_nanos() as f64);
        drop(file);
        std::fs::remove_file(path)?;
    }
    Ok(median(&rates))
}

fn sync(folder: &Path, times: usize) -> Outcome<f64> {
    let mut file = File::create(folder.join("synced"))?;
    let mut millis = Vec::new();
    for _ in 0..times {
        file.write_all(&[7; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        millis.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&millis))
}
