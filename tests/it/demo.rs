//! The demo as its user sees it: the built program, and a real browser.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::browser::Browser;
use crate::world::{CHAIR, eventually_in_real_time};

/// What the community shows beside a member's name.
const BADGE: &str = "class=\"badge member\"";

pub(crate) struct Demo {
    process: Child,
    pub(crate) port: u16,
    /// What it printed.
    said: Vec<String>,
}

impl Demo {
    /// Starts the program, and waits until it says that it runs.
    fn start() -> Demo {
        Demo::with_ams("remembers")
    }

    /// The same with this AMS.
    pub(crate) fn with_ams(ams: &str) -> Demo {
        let port = five_free_ports();
        let mut process = Command::new(env!("CARGO_BIN_EXE_membergate"))
            .args(["demo", "--ams", ams, "--port", &port.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said: Vec<String> =
            lines.map(Result::unwrap).take_while(|line| !line.contains("Ctrl-C")).collect();
        assert!(said.iter().any(|line| line.contains("The demo is running")), "{said:#?}");
        Demo { process, port, said }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    fn community(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port + 4)
    }

    /// Somebody's line in the community's list of people. Without the members' badge the person is there, and not a member.
    async fn in_the_community(&self, name: &str) -> Option<String> {
        let page = reqwest::get(self.community("/")).await.unwrap().text().await.unwrap();
        page.split("<tr>").find(|row| row.contains(name)).map(str::to_owned)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        terminate(&mut self.process);
    }
}

/// Asks the program to end as a service manager does, so that it takes its folder with it.
fn terminate(process: &mut Child) {
    let _ = Command::new("kill").args(["-s", "TERM", &process.id().to_string()]).status();
    for _ in 0..200 {
        if matches!(process.try_wait(), Ok(Some(_))) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let _ = process.kill();
    let _ = process.wait();
}

#[test]
fn the_demo_with_each_other_ams_says_who_can_sign_in() {
    for (ams, somebody) in [("novi", "dana.ruiz@people.example"), ("growthzone", "druiz")] {
        let demo = Demo::with_ams(ams);
        assert!(demo.said.iter().any(|line| line.contains(somebody)), "{:#?}", demo.said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_lapses_at_the_control_of_novi_and_the_site_shows_it_without_a_visit() {
    a_lapse_shows_without_a_visit("novi", "dana.ruiz@people.example", "Dana Ruiz").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_lapses_at_the_control_of_remembers_and_the_site_shows_it_without_a_visit() {
    a_lapse_shows_without_a_visit("remembers", CHAIR, "Jane Marlowe").await;
}

/// By the control's HTTP API and the page through the gateway, as a person would, but for the browser.
async fn a_lapse_shows_without_a_visit(ams: &str, who: &str, name: &str) {
    const MEMBER: &str = "<span class=\"chip\">member</span>";
    let demo = Demo::with_ams(ams);
    let row = async || {
        let page = reqwest::get(demo.url("/people")).await.unwrap().text().await.unwrap();
        let rows = page.split("<tr ").filter(|row| row.contains(name)).map(str::to_owned);
        rows.collect::<Vec<_>>().pop()
    };
    let is_member = async || row().await.map(|row| row.contains(MEMBER));
    eventually_in_real_time("the site knows that she is a member", async || is_member().await == Some(true))
        .await;
    let there = async || demo.in_the_community(name).await;
    eventually_in_real_time("the community knows that she is a member", async || {
        there().await.is_some_and(|row| row.contains(BADGE))
    })
    .await;
    let row = there().await.unwrap();
    assert!(row.contains("Committee"), "she is on a committee: {row}");
    let control = format!("http://127.0.0.1:{}/people/{who}/lapse", demo.port + 3);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let lapsed = http.post(control).send().await.unwrap();
    assert!(lapsed.status().is_success(), "{lapsed:?}");
    eventually_in_real_time("the site knows that she no longer is", async || {
        is_member().await == Some(false)
    })
    .await;
    eventually_in_real_time("the community knows it too", async || {
        there().await.is_some_and(|row| !row.contains(BADGE))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_in_at_the_community_and_somebody_who_is_none_reads_why_not() {
    let (demo, browser) = (Demo::start(), Browser::start().await);
    browser.open(&demo.community("/")).await;
    browser.click("#sign-in").await;
    sign_in(&browser, CHAIR).await;
    browser.wait_for("#visitor").await;
    assert_eq!(browser.text("#visitor").await, "Jane Marlowe");
    assert!(browser.url().await.starts_with(&demo.community("/")), "{}", browser.url().await);
    browser.screenshot("demo-community").await;
    browser.click("#edit-profile").await;
    browser.wait_for_url(&format!("http://127.0.0.1:{}/my-profile", demo.port + 1)).await;
    browser.click("#logout").await;
    browser.wait_for_url(&demo.url("/")).await;
    browser.open(&demo.community("/HigherLogic/Security/LogOut.aspx")).await;

    browser.open(&demo.community("/")).await;
    browser.click("#sign-in").await;
    sign_in(&browser, "nils.frost@people.example").await;
    browser.wait_for("h1").await;
    let page = browser.text("body").await;
    assert!(page.contains("Harbour Community") && page.contains("Nils Frost"), "{page}");
    browser.screenshot("demo-community-refused").await;
}

#[test]
fn the_demo_leaves_nothing_behind_when_it_is_terminated() {
    let folder = tempfile::TempDir::new().unwrap();
    let port = five_free_ports();
    let mut process = Command::new(env!("CARGO_BIN_EXE_membergate"))
        .args(["demo", "--port", &port.to_string()])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("Ctrl-C")));
    let entries = || std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(entries(), 1, "the demo keeps its store in a folder of its own");
    terminate(&mut process);
    assert_eq!(entries(), 0);
}

fn five_free_ports() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).ok();
    let candidates =
        std::iter::repeat_with(|| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
    candidates.take(50).find(|&port| port < 65_531 && (1..=4).all(|n| free(port + n).is_some())).unwrap()
}

async fn sign_in(browser: &Browser, email: &str) {
    browser.wait_for("#main_content_Login_txtLoginUserName").await;
    browser.type_into("#main_content_Login_txtLoginUserName", email).await;
    browser.type_into("#main_content_Login_txtLoginPassword", "membergate").await;
    browser.click("#main_content_Login_LoginButton").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_signs_in_reads_the_members_page_and_signs_out_either_way_in_chromium() {
    a_stranger_signs_in_reads_and_signs_out(&Browser::start().await, "demo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_signs_in_reads_the_members_page_and_signs_out_either_way_in_firefox() {
    a_stranger_signs_in_reads_and_signs_out(&Browser::start_firefox().await, "demo-firefox").await;
}

/// `pictures`: what the names of the screenshots begin with.
async fn a_stranger_signs_in_reads_and_signs_out(browser: &Browser, pictures: &str) {
    let demo = Demo::start();

    // A stranger opens the members' page, fragment and all.
    browser.open(&demo.url("/members/minutes?year=2026#april")).await;
    browser.wait_for("#main_content_Login_txtLoginUserName").await;
    browser.screenshot(&format!("{pictures}-1-ams-login")).await;
    sign_in(browser, CHAIR).await;
    browser.wait_for_url("/members/minutes").await;
    assert_eq!(browser.url().await, demo.url("/members/minutes?year=2026#april"));

    // The site knows who it is, and why.
    browser.open(&demo.url("/members")).await;
    browser.wait_for("main").await;
    let page = browser.text("body").await;
    assert!(page.contains("Jane Marlowe"), "{page}");
    assert!(page.contains("education_chair"), "{page}");
    browser.screenshot(&format!("{pictures}-2-members")).await;
    let cookies = browser.cookies().await;
    let session = cookies.iter().find(|cookie| cookie["name"] == "membergate").unwrap();
    assert_eq!(session["httpOnly"], true);
    assert_eq!(session["sameSite"], "Lax");
    assert!(!cookies.iter().any(|cookie| cookie["name"].as_str().unwrap().starts_with("membergate-login-")));

    // Sign out by our own link: the AMS's session ends too, and the page asks for a login again.
    browser.open(&demo.url("/_gate/logout")).await;
    browser.wait_for_url(&demo.url("/")).await;
    browser.open(&demo.url("/members")).await;
    browser.wait_for("#main_content_Login_txtLoginUserName").await;

    // Again, and out by the AMS's own logout link.
    sign_in(browser, CHAIR).await;
    browser.wait_for_url(&demo.url("/members")).await;
    browser.open(&format!("http://127.0.0.1:{}/my-profile", demo.port + 1)).await;
    browser.click("#logout").await;
    browser.wait_for_url(&demo.url("/")).await;
    browser.screenshot(&format!("{pictures}-3-home")).await;
    assert!(!browser.cookies().await.iter().any(|cookie| cookie["name"] == "membergate"));
    browser.open(&demo.url("/members")).await;
    browser.wait_for("#main_content_Login_txtLoginUserName").await;

    // Somebody who is no member is told what is missing.
    sign_in(browser, "nils.frost@people.example").await;
    browser.wait_for("h1").await;
    browser.screenshot(&format!("{pictures}-4-refused")).await;
    let page = browser.text("body").await;
    assert!(page.contains("Nils Frost"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_posted_after_the_session_ended_is_sent_after_all_in_chromium() {
    a_form_posted_after_the_session_ended_is_sent(&Browser::start().await, "demo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_posted_after_the_session_ended_is_sent_after_all_in_firefox() {
    a_form_posted_after_the_session_ended_is_sent(&Browser::start_firefox().await, "demo-firefox").await;
}

async fn a_form_posted_after_the_session_ended_is_sent(browser: &Browser, pictures: &str) {
    let demo = Demo::start();
    browser.open(&demo.url("/members")).await;
    sign_in(browser, CHAIR).await;
    browser.wait_for_url(&demo.url("/members")).await;
    // The session ends in another tab; here it is as if the cookie were gone.
    browser.execute("return fetch('/_gate/slo', {redirect: 'manual'}).then(() => 1)").await;
    browser.execute("document.querySelector('form textarea, form input[type=text]').value = 'When is the harbour open?'").await;
    browser.execute("document.querySelector('form').requestSubmit()").await;
    browser.wait_for("#go").await;
    browser.screenshot(&format!("{pictures}-5-kept-form")).await;
    browser.click("#go a").await;
    browser.wait_for_url("/_gate/resume").await;
    browser.wait_for("#resume button").await;
    browser.screenshot(&format!("{pictures}-6-resume-form")).await;
    browser.click("#resume button").await;
    browser.wait_for_url("/members/ask").await;
    let page = browser.text("body").await;
    assert!(page.contains("When is the harbour open?"), "{page}");
}
