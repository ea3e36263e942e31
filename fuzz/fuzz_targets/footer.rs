//! See [`sutra_fuzz::footer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("footer").check(input));
