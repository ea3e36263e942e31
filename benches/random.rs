//! Numbers that look random and are the same in every run.

/// SplitMix64, by Steele, Lea and Flood.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to `bound`, without it.
    pub fn below(&mut self, bound: usize) -> usize {
        let scaled = (u128::from(self.number()) * bound as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// A number in [-1, 1).
    pub fn signed(&mut self) -> f32 {
        // 24 bits are what an f32 holds exactly.
        let bits = u16::try_from(self.number() >> 48).unwrap_or(0);
        f32::from(bits) / 32_768.0 - 1.0
    }

    /// One element of a slice that is not empty.
    pub fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
