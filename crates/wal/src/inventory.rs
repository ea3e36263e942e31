//! The segments in a directory, before any of them is replayed.

use sutra_format::DecodeError;
use sutra_format::wal::SegmentHeader;
use sutra_vfs::Directory;

use crate::error::WalError;
use crate::scan::{FIRST, Wanted, groups_from};
use crate::segment::{Segment, number_of};

/// A segment with an intact header.
pub(crate) struct Headed {
    pub(crate) segment: Segment,
    pub(crate) generation: u64,
    pub(crate) first_sequence: u64,
    /// The file's length when it was opened, 0 when not known.
    pub(crate) length: u64,
    /// Where its last group ends.
    pub(crate) end: u64,
    /// The last sequence replayed from it.
    pub(crate) last: Option<u64>,
}

/// The segments found.
pub(crate) struct Inventory {
    /// In the order of their generations.
    pub(crate) headed: Vec<Headed>,
    headless: Vec<Segment>,
    pub(crate) generation: u64,
    pub(crate) next_number: u64,
}

impl Inventory {
    pub(crate) fn take(directory: &dyn Directory, store_id: [u8; 16]) -> Result<Self, WalError> {
        let mut inventory = Self { headed: Vec::new(), headless: Vec::new(), generation: 0, next_number: 1 };
        for name in directory.list().map_err(WalError::io("list", ""))? {
            let Some(number) = number_of(&name) else { continue };
            let Some(file) = directory.open(&name).map_err(WalError::io("open", &name))? else { continue };
            let len = file.len().map_err(WalError::io("read", &name))?;
            inventory.next_number = inventory.next_number.max(number.saturating_add(1));
            let mut head = [0; size_of::<SegmentHeader>()];
            if len >= head.len() as u64 {
                file.read_exact_at(&mut head, 0).map_err(WalError::io("read", &name))?;
            }
            let segment = Segment { name, file, len };
            match SegmentHeader::decode(&head) {
                Ok(header) if header.store_id != store_id => {
                    return Err(WalError::ForeignStore { file: segment.name });
                }
                Ok(header) => inventory.headed.push(Headed {
                    segment,
                    generation: header.generation.get(),
                    first_sequence: header.first_sequence.get(),
                    length: header.length.get(),
                    end: FIRST as u64,
                    last: None,
                }),
                Err(DecodeError::Version { found, supported, .. }) => {
                    return Err(WalError::NewerVersion { file: segment.name, found, supported });
                }
                Err(_) => inventory.headless.push(segment),
            }
        }
        inventory.headed.sort_by_key(|headed| headed.generation);
        for pair in inventory.headed.windows(2) {
            if let [earlier, later] = pair
                && earlier.generation == later.generation
            {
                return Err(later.segment.corrupt(0, later.first_sequence, "two segments have one generation"));
            }
        }
        inventory.generation = inventory.headed.last().map_or(0, |headed| headed.generation);
        Ok(inventory)
    }

    /// A segment without an intact header was being opened when the power went, or is damaged. Headers are synced
    /// before the first group of their generation: a group that matters, behind no header, is damage.
    pub(crate) fn check_headless(
        &mut self,
        store_id: [u8; 16],
        covered: u64,
        spare: &mut Vec<Segment>,
    ) -> Result<(), WalError> {
        let mut bytes = Vec::new();
        for segment in self.headless.drain(..) {
            // A new segment is empty until it has its whole length: one that ends within its header's page was cut short,
            // and what stood in it, nobody can say.
            if (1..FIRST as u64).contains(&segment.len) {
                return Err(segment.corrupt(segment.len, covered.saturating_add(1), "it was cut short"));
            }
            segment.load(&mut bytes)?;
            for found in groups_from(&bytes, FIRST, Wanted { store_id, generation: None }) {
                // Generations of whatever was here are not to be used again.
                self.generation = self.generation.max(found.header.generation.get());
                if found.group.last() > covered {
                    return Err(segment.corrupt(0, found.group.first(), "its header is not intact"));
                }
            }
            spare.push(segment);
        }
        Ok(())
    }

    /// A segment was followed by another one when all that it holds was below that one's first sequence.
    pub(crate) fn pass_over_covered(&mut self, covered: u64, spare: &mut Vec<Segment>) {
        let needed = self.headed.iter().rposition(|headed| headed.first_sequence <= covered.saturating_add(1));
        let needed = needed.unwrap_or(0);
        spare.extend(self.headed.drain(..needed).map(|headed| headed.segment));
    }
}
