//! What comes of good answers and of those that mean no: visitors' tokens, records by id, parts and their pages.

use secrecy::SecretString;

use super::*;
use crate::domain::code::Code;
use crate::domain::parts::{Codes, Part};

#[tokio::test]
async fn every_way_of_refusing_a_visitors_token_is_the_visitors_fault() {
    let ways: [fn() -> Response; 11] = [
        || status(400),
        || status(401),
        || status(403),
        || status(404),
        || StatusCode::NO_CONTENT.into_response(),
        || StatusCode::OK.into_response(),
        || "  \r\n".into_response(),
        || ok(json!(null)),
        || ok(json!({ "pageNumber": 1, "dataList": [] })),
        || ok(json!({ "pageNumber": 1, "dataList": null })),
        || ok(json!({ "pageNumber": 1 })),
    ];
    for (index, way) in ways.into_iter().enumerate() {
        let world = World::start(move |call: &Seen| call.is("FindBySsoToken").then(way)).await;
        assert_eq!(world.redeem(nothing()).await, Err(AmsError::ArrivalRefused), "way {index}");
        assert_eq!(world.ams.status().last_failure, None, "the AMS did not fail");
    }
}

#[tokio::test]
async fn forged_tokens_do_not_buy_a_handshake_each() {
    let world = World::start(|call: &Seen| call.is("FindBySsoToken").then(|| status(401))).await;
    for _ in 0..10 {
        assert_eq!(world.redeem(nothing()).await, Err(AmsError::ArrivalRefused));
    }
    assert_eq!(world.calls("authenticate"), 2, "the first one, and the renewal that did not help");
    assert_eq!(world.calls("FindBySsoToken"), 11);
    world.clock.forward(SignedDuration::from_secs(60));
    assert_eq!(world.redeem(nothing()).await, Err(AmsError::ArrivalRefused));
    assert_eq!(world.calls("authenticate"), 3, "a minute later the tokens may be the reason again");
}

#[tokio::test]
async fn a_token_of_another_shape_reaches_no_address() {
    let world = World::start(|_: &Seen| None).await;
    let claimed = IndividualId::parse(USER).unwrap();
    let arrival = Arrival {
        proof: SecretString::from("../../Profile/x"),
        kept: SecretString::default(),
        claimed: Some(claimed),
        logout_hint: None,
        is_verified: false,
    };
    assert_eq!(world.ams.redeem(&arrival, nothing(), Priority::Person).await, Err(AmsError::ArrivalRefused));
    assert_eq!(world.calls(""), 0);
}

#[tokio::test]
async fn only_the_parts_that_are_needed_are_fetched() {
    let world = World::start(|_: &Seen| None).await;
    let record = world.redeem(nothing()).await.unwrap();
    assert_eq!((record.id.as_str(), record.as_of()), (USER, world.clock.now()));
    assert_eq!((world.calls("Individuals/"), record.purchases), (1, None));

    let parts = Parts { committees: true, purchases: true, ..nothing() };
    let record = world.redeem(parts).await.unwrap();
    assert_eq!((record.committees, record.purchases), (Some(vec![]), Some(vec![])));
    assert_eq!(record.certifications, None);
    assert_eq!(world.calls("Individuals/"), 4);
    assert_eq!(world.calls(&format!("/Individuals/{USER}/Committees/1")), 1);
}

#[tokio::test]
async fn parts_are_fetched_side_by_side() {
    // An API that answers a part only once all five were asked for.
    let all_five = Arc::new(tokio::sync::Barrier::new(5));
    let api = Router::new().fallback(move |uri: Uri| async move {
        if uri.path().contains(USER) && uri.path().ends_with("/1") {
            all_five.wait().await;
            return ok(envelope(json!([])));
        }
        ok(envelope(json!([person(USER)])))
    });
    let base = serve(api).await;
    let world =
        World::start(move |call: &Seen| call.is("authenticate").then(|| authenticated(&base, 1))).await;
    let parts = Parts {
        committees: true,
        registrations: true,
        purchases: true,
        certifications: true,
        relationships: true,
        ..nothing()
    };
    assert!(world.redeem(parts).await.unwrap().relationships.is_some());
}

/// What each page of purchases is answered with, by page; and how many purchases come of it after how many calls.
async fn check_pages(what: &str, page: fn(usize) -> Response, entries: usize, calls: usize) {
    let world = World::start(move |call: &Seen| {
        let number = call.path.split_once("/Purchases/")?.1.parse().unwrap();
        Some(page(number))
    });
    let world = world.await;
    let record = world.redeem(Parts { purchases: true, ..nothing() }).await.unwrap();
    assert_eq!((record.purchases.unwrap().len(), world.calls("/Purchases/")), (entries, calls), "{what}");
}

