//! The administration as people see it, in a real browser.

use crate::admin::{STAFF, world};
use crate::browser::Browser;
use crate::world::{CHAIR, Plan, SECOND_MEMBERSHIP, World};

async fn sign_in(browser: &Browser, email: &str) {
    browser.wait_for("#main_content_Login_txtLoginUserName").await;
    browser.type_into("#main_content_Login_txtLoginUserName", email).await;
    browser.type_into("#main_content_Login_txtLoginPassword", "membergate").await;
    browser.click("#main_content_Login_LoginButton").await;
}

/// Whether the member's page, opened by a click, names the role.
async fn has_education(world: &World, jane: &Browser) -> bool {
    jane.open(&world.url("/members")).await;
    jane.wait_for("main").await;
    jane.execute("return fetch('/_gate/me').then((answer) => answer.json()).then((me) => me.roles.some((role) => role.role == 'education'))")
        .await
        == true
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_adds_a_rule_previews_publishes_and_rolls_back() {
    let world = world().await;
    let (jane, sam) = (Browser::start().await, Browser::start().await);
    jane.open(&world.url("/members")).await;
    sign_in(&jane, CHAIR).await;
    jane.wait_for_url(&world.url("/members")).await;
    assert!(!has_education(&world, &jane).await);
    world.visitor().sign_in(SECOND_MEMBERSHIP, world.url("/members")).await.expect(200);

    // Sam signs in through the AMS, and lands on the page that was asked for.
    sam.open(&world.url("/_gate/admin/mapping")).await;
    sign_in(&sam, STAFF).await;
    sam.wait_for_url("/_gate/admin/mapping").await;
    sam.complaints().await; // Those about the AMS's own pages.
    sam.click("form[action$=refresh] button").await;
    sam.wait_for_url("done=refreshed").await;
    let offered = "return [...document.getElementById('committee-c0-code').list.options].map((one) => one.value + ' ' + one.label).join('|')";
    let offered = sam.execute(offered).await;
    assert!(offered.as_str().unwrap().contains("EDU "), "the drop-down offers what the AMS lists: {offered}");

    sam.type_into("#committee-c0-code", "EDU").await;
    sam.type_into("#committee-role", "education").await;
    sam.click("#committee form.add button").await;
    sam.wait_for_url("done=saved").await;
    assert!(!has_education(&world, &jane).await, "a draft counts for nobody");

    sam.click(".draft a.button").await;
    sam.wait_for("form[action$=publish]").await;
    let gains = sam.text("section[aria-labelledby=gain]").await;
    assert!(gains.contains("2 people gain education") && gains.contains("Jane Marlowe"), "{gains}");
    sam.click("form[action$=publish] button").await;
    sam.wait_for_url("done=published").await;
    assert!(has_education(&world, &jane).await, "at the next click, without a new login");

    // Going back asks once more.
    sam.execute("window.confirm = () => true").await;
    sam.click("tbody tr:last-child form button").await;
    sam.wait_for_url("done=restored").await;
    assert!(!has_education(&world, &jane).await);
    assert_eq!(sam.complaints().await, Vec::<String>::new());
}

async fn world_with_a_provider() -> World {
    World::planned(Plan { more: "[admin]\nroles = [\"staff\"]\n[oidc]\n".to_owned(), ..Plan::default() })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_registers_a_forum_and_copies_its_secret() {
    let world = world_with_a_provider().await;
    let sam = Browser::start().await;
    sam.open(&world.url("/_gate/admin/clients")).await;
    sign_in(&sam, STAFF).await;
    sam.wait_for_url("/_gate/admin/clients").await;
    sam.complaints().await; // Those about the AMS's own pages.
    sam.click(".head a.button").await;
    sam.wait_for("#redirect_uris").await;
    sam.type_into("#name", "Harbour Forum").await;
    sam.type_into("#id", "forum").await;
    sam.type_into("#redirect_uris", "https://forum.harbour.example/auth/oidc/callback").await;
    sam.click("input[name=who][value=roles]").await;
    sam.click("#role-member").await;
    sam.click("form[action$=save] button").await;
    sam.wait_for("#secret").await;
    let secret = sam.execute("return document.getElementById('secret').value").await;
    assert!(secret.as_str().unwrap().len() >= 43);
    sam.screenshot("admin-client-secret").await;

    sam.click("main > .actions a.button").await;
    sam.wait_for("table").await;
    let list = sam.text("main").await;
    assert!(list.contains("Harbour Forum") && list.contains("Member"), "{list}");
    sam.click("tbody a.button").await;
    sam.wait_for("form[action$=remove]").await;
    assert!(!sam.text("body").await.contains(secret.as_str().unwrap()));
    sam.screenshot("admin-client").await;
    sam.execute("window.confirm = () => true").await;
    sam.click("form[action$=remove] button").await;
    sam.wait_for_url("done=client-removed").await;
    assert!(sam.text("main").await.contains("No client yet"));
    assert_eq!(sam.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_phone_and_is_readable_by_night() {
    let world = world_with_a_provider().await;
    let sam = Browser::start().await;
    sam.open(&world.url("/_gate/admin")).await;
    sign_in(&sam, STAFF).await;
    sam.wait_for("main h1").await;
    sam.complaints().await; // Those about the AMS's own pages.
    let pages = [
        "",
        "/mapping",
        "/mapping/rule",
        "/preview",
        "/versions",
        "/versions/compare?a=1&b=draft",
        "/files",
        "/migrate",
        "/try?who=100481",
        "/sessions",
        "/status",
        "/clients",
        "/clients/client",
        "/links",
        "/audit",
    ];
    for (look, width, height, dark) in
        [("light", 1280, 1400, false), ("dark", 1280, 1400, true), ("phone", 390, 1700, false)]
    {
        sam.look(width, height, dark).await;
        for page in pages {
            sam.open(&world.url(&format!("/_gate/admin{page}"))).await;
            sam.wait_for("main h1").await;
            let name: String =
                page.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            sam.screenshot(&format!("admin{name}-{look}")).await;
            let wider = sam.execute("return document.documentElement.scrollWidth - innerWidth").await;
            assert!(wider.as_i64().unwrap() <= 0, "{page} ({look}) is {wider} px wider than the screen");
        }
    }
    // On a phone the menu is a button.
    sam.click(".menu").await;
    sam.wait_for("#rooms a[aria-current=page]").await;
    sam.screenshot("admin-menu-phone").await;
    assert_eq!(sam.complaints().await, Vec::<String>::new());
}
