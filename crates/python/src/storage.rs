//! The class `ConcurrentStorage`: opening, writing, waiting. Reading is in `read.rs`.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use sutra_storage::{Association, Concept, ConcurrentConfig, ConcurrentMemory};

use crate::batch;
use crate::failure::{Answer, Failure};
use crate::metadata::{from_json, to_json};
use crate::name::{concept, kind, kind_of};
use crate::open;
use crate::read::reading;
use crate::reasoning::reasoning;
use crate::snapshot::Snapshot;
use crate::store::{Store, in_slices};
use crate::vector;

/// An open storage: concepts, and the associations between them, in one file of a folder.
///
/// Writing calls return a sequence, an ``int``, when the write is accepted; it is durable and visible some milliseconds
/// later. Reading calls read the newest snapshot, after this thread's own last write is in it (``read_your_writes``).
/// It is a context manager, and may be used by several threads at once. One process at a time writes to a folder.
///
/// Errors are ``SutraError`` and its subclasses; what is missing is ``None``. Each call raises ``ClosedError`` after ``close``;
/// each that reads raises ``InvalidArgumentError`` for a name that can be none and ``CorruptError`` for bytes that are damaged on
/// the disk. A value of another type raises ``TypeError``, a number that its type does not hold ``OverflowError``.
///
/// Arguments, all but the path by name:
///
/// - ``path``: the folder, made if missing.
/// - ``reconcile_interval_ms`` (10): at most so many milliseconds until an accepted write is gathered into a group.
/// - ``memory_threshold`` (50,000): records not yet in ``storage.dat`` that trigger a checkpoint, as 2 KiB for each of them do;
///   with twice as much in memory, writers wait for it.
/// - ``queue_capacity`` (100,000 writes), ``queue_bytes`` (256 MiB): the burst that is taken before a writer has to wait.
/// - ``write_timeout`` (5.0): seconds that a writer waits for room before ``BackpressureError``.
/// - ``durability``: ``"group"``, ``"always"`` or ``"none"``.
/// - ``initial_size`` (16 MiB): bytes reserved in a new ``storage.dat``.
/// - ``vector_dimension`` (from the first embedding), ``metric`` (``"cosine"``, ``"dot"``, ``"euclidean"``): fixed for the
///   life of the storage; another value raises ``ConfigMismatchError``.
/// - ``reconcile_threads`` (1): threads that apply large groups of associations, where cores are idle; what is stored is the same.
/// - ``max_content_bytes`` (64 MiB): larger contents are refused.
/// - ``read_your_writes`` (True): False to never wait before a read.
#[pyclass(frozen, weakref, module = "sutra_storage")]
pub(crate) struct ConcurrentStorage(Arc<Store>);

impl ConcurrentStorage {
    fn view(&self, py: Python<'_>) -> Answer<Cow<'_, sutra_storage::Snapshot>> {
        self.0.snapshot(py).map(Cow::Owned)
    }

    fn memory(&self) -> Answer<&ConcurrentMemory> {
        self.0.open()
    }
}

reading!(ConcurrentStorage);
reasoning!(ConcurrentStorage);

/// The bytes of a content: of a `str`, of `bytes`.
fn content_of<'a>(value: &'a Bound<'_, PyAny>) -> Answer<&'a [u8]> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.as_bytes());
    }
    match value.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes.as_bytes()),
        Err(_) => Err(Failure::invalid("content", format!("str or bytes, not {}", kind_of(value)))),
    }
}

/// What the calls that learn one concept have in common.
struct Learning<'a, 'py> {
    embedding: Option<&'a Bound<'py, PyAny>>,
    strength: f32,
    confidence: f32,
    metadata: Option<&'a Bound<'py, PyAny>>,
    created: Option<u64>,
}

