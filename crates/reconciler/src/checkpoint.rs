//! The checkpointer: a thread that writes to `storage.dat` what a held snapshot has beyond the last commit.
//!
//! Its input is a snapshot and what belongs to it but is in no arena: access counters and the times of groups. The
//! reconciler adds to these and publishes under one lock, so that the checkpointer, taking both under that lock, finds
//! them of the same moment. It holds the lock for two moves, once a checkpoint; the reconciler for a publish, once a group;
//! readers never.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sutra_format::footer::AccessEntry;
use sutra_log::{LogError, WriteLog};
use sutra_snapshot::{Arena, Snapshot, SnapshotSource};
use sutra_store::{New, Store, StoreError};
use sutra_sync::{Condvar, Mutex, MutexGuard};
use sutra_vfs::Map;

use crate::counters::{Counters, add, set};
use crate::error::EngineError;
use crate::options::Durability;

/// Time from an attempt that failed to the next one that nobody waits for.
const RETRY: Duration = Duration::from_secs(1);

/// Bytes that came in during a commit from which on the store is in a burst.
const BUSY: u64 = 8 << 20;
/// Records without an image that a burst may leave: an open after a kill links them.
const MOST_WITHOUT_IMAGE: u64 = 2_000_000;

/// What belongs to the newest snapshot and is not yet in the file.
#[derive(Debug, Default)]
pub(crate) struct Uncommitted {
    /// Access counters that changed, by slot: count and time.
    pub(crate) access: HashMap<u32, (u32, u64)>,
    /// Last sequence and commit time of each group.
    pub(crate) groups: Vec<(u64, u64)>,
    /// Bytes of entries.
    pub(crate) bytes: u64,
}

impl Uncommitted {
    /// Adds counters that changed: slot, count and time. Newer ones replace older ones of the same slot.
    pub(crate) fn add_access(&mut self, changed: Vec<(u32, u32, u64)>) {
        self.access.extend(changed.into_iter().map(|(slot, count, last)| (slot, (count, last))));
    }
}

/// What a committed checkpoint leaves to the reconciler.
#[derive(Debug)]
pub(crate) struct Done {
    /// Everything up to here is in the file: segments of the write-ahead log may be used again.
    pub(crate) sequence: u64,
    /// Chunks that are full and committed, mapped.
    pub(crate) chunks: Vec<(Arena, u32, Map)>,
}

/// What the checkpointer is asked for.
#[derive(Debug, Default)]
struct Requests {
    /// Commit everything up to this sequence, some time.
    wanted: u64,
    /// How often somebody has begun to wait: each is worth an attempt at once, also after a failure.
    demands: u64,
    /// Attempts that have ended, well or badly, and how the last one ended.
    attempts: u64,
    failure: Option<Arc<str>>,
    /// The reconciler has ended: one last checkpoint, then end.
    closing: bool,
    /// The thread has ended.
    ended: bool,
    done: Vec<Done>,
}

/// Shared between the engine, the reconciler and the checkpointer.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    pub(crate) uncommitted: Mutex<Uncommitted>,
    requests: Mutex<Requests>,
    changed: Condvar,
}

impl Checkpoints {
    pub(crate) fn new(uncommitted: Uncommitted) -> Self {
        Self { uncommitted: Mutex::new(uncommitted), requests: Mutex::default(), changed: Condvar::new() }
    }

    /// Asks for a checkpoint that covers `sequence`, without waiting.
    pub(crate) fn request(&self, sequence: u64) {
        let mut requests = self.requests.lock();
        if sequence > requests.wanted {
            requests.wanted = sequence;
            self.changed.notify_all();
        }
    }

    /// Takes what committed checkpoints have left.
    pub(crate) fn take_done(&self) -> Vec<Done> {
        std::mem::take(&mut self.requests.lock().done)
    }

    /// Asks for an attempt at once, and says how many have ended. One under way may have begun before the sequence was
    /// visible; its failure counts all the same.
    fn demand(&self, sequence: u64) -> (MutexGuard<'_, Requests>, u64) {
        let mut requests = self.requests.lock();
        requests.wanted = requests.wanted.max(sequence);
        requests.demands += 1;
        self.changed.notify_all();
        let before = requests.attempts;
        (requests, before)
    }

