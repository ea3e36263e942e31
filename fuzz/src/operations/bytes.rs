//! Choices from an input, one byte each, so that a changed byte changes one choice.

/// What is left of the input. Beyond its end everything is zero.
#[derive(Clone, Debug)]
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(super) fn below(&mut self, bound: u8) -> u8 {
        self.byte() % bound
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }
}

/// Eight choices in one byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) fn of(bytes: &mut Bytes<'_>) -> Self {
        Self(bytes.byte())
    }

    pub(super) fn has(self, bit: u8) -> bool {
        self.0 >> bit & 1 == 1
    }

    /// Something, if a bit is set.
    pub(super) fn then<T>(self, bit: u8, make: impl FnOnce() -> T) -> Option<T> {
        self.has(bit).then(make)
    }
}
