//! The store as its users hold it.

use std::sync::Arc;
use std::time::Instant;

use sutra_format::entry::Op;
use sutra_log::{LogError, Wait};
use sutra_reconciler::{Engine, EngineError, EngineOptions, RecoveryReport};
use sutra_vfs::{Directory, RealDirectory};

use crate::batch::{Batch, metadata_of, strength_of};
use crate::builder::{Association, Concept, Write};
use crate::check;
use crate::config::ConcurrentConfig;
use crate::error::Error;
use crate::name::{ConceptRef, TypeRef};
use crate::path::{Path, PathOptions};
use crate::read::{NeighborOptions, Neighbors};
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use crate::view::{AssociationView, ConceptView};
use crate::write::{Vectors, submit};
use crate::{Result, Sequence};

/// An open store. Clones share it; the last one to go closes it.
///
/// Writing calls return a [`Sequence`] when the write is accepted. They wait, up to `write_timeout`, only when the write log
/// is full; the `try_` forms never wait. Reading calls take the newest snapshot and never wait.
#[derive(Clone, Debug)]
pub struct ConcurrentMemory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    engine: Engine,
    config: ConcurrentConfig,
    vectors: Vectors,
    recovery: RecoveryReport,
}

impl ConcurrentMemory {
    /// Opens the store of a folder, or makes one; recovers; starts the engine's two threads.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::NotOurs`], [`Error::NewerVersion`], [`Error::Corrupt`], [`Error::ConfigMismatch`],
    /// [`Error::InvalidArgument`] for the configuration, [`Error::Io`]. The files are then as they were, but for a tail of the
    /// write-ahead log that was never acknowledged, which is cut.
    pub fn new(config: ConcurrentConfig) -> Result<Self> {
        config.engine_options()?;
        let directory = RealDirectory::open(&config.storage_path)?;
        // The lock is the folder's: a link would let two folders, and so two processes, write one file.
        let file = directory.path().join("storage.dat");
        if std::fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_symlink()) {
            let detail = "storage.dat is a symbolic link, and the store's lock lies in the folder that the file is in";
            return Err(Error::NotOurs { detail: detail.into() });
        }
        Self::open_in(Arc::new(directory), config)
    }

    /// Like [`ConcurrentMemory::new`], in a directory that is given: for tests with the simulated disk of `sutra-vfs`.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::new`].
    pub fn open_in(directory: Arc<dyn Directory>, config: ConcurrentConfig) -> Result<Self> {
        Self::open_adjusted(directory, config, |_| {})
    }

    /// Like [`ConcurrentMemory::open_in`], with settings of the engine that are no part of the configuration changed: for
    /// tests that want a write-ahead log of a few kilobytes. No part of the public contract.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::new`].
    #[doc(hidden)]
    pub fn open_adjusted(
        directory: Arc<dyn Directory>,
        config: ConcurrentConfig,
        adjust: impl FnOnce(&mut EngineOptions),
    ) -> Result<Self> {
        let mut options = config.engine_options()?;
        adjust(&mut options);
        let vectors = Vectors { dimension: config.vector_dimension, metric: config.metric.unwrap_or_default() };
        let (engine, recovery) = Engine::open_if(directory, options, |names| {
            let mismatch = |field, stored: String, given: String| Error::ConfigMismatch { field, stored, given };
            if let (Some(stored), Some(given)) = (names.dimension(), config.vector_dimension)
                && stored as usize != given
            {
                return Err(mismatch("vector_dimension", stored.to_string(), given.to_string()));
            }
            if let (Some(stored), Some(given)) = (names.metric(), config.metric)
                && stored != given.name()
            {
                return Err(mismatch("metric", stored.to_owned(), given.name().to_owned()));
            }
            Ok(())
        })?;
        Ok(Self { shared: Arc::new(Shared { engine, config, vectors, recovery }) })
    }

    /// What was replayed or cut at open.
    #[must_use]
    pub fn recovery(&self) -> &RecoveryReport {
        &self.shared.recovery
    }

    /// The configuration that the store was opened with.
    #[must_use]
    pub fn config(&self) -> &ConcurrentConfig {
        &self.shared.config
    }

    fn patience(&self) -> Wait {
        Wait::For(self.shared.config.write_timeout)
    }

    fn submit(&self, writes: &[Write<'_>], wait: Wait) -> Result<Sequence> {
        submit(&self.shared.engine, self.shared.vectors, writes, wait)
    }

    // Writing.

    /// Learns a concept, or learns it again: content, strength and confidence are replaced; the embedding, if not given,
    /// metadata, the time of creation and associations stay. Strength and confidence are in [0, 1]; an embedding is finite
    /// numbers, as many as the store's vectors have dimensions.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::DimensionMismatch`], [`Error::Backpressure`], [`Error::TooLarge`],
    /// [`Error::Full`], [`Error::Poisoned`], [`Error::Closed`], [`Error::Forked`].
    pub fn learn_concept<'a>(
        &self,
        id: impl Into<ConceptRef<'a>>,
        content: impl AsRef<[u8]>,
        embedding: Option<&[f32]>,
        strength: f32,
        confidence: f32,
    ) -> Result<Sequence> {
        let concept = Concept::new(id).content(content.as_ref()).strength(strength).confidence(confidence);
        self.learn(&Concept { embedding, ..concept })
    }

    /// [`ConcurrentMemory::learn_concept`] without waiting for room.
    ///
    /// # Errors
    /// As there; [`Error::Backpressure`] at once.
    pub fn try_learn_concept<'a>(
        &self,
        id: impl Into<ConceptRef<'a>>,
        content: impl AsRef<[u8]>,
        embedding: Option<&[f32]>,
        strength: f32,
        confidence: f32,
    ) -> Result<Sequence> {
        let concept = Concept::new(id).content(content.as_ref()).strength(strength).confidence(confidence);
        self.try_learn(&Concept { embedding, ..concept })
    }

    /// Learns a concept with everything that is said of it.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`].
    pub fn learn(&self, concept: &Concept<'_>) -> Result<Sequence> {
        self.submit(&[check::concept(concept, self.shared.config.max_content_bytes)?], self.patience())
    }

    /// [`ConcurrentMemory::learn`] without waiting for room.
    ///
    /// # Errors
    /// As there; [`Error::Backpressure`] at once.
    pub fn try_learn(&self, concept: &Concept<'_>) -> Result<Sequence> {
        self.submit(&[check::concept(concept, self.shared.config.max_content_bytes)?], Wait::Never)
    }

    /// Learns an association of confidence in [0, 1], or learns it again: its identity is source, target and type. An end
    /// that is not known becomes a stub: a node of paths, not a concept until it is learned.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`].
    pub fn learn_association<'a>(
        &self,
        source: impl Into<ConceptRef<'a>>,
        target: impl Into<ConceptRef<'a>>,
        kind: impl Into<TypeRef<'a>>,
        confidence: f32,
    ) -> Result<Sequence> {
        self.associate(&Association::new(source, target, kind).confidence(confidence))
    }

    /// [`ConcurrentMemory::learn_association`] without waiting for room.
    ///
    /// # Errors
    /// As there; [`Error::Backpressure`] at once.
    pub fn try_learn_association<'a>(
        &self,
        source: impl Into<ConceptRef<'a>>,
        target: impl Into<ConceptRef<'a>>,
        kind: impl Into<TypeRef<'a>>,
        confidence: f32,
    ) -> Result<Sequence> {
        self.try_associate(&Association::new(source, target, kind).confidence(confidence))
    }

    /// Learns an association with everything that is said of it.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`].
    pub fn associate(&self, association: &Association<'_>) -> Result<Sequence> {
        self.submit(&[check::association(association)?], self.patience())
    }

    /// [`ConcurrentMemory::associate`] without waiting for room.
    ///
    /// # Errors
    /// As there; [`Error::Backpressure`] at once.
    pub fn try_associate(&self, association: &Association<'_>) -> Result<Sequence> {
        self.submit(&[check::association(association)?], Wait::Never)
    }

    /// Makes all writes of a batch as one: one sequence, one record of the write-ahead log, seen whole or not at all. An
    /// empty batch writes nothing and gives the last sequence.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`]; [`Error::TooLarge`] if it exceeds the write log's bounds. If one write is
    /// refused none is made.
    pub fn learn_batch(&self, batch: &Batch<'_>) -> Result<Sequence> {
        self.submit_batch(batch, self.patience())
    }

    /// [`ConcurrentMemory::learn_batch`] without waiting for room.
    ///
    /// # Errors
    /// As there; [`Error::Backpressure`] at once.
    pub fn try_learn_batch(&self, batch: &Batch<'_>) -> Result<Sequence> {
        self.submit_batch(batch, Wait::Never)
    }

    fn submit_batch(&self, batch: &Batch<'_>, wait: Wait) -> Result<Sequence> {
        if batch.is_empty() {
            return Ok(self.shared.engine.log().last_accepted());
        }
        self.submit(&batch.check(self.shared.config.max_content_bytes)?, wait)
    }

    /// Updates the strength of a concept, in [0, 1]. On an unknown id it does nothing and is counted.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`].
    pub fn update_strength<'a>(&self, id: impl Into<ConceptRef<'a>>, strength: f32) -> Result<Sequence> {
        self.submit(&[strength_of(id.into(), strength)?], self.patience())
    }

    /// Replaces the metadata of a concept: JSON of at most 64 KiB. On an unknown id it does nothing and is counted.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`].
    pub fn update_metadata<'a>(&self, id: impl Into<ConceptRef<'a>>, json: &str) -> Result<Sequence> {
        self.submit(&[metadata_of(id.into(), json)?], self.patience())
    }

    /// Counts an access to a concept, now. On an unknown id it does nothing and is counted.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`].
    pub fn record_access<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<Sequence> {
        self.submit(&[Write::Other(Op::RecordAccess { id: id.into().id()?, count: 1 })], self.patience())
    }

    /// Forgets a concept, or a stub, and its associations: they are gone at once from every new snapshot. History is kept in
    /// the file until it is purged. Learned again, nothing of it is there. On an unknown id it does nothing and is counted.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`].
    pub fn forget_concept<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<Sequence> {
        self.submit(&[Write::Other(Op::ForgetConcept { id: id.into().id()? })], self.patience())
    }

    /// Forgets one association. On an unknown one it does nothing and is counted.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::learn_concept`].
    pub fn forget_association<'a>(
        &self,
        source: impl Into<ConceptRef<'a>>,
        target: impl Into<ConceptRef<'a>>,
        kind: impl Into<TypeRef<'a>>,
    ) -> Result<Sequence> {
        let (source, target) = (source.into().id()?, target.into().id()?);
        self.submit(&[Write::ForgetAssociation { source, target, kind: kind.into() }], self.patience())
    }

    // Waiting.

    /// Blocks until a snapshot taken now holds `sequence`; makes the reconciler close its group at once.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a sequence that was never returned, [`Error::Poisoned`], [`Error::Closed`],
    /// [`Error::Forked`].
    pub fn wait_visible(&self, sequence: Sequence) -> Result<()> {
        Ok(self.shared.engine.wait_visible(sequence, None)?)
    }

    /// Blocks until `sequence` survives a power cut. Under [`Durability::None`](crate::Durability::None) it waits for a
    /// checkpoint, which it asks for.
    ///
    /// # Errors
    /// As [`ConcurrentMemory::wait_visible`], and [`Error::Io`] if that checkpoint failed.
    pub fn wait_durable(&self, sequence: Sequence) -> Result<()> {
        Ok(self.shared.engine.wait_durable(sequence, None)?)
    }

    /// [`ConcurrentMemory::wait_visible`] until a moment: whether it is visible.
    ///
    /// # Errors
    /// As there.
    pub fn wait_visible_until(&self, sequence: Sequence, deadline: Instant) -> Result<bool> {
        in_time(self.shared.engine.wait_visible(sequence, Some(deadline)))
    }

    /// [`ConcurrentMemory::wait_durable`] until a moment: whether it is durable.
    ///
    /// # Errors
    /// As there.
    pub fn wait_durable_until(&self, sequence: Sequence, deadline: Instant) -> Result<bool> {
        in_time(self.shared.engine.wait_durable(sequence, Some(deadline)))
    }

    /// [`ConcurrentMemory::flush`] of everything up to `sequence`, until a moment: whether it is in `storage.dat`. What was
    /// begun goes on.
    ///
    /// # Errors
    /// As there, and [`Error::InvalidArgument`] for a sequence that was never returned.
    pub fn flush_until(&self, sequence: Sequence, deadline: Instant) -> Result<bool> {
        in_time(self.shared.engine.flush_through(sequence, Some(deadline)))
    }

    /// The last sequence that was given to a write, of whichever thread. One load.
    #[must_use]
    pub fn last_accepted(&self) -> Sequence {
        self.shared.engine.log().last_accepted()
    }

    /// Whether more than half of the write log's room is taken, so that a write may have to wait. One load.
    #[must_use]
    pub fn is_pressed(&self) -> bool {
        let log = self.shared.engine.log();
        let (taken, room) = (log.pending(), log.capacity());
        taken.entries > room.entries / 2 || taken.bytes > room.bytes / 2
    }

    /// Writes everything accepted so far to `storage.dat`; returns when it is durable. O(what is new).
    ///
    /// # Errors
    /// [`Error::Io`] if it could not be written (what was accepted stays in the write-ahead log), [`Error::Poisoned`],
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn flush(&self) -> Result<()> {
        Ok(self.shared.engine.flush()?)
    }

    /// Drains what was accepted, writes a last checkpoint, ends the threads and unlocks the folder, which then holds
    /// `storage.dat` and nothing else. For all clones; snapshots stay. A second call does nothing.
    ///
    /// # Errors
    /// [`Error::Poisoned`] if writing had stopped, [`Error::Io`] if the checkpoint failed. The write-ahead log stays then, and
    /// the next open replays it.
    pub fn close(&self) -> Result<()> {
        Ok(self.shared.engine.close()?)
    }

    // Reading.

    /// The newest snapshot. Never waits; some tens of nanoseconds.
    #[must_use]
    #[inline]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.shared.engine.snapshot())
    }

    /// [`Snapshot::query_concept`] on the newest snapshot, which the result holds.
    ///
    /// # Errors
    /// As there.
    pub fn query_concept<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<Option<ConceptView<'static>>> {
        self.snapshot().into_concept(id.into())
    }

    /// [`Snapshot::contains`] on the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn contains<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<bool> {
        self.snapshot().contains(id)
    }

    /// [`Snapshot::concept_count`] of the newest snapshot.
    #[must_use]
    pub fn concept_count(&self) -> u64 {
        self.snapshot().concept_count()
    }

    /// [`Snapshot::edge_count`] of the newest snapshot.
    #[must_use]
    pub fn edge_count(&self) -> u64 {
        self.snapshot().edge_count()
    }

    /// [`Snapshot::sequence`] of the newest snapshot.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.snapshot().sequence()
    }

    /// [`Snapshot::timestamp`] of the newest snapshot.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.snapshot().timestamp()
    }

    /// [`Snapshot::neighbors`] on the newest snapshot, which the result holds.
    ///
    /// # Errors
    /// As there.
    pub fn neighbors<'a>(&self, id: impl Into<ConceptRef<'a>>) -> Result<Neighbors<'static>> {
        self.neighbors_with(id, NeighborOptions::default())
    }

    /// [`Snapshot::neighbors_with`] on the newest snapshot, which the result holds.
    ///
    /// # Errors
    /// As there.
    pub fn neighbors_with<'a>(
        &self,
        id: impl Into<ConceptRef<'a>>,
        options: NeighborOptions<'_>,
    ) -> Result<Neighbors<'static>> {
        self.snapshot().into_neighbors(id.into(), options)
    }

    /// [`Snapshot::association`] on the newest snapshot, which the result holds.
    ///
    /// # Errors
    /// As there.
    pub fn association<'a>(
        &self,
        source: impl Into<ConceptRef<'a>>,
        target: impl Into<ConceptRef<'a>>,
        kind: impl Into<TypeRef<'a>>,
    ) -> Result<Option<AssociationView<'static>>> {
        self.snapshot().into_association(source.into(), target.into(), kind.into())
    }

    /// All concepts of the newest snapshot, which the iterator holds.
    pub fn concepts(&self) -> impl Iterator<Item = Result<ConceptView<'static>>> + use<> {
        self.snapshot().into_concepts()
    }

    /// All associations of the newest snapshot, which the iterator holds.
    pub fn associations(&self) -> impl Iterator<Item = Result<AssociationView<'static>>> + use<> {
        self.snapshot().into_associations()
    }

    /// [`Snapshot::find_path`] on the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn find_path<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        max_depth: u32,
    ) -> Result<Option<Path>> {
        self.snapshot().find_path(start, end, max_depth)
    }

    /// [`Snapshot::find_best_path`] on the newest snapshot.
    ///
    /// # Errors
    /// As there.
    pub fn find_best_path<'a>(
        &self,
        start: impl Into<ConceptRef<'a>>,
        end: impl Into<ConceptRef<'a>>,
        options: PathOptions<'_>,
    ) -> Result<Option<Path>> {
        self.snapshot().find_best_path(start, end, options)
    }

    /// Counts of the write log, the reconciler, the newest snapshot and the storage, as of about now. O(1).
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::of(&self.shared.engine)
    }
}

/// A deadline that passed is an answer.
fn in_time(waited: Result<(), EngineError>) -> Result<bool> {
    match waited {
        Ok(()) => Ok(true),
        Err(EngineError::Log(LogError::TimedOut { .. })) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
