//! Bloom filters of ids: 10 bits a key and 7 probes, which lets 0.82 % of absent ids through.
//!
//! The filter is an array of 64-bit words. Probes come from the id's hash by double hashing (Kirsch and Mitzenmacher,
//! "Less Hashing, Same Performance"); a hash becomes a bit by multiplication with the number of bits, so the filter can
//! have any length.

use zerocopy::little_endian::U64;

/// Bits for each key.
pub const BITS_PER_KEY: u64 = 10;

/// Bits looked at for each key.
pub const PROBES: u32 = 7;

/// Bytes of the filter of `keys` keys: a multiple of 8, none for no keys.
#[must_use]
pub const fn length(keys: u32) -> u64 {
    (keys as u64 * BITS_PER_KEY).div_ceil(64) * 8
}

/// The bits of a hash in a filter of `bits` bits: [`PROBES`] of them, each below `bits` (0 for an empty filter).
#[inline]
pub fn probes(hash: u64, bits: u64) -> impl Iterator<Item = u64> {
    // The step is made from all bits of the hash and odd, so that the probes of two keys with close first probes part.
    let step = (hash ^ hash >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..PROBES).map(move |probe| reduce(hash.wrapping_add(step.wrapping_mul(u64::from(probe))), bits))
}

#[inline]
fn reduce(hash: u64, bits: u64) -> u64 {
    ((u128::from(hash) * u128::from(bits)) >> 64) as u64
}

/// Adds a key to a filter of [`length`] bytes. An empty filter stays empty.
#[inline]
pub fn insert(filter: &mut [U64], hash: u64) {
    let bits = filter.len() as u64 * 64;
    for bit in probes(hash, bits) {
        if let Some(word) = usize::try_from(bit / 64).ok().and_then(|index| filter.get_mut(index)) {
            *word = U64::new(word.get() | 1 << (bit % 64));
        }
    }
}

/// Whether a key may have been added; never false for one that was. Costs up to [`PROBES`] cache misses.
#[must_use]
#[inline]
pub fn may_contain(filter: &[U64], hash: u64) -> bool {
    let bits = filter.len() as u64 * 64;
    probes(hash, bits).all(|bit| {
        usize::try_from(bit / 64)
            .ok()
            .and_then(|index| filter.get(index))
            .is_some_and(|word| word.get() >> (bit % 64) & 1 == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::id_hash;

    fn hash(key: u32) -> u64 {
        id_hash(&u128::from(key).to_le_bytes())
    }

    fn filter(keys: u32) -> Vec<U64> {
        let mut filter = vec![U64::ZERO; usize::try_from(length(keys) / 8).unwrap()];
        (0..keys).for_each(|key| insert(&mut filter, hash(key)));
        filter
    }

    #[test]
    fn every_key_is_found() {
        for keys in [1, 2, 63, 5000] {
            let filter = filter(keys);
            assert!((0..keys).all(|key| may_contain(&filter, hash(key))), "{keys} keys");
        }
    }

    #[test]
    fn the_filter_of_nothing_contains_nothing() {
        assert_eq!(length(0), 0);
        let mut empty = filter(0);
        insert(&mut empty, hash(1));
        assert!(!may_contain(&empty, hash(1)));
    }

    // The bits are a part of the file format.
    #[test]
    fn the_bits_of_a_key_stay() {
        let bits: Vec<u64> = probes(0x0123_4567_89ab_cdef, 1_000_000).collect();
        assert_eq!(bits, [4_444, 497_682, 990_919, 484_157, 977_394, 470_632, 963_870]);
        assert_eq!(id_hash(&[7; 16]), 17_478_370_520_283_752_575);
    }

    // (1 - e^(-7/10))^7 is 0.82 %. Bounded from below too: a lower rate would mean that more bits are spent than said.
    #[test]
    fn the_rate_is_what_ten_bits_and_seven_probes_give() {
        let keys = 100_000;
        let filter = filter(keys);
        let misses = 400_000;
        let passed = (keys..keys + misses).filter(|key| may_contain(&filter, hash(*key))).count();
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let rate = passed as f64 / f64::from(misses);
        assert!(0.006 < rate && rate < 0.0105, "{rate}");
    }
}
