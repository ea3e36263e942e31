//! Random numbers that a failed test can be run with again.

/// A xorshift generator.
pub(crate) struct Random(u64);

impl Random {
    /// Starts from `SUTRA_SEED`, or from `otherwise`; prints which.
    pub(crate) fn from_environment(otherwise: u64) -> Random {
        let seed = std::env::var("SUTRA_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
        println!("SUTRA_SEED={seed}");
        Random(seed.max(1))
    }

    /// Another generator, for another thread.
    pub(crate) fn fork(&mut self) -> Random {
        Random(self.next().max(1))
    }

    /// Any number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
