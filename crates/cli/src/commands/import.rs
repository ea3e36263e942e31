//! `sutra import`: learns files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use sutra_storage::ConcurrentMemory;

use crate::failure::{Failure, Outcome};
use crate::import::{AssociationReader, ConceptReader};
use crate::learn;
use crate::output::{Output, note};
use crate::progress::{Spinner, grouped, rate};
use crate::store::open_or_create;

/// Learn concepts (JSONL) and associations (TSV), plain, .gz or .zst
///
/// A concept is one JSON object a line: `key` or `id`, `content`, and if wanted `embedding`, `strength`, `confidence`,
/// `metadata`. An association is one line of source, type, target and confidence with tabs between them. What is known
/// already is learned again: content, strength and confidence are replaced. A line that is wrong ends the import with its
/// file and number; what was read before it stays learned.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The concepts; `-` for the standard input
    concepts: PathBuf,
    /// The associations
    associations: Option<PathBuf>,
}

impl Import {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let begun = Instant::now();
        let standard_input = Path::new("-");
        if self.concepts == standard_input && self.associations.as_deref() == Some(standard_input) {
            return Err(Failure::StandardInputTwice);
        }
        // A file that cannot be opened should not leave a new store behind.
        let concepts = ConceptReader::open(&self.concepts)?;
        let associations = self.associations.as_deref().map(AssociationReader::open).transpose()?;

        let memory = open_or_create(store)?;
        let learned = learn_both(&memory, concepts, associations);
        // Also after an error: what was accepted is kept, and the folder left in order.
        let closed = {
            let _spinner = Spinner::new("writing the checkpoint");
            memory.close()
        };
        let (concepts, associations) = learned.inspect_err(|_| {
            note("what was read before the error is learned; after mending it, import the whole again");
        })?;
        closed?;

        let elapsed = begun.elapsed();
        let mut out = Output::new();
        out.line(format_args!(
            "learned {} concepts and {} associations in {:.2} s ({}/s) into {}",
            grouped(concepts),
            grouped(associations),
            elapsed.as_secs_f64(),
            grouped(rate(concepts + associations, elapsed)),
            store.display(),
        ))?;
        out.end()?;
        Ok(Outcome::Done)
    }
}

fn learn_both(
    memory: &ConcurrentMemory,
    concepts: ConceptReader,
    associations: Option<AssociationReader>,
) -> Result<(u64, u64), Failure> {
    let learned = learn::concepts(memory, concepts)?;
    let associated = associations.map(|associations| learn::associations(memory, associations)).transpose()?;
    Ok((learned, associated.unwrap_or_default()))
}
