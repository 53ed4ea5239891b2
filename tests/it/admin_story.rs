//! The administration as people see it, in a real browser.

use crate::admin::{STAFF, world};
use crate::browser::Browser;
use crate::world::{CHAIR, Plan, SECOND_MEMBERSHIP, World};

/// Every page of the administration.
const PAGES: [&str; 16] = [
    "",
    "/mapping",
    "/mapping/rule",
    "/preview",
    "/versions",
    "/versions/compare?a=1&b=draft",
    "/files",
    "/migrate",
    "/people?who=100481",
    "/sessions",
    "/status",
    "/deliveries",
    "/clients",
    "/clients/client",
    "/links",
    "/audit",
];

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
    let offered = "return [...document.getElementById('committee-c0-committee').list.options].map((one) => one.value + ' ' + one.label).join('|')";
    let offered = sam.execute(offered).await;
    assert!(offered.as_str().unwrap().contains("EDU "), "the drop-down offers what the AMS lists: {offered}");

    sam.type_into("#committee-c0-committee", "EDU").await;
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

/// Per page, what Enter in a field would press where that is not the form's main button: the first of its submit buttons, in the order of
/// the document (HTML, "implicit submission").
const WRONG_DEFAULTS: &str = "
    return [...document.forms].flatMap((form) => {
        const submits = [...form.elements].filter((one) => one.matches('button:not([type]), [type=submit], [type=image]'));
        const main = submits.find((one) => one.matches('.button:not(.second, .bad)')) ?? submits[0];
        const [pressed] = submits;
        const same = pressed && pressed.name === main.name && pressed.value === main.value;
        return !pressed || same ? [] : [form.getAttribute('action') + ': ' + pressed.textContent];
    })";

#[tokio::test(flavor = "multi_thread")]
async fn enter_in_any_form_of_the_administration_does_what_its_main_button_says() {
    let world = world_with_a_provider().await;
    let sam = Browser::start().await;
    sam.open(&world.url("/_gate/admin")).await;
    sign_in(&sam, STAFF).await;
    sam.wait_for("main h1").await;
    // With a draft and two rules, so that the pages show all their forms.
    for (committee, role) in [("EDU", "education"), ("FIN", "finance")] {
        sam.open(&world.url("/_gate/admin/mapping")).await;
        sam.type_into("#committee-c0-committee", committee).await;
        sam.type_into("#committee-role", role).await;
        sam.click("#committee form.add button").await;
        sam.wait_for_url("done=saved").await;
    }
    let edit = "return document.querySelector('a[href*=\"rule?key\"]').getAttribute('href')";
    let rule = sam.execute(edit).await.as_str().unwrap().trim_start_matches("/_gate/admin").to_owned();
    let mut forms = 0;
    for page in PAGES.into_iter().chain([&*rule]) {
        sam.open(&world.url(&format!("/_gate/admin{page}"))).await;
        sam.wait_for("main h1").await;
        forms += sam.execute("return document.forms.length").await.as_u64().unwrap();
        let wrong = sam.execute(WRONG_DEFAULTS).await;
        assert_eq!(wrong, serde_json::json!([]), "{page}");
    }
    assert!(forms > 25, "{forms} forms are too few to be all");

    // With the key itself: a rule with two conditions is saved with both.
    sam.open(&world.url(&format!("/_gate/admin{rule}"))).await;
    sam.click("button[value=add]").await;
    sam.wait_for("#c1-membership_type").await;
    sam.type_into("#c1-membership_type", "CORPGOLD").await;
    sam.type_into("#label", "Education\u{e007}").await;
    sam.wait_for_url("done=saved").await;
    let combined = sam.text("#combined").await;
    assert!(combined.contains("EDU") && combined.contains("CORPGOLD"), "{combined}");

    // A condition that is taken away is named, and comes back by Undo.
    sam.click("#combined tbody a.button").await;
    sam.wait_for("button[value=drop-0]").await;
    sam.click("button[value=drop-0]").await;
    sam.wait_for("[role=status] button[value=undo]").await;
    let told = sam.text("[role=status]").await;
    assert!(told.contains("Taken away: Committee EDU"), "{told}");
    assert!(!sam.has("button[value=drop-1]").await);
    sam.screenshot("admin-rule-undo").await;
    sam.click("button[value=undo]").await;
    sam.wait_for("button[value=drop-1]").await;
    let first = sam.execute("return document.querySelector('#c0-committee').value").await;
    assert_eq!(first, "EDU", "in its place");
}

async fn world_with_a_provider() -> World {
    let more = "[admin]\nroles = [\"staff\"]\n[oidc]\n".to_owned();
    World::planned(Plan { more, directory: "in_step = true".to_owned(), ..Plan::default() }).await
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
    for (look, width, height, dark) in
        [("light", 1280, 1400, false), ("dark", 1280, 1400, true), ("phone", 390, 1700, false)]
    {
        sam.look(width, height, dark).await;
        for page in PAGES {
            sam.open(&world.url(&format!("/_gate/admin{page}"))).await;
            sam.wait_for("main h1").await;
            let name: String =
                page.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            sam.screenshot(&format!("admin{name}-{look}")).await;
            let wider = sam.execute("return document.documentElement.scrollWidth - innerWidth").await;
            assert!(wider.as_i64().unwrap() <= 0, "{page} ({look}) is {wider} px wider than the screen");
        }
    }
    // The comparison of long names and addresses, too.
    let row = "a.very.long.first-name-and-a.very.long.last-name@people-of-the-harbour.example";
    let table = format!(
        "user_login,user_email,roles,ams_id\n{row},{row},administrator|education_committee_of_the_whole_association,\n"
    );
    sam.open(&world.url("/_gate/admin/migrate")).await;
    sam.execute(&format!("document.getElementById('users-text').value = {}", serde_json::json!(table))).await;
    sam.click("form[action$=migrate] button").await;
    sam.wait_for(".tiles").await;
    sam.screenshot("admin-comparison-phone").await;
    let wider = sam.execute("return document.documentElement.scrollWidth - innerWidth").await;
    assert!(wider.as_i64().unwrap() <= 0, "the comparison is {wider} px wider than the screen");
    assert!(sam.text("main").await.contains("a.very.long.first-name"));
    // On a phone the menu is a button.
    sam.click(".menu").await;
    sam.wait_for("#admin-menu a[aria-current=page]").await;
    sam.screenshot("admin-menu-phone").await;
    assert_eq!(sam.complaints().await, Vec::<String>::new());
    // A search that finds nobody does not say that nobody is signed in.
    sam.open(&world.url("/_gate/admin/sessions?of=nobody-of-this-name")).await;
    sam.wait_for(".empty").await;
    let empty = sam.text(".empty").await;
    assert!(empty.contains("nobody-of-this-name") && !empty.contains("Nobody is signed in"), "{empty}");
}
