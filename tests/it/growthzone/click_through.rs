//! The demo with GrowthZone as its user sees it: the built program, and a real browser.

use super::DANA;
use crate::browser::Browser;
use crate::click_through::{
    self, add_and_publish, is_back_and_known, is_signed_out, offered, open_mapping, shows,
    stands_at_the_login, told, until_told,
};
use crate::demo::Demo;

/// Signs in at the Info Hub, and grants the website to know who it is, as everybody does once.
async fn sign_in(browser: &Browser, username: &str, picture: Option<&str>) {
    click_through::sign_in(browser, "#username", username).await;
    browser.wait_for("#grant").await;
    if let Some(picture) = picture {
        browser.screenshot(picture).await;
    }
    browser.click("#grant").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_in_at_growthzone_and_an_administrator_gives_her_one_more_role_in_chromium() {
    let demo = Demo::with_ams("growthzone");
    let (dana, ada) = (Browser::start().await, Browser::start().await);

    // A stranger opens a members' page, and signs in.
    stands_at_the_login(&dana, &demo, "growthzone-01-login").await;
    sign_in(&dana, "druiz", Some("growthzone-02-consent")).await;
    let reasons = is_back_and_known(&dana, &demo, DANA, "growthzone-03-members").await;
    assert!(reasons.contains("safety_chair: On committee Safety Committee as Chair"), "{reasons}");
    administers(&demo, &ada, &dana).await;

    // A non-member is told what is missing and who can help.
    let nils = Browser::start().await;
    nils.open(&demo.url("/members")).await;
    sign_in(&nils, "nfrost", None).await;
    nils.wait_for_url(&demo.url("/members")).await;
    nils.wait_for("h1").await;
    let page = nils.text("body").await;
    assert!(page.contains("Nils Frost"), "{page}");
    nils.screenshot("growthzone-14-refused").await;

    // Out by our own link: the Info Hub sees its own token and asks nothing, and its session ends too.
    dana.open(&demo.url("/_gate/logout")).await;
    dana.wait_for_url(&demo.url("/")).await;
    dana.screenshot("growthzone-15-signed-out").await;
    dana.open(&demo.url("/members")).await;
    click_through::sign_in(&dana, "#username", "druiz").await;
    dana.wait_for_url(&demo.url("/members")).await;

    // And out by the Info Hub's own link, which asks.
    dana.open(&format!("http://127.0.0.1:{}/", demo.port + 1)).await;
    dana.wait_for("#logout").await;
    dana.screenshot("growthzone-16-info-hub").await;
    dana.click("#logout").await;
    dana.wait_for("form #logout").await;
    dana.screenshot("growthzone-17-log-out").await;
    dana.click("form #logout").await;
    is_signed_out(&dana, &demo).await;
}

async fn administers(demo: &Demo, ada: &Browser, dana: &Browser) {
    ada.open(&demo.url("/_gate/admin")).await;
    sign_in(ada, "aquill", None).await;
    ada.wait_for("main h1").await;
    ada.wait_for_url("/_gate/admin").await;
    ada.complaints().await; // Those about the Info Hub's own pages.
    ada.screenshot("growthzone-04-overview").await;

    // The lists of GrowthZone are offered by name.
    open_mapping(ada, demo, "growthzone-05-mapping").await;
    for (field, name) in [
        ("committee-c0-committee", "Safety Committee"),
        ("group-c0-group", "Newsletter"),
        ("event-c0-event", "Annual Meeting"),
        ("membership_type-c0-membership_type", "Individual"),
    ] {
        let choices = offered(ada, field).await;
        assert!(choices.contains(name), "{field}: {choices}");
    }
    assert!(!ada.has("#security_role").await && !ada.has("#purchase").await, "GrowthZone has neither");
    assert!(ada.has("#group-c0-self_subscribed").await, "it has lists on which people put themselves");

    // A new rule, previewed and published.
    ada.type_into("#committee-c0-committee", "Safety Committee").await;
    ada.type_into("#committee-role", "safety").await;
    assert!(!told(dana).await.contains("safety:"));
    let gains = ["1 person gains safety", "Dana Ruiz"];
    add_and_publish(ada, "#committee", gains, ["growthzone-06-preview", "growthzone-07-published"]).await;
    let reasons = until_told(dana, "safety: On committee Safety Committee").await;
    assert!(reasons.contains("safety_chair:"), "{reasons}");

    // One of its pages after the other.
    let dana = format!("/people?who={DANA}");
    let pages = [
        ("/status", "Safety Committee", "growthzone-08-status"),
        ("/links", "/_gate/callback", "growthzone-09-links"),
        (dana.as_str(), "Dana Ruiz", "growthzone-10-people"),
        ("/people?who=gus.teller@people.example", "Gus Teller", "growthzone-11-people"),
        ("/mapping/rule", "GrowthZone has no", "growthzone-12-rule"),
        ("/sessions", "Dana Ruiz", "growthzone-13-sessions"),
    ];
    shows(ada, demo, &pages).await;
}
