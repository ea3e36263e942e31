//! Writing a footer: what one checkpoint added, and where each id that it wrote is found.

use sutra_format::footer::{Extent, FooterHeader, GroupTime, Listed};
use sutra_format::geometry::locate;
use sutra_format::image::ImageHeader;
use sutra_format::{AccessEntry, ConceptRecord, bloom, checksum, id_hash, index};
use sutra_snapshot::{Arena, Snapshot};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

use crate::arenas::CONCEPT;
use crate::error::StoreError;
use crate::footers::FooterPlace;
use crate::space::Space;
use crate::store::{ImagePlace, Store};

/// What a footer lists beside the catalogue and the index.
pub(crate) struct Added<'a> {
    pub(crate) extents: Vec<Extent>,
    pub(crate) groups: &'a [(u64, u64)],
    pub(crate) access: &'a [AccessEntry],
    pub(crate) image: Option<ImagePlace>,
}

/// Writes the footer of a checkpoint and says where.
pub(crate) fn write(
    store: &Store,
    snapshot: &Snapshot,
    added: &Added<'_>,
    space: &mut Space<'_>,
) -> Result<FooterPlace, StoreError> {
    let groups: Vec<GroupTime> = store
        .new_groups(added.groups)
        .map(|(last, time)| GroupTime { last: U64::new(*last), commit_time: U64::new(*time) })
        .collect();
    let catalogue = if added.image.is_some() || snapshot.catalogue().len() != store.definitions {
        snapshot.catalogue().encode()
    } else {
        Vec::new()
    };
    let listed = Listed { extents: &added.extents, groups: &groups, access: added.access, catalogue: &catalogue };
    let listed_bytes = listed.encode();
    let index_bytes = index_of(snapshot, store.header.concepts.get())?;

    let lengths = snapshot.lengths();
    let mut header = FooterHeader::new_zeroed();
    header.extents = count(added.extents.len())?;
    header.commit = U64::new(store.next_commit);
    header.sequence = U64::new(snapshot.sequence());
    header.previous_position = store.header.footer_position;
    header.previous_length = store.header.footer_length;
    header.previous_checksum = store.header.footer_checksum;
    header.groups = count(groups.len())?;
    header.access = count(added.access.len())?;
    header.catalogue_length = count(catalogue.len())?;
    header.index_entries = index_bytes.entries;
    header.first_concept = store.header.concepts;
    header.concepts = lengths.concepts.into();
    header.slots = lengths.slots.into();
    header.bloom_length = U64::new(index_bytes.bloom_length);
    if let Some(image) = &added.image {
        let ImageHeader { length, checksum, sequence, slots, concepts, associations, edges, .. } = image.header;
        header.image_position = U64::new(image.position);
        header.image_length = length;
        header.image_checksum = checksum;
        header.image_sequence = sequence;
        header.image_slots = slots;
        header.image_concepts = concepts;
        header.image_associations = associations;
        header.image_edges = edges;
    }
    header.listed_checksum = U64::new(checksum(&listed_bytes));
    header.index_checksum = U64::new(checksum(&index_bytes.bytes));
    header.seal();

    let place = space.allocate(header.length.get())?;
    let mut head = header.as_bytes().to_vec();
    head.extend_from_slice(&listed_bytes);
    space.write(place.position, &head)?;
    space.write(place.position.saturating_add(head.len() as u64), &index_bytes.bytes)?;
    Ok(FooterPlace { position: place.position, length: header.length.get(), checksum: header.checksum.get() })
}

struct Index {
    bytes: Vec<u8>,
    bloom_length: u64,
    entries: U32,
}

/// Bloom filter and index of the concept records from `first` on.
fn index_of(snapshot: &Snapshot, first: u32) -> Result<Index, StoreError> {
    let mut records = Vec::new();
    let mut ordinal = first;
    while ordinal < snapshot.lengths().concepts {
        let (chunk, offset) = locate(u64::from(ordinal) * CONCEPT);
        let bytes = snapshot.chunk(Arena::Concepts, chunk).get(offset as usize..).unwrap_or_default();
        let part = <[ConceptRecord]>::ref_from_bytes(bytes).map_err(|_| StoreError::Stale)?;
        if part.is_empty() {
            return Err(StoreError::Stale);
        }
        for record in part {
            records.push((record.id, ordinal));
            ordinal = ordinal.checked_add(1).ok_or(StoreError::Stale)?;
        }
    }
    let entries = index::build(records.into_iter());
    let number = count(entries.len())?;
    let bloom_length = bloom::length(number.get());
    let words = usize::try_from(bloom_length / 8).map_err(|_| StoreError::Stale)?;
    let mut filter = vec![U64::ZERO; words];
    for entry in &entries {
        bloom::insert(&mut filter, id_hash(&entry.id));
    }
    let mut bytes = filter.as_bytes().to_vec();
    bytes.extend_from_slice(entries.as_bytes());
    Ok(Index { bytes, bloom_length, entries: number })
}

fn count(length: usize) -> Result<U32, StoreError> {
    u32::try_from(length).map(U32::new).map_err(|_| StoreError::Stale)
}
