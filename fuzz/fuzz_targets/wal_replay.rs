//! See [`sutra_fuzz::wal_replay`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("wal_replay").check(input));
