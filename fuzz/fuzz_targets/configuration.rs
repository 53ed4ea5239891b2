//! See `membergate::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| membergate::fuzzing::configuration(bytes));
