//! The one integration binary. Every test is a story over the harness in `world`.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops and says why")]

mod ams;
mod browser;
mod proxy;
mod sign_in;
mod source_text;
mod tidy;
mod world;
