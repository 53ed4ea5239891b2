//! The one integration binary. Every test is a story over the harness in `world`.

mod proxy;
