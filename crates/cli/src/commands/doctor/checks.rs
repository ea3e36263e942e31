//! What the counters say, check by check: a symptom, the counter that shows it, and what to change.
//!
//! A check is a function of counters and settings alone, so that each can be shown to speak and to be silent.

use serde::Serialize;
use sutra_storage::ConcurrentConfig;

use super::counters::Counters;
use super::machine::Machine;
use crate::progress::{grouped, size};

/// What one check found.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct Check {
    pub(super) name: &'static str,
    /// What was looked at, with its figures.
    pub(super) found: String,
    /// What to change; nothing if all is well.
    pub(super) advice: Option<String>,
}

/// Concepts and stubs up to which one machine is meant to hold a store.
const PRACTICAL: u64 = 10_000_000;

/// Record numbers of a kind: 32 bits.
const NUMBERS: u64 = 1 << 32;

/// What is said of groups while there is none.
const NO_GROUP: &str = "no group was committed since the store was opened";

/// All checks of counters, in the order of the table in docs/tuning.md.
pub(super) fn of_counters(counters: &Counters, config: &ConcurrentConfig) -> Vec<Check> {
    let checks: [fn(&Counters, &ConcurrentConfig) -> Check; 9] =
        [room, commit, stale, memory, snapshots, persistence, unknown, space, limits];
    checks.iter().map(|check| check(counters, config)).collect()
}

/// What the machine says.
pub(super) fn of_machine(machine: &Machine, counters: &Counters, config: &ConcurrentConfig) -> Vec<Check> {
    vec![cores(machine), disk(machine, config), free(machine, counters)]
}

fn check(name: &'static str, found: String, advice: Option<String>) -> Check {
    Check { name, found, advice }
}

fn ms(micros: u64) -> String {
    format!("{:.1} ms", micros as f64 / 1e3)
}

fn interval_us(config: &ConcurrentConfig) -> u64 {
    config.reconcile_interval_ms.saturating_mul(1000)
}

/// Slow or refused writes: the write log is too small for the bursts.
fn room(counters: &Counters, config: &ConcurrentConfig) -> Check {
    let log = &counters.write_log;
    let (capacity, bytes) = (config.queue_capacity as u64, config.queue_bytes);
    let found = format!(
        "{} writes refused; {} of {} operations and {} of {} wait",
        grouped(log.dropped),
        grouped(log.pending),
        grouped(capacity),
        size(log.pending_bytes),
        size(bytes)
    );
    let full = log.pending.saturating_mul(5) > capacity.saturating_mul(4)
        || log.pending_bytes.saturating_mul(5) > bytes.saturating_mul(4);
    let advice = (log.dropped > 0 || full).then(|| {
        "raise queue_capacity or queue_bytes for longer bursts, write_timeout for writers that may wait, \
         reconcile_interval_ms for larger groups; write in batches"
            .to_owned()
    });
    check("room", found, advice)
}

/// Slow writes under `Always`, and late ones under `Group`: the log's sync takes longer than a group is gathered.
fn commit(counters: &Counters, config: &ConcurrentConfig) -> Check {
    let commit = counters.reconciler.commit_us;
    let found = match counters.reconciler.last_batch {
        0 => NO_GROUP.to_owned(),
        _ => format!("the last group took {} to write and sync", ms(commit)),
    };
    let advice = (commit > interval_us(config)).then(|| {
        format!(
            "it took longer than the interval of {} ms: raise reconcile_interval_ms, so that more writes share a sync, or \
             use a faster disk",
            config.reconcile_interval_ms
        )
    });
    check("commit", found, advice)
}

/// Reads that do not see what was just written.
fn stale(counters: &Counters, config: &ConcurrentConfig) -> Check {
    let reconciler = &counters.reconciler;
    let found = match reconciler.last_batch {
        0 => NO_GROUP.to_owned(),
        writes => format!(
            "the last group of {} writes was visible after {}, of which it was applied in {}",
            grouped(writes),
            ms(reconciler.staleness_us),
            ms(reconciler.apply_us)
        ),
    };
    // Gathering, and then the commit and the application, each of which may take as long once more.
    let late = reconciler.staleness_us > interval_us(config).saturating_mul(3);
    let advice = late.then(|| {
        if reconciler.apply_us > interval_us(config) {
            "the reconciler cannot keep up: write less at a time, or give it cores and raise reconcile_threads"
                .to_owned()
        } else {
            "lower reconcile_interval_ms; where a read must see a write, wait for its sequence with wait_visible"
                .to_owned()
        }
    });
    check("stale", found, advice)
}

/// Memory beyond what the settings ask for.
fn memory(counters: &Counters, config: &ConcurrentConfig) -> Check {
    let (snapshot, storage) = (&counters.snapshot, &counters.storage);
    let own = storage.heap_bytes.saturating_sub(storage.retained_bytes);
    let expected = expected_memory(snapshot.concept_count + snapshot.stub_count, snapshot.edge_count, config);
    let found = format!("{} beside the mapped file, of about {} that the settings imply", size(own), size(expected));
    let advice = (own > expected + expected / 2).then(|| {
        "lower memory_threshold, so that checkpoints come sooner, and queue_capacity; call flush() after a burst; \
         the preset memory-constrained has both low"
            .to_owned()
    });
    check("memory", found, advice)
}

