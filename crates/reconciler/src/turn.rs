//! The reconciler: a thread that turns accepted entries into groups.
//!
//! One turn: gather; one write and one sync of the write-ahead log; apply; publish; return permits. A large group is applied
//! while its sync is under way. Readers find a group only after both, so what was seen is never lost (except under
//! `Durability::None`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sutra_format::entry::Entry;
use sutra_log::{Cost, Drain, Slot, Woken, WriteLog};
use sutra_snapshot::{Applied, Writer};
use sutra_wal::Wal;

use crate::checkpoint::{Checkpoints, describe};
use crate::clock::now_micros;
use crate::counters::{Counters, add, set};
use crate::engine::is_full;
use crate::options::{Durability, EngineOptions};

/// Bytes of entries at which a group closes: a write of 4 MiB with its sync takes some milliseconds.
const GROUP_BYTES: u64 = 4 << 20;
/// Time between two attempts to make room while nobody waits.
const RETRY: Duration = Duration::from_millis(200);
/// Groups between two counts of memory.
const GROUPS_PER_COUNT: u64 = 64;

/// The thread's state.
pub(crate) struct Reconciler {
    pub(crate) writer: Writer,
    pub(crate) wal: Wal,
    pub(crate) drain: Drain<Entry>,
    pub(crate) checkpoints: Arc<Checkpoints>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) options: EngineOptions,
    /// What a commit is expected to take, apply and publish with it.
    pub(crate) cost_of_commit: Duration,
    pub(crate) commit_time: u64,
    pub(crate) warned: bool,
}

impl Reconciler {
    /// Runs until the log is closed and drained, or writing has stopped. Gives the write-ahead log back.
    pub(crate) fn run(mut self) -> Wal {
        sutra_log::forbid_waiting();
        let mut group = Vec::new();
        while self.gather(&mut group) {
            let outcome = self.commit(&group);
            group.clear();
            if let Err(cause) = outcome {
                tracing::error!(cause = &*cause, "writing stops");
                self.drain.log().poison(cause.into());
                break;
            }
        }
        self.take_done();
        self.wal
    }

    /// Fills `group`, perhaps with nothing when there is only a checkpoint's rest to take care of. False at the end.
    ///
    /// A group closes at the earliest of: the interval since its first entry, less what a commit takes; half of the queue;
    /// a number of bytes; somebody who waits; the end.
    fn gather(&mut self, group: &mut Vec<Slot<Entry>>) -> bool {
        match self.wait() {
            Woken::Poisoned => return false,
            Woken::Closed if self.drain.closed_and_empty() => return false,
            _ => {}
        }
        // An eighth of the interval is left for the wake-up and for a sync that is slower than the ones before.
        let interval = self.options.interval - self.options.interval / 8;
        let deadline = Instant::now() + interval.saturating_sub(self.cost_of_commit);
        let mut bytes = 0;
        loop {
            let bound = Cost { entries: self.options.queue_capacity, bytes: GROUP_BYTES - bytes };
            let from = group.len();
            self.drain.collect_within(group, bound);
            bytes += group[from..].iter().map(|slot| slot.cost.bytes).sum::<u64>();
            if group.is_empty() || bytes >= GROUP_BYTES {
                return true;
            }
            match self.drain.gather(deadline) {
                Woken::Poisoned => return false,
                Woken::Arrived | Woken::Nudged => {}
                Woken::Deadline | Woken::Urgent | Woken::Pressure | Woken::Closed => break,
            }
        }
        let bound = Cost { entries: self.options.queue_capacity, bytes: GROUP_BYTES - bytes };
        self.drain.collect_within(group, bound);
        true
    }

    /// Waits for something to do. Memory is kept for the next write, which may be a moment away; after a while it is given back.
    fn wait(&mut self) -> Woken {
        let until = self.writer.keeps_spare().then(|| Instant::now() + self.options.idle);
        match self.drain.wait(until) {
            Woken::Deadline => {
                self.writer.release_spare();
                self.writer.count_memory();
                self.drain.wait(None)
            }
            woken => woken,
        }
    }

