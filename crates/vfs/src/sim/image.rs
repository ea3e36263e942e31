//! What a power cut keeps.

/// What a power cut keeps of all that was not synced. Changes are counted as in
/// [`SimDirectory::unsynced`](super::SimDirectory::unsynced).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// Nothing: the disk wrote only when told to.
    DropAll,
    /// Everything: the disk had written all of it just then.
    KeepAll,
    /// Each 512-byte sector, change of length and change of names by the toss of a coin drawn from this seed.
    Random(u64),
    /// Each change whole or not at all, by the toss of a coin drawn from this seed: the disk reorders and does not tear.
    RandomChanges(u64),
    /// Changes of some kinds and not of others: a file system keeps names, lengths and bytes in different places.
    #[allow(missing_docs, reason = "the fields are what the line above says")]
    Kinds { names: bool, lengths: bool, bytes: bool },
    /// One change and nothing else.
    Only(usize),
    /// Everything but one change.
    AllBut(usize),
    /// A write of which only the first bytes were done, at any byte: harsher than a disk that writes whole sectors.
    Torn {
        /// The write.
        change: usize,
        /// How many of its bytes were done.
        bytes: u64,
        /// What stands where the rest of it would be.
        rest: Rest,
        /// Whether all other changes are there, or none of them.
        others: bool,
    },
}

/// What stands where the rest of a torn write would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// What stood there before.
    Before,
    /// Zeros.
    Zeros,
}

/// A change that no sync has covered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsynced {
    /// A creation, renaming or removal.
    Name,
    /// A change of a file's length.
    Length {
        /// The file.
        name: String,
    },
    /// A write, or what a failed sync has lost of it.
    Write {
        /// The file.
        name: String,
        /// Where it begins, in bytes.
        offset: u64,
        /// How many bytes it has.
        len: u64,
    },
}

/// The kinds of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Length,
    Write,
}

/// The coin of a [`Policy`], tossed for one change after the other.
#[derive(Debug)]
pub(super) struct Chance {
    policy: Policy,
    state: u64,
    /// Changes begun so far.
    begun: usize,
    /// Whether the change that was begun last is there, where that is decided for the whole of it.
    whole: bool,
}

impl Chance {
    pub(super) fn new(policy: Policy) -> Self {
        let state = match policy {
            Policy::Random(seed) | Policy::RandomChanges(seed) => seed,
            _ => 0,
        };
        Self { policy, state, begun: 0, whole: false }
    }

    /// Turns to the next change.
    pub(super) fn begin(&mut self, kind: Kind) {
        let index = self.begun;
        self.begun += 1;
        self.whole = match self.policy {
            Policy::DropAll | Policy::Random(_) => false,
            Policy::KeepAll => true,
            Policy::RandomChanges(_) => self.toss(),
            Policy::Kinds { names, lengths, bytes } => match kind {
                Kind::Name => names,
                Kind::Length => lengths,
                Kind::Write => bytes,
            },
            Policy::Only(change) => index == change,
            Policy::AllBut(change) => index != change,
            Policy::Torn { change, others, .. } => index == change || others,
        };
    }

    /// Whether the change that was begun last, or the next sector of it, is there.
    pub(super) fn keeps(&mut self) -> bool {
        if matches!(self.policy, Policy::Random(_)) { self.toss() } else { self.whole }
    }

    /// How many bytes of the write that was begun last are there, and what follows them, if it is the torn one.
    pub(super) fn torn(&self) -> Option<(u64, Rest)> {
        match self.policy {
            Policy::Torn { change, bytes, rest, .. } if change + 1 == self.begun => Some((bytes, rest)),
            _ => None,
        }
    }

    fn toss(&mut self) -> bool {
        // SplitMix64 (Steele, Lea, Flood 2014): neighbouring seeds give unrelated tosses.
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) & 1 == 1
    }
}
