//! What was done to the disk, in the words of the engine.

use std::collections::BTreeMap;

use sutra_format::header::{HEADER_SLOTS, Header};
use sutra_format::wal::{FIRST_GROUP, SegmentHeader, decode_group};
use sutra_vfs::sim::{TraceKind, TraceOp};

/// The number of a segment, from its name.
pub(crate) type Segment = u64;

/// Something that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// `storage.dat.new` was created, got its name, or was removed.
    CreateStore,
    NameStore,
    RemoveNewStore,
    /// A header slot of the file was written.
    Header {
        slot: usize,
        commit: u64,
        sequence: u64,
    },
    /// Other bytes of the file were written.
    Data {
        from: u64,
        to: u64,
    },
    SyncStore,
    CreateSegment(Segment),
    /// A segment's header was written: a new life of it begins, which takes sequences from `first` on.
    Begin {
        segment: Segment,
        generation: u64,
        first: u64,
    },
    Group {
        segment: Segment,
        position: u64,
        generation: u64,
        first: u64,
        last: u64,
    },
    SyncSegment(Segment),
    /// A part of a segment was written over with zeros, or cut off.
    Cut {
        segment: Segment,
        from: u64,
        to: u64,
    },
    RemoveSegment(Segment),
    SyncNames,
}

pub(crate) fn segment_of(name: &str) -> Option<Segment> {
    name.strip_prefix("wal-")?.strip_suffix(".log")?.parse().ok()
}

/// The events of a trace; `written` has the bytes of its writes. Operations that failed are left out: a failed write ends the
/// engine's writing, and nothing later relies on it.
pub(crate) fn events(trace: &[TraceOp], written: &BTreeMap<u64, Vec<u8>>) -> Vec<Event> {
    trace.iter().filter(|op| op.succeeded).filter_map(|op| event(op, written)).collect()
}

fn event(op: &TraceOp, written: &BTreeMap<u64, Vec<u8>>) -> Option<Event> {
    let store = |name: &str| name.starts_with("storage.dat");
    let segment = |name: &str| segment_of(name).unwrap_or_else(|| panic!("a file that is not the store's: {name:?}"));
    Some(match &op.kind {
        TraceKind::Create { name } if store(name) => Event::CreateStore,
        TraceKind::Create { name } => Event::CreateSegment(segment(name)),
        TraceKind::Write { name, offset, len } => {
            let bytes = &written[&op.number];
            assert_eq!(bytes.len() as u64, *len, "the bytes of operation {}", op.number);
            if store(name) { store_write(bytes, *offset) } else { log_write(segment(name), bytes, *offset) }
        }
        TraceKind::Sync { name } if store(name) => Event::SyncStore,
        TraceKind::Sync { name } => Event::SyncSegment(segment(name)),
        TraceKind::Truncate { name, len } => Event::Cut { segment: segment(name), from: *len, to: u64::MAX },
        TraceKind::Rename { from, to } => {
            assert_eq!((from.as_str(), to.as_str()), ("storage.dat.new", "storage.dat"), "nothing else is renamed");
            Event::NameStore
        }
        TraceKind::Remove { name } if store(name) => {
            assert_eq!(name, "storage.dat.new", "the store is never removed");
            Event::RemoveNewStore
        }
        TraceKind::Remove { name } => Event::RemoveSegment(segment(name)),
        TraceKind::SyncDirectory => Event::SyncNames,
        // Of no meaning for the order: a sync of the bytes covers the length.
        TraceKind::Reserve { .. } | TraceKind::Allocate { .. } => return None,
        other => panic!("an operation that this checker does not know: {other:?}"),
    })
}

fn store_write(bytes: &[u8], offset: u64) -> Event {
    let to = offset + bytes.len() as u64;
    if offset >= HEADER_SLOTS[1] + 4096 {
        return Event::Data { from: offset, to };
    }
    let slot = HEADER_SLOTS.iter().position(|slot| *slot == offset).expect("a header at its place");
    let header = Header::read(bytes).expect("a whole header");
    Event::Header { slot, commit: header.commit.get(), sequence: header.sequence.get() }
}

fn log_write(segment: Segment, bytes: &[u8], offset: u64) -> Event {
    if offset < FIRST_GROUP {
        let header = SegmentHeader::decode(bytes).expect("a whole segment header");
        return Event::Begin { segment, generation: header.generation.get(), first: header.first_sequence.get() };
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return Event::Cut { segment, from: offset, to: offset + bytes.len() as u64 };
    }
    let (header, _) = decode_group(bytes, offset).expect("a whole group, alone");
    let (generation, first, last) = (header.generation.get(), header.first.get(), header.last.get());
    Event::Group { segment, position: offset, generation, first, last }
}
