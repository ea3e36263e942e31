//! Which nodes a search has seen, without ever clearing an array.

/// For each node, the stamp of the search that saw it last and the index that search gave it.
///
/// A cell counts only when its stamp is one of the running search, so a new search begins by taking fresh stamps, and
/// nothing is written to nodes it does not reach. Stamp and index share one word: a lookup is one memory access.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// `stamp << 32 | index`. 0 is a cell of no search, because stamps begin at 1.
    cells: Vec<u64>,
    /// Nodes of the running search's graph; there may be more cells.
    bound: usize,
    last: u32,
}

/// What a search knows of a node.
pub(crate) enum Mark {
    /// It has not been seen.
    Fresh,
    /// It has been seen: the stamp it was marked with, and its index.
    Seen(u32, u32),
}

impl Marks {
    /// Takes two fresh stamps, the first of which is returned, for nodes below `bound`.
    ///
    /// O(1), but O(bound) when the graph has outgrown the array (by less than an eighth more is reserved than asked
    /// for, so growth is amortised) and once in two thousand million searches, when the stamps run out.
    pub(crate) fn begin(&mut self, bound: u32) -> u32 {
        let bound = bound as usize;
        self.bound = bound;
        if self.cells.len() < bound {
            // No old cell is of use, so nothing is copied; fresh zeroed memory costs nothing until a page is touched.
            self.cells = Vec::new();
            self.cells = vec![0; bound.saturating_add(bound / 8)];
            self.last = 0;
        }
        if self.last > u32::MAX - 2 {
            self.cells.fill(0);
            self.last = 0;
        }
        let first = self.last + 1;
        self.last += 2;
        first
    }

    /// `first` is what [`begin`](Self::begin) returned. `None` for a node outside the graph.
    #[inline]
    pub(crate) fn get(&self, first: u32, node: u32) -> Option<Mark> {
        let cell = *self.cells.get(node as usize).filter(|_| (node as usize) < self.bound)?;
        let stamp = (cell >> 32) as u32;
        // Stamps of earlier searches are all lower.
        Some(if stamp < first { Mark::Fresh } else { Mark::Seen(stamp, cell as u32) })
    }

    #[inline]
    pub(crate) fn set(&mut self, node: u32, stamp: u32, index: u32) {
        if let Some(cell) = self.cells.get_mut(node as usize) {
            *cell = u64::from(stamp) << 32 | u64::from(index);
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(marks: &Marks, first: u32, node: u32) -> Option<Option<(u32, u32)>> {
        marks.get(first, node).map(|mark| match mark {
            Mark::Fresh => None,
            Mark::Seen(stamp, index) => Some((stamp, index)),
        })
    }

    #[test]
    fn a_mark_lives_as_long_as_its_search() {
        let mut marks = Marks::default();
        let first = marks.begin(4);
        assert_eq!(seen(&marks, first, 3), Some(None));
        marks.set(3, first, 7);
        marks.set(2, first + 1, 9);
        assert_eq!(seen(&marks, first, 3), Some(Some((first, 7))));
        assert_eq!(seen(&marks, first, 2), Some(Some((first + 1, 9))));
        let next = marks.begin(4);
        assert_eq!(seen(&marks, next, 3), Some(None));
        assert_eq!(seen(&marks, next, 2), Some(None));
    }

    #[test]
    fn cells_beyond_the_bound_are_no_nodes() {
        let mut marks = Marks::default();
        let first = marks.begin(100);
        assert_eq!(seen(&marks, first, 100), None, "there are more cells than nodes");
        let first = marks.begin(8);
        assert_eq!((seen(&marks, first, 7), seen(&marks, first, 8)), (Some(None), None));
    }

    #[test]
    fn stamps_that_run_out_do_not_bring_old_marks_back() {
        let mut marks = Marks::default();
        let first = marks.begin(2);
        marks.set(0, first, 5);
        marks.set(1, first + 1, 6);
        marks.last = u32::MAX - 2;
        let second_to_last = marks.begin(2);
        assert_eq!(second_to_last, u32::MAX - 1);
        marks.set(0, second_to_last + 1, 1);
        let wrapped = marks.begin(2);
        assert_eq!(wrapped, 1);
        assert_eq!(seen(&marks, wrapped, 0), Some(None));
        assert_eq!(seen(&marks, wrapped, 1), Some(None));
    }

    #[test]
    fn a_node_outside_is_no_node() {
        let mut marks = Marks::default();
        let first = marks.begin(1);
        assert!(marks.get(first, 1).is_none());
        assert!(marks.get(first, u32::MAX).is_none());
        marks.set(u32::MAX, first, 0);
    }

    #[test]
    fn growth_forgets_and_goes_on() {
        let mut marks = Marks::default();
        let first = marks.begin(1);
        marks.set(0, first, 0);
        let grown = marks.begin(1000);
        assert_eq!(seen(&marks, grown, 0), Some(None));
        assert_eq!(seen(&marks, grown, 999), Some(None));
    }
}
