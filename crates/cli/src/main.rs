//! The `sutra` program.
#![forbid(unsafe_code)]
#![allow(dead_code)]

mod import;

fn main() {}