fn two(page: usize) -> Value {
    json!([{ "productCode": format!("A{page}") }, { "productCode": format!("B{page}") }])
}

#[tokio::test]
async fn a_list_is_read_to_its_end_whatever_the_end_looks_like() {
    check_pages("empty list", |page| ok(envelope(if page > 2 { json!([]) } else { two(page) })), 4, 3).await;
    check_pages("null list", |page| ok(envelope(if page > 2 { json!(null) } else { two(page) })), 4, 3).await;
    check_pages(
        "204",
        |page| if page > 2 { StatusCode::NO_CONTENT.into_response() } else { ok(two(page)) },
        4,
        3,
    )
    .await;
    check_pages("202", |page| if page > 2 { status(202) } else { ok(envelope(two(page))) }, 4, 3).await;
    check_pages(
        "empty 200",
        |page| if page > 2 { "".into_response() } else { ok(envelope(two(page))) },
        4,
        3,
    )
    .await;
    check_pages("400", |page| if page > 2 { status(400) } else { ok(envelope(two(page))) }, 4, 3).await;
    check_pages("404", |page| if page > 2 { status(404) } else { ok(envelope(two(page))) }, 4, 3).await;
    check_pages("404 at once", |_| status(404), 0, 1).await;
    check_pages("400 at once", |_| status(400), 0, 1).await;
    check_pages("one object", |page| ok(two(page.min(1))[0].clone()), 1, 2).await;
    check_pages("page numbers are not looked at", |_| ok(two(1)), 2, 2).await;
    check_pages("the last page again", |page| ok(envelope(two(page.min(2)))), 4, 3).await;
}

fn product(code: &str) -> Code {
    Code::parse(code).unwrap()
}

/// Purchases of these products are needed.
fn of_products(codes: &[&str]) -> Parts {
    let products = Codes::These(codes.iter().map(|code| product(code)).collect());
    Parts { purchases: true, products, ..nothing() }
}

#[tokio::test]
async fn a_list_without_end_is_never_taken_for_whole() {
    let world = World::start(|call: &Seen| {
        let page = call.path.split_once("/Purchases/")?.1.parse().unwrap();
        Some(ok(envelope(two(page))))
    })
    .await;
    let parts = Parts { purchases: true, ..nothing() };
    let record = world.read_with(parts.clone()).await.unwrap().unwrap();
    assert_eq!((record.has_all(&parts), world.calls("/Purchases/")), (false, 100));
}

#[tokio::test]
async fn a_sign_in_makes_six_calls_at_most_and_what_it_lacks_is_unknown_until_it_was_read() {
    let world = World::start(|call: &Seen| {
        let (path, list) = [("/Purchases/", 8), ("/Committees/", 2)]
            .into_iter()
            .find_map(|(path, pages)| Some((call.path.split_once(path)?.1, pages)))?;
        let page: usize = path.parse().unwrap();
        Some(ok(envelope(if page > list { json!([]) } else { two(page) })))
    })
    .await;
    let parts = Parts { committees: true, purchases: true, ..nothing() };
    let record = world.redeem(parts.clone()).await.unwrap();
    assert_eq!((world.calls("/Individuals/"), world.calls("/Purchases/")), (6, 2));
    assert!(record.has_read(Part::Committees, None), "which took three calls");
    assert!(
        !record.has_read(Part::Purchases, None) && !record.has_read(Part::Purchases, Some(&product("A1")))
    );
    assert_eq!(record.purchases.map(|lines| lines.len()), Some(4));
    let whole = world.read_with(parts.clone()).await.unwrap().unwrap();
    assert!(whole.has_all(&parts));
    assert_eq!(whole.purchases.map(|lines| lines.len()), Some(16));
}

#[tokio::test]
async fn a_list_is_asked_for_by_the_codes_that_are_needed() {
    let world = World::start(|call: &Seen| {
        let (_, asked) = call.path.split_once("/Purchases/")?;
        let (page, code) = asked.split_once("?productCode=").unwrap();
        Some(ok(envelope(if page == "1" { json!([{ "productCode": code }]) } else { json!([]) })))
    })
    .await;
    let record = world.redeem(of_products(&["WEB1", "WEB2"])).await.unwrap();
    assert!(record.has_all(&of_products(&["web1", "web2"])));
    assert!(!record.has_all(&of_products(&["WEB3"])) && !record.has_all(&of_products(&["WEB*"])));
    assert_eq!(record.purchases.map(|lines| lines.len()), Some(2));
    assert_eq!(world.calls("/Purchases/1?productCode=WEB1"), 1);
    assert_eq!(world.calls("/Purchases/"), 4);
    let many = of_products(&["A1", "A2", "A3", "A4"]);
    let whole = World::start(|call: &Seen| call.is("/Purchases/").then(|| ok(json!([])))).await;
    assert!(whole.redeem(many.clone()).await.unwrap().has_all(&many));
    assert_eq!((whole.calls("/Purchases/"), whole.calls("productCode")), (1, 0), "for more codes all of it");
}