impl ConcurrentStorage {
    fn learn(
        &self,
        concept_id: &Bound<'_, PyAny>,
        content: &Bound<'_, PyAny>,
        learning: &Learning<'_, '_>,
        wait: bool,
    ) -> Answer<u64> {
        let content = content_of(content)?;
        let embedding = learning.embedding.map(vector::given).transpose()?;
        let gaps = |error: numpy::AsSliceError| Failure::invalid("embedding", error.to_string());
        let numbers = embedding.as_ref().map(|array| array.as_slice().map_err(gaps)).transpose()?;
        let metadata = learning.metadata.map(to_json).transpose()?;
        let json = metadata.as_ref().map(|json| json.to_str()).transpose()?;
        let mut concept = Concept::new(concept(concept_id)?)
            .content(content)
            .strength(learning.strength)
            .confidence(learning.confidence);
        if let Some(numbers) = numbers {
            concept = concept.embedding(numbers);
        }
        if let Some(json) = json {
            concept = concept.metadata(json);
        }
        if let Some(created) = learning.created {
            concept = concept.created(created);
        }
        let bytes = content.len() + numbers.map_or(0, size_of_val) + json.map_or(0, str::len);
        self.0.write(
            concept_id.py(),
            bytes,
            |memory| {
                if wait { memory.learn(&concept) } else { memory.try_learn(&concept) }
            },
        )
    }
}

