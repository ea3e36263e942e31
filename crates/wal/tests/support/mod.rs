//! A log under test beside what it must hold.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::sync::Arc;

use sutra_vfs::sim::SimDirectory;
use sutra_wal::{Recovery, Wal, WalError, WalOptions};

pub(crate) const STORE: [u8; 16] = *b"the store's id..";

/// Small segments, so that a few groups fill one.
pub(crate) fn options() -> WalOptions {
    WalOptions { store_id: STORE, segment_bytes: 8192, max_bytes: 5 * 8192 }
}

/// SplitMix64.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// What the log must hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// First sequence -> entries, of all groups ever tried that may still be there.
    pub(crate) groups: BTreeMap<u64, Vec<Vec<u8>>>,
    /// The last sequence that must be there.
    pub(crate) acknowledged: u64,
    /// The last sequence that may be there.
    pub(crate) tried: u64,
    /// What the checkpoint covers.
    pub(crate) covered: u64,
}

impl Model {
    /// Appends and keeps the books. `salt` makes the bytes of each attempt its own.
    pub(crate) fn append(&mut self, wal: &mut Wal, count: u64, bytes: u64, salt: u64) -> Result<(), WalError> {
        let first = wal.next_sequence();
        let entries: Vec<Vec<u8>> = (0..count)
            .map(|index| {
                let len = usize::try_from(bytes + index).expect("small");
                let seed = (salt ^ (first + index)).to_le_bytes();
                seed.iter().copied().cycle().take(len).collect()
            })
            .collect();
        self.groups.split_off(&first);
        self.groups.insert(first, entries.clone());
        self.tried = first + count - 1;
        match wal.append(first * 10, first, &entries) {
            Ok(()) => {
                self.acknowledged = self.tried;
                Ok(())
            }
            Err(error) => {
                if matches!(error, WalError::Full | WalError::Poisoned { .. }) {
                    // Nothing was written.
                    self.groups.remove(&first);
                    self.tried = first - 1;
                }
                Err(error)
            }
        }
    }

    /// A checkpoint of everything acknowledged.
    pub(crate) fn checkpoint(&mut self, wal: &mut Wal) -> Result<(), WalError> {
        self.covered = self.acknowledged;
        wal.release(self.covered)
    }

    /// Recovers and compares: a prefix of what was tried that holds all that was acknowledged. What was found counts
    /// as acknowledged from then on, since readers have seen it.
    pub(crate) fn recover(&mut self, disk: &SimDirectory) -> Result<(Wal, Recovery), WalError> {
        let mut replayed = Vec::new();
        let (wal, recovery) = Wal::recover(Arc::new(disk.clone()), options(), self.covered, &mut |group| {
            let entries: Vec<Vec<u8>> = group.entries().map(<[u8]>::to_vec).collect();
            replayed.push((group.first(), group.last(), group.commit_time(), entries));
            Ok(())
        })?;
        let mut next = self.covered + 1;
        for (first, last, commit_time, entries) in &replayed {
            assert_eq!(*first, next, "replayed without holes");
            assert_eq!(*commit_time, first * 10);
            assert_eq!(Some(entries), self.groups.get(first), "the bytes that were appended");
            next = last + 1;
        }
        if let Some((_, _, commit_time, _)) = replayed.last() {
            assert_eq!(recovery.last_commit_time, *commit_time, "no group of an earlier life counts");
        }
        let found = next - 1;
        assert!(found >= self.acknowledged, "found {found}, acknowledged {}", self.acknowledged);
        assert!(found <= self.tried.max(self.covered), "found {found}, tried {}", self.tried);
        assert_eq!(recovery.last_sequence, found);
        assert_eq!(recovery.groups, replayed.len() as u64);
        assert_eq!(recovery.entries, found - self.covered);
        assert_eq!(wal.next_sequence(), found + 1);
        self.groups.split_off(&next);
        self.acknowledged = found;
        self.tried = found;
        Ok((wal, recovery))
    }
}
