//! Many ids looked up together: the memory that finding them meets is asked for while it is still some ids away.
//!
//! One id after the other, each waits for its line of the id table, then for its row and record, then for its content. In
//! windows, each of these is waited for once for all of them.

use sutra_format::{ConceptId, ConceptRecord, id_hash};

use crate::Damage;
use crate::group::WINDOW;
use crate::snapshot::Snapshot;

/// What [`Snapshot::find`] gives of an id.
type Found<'s> = Option<(u32, &'s ConceptRecord)>;

impl Snapshot {
    /// [`Snapshot::find`] for two ids, as [`Snapshot::find_each`] does it.
    ///
    /// # Errors
    /// As [`Snapshot::find`].
    pub fn find_both<'s>(&'s self, ids: &[ConceptId; 2]) -> Result<[Found<'s>; 2], Damage> {
        self.ask_for(ids, &mut [0; 2]);
        Ok([self.find(&ids[0])?, self.find(&ids[1])?])
    }

    /// [`Snapshot::find`] for each id, in order. The contents of those that are found are on their way when they are given.
    ///
    /// # Errors
    /// The first that is met, at once: what comes after it in its window or later is neither looked at nor given, and what comes
    /// before it in its window is not given.
    pub fn find_each<'s>(&'s self, ids: &[ConceptId], mut give: impl FnMut(Found<'s>)) -> Result<(), Damage> {
        let shared = self.shared();
        for ids in ids.chunks(WINDOW) {
            self.ask_for(ids, &mut [0; WINDOW][..ids.len()]);
            let mut window = [const { None }; WINDOW];
            for (found, id) in window.iter_mut().zip(ids) {
                *found = self.find(id)?;
                if let Some((_, record)) = found {
                    shared.prefetch_blob(record.content.get());
                }
            }
            window.into_iter().take(ids.len()).for_each(&mut give);
        }
        Ok(())
    }

    /// Asks for what finding these ids will meet; `hashes` has a place for each.
    #[inline]
    fn ask_for(&self, ids: &[ConceptId], hashes: &mut [u64]) {
        let shared = self.shared();
        for (hash, id) in hashes.iter_mut().zip(ids) {
            *hash = id_hash(id.as_bytes());
            shared.ids.prefetch(*hash);
            if let Some(image) = &shared.image {
                image.prefetch(*hash);
            }
        }
        for hash in hashes {
            let slot = shared.ids.candidate(*hash);
            if let Some(slot) = slot.or_else(|| shared.image.as_ref()?.candidate(*hash)) {
                self.prefetch_newest(slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Writer;
    use sutra_format::entry::{EntryWriter, LearnConcept, Op};

    #[test]
    fn each_is_found_as_if_it_were_alone() {
        let id = |number: u32| ConceptId::from_bytes((u128::from(number) + 1).to_le_bytes());
        let mut writer = Writer::new().unwrap();
        for number in (0..200).step_by(2) {
            let learn = LearnConcept {
                id: id(number),
                namespace: 0,
                key: b"",
                content: &number.to_le_bytes(),
                vector: None,
                metadata: None,
                strength: 1.0,
                confidence: 1.0,
                created: None,
            };
            writer.apply(u64::from(number / 2) + 1, &EntryWriter::single(1, &Op::LearnConcept(learn))).unwrap();
        }
        let snapshot = writer.publish(1);
        for count in [0, 1, WINDOW, WINDOW + 1, 200] {
            let ids: Vec<_> = (0..count as u32).rev().map(id).collect();
            let mut at = ids.iter();
            let each = snapshot.find_each(&ids, |found| {
                let alone = snapshot.find(at.next().unwrap()).unwrap();
                let slot = |found: Option<(u32, &ConceptRecord)>| found.map(|(slot, record)| (slot, record.id));
                assert_eq!(slot(found), slot(alone));
            });
            each.unwrap();
            assert!(at.next().is_none(), "one result for each of {count}");
            for pair in ids.windows(2) {
                let slots = snapshot.find_both(&[pair[0], pair[1]]).unwrap().map(|found| found.map(|found| found.0));
                let alone = |id| snapshot.find(id).unwrap().map(|found| found.0);
                assert_eq!(slots, [alone(&pair[0]), alone(&pair[1])]);
            }
        }
    }
}
