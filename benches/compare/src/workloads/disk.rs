//! Bytes that a closed store takes on the disk, by concept and by association.

use std::path::Path;

use sutra_benches::Outcome;
use sutra_benches::random::Random;

use super::Opened;
use crate::engines::OURS;
use crate::options::Options;
use crate::report::{Measure, Unit, aligned, table};
use crate::work::{Associations, CONTENT, Concepts, ids, pairs};

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let ids = ids(0..options.concepts);
    let pairs = pairs(&mut Random::new(3), &ids, options.associations);
    let mut measures =
        ["a concept", "an association"].map(|name| Measure::new(name, Unit::Bytes, options.engines.len()));
    let mut ours = Vec::new();
    // Once: the bytes hardly differ from one time to the next.
    for (engine, kind) in options.engines.iter().enumerate().filter(|(_, kind)| kind.on_disk) {
        let opened = Opened::new(*kind)?;
        opened.store.write(&mut Concepts::new(&ids, &[], 2))?;
        let folder = opened.close()?;
        let concepts = allocated(folder.path())?;
        if kind.name == OURS {
            ours.push(parts(folder.path(), "the concepts", concepts)?);
        }
        let store = (kind.open)(folder.path())?;
        store.write(&mut Associations::new(&pairs, 0.5))?;
        store.close()?;
        let all = allocated(folder.path())?;
        if kind.name == OURS {
            ours.push(parts(folder.path(), "the associations too", all)?);
        }
        measures[0].add(engine, concepts as f64 / ids.len() as f64);
        measures[1].add(engine, (all as f64 - concepts as f64) / pairs.len() as f64);
    }
    let about = format!(
        "Allocated by the file system after a close, for {} concepts of {CONTENT} random bytes, and what {} associations add, \
         with the reverse index.",
        ids.len(),
        pairs.len()
    );
    let mut text = table("Bytes on disk", &about, &options.engines, &measures);
    if !ours.is_empty() {
        let head =
            ["ours, with", "records and blobs", "reserved for them", "image", "index and footers", "dead", "allocated"];
        ours.insert(0, head.map(str::to_owned));
        text.push_str(&format!(
            "\nWhat it is made of, in MB, and in proportion to records and blobs:\n\n{}",
            aligned(&ours)
        ));
    }
    Ok(text)
}

/// What a closed store of ours is made of.
fn parts(folder: &Path, with: &str, allocated: u64) -> Outcome<[String; 7]> {
    let report = sutra_storage::verify(folder)?.file;
    let known = report.chunk_bytes + report.image_bytes + report.footer_bytes;
    let dead = report.file_bytes.saturating_sub(known);
    let bytes = [report.record_bytes, report.chunk_bytes, report.image_bytes, report.footer_bytes, dead, allocated];
    let [records, reserved, image, footers, dead, allocated] =
        bytes.map(|bytes| format!("{:.1} ({:.2})", bytes as f64 / 1e6, bytes as f64 / report.record_bytes as f64));
    Ok([with.to_owned(), records, reserved, image, footers, dead, allocated])
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