/// Bytes for rows and index of concepts, both ends of associations, and what waits for a checkpoint or is in one.
fn expected_memory(concepts: u64, associations: u64, config: &ConcurrentConfig) -> u64 {
    let waiting = (config.memory_threshold as u64).saturating_mul(2048).clamp(4 << 20, 64 << 20);
    (concepts.saturating_mul(80))
        .saturating_add(associations.saturating_mul(80))
        .saturating_add(4 * waiting)
        .saturating_add(config.queue_bytes.min((config.queue_capacity as u64).saturating_mul(1800)))
}

/// Memory that somebody keeps by holding an old snapshot.
fn snapshots(counters: &Counters, _: &ConcurrentConfig) -> Check {
    let storage = &counters.storage;
    let seconds = storage.oldest_snapshot_age / 1_000_000;
    let found = format!("held ones keep {}; the oldest is {} s old", size(storage.retained_bytes), grouped(seconds));
    let advice = (storage.retained_bytes > 64 << 20 || seconds > 60).then(|| {
        "drop snapshots when their question is answered and take a new one for the next: that costs nothing".to_owned()
    });
    check("snapshots", found, advice)
}

/// What would be lost, or slow to open again.
fn persistence(counters: &Counters, _: &ConcurrentConfig) -> Check {
    let (storage, recovery) = (&counters.storage, &counters.recovery);
    let found = format!(
        "{} checkpoints failed, {} of the write-ahead log not yet covered, {} writes replayed at open, {} bytes cut",
        grouped(storage.checkpoint_failures),
        size(storage.wal_bytes),
        grouped(storage.recovered),
        grouped(recovery.cut_bytes)
    );
    let advice = if storage.checkpoint_failures > 0 {
        Some("free space on the disk: a checkpoint that could not be written is tried again".to_owned())
    } else if recovery.repaired_header || recovery.cut_bytes > 0 {
        Some(
            "the last process was stopped in the middle of a write; nothing that was promised is missing. If that was no \
             kill, run `sutra verify` and look at the disk"
                .to_owned(),
        )
    } else if storage.recovered > 0 {
        Some("call close() before the process ends: an open after it is faster, and needs no log".to_owned())
    } else if storage.wal_bytes > 192 << 20 {
        Some("checkpoints come late: lower memory_threshold, or call flush() after a burst".to_owned())
    } else {
        None
    };
    check("persistence", found, advice)
}

/// Updates that did nothing.
fn unknown(counters: &Counters, _: &ConcurrentConfig) -> Check {
    let ignored = counters.reconciler.ignored;
    let found = format!("{} operations on unknown ids did nothing", grouped(ignored));
    let advice = (ignored > 0).then(|| {
        "learn a concept before its strength or metadata is changed, and look whether keys and ids are spelled alike"
            .to_owned()
    });
    check("unknown", found, advice)
}

/// A file that grows though the store does not.
fn space(counters: &Counters, _: &ConcurrentConfig) -> Check {
    let storage = &counters.storage;
    let found = format!("the file has {}, {} of it dead", size(storage.file_bytes), size(storage.dead_bytes));
    let dead = storage.dead_bytes > 64 << 20 && storage.dead_bytes > storage.file_bytes / 2;
    let advice = dead.then(|| {
        "write it anew: `sutra export` to a file, `sutra import` of it into another folder; history and access counts \
         are not taken along"
            .to_owned()
    });
    check("space", found, advice)
}

/// How near the limits are.
fn limits(counters: &Counters, _: &ConcurrentConfig) -> Check {
    let snapshot = &counters.snapshot;
    let nodes = snapshot.concept_count + snapshot.stub_count;
    let found = format!(
        "{} concepts, {} stubs, {} associations",
        grouped(snapshot.concept_count),
        grouped(snapshot.stub_count),
        grouped(snapshot.edge_count)
    );
    let advice = if nodes.max(snapshot.edge_count) > NUMBERS / 5 * 4 {
        Some(
            "four fifths of the record numbers are used: further writes will be refused as Full; begin another store"
                .to_owned(),
        )
    } else if nodes > PRACTICAL {
        Some(format!("more than {}: measure before it grows further, or divide it", grouped(PRACTICAL)))
    } else {
        None
    };
    check("size", found, advice)
}

fn cores(machine: &Machine) -> Check {
    let found = format!("{} cores", machine.cores);
    let advice = (machine.cores < 2)
        .then(|| "the reconciler needs a core beside readers and writers: give the process two".to_owned());
    check("cores", found, advice)
}

fn disk(machine: &Machine, config: &ConcurrentConfig) -> Check {
    let Some(sync_us) = machine.sync_us else {
        let found = "no room to write 64 KiB, so the sync was not measured".to_owned();
        return check("disk", found, Some("free space: what is learned needs it".to_owned()));
    };
    let found = format!("4 KiB written and synced in {}", ms(sync_us));
    let advice = (sync_us > interval_us(config)).then(|| {
        format!(
            "a sync takes longer than the interval of {} ms: raise reconcile_interval_ms, or put the store on a faster disk",
            config.reconcile_interval_ms
        )
    });
    check("disk", found, advice)
}

