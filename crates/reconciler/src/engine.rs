//! The engine as a whole: its threads, started at open and ended at close.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sutra_format::catalogue::Catalogue;
use sutra_format::entry::{Entry, EntryWriter};
use sutra_log::{Cost, Limits, LogError, Wait, WriteLog};
use sutra_snapshot::{Lengths, MemoryUse, Snapshot, SnapshotSource};
use sutra_sync::{Guard, Mutex, Published};
use sutra_vfs::{Directory, DirectoryLock};
use sutra_wal::Wal;

use crate::checkpoint::{Checkpointer, Checkpoints, Commits};
use crate::clock::now_micros;
use crate::counters::{Counters, Statistics, set};
use crate::error::EngineError;
use crate::options::{Durability, EngineOptions};
use crate::recover::{Recovered, RecoveryReport, recover};
use crate::turn::Reconciler;

/// The name of the lock file.
const LOCK: &str = "lock";

/// A running store. Closing it, or dropping it, drains what was accepted, writes a last checkpoint and ends the threads.
#[derive(Debug)]
pub struct Engine {
    log: Arc<WriteLog<Entry>>,
    source: SnapshotSource,
    checkpoints: Arc<Checkpoints>,
    counters: Arc<Counters>,
    /// All names, also those whose entry is not applied yet. Replaced under `defining`, read without a lock.
    names: Published<Catalogue>,
    defining: Mutex<()>,
    durability: Durability,
    threads: Mutex<Option<Threads>>,
    /// Forks before this process at open: another number says that this is a child of that process.
    forks: u32,
}

#[derive(Debug)]
struct Threads {
    reconciler: JoinHandle<Option<Wal>>,
    checkpointer: JoinHandle<Option<Result<(), Arc<str>>>>,
    lock: DirectoryLock,
}

impl Engine {
    /// Locks the directory, opens or creates the store in it, recovers, and starts the threads.
    ///
    /// # Errors
    /// [`EngineError`]; the directory is then as it was, but for a tail of the write-ahead log that was never acknowledged,
    /// which is cut.
    pub fn open(directory: Arc<dyn Directory>, options: EngineOptions) -> Result<(Self, RecoveryReport), EngineError> {
        Self::open_if(directory, options, |_| Ok(()))
    }

    /// Like [`Engine::open`], if `accepts` does not refuse the names that the store has. It is asked after recovery and before
    /// the threads start: a store that is refused is not written to, not even by the checkpoint that closing would make.
    ///
    /// # Errors
    /// As [`Engine::open`], and whatever `accepts` says.
    pub fn open_if<E: From<EngineError>>(
        directory: Arc<dyn Directory>,
        options: EngineOptions,
        accepts: impl FnOnce(&Catalogue) -> Result<(), E>,
    ) -> Result<(Self, RecoveryReport), E> {
        sutra_vfs::watch_fork().map_err(EngineError::from)?;
        let lock = directory.lock(LOCK).map_err(EngineError::from)?;
        let recovered = recover(&directory, &options)?;
        accepts(recovered.writer.catalogue())?;
        Ok(Self::start(lock, recovered, options)?)
    }

    fn start(
        lock: DirectoryLock,
        recovered: Recovered,
        options: EngineOptions,
    ) -> Result<(Self, RecoveryReport), EngineError> {
        let Recovered { store, writer, wal, uncommitted, report } = recovered;
        writer.limit_spare(spare_chunks(options.threshold));
        let counters = Arc::new(Counters::default());
        set(&counters.committed_sequence, store.sequence());
        set(&counters.committed_records, store.committed().records());
        set(&counters.file_bytes, store.file_bytes());
        set(&counters.dead_bytes, store.dead_bytes());
        set(&counters.wal_bytes, wal.bytes());
        set(&counters.recovered, report.replayed_entries);
        writer.count_memory();
        counters.full.store(is_full(writer.lengths(), options.queue_capacity), Ordering::Relaxed);

        let limits = Limits { entries: options.queue_capacity, bytes: options.queue_bytes };
        let (log, drain) = WriteLog::new(limits, writer.sequence() + 1);
        let checkpoints = Arc::new(Checkpoints::new(uncommitted));
        let (source, durability) = (writer.source(), options.durability);
        let names = Published::new(Arc::new(writer.catalogue().clone()));
        let commit_time = source.latest().timestamp();
        let checkpointer = Checkpointer {
            store,
            commits: Commits {
                source: source.clone(),
                log: log.clone(),
                shared: checkpoints.clone(),
                counters: counters.clone(),
                durability,
                answered: 0,
                retry: None,
            },
            imaged: counters.committed_records.load(Ordering::Relaxed),
        };
        let reconciler = Reconciler {
            writer,
            wal,
            drain,
            checkpoints: checkpoints.clone(),
            counters: counters.clone(),
            options,
            cost_of_commit: Duration::ZERO,
            commit_time,
            warned: false,
        };
        let checkpointer = spawn("sutra-checkpoint", log.clone(), move || checkpointer.run())?;
        let reconciler = match spawn("sutra-reconcile", log.clone(), move || reconciler.run()) {
            Ok(reconciler) => reconciler,
            Err(error) => {
                // The other thread has nobody to end it. And it may write a last checkpoint: the directory stays locked
                // until it has.
                checkpoints.close();
                let _ = checkpointer.join();
                return Err(error.into());
            }
        };
        let threads = Mutex::new(Some(Threads { reconciler, checkpointer, lock }));
        let defining = Mutex::new(());
        let forks = sutra_vfs::forks();
        Ok((Self { log, source, checkpoints, counters, names, defining, durability, threads, forks }, report))
    }

