//! How much a test that searches for faults does: little under a plain `cargo test`, more under `cargo xtask verify`.

/// How thorough a run is: `SUTRA_TIER=quick` or `full`; little work if it is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// Seconds, in a build that is not optimised.
    Plain,
    /// A minute or so of `cargo xtask verify`.
    Quick,
    /// `cargo xtask verify --full`.
    Full,
}

impl Tier {
    pub(crate) fn get() -> Self {
        match std::env::var("SUTRA_TIER").as_deref() {
            Ok("quick") => Self::Quick,
            Ok("full") => Self::Full,
            Ok(other) => panic!("SUTRA_TIER is quick or full, not {other:?}"),
            Err(_) => Self::Plain,
        }
    }

    /// What is meant for this tier.
    pub(crate) fn pick<T>(self, plain: T, quick: T, full: T) -> T {
        match self {
            Self::Plain => plain,
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// Says how many cases a test has checked; `cargo xtask verify` adds them up.
pub(crate) fn checked(cases: u64, what: &str) {
    println!("cases: {cases} ({what})");
}
