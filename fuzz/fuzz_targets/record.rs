//! See [`sutra_fuzz::record`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("record").check(input));
