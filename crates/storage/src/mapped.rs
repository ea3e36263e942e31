//! An embedding held by the map that it lies in.

use std::fmt;
use std::ops::{Deref, Range};

use sutra_vfs::Map;
use zerocopy::FromBytes;

/// An embedding in a mapped part of the file. It holds that map and nothing else: no snapshot, so nothing that was replaced is
/// kept for it, and no store, so it may outlive both. Its bytes were verified when it was made and never change.
///
/// ```
/// use sutra_storage::{ConcurrentConfig, ConcurrentMemory};
/// # let folder = tempfile::tempdir()?;
/// let config = ConcurrentConfig { storage_path: folder.path().into(), ..Default::default() };
/// let memory = ConcurrentMemory::new(config)?;
/// // More than the first part of the file holds, so that it is full and becomes a map.
/// for number in 0..100 {
///     memory.learn_concept(&format!("c{number}"), "", Some(&[0.5; 384]), 1.0, 1.0)?;
/// }
/// memory.close()?;
///
/// let memory = ConcurrentMemory::new(memory.config().clone())?;
/// let concept = memory.query_concept("c0")?.expect("it was learned");
/// let held = concept.embedding_map()?.expect("it lies in the file");
/// drop((concept, memory));
/// assert_eq!(held[..], [0.5; 384]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MappedEmbedding {
    map: Map,
    /// Within the map, and numbers by place and length: made from a slice of numbers there.
    bytes: Range<usize>,
}

impl MappedEmbedding {
    /// `vector` lies in `map`.
    pub(crate) fn new(map: Map, vector: &[f32]) -> Self {
        let start = vector.as_ptr().addr() - map.as_ptr().addr();
        Self { map, bytes: start..start + size_of_val(vector) }
    }
}

impl Deref for MappedEmbedding {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.map.get(self.bytes.clone()).and_then(|bytes| <[f32]>::ref_from_bytes(bytes).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for MappedEmbedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MappedEmbedding").field(&&**self).finish()
    }
}
