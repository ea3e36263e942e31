//! Memory of the process, beside the mapped file, while vectors are learned as fast as one thread goes.

use std::time::Instant;

use sutra_benches::store::{Opened, settle};
use sutra_benches::{Outcome, load, random::Random};
use sutra_storage::ConcurrentConfig;

use crate::Scale;
use crate::table::{Table, count, rounded};

const DIMENSION: usize = 384;

type Preset = (&'static str, fn(&str) -> ConcurrentConfig);

pub(crate) fn run(scale: Scale) -> Outcome {
    let concepts = scale.size(1_000_000);
    let ids = load::ids(0..concepts as u64);
    let mut random = Random::new(1);
    let vector: Vec<f32> = (0..DIMENSION).map(|_| random.below(1 << 20) as f32).collect();
    let presets: [Preset; 4] = [
        ("default", |path| ConcurrentConfig::new(path)),
        ("write-heavy", |path| ConcurrentConfig::write_heavy(path)),
        ("read-heavy", |path| ConcurrentConfig::read_heavy(path)),
        ("memory-constrained", |path| ConcurrentConfig::memory_constrained(path)),
    ];
    let mut table = Table::new(&["preset", "concepts", "learn/s", "most MB", "implied MB", "ratio"]);
    for (name, preset) in presets {
        let store = Opened::new(|config| {
            let (storage_path, write_timeout) = (config.storage_path.clone(), config.write_timeout);
            *config = ConcurrentConfig { storage_path, write_timeout, ..preset("") };
        })?;
        let Some(before) = anonymous() else {
            println!("(memory: this system does not say what is resident)");
            return Ok(());
        };
        let (mut most, start) = (before, Instant::now());
        let mut last = 0;
        for (number, id) in ids.iter().enumerate() {
            last = store.memory.learn_concept(*id, [7; 100], Some(&vector), 0.5, 0.5)?;
            if number % 2_000 == 0 {
                most = most.max(anonymous().unwrap_or(0));
            }
        }
        settle(&store.memory, last)?;
        let rate = concepts as f64 / start.elapsed().as_secs_f64();
        let threshold = preset("").memory_threshold as f64;
        // 64 bytes a concept for row and index; 2 KiB for each record that may wait for a checkpoint or be in one (twice the
        // threshold each); the queue's bytes, which are filled while writers wait.
        let implied = (concepts * 64) as f64
            + 4.0 * (threshold * 2048.0).clamp(4_194_304.0, 67_108_864.0)
            + (preset("").queue_bytes as f64).min(preset("").queue_capacity as f64 * 1_800.0);
        let most = (most - before) as f64;
        table.row(vec![
            name.to_owned(),
            count(concepts),
            rounded(rate),
            rounded(most / 1e6),
            rounded(implied / 1e6),
            format!("{:.2}", most / implied),
        ]);
    }
    table.print("Anonymous memory at its most while concepts with 384-d vectors are learned");
    Ok(())
}

/// Bytes of the process's own memory; `None` where there is no `/proc`.
fn anonymous() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}
