//! Finding groups in the bytes of a segment.

use sutra_format::wal::{FIRST_GROUP, GROUP_ALIGNMENT, GroupHeader, decode_group, looks_like_group};
use zerocopy::FromBytes;

use crate::group::Group;

/// Where a segment's first group begins, as a place in a slice.
pub(crate) const FIRST: usize = 4096;
const _: () = assert!(FIRST as u64 == FIRST_GROUP);

/// Whose groups count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) store_id: [u8; 16],
    /// `None`: of any generation.
    pub(crate) generation: Option<u64>,
}

impl Wanted {
    fn admits(&self, header: &GroupHeader) -> bool {
        header.store_id == self.store_id && self.generation.is_none_or(|wanted| header.generation.get() == wanted)
    }
}

/// A group and where it lies in its segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) position: usize,
    /// Header and payload, in bytes.
    pub(crate) len: usize,
    pub(crate) header: GroupHeader,
    pub(crate) group: Group<'a>,
}

impl Found<'_> {
    pub(crate) fn end(&self) -> usize {
        self.position.saturating_add(self.len)
    }
}

/// The intact group at `position` of the segment's `bytes`.
fn group_at(bytes: &[u8], position: usize, wanted: Wanted) -> Option<Found<'_>> {
    let rest = bytes.get(position..)?;
    if !looks_like_group(rest) {
        return None;
    }
    // Before the checksum, which costs the group's length: most of what looks like a group is of an earlier life.
    let (header, _) = GroupHeader::read_from_prefix(rest).ok()?;
    if !wanted.admits(&header) {
        return None;
    }
    let (header, payload) = decode_group(rest, u64::try_from(position).ok()?).ok()?;
    let len = size_of::<GroupHeader>().saturating_add(payload.len());
    Some(Found { position, len, header, group: Group::new(header, payload) })
}

/// The first intact group at or after `position`, which is a place where a group may begin.
pub(crate) fn next_group(bytes: &[u8], position: usize, wanted: Wanted) -> Option<Found<'_>> {
    (position..bytes.len()).step_by(GROUP_ALIGNMENT).find_map(|position| group_at(bytes, position, wanted))
}

/// All intact groups from `position` on, damage between them passed over.
pub(crate) fn groups_from(bytes: &[u8], position: usize, wanted: Wanted) -> impl Iterator<Item = Found<'_>> {
    let mut position = position;
    std::iter::from_fn(move || {
        let found = next_group(bytes, position, wanted)?;
        position = found.end();
        Some(found)
    })
}

/// How many bytes at `position`, where the group with sequence `expected` would begin, are the remains of a group that was
/// begun in this life and is not intact: 0 when there is no sign of one.
///
/// One damaged field of the header does not hide it: what begins like a group without being of this store, or of this
/// generation without beginning like a group, is damaged. Of an earlier life's groups, which may lie here whole or in part,
/// none has this generation or this sequence.
pub(crate) fn torn_at(bytes: &[u8], position: usize, wanted: Wanted, expected: u64) -> u64 {
    let rest = bytes.get(position..).unwrap_or_default();
    let Ok((header, _)) = GroupHeader::read_from_prefix(rest) else { return 0 };
    let begins = looks_like_group(rest);
    let ours = header.store_id == wanted.store_id;
    let now = wanted.generation == Some(header.generation.get());
    let next = header.first.get() == expected;
    let torn = match (begins, ours) {
        (true, true) => now || next,
        (true, false) => true,
        (false, true) => now,
        (false, false) => now && next,
    };
    if !torn {
        return 0;
    }
    // For the report alone: the length may itself be damaged.
    header.length.get().saturating_add(size_of::<GroupHeader>() as u64).min(rest.len() as u64)
}
