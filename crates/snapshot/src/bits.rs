//! A set of bits that many threads set and read: what has been verified.

use sutra_sync::atomic::Ordering;
use sutra_sync::mapped::{self, AtomicU8};

/// Bits, all clear at first; the memory is touched where bits are set or asked for.
#[derive(Debug)]
pub(crate) struct AtomicBits(Box<[AtomicU8]>);

impl AtomicBits {
    pub(crate) fn new(bits: usize) -> Self {
        let bytes = Box::<[AtomicU8]>::new_zeroed_slice(bits.div_ceil(8));
        // SAFETY: an `AtomicU8` of zero bits is a valid zero.
        let bytes = unsafe { bytes.assume_init() };
        mapped::fresh(bytes.as_ptr().cast(), bytes.len());
        Self(bytes)
    }

    /// Whether the bit is set. A bit beyond the end never is.
    #[inline]
    pub(crate) fn get(&self, bit: usize) -> bool {
        // Acquire pairs with the Release of `set`: who sees the bit also sees what was true when it was set. For
        // verification nothing was written, so this only costs nothing on the machines that matter.
        self.0.get(bit / 8).is_some_and(|byte| byte.load(Ordering::Acquire) & (1 << (bit % 8)) != 0)
    }

    /// Sets the bit. One beyond the end is ignored.
    pub(crate) fn set(&self, bit: usize) {
        if let Some(byte) = self.0.get(bit / 8) {
            byte.fetch_or(1 << (bit % 8), Ordering::Release);
        }
    }

    /// Sets all bits from `bit` on.
    pub(crate) fn set_from(&self, bit: usize) {
        let end = self.0.len() * 8;
        let whole = bit.next_multiple_of(8).min(end);
        (bit..whole).for_each(|bit| self.set(bit));
        self.0[whole / 8..].iter().for_each(|byte| byte.store(u8::MAX, Ordering::Release));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_set_one_by_one_and_from_a_place_on() {
        let bits = AtomicBits::new(30);
        bits.set(3);
        assert!(bits.get(3) && !bits.get(2) && !bits.get(4) && !bits.get(1000));
        bits.set_from(13);
        assert!(!bits.get(12));
        assert!((13..30).all(|bit| bits.get(bit)));
        let all = AtomicBits::new(16);
        all.set_from(16);
        assert!((0..16).all(|bit| !all.get(bit)));
    }
}
