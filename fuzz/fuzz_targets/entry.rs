//! See [`sutra_fuzz::entry`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("entry").check(input));
