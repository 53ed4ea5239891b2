//! The one integration binary. Every test is a story over the harness in `world`.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(unreachable_pub, reason = "nothing is published from here; `pub` says what other test files use")]

mod ams;
mod proxy;
mod sign_in;
mod world;
