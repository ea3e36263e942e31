//! Associations of a large group, linked by several threads, each the slots of its own ranges.
//!
//! What depends on the order of sequences is done before, by one thread: ends, ordinals, blobs. What is left is, for each
//! association, to find the one that it replaces, to write its record, and to change the blocks of its source; then, when all
//! of that is done, to change the blocks of its target. Both are done in the order of ordinals by whoever has the slot, and
//! neither looks at what another thread is changing: an association is looked for among its source's edges, or, if those are
//! many, among its target's, which do not change while the sources' do. So every slot sees the same steps in the same order,
//! however many threads there are, and the records come out the same, byte for byte.
//!
//! The threads end before anything is published: joining them orders all that they wrote before the publish, so readers need
//! no more than they do with one.

use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};

use sutra_format::NONE;
use zerocopy::little_endian::U32;

use crate::association::Association;
use crate::edges::Side;
use crate::error::ApplyError;
use crate::group::WINDOW;
use crate::linker::{Linker, part_of};
use crate::writer::Writer;

/// As many wait at most, so that what the threads write is still in a cache when the other end is linked.
pub(crate) const MOST_WAITING: usize = 16 * 1024;

/// What a thread found out: for associations by their index, the ordinals that they replace.
type Replaced = Vec<(usize, u32)>;

impl Writer {
    /// Settles what waits.
    pub(crate) fn settle_waiting(&mut self) -> Result<(), ApplyError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        if waiting.len() < self.threads_from.saturating_mul(self.linkers.len() - 1) {
            for window in waiting.chunks(WINDOW) {
                let ends = |association: &Association| [Side::Out, Side::In].map(|side| (association.end(side), side));
                self.shared.fetch_ends(window.iter().flat_map(ends));
                window.iter().try_for_each(|association| self.settle(association.clone()))?;
            }
            waiting.clear();
        } else {
            let first = waiting.first().map_or(0, |association| association.ordinal);
            self.linkers.iter_mut().for_each(|linker| linker.begin_together(first));
            for (index, previous) in each_part(&mut self.linkers, |linker, parts| linker.settle_part(&waiting, parts))?
            {
                if let Some(association) = waiting.get_mut(index) {
                    association.record.previous = U32::new(previous);
                }
            }
            each_part(&mut self.linkers, |linker, parts| linker.link_part(&waiting, parts))?;
            waiting.drain(..).for_each(|association| self.count_edge(&association.record));
        }
        self.waiting = waiting;
        Ok(())
    }
}

/// A linker's number, and how many there are.
#[derive(Clone, Copy)]
struct Parts {
    part: usize,
    of: usize,
}

impl Parts {
    fn has(self, slot: u32) -> bool {
        part_of(slot, self.of) == self.part
    }
}

/// Lets the linkers work on as many threads, this one among them. Where the system gives no further thread, those that there
/// are take what is left.
fn each_part(
    linkers: &mut [Linker],
    work: impl Fn(&mut Linker, Parts) -> Result<Replaced, ApplyError> + Sync,
) -> Result<Replaced, ApplyError> {
    let of = linkers.len();
    let left = Mutex::new((0..).zip(linkers));
    let run = || {
        let mut all = Replaced::new();
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some((part, linker)) = next() {
            all.extend(work(linker, Parts { part, of })?);
        }
        Ok::<_, ApplyError>(all)
    };
    scope(|scope| {
        let start = |part| Builder::new().name(format!("sutra-apply-{part}")).spawn_scoped(scope, run).ok();
        let started: Vec<_> = (1..of).filter_map(start).collect();
        let mut all = run()?;
        for thread in started {
            // A panic there is a panic here, which poisons.
            all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(all)
    })
}

impl Linker {
    /// Completes and links at their sources the associations whose source is this linker's.
    fn settle_part(&mut self, waiting: &[Association], parts: Parts) -> Result<Replaced, ApplyError> {
        let mut replaced = Replaced::new();
        self.in_windows(waiting, Side::Out, parts, |linker, index, association| {
            let rows = (linker.row(association.end(Side::Out))?, linker.row(association.end(Side::In))?);
            let previous = linker.settle(association, rows, true)?;
            if previous != NONE {
                replaced.push((index, previous));
            }
            Ok(())
        })?;
        Ok(replaced)
    }

    /// Links at their targets the associations whose target is this linker's.
    fn link_part(&mut self, waiting: &[Association], parts: Parts) -> Result<Replaced, ApplyError> {
        self.in_windows(waiting, Side::In, parts, |linker, _, association| {
            let row = linker.row(association.end(Side::In))?;
            linker.link(Side::In, row, association.ordinal, &association.record)
        })?;
        Ok(Replaced::new())
    }

    /// Does something with each association whose end on one side is this linker's, in order, after asking for the memory
    /// that those of a window will meet.
    fn in_windows(
        &mut self,
        waiting: &[Association],
        side: Side,
        parts: Parts,
        mut act: impl FnMut(&mut Self, usize, &Association) -> Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        let mut own = waiting.iter().enumerate().filter(|(_, association)| parts.has(association.end(side)));
        let mut window = Vec::with_capacity(WINDOW);
        loop {
            window.extend(own.by_ref().take(WINDOW));
            if window.is_empty() {
                return Ok(());
            }
            self.shared.fetch_ends(window.iter().map(|(_, association)| (association.end(side), side)));
            for (index, association) in window.drain(..) {
                act(self, index, association)?;
            }
        }
    }
}
