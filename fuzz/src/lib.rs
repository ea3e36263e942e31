//! What each fuzz target does with its input, apart from the fuzzer: `tests/corpus.rs` does the same with the seeds on stable.
//!
//! | target | the input is | structures |
//! |---|---|---|
//! | [`header`] | both header slots of `storage.dat` | header |
//! | [`record`] | records, and text that may be an id | records, ids |
//! | [`footer`] | a footer | footer, extents, catalogue, access counters; its Bloom filter and index |
//! | [`index`] | ids; a filter and an index | Bloom filter and index by themselves, built and given |
//! | [`image`] | an image | header, sums, rows, columns; its Bloom filter and id table |
//! | [`entry`] | an entry of the write log | operations |
//! | [`wal_replay`] | a segment of the write-ahead log, or the entries in one | segments, groups; replay |
//! | [`open`] | changes to a whole `storage.dat` | all of the file; open, read all, write, checkpoint |
//! | [`operations`] | writes, waits, closes, kills, faults and power cuts | the whole engine, beside a model |
//!
//! # What must hold
//! - No input makes anything panic, read out of bounds, or take more memory than four times its size and 1 MiB
//!   ([`Target::check`]).
//! - What is decoded and encoded again stays the same.
//! - What `operations` finds after a crash is what some sequence had made of the store, with everything acknowledged.
//!
//! Checksums would keep every change from getting anywhere, so each target reads its input twice or as it says itself: as
//! it is, and with the checksums set right. No disk writes such bytes by accident, but what reads them is the same code.
//!
//! # What it does not do
//! - But for `index` and `operations`, it does not check that what comes out is right: the tests of the crates do.
//! - Memory is what is asked for, not what the system backs. That of the simulated disk is not counted, nor what an engine
//!   takes without any input (under a fuzzer its tables are smaller: `cfg(fuzzing)` in `sutra-snapshot`).
//! - The engine's threads take turns as they like: an input of `operations` that fails may pass when it is run again.
//!
//! ```
//! // Not even a header's length.
//! sutra_fuzz::header::check(b"SUTRADAT");
//! ```
#![deny(unsafe_code)]

mod disk;
pub mod entry;
pub mod footer;
pub mod header;
pub mod image;
pub mod index;
mod memory;
pub mod open;
pub mod operations;
mod read;
pub mod record;
mod seal;
pub mod seeds;
mod target;
mod valid;
pub mod wal_replay;

pub use target::{Check, TARGETS, Target};

/// As many bytes of `input` as `T` has, zeros where it is shorter.
fn filled<T: zerocopy::FromZeros + zerocopy::IntoBytes + zerocopy::FromBytes>(input: &[u8]) -> T {
    let mut value = T::new_zeroed();
    for (byte, given) in value.as_mut_bytes().iter_mut().zip(input) {
        *byte = *given;
    }
    value
}
