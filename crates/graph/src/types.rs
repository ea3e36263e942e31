//! A set of edge types.

use std::fmt;

/// A set of the 256 edge types: 32 bytes, every operation O(1).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TypeSet([u64; 4]);

impl TypeSet {
    /// The set without a type.
    pub const EMPTY: Self = Self([0; 4]);
    /// The set of all types.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// Adds a type; says whether it was new.
    pub const fn insert(&mut self, kind: u8) -> bool {
        let new = !self.contains(kind);
        self.0[(kind >> 6) as usize] |= 1 << (kind & 63);
        new
    }

    /// Takes a type out; says whether it was there.
    pub const fn remove(&mut self, kind: u8) -> bool {
        let there = self.contains(kind);
        self.0[(kind >> 6) as usize] &= !(1 << (kind & 63));
        there
    }

    /// Whether the type is in the set.
    #[inline]
    #[must_use]
    pub const fn contains(&self, kind: u8) -> bool {
        self.0[(kind >> 6) as usize] >> (kind & 63) & 1 == 1
    }

    /// Whether no type is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }

    /// The types in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=u8::MAX).filter(|&kind| self.contains(kind))
    }
}

impl FromIterator<u8> for TypeSet {
    fn from_iter<I: IntoIterator<Item = u8>>(kinds: I) -> Self {
        let mut set = Self::EMPTY;
        set.extend(kinds);
        set
    }
}

impl Extend<u8> for TypeSet {
    fn extend<I: IntoIterator<Item = u8>>(&mut self, kinds: I) {
        for kind in kinds {
            self.insert(kind);
        }
    }
}

impl<const N: usize> From<[u8; N]> for TypeSet {
    fn from(kinds: [u8; N]) -> Self {
        kinds.into_iter().collect()
    }
}

impl fmt::Debug for TypeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in_and_nothing_else() {
        let mut set = TypeSet::from([0, 63, 64, 255]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 255]);
        assert!(!set.insert(64) && set.insert(65));
        assert!(set.remove(0) && !set.remove(0));
        assert_eq!(format!("{set:?}"), "{63, 64, 65, 255}");
    }

    #[test]
    fn the_ends_of_the_range() {
        assert!(TypeSet::EMPTY.is_empty() && !TypeSet::ALL.is_empty());
        assert_eq!((0..=255).collect::<TypeSet>(), TypeSet::ALL);
    }
}
