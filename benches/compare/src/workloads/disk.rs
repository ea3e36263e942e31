//! Bytes that a closed store takes on the disk, by concept and by association.

use std::path::Path;

use sutra_benches::Outcome;
use sutra_benches::random::Random;

use super::Opened;
use crate::options::Options;
use crate::report::{Measure, Unit, table};
use crate::work::{Associations, CONTENT, Concepts, ids, pairs};

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let ids = ids(0..options.concepts);
    let pairs = pairs(&mut Random::new(3), &ids, options.associations);
    let mut measures =
        ["a concept", "an association"].map(|name| Measure::new(name, Unit::Bytes, options.engines.len()));
    // Once: the bytes hardly differ from one time to the next.
    for (engine, kind) in options.engines.iter().enumerate().filter(|(_, kind)| kind.on_disk) {
        let opened = Opened::new(*kind)?;
        opened.store.write(&mut Concepts::new(&ids, &[], 2))?;
        let folder = opened.close()?;
        let concepts = allocated(folder.path())?;
        let store = (kind.open)(folder.path())?;
        store.write(&mut Associations::new(&pairs, 0.5))?;
        store.close()?;
        let all = allocated(folder.path())?;
        measures[0].add(engine, concepts as f64 / ids.len() as f64);
        measures[1].add(engine, (all as f64 - concepts as f64) / pairs.len() as f64);
    }
    let about = format!(
        "Allocated by the file system after a close, for {} concepts of {CONTENT} random bytes, and what {} associations add, \
         with the reverse index.",
        ids.len(),
        pairs.len()
    );
    Ok(table("Bytes on disk", &about, &options.engines, &measures))
}

/// Bytes of blocks, so that what a sparse file leaves out does not count. Of an open store, whose files come and go, about as
/// many.
pub(super) fn allocated(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => allocated(&entry.path())?,
            Ok(metadata) => size(&metadata),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(bytes)
}

#[cfg(unix)]
fn size(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(metadata) * 512
}

#[cfg(not(unix))]
fn size(metadata: &std::fs::Metadata) -> u64 {
    metadata.len()
}
