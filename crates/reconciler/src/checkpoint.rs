//! The checkpointer: a thread that writes to `storage.dat` what a held snapshot has beyond the last commit.
//!
//! Its input is a snapshot and what belongs to it but is in no arena: access counters and the times of groups. The
//! reconciler adds to these and publishes under one lock, so that the checkpointer, taking both under that lock, finds
//! them of the same moment. It holds the lock for two moves, once a checkpoint; the reconciler for a publish, once a group;
//! readers never.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sutra_format::entry::Entry;
use sutra_format::footer::AccessEntry;
use sutra_log::{LogError, WriteLog};
use sutra_snapshot::{Arena, Snapshot, SnapshotSource};
use sutra_store::{Imaging, New, NewImage, Store, StoreError};
use sutra_sync::{Condvar, Mutex, MutexGuard};
use sutra_vfs::Map;

use crate::counters::{Counters, add, set};
use crate::error::EngineError;
use crate::options::Durability;

/// Time from an attempt that failed to the next one that nobody waits for.
const RETRY: Duration = Duration::from_secs(1);

/// Bytes that came in during a commit from which on the store is in a burst.
const BUSY: u64 = 8 << 20;
/// Records without an image that a burst may leave, or as many as the last image covers: an open after a kill links them.
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

    /// The access counters as the file has them.
    fn entries(&self) -> Vec<AccessEntry> {
        let mut entries: Vec<_> = self.access.iter().map(|(slot, (count, last))| entry(*slot, *count, *last)).collect();
        // The same history gives the same bytes.
        entries.sort_unstable_by_key(|entry| entry.slot.get());
        entries
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
    pub(crate) commits: Commits,
    /// Records that the last image covers, as far as this session knows.
    pub(crate) imaged: u64,
}

/// What a commit takes, but for the store: an image that is being written has that, and lends it.
pub(crate) struct Commits {
    pub(crate) source: SnapshotSource,
    pub(crate) log: Arc<WriteLog<Entry>>,
    pub(crate) shared: Arc<Checkpoints>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) durability: Durability,
    /// Demands that an attempt was made for.
    pub(crate) answered: u64,
    /// When to try again after an attempt that failed.
    pub(crate) retry: Option<Instant>,
}

/// What the thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    Commit,
    Close,
}

impl Checkpointer {
    /// Runs until closed. Gives back how the last attempt ended.
    pub(crate) fn run(mut self) -> Result<(), Arc<str>> {
        sutra_log::forbid_waiting();
        let _end = End { shared: self.commits.shared.clone(), log: self.commits.log.clone() };
        loop {
            let closing = self.commits.wait(&self.store) == Due::Close;
            let outcome = self.attempt(closing);
            self.commits.ended(&outcome, closing);
            if closing {
                return outcome;
            }
        }
    }

    fn attempt(&mut self, closing: bool) -> Result<(), Arc<str>> {
        self.commits.check()?;
        let (snapshot, taken) = self.commits.take();
        if snapshot.image_is_damaged() {
            self.store.distrust_image();
        }
        if closing {
            let image = self.store.wants_image(&snapshot, true);
            return self.commits.commit_last(&mut self.store, &snapshot, taken, image);
        }
        self.commits.commit(&mut self.store, &snapshot, taken, None)?;
        if !self.store.wants_image(&snapshot, false) {
            return Ok(());
        }
        let records = snapshot.lengths().records();
        let busy = self.commits.shared.uncommitted.lock().bytes > BUSY;
        if busy && records < self.imaged.saturating_add(self.imaged.max(MOST_WITHOUT_IMAGE)) {
            // In a burst the image would take disk and processor from the writers: it waits for a calmer moment, or until the
            // records have doubled.
            return Ok(());
        }
        self.imaged = records;
        self.image(&snapshot)
    }

    /// Writes an image of what was just committed, and commits it with what has come in since. Whatever is asked for in between
    /// is done in between: neither segments of the write-ahead log nor those who wait for a commit wait for the image.
    fn image(&mut self, snapshot: &Snapshot) -> Result<(), Arc<str>> {
        let Self { store, commits, .. } = self;
        // Those who wait for the commit before it have it.
        commits.ended(&Ok(()), false);
        let mut failure = None;
        let mut between = |store: &mut Store| {
            match commits.due(store) {
                Due::Nothing => return Ok(ControlFlow::Continue(())),
                // The last checkpoint writes its own.
                Due::Close => return Ok(ControlFlow::Break(())),
                Due::Commit => {}
            }
            let outcome = commits.check().and_then(|()| {
                let (snapshot, taken) = commits.take();
                commits.commit(store, &snapshot, taken, None)
            });
            if let Err(cause) = outcome {
                // Of this attempt, and so of the one that the image is part of.
                failure = Some(cause);
                return Ok(ControlFlow::Break(()));
            }
            commits.ended(&outcome, false);
            Ok(ControlFlow::Continue(()))
        };
        let written = store.write_image(snapshot, Imaging { access: &[], keep: false, between: &mut between });
        if let Some(cause) = failure {
            return Err(cause);
        }
        match written {
            Ok(None) => Ok(()),
            Ok(image) => {
                commits.check()?;
                let (snapshot, taken) = commits.take();
                commits.commit(store, &snapshot, taken, image)
            }
            Err(error) => Err(commits.failed(error, Uncommitted::default())),
        }
    }
}