fn free(machine: &Machine, counters: &Counters) -> Check {
    let found = format!("{} free where the store is", size(machine.free_bytes));
    // The next growth of the file, and a full write-ahead log.
    let wanted = counters.storage.file_bytes.clamp(16 << 20, 1 << 30) + (256 << 20);
    let advice = (machine.free_bytes < wanted).then(|| {
        format!("free at least {}: the file's next growth and the write-ahead log take so much", size(wanted))
    });
    check("free", found, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of the checks that have advice.
    fn told(counters: &Counters, config: &ConcurrentConfig) -> Vec<&'static str> {
        of_counters(counters, config)
            .into_iter()
            .filter(|check| check.advice.is_some())
            .map(|check| check.name)
            .collect()
    }

    #[test]
    fn a_healthy_store_gets_no_advice() {
        assert_eq!(told(&Counters::default(), &ConcurrentConfig::default()), [""; 0]);
        let mut busy = Counters::default();
        busy.write_log.pending = 20_000;
        busy.reconciler.staleness_us = 20_000;
        busy.reconciler.commit_us = 4_000;
        busy.snapshot.concept_count = 1_000_000;
        busy.snapshot.edge_count = 5_000_000;
        busy.storage.heap_bytes = 510 << 20;
        busy.storage.wal_bytes = 60 << 20;
        assert_eq!(told(&busy, &ConcurrentConfig::default()), [""; 0]);
    }

    #[test]
    fn each_counter_is_spoken_of_beyond_its_bound_only() {
        type Set = fn(&mut Counters, u64);
        let cases: [(&str, Set, u64, u64); 15] = [
            ("room", |c, n| c.write_log.dropped = n, 0, 1),
            ("room", |c, n| c.write_log.pending = n, 80_000, 80_001),
            ("room", |c, n| c.write_log.pending_bytes = n, 200 << 20, 250 << 20),
            ("commit", |c, n| c.reconciler.commit_us = n, 10_000, 10_001),
            ("stale", |c, n| c.reconciler.staleness_us = n, 30_000, 30_001),
            ("memory", |c, n| c.storage.heap_bytes = n, 500 << 20, 800 << 20),
            ("snapshots", |c, n| c.storage.oldest_snapshot_age = n, 60_000_000, 61_000_000),
            ("snapshots", |c, n| c.storage.retained_bytes = n, 64 << 20, 65 << 20),
            ("persistence", |c, n| c.storage.checkpoint_failures = n, 0, 1),
            ("persistence", |c, n| c.storage.recovered = n, 0, 1),
            ("persistence", |c, n| c.storage.wal_bytes = n, 192 << 20, 193 << 20),
            ("persistence", |c, n| c.recovery.cut_bytes = n, 0, 1),
            ("unknown", |c, n| c.reconciler.ignored = n, 0, 1),
            ("size", |c, n| c.snapshot.concept_count = n, PRACTICAL, PRACTICAL + 1),
            ("size", |c, n| c.snapshot.edge_count = n, NUMBERS / 2, NUMBERS / 10 * 9),
        ];
        let config = ConcurrentConfig::default();
        for (name, set, well, ill) in cases {
            let mut counters = Counters::default();
            set(&mut counters, well);
            assert!(!told(&counters, &config).contains(&name), "{name} at {well}");
            set(&mut counters, ill);
            assert_eq!(told(&counters, &config), [name], "{name} at {ill}");
        }
        let mut counters = Counters::default();
        counters.storage.file_bytes = 1 << 30;
        counters.storage.dead_bytes = 600 << 20;
        assert_eq!(told(&counters, &config), ["space"]);
    }

    #[test]
    fn bounds_follow_the_settings() {
        let mut counters = Counters::default();
        counters.reconciler.staleness_us = 60_000;
        counters.storage.heap_bytes = 100 << 20;
        assert_eq!(told(&counters, &ConcurrentConfig::default()), ["stale"]);
        assert_eq!(told(&counters, &ConcurrentConfig::write_heavy("x")), [""; 0]);
        assert_eq!(told(&counters, &ConcurrentConfig::memory_constrained("x")), ["stale", "memory"]);
    }

    #[test]
    fn a_small_or_slow_machine_is_told() {
        let config = ConcurrentConfig::default();
        let names = |machine: Machine| -> Vec<_> {
            let checks = of_machine(&machine, &Counters::default(), &config);
            checks.into_iter().filter(|check| check.advice.is_some()).map(|check| check.name).collect()
        };
        assert_eq!(names(Machine { cores: 2, sync_us: Some(10_000), free_bytes: 1 << 40 }), [""; 0]);
        assert_eq!(names(Machine { cores: 1, sync_us: Some(10_001), free_bytes: 1 << 20 }), ["cores", "disk", "free"]);
        assert_eq!(names(Machine { cores: 2, sync_us: None, free_bytes: 0 }), ["disk", "free"]);
    }
}
