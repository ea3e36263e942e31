//! From a directory to a running store: the last checkpoint, then the groups of the write-ahead log that it does not cover.

use std::sync::Arc;

use sutra_snapshot::Writer;
use sutra_store::{Store, StoreOptions};
use sutra_vfs::Directory;
use sutra_wal::{Wal, WalOptions};

use crate::checkpoint::Uncommitted;
use crate::clock::now_micros;
use crate::error::EngineError;
use crate::options::EngineOptions;

/// What recovery found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// Whether there was no store, so that one was made.
    pub created: bool,
    /// Groups of the write-ahead log that were replayed.
    pub replayed_groups: u64,
    /// Entries in them.
    pub replayed_entries: u64,
    /// Bytes of groups that were never acknowledged and were cut off.
    pub cut_bytes: u64,
    /// The last sequence of the store.
    pub last_sequence: u64,
    /// Whether one of the file's two headers was damaged; the next checkpoint writes both.
    pub repaired_header: bool,
}

pub(crate) struct Recovered {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) wal: Wal,
    pub(crate) uncommitted: Uncommitted,
    pub(crate) report: RecoveryReport,
}

/// Opens or creates. Nothing is published before the write-ahead log has synced what it replayed: what a reader sees is
/// durable, also when a process was killed with unsynced groups in the page cache.
pub(crate) fn recover(directory: &Arc<dyn Directory>, options: &EngineOptions) -> Result<Recovered, EngineError> {
    let mut report = RecoveryReport::default();
    let (store, mut writer) = match Store::open(directory.clone())? {
        Some((mut store, restore)) => {
            if sutra_wal::has_segments(&**directory)? {
                // The log may hold what an older header needs: recovery uses it again only when this one is durable.
                store.repair()?;
            }
            report.repaired_header = store.repaired_header().is_some();
            let had_image = restore.image.is_some();
            let writer = Writer::restore(restore)?;
            if had_image && !writer.latest().has_image() {
                tracing::warn!("the image of storage.dat is damaged; it was made again from the records");
                store.distrust_image();
            }
            (store, writer)
        }
        None => {
            if sutra_wal::has_segments(&**directory)? {
                return Err(EngineError::LogWithoutStore);
            }
            report.created = true;
            let created = now_micros();
            let new = StoreOptions { store_id: new_store_id(created), initial_size: options.initial_size, created };
            (Store::create(directory.clone(), new)?, Writer::new()?)
        }
    };
    writer.use_threads(options.apply_threads, options.threads_from);
    let covered = store.sequence();
    let mut uncommitted = Uncommitted::default();
    let wal_options = WalOptions {
        segment_bytes: options.wal_segment_bytes,
        max_bytes: options.wal_bytes,
        ..WalOptions::new(store.store_id())
    };
    let (wal, recovery) = Wal::recover(directory.clone(), wal_options, covered, &mut |group| {
        // The first group may begin at or below what the checkpoint covers.
        let first = group.first().max(covered + 1);
        let skipped = usize::try_from(first - group.first()).unwrap_or(usize::MAX);
        let entries: Vec<_> = group.entries().skip(skipped).collect();
        writer.apply_group(first, entries.into_iter())?;
        uncommitted.groups.push((group.last(), group.commit_time()));
        Ok(())
    })?;
    report.replayed_groups = recovery.groups;
    report.replayed_entries = recovery.entries;
    report.cut_bytes = recovery.cut_bytes;
    report.last_sequence = writer.sequence();
    if recovery.groups > 0 || recovery.cut_bytes > 0 {
        tracing::info!(
            groups = recovery.groups,
            entries = recovery.entries,
            cut_bytes = recovery.cut_bytes,
            "recovered from the write-ahead log"
        );
    }
    writer.publish(store.commit_time().max(recovery.last_commit_time));
    uncommitted.add_access(writer.take_accessed());
    Ok(Recovered { store, writer, wal, uncommitted, report })
}

/// A store id that no other store has: time, process and address randomisation, mixed.
fn new_store_id(now: u64) -> [u8; 16] {
    use std::hash::{BuildHasher, RandomState};
    let mut id = [0; 16];
    // The system seeds `RandomState`; time and process id are there for systems that seed it badly.
    for (half, salt) in id.chunks_exact_mut(8).zip([now, u64::from(std::process::id()) << 32 | 1]) {
        half.copy_from_slice(&RandomState::new().hash_one((now, salt)).to_le_bytes());
    }
    id
}
