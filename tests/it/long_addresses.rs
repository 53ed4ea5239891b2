//! Addresses of every length come back whole after a sign-in, up to the one limit; and nobody else reads them.

use jiff::SignedDuration;
use reqwest::Method;

use crate::oidc::OpenIdWorld;
use crate::oidc::party::answer;
use crate::world::{CHAIR, Page, Visitor, World};

/// Longest address that comes back whole.
const LIMIT: usize = 8192;

/// Around each limit that there is, and in between.
const LENGTHS: [usize; 22] = [
    16, 17, 100, 792, 793, 794, 1023, 1024, 1025, 1535, 1536, 1537, 1538, 2047, 2048, 2049, 4096, 6000, 8191,
    8192, 8193, 9000,
];

/// Path and query of so many bytes, with characters that encodings make longer.
fn page_of(length: usize) -> String {
    let start = "/members?q=a%20b";
    let filler = "&x=%2F%C3%A9+1/?:@~".chars().cycle().take(length - start.len()).collect::<String>();
    // An escape is not cut in the middle.
    let mut text = format!("{start}{filler}");
    if let Some(at) = text.get(length - 2..).and_then(|end| end.find('%')) {
        text.replace_range(length - 2 + at..length, &"x".repeat(2 - at));
    }
    assert_eq!(text.len(), length);
    text
}

/// A browser that the AMS knows: every sign-in bounces straight back.
async fn known(world: &World) -> Visitor {
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    jane
}

