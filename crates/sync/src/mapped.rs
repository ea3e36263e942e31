//! Atomics and plain places in memory that somebody else laid out: mapped files, blocks cut out of chunks.
//!
//! loom's types are no bytes, so they cannot lie there. Outside loom these are the atomics of `std`, and saying what is read
//! and written plainly costs nothing and does nothing; under loom each address has a shadow, see `mapped_model.rs`.

pub use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicU64};

/// Says that the caller reads the plain bytes of a range that was written at once, such as a record.
#[inline(always)]
pub fn reads_bytes(_start: *const u8, _bytes: usize) {}

/// Says that the caller reads so many plain values, each of which was written on its own.
#[inline(always)]
pub fn reads_column<T>(_first: *const T, _count: usize) {}

/// Says that the caller writes the plain bytes of a range.
#[inline(always)]
pub fn writes(_start: *const u8, _bytes: usize) {}

/// Says that the caller has filled a range of bytes that nobody else has come upon yet, plain values and atomics alike.
#[inline(always)]
pub fn fresh(_start: *const u8, _bytes: usize) {}

/// Drops what owns a range of bytes. Whoever may still come upon these bytes is the caller's to rule out.
#[inline(always)]
pub fn free<M: 'static>(owner: M, _start: *const u8, _bytes: usize) {
    drop(owner);
}