    /// The write log, to wait on and to ask for counts.
    #[must_use]
    pub fn log(&self) -> &WriteLog<Entry> {
        &self.log
    }

    /// The newest snapshot. Never waits.
    #[must_use]
    #[inline]
    pub fn snapshot(&self) -> Snapshot {
        self.source.latest()
    }

    /// All names, also those whose entry is not applied yet.
    #[must_use]
    pub fn names(&self) -> Guard<Catalogue> {
        self.names.load()
    }

    /// The counters.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.counters.read()
    }

    /// Memory of the arenas, as the reconciler last counted it.
    #[must_use]
    pub fn memory_use(&self) -> MemoryUse {
        self.source.memory_use()
    }

    fn forked(&self) -> bool {
        sutra_vfs::forks() != self.forks
    }

    fn check(&self, cost: Cost) -> Result<(), EngineError> {
        if self.forked() {
            return Err(EngineError::Forked);
        }
        // The write-ahead log counts the bytes of an entry in 32 bits.
        if cost.bytes > u64::from(u32::MAX) {
            return Err(LogError::TooLarge { cost, limit: self.log.capacity() }.into());
        }
        if self.counters.full.load(Ordering::Relaxed) {
            return Err(EngineError::Full);
        }
        Ok(())
    }

    /// Accepts an entry of `operations` operations. Under [`Durability::Always`] returns when it is durable.
    ///
    /// # Errors
    /// [`EngineError::Log`] if there is no room in time or writing has ended, [`EngineError::Full`],
    /// [`EngineError::Forked`]; nothing is written then.
    pub fn accept(&self, entry: Entry, operations: usize, wait: Wait) -> Result<u64, EngineError> {
        let cost = Cost { entries: operations, bytes: entry.len() as u64 };
        self.check(cost)?;
        let sequence = self.log.acquire(cost, wait)?.accept(entry);
        self.finish(sequence)
    }

    /// Accepts an entry that defines names. `write` gets the newest names and the entry to write, of at most `bytes` bytes;
    /// what it defines is in the entry, before its use, and known to later calls from when the entry is accepted.
    ///
    /// # Errors
    /// As [`Engine::accept`], and whatever `write` says; nothing is written or defined then.
    pub fn accept_defining<E: From<EngineError>>(
        &self,
        cost: Cost,
        wait: Wait,
        write: impl FnOnce(&mut Catalogue, &mut EntryWriter) -> Result<(), E>,
    ) -> Result<u64, E> {
        self.check(cost)?;
        // Room first: waiting for it with the names locked would hold up others for as long.
        let permit = self.log.acquire(cost, wait).map_err(EngineError::from)?;
        let sequence = {
            let _defining = self.defining.lock();
            let mut names = Catalogue::clone(&self.names.load());
            let mut entry = EntryWriter::new(now_micros(), 0);
            write(&mut names, &mut entry)?;
            let sequence = permit.accept(entry.finish());
            // After the sequence was taken: who finds the name takes a later one, so its definition is applied before.
            self.names.store(Arc::new(names));
            sequence
        };
        self.finish(sequence).map_err(E::from)
    }

    fn finish(&self, sequence: u64) -> Result<u64, EngineError> {
        if self.durability == Durability::Always {
            self.wait_durable(sequence, None)?;
        }
        Ok(sequence)
    }

    /// Waits until a snapshot taken now holds `sequence`.
    ///
    /// # Errors
    /// [`EngineError::Log`], [`EngineError::Forked`].
    pub fn wait_visible(&self, sequence: u64, deadline: Option<Instant>) -> Result<(), EngineError> {
        if self.forked() {
            return Err(EngineError::Forked);
        }
        Ok(self.log.wait_visible(sequence, deadline)?)
    }

    /// Waits until `sequence` survives a power cut.
    ///
    /// # Errors
    /// [`EngineError::Log`], [`EngineError::Forked`], [`EngineError::Checkpoint`] without a write-ahead log.
    pub fn wait_durable(&self, sequence: u64, deadline: Option<Instant>) -> Result<(), EngineError> {
        if self.durability == Durability::None && self.log.durable() < sequence {
            self.wait_visible(sequence, deadline)?;
            return self.checkpoints.wait_committed(sequence, deadline, &self.counters);
        }
        if self.forked() {
            return Err(EngineError::Forked);
        }
        Ok(self.log.wait_durable(sequence, deadline)?)
    }

    /// Writes a checkpoint of everything accepted so far; returns when it is committed.
    ///
    /// # Errors
    /// [`EngineError::Checkpoint`] if it failed, [`EngineError::Log`] if writing has ended, [`EngineError::Forked`].
    pub fn flush(&self) -> Result<(), EngineError> {
        self.flush_through(self.log.last_accepted(), None)
    }

    /// Writes a checkpoint of everything up to `sequence`; returns when it is committed.
    ///
    /// # Errors
    /// As [`Engine::flush`]; [`LogError::TimedOut`] at the deadline, and the checkpoint goes on.
    pub fn flush_through(&self, sequence: u64, deadline: Option<Instant>) -> Result<(), EngineError> {
        self.wait_visible(sequence, deadline)?;
        if let Some(cause) = self.log.poisoned() {
            return Err(LogError::Poisoned { cause }.into());
        }
        self.checkpoints.wait_committed(sequence, deadline, &self.counters)
    }

    /// Drains what was accepted, writes a last checkpoint, removes the write-ahead log, ends the threads and unlocks the
    /// directory. Snapshots that are held stay. The second call does nothing.
    ///
    /// # Errors
    /// The cause if writing had stopped or the last checkpoint failed; the write-ahead log then stays, and the next open
    /// replays it.
    pub fn close(&self) -> Result<(), EngineError> {
        if self.forked() {
            return Err(EngineError::Forked);
        }
        if !sutra_log::may_wait() {
            return Err(LogError::WaitForbidden.into());
        }
        // Held to the end: a second caller returns when the store is closed, not before.
        let mut threads = self.threads.lock();
        let Some(threads) = threads.take() else { return Ok(()) };
        self.log.close();
        let wal = threads.reconciler.join().ok().flatten();
        self.checkpoints.close();
        let checkpoint = threads.checkpointer.join().ok().flatten();
        let removed = match (wal, &checkpoint) {
            (Some(mut wal), Some(Ok(()))) if self.log.poisoned().is_none() => {
                let through = self.counters.committed_sequence.load(Ordering::Acquire);
                wal.release(through).and_then(|()| wal.remove_all())
            }
            _ => Ok(()),
        };
        self.log.finish();
        drop(threads.lock);
        if let Some(cause) = self.log.poisoned() {
            return Err(LogError::Poisoned { cause }.into());
        }
        match checkpoint {
            Some(Ok(())) => Ok(removed?),
            Some(Err(cause)) => Err(EngineError::Checkpoint { cause }),
            None => Err(LogError::Closed.into()),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.forked() {
            // The threads are the parent's. Their handles must not be joined, and the lock is not this process's.
            std::mem::forget(self.threads.lock().take());
            return;
        }
        // A failure was reported by whatever call met it, and is logged; the write-ahead log holds what is not in the file.
        if let Err(error) = self.close() {
            tracing::warn!(cause = crate::checkpoint::describe(&error), "the store did not close cleanly");
        }
    }
}

/// Whether so few ordinals are left that what may have been accepted and not applied might not fit: twice what the write log
/// holds, at three records an operation.
pub(crate) fn is_full(lengths: &Lengths, queue_capacity: usize) -> bool {
    let largest = u64::from(lengths.concepts.max(lengths.associations).max(lengths.slots));
    largest + 6 * queue_capacity as u64 + 1024 > u64::from(u32::MAX)
}

/// Chunks of 4 MiB that are kept for further use: about what is written between two checkpoints, at a kilobyte a record.
fn spare_chunks(threshold: u64) -> usize {
    (threshold.saturating_mul(1024) >> 22).clamp(2, 16) as usize
}

/// Starts a thread whose panic poisons the log: nobody waits for a thread that is gone.
fn spawn<T: Send + 'static>(
    name: &str,
    log: Arc<WriteLog<Entry>>,
    body: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<Option<T>>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        // Unwind safety: nothing of the body is used after a panic; the log that is holds atomics and unpoisoned mutexes.
        let outcome = catch_unwind(AssertUnwindSafe(body));
        if outcome.is_err() {
            log.poison("a background thread panicked: report this; what was durable stays so".into());
        }
        outcome.ok()
    })
}
