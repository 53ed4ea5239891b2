//! What a walk through a demo in a real browser needs, whichever AMS it has.

use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::demo::Demo;

/// A page behind the sign-in.
const MINUTES: &str = "/members/minutes?year=2026#april";

/// How long to wait for what the gateway does by itself, on a machine that does something else as well.
const PATIENCE: Duration = Duration::from_secs(120);

/// Fills in the AMS's form: the field for the name, and what is typed there.
pub async fn sign_in(browser: &Browser, field: &str, name: &str) {
    browser.wait_for("#sign-in").await;
    browser.type_into(field, name).await;
    browser.type_into("#password", "membergate").await;
    browser.click("#sign-in").await;
}

/// Why somebody holds each role, as the gateway tells a script of the site.
pub async fn told(browser: &Browser) -> String {
    const ME: &str = "return fetch('/_gate/me').then((answer) => answer.json()).then((me) => me.roles.map((role) => role.role + ': ' + role.because).join('\\n'))";
    browser.execute(ME).await.as_str().unwrap_or_default().to_owned()
}

/// Asks again until the answer has `part`, however slow the machine is.
pub async fn until_told(browser: &Browser, part: &str) -> String {
    let began = Instant::now();
    loop {
        let said = told(browser).await;
        if said.contains(part) {
            return said;
        }
        assert!(began.elapsed() < PATIENCE, "never told `{part}`: {said}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Opens a members' page as a stranger, fragment and all, and stands at the AMS's login.
pub async fn stands_at_the_login(browser: &Browser, demo: &Demo, picture: &str) {
    browser.open(&demo.url(MINUTES)).await;
    browser.wait_for("#sign-in").await;
    assert!(browser.url().await.starts_with(&format!("http://127.0.0.1:{}/", demo.port + 1)));
    browser.screenshot(picture).await;
}

/// Is back on that very page. The site knows Dana by name and id, and why she holds the role of a chair: the reasons.
pub async fn is_back_and_known(browser: &Browser, demo: &Demo, id: &str, picture: &str) -> String {
    browser.wait_for_url("/members/minutes").await;
    assert_eq!(browser.url().await, demo.url(MINUTES));
    browser.open(&demo.url("/members")).await;
    browser.wait_for("main").await;
    let page = browser.text("body").await;
    assert!(page.contains("Dana Ruiz") && page.contains("safety_chair") && page.contains(id), "{page}");
    browser.wait_for("#holds").await;
    browser.screenshot(picture).await;
    told(browser).await
}

/// Has no session here, and the members' page asks for a login.
pub async fn is_signed_out(browser: &Browser, demo: &Demo) {
    browser.wait_for_url(&demo.url("/")).await;
    assert!(!browser.cookies().await.iter().any(|cookie| cookie["name"] == "membergate"));
    browser.open(&demo.url("/members")).await;
    browser.wait_for("#sign-in").await;
}

/// What a field of a card offers.
pub async fn offered(browser: &Browser, field: &str) -> String {
    let script = format!(
        "return [...document.getElementById('{field}').list.options].map((one) => one.value + ' ' + one.label).join('|')"
    );
    browser.execute(&script).await.as_str().unwrap_or_default().to_owned()
}

/// The page of the role mapping, with the lists of the AMS.
pub async fn open_mapping(ada: &Browser, demo: &Demo, picture: &str) {
    ada.open(&demo.url("/_gate/admin/mapping")).await;
    ada.click("form[action$=refresh] button").await;
    ada.wait_for_url("done=refreshed").await;
    ada.look(1280, 3200, false).await;
    ada.screenshot(picture).await;
}

/// Adds what was typed into a card, looks at the preview, and publishes. `gains` stands there.
pub async fn add_and_publish(ada: &Browser, card: &str, gains: [&str; 2], pictures: [&str; 2]) {
    ada.click(&format!("{card} form.add button")).await;
    ada.wait_for_url("done=saved").await;
    ada.look(1280, 1600, false).await;
    ada.click(".draft a.button").await;
    ada.wait_for("form[action$=publish]").await;
    ada.wait_for("section[aria-labelledby=gain]").await;
    let shown = ada.text("section[aria-labelledby=gain]").await;
    assert!(gains.iter().all(|part| shown.contains(part)), "{gains:?}: {shown}");
    ada.screenshot(pictures[0]).await;
    ada.click("form[action$=publish] button").await;
    ada.wait_for_url("done=").await;
    ada.screenshot(pictures[1]).await;
}

/// Opens one page of the administration after the other: its path, what stands there, and the name of its picture.
pub async fn shows(ada: &Browser, demo: &Demo, pages: &[(&str, &str, &str)]) {
    for (path, part, picture) in pages {
        ada.open(&demo.url(&format!("/_gate/admin{path}"))).await;
        ada.wait_for("main h1").await;
        let fields = "return [...document.querySelectorAll('main input')].map((one) => one.value).join(' ')";
        let shown = ada.text("main").await + ada.execute(fields).await.as_str().unwrap_or_default();
        ada.screenshot(picture).await;
        assert!(shown.contains(part), "{path} lacks `{part}`: {shown}");
    }
    assert_eq!(ada.complaints().await, Vec::<String>::new());
}
