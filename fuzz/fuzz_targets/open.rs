//! See [`sutra_fuzz::open`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("open").check(input));
