//! The demo with Novi as its user sees it: the built program, and a real browser.

use super::{DANA, DANAS_EMAIL};
use crate::browser::Browser;
use crate::click_through::{
    self, add_and_publish, is_back_and_known, is_signed_out, offered, open_mapping, shows,
    stands_at_the_login, told, until_told,
};
use crate::demo::Demo;

/// Of the staff, and so an administrator.
const ADA: &str = "ada.quill@assoc.example";

async fn sign_in(browser: &Browser, email: &str) {
    click_through::sign_in(browser, "#email", email).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_in_at_novi_and_an_administrator_gives_her_one_more_role_in_chromium() {
    let demo = Demo::with_ams("novi");
    let (dana, ada) = (Browser::start().await, Browser::start().await);

    // A stranger opens a members' page, and signs in.
    stands_at_the_login(&dana, &demo, "novi-01-login").await;
    sign_in(&dana, DANAS_EMAIL).await;
    let reasons = is_back_and_known(&dana, &demo, DANA, "novi-02-members").await;
    assert!(reasons.contains("safety_chair: On committee Safety as Chair"), "{reasons}");
    assert!(!reasons.contains("board:"), "{reasons}");
    administers(&demo, &ada, &dana).await;

    // A non-member is told what is missing and who can help.
    let nils = Browser::start().await;
    nils.open(&demo.url("/members")).await;
    sign_in(&nils, "nils.frost@people.example").await;
    nils.wait_for("h1").await;
    let page = nils.text("body").await;
    assert!(page.contains("Nils Frost"), "{page}");
    nils.screenshot("novi-13-refused").await;

    // Out by our own link: Novi's session ends too, and the page asks for a login again.
    dana.open(&demo.url("/_gate/logout")).await;
    dana.wait_for_url(&demo.url("/")).await;
    dana.screenshot("novi-14-signed-out").await;
    dana.open(&demo.url("/members")).await;
    sign_in(&dana, DANAS_EMAIL).await;
    dana.wait_for_url(&demo.url("/members")).await;

    // And out by Novi's own link.
    dana.open(&format!("http://127.0.0.1:{}/", demo.port + 1)).await;
    dana.wait_for("#logout").await;
    dana.screenshot("novi-15-account").await;
    dana.click("#logout").await;
    is_signed_out(&dana, &demo).await;
}

async fn administers(demo: &Demo, ada: &Browser, dana: &Browser) {
    ada.open(&demo.url("/_gate/admin")).await;
    sign_in(ada, ADA).await;
    ada.wait_for("main h1").await;
    ada.complaints().await; // Those about Novi's own pages.
    ada.screenshot("novi-03-overview").await;

    // The lists of Novi are offered by name.
    open_mapping(ada, demo, "novi-04-mapping").await;
    let committees = offered(ada, "committee-c0-committee").await;
    assert!(committees.contains("Education"), "{committees}");
    let events = offered(ada, "event-c0-event").await;
    assert!(events.contains("Annual Meeting"), "{events}");
    assert!(!ada.has("#security_role").await && !ada.has("#certification").await, "Novi has neither");
    assert!(!ada.has("#group-c0-self_subscribed").await, "nor lists on which people put themselves");

    // A new rule, previewed and published.
    ada.type_into("#group-c0-group", "Board").await;
    ada.type_into("#group-role", "board").await;
    assert!(!told(dana).await.contains("board:"));
    let gains = ["1 person gains board", "Dana Ruiz"];
    add_and_publish(ada, "#group", gains, ["novi-05-preview", "novi-06-published"]).await;
    let reasons = until_told(dana, "board: In the group Board").await;
    assert!(reasons.contains("safety_chair:"), "{reasons}");

    // One of its pages after the other.
    let dana = format!("/people?who={DANA}");
    let pages = [
        ("/status", "Event Annual Meeting", "novi-07-status"),
        ("/links", "/_gate/callback", "novi-08-links"),
        (dana.as_str(), "Dana Ruiz", "novi-09-people"),
        ("/people?who=lena.dahl@people.example", "Lena Dahl", "novi-10-people"),
        ("/mapping/rule", "Novi has no", "novi-11-rule"),
        ("/sessions", "Dana Ruiz", "novi-12-sessions"),
    ];
    shows(ada, demo, &pages).await;
}
