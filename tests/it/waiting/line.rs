//! Places, turns and the order in which they come.

use jiff::SignedDuration;

use super::{
    a_minute_later, at_the_ams, in_line, one_call, place, scarce, scarce_as, tokens_shown, until_in, waits,
};
use crate::world::{Page, Plan, Visitor, World, eventually};

/// All come back from the AMS at the same moment.
async fn all_at_once(world: &World, people: Vec<(Visitor, String)>) -> Vec<(Visitor, Page)> {
    let mut returns = tokio::task::JoinSet::new();
    for (mut visitor, landed) in people {
        // On a new connection: the old one may have been idle for too long.
        let cookies = std::mem::take(&mut visitor.cookies);
        visitor = world.visitor();
        visitor.cookies = cookies;
        returns.spawn(async move {
            let page = visitor.open(landed).await;
            (visitor, page)
        });
    }
    returns.join_all().await
}

/// Time passes and browsers ask, until everybody is in. Gives the places at which people were let in, as their page last told them.
async fn everybody_comes_in(world: &World, mut waiting: Vec<(Visitor, Page)>, seconds: usize) {
    waiting.sort_by_key(|(_, page)| place(page));
    for second in 0..seconds {
        // Those at the end of the line ask too, and first: nobody overtakes by that.
        let mut still = Vec::new();
        let mut let_in = 0;
        for (mut visitor, page) in waiting.into_iter().rev() {
            let page = if let_in < 3 { visitor.open(page.url.as_str()).await.expect(200) } else { page };
            if waits(&page) {
                still.push((visitor, page));
            } else {
                assert_eq!(page.url.path(), "/members", "second {second}: {}", page.text);
                let_in += 1;
            }
        }
        still.reverse();
        waiting = still;
        if waiting.is_empty() {
            return;
        }
        world.forward(SignedDuration::from_secs(1));
    }
    panic!("{} people still wait", waiting.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_people_come_back_in_the_same_second_and_all_are_let_in() {
    let world = World::planned(Plan { calls_per_second: 3, calls_per_minute: 60, ..one_call() }).await;
    let mut people = Vec::new();
    for n in 0..60 {
        people.push(at_the_ams(&world, &format!("/members?n={n}")).await);
    }
    let (inside, waiting): (Vec<_>, Vec<_>) =
        all_at_once(&world, people).await.into_iter().partition(|(_, page)| !waits(page));
    assert!(inside.iter().chain(&waiting).all(|(_, page)| page.status == 200), "nobody sees an error");
    assert!(waiting.len() >= 40, "only those who could begin within three seconds went on: {}", inside.len());
    let mut places: Vec<usize> = waiting.iter().map(|(_, page)| place(page)).collect();
    places.sort_unstable();
    places.dedup();
    assert!(places.len() + 3 >= waiting.len(), "each has a place of their own: {places:?}");
    everybody_comes_in(&world, waiting, 90).await;
    assert_eq!(tokens_shown(&world), 60, "one call each");
    assert_eq!(world.people().api_calls(), 62, "and two for the tokens of the gateway");
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_come_in_the_order_of_coming() {
    let world = scarce(3).await;
    let mut line = Vec::new();
    for n in 0..7 {
        line.push(in_line(&world, &format!("/members?n={n}")).await);
    }
    let places: Vec<usize> = line.iter().map(|(_, page)| place(page)).collect();
    assert_eq!(places, [1, 2, 3, 4, 5, 6, 7]);
    for _ in 0..60 {
        world.forward(SignedDuration::from_secs(8));
        // The last ask first, and again and again.
        let mut inside = Vec::new();
        for n in (0..line.len()).rev() {
            let (visitor, page) = &mut line[n];
            *page = visitor.open(page.url.as_str()).await.expect(200);
            if !waits(page) {
                inside.push(n);
            }
        }
        assert!(inside.iter().all(|n| *n < inside.len()) && inside.len() <= 3, "{inside:?}");
        line.drain(..inside.len());
    }
    assert!(line.is_empty(), "{} still wait", line.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_overtakes_those_who_wait() {
    let world = scarce(3).await;
    let (mut first, waiting) = in_line(&world, "/members?first").await;
    a_minute_later(&world);
    // There is room for both, but the newcomer has to ask like everybody else.
    let (mut second, landed) = at_the_ams(&world, "/members?second").await;
    let back = second.get(landed).await.expect(303);
    assert_eq!(back.location().unwrap().path(), "/_gate/waiting");
    assert_eq!(until_in(&mut first, &waiting).await.url.as_str(), world.url("/members?first"));
    assert_eq!(
        second.open(back.location().unwrap()).await.expect(200).url.as_str(),
        world.url("/members?second")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_kept_over_reloads_of_the_callback_and_a_lost_connection() {
    let world = scarce(3).await;
    let (mut visitor, landed) = at_the_ams(&world, "/members?a=1#b").await;
    let attempt = visitor.clone();
    let back = visitor.get(&landed).await.expect(303);
    // The answer was lost on the way, so the browser asks again, with all that it had before.
    visitor.cookies.extend(attempt.cookies);
    let again = visitor.get(&landed).await.expect(303);
    assert_eq!(again.location(), back.location());
    let waiting = visitor.open(again.location().unwrap()).await.expect(200);
    assert_eq!((waits(&waiting), place(&waiting)), (true, 1));
    // Back in the history, without the attempt.
    let again = visitor.get(&landed).await.expect(303);
    assert_eq!(again.location(), back.location());
    assert_eq!(tokens_shown(&world), 1, "of the person who came first");
    a_minute_later(&world);
    assert_eq!(until_in(&mut visitor, &waiting).await.url.as_str(), world.url("/members?a=1#b"));
    // The page of the place is in the history too.
    assert_eq!(visitor.open(waiting.url.as_str()).await.url.as_str(), world.url("/members?a=1#b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_of_one_browser_have_one_place_and_each_ends_on_its_own_page() {
    let world = scarce(3).await;
    let mut visitor = world.visitor();
    let mut tabs = Vec::new();
    for page in ["/members?tab=1", "/members?tab=2#here"] {
        let mut shown = visitor.open(world.url(page)).await.expect(200);
        // The AMS knows the browser of the second tab already.
        if shown.url.path().ends_with("/account/login.aspx") {
            let landed = visitor.log_in_at_the_ams(super::CHAIR, &shown).await;
            shown = visitor.open(landed).await.expect(200);
        }
        tabs.push((world.url(page), shown));
    }
    assert!(tabs.iter().all(|(_, page)| waits(page) && place(page) == 1));
    let (_, behind) = in_line(&world, "/members?other").await;
    assert_eq!(place(&behind), 2);
    a_minute_later(&world);
    for (page, waiting) in tabs {
        assert_eq!(until_in(&mut visitor, &waiting).await.url.as_str(), page);
    }
    assert_eq!(tokens_shown(&world), 2, "one for both tabs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_tab_holds_up_nobody_and_finds_its_place_within_five_minutes() {
    let world = scarce(3).await;
    let (mut gone, closed) = in_line(&world, "/members?gone").await;
    let (mut second, waiting) = in_line(&world, "/members?second").await;
    assert_eq!(place(&waiting), 2);
    world.forward(SignedDuration::from_secs(50));
    // The second goes on asking, the first does not.
    eventually("the first is passed over", async || {
        let page = second.open(waiting.url.as_str()).await.expect(200);
        (place(&page) == 1).then_some(())
    })
    .await;
    let back = gone.open(closed.url.as_str()).await.expect(200);
    assert_eq!(place(&back), 1, "the number is kept");
    a_minute_later(&world);
    until_in(&mut second, &waiting).await.expect(200);
    world.forward(SignedDuration::from_mins(4));
    assert_eq!(until_in(&mut gone, &closed).await.url.as_str(), world.url("/members?gone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_minutes_a_place_is_gone_and_the_way_begins_again_by_itself() {
    let world = scarce(3).await;
    let (mut gone, closed) = in_line(&world, "/members?gone").await;
    world.forward(SignedDuration::from_mins(6));
    // The gateway has been up for long enough to forget, and looks every ten seconds.
    tokio::time::sleep(std::time::Duration::from_secs(12)).await;
    let page = gone.open(closed.url.as_str()).await.expect(200);
    assert_eq!(page.url.as_str(), world.url("/members?gone"), "the AMS knows the browser still");
    assert!(page.trail.iter().any(|url| url.path().ends_with("/account/login.aspx")), "{:?}", page.trail);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_no_place_and_no_call_that_was_made() {
    let mut world = scarce(3).await;
    let (mut first, waiting) = in_line(&world, "/members?first").await;
    let (mut second, behind) = in_line(&world, "/members?second").await;
    world.close_gate().await;
    world.open_gate().await;
    for (visitor, page, expected) in [(&mut second, &behind, 2), (&mut first, &waiting, 1)] {
        eventually("the place is where it was", async || {
            let page = visitor.open(page.url.as_str()).await.expect(200);
            (waits(&page) && place(&page) == expected).then_some(())
        })
        .await;
    }
    assert_eq!(tokens_shown(&world), 1, "the calls of the minute are counted over a restart");
    a_minute_later(&world);
    assert_eq!(until_in(&mut first, &waiting).await.url.as_str(), world.url("/members?first"));
    // The second has its turn, but a new gateway needs tokens of its own first.
    a_minute_later(&world);
    assert_eq!(until_in(&mut second, &behind).await.url.as_str(), world.url("/members?second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_of_the_configuration_keeps_the_line_and_takes_over_its_limit() {
    let world = scarce(3).await;
    let (mut first, waiting) = in_line(&world, "/members?first").await;
    let mut settings = world.settings();
    settings.ams.waiting_per_network = 1;
    world.gate().reload(&settings).unwrap();
    let (mut second, landed) = at_the_ams(&world, "/members?second").await;
    let told = second.open(&landed).await.expect(503);
    assert!(told.text.contains("no place left") && told.text.contains("5 minutes"), "{}", told.text);
    assert!(told.header("retry-after").is_some());
    let page = first.open(waiting.url.as_str()).await.expect(200);
    assert_eq!((waits(&page), place(&page)), (true, 1));
    a_minute_later(&world);
    until_in(&mut first, &waiting).await.expect(200);
    // The button of the page works.
    let link = told.attribute("class=\"button\"", "href").unwrap();
    let page = second.open(told.url.join(&link).unwrap()).await.expect(200);
    assert_eq!(page.url.as_str(), world.url("/members?second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_another_environment_is_live_the_way_begins_again_there() {
    let mut world = scarce(3).await;
    let (mut visitor, waiting) = in_line(&world, "/members?a=1").await;
    world.close_gate().await;
    world.plan.live = "staging";
    world.open_gate().await;
    let page = visitor.open(waiting.url.as_str()).await.expect(200);
    assert!(page.url.path().starts_with("/staging/account/login.aspx"), "{}", page.url);
    assert!(
        visitor.cookie("localhost", "membergate-waiting").is_none(),
        "what was brought is of no use there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_given_a_place_for_more_than_half_an_hour() {
    let ams = "waiting_per_network = 1000";
    let world = scarce_as(Plan { calls_per_second: 3, calls_per_minute: 3, ams, ..one_call() }).await;
    let mut waiting = 0;
    for _ in 0..120 {
        let (mut visitor, landed) = at_the_ams(&world, "/members").await;
        let page = visitor.open(landed).await;
        if page.status == 503 {
            assert!(page.text.contains("no place left"), "{}", page.text);
            break;
        }
        waiting += 1;
    }
    assert!((80..=95).contains(&waiting), "{waiting}");
}
