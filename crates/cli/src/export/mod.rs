//! Writing what a store holds: JSONL, Parquet, GraphML.
//!
//! Each holds everything that a caller can say of a concept or an association, so that importing it gives an equal store. What
//! the engine counts itself is not in them: versions, sequences, times of change, accesses.

mod graphml;
mod jsonl;
mod parquet;

use sutra_storage::{AssociationView, ConceptView, Snapshot};

use crate::failure::Failure;
use crate::interrupt;

pub(crate) use self::{
    graphml::GraphMl,
    jsonl::Jsonl,
    parquet::{Parquet, TABLES},
};

/// Takes concepts, then associations, then the end.
pub(crate) trait Writer {
    fn concept(&mut self, concept: &ConceptView<'_>) -> Result<(), Failure>;
    fn association(&mut self, association: &AssociationView<'_>) -> Result<(), Failure>;
    /// Whatever was not written yet. Without it the output is not whole.
    fn end(&mut self) -> Result<(), Failure>;
}

/// Writes a snapshot; gives the numbers of concepts and associations. `tell` is called for each of them.
pub(crate) fn all(snapshot: &Snapshot, writer: &mut dyn Writer, mut tell: impl FnMut()) -> Result<(u64, u64), Failure> {
    let mut step = || {
        tell();
        if interrupt::requested() { Err(Failure::Interrupted) } else { Ok(()) }
    };
    let (mut concepts, mut associations) = (0, 0);
    for concept in snapshot.concepts() {
        writer.concept(&concept?)?;
        concepts += 1;
        step()?;
    }
    for association in snapshot.associations() {
        writer.association(&association?)?;
        associations += 1;
        step()?;
    }
    writer.end()?;
    Ok((concepts, associations))
}

/// The ends of an association as an import reads them back, and the namespace of their keys.
///
/// Keys are good only in their own namespace: an end of another one than the source's is given by its id.
fn ends(source: &ConceptView<'_>, target: &ConceptView<'_>) -> Result<(String, String, String), Failure> {
    let namespace = source.namespace_name().to_owned();
    let target =
        if target.namespace() == source.namespace() { target.name()?.into_owned() } else { target.id().to_string() };
    Ok((source.name()?.into_owned(), target, namespace))
}

/// What an association holds of its time, unless it is unbounded.
fn valid(association: &AssociationView<'_>) -> Option<(u32, u32)> {
    let valid = association.valid();
    (valid != (0, u32::MAX)).then_some(valid)
}
