//! What a power cut keeps.

/// What a power cut keeps of all that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// Nothing: the disk wrote only when told to.
    DropAll,
    /// Everything: the disk had written all of it just then.
    KeepAll,
    /// Each 512-byte sector, change of length and change of names by the toss of a coin drawn from this seed.
    Random(u64),
}

/// The coin of a [`Policy`].
#[derive(Debug)]
pub(super) struct Chance {
    policy: Policy,
    state: u64,
}

impl Chance {
    pub(super) fn new(policy: Policy) -> Self {
        let state = match policy {
            Policy::Random(seed) => seed,
            Policy::DropAll | Policy::KeepAll => 0,
        };
        Self { policy, state }
    }

    pub(super) fn keeps(&mut self) -> bool {
        match self.policy {
            Policy::DropAll => false,
            Policy::KeepAll => true,
            Policy::Random(_) => {
                // SplitMix64 (Steele, Lea, Flood 2014): neighbouring seeds give unrelated tosses.
                self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut mixed = self.state;
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                (mixed ^ (mixed >> 31)) & 1 == 1
            }
        }
    }
}