    /// Waits until a checkpoint has committed something to take, or one has failed; gives its cause then.
    pub(crate) fn wait_done(&self, sequence: u64) -> Result<(), Arc<str>> {
        let (mut requests, before) = self.demand(sequence);
        loop {
            if !requests.done.is_empty() {
                return Ok(());
            }
            if requests.ended {
                return Err("the checkpointer has ended".into());
            }
            if requests.attempts > before
                && let Some(cause) = &requests.failure
            {
                return Err(cause.clone());
            }
            requests = self.changed.wait(requests);
        }
    }

    /// Waits until everything up to `sequence`, which is visible, has been committed.
    pub(crate) fn wait_committed(
        &self,
        sequence: u64,
        deadline: Option<Instant>,
        counters: &Counters,
    ) -> Result<(), EngineError> {
        if counters.committed_sequence.load(Ordering::Acquire) >= sequence {
            return Ok(());
        }
        if !sutra_log::may_wait() {
            return Err(LogError::WaitForbidden.into());
        }
        let (mut requests, before) = self.demand(sequence);
        loop {
            if counters.committed_sequence.load(Ordering::Acquire) >= sequence {
                return Ok(());
            }
            if let Some(cause) = &requests.failure
                && (requests.attempts > before || requests.ended)
            {
                return Err(EngineError::Checkpoint { cause: cause.clone() });
            }
            if requests.ended {
                return Err(LogError::Closed.into());
            }
            let late;
            (requests, late) = self.changed.wait_until(requests, deadline);
            if late {
                return Err(LogError::TimedOut { sequence }.into());
            }
        }
    }

    /// The reconciler has ended: the checkpointer makes one last checkpoint and ends.
    pub(crate) fn close(&self) {
        self.requests.lock().closing = true;
        self.changed.notify_all();
    }
}

/// The thread.
pub(crate) struct Checkpointer {
    pub(crate) store: Store,
    pub(crate) source: SnapshotSource,
    pub(crate) log: Arc<WriteLog<Vec<u8>>>,
    pub(crate) shared: Arc<Checkpoints>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) durability: Durability,
    /// Records that the last image covers, as far as this session knows.
    pub(crate) imaged: u64,
}

impl Checkpointer {
    /// Runs until closed. Gives back how the last attempt ended.
    pub(crate) fn run(mut self) -> Result<(), Arc<str>> {
        sutra_log::forbid_waiting();
        let _end = End { shared: self.shared.clone(), log: self.log.clone() };
        let (mut answered, mut retry) = (0, None::<Instant>);
        loop {
            let closing = {
                let mut requests = self.shared.requests.lock();
                loop {
                    let wanted = requests.wanted > self.store.sequence();
                    let due = wanted && retry.is_none_or(|at| Instant::now() >= at);
                    if requests.closing || requests.demands > answered || due {
                        break;
                    }
                    // Nothing wanted: sleep. Wanted, but the last attempt failed: sleep until it is time for another.
                    let deadline = if wanted { retry } else { None };
                    requests = self.shared.changed.wait_until(requests, deadline).0;
                }
                answered = requests.demands;
                requests.closing
            };
            let outcome = if self.log.poisoned().is_some() && self.durability != Durability::None {
                // What is visible was synced to the write-ahead log before; the file is left as it is.
                Err("writing has stopped".into())
            } else {
                self.checkpoint(closing)
            };
            // The attempt's snapshot is gone: chunks that only it reached may be freed.
            self.log.nudge();
            retry = outcome.is_err().then(|| Instant::now() + RETRY);
            let mut requests = self.shared.requests.lock();
            requests.attempts += 1;
            requests.failure = outcome.as_ref().err().cloned();
            requests.ended = closing;
            self.shared.changed.notify_all();
            if closing {
                return outcome;
            }
        }
    }

