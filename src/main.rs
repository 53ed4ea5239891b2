//! membergate
fn main() {}
