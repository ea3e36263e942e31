//! The targets, and the bound on what memory an input may cost.

use std::sync::OnceLock;

use crate::memory::peak_of;
use crate::{entry, footer, header, image, index, open, operations, record, wal_replay};

/// A check of one input. It panics where something is wrong.
pub type Check = fn(&[u8]);

/// Beyond four times the input and what the engine takes for nothing, an input may cost this.
const ALLOWANCE: usize = 1 << 20;

/// A fuzz target.
#[derive(Debug)]
pub struct Target {
    /// The name of its program and of its folder in `corpus`.
    pub name: &'static str,
    check: Check,
    /// Bytes that the code under test gets to read of an input.
    size: fn(&[u8]) -> usize,
    /// An input that changes nothing, where a whole engine is opened: what that takes is not the input's.
    nothing: Option<&'static [u8]>,
    base: OnceLock<usize>,
}

/// All targets.
pub static TARGETS: [Target; 9] = [
    Target::of_bytes("header", header::check),
    Target::of_bytes("record", record::check),
    Target::of_bytes("footer", footer::check),
    Target::of_bytes("index", index::check),
    Target::of_bytes("image", image::check),
    Target::of_bytes("entry", entry::check),
    Target::of_bytes("wal_replay", wal_replay::check).beyond(&[3]),
    Target::of_bytes("open", open::check).beyond(&[0]),
    Target::of_bytes("operations", operations::check).beyond(operations::NOTHING).sized(operations::size),
];

impl Target {
    const fn of_bytes(name: &'static str, check: Check) -> Self {
        Self { name, check, size: <[u8]>::len, nothing: None, base: OnceLock::new() }
    }

    const fn beyond(mut self, nothing: &'static [u8]) -> Self {
        self.nothing = Some(nothing);
        self
    }

    const fn sized(mut self, size: fn(&[u8]) -> usize) -> Self {
        self.size = size;
        self
    }

    /// The target of a name.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn named(name: &str) -> &'static Self {
        TARGETS.iter().find(|target| target.name == name).expect("a target of that name")
    }

    /// Checks an input, and that its memory stays below four times its size and 1 MiB, beyond what an input that changes
    /// nothing takes. One call at a time: memory is the process's.
    ///
    /// # Panics
    /// Where something is wrong; the message of too much memory has the figures.
    pub fn check(&self, input: &[u8]) {
        let base = *self.base.get_or_init(|| self.base());
        let peak = peak_of(|| (self.check)(input));
        let size = (self.size)(input);
        let bound = base + 4 * size + ALLOWANCE;
        assert!(
            peak <= bound,
            "{}: {peak} bytes of memory for an input of {size}: {bound} are allowed, {base} of them without an input",
            self.name
        );
    }

    fn base(&self) -> usize {
        let Some(nothing) = self.nothing else { return 0 };
        // The first time it makes what all inputs share.
        (self.check)(nothing);
        peak_of(|| (self.check)(nothing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::ALONE;

    fn takes(bytes: usize) {
        drop(std::hint::black_box(vec![1_u8; bytes]));
    }

    /// Takes a fixed megabyte, and what its first byte says in units of 64 KiB.
    fn check(input: &[u8]) {
        takes((1 << 20) + (usize::from(input[0]) << 16));
    }

    #[test]
    fn memory_up_to_the_bound_passes_and_more_is_named() {
        let _alone = ALONE.lock();
        let target = Target::of_bytes("test", check).beyond(&[0]);
        target.check(&[0]);
        target.check(&[15]);
        let input = [17];
        let failed = std::panic::catch_unwind(|| Target::of_bytes("test", check).beyond(&[0]).check(&input));
        let said = *failed.expect_err("17 times 64 KiB are too much").downcast::<String>().expect("a message");
        assert!(said.starts_with("test: 2162688 bytes of memory for an input of 1: "), "{said}");
        // Four times the input are allowed on top.
        let mut large = vec![0; 1 << 18];
        large[0] = 17;
        target.check(&large);
    }
}