    fn commit(&mut self, group: &[Slot<Entry>]) -> Result<(), String> {
        self.ask_for_durability();
        let swapped = self.take_done();
        let Some(first) = group.first().map(|slot| slot.sequence) else {
            if swapped || self.writer.retains() {
                // Chunks that were swapped are retired with the publish that follows, and what was retired before goes if
                // its snapshots are gone; nothing else has changed.
                self.publish(None, 0);
            }
            return Ok(());
        };
        let last = first + group.len() as u64 - 1;
        // Times of commits never decrease, whatever the clock does.
        self.commit_time = self.commit_time.max(now_micros());
        let entries: Vec<&[u8]> = group.iter().map(|slot| slot.entry.as_deref().unwrap_or_default()).collect();
        let bytes = entries.iter().map(|entry| entry.len() as u64).sum();

        let began = Instant::now();
        self.bound_memory();
        if self.options.durability != Durability::None {
            self.make_room(&entries)?;
        }
        let (commit, apply, applied) = self.log_and_apply(first, last, &entries, bytes)?;

        self.publish(Some((last, self.commit_time)), bytes);
        let counters = &self.counters;
        // Before anybody learns that the group is visible, and asks what it took.
        set(&counters.commit_us, commit.as_micros() as u64);
        set(&counters.apply_us, apply.as_micros() as u64);
        set(&counters.last_batch, group.len() as u64);
        self.drain.mark_visible(last);
        self.drain.return_permits(group.iter().map(|slot| slot.cost).sum());

        set(&counters.wal_bytes, self.wal.bytes());
        let made =
            entries.first().and_then(|entry| sutra_format::entry::Ops::new(entry).ok()).map_or(0, |ops| ops.time());
        set(&counters.staleness_us, now_micros().saturating_sub(made));
        add(&counters.entries_processed, group.len() as u64);
        add(&counters.operations, u64::from(applied.ops));
        add(&counters.ignored, u64::from(applied.ignored));
        if counters.reconciliations.fetch_add(1, Ordering::Relaxed).is_multiple_of(GROUPS_PER_COUNT) {
            self.writer.count_memory();
        }
        self.cost_of_commit = expected_cost(self.cost_of_commit, began.elapsed()).min(self.options.interval / 2);
        self.trigger();
        Ok(())
    }

