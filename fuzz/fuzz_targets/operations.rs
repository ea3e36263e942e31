//! See [`sutra_fuzz::operations`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sutra_fuzz::Target::named("operations").check(input));
