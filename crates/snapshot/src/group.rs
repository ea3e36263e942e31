//! Applying many operations: the memory that they meet is asked for while it is still some operations away.
//!
//! An association between two random concepts meets some ten lines of memory that are in no cache, one leading to the
//! next: two id words, rows, records, blocks. One after the other they cost a microsecond or more. So operations are taken in
//! windows, and for each kind of line all those of a window are asked for together. These are hints: they read what the
//! writer itself wrote, and what they guess wrong costs time only.

use sutra_format::entry::{Op, Ops};
use sutra_format::{ConceptId, ConceptRecord, NONE, geometry::locate, id_hash};
use sutra_sync::atomic::Ordering;

use crate::blocks::IMAGE_ROW;
use crate::edges::Side;
use crate::error::ApplyError;
use crate::ids::prefetch;
use crate::ranges::MOST_WAITING;
use crate::rows::Row;
use crate::shared::Shared;
use crate::writer::{Applied, Writer};

/// Operations that are looked at together: two ids each keep more lines on their way than a processor can, and all of
/// their lines together stay in its first cache.
pub(crate) const WINDOW: usize = 32;

/// An operation that waits to be applied.
struct Waiting<'a> {
    sequence: u64,
    time: u64,
    op: Op<'a>,
    /// The slots that its ids most likely have, as far as they were looked up: no more than a hint.
    near: Near,
}

/// The slots of an operation's one or two ids, [`NONE`] where nothing is known.
pub(crate) type Near = [u32; 2];

impl Writer {
    /// Applies one entry. Nothing of it is visible before [`Writer::publish`]. Sequences must come in order, without holes.
    ///
    /// # Errors
    /// [`ApplyError`], after which the writer must not be used further.
    pub fn apply(&mut self, sequence: u64, entry: &[u8]) -> Result<Applied, ApplyError> {
        self.apply_group(sequence, std::iter::once(entry))
    }

    /// Applies the entries of a group, whose sequences run on from `first`. As [`Writer::apply`] for each, but faster.
    ///
    /// # Errors
    /// [`ApplyError`], after which the writer must not be used further.
    pub fn apply_group<'a>(
        &mut self,
        first: u64,
        entries: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<Applied, ApplyError> {
        let mut applied = Applied::default();
        let mut window = Vec::new();
        for (sequence, entry) in (first..).zip(entries) {
            let ops = Ops::new(entry)?;
            let time = ops.time();
            for op in ops {
                window.push(Waiting { sequence, time, op: op?, near: [NONE; 2] });
                if window.len() == WINDOW {
                    self.apply_window(&mut window, &mut applied)?;
                }
            }
            self.sequence = sequence;
        }
        self.apply_window(&mut window, &mut applied)?;
        self.settle_waiting()?;
        Ok(applied)
    }

    fn apply_window(&mut self, window: &mut Vec<Waiting<'_>>, applied: &mut Applied) -> Result<(), ApplyError> {
        if window.len() > 1 {
            self.fetch(window.as_mut_slice());
        }
        for Waiting { sequence, time, op, near } in window.drain(..) {
            let done = match &op {
                Op::LearnAssociation(learn) if self.linkers.len() > 1 => {
                    let association = self.place_association(sequence, time, learn, near)?;
                    self.waiting.push(association);
                    true
                }
                op => {
                    if matches!(op, Op::ForgetConcept { .. } | Op::ForgetAssociation { .. }) {
                        // It ends edges that were learned before it.
                        self.settle_waiting()?;
                    }
                    self.apply_op(sequence, time, op, near)?
                }
            };
            applied.ops += 1;
            applied.ignored += u32::from(!done);
        }
        if self.waiting.len() >= MOST_WAITING {
            self.settle_waiting()?;
        }
        Ok(())
    }

    /// Asks for what the operations will meet.
    fn fetch(&self, window: &mut [Waiting<'_>]) {
        let shared = &*self.shared;
        let mut hashes = [(0_u64, None::<Side>, (0, 0)); WINDOW * 2];
        let mut count = 0;
        let mut want = |id: &ConceptId, side, of| {
            let hash = id_hash(id.as_bytes());
            shared.ids.prefetch(hash);
            if let Some(image) = &shared.image {
                image.prefetch(hash);
            }
            if let Some(place) = hashes.get_mut(count) {
                *place = (hash, side, of);
                count += 1;
            }
        };
        for (at, waiting) in window.iter().enumerate() {
            match &waiting.op {
                Op::LearnAssociation(learn) => {
                    want(&learn.source, Some(Side::Out), (at, 0));
                    want(&learn.target, Some(Side::In), (at, 1));
                }
                Op::ForgetAssociation { source, target, .. } => {
                    want(source, Some(Side::Out), (at, 0));
                    want(target, Some(Side::In), (at, 1));
                }
                Op::LearnConcept(learn) => want(&learn.id, None, (at, 0)),
                Op::UpdateStrength { id, .. }
                | Op::UpdateMetadata { id, .. }
                | Op::RecordAccess { id, .. }
                | Op::ForgetConcept { id } => want(id, None, (at, 0)),
                Op::Define { .. } => {}
            }
        }
        let mut rows = [None; WINDOW * 2];
        for (row, (hash, side, (at, which))) in rows.iter_mut().zip(&hashes[..count]) {
            let slot = shared.ids.candidate(*hash);
            let slot = slot.or_else(|| shared.image.as_ref().and_then(|image| image.candidate(*hash)));
            window[*at].near[*which] = slot.unwrap_or(NONE);
            *row = slot.and_then(|slot| shared.rows.get(slot)).map(|row| (row, *side));
            if let Some((row, _)) = *row {
                prefetch(std::ptr::from_ref(row).cast());
            }
        }
        for (row, side) in rows.into_iter().flatten() {
            const RECORD: u32 = ConceptRecord::SIZE as u32;
            let (chunk, offset) = locate(u64::from(row.latest.load(Ordering::Relaxed)) * u64::from(RECORD));
            let record = shared.concepts.address(chunk, offset..offset.saturating_add(RECORD));
            prefetch(record);
            let Some(side) = side else {
                // A concept that is learned again is copied whole.
                prefetch(record.wrapping_add(64));
                continue;
            };
            // Several threads ask for what they link when they come to it.
            if self.linkers.len() == 1 {
                shared.fetch_block(row, side);
            }
        }
    }
}

impl Shared {
    /// Asks for the rows of slots, at most twice [`WINDOW`], and then for the blocks of one side of each.
    pub(crate) fn fetch_ends(&self, ends: impl Iterator<Item = (u32, Side)>) {
        let mut rows = [None; WINDOW * 2];
        for (place, (slot, side)) in rows.iter_mut().zip(ends) {
            *place = self.rows.get(slot).map(|row| (row, side));
            if let Some((row, _)) = *place {
                prefetch(std::ptr::from_ref(row).cast());
            }
        }
        rows.into_iter().flatten().for_each(|(row, side)| self.fetch_block(row, side));
    }

    /// Asks for the block of a row that is there.
    fn fetch_block(&self, row: &Row, side: Side) {
        let handle = row.edges(side).load(Ordering::Relaxed);
        if handle > IMAGE_ROW {
            self.blocks.prefetch(handle);
        }
    }
}
