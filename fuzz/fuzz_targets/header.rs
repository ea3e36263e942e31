//! See [`sutra_fuzz::header`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("header").check(input));
