//! What each fuzz target does with its input, apart from the fuzzer: `tests/corpus.rs` does the same with the seeds on stable.
//!
//! | target | the input is |
//! |---|---|
//! | [`header`] | both header slots of `storage.dat` |
//! | [`record`] | records, and text that may be an id |
//! | [`footer`] | a footer |
//! | [`image`] | the beginning of an image |
//! | [`entry`] | an entry of the write log |
//! | [`wal_replay`] | a segment of the write-ahead log, or the entries in one |
//! | [`open`] | changes to a whole `storage.dat` |
//!
//! # What must hold
//! - No input makes anything panic, read out of bounds, or take memory that the input's size does not account for.
//! - What is decoded and encoded again stays the same.
//!
//! Checksums would keep every change from getting anywhere, so each target reads its input twice or as it says itself: as
//! it is, and with the checksums set right. No disk writes such bytes by accident, but what reads them is the same code.
//!
//! # What it does not do
//! It does not check that what comes out is right: the tests of the crates do.
//!
//! ```
//! // Not even a header's length.
//! sutra_fuzz::header::check(b"SUTRADAT");
//! ```
#![forbid(unsafe_code)]

pub mod entry;
pub mod footer;
pub mod header;
pub mod image;
pub mod open;
mod read;
pub mod record;
mod seal;
pub mod seeds;
mod valid;
pub mod wal_replay;

/// A check of one input. It panics where something is wrong.
pub type Check = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Check); 7] = [
    ("header", header::check),
    ("record", record::check),
    ("footer", footer::check),
    ("image", image::check),
    ("entry", entry::check),
    ("wal_replay", wal_replay::check),
    ("open", open::check),
];

/// As many bytes of `input` as `T` has, zeros where it is shorter.
fn filled<T: zerocopy::FromZeros + zerocopy::IntoBytes + zerocopy::FromBytes>(input: &[u8]) -> T {
    let mut value = T::new_zeroed();
    for (byte, given) in value.as_mut_bytes().iter_mut().zip(input) {
        *byte = *given;
    }
    value
}
