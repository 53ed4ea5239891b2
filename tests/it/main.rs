//! The one integration binary. Every test is a story over the harness in `world`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops and says why"
)]
#![expect(unreachable_pub, reason = "nothing is published from here; `pub` marks what other test files use")]

mod admin;
mod admin_story;
mod administer;
mod ams;
mod ams_reading;
mod applications;
mod awaited_mapping;
mod behind_tls;
mod browser;
mod check_again;
mod citations;
mod click_through;
mod clock;
mod community;
mod contact;
mod crash;
mod deliveries;
mod demo;
mod directory;
mod endings;
mod failing_ams;
mod forward_auth;
mod garbage;
mod growthzone;
mod guarded;
mod hooks;
mod import_graph;
mod logout;
mod logout_everywhere;
mod long_addresses;
mod long_lists;
mod managed_roles;
mod novi;
mod oidc;
mod on_postgres;
mod operations;
mod own_lists;
mod own_pages;
mod paths;
mod people;
mod prefetch;
mod process;
mod promises;
mod proxy;
mod refusals;
mod roles;
mod rush;
mod sessions;
mod sign_in;
mod sim_higher_logic;
mod source_text;
mod store_files;
mod texts;
mod tidy;
mod view_as;
mod waiting;
mod wordpress;
mod world;
