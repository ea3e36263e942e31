//! Opening the log: inventory, walk, and what the log goes on with.

use std::collections::VecDeque;
use std::sync::Arc;

use sutra_vfs::Directory;

use crate::error::{ReplayError, WalError};
use crate::group::Group;
use crate::inventory::Inventory;
use crate::options::WalOptions;
use crate::wal::{Live, Wal};
use crate::walk::Walk;

/// What [`Wal::recover`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// The groups replayed.
    pub groups: u64,
    /// The entries replayed, those that the checkpoint covers not counted.
    pub entries: u64,
    /// The bytes of groups that were never acknowledged and have been cut off.
    pub cut_bytes: u64,
    /// The last sequence that is durable now: of the last group, or what the checkpoint covers.
    pub last_sequence: u64,
    /// The commit time of the last group in the log, 0 when there is none.
    pub last_commit_time: u64,
}

impl Wal {
    /// Opens the log in `directory`: replays, in order, every group that reaches beyond sequence `covered`, which the
    /// last checkpoint holds; syncs what it replayed; cuts what was never acknowledged. Changes nothing when there is
    /// nothing to replay or cut, but that spare segments of another length go. May be repeated after a crash at any point.
    ///
    /// `replay` sees groups before the whole log is known to be sound: what it built is to be dropped when this
    /// returns an error. The first group may begin at or below `covered`; those entries are to be passed over.
    ///
    /// Writing goes on in another segment, so the log may be [`WalError::Full`] at once: ask [`Wal::room_for`].
    ///
    /// Reads the segments that reach beyond `covered`; holds one of them in memory at a time.
    ///
    /// # Errors
    /// [`WalError::Corrupt`] when something that had been acknowledged is damaged or missing,
    /// [`WalError::ForeignStore`], [`WalError::NewerVersion`], [`WalError::Replay`] with what `replay` said, and
    /// [`WalError::Io`].
    pub fn recover(
        directory: Arc<dyn Directory>,
        options: WalOptions,
        covered: u64,
        replay: &mut dyn FnMut(&Group<'_>) -> Result<(), ReplayError>,
    ) -> Result<(Self, Recovery), WalError> {
        let options = options.rounded();
        let mut spare = Vec::new();
        let mut inventory = Inventory::take(&*directory, options.store_id)?;
        inventory.check_headless(options.store_id, covered, &mut spare)?;
        inventory.pass_over_covered(covered, &mut spare);

        let mut walk = Walk::new(options.store_id, covered);
        walk.run(&mut inventory.headed, replay)?;
        walk.make_durable(&*directory, &inventory.headed)?;

        let mut wal = Self {
            directory,
            live: VecDeque::new(),
            open: false,
            spare: Vec::new(),
            unreleased_bytes: walk.groups.iter().map(|(_, bytes)| bytes).sum(),
            unreleased: walk.groups,
            released_through: covered,
            generation: inventory.generation,
            names_durable: false,
            next_number: inventory.next_number,
            next_sequence: walk.expected,
            durable_through: walk.expected.saturating_sub(1),
            buffer: Vec::new(),
            poisoned: None,
            options,
        };
        for headed in inventory.headed {
            match headed.last {
                Some(last) => wal.live.push_back(Live {
                    segment: headed.segment,
                    generation: headed.generation,
                    end: headed.end,
                    last,
                }),
                None => spare.push(headed.segment),
            }
        }
        for segment in spare {
            wal.retire(segment)?;
        }
        walk.recovery.last_sequence = wal.durable_through;
        Ok((wal, walk.recovery))
    }
}
