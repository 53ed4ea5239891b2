//! Real servers must read no path in a way that is not among our readings. The same comparison is fuzzed without end in `fuzz/`.

mod compare;
mod real;

use membergate::domain::path;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Paths that other gateways have fallen over, and those of real applications.
const SEEDS: &[&str] = &[
    "/",
    "/members/a",
    "/public/../members/a",
    "/public/%2e%2e/members/a",
    "/public/..%2fmembers/a",
    "/public%2f..%2fmembers%2fa",
    "/public/%2e%2e%2fmembers/a",
    "/public/.%2e/.%2e/members/./a",
    "//members/a",
    "//public/members/a",
    "///public//members///a",
    "/members//a",
    "/members/;x/a",
    "/members;x/a",
    "/public/..;/members/a",
    "/%6dembers/a",
    "/%256dembers/a",
    "/members%2fa",
    "/members\\a",
    "/public/..%5cmembers/a",
    "/members/a/",
    "/members/index.php/a//b",
    "/members/index.php/a%2fb",
    "/members/index.php/..%2f..%2fpublic/a",
    "/index.php/Steins;Gate",
    "/index.php/wiki/A//B",
    "/wiki/AC%2FDC",
    "/@scope%2fpkg",
    "/caf%E9",
    "/caf%C3%A9",
    "/100%25%20done",
    "/back%5Cslash",
    "/a%3fb",
    "/a%23b",
    "/..",
    "/../../members/a",
    "/a/..",
    "/.",
    "/members/.%2f/a",
    "/members/%2e",
    "/x//../members/a",
    "/x/..//members/a",
    "/x%2f%2f../members/a",
];

fn pieces() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "/",
        "/",
        "/",
        "/",
        "members",
        "members",
        "public",
        "index.php",
        "a",
        ".",
        "..",
        "..",
        ";",
        ";x",
        "\\",
        "%2f",
        "%2F",
        "%5c",
        "%3b",
        "%2e",
        "%2e%2e",
        "%25",
        "%252f",
        "%61",
        "%6d",
        "%20",
        "%C3%A9",
        "%E9",
        "%3f",
        "%23",
        ":",
        "@",
        "//",
        "/./",
        "/../",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| format!("/{}", pieces.concat()))
}

/// Seeds, then a bounded number of paths at random, the same in each run.
#[test]
fn what_real_servers_read_is_among_our_readings() {
    assert_eq!(real::missing(), [""; 0], "run scripts/install-web-servers.sh, as `./test` does");
    let real = real::Real::start();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let (mut runner, strategy) = (TestRunner::new_with_rng(Config::default(), rng), pieces());
    let drawn = (0..400).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let all: Vec<String> = SEEDS.iter().map(|seed| (*seed).to_owned()).chain(drawn).collect();
    let unknown: Vec<String> = all.iter().flat_map(|raw| compare::unknown_readings(&real, raw)).collect();
    assert!(unknown.is_empty(), "{} readings\n{}", unknown.len(), unknown.join("\n"));
    // Each server has served what it has, so that the comparison is not about refusals alone.
    let served = |raw: &str| {
        real.read(raw).iter().map(|said| said.by).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert!(
        served("/members/a") >= 6 && served("/members/index.php/x") >= 6,
        "{:?}",
        real.read("/members/a")
    );
}