#[tokio::test]
async fn a_filter_that_is_not_looked_at_doubles_nothing_and_one_that_is_refused_is_left_out() {
    let world = World::start(|call: &Seen| {
        let (_, asked) = call.path.split_once("/Purchases/")?;
        Some(ok(envelope(if asked.starts_with('1') { two(1) } else { json!([]) })))
    })
    .await;
    let needed = of_products(&["A1", "B1"]);
    let record = world.redeem(needed.clone()).await.unwrap();
    assert_eq!((record.has_all(&needed), record.purchases.map(|lines| lines.len())), (true, Some(2)));

    let world = World::start(|call: &Seen| {
        let (_, asked) = call.path.split_once("/Purchases/")?;
        let refused = asked.contains('?');
        Some(if refused { status(400) } else { ok(envelope(if asked == "1" { two(1) } else { json!([]) })) })
    })
    .await;
    let record = world.redeem(needed.clone()).await.unwrap();
    let whole = Parts { purchases: true, ..nothing() };
    assert_eq!((record.has_all(&whole), record.purchases.map(|lines| lines.len())), (true, Some(2)));
    assert_eq!((world.calls("productCode"), world.calls("/Purchases/")), (2, 4));
}

#[tokio::test]
async fn a_page_shorter_than_one_that_was_followed_is_the_last() {
    let world = World::start(|call: &Seen| {
        let page = call.path.split_once("/Committees/")?.1.parse().unwrap();
        Some(ok(envelope(if page == 1 { two(1) } else { json!([two(page)[0]]) })))
    })
    .await;
    let record = world.redeem(Parts { committees: true, ..nothing() }).await.unwrap();
    assert_eq!((record.committees.map(|seats| seats.len()), world.calls("/Committees/")), (Some(3), 2));
}

#[tokio::test]
async fn a_part_that_fails_fails_the_record() {
    let ways: [(u16, AmsError); 3] =
        [(500, AmsError::Failed(500)), (401, AmsError::CredentialsRefused), (418, AmsError::Failed(418))];
    for (code, expect) in ways {
        let world = World::start(move |call: &Seen| call.is("/Committees/").then(|| status(code))).await;
        assert_eq!(world.redeem(Parts { committees: true, ..nothing() }).await, Err(expect));
    }
}

#[tokio::test]
async fn a_record_is_read_by_id() {
    let world = World::start(|_: &Seen| None).await;
    assert_eq!(world.read().await.unwrap().unwrap().profile.name, "Dr. Marisol Okafor");
    assert_eq!(world.calls(&format!("/Individuals/Profile/{USER}/1?IncludeDetails=true")), 1);
}

#[tokio::test]
async fn somebody_who_is_gone_is_none_and_somebody_else_is_an_error() {
    let gone: [fn() -> Response; 3] = [
        || status(404),
        || ok(json!({ "pageNumber": 1, "dataList": [] })),
        || ok(json!({ "pageNumber": 1, "dataList": null })),
    ];
    for way in gone {
        let world = World::start(move |call: &Seen| call.is("/Profile/").then(way)).await;
        assert_eq!(world.read().await, Ok(None));
    }
    let mishaps: [fn() -> Response; 3] = [|| status(400), || status(204), || "".into_response()];
    for way in mishaps {
        let world = World::start(move |call: &Seen| call.is("/Profile/").then(way)).await;
        let outcome = world.read().await;
        assert!(matches!(outcome, Err(AmsError::Failed(400) | AmsError::Unreadable(_))), "{outcome:?}");
    }
    for list in
        [json!([person(SSO)]), json!([person(USER), person(SSO)]), json!([{ "name": "x" }]), json!(["x"])]
    {
        let answer = list.clone();
        let world =
            World::start(move |call: &Seen| call.is("/Profile/").then(|| ok(envelope(answer.clone())))).await;
        let outcome = world.read().await;
        assert!(matches!(outcome, Err(AmsError::Unreadable(_))), "{list}: {outcome:?}");
    }
}
