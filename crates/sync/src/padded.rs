//! A value alone on its cache lines.

use std::ops::{Deref, DerefMut};

/// Keeps `T` on cache lines of its own, so that a thread that writes a neighbour does not slow its readers.
///
/// 128 bytes: x86 prefetches lines in pairs, and Apple's lines are 128 bytes long.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Padded<T>(T);

impl<T> Padded<T> {
    /// `value`, padded.
    pub const fn new(value: T) -> Padded<T> {
        Padded(value)
    }
}

impl<T> Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Padded<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