    fn checkpoint(&mut self, closing: bool) -> Result<(), Arc<str>> {
        let (snapshot, taken) = {
            let mut uncommitted = self.shared.uncommitted.lock();
            (self.source.latest(), std::mem::take(&mut *uncommitted))
        };
        if snapshot.image_is_damaged() {
            self.store.distrust_image();
        }
        let image = self.store.wants_image(&snapshot, closing);
        if image && !closing {
            // What is new first, alone: segments of the write-ahead log are released and chunks swapped before the image,
            // whose writing takes as long as the store is large.
            self.commit(&snapshot, taken, false)?;
            let records = snapshot.lengths().records();
            if self.shared.uncommitted.lock().bytes > BUSY && records < self.imaged.saturating_add(MOST_WITHOUT_IMAGE) {
                // In a burst the write-ahead log would be full before the image is written: it waits for a calmer moment.
                return Ok(());
            }
            self.imaged = records;
            return self.commit(&snapshot, Uncommitted::default(), true);
        }
        self.commit(&snapshot, taken, image)
    }

    fn commit(&mut self, snapshot: &Snapshot, taken: Uncommitted, image: bool) -> Result<(), Arc<str>> {
        let began = Instant::now();
        let mut access: Vec<_> = taken.access.iter().map(|(slot, (count, last))| entry(*slot, *count, *last)).collect();
        // The same history gives the same bytes.
        access.sort_unstable_by_key(|entry| entry.slot.get());
        let pace = |_: u64| std::thread::yield_now();
        let new = New { access: &access, groups: &taken.groups, image, pace: &pace };
        match self.store.checkpoint(snapshot, new) {
            Ok(committed) => {
                if committed.wrote || !committed.chunks.is_empty() {
                    self.committed(snapshot, committed.chunks, began);
                }
                Ok(())
            }
            Err(error) => Err(self.failed(error, taken)),
        }
    }

    fn committed(&mut self, snapshot: &Snapshot, chunks: Vec<(Arena, u32, Map)>, began: Instant) {
        let (counters, lengths) = (&self.counters, snapshot.lengths());
        set(&counters.committed_records, lengths.records());
        set(&counters.file_bytes, self.store.file_bytes());
        set(&counters.dead_bytes, self.store.dead_bytes());
        set(&counters.checkpoint_us, began.elapsed().as_micros() as u64);
        add(&counters.checkpoints, 1);
        let sequence = snapshot.sequence();
        {
            let mut requests = self.shared.requests.lock();
            // Release, for who asks without the lock: the file holds everything up to here.
            counters.committed_sequence.store(sequence, Ordering::Release);
            requests.done.push(Done { sequence, chunks });
            // Now, not when the attempt ends: an image may follow, and whoever waits for room or for a flush has it.
            self.shared.changed.notify_all();
        }
        // Without a write-ahead log this is what makes writes durable; with one they are so already.
        self.log.mark_durable(sequence);
        // The reconciler may be idle; it is to swap chunks and release segments now, not at the next write.
        self.log.nudge();
        tracing::debug!(sequence, records = lengths.concepts, "checkpoint committed");
    }

    fn failed(&mut self, error: StoreError, taken: Uncommitted) -> Arc<str> {
        add(&self.counters.checkpoint_failures, 1);
        let cause: Arc<str> = describe(&error).into();
        if let StoreError::GivenUp { .. } = error {
            // Put back what was taken; what came since is newer.
            let mut uncommitted = self.shared.uncommitted.lock();
            let newer = std::mem::replace(&mut *uncommitted, taken);
            uncommitted.access.extend(newer.access);
            uncommitted.groups.extend(newer.groups);
            uncommitted.bytes += newer.bytes;
            tracing::warn!(cause = &*cause, "a checkpoint was given up; it will be tried again");
        } else {
            tracing::error!(cause = &*cause, "a checkpoint failed; writing stops");
            self.log.poison(cause.clone());
        }
        cause
    }
}

fn entry(slot: u32, count: u32, last: u64) -> AccessEntry {
    AccessEntry { slot: slot.into(), count: count.into(), last_accessed: last.into() }
}

/// Tells those who wait that the thread has ended, also by a panic.
struct End {
    shared: Arc<Checkpoints>,
    log: Arc<WriteLog<Vec<u8>>>,
}

impl Drop for End {
    fn drop(&mut self) {
        let mut requests = self.shared.requests.lock();
        if std::thread::panicking() {
            let cause: Arc<str> = "the checkpointer panicked: report this; what was durable stays so".into();
            self.log.poison(cause.clone());
            requests.failure = Some(cause);
        }
        requests.ended = true;
        self.shared.changed.notify_all();
    }
}

/// An error with its sources, in one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
