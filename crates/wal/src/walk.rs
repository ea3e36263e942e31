//! The replay itself: one pass over the segments that tells damage from what was never acknowledged.

use std::collections::VecDeque;

use sutra_vfs::Directory;

use crate::cut::cut;
use crate::error::{ReplayError, WalError};
use crate::group::Group;
use crate::inventory::Headed;
use crate::recovery::Recovery;
use crate::scan::{FIRST, Found, Wanted, groups_from, next_group, torn_at};

/// A place in the log.
#[derive(Clone, Copy)]
struct Place {
    segment: usize,
    position: usize,
}

/// One pass over the segments.
pub(crate) struct Walk {
    store_id: [u8; 16],
    covered: u64,
    /// The sequence that the next group must hold.
    pub(crate) expected: u64,
    /// The last sequence of which something later in the log says that a sync has covered it.
    attested: u64,
    pub(crate) recovery: Recovery,
    /// The groups replayed of which nothing later says so: place, length and last sequence.
    unattested: Vec<(Place, usize, u64)>,
    /// Last sequence and bytes of the groups replayed.
    pub(crate) groups: VecDeque<(u64, u64)>,
}

impl Walk {
    pub(crate) fn new(store_id: [u8; 16], covered: u64) -> Self {
        Self {
            store_id,
            covered,
            expected: covered.saturating_add(1),
            attested: covered,
            recovery: Recovery::default(),
            unattested: Vec::new(),
            groups: VecDeque::new(),
        }
    }

    /// Replays `segments`, which are in the order of their generations, and cuts off what was never acknowledged.
    pub(crate) fn run(
        &mut self,
        segments: &mut [Headed],
        replay: &mut dyn FnMut(&Group<'_>) -> Result<(), ReplayError>,
    ) -> Result<(), WalError> {
        let mut bytes = Vec::new();
        let mut end = None;
        for (index, headed) in segments.iter_mut().enumerate() {
            if headed.first_sequence > self.expected {
                // The header was written when everything below its first sequence was durable.
                return Err(headed.segment.corrupt(0, self.expected, "groups before this segment are missing"));
            }
            if headed.segment.len < headed.length {
                // Before the groups: those that are gone with its end may be the last ones, of which nothing else tells.
                let offset = headed.segment.len;
                return Err(headed.segment.corrupt(offset, self.expected, "it was cut short"));
            }
            self.attest(headed.first_sequence.saturating_sub(1));
            headed.segment.load(&mut bytes)?;
            let wanted = Wanted { store_id: self.store_id, generation: Some(headed.generation) };
            let mut position = FIRST;
            let mut gap = false;
            // The next group, or the next intact one behind a bad one; none at the end of the segment's groups.
            while let Some(found) = next_group(&bytes, position, wanted) {
                if found.group.first() > self.expected {
                    gap = true;
                    break;
                }
                self.take(&found, index, headed, replay)?;
                position = found.end();
            }
            headed.end = position as u64;
            let torn = torn_at(&bytes, position, wanted, self.expected);
            end = Some((Place { segment: index, position }, torn));
            if gap {
                break;
            }
        }
        let Some((place, torn)) = end else { return Ok(()) };
        self.cut_behind(segments, place, torn, &mut bytes)
    }

    /// One intact group that does not begin beyond what is expected.
    fn take(
        &mut self,
        found: &Found<'_>,
        index: usize,
        headed: &mut Headed,
        replay: &mut dyn FnMut(&Group<'_>) -> Result<(), ReplayError>,
    ) -> Result<(), WalError> {
        let group = &found.group;
        self.attest(found.header.durable_through.get());
        self.recovery.last_commit_time = group.commit_time();
        if group.last() <= self.covered {
            return Ok(());
        }
        if group.first() < self.expected && self.recovery.groups > 0 {
            let offset = found.position as u64;
            return Err(headed.segment.corrupt(offset, self.expected, "a group repeats sequences"));
        }
        replay(group).map_err(|source| WalError::Replay { sequence: group.first(), source })?;
        self.recovery.groups = self.recovery.groups.saturating_add(1);
        let fresh = group.last().saturating_sub(self.expected).saturating_add(1);
        self.recovery.entries = self.recovery.entries.saturating_add(fresh);
        self.expected = group.last().saturating_add(1);
        headed.last = Some(group.last());
        self.groups.push_back((group.last(), found.len as u64));
        self.unattested.push((Place { segment: index, position: found.position }, found.len, group.last()));
        Ok(())
    }

    fn attest(&mut self, through: u64) {
        self.attested = self.attested.max(through);
        self.unattested.retain(|(_, _, last)| *last > self.attested);
    }

    /// The log ends at `place`. What intact groups lie behind it must not have been acknowledged, nor anything that
    /// is missing; then they are cut off, and so are the `torn` bytes at the place itself.
    fn cut_behind(
        &mut self,
        segments: &[Headed],
        place: Place,
        torn: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), WalError> {
        let (expected, store_id) = (self.expected, self.store_id);
        let mut cut_bytes = torn;
        let mut missing = false;
        let mut ranges = Vec::new();
        for (index, headed) in segments.iter().enumerate().skip(place.segment) {
            // The first of them is still in memory.
            let from = if index == place.segment { place.position } else { FIRST };
            let mut end = from as u64;
            if index == place.segment {
                end = end.saturating_add(torn);
            } else {
                missing |= headed.first_sequence > expected;
                headed.segment.load(bytes)?;
            }
            let wanted = Wanted { store_id, generation: Some(headed.generation) };
            for found in groups_from(bytes, from, wanted) {
                missing |= found.header.durable_through.get() >= expected;
                cut_bytes = cut_bytes.saturating_add(found.len as u64);
                end = end.max(found.end() as u64);
            }
            ranges.push((&headed.segment, from as u64..end));
        }
        let Some(headed) = segments.get(place.segment) else { return Ok(()) };
        if missing {
            let what = "an acknowledged group is not intact or missing";
            return Err(headed.segment.corrupt(place.position as u64, expected, what));
        }
        if cut_bytes > 0 {
            tracing::warn!(
                file = %headed.segment.name,
                offset = place.position,
                bytes = cut_bytes,
                last_sequence = expected.saturating_sub(1),
                "cut off what the write-ahead log had not acknowledged"
            );
            cut(ranges.into_iter())?;
            self.recovery.cut_bytes = cut_bytes;
        }
        Ok(())
    }

    /// A killed process leaves groups that are in the page cache alone. And one whose last sync failed leaves groups
    /// there that count as clean and are not on the disk, so that a sync would not write them: the groups of which
    /// nothing later says that they are durable are written again.
    pub(crate) fn make_durable(&self, directory: &dyn Directory, segments: &[Headed]) -> Result<(), WalError> {
        let mut bytes = Vec::new();
        for (place, len, _) in &self.unattested {
            let Some(headed) = segments.get(place.segment) else { continue };
            let offset = place.position as u64;
            bytes.resize(*len, 0);
            headed
                .segment
                .file
                .read_exact_at(&mut bytes, offset)
                .map_err(WalError::io("read", &headed.segment.name))?;
            headed.segment.write(&bytes, offset)?;
        }
        let replayed = segments.iter().filter(|headed| headed.last.is_some());
        for headed in replayed.clone() {
            headed.segment.sync()?;
        }
        if replayed.count() > 0 {
            directory.sync().map_err(WalError::io("sync", ""))?;
        }
        Ok(())
    }
}
