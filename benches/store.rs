//! Folders for stores, and waiting for them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Sequence};
use tempfile::TempDir;

use crate::Outcome;

/// An empty folder, removed with all that is in it when this is dropped.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// A folder in the one that `SUTRA_BENCH_DIR` names, else in the system's for temporary files.
    ///
    /// # Errors
    /// What the system reports.
    pub fn new() -> std::io::Result<Self> {
        let parent = std::env::var_os("SUTRA_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        tempfile::Builder::new().prefix("sutra-bench-").tempdir_in(parent).map(Self)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A store in a folder of its own. Dropped, the store is closed and the folder removed.
#[derive(Debug)]
pub struct Opened {
    // Before the folder: fields are dropped in their order.
    /// The store.
    pub memory: ConcurrentMemory,
    /// Its folder.
    pub folder: Folder,
}

impl Opened {
    /// An empty store; `configure` changes the defaults.
    ///
    /// # Errors
    /// What creating it reports.
    pub fn new(configure: impl FnOnce(&mut ConcurrentConfig)) -> Outcome<Self> {
        let folder = Folder::new()?;
        let mut config = patient(folder.path());
        configure(&mut config);
        Ok(Self { memory: ConcurrentMemory::new(config)?, folder })
    }
}

/// The defaults, but writers wait for room as long as it takes: a bench that meets backpressure measures it.
#[must_use]
pub fn patient(path: &Path) -> ConcurrentConfig {
    ConcurrentConfig { write_timeout: Duration::from_secs(600), ..ConcurrentConfig::new(path) }
}

/// Waits until a write is visible and survives a power cut.
///
/// # Errors
/// What the store reports.
pub fn settle(memory: &ConcurrentMemory, last: Sequence) -> Outcome {
    memory.wait_durable(last)?;
    memory.wait_visible(last)?;
    Ok(())
}

/// Waits until no checkpoint has ended for a third of a second, or for twice as long as the last one took: another like it would
/// have ended, so none is in flight, and none is due. And until the process, which most likely writes an image else, has used less
/// than a tenth of a processor meanwhile; for a minute at most.
pub fn rest(memory: &ConcurrentMemory) {
    const QUIET: Duration = Duration::from_millis(300);
    const LONGEST: Duration = Duration::from_secs(60);
    let began = Instant::now();
    let (mut seen, mut ticks, mut since) = (memory.stats().storage.checkpoints, processor_ticks(), began);
    loop {
        let now = memory.stats().storage;
        let used = processor_ticks() - ticks;
        if now.checkpoints != seen || used > 3 + since.elapsed().as_millis() as u64 / 100 {
            (seen, ticks, since) = (now.checkpoints, processor_ticks(), Instant::now());
        } else if since.elapsed() >= QUIET.max(2 * Duration::from_micros(now.checkpoint_us)) {
            return;
        }
        if began.elapsed() >= LONGEST {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Hundredths of a second that the process has had a processor; 0 where the system does not say.
fn processor_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}