    /// Writes a group to the log, syncs it, and applies it; gives how long each took.
    ///
    /// Applying need not wait for the sync: what it makes lies beyond the lengths of every snapshot, and the next one is
    /// published by the caller, after this. If the log fails, or the group cannot be applied, writing stops and nothing of it
    /// is ever published: no reader and no checkpoint meets it.
    fn log_and_apply(
        &mut self,
        first: u64,
        last: u64,
        entries: &[&[u8]],
        bytes: u64,
    ) -> Result<(Duration, Duration, Applied), String> {
        let Self { wal, writer, drain, options, commit_time, .. } = self;
        let log = drain.log();
        let mut append = || {
            // Also on a thread of its own: whoever listens to its traces must not wait for what it is doing.
            sutra_log::forbid_waiting();
            let began = Instant::now();
            if options.durability != Durability::None {
                wal.append(*commit_time, first, entries).map_err(|error| describe(&error))?;
                // After the sync and only then: who waits for it is told the truth.
                log.mark_durable(last);
            }
            Ok::<_, String>(began.elapsed())
        };
        let mut apply = || {
            let began = Instant::now();
            let applied = writer.apply_group(first, entries.iter().copied()).map_err(|error| describe(&error))?;
            Ok::<_, String>((began.elapsed(), applied))
        };
        let overlaps = options.durability != Durability::None && bytes >= options.overlap_bytes;
        let both = overlaps.then(|| {
            std::thread::scope(|scope| {
                let thread = std::thread::Builder::new().name("sutra-log".to_owned());
                // Without a thread to be had, one after the other.
                let appending = thread.spawn_scoped(scope, &mut append).ok()?;
                let applied = apply();
                // A panic there is a panic here, which poisons.
                Some((appending.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), applied))
            })
        });
        let (commit, (apply, applied)) = match both.flatten() {
            // The log's failure first: it is the cause that those who wait should get.
            Some((appended, applied)) => (appended?, applied?),
            None => (append()?, apply()?),
        };
        Ok((commit, apply, applied))
    }

    /// Publishes, and adds what belongs to the snapshot and is in no arena, as one step for the checkpointer.
    fn publish(&mut self, group: Option<(u64, u64)>, bytes: u64) {
        let mut uncommitted = self.checkpoints.uncommitted.lock();
        self.writer.publish(self.commit_time);
        uncommitted.add_access(self.writer.take_accessed());
        uncommitted.groups.extend(group);
        uncommitted.bytes += bytes;
    }

    /// With as much in memory as there may be, waits for the checkpoint that brings it to the file.
    fn bound_memory(&mut self) {
        while self.checkpoints.uncommitted.lock().bytes >= self.options.heap_limit {
            let visible = self.drain.log().visible();
            if self.checkpoints.wait_done(visible).is_err() {
                // It could not be written: memory is then all that there is. It is tried again with every group.
                return;
            }
            self.take_done();
        }
    }

    /// With every segment full, waits for a checkpoint: backpressure, not growth. If the checkpoint cannot be written either
    /// (a full disk) it goes on trying while writers merely find the log full; somebody who waits gets the cause.
    fn make_room(&mut self, entries: &[&[u8]]) -> Result<(), String> {
        let bytes = Wal::payload_bytes(entries.iter().map(|entry| entry.len()));
        while !self.wal.room_for(bytes) {
            let visible = self.drain.log().visible();
            if let Err(cause) = self.checkpoints.wait_done(visible) {
                if self.drain.urgent().is_none() && !self.drain.log().is_closed() {
                    std::thread::sleep(RETRY);
                    continue;
                }
                return Err(format!(
                    "the write-ahead log is full and the checkpoint that would free it failed: {cause}"
                ));
            }
            self.take_done();
        }
        Ok(())
    }

    /// Swaps chunks and releases segments that checkpoints have covered. Says whether chunks were swapped.
    fn take_done(&mut self) -> bool {
        let mut swapped = false;
        for done in self.checkpoints.take_done() {
            for (arena, index, map) in done.chunks {
                self.writer.swap_chunk(arena, index, map);
                swapped = true;
            }
            if let Err(error) = self.wal.release(done.sequence) {
                tracing::warn!(cause = describe(&error), "a segment of the write-ahead log could not be removed");
            }
            set(&self.counters.wal_bytes, self.wal.bytes());
            self.writer.count_memory();
        }
        swapped
    }

    /// Without a write-ahead log, who waits for durability waits for a checkpoint.
    fn ask_for_durability(&self) {
        if self.options.durability == Durability::None
            && let Some(sequence) = self.drain.durable_wanted()
        {
            self.checkpoints.request(sequence.min(self.drain.log().visible()));
        }
    }

    /// Asks for a checkpoint when enough is not in the file.
    fn trigger(&mut self) {
        let lengths = self.writer.lengths();
        let new = lengths.records().saturating_sub(self.counters.committed_records.load(Ordering::Relaxed));
        let bytes = self.checkpoints.uncommitted.lock().bytes;
        let log: &WriteLog<_> = self.drain.log();
        if new >= self.options.threshold
            || bytes >= self.options.heap_bytes
            || self.wal.bytes() >= self.options.wal_bytes / 2
        {
            self.checkpoints.request(log.visible());
        }
        self.ask_for_durability();
        let largest = u64::from(lengths.concepts.max(lengths.associations).max(lengths.slots));
        self.counters.full.store(is_full(lengths, self.options.queue_capacity), Ordering::Relaxed);
        if !self.warned && largest > u64::from(u32::MAX) / 5 * 4 {
            self.warned = true;
            tracing::warn!(records = largest, "four fifths of the store's 32-bit ordinals are used");
        }
    }
}

/// What a commit will take, from what was expected and what the last one took. It rises at once and falls slowly: syncs are
/// uneven, and a group that closes a little early is seen in time when its sync is a slow one.
fn expected_cost(expected: Duration, took: Duration) -> Duration {
    if took >= expected { took } else { expected - (expected - took) / 16 }
}
