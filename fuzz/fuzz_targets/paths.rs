//! Whatever path is drawn, nginx, Apache and PHP read it in one of our ways, or nobody gets it.

#![no_main]

#[path = "../../tests/it/paths/compare.rs"]
mod compare;
#[path = "../../tests/it/paths/real.rs"]
mod real;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use membergate::domain::path;

static REAL: LazyLock<real::Real> = LazyLock::new(real::Real::start);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.len() > 512 || text.contains('?') {
        return;
    }
    let unknown = compare::unknown_readings(&REAL, &format!("/{text}"));
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
});
