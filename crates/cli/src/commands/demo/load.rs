//! What is asked of the store in each flip.

/// How much is written and read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) name: &'static str,
    /// Writes a second; `None` for as many as there can be.
    pub(super) writes: Option<u32>,
    /// Reads a second; `None` for as many as there can be.
    pub(super) reads: Option<u32>,
}

/// The flips, in their order.
pub(super) const FLIPS: [Load; 3] = [
    Load { name: "learning", writes: Some(2000), reads: Some(10) },
    Load { name: "reasoning", writes: Some(10), reads: Some(3000) },
    Load { name: "both at once", writes: None, reads: None },
];

impl Load {
    /// What is asked for, in words.
    pub(super) fn asked(&self) -> String {
        match (self.writes, self.reads) {
            (Some(writes), Some(reads)) => format!("{writes} writes and {reads} reads a second"),
            _ => "one writer and one reader as fast as they go".to_owned(),
        }
    }
}
