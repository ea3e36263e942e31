//! Reading and writing the two header slots.

use std::io;

use sutra_format::DecodeError;
use sutra_format::header::{Chosen, HEADER_SIZE, HEADER_SLOTS, Header};
use sutra_snapshot::Lengths;
use sutra_vfs::File;
use zerocopy::IntoBytes;

use crate::error::StoreError;

/// Reads both slots and chooses. A file that is too short for a slot has none there.
pub(crate) fn read(file: &dyn File) -> Result<Chosen, StoreError> {
    let mut slots = [[0; HEADER_SIZE]; 2];
    let mut present = [false; 2];
    for ((bytes, present), position) in slots.iter_mut().zip(&mut present).zip(HEADER_SLOTS) {
        *present = match file.read_exact_at(bytes, position) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(source) => return Err(StoreError::Io { doing: "reading the headers of storage.dat", source }),
        };
    }
    let [first, second] = &slots;
    let [has_first, has_second] = present;
    let part = |bytes: &'static [u8]| bytes;
    let first = if has_first { &first[..] } else { part(&[]) };
    let second = if has_second { &second[..] } else { part(&[]) };
    Header::choose(first, second).map_err(|error| match error {
        // A file of 256 bytes or more that begins otherwise was never ours; a shorter one may have been cut.
        DecodeError::Magic { .. } => StoreError::NotOurs,
        other => StoreError::decode("file header", 0)(other),
    })
}

/// Writes one slot. Durable after the next sync.
pub(crate) fn write(file: &dyn File, slot: usize, header: &Header) -> io::Result<()> {
    let position = HEADER_SLOTS.get(slot).copied().unwrap_or(0);
    file.write_all_at(header.as_bytes(), position)
}

/// The lengths that a header holds.
pub(crate) fn lengths(header: &Header) -> Lengths {
    Lengths {
        slots: header.slots.get(),
        concepts: header.concepts.get(),
        associations: header.associations.get(),
        blobs: header.blobs.get(),
        live_concepts: header.live_concepts.get(),
        stubs: header.stubs.get(),
        edges: header.edges.get(),
    }
}
