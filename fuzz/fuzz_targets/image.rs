//! See [`sutra_fuzz::image`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("image").check(input));
