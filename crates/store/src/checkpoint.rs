//! A checkpoint: everything that a snapshot has beyond the last commit, written behind what is committed.

use sutra_format::AccessEntry;
use sutra_format::footer::Extent;
use sutra_snapshot::{Arena, Lengths, Snapshot};
use sutra_vfs::Map;

use crate::access;
use crate::arenas;
use crate::commit::Pending;
use crate::error::StoreError;
use crate::extents::{Extents, Place, extent};
use crate::footer_writer::{self, Added};
use crate::imaging::NewImage;
use crate::open::map_chunk;
use crate::slots;
use crate::space::Space;
use crate::store::Store;

/// What a checkpoint is given beside the snapshot.
#[derive(Clone, Copy)]
pub struct New<'a> {
    /// Slots whose access counters changed since the last commit, with absolute values, as the snapshot's sequence has them.
    pub access: &'a [AccessEntry],
    /// The last sequence and the commit time of each group since the last commit, in order. Those that are committed
    /// already are left out, so a checkpoint that failed may be given again what it was given.
    pub groups: &'a [(u64, u64)],
    /// An image to take into the commit, of this snapshot or an older one, see [`Store::wants_image`].
    pub image: Option<NewImage>,
    /// Called after each slice of at most 1 MiB with its bytes. May sleep or yield.
    pub pace: &'a dyn Fn(u64),
}

impl std::fmt::Debug for New<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("New")
            .field("access", &self.access.len())
            .field("groups", &self.groups.len())
            .field("image", &self.image.is_some())
            .finish_non_exhaustive()
    }
}

/// What a checkpoint did.
#[derive(Debug)]
pub struct Committed {
    /// Chunks that are full and committed since they were last asked for: mapped, their pages brought in.
    pub chunks: Vec<(Arena, u32, Map)>,
    /// Whether anything was written.
    pub wrote: bool,
    /// The last sequence that is committed now.
    pub sequence: u64,
}

impl Store {
    /// Commits a snapshot: writes the bytes that it has beyond the last commit, then a footer, syncs, writes one header,
    /// syncs, writes the other, syncs. When it returns, all of it is durable, twice referred to, and the log up to
    /// [`Committed::sequence`] may be reused. If the snapshot holds nothing new, nothing is written.
    ///
    /// Blocks on the disk, for O(what is new). Needs memory of 56 bytes for each new concept record.
    ///
    /// # Errors
    /// - [`StoreError::GivenUp`]: a write failed. Call again later with a newer snapshot.
    /// - [`StoreError::SyncFailed`], and from then on [`StoreError::Poisoned`]: nothing more can be committed.
    /// - [`StoreError::Stale`]: the snapshot does not continue the last commit. Nothing was written.
    pub fn checkpoint(&mut self, snapshot: &Snapshot, new: New<'_>) -> Result<Committed, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        let result = self.write_checkpoint(snapshot, &new);
        if matches!(result, Err(StoreError::SyncFailed { .. })) {
            self.poisoned = true;
        }
        let wrote = result?;
        Ok(Committed { chunks: self.hand_out(), wrote, sequence: self.sequence() })
    }

    fn write_checkpoint(&mut self, snapshot: &Snapshot, new: &New<'_>) -> Result<bool, StoreError> {
        if !self.is_followed_by(snapshot) {
            return Err(StoreError::Stale);
        }
        if !self.has_news(snapshot, new) {
            return self.repair_slots();
        }
        let image = new.image.map(|NewImage(place)| place);
        if image.is_some_and(|image| image.header.sequence.get() > snapshot.sequence()) {
            return Err(StoreError::Stale);
        }
        // What was committed while the image was written is not in it, and an open goes no further back than to its footer.
        let mut access: Vec<AccessEntry> = new.access.to_vec();
        if image.is_some() {
            let mut listed = self.access_since_image.clone().unwrap_or_default();
            access::overlay(&mut listed, new.access);
            access = listed.into_values().collect();
        }
        let pending = {
            let mut space = Space::new(&*self.file, new.pace, self.end)?;
            let added = self.write_chunks(snapshot, &mut space)?;
            let extents = with_added(&self.extents, &added)?;
            let added = Added {
                extents: if image.is_some() { extents.list() } else { added },
                groups: new.groups,
                access: &access,
                image,
            };
            let footer = footer_writer::write(self, snapshot, &added, &mut space)?;
            // The data before the header: a header that can be read refers to nothing that is not there.
            space.sync()?;
            Pending::new(self, snapshot, extents, footer, image, space.end())
        };
        self.commit_header(pending, &access)?;
        Ok(true)
    }

