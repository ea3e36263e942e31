//! The module `sutra_storage._native`: the engine's facade, `sutra-storage`, with Python's manners.
//!
//! - [`storage`] is `ConcurrentStorage`, [`snapshot`] is `Snapshot`; both read through [`read`].
//! - [`reasoning`] is what both conclude, recall and rank, [`answers`] what that gives.
//! - [`concept`], [`links`] and [`iterate`] are what reading gives.
//! - [`name`], [`vector`], [`metadata`] and the columns in [`column`] take what callers bring; [`batch`] learns from columns.
//! - [`store`] is one open store: whether it is closed, what each thread wrote last, when a call waits without the
//!   interpreter's lock.
//! - [`failure`] makes exceptions of errors.
//!
//! It holds no engine logic. What calls mean stands in `sutra-storage`; here are conversions, and the decision when the lock
//! goes: around everything that may take more than a few microseconds, and not around a lookup, which is shorter than
//! releasing it. unsafe code is in [`vector`] (arrays over mapped bytes) and [`column`] (data of the Arrow C interface).

mod answers;
mod batch;
mod column;
mod concept;
mod failure;
mod iterate;
mod links;
mod metadata;
mod name;
mod open;
mod read;
mod reasoning;
mod snapshot;
mod storage;
mod store;
mod vector;

/// The engine of `sutra_storage`; import from there.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::answers::{Answer, Conclusion, Link, Neighborhood, Recalled};
    #[pymodule_export]
    use crate::concept::Concept;
    #[pymodule_export]
    use crate::iterate::{Associations, Concepts, Names};
    #[pymodule_export]
    use crate::links::{Association, Hop, Neighbor, Path};
    #[pymodule_export]
    use crate::snapshot::Snapshot;
    #[pymodule_export]
    use crate::storage::ConcurrentStorage;
    #[pymodule_export]
    use crate::store::close_all;

    /// The version of the package, which is that of the engine.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name that Python looks for")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        // It is one in all but its class: for `isinstance`, and for `match`.
        pyo3::types::PyMapping::register::<Concept>(module.py())
    }
}
