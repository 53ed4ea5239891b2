//! The one integration binary. Every test is a story over the harness in `world`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops and says why"
)]
#![expect(unreachable_pub, reason = "nothing outside this binary sees its parts")]

mod ams;
mod browser;
mod demo;
mod oidc;
mod sign_in;
mod source_text;
mod tidy;
mod world;