    /// Whether the snapshot holds all that is committed, or more.
    pub(crate) fn is_followed_by(&self, snapshot: &Snapshot) -> bool {
        let (old, new) = (self.committed(), snapshot.lengths());
        snapshot.sequence() >= self.sequence()
            && new.slots >= old.slots
            && new.concepts >= old.concepts
            && new.associations >= old.associations
            && new.blobs >= old.blobs
            && snapshot.catalogue().len() >= self.definitions
    }

    fn has_news(&self, snapshot: &Snapshot, new: &New<'_>) -> bool {
        snapshot.sequence() != self.sequence()
            || *snapshot.lengths() != self.committed()
            || snapshot.catalogue().len() != self.definitions
            || !new.access.is_empty()
            || self.new_groups(new.groups).next().is_some()
            || self.distrusted && !self.distrust_is_committed()
            || new.image.is_some()
    }

    /// The groups that are not committed yet.
    pub(crate) fn new_groups<'a>(&self, groups: &'a [(u64, u64)]) -> impl Iterator<Item = &'a (u64, u64)> + use<'a> {
        let committed = self.sequence();
        groups.iter().filter(move |(last, _)| *last > committed)
    }

    /// Writes the bytes of all arenas that are not committed. Gives the extents of the chunks that are new.
    fn write_chunks(&self, snapshot: &Snapshot, space: &mut Space<'_>) -> Result<Vec<Extent>, StoreError> {
        let mut added = Vec::new();
        let (old, new) = (self.committed(), snapshot.lengths());
        for arena in Arena::ALL {
            let known = self.extents.count(arena);
            for index in known.saturating_sub(1)..arenas::chunks(arena, new) {
                let place = match self.extents.get(arena, index) {
                    Some(place) => place,
                    None => {
                        // The whole extent at the first byte, so that the chunk is filled in place and mapped in one piece.
                        let place = space.allocate(snapshot.chunk_capacity(arena, index))?;
                        added.push(extent(arena, index, place));
                        place
                    }
                };
                let bytes = new_bytes(arena, index, place, snapshot, &old)?;
                let from = place.size.min(arenas::used(arena, index, place.size, &old));
                space.write(place.position.saturating_add(from), bytes)?;
            }
        }
        Ok(added)
    }

    /// Maps of the chunks that have become full. One that cannot be mapped now is handed out by a later call.
    fn hand_out(&mut self) -> Vec<(Arena, u32, Map)> {
        let lengths = self.committed();
        let mut chunks = Vec::new();
        for (arena, handed) in Arena::ALL.into_iter().zip(&mut self.handed) {
            while *handed < arenas::full_chunks(arena, &lengths) {
                let Some(place) = self.extents.get(arena, *handed) else { break };
                match map_chunk(&*self.file, place) {
                    Ok(map) => {
                        map.populate();
                        chunks.push((arena, *handed, map));
                        *handed += 1;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a full chunk stays in memory for now");
                        break;
                    }
                }
            }
        }
        chunks
    }
}

/// The bytes of a chunk that the snapshot has and the last commit has not.
fn new_bytes<'a>(
    arena: Arena,
    index: u32,
    place: Place,
    snapshot: &'a Snapshot,
    old: &Lengths,
) -> Result<&'a [u8], StoreError> {
    let from = arenas::used(arena, index, place.size, old);
    let to = arenas::used(arena, index, place.size, snapshot.lengths());
    let range =
        usize::try_from(from).map_err(|_| StoreError::Stale)?..usize::try_from(to).map_err(|_| StoreError::Stale)?;
    snapshot.chunk(arena, index).get(range).ok_or(StoreError::Stale)
}

fn with_added(extents: &Extents, added: &[Extent]) -> Result<Extents, StoreError> {
    let mut all = extents.clone();
    // The same checks as for a footer that is read: what could not be read again is not written.
    added.iter().try_for_each(|extent| all.push(extent, 0))?;
    Ok(all)
}

/// The lengths, for the header of a commit.
pub(crate) fn put_lengths(header: &mut sutra_format::header::Header, lengths: &Lengths) {
    header.slots = lengths.slots.into();
    header.concepts = lengths.concepts.into();
    header.associations = lengths.associations.into();
    header.blobs = lengths.blobs.into();
    header.live_concepts = lengths.live_concepts.into();
    header.stubs = lengths.stubs.into();
    header.edges = lengths.edges.into();
    debug_assert_eq!(slots::lengths(header), *lengths);
}
