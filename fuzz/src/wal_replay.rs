//! Recovery from a write-ahead log.

use sutra_format::wal::{FIRST_GROUP, GroupHeader, SegmentHeader};
use sutra_snapshot::Writer;
use sutra_vfs::sim::SimDirectory;
use sutra_wal::{Wal, WalOptions};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};
use zerocopy::{FromBytes, IntoBytes};

use crate::disk::{Disk, put, with_file};
use crate::memory::apparatus;
use crate::read;
use crate::valid::STORE_ID;

const FIRST_SEGMENT: &str = "wal-00000001.log";
const SECOND_SEGMENT: &str = "wal-00000002.log";

/// Recovers, as the first byte says: from a segment that is the rest of the input; from one whose header is valid and
/// whose groups' checksums are set right; from two segments of the halves of the input; or from a valid log of the
/// entries that the input holds, each behind its length in two bytes. What is replayed is applied and read.
pub fn check(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    match kind % 4 {
        0 => recover(&with_file(FIRST_SEGMENT, rest)),
        1 => recover(&with_file(FIRST_SEGMENT, &segment(rest, 1, 1))),
        2 => {
            let (first, second) = rest.split_at(rest.len() / 2);
            let disk = with_file(FIRST_SEGMENT, &segment(first, 1, 1));
            put(&disk.0, SECOND_SEGMENT, &segment(second, 2, u64::from(*kind >> 2)));
            recover(&disk);
        }
        _ => {
            let disk = Disk(apparatus(SimDirectory::new));
            let (mut wal, _) = Wal::recover(disk.shared(), options(), 0, &mut |_| Ok(())).expect("empty");
            let mut entries = Vec::new();
            let mut rest = rest;
            while let [low, high, bytes @ ..] = rest {
                let length = usize::from(u16::from_le_bytes([*low, *high])).min(bytes.len());
                let (entry, after) = bytes.split_at(length);
                entries.push(entry);
                rest = after;
            }
            for entries in entries.chunks(4) {
                wal.append(7, wal.next_sequence(), entries).expect("appends");
            }
            recover(&disk.after_kill());
        }
    }
}

/// The smallest segments: a recovery looks for a group at every eighth byte of each.
fn options() -> WalOptions {
    WalOptions { segment_bytes: 8 << 10, max_bytes: 256 << 10, ..WalOptions::new(STORE_ID) }
}

fn recover(disk: &Disk) {
    let mut writer = Writer::new().expect("memory");
    let outcome = Wal::recover(disk.shared(), options(), 0, &mut |group| {
        for (sequence, entry) in (group.first()..).zip(group.entries()) {
            writer.apply(sequence, entry)?;
        }
        Ok(())
    });
    let Ok((mut wal, recovery)) = outcome else { return };
    assert_eq!(recovery.last_sequence + 1, wal.next_sequence());
    read::all(&writer.publish(recovery.last_commit_time));
    // The log goes on from there, and what it holds then is found by the next recovery.
    if wal.append(8, wal.next_sequence(), &[b""]).is_ok() {
        let again = Wal::recover(disk.after_kill().shared(), options(), 0, &mut |_| Ok(()));
        let (_, again) = again.expect("a log that was recovered can be recovered");
        assert_eq!(again.last_sequence, recovery.last_sequence + 1);
    }
}

/// A segment with a valid header and `groups` behind it; the headers of groups that lie where one may begin are given
/// what makes them pass, but for what they say of sequences and counts.
pub(crate) fn segment(groups: &[u8], generation: u64, first_sequence: u64) -> Vec<u8> {
    let header = SegmentHeader::new(STORE_ID, generation, first_sequence);
    let mut segment = header.as_bytes().to_vec();
    segment.resize(usize::try_from(FIRST_GROUP).expect("small"), 0);
    segment.extend_from_slice(groups);
    let mut at = usize::try_from(FIRST_GROUP).expect("small");
    while let Some(bytes) = segment.get_mut(at..) {
        let Ok((header, rest)) = GroupHeader::mut_from_prefix(bytes) else { break };
        let length = usize::try_from(header.length.get()).unwrap_or(usize::MAX);
        let Some(payload) = rest.get(..length) else { break };
        header.magic = sutra_format::wal::GROUP_MAGIC;
        header.store_id = STORE_ID;
        header.generation = generation.into();
        header.checksum = checksum(header, at as u64, payload).into();
        at = at.saturating_add(size_of::<GroupHeader>() + length).next_multiple_of(8);
    }
    segment
}

/// As docs/format.md has it: keyed by generation and position.
fn checksum(header: &GroupHeader, position: u64, payload: &[u8]) -> u64 {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&header.generation.to_bytes());
    key[8..].copy_from_slice(&position.to_le_bytes());
    let mut hash = Xxh3::with_seed(xxh3_64(&key));
    hash.update(&header.as_bytes()[..72]);
    hash.update(payload);
    hash.digest()
}
