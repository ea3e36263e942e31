//! See [`sutra_fuzz::index`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("index").check(input));