#[pymethods]
impl ConcurrentStorage {
    #[new]
    #[pyo3(signature = (
        path, *, reconcile_interval_ms=10, memory_threshold=50_000, queue_capacity=100_000, queue_bytes=268_435_456,
        write_timeout=5.0, durability="group", initial_size=16_777_216, vector_dimension=None, metric=None,
        reconcile_threads=1, max_content_bytes=67_108_864, read_your_writes=true
    ))]
    #[expect(clippy::too_many_arguments, reason = "named by the caller")]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        reconcile_interval_ms: u64,
        memory_threshold: usize,
        queue_capacity: usize,
        queue_bytes: u64,
        write_timeout: f64,
        durability: &str,
        initial_size: u64,
        vector_dimension: Option<usize>,
        metric: Option<&str>,
        reconcile_threads: usize,
        max_content_bytes: usize,
        read_your_writes: bool,
    ) -> Answer<Self> {
        let config = ConcurrentConfig {
            storage_path: path,
            reconcile_interval_ms,
            memory_threshold,
            queue_capacity,
            queue_bytes,
            write_timeout: open::seconds("write_timeout", write_timeout)?,
            durability: open::durability(durability)?,
            initial_size,
            vector_dimension,
            metric: metric.map(open::metric).transpose()?,
            reconcile_threads,
            max_content_bytes,
        };
        let memory = py.detach(|| ConcurrentMemory::new(config))?;
        Ok(Self(Store::new(memory, read_your_writes)))
    }

    // Writing.

    /// Learns a concept, or learns it again: content, strength and confidence are replaced; embedding and metadata stay
    /// unless given; associations and the time of creation stay. Returns the write's sequence.
    ///
    /// - ``concept_id``: a key (any ``str``), an id of 16 or 32 hex digits, or 16 bytes.
    /// - ``content``: ``str`` or ``bytes``.
    /// - ``embedding``: shape ``(d,)``, finite numbers. A float32 array without gaps is read in place; anything else is
    ///   converted, which is a copy. It must not be changed while the call runs.
    /// - ``strength``, ``confidence``: in [0, 1].
    /// - ``metadata``: what ``json.dumps`` takes, or a ``str`` of JSON; at most 64 KiB.
    /// - ``created``: microseconds since the Unix epoch, now by default; only for a concept that is not known.
    ///
    /// Waits at most ``write_timeout``, and only while the write log is full, then raises ``BackpressureError``; Ctrl-C is
    /// seen when that waiting ends. Raises ``InvalidArgumentError``, ``DimensionMismatchError``, ``TooLargeError``,
    /// ``FullError``, ``PoisonedError``, ``ClosedError``, ``ForkedError``; nothing is written then.
    #[pyo3(signature = (concept_id, content, embedding=None, strength=1.0, confidence=1.0, metadata=None, created=None))]
    #[expect(clippy::too_many_arguments, reason = "named by the caller")]
    fn learn_concept(
        &self,
        concept_id: &Bound<'_, PyAny>,
        content: &Bound<'_, PyAny>,
        embedding: Option<&Bound<'_, PyAny>>,
        strength: f32,
        confidence: f32,
        metadata: Option<&Bound<'_, PyAny>>,
        created: Option<u64>,
    ) -> Answer<u64> {
        let learning = Learning { embedding, strength, confidence, metadata, created };
        self.learn(concept_id, content, &learning, true)
    }

    /// ``learn_concept`` without waiting for room: ``BackpressureError`` at once.
    #[pyo3(signature = (concept_id, content, embedding=None, strength=1.0, confidence=1.0, metadata=None, created=None))]
    #[expect(clippy::too_many_arguments, reason = "named by the caller")]
    fn try_learn_concept(
        &self,
        concept_id: &Bound<'_, PyAny>,
        content: &Bound<'_, PyAny>,
        embedding: Option<&Bound<'_, PyAny>>,
        strength: f32,
        confidence: f32,
        metadata: Option<&Bound<'_, PyAny>>,
        created: Option<u64>,
    ) -> Answer<u64> {
        let learning = Learning { embedding, strength, confidence, metadata, created };
        self.learn(concept_id, content, &learning, false)
    }

    /// Learns an association, or learns it again: its identity is source, target and type. Returns the write's sequence.
    ///
    /// An end that is not known becomes a stub: a node of paths, not a concept until it is learned. ``assoc_type`` is a number
    /// (0 semantic, 1 causal, 2 temporal, 3 hierarchical, 4 compositional) or a name, which the first write that uses it
    /// defines; 250 names at most. ``confidence`` is in [0, 1], ``weight`` any finite number (1 at first, then it stays unless
    /// given); ``metadata`` and ``created`` as for ``learn_concept``, both stay unless given.
    ///
    /// Waits and raises as ``learn_concept``.
    #[pyo3(
        signature = (source_id, target_id, assoc_type=None, confidence=1.0, weight=None, metadata=None, created=None),
        text_signature = "($self, source_id, target_id, assoc_type=0, confidence=1.0, weight=None, metadata=None, \
            created=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "named by the caller")]
    fn learn_association(
        &self,
        py: Python<'_>,
        source_id: &Bound<'_, PyAny>,
        target_id: &Bound<'_, PyAny>,
        assoc_type: Option<&Bound<'_, PyAny>>,
        confidence: f32,
        weight: Option<f32>,
        metadata: Option<&Bound<'_, PyAny>>,
        created: Option<u64>,
    ) -> Answer<u64> {
        let kind = assoc_type.map_or(Ok(0.into()), kind)?;
        let mut association = Association::new(concept(source_id)?, concept(target_id)?, kind).confidence(confidence);
        let metadata = metadata.map(to_json).transpose()?;
        if let Some(weight) = weight {
            association = association.weight(weight);
        }
        if let Some(created) = created {
            association = association.created(created);
        }
        let json = metadata.as_ref().map(|json| json.to_str()).transpose()?;
        if let Some(json) = json {
            association = association.metadata(json);
        }
        self.0.write(py, json.map_or(0, str::len), |memory| memory.associate(&association))
    }

    /// Learns many concepts as one write: one sequence, seen whole or not at all, also after a crash.
    ///
    /// - ``ids``: n names, as in ``learn_concept``. Or a table: anything with ``__arrow_c_stream__`` that has columns ``id``,
    ///   ``content`` and, if wanted, ``embedding``, ``metadata``, ``strength``, ``confidence``, ``created``.
    /// - ``contents``: n of ``str`` or ``bytes``; empty if not given.
    /// - ``embeddings``: shape ``(n, d)``, float32 without gaps to be read in place; or n vectors, ``None`` for those without.
    /// - ``metadata``: n of what ``learn_concept`` takes, or ``None``.
    /// - ``strengths``, ``confidences``: n numbers, or one for all.
    /// - ``created``: n numbers.
    ///
    /// Columns are sequences, numpy arrays, or anything with the Arrow PyCapsule interface. Arrays must not be changed while
    /// the call runs: the interpreter's lock is released. Raises as ``learn_concept``, and ``TooLargeError`` for more than
    /// ``queue_capacity`` or ``queue_bytes``; ``sutra_storage.learn_many`` cuts what is larger. If one row is refused, none is
    /// written.
    #[pyo3(signature = (
        ids, contents=None, embeddings=None, metadata=None, strengths=None, confidences=None, created=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named by the caller")]
    fn learn_batch(
        &self,
        py: Python<'_>,
        ids: &Bound<'_, PyAny>,
        contents: Option<&Bound<'_, PyAny>>,
        embeddings: Option<&Bound<'_, PyAny>>,
        metadata: Option<&Bound<'_, PyAny>>,
        strengths: Option<&Bound<'_, PyAny>>,
        confidences: Option<&Bound<'_, PyAny>>,
        created: Option<&Bound<'_, PyAny>>,
    ) -> Answer<u64> {
        self.memory()?;
        let given = [contents, embeddings, metadata, strengths, confidences, created];
        batch::concepts(py, &self.0, ids, given)
    }

    /// Learns many associations as one write: one sequence, seen whole or not at all.
    ///
    /// ``sources`` and ``targets`` are n names each, ``types`` one type for all or n of them, ``confidences`` and ``weights``
    /// one number or n, ``metadata`` n of what ``learn_association`` takes, ``created`` n numbers. Or ``sources`` is a table
    /// with columns ``source``, ``target`` and, if wanted, ``type``, ``confidence``, ``weight``, ``metadata``, ``created``.
    /// Columns and errors as in ``learn_batch``.
    #[pyo3(signature = (
        sources, targets=None, types=None, confidences=None, weights=None, metadata=None, created=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named by the caller")]
    fn learn_associations(
        &self,
        py: Python<'_>,
        sources: &Bound<'_, PyAny>,
        targets: Option<&Bound<'_, PyAny>>,
        types: Option<&Bound<'_, PyAny>>,
        confidences: Option<&Bound<'_, PyAny>>,
        weights: Option<&Bound<'_, PyAny>>,
        metadata: Option<&Bound<'_, PyAny>>,
        created: Option<&Bound<'_, PyAny>>,
    ) -> Answer<u64> {
        self.memory()?;
        let given = [targets, types, confidences, weights, metadata, created];
        batch::associations(py, &self.0, sources, given)
    }

    /// Updates the strength of a concept, in [0, 1]. On an unknown one it does nothing and is counted.
    fn update_strength(&self, py: Python<'_>, concept_id: &Bound<'_, PyAny>, strength: f32) -> Answer<u64> {
        let id = concept(concept_id)?;
        self.0.write(py, 0, |memory| memory.update_strength(id, strength))
    }

    /// Replaces the metadata of a concept. On an unknown one it does nothing and is counted.
    fn update_metadata(
        &self,
        py: Python<'_>,
        concept_id: &Bound<'_, PyAny>,
        metadata: &Bound<'_, PyAny>,
    ) -> Answer<u64> {
        let (id, json) = (concept(concept_id)?, to_json(metadata)?);
        let json = json.to_str()?;
        self.0.write(py, json.len(), |memory| memory.update_metadata(id, json))
    }

    /// Counts an access to a concept, now. On an unknown one it does nothing and is counted.
    fn record_access(&self, py: Python<'_>, concept_id: &Bound<'_, PyAny>) -> Answer<u64> {
        let id = concept(concept_id)?;
        self.0.write(py, 0, |memory| memory.record_access(id))
    }

    /// Forgets a concept, or a stub, and its associations. On an unknown one it does nothing and is counted.
    fn forget_concept(&self, py: Python<'_>, concept_id: &Bound<'_, PyAny>) -> Answer<u64> {
        let id = concept(concept_id)?;
        self.0.write(py, 0, |memory| memory.forget_concept(id))
    }

    /// Forgets one association. On an unknown one it does nothing and is counted.
    #[pyo3(
        signature = (source_id, target_id, assoc_type=None),
        text_signature = "($self, source_id, target_id, assoc_type=0)"
    )]
    fn forget_association(
        &self,
        py: Python<'_>,
        source_id: &Bound<'_, PyAny>,
        target_id: &Bound<'_, PyAny>,
        assoc_type: Option<&Bound<'_, PyAny>>,
    ) -> Answer<u64> {
        let ends = (concept(source_id)?, concept(target_id)?);
        let kind = assoc_type.map_or(Ok(0.into()), kind)?;
        self.0.write(py, 0, |memory| memory.forget_association(ends.0, ends.1, kind))
    }

    // Waiting.

    /// Waits until ``sequence`` is in the snapshot that a new read takes. Ctrl-C ends the waiting.
    fn wait_visible(&self, py: Python<'_>, sequence: u64) -> Answer<()> {
        let memory = self.memory()?;
        in_slices(py, |deadline| memory.wait_visible_until(sequence, deadline))
    }

    /// Waits until ``sequence`` survives a power cut. Ctrl-C ends the waiting.
    fn wait_durable(&self, py: Python<'_>, sequence: u64) -> Answer<()> {
        let memory = self.memory()?;
        in_slices(py, |deadline| memory.wait_durable_until(sequence, deadline))
    }

    /// Writes everything accepted so far to ``storage.dat``, and waits until that is durable. Ctrl-C ends the waiting, not the
    /// writing.
    fn flush(&self, py: Python<'_>) -> Answer<()> {
        let memory = self.memory()?;
        let sequence = memory.last_accepted();
        in_slices(py, |deadline| memory.flush_until(sequence, deadline))
    }

    /// Writes what is left, ends the engine's threads, and unlocks the folder, which then holds ``storage.dat``. Snapshots
    /// and arrays that are held stay. A second call does nothing; any other call raises ``ClosedError`` from now on.
    ///
    /// Waits for the last checkpoint, also if Ctrl-C is pressed meanwhile: what was accepted is not left behind. Raises
    /// ``PoisonedError`` if writing had stopped, ``IoError`` if the last checkpoint failed: the write-ahead log then
    /// stays, and the next open replays it.
    fn close(&self, py: Python<'_>) -> Answer<()> {
        self.0.close(py)
    }

    // Knowing.

    /// The newest snapshot.
    fn snapshot(&self, py: Python<'_>) -> Answer<Snapshot> {
        self.0.snapshot(py).map(Snapshot)
    }

    /// Counts, as of about now: groups ``write_log``, ``reconciler``, ``snapshot`` and ``storage``, and the keys ``concepts``,
    /// ``edges``, ``stubs``, ``written``, ``dropped``, ``pending``, ``reconciliations``, ``entries_processed``, ``sequence``.
    fn stats<'py>(&self, py: Python<'py>) -> Answer<Bound<'py, PyAny>> {
        // So that counts include this thread's own writes.
        self.0.snapshot(py)?;
        let stats = self.memory()?.stats();
        let json = serde_json::to_string(&stats).map_err(|error| Failure::invalid("stats", error.to_string()))?;
        let counts = from_json(py, &json)?;
        counts.set_item("concepts", stats.snapshot.concept_count)?;
        counts.set_item("edges", stats.snapshot.edge_count)?;
        counts.set_item("stubs", stats.snapshot.stub_count)?;
        counts.set_item("written", stats.write_log.written)?;
        counts.set_item("dropped", stats.write_log.dropped)?;
        counts.set_item("pending", stats.write_log.pending)?;
        counts.set_item("reconciliations", stats.reconciler.reconciliations)?;
        counts.set_item("entries_processed", stats.reconciler.entries_processed)?;
        counts.set_item("sequence", stats.snapshot.sequence)?;
        Ok(counts)
    }

    /// What was replayed or cut when it was opened: ``created``, ``replayed_groups``, ``replayed_entries``, ``cut_bytes``,
    /// ``last_sequence``, ``repaired_header``.
    #[getter]
    fn recovery<'py>(&self, py: Python<'py>) -> Answer<Bound<'py, PyDict>> {
        let report = self.0.memory().recovery();
        let dict = PyDict::new(py);
        dict.set_item("created", report.created)?;
        dict.set_item("replayed_groups", report.replayed_groups)?;
        dict.set_item("replayed_entries", report.replayed_entries)?;
        dict.set_item("cut_bytes", report.cut_bytes)?;
        dict.set_item("last_sequence", report.last_sequence)?;
        dict.set_item("repaired_header", report.repaired_header)?;
        Ok(dict)
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Whether more than half of the write log's room is taken, so that a write may have to wait.
    #[getter]
    fn pressed(&self) -> Answer<bool> {
        Ok(self.memory()?.is_pressed())
    }

    /// The folder.
    #[getter]
    fn path(&self) -> PathBuf {
        self.0.memory().config().storage_path.clone()
    }

    /// ``"group"``, ``"always"`` or ``"none"``.
    #[getter]
    fn durability(&self) -> &'static str {
        open::durability_word(self.0.memory().config().durability)
    }

    /// Whether a read first waits for its thread's last write.
    #[getter]
    fn read_your_writes(&self) -> bool {
        self.0.reads_own_writes()
    }

    fn __enter__(this: Bound<'_, Self>) -> Answer<Bound<'_, Self>> {
        this.get().memory()?;
        Ok(this)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, pyo3::types::PyTuple>) -> Answer<()> {
        self.0.close(py)
    }

    fn __repr__(&self) -> String {
        let memory = self.0.memory();
        let path = memory.config().storage_path.display().to_string();
        if self.0.is_closed() {
            return format!("ConcurrentStorage({path:?}, closed)");
        }
        format!("ConcurrentStorage({path:?}, concepts={}, edges={})", memory.concept_count(), memory.edge_count())
    }
}