impl Commits {
    /// Waits until there is something to do.
    fn wait(&mut self, store: &Store) -> Due {
        let shared = self.shared.clone();
        let mut requests = shared.requests.lock();
        loop {
            match self.look(&requests, store) {
                Due::Nothing => {}
                due => return due,
            }
            // Nothing wanted: sleep. Wanted, but the last attempt failed: sleep until it is time for another.
            let deadline = if requests.wanted > store.sequence() { self.retry } else { None };
            requests = shared.changed.wait_until(requests, deadline).0;
        }
    }

    /// What is to be done now.
    fn due(&mut self, store: &Store) -> Due {
        let shared = self.shared.clone();
        let requests = shared.requests.lock();
        self.look(&requests, store)
    }

    /// What is to be done now; if it is something, the demands so far are answered by it.
    fn look(&mut self, requests: &Requests, store: &Store) -> Due {
        let wanted = requests.wanted > store.sequence() && self.retry.is_none_or(|at| Instant::now() >= at);
        let due = if requests.closing {
            Due::Close
        } else if wanted || requests.demands > self.answered {
            Due::Commit
        } else {
            return Due::Nothing;
        };
        self.answered = requests.demands;
        due
    }

    /// Whether a commit may be made.
    fn check(&self) -> Result<(), Arc<str>> {
        if self.log.poisoned().is_some() && self.durability != Durability::None {
            // What is visible was synced to the write-ahead log before; the file is left as it is.
            return Err("writing has stopped".into());
        }
        Ok(())
    }

    /// An attempt has ended.
    fn ended(&mut self, outcome: &Result<(), Arc<str>>, last: bool) {
        // The attempt's snapshot is gone: chunks that only it reached may be freed.
        self.log.nudge();
        self.retry = outcome.is_err().then(|| Instant::now() + RETRY);
        let mut requests = self.shared.requests.lock();
        requests.attempts += 1;
        requests.failure = outcome.as_ref().err().cloned();
        requests.ended = last;
        self.shared.changed.notify_all();
    }

    /// The newest snapshot and what belongs to it.
    fn take(&self) -> (Snapshot, Uncommitted) {
        let mut uncommitted = self.shared.uncommitted.lock();
        (self.source.latest(), std::mem::take(&mut *uncommitted))
    }

    /// The commit of a close, with an image of it if that is wanted.
    fn commit_last(
        &self,
        store: &mut Store,
        snapshot: &Snapshot,
        taken: Uncommitted,
        image: bool,
    ) -> Result<(), Arc<str>> {
        let (mut access, mut written) = (taken.entries(), None);
        if image {
            let mut between = |_: &mut Store| Ok(ControlFlow::Continue(()));
            let imaging = Imaging { access: &access, keep: true, between: &mut between };
            match store.write_image(snapshot, imaging) {
                Ok(image) => written = image,
                // It is derived, and what it is made from has no other chance: that may have room without it.
                Err(error @ StoreError::GivenUp { .. }) => {
                    tracing::warn!(
                        cause = describe(&error),
                        "the last checkpoint has no image; the next open takes longer"
                    );
                }
                Err(error) => return Err(self.failed(error, taken)),
            }
            if written.is_some() {
                // They are in the image.
                access.clear();
            }
        }
        self.commit_with(store, snapshot, taken, &access, written)
    }

    fn commit(
        &self,
        store: &mut Store,
        snapshot: &Snapshot,
        taken: Uncommitted,
        image: Option<NewImage>,
    ) -> Result<(), Arc<str>> {
        let access = taken.entries();
        self.commit_with(store, snapshot, taken, &access, image)
    }

    /// Commits what was taken, but of the access counters those that are given.
    fn commit_with(
        &self,
        store: &mut Store,
        snapshot: &Snapshot,
        taken: Uncommitted,
        access: &[AccessEntry],
        image: Option<NewImage>,
    ) -> Result<(), Arc<str>> {
        let began = Instant::now();
        let pace = |_: u64| std::thread::yield_now();
        let new = New { access, groups: &taken.groups, image, pace: &pace };
        match store.checkpoint(snapshot, new) {
            Ok(committed) => {
                if committed.wrote || !committed.chunks.is_empty() {
                    self.committed(store, snapshot, committed.chunks, began);
                }
                Ok(())
            }
            Err(error) => Err(self.failed(error, taken)),
        }
    }

    fn committed(&self, store: &Store, snapshot: &Snapshot, chunks: Vec<(Arena, u32, Map)>, began: Instant) {
        let (counters, lengths) = (&self.counters, snapshot.lengths());
        set(&counters.committed_records, lengths.records());
        set(&counters.file_bytes, store.file_bytes());
        set(&counters.dead_bytes, store.dead_bytes());
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

    fn failed(&self, error: StoreError, taken: Uncommitted) -> Arc<str> {
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
    log: Arc<WriteLog<Entry>>,
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
