//! The class `Snapshot`.

use std::borrow::Cow;

use pyo3::prelude::*;

use crate::failure::Answer;
use crate::read::reading;
use crate::reasoning::reasoning;

/// The storage at one moment. Never changes, is cheap to hold, may be shared between threads, and may outlive the storage.
/// Reading it waits for nobody.
///
/// Holding one keeps in memory what was replaced since it was taken; ``stats()["storage"]["retained_bytes"]`` says how much.
#[pyclass(frozen, module = "sutra_storage")]
pub(crate) struct Snapshot(pub(crate) sutra_storage::Snapshot);

impl Snapshot {
    /// Never fails: the signature is that of a storage, which may be closed.
    #[expect(clippy::unnecessary_wraps, reason = "as the storage has it")]
    fn view(&self, _py: Python<'_>) -> Answer<Cow<'_, sutra_storage::Snapshot>> {
        Ok(Cow::Borrowed(&self.0))
    }
}

reading!(Snapshot);
reasoning!(Snapshot);

#[pymethods]
impl Snapshot {
    fn __repr__(&self) -> String {
        let (sequence, concepts, edges) = (self.0.sequence(), self.0.concept_count(), self.0.edge_count());
        format!("Snapshot(sequence={sequence}, concepts={concepts}, edges={edges})")
    }
}
