//! A cost packed into one word, so that entries and bytes are taken and returned by one atomic step.
//!
//! ```text
//! bit 63      62       61 .. 38          37 .. 0
//! +--------+--------+-----------------+------------------------+
//! | closed | queued | entries, 24 bit | units of 64 B, 38 bit  |
//! +--------+--------+-----------------+------------------------+
//! ```
//! A [`Charge`] has both flags clear. Words are subtracted only when each field suffices and added only what was
//! subtracted before, so no field ever borrows from or carries into its neighbour.

use crate::Cost;

/// Bytes in one unit.
const UNIT: u64 = 64;
const ENTRIES_SHIFT: u32 = 38;
const UNITS: u64 = (1 << ENTRIES_SHIFT) - 1;
const MAX_ENTRIES: u64 = (1 << 24) - 1;

/// Set in a word of permits: nobody gets a permit any more.
pub(crate) const CLOSED: u64 = 1 << 63;
/// Set in a word of permits: somebody waits in line, so nobody may pass.
pub(crate) const QUEUED: u64 = 1 << 62;

/// Entries and units of bytes; also what a word of permits says when its flags are masked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charge(u64);

impl Charge {
    pub(crate) const ZERO: Charge = Charge(0);

    fn pack(entries: u64, units: u64) -> Charge {
        Charge((entries << ENTRIES_SHIFT) | units)
    }

    /// The charge for `cost`; `None` if no log can hold that much.
    pub(crate) fn of(cost: Cost) -> Option<Charge> {
        let entries = u64::try_from(cost.entries).ok()?.max(1);
        let units = cost.bytes.div_ceil(UNIT);
        (entries <= MAX_ENTRIES && units <= UNITS).then(|| Charge::pack(entries, units))
    }

    /// The nearest charge to `entries` and `bytes` that is at least one of each and at most what a word can say.
    pub(crate) fn clamped(entries: usize, bytes: u64) -> Charge {
        let entries = u64::try_from(entries).unwrap_or(MAX_ENTRIES);
        Charge::pack(entries.clamp(1, MAX_ENTRIES), bytes.div_ceil(UNIT).clamp(1, UNITS))
    }

    /// What a word of permits has available.
    pub(crate) fn in_word(word: u64) -> Charge {
        Charge(word & !(CLOSED | QUEUED))
    }

    pub(crate) fn word(self) -> u64 {
        self.0
    }

    fn entries(self) -> u64 {
        self.0 >> ENTRIES_SHIFT
    }

    fn units(self) -> u64 {
        self.0 & UNITS
    }

    /// Whether `self` is at most `other` in both fields.
    pub(crate) fn fits_in(self, other: Charge) -> bool {
        self.entries() <= other.entries() && self.units() <= other.units()
    }

    /// Whether `self` is at most `other` in one field or both.
    pub(crate) fn reaches_down_to(self, other: Charge) -> bool {
        self.entries() <= other.entries() || self.units() <= other.units()
    }

    /// Both fields added, each held at its greatest value.
    pub(crate) fn plus(self, other: Charge) -> Charge {
        Charge::pack((self.entries() + other.entries()).min(MAX_ENTRIES), (self.units() + other.units()).min(UNITS))
    }

    /// Both fields subtracted, each held at zero.
    pub(crate) fn minus(self, other: Charge) -> Charge {
        Charge::pack(self.entries().saturating_sub(other.entries()), self.units().saturating_sub(other.units()))
    }

    /// The smaller of each field.
    pub(crate) fn min(self, other: Charge) -> Charge {
        Charge::pack(self.entries().min(other.entries()), self.units().min(other.units()))
    }

    /// The cost that this charges, bytes rounded up to whole units: sums of these charge exactly the sum.
    pub(crate) fn cost(self) -> Cost {
        Cost {
            // 24 bits fit wherever this crate can run.
            entries: usize::try_from(self.entries()).unwrap_or(usize::MAX),
            bytes: self.units() * UNIT,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn cost(entries: usize, bytes: u64) -> Cost {
        Cost { entries, bytes }
    }

    #[test]
    fn rounds_up_and_sums_exactly() {
        let costs = [cost(1, 0), cost(3, 1), cost(0, 64), cost(2, 65)];
        let charges = costs.map(|cost| Charge::of(cost).unwrap());
        let charged: Cost = charges.iter().map(|charge| charge.cost()).sum();
        assert_eq!(charged, cost(7, 64 * 4));
        let sum = charges.into_iter().fold(Charge::ZERO, Charge::plus);
        assert_eq!(Charge::of(charged), Some(sum));
    }

    #[test]
    fn refuses_what_no_word_can_say() {
        let most = cost((1 << 24) - 1, UNITS * UNIT);
        assert_eq!(Charge::of(most).map(Charge::cost), Some(most));
        assert_eq!(Charge::of(cost(1 << 24, 0)), None);
        assert_eq!(Charge::of(cost(1, UNITS * UNIT + 1)), None);
        assert_eq!(Charge::of(cost(usize::MAX, u64::MAX)), None);
        assert_eq!(Charge::clamped(usize::MAX, u64::MAX).cost(), most);
        assert_eq!(Charge::clamped(0, 0).cost(), cost(1, 64));
    }

    #[test]
    fn flags_stand_apart_from_the_fields() {
        let most = Charge::clamped(usize::MAX, u64::MAX);
        assert_eq!(most.word() & (CLOSED | QUEUED), 0);
        assert_eq!(most.word() | CLOSED | QUEUED, u64::MAX);
        assert_eq!(Charge::in_word(most.word() | CLOSED | QUEUED), most);
    }

    #[test]
    fn fields_are_compared_and_subtracted_apart() {
        let (wide, tall) = (Charge::clamped(1, 640), Charge::clamped(10, 64));
        assert!(!wide.fits_in(tall) && !tall.fits_in(wide));
        assert!(wide.reaches_down_to(tall) && tall.reaches_down_to(wide));
        assert_eq!(wide.min(tall).cost(), cost(1, 64));
        assert_eq!(wide.minus(tall).cost(), cost(0, 576));
    }
}
