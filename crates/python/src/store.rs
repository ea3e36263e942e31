//! One open store, as Python holds it: whether it is closed, what each thread wrote last, and how it waits.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use sutra_storage::{ConcurrentMemory, Durability, Error, Sequence, Snapshot};

use crate::failure::Answer;

/// How long a call waits before it looks whether Ctrl-C was pressed.
const SLICE: Duration = Duration::from_millis(100);

/// Bytes of a write from which on copying them is worth releasing the interpreter's lock.
const LARGE: usize = 64 << 10;

/// What the classes share. Dropped with the last of them, it closes the store.
pub(crate) struct Store {
    memory: ConcurrentMemory,
    closed: AtomicBool,
    /// Whether a read waits for what its own thread wrote last.
    read_your_writes: bool,
}

thread_local! {
    /// The last write of this thread to each store that it wrote to.
    static WROTE: RefCell<Vec<(Weak<Store>, Sequence)>> = const { RefCell::new(Vec::new()) };
}

/// Every store that may be open, for the end of the interpreter.
static OPEN: Mutex<Vec<Weak<Store>>> = Mutex::new(Vec::new());

impl Store {
    pub(crate) fn new(memory: ConcurrentMemory, read_your_writes: bool) -> Arc<Self> {
        let store = Arc::new(Self { memory, closed: AtomicBool::new(false), read_your_writes });
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|store| store.strong_count() > 0);
        open.push(Arc::downgrade(&store));
        store
    }

    /// The memory, if it was not closed.
    pub(crate) fn open(&self) -> Answer<&ConcurrentMemory> {
        if self.is_closed() { Err(Error::Closed.into()) } else { Ok(&self.memory) }
    }

    pub(crate) fn is_closed(&self) -> bool {
        // Acquire pairs with the Release in `close`; nothing else hangs on it, the engine has its own order.
        self.closed.load(Ordering::Acquire)
    }

    /// What may be asked of a closed store too.
    pub(crate) fn memory(&self) -> &ConcurrentMemory {
        &self.memory
    }

    pub(crate) fn reads_own_writes(&self) -> bool {
        self.read_your_writes
    }

    /// Closes it once; later calls do nothing.
    pub(crate) fn close(&self, py: Python<'_>) -> Answer<()> {
        self.closed.store(true, Ordering::Release);
        // A second caller waits for the first one, without the lock.
        Ok(py.detach(|| self.memory.close())?)
    }

    /// Makes a write of about `bytes` bytes, and remembers it as this thread's last one. The interpreter's lock is kept where
    /// the call is shorter than releasing it: when there is room in the write log, and little to copy.
    pub(crate) fn write(
        self: &Arc<Self>,
        py: Python<'_>,
        bytes: usize,
        call: impl FnOnce(&ConcurrentMemory) -> Result<Sequence, Error> + Send,
    ) -> Answer<Sequence> {
        let memory = self.open()?;
        let config = memory.config();
        // At least half of the room is free while the log is not pressed.
        let is_large = bytes >= LARGE || bytes as u64 >= config.queue_bytes / 4;
        let waits = is_large || memory.is_pressed() || config.durability == Durability::Always;
        let sequence = if waits { py.detach(|| call(memory))? } else { call(memory)? };
        if self.read_your_writes {
            self.remember(sequence);
        }
        Ok(sequence)
    }

    fn remember(self: &Arc<Self>, sequence: Sequence) {
        WROTE.with_borrow_mut(|wrote| {
            // The address of one that is gone is not given again while a `Weak` is held.
            if let Some(entry) = wrote.iter_mut().find(|(store, _)| store.as_ptr() == Arc::as_ptr(self)) {
                entry.1 = sequence;
                return;
            }
            wrote.retain(|(store, _)| store.strong_count() > 0);
            wrote.push((Arc::downgrade(self), sequence));
        });
    }

    /// The newest snapshot; one that holds this thread's last write, if reads are to wait for that.
    ///
    /// When that write will never be seen, because writing has stopped or the process was forked, the first read says so,
    /// and reading goes on.
    pub(crate) fn snapshot(self: &Arc<Self>, py: Python<'_>) -> Answer<Snapshot> {
        let memory = self.open()?;
        let snapshot = memory.snapshot();
        if !self.read_your_writes {
            return Ok(snapshot);
        }
        let last = WROTE.with_borrow(|wrote| {
            wrote.iter().find(|(store, _)| store.as_ptr() == Arc::as_ptr(self)).map_or(0, |entry| entry.1)
        });
        if snapshot.sequence() >= last {
            return Ok(snapshot);
        }
        let waited = in_slices(py, |deadline| memory.wait_visible_until(last, deadline));
        if let Err(crate::failure::Failure::Engine(_)) = waited {
            self.remember(0);
        }
        waited?;
        Ok(memory.snapshot())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The last checkpoint may take a while, and the interpreter may be ending: then there is no lock to release.
        if !self.is_closed() && Python::try_attach(|py| py.detach(|| _ = self.memory.close())).is_none() {
            let _ = self.memory.close();
        }
    }
}

/// Waits without the interpreter's lock; Ctrl-C ends it within a slice.
pub(crate) fn in_slices(py: Python<'_>, wait: impl Fn(Instant) -> Result<bool, Error> + Sync) -> Answer<()> {
    while !py.detach(|| wait(Instant::now() + SLICE))? {
        py.check_signals()?;
    }
    Ok(())
}

/// Closes every store that is open: what the end of the interpreter does, since it takes no objects down.
#[pyfunction]
pub(crate) fn close_all(py: Python<'_>) {
    let open: Vec<_> = std::mem::take(&mut *OPEN.lock().unwrap_or_else(PoisonError::into_inner));
    for store in open.iter().filter_map(Weak::upgrade) {
        // Nobody is left to be told; what was accepted is in the write-ahead log.
        drop(store.close(py));
    }
}
