//! What a recovery begins with: the checker's view of the files that a power cut or a kill has left.

use std::collections::BTreeMap;

use sutra_format::header::{HEADER_SLOTS, Header};
use sutra_format::wal::{FIRST_GROUP, GROUP_ALIGNMENT, SegmentHeader, decode_group};

use crate::checker::{Checker, Group, Life, UNREADABLE};
use crate::event::segment_of;

impl Checker {
    /// `durable`: after a power cut, everything that is found is on the medium. After a kill it may be in the page cache alone.
    pub(crate) fn found(files: &BTreeMap<String, Vec<u8>>, log: bool, durable: bool) -> Self {
        let mut checker = Self::new(log);
        checker.names_synced = durable;
        if let Some(store) = files.get("storage.dat") {
            let slots = HEADER_SLOTS.map(|at| store.get(at as usize..).and_then(|slot| Header::read(slot).ok()));
            let newest = slots.iter().flatten().max_by_key(|header| header.commit.get());
            let newest = newest.expect("one of the headers is whole");
            // A slot that cannot be read holds no commit, also not the first one.
            checker.slots = slots.map(|slot| slot.map_or(UNREADABLE, |header| header.commit.get()));
            checker.commit = newest.commit.get();
            checker.sequence = newest.sequence.get();
            let least = slots.iter().map(|slot| slot.map_or(0, |header| header.sequence.get())).min();
            // Until it is synced, a header without its twin may be lost, and the commit before it counts.
            checker.covered = if durable { checker.sequence } else { least.unwrap_or(0) };
            checker.named = true;
            // The first commit comes after the sync of the name.
            checker.name_synced = durable || checker.commit > 0;
            checker.dirty = !durable;
        }
        for (name, bytes) in files {
            let Some(segment) = segment_of(name) else { continue };
            let Ok(header) = SegmentHeader::decode(bytes) else { continue };
            let generation = header.generation.get();
            let groups = groups_of(bytes, generation, durable);
            checker.segments.insert(segment, Life { generation, synced: durable, groups });
        }
        checker
    }
}

/// All groups of a generation in a segment.
fn groups_of(bytes: &[u8], generation: u64, durable: bool) -> BTreeMap<u64, Group> {
    let mut groups = BTreeMap::new();
    let mut position = FIRST_GROUP as usize;
    while position < bytes.len() {
        match decode_group(&bytes[position..], position as u64) {
            Ok((header, payload)) if header.generation.get() == generation => {
                let (first, last) = (header.first.get(), header.last.get());
                groups.insert(position as u64, Group { first, last, synced: durable });
                position += size_of_val(&header) + payload.len();
            }
            _ => position += GROUP_ALIGNMENT,
        }
    }
    groups
}