fn signed_out(jane: &Visitor) -> Visitor {
    let mut jane = jane.clone();
    jane.cookies.retain(|(_, name), _| !name.starts_with("membergate"));
    jane
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_page_of_any_length_comes_back_with_query_and_fragment() {
    let world = World::start().await;
    let jane = known(&world).await;
    for length in LENGTHS {
        for fragment in ["", "#part-2"] {
            let page = page_of(length);
            let asked = world.url(&format!("{page}{fragment}"));
            let landed = signed_out(&jane).open(&asked).await.expect(200);
            let expect = match length {
                _ if length > LIMIT => world.url(&format!("/members{fragment}")),
                _ if length + fragment.len() > LIMIT => world.url(&page),
                _ => asked,
            };
            // A browser keeps a fragment that the last redirect does not name.
            let landed = landed.url.as_str().to_owned();
            let landed = if expect.contains('#') { landed } else { landed.replace("#part-2", "") };
            assert_eq!(landed, expect, "{length}{fragment}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_the_login_may_be_as_long() {
    let world = World::start().await;
    let jane = known(&world).await;
    for length in LENGTHS {
        let page = page_of(length);
        for go in ["", "&go=1"] {
            let encoded: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
            let login = world.url(&format!("/_gate/login?return_to={encoded}{go}"));
            let landed = signed_out(&jane).open(login).await.expect(200);
            let expect = if length > LIMIT { "/members" } else { &page };
            assert_eq!(landed.url.as_str(), world.url(expect), "{length}{go}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_keeps_its_path_and_a_page_says_so() {
    let world = World::start().await;
    let mut stranger = world.visitor();
    let login = stranger.get(world.url(&page_of(LIMIT + 1))).await.expect(302).location().unwrap();
    let page = stranger.get(login).await.expect(200);
    assert!(page.text.contains("Part of the address is lost"), "{}", page.text);
    assert!(
        !page.text.contains("<script>") && !page.text.contains("http-equiv"),
        "the person reads it first"
    );
    let form = stranger.open(world.url(&page.attribute("id=\"go\"", "href").unwrap())).await;
    let landed = stranger.log_in_at_the_ams(CHAIR, &form).await;
    assert_eq!(stranger.open(landed).await.expect(200).url.as_str(), world.url("/members"));
}

/// The address may hold a secret. Whoever sees the link to the login does not see the address.
#[tokio::test(flavor = "multi_thread")]
async fn another_browser_reads_nothing_of_a_long_address() {
    let world = World::start().await;
    let jane = known(&world).await;
    let page = page_of(4000);
    let mut first = signed_out(&jane);
    let login = first.get(world.url(&page)).await.expect(302).location().unwrap();
    assert!(login.as_str().len() < 300, "{login}");
    let mut other = signed_out(&jane);
    let landed = other.open(&login).await.expect(200);
    assert_eq!(landed.url.as_str(), world.url("/members"));
    assert!(landed.trail.iter().all(|url| !url.as_str().contains("%C3%A9")), "{:?}", landed.trail);
    // Nor with a key that somebody has planted, nor with the handle as a key.
    let handle = login.query_pairs().find(|(name, _)| name == "kept").unwrap().1.into_owned();
    let padded = format!("{handle}{}", "A".repeat(43 - handle.len()));
    for planted in [handle.clone(), padded] {
        let mut other = signed_out(&jane);
        other.plant("localhost", &format!("membergate-return-{handle}"), &planted);
        assert_eq!(other.open(&login).await.expect(200).url.as_str(), world.url("/members"));
    }
    // The first goes back, reloads, and comes to its page each time.
    for _ in 0..2 {
        let mut tab = first.clone();
        assert_eq!(tab.open(&login).await.expect(200).url.as_str(), world.url(&page));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_tabs_with_long_addresses_all_end_on_their_own_page() {
    let world = World::start().await;
    let mut jane = known(&world).await;
    jane = signed_out(&jane);
    let mut tabs = Vec::new();
    for n in 0..20 {
        let page = world.url(&format!("{}&tab={n}", page_of(3000)));
        tabs.push((page.clone(), jane.get(&page).await.expect(302).location().unwrap()));
    }
    for (page, login) in tabs {
        assert_eq!(jane.open(login).await.expect(200).url.as_str(), page);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_slowly_comes_to_the_path_and_is_told() {
    let world = World::start().await;
    let mut jane = world.visitor();
    let form = jane.open(world.url(&page_of(4000))).await.expect(200);
    world.forward(SignedDuration::from_mins(16));
    let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
    let clean = jane.get(landed).await.expect(303).location().unwrap();
    let page = jane.get(clean).await.expect(200);
    assert!(
        page.text.contains("You are signed in") && page.text.contains("could not keep all"),
        "{}",
        page.text
    );
    let link = page.attribute("id=\"go\"", "href").unwrap();
    assert_eq!(
        jane.open(page.url.join(&link).unwrap()).await.expect(200).url.as_str(),
        world.url("/members")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_posted_to_a_long_address_leads_to_a_login_that_knows_it() {
    let world = World::start().await;
    let jane = known(&world).await;
    for length in [1000, 1537, 5000, 8192] {
        let mut jane = signed_out(&jane);
        let page = page_of(length);
        let kept = jane.post(world.url(&page), &[("subject", "dues")]).await.expect(401);
        let login = kept.attribute("target=\"_blank\"", "href").unwrap();
        assert_eq!(jane.open(world.url(&login)).await.expect(200).url.as_str(), world.url(&page), "{length}");
    }
}

fn state_of(page: &Page) -> String {
    answer(page)["state"].clone()
}

/// A client's request by GET and POST, for people who are signed in and for those who are not.
#[tokio::test(flavor = "multi_thread")]
async fn a_clients_state_of_any_length_comes_back() {
    let provider = OpenIdWorld::start().await;
    let world = &provider.world;
    let jane = known(world).await;
    let rest = provider.request("app", &["state=", "nonce=n"]).len();
    for length in [0, 1, 500, 792, 793, 1000, 1024, 1025, 1400, 1536, 2000, 2048, 4096, 7000, LIMIT - rest] {
        let state: String = "aB3-_.~xyz".chars().cycle().take(length).collect();
        let change = if length == 0 { "state".to_owned() } else { format!("state={state}") };
        let query = provider.request("app", &[&change, "nonce=n"]);
        for by_post in [false, true] {
            for is_signed_in in [true, false] {
                let mut jane = if is_signed_in { jane.clone() } else { signed_out(&jane) };
                let address = world.url("/_gate/oidc/authorize");
                let landed = if by_post {
                    let headers = [("content-type", "application/x-www-form-urlencoded")];
                    let sent = jane.request(Method::POST, &address, &headers, Some(query.clone())).await;
                    jane.open(sent.expect(303).location().unwrap()).await
                } else {
                    jane.open(format!("{address}?{query}")).await
                };
                let what = format!("{length} post={by_post} signed_in={is_signed_in}: {}", landed.text);
                assert_eq!(landed.status, 200, "{what}");
                assert!(answer(&landed).contains_key("code"), "{what}");
                if length > 0 {
                    assert_eq!(state_of(&landed), state, "{what}");
                }
            }
        }
    }
    // What is longer is told to the client.
    let state = "a".repeat(LIMIT - 100);
    let page = signed_out(&jane).open(provider.ask("app", &[&format!("state={state}")])).await;
    assert_eq!((answer(&page)["error"].as_str(), state_of(&page)), ("invalid_request", state));
}
