//! A real WordPress behind the whole gateway, with the plugin that we ship.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::browser::Browser;
use crate::directory::in_step;
use crate::world::{
    CHAIR, NON_MEMBER, Page, Plan, RULES, Visitor, World, eventually, eventually_in_real_time,
};

const STAFF: &str = "sam.osei@acme.example";

/// Whom the WordPress has as its only hand-made account.
const ADMINISTRATOR_EMAIL: &str = "admin@example.test";

const HOOK_SECRET: &str = "first-secret-of-the-hooks";

struct WordPress {
    root: PathBuf,
}

impl WordPress {
    fn script(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wordpress").join(name)
    }

    /// Starts one whose public address is the world's, as the site `library`.
    fn start(world: &World, port: u16) -> WordPress {
        let root = std::env::temp_dir().join(format!("membergate-wordpress-story-{port}"));
        let origin = format!("http://localhost:{}", world.address().port());
        let up = Command::new(WordPress::script("up.sh"))
            .arg(&root)
            .args([&port.to_string(), &origin, "library"])
            // An inner address, by a name that no site has.
            .env("JWKS_URL", format!("http://127.0.0.1:{}/_gate/oidc/jwks", world.address().port()))
            .output()
            .unwrap();
        let wordpress = WordPress { root };
        let said = format!("{}{}", String::from_utf8_lossy(&up.stdout), String::from_utf8_lossy(&up.stderr));
        assert!(up.status.success(), "no WordPress here (run ./test as root, which installs it): {said}");
        let story = Command::new("setpriv")
            .args(["--reuid=www-data", "--regid=www-data", "--clear-groups", "php"])
            .arg(WordPress::script("site/story.php"))
            .env("WP_ROOT", &wordpress.root)
            .output()
            .unwrap();
        assert!(String::from_utf8_lossy(&story.stdout).contains("made"), "{story:?}");
        wordpress
    }

    /// What this PHP code returns inside WordPress.
    fn php(&self, world: &World, code: &str) -> Value {
        let mut child = Command::new("setpriv")
            .args([
                "--reuid=www-data",
                "--regid=www-data",
                "--clear-groups",
                "php",
                "-d",
                "display_errors=stderr",
            ])
            .arg(WordPress::script("site/eval.php"))
            .env("WP_ROOT", &self.root)
            .env("WP_HOST", format!("localhost:{}", world.address().port()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }
}

impl Drop for WordPress {
    fn drop(&mut self) {
        let _ = Command::new(WordPress::script("down.sh")).arg(&self.root).status();
    }
}

/// Who WordPress thinks is asking.
async fn probe(world: &World, visitor: &mut Visitor) -> Value {
    visitor.get(world.url("/?probe=1")).await.expect(200).json()
}

fn holds(who: &Value, role: &str) -> bool {
    who["roles"].as_array().unwrap().iter().any(|held| held == role)
}

async fn world_with_wordpress() -> (World, WordPress, u16) {
    world_with(
        r#"[[site.access]]
path = "/"
require = "public"
"#,
    )
    .await
}

async fn world_with(access: &str) -> (World, WordPress, u16) {
    let session = "refresh_after = \"1s\"".to_owned();
    planned(free_port(), Plan { access: access.to_owned(), session, ..Plan::default() }).await
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn planned(port: u16, plan: Plan) -> (World, WordPress, u16) {
    let rules = RULES.replace(r#"role = "staff""#, r#"role = "editor""#);
    let mut world = World::planned(Plan {
        rules: format!("manage_core_roles = true\n{rules}"),
        upstream: Some(format!("http://127.0.0.1:{port}")),
        ..plan
    })
    .await;
    // Whoever is told of before WordPress has the roles is not told again.
    world.close_gate().await;
    let started = tokio::task::block_in_place(|| WordPress::start(&world, port));
    world.open_gate().await;
    (world, started, port)
}

async fn sign_in(world: &World, email: &str, page: &str) -> (Visitor, Page) {
    let mut visitor = world.visitor();
    let landed = visitor.sign_in(email, world.url(&format!("/_gate/login?return_to={page}"))).await;
    (visitor, landed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wordpress_shows_the_right_user_with_the_right_roles() {
    let (world, _wordpress, port) = world_with_wordpress().await;

    // A stranger reads what is for everybody.
    let mut stranger = world.visitor();
    let page = stranger.get(world.url("/minutes/")).await.expect(200);
    assert!(page.text.contains("Everybody reads this") && !page.text.contains("the tide"), "{}", page.text);

    // In a real browser: the member signs in and reads the rest.
    let browser = Browser::start().await;
    browser.open(&world.url("/_gate/login?return_to=%2Fminutes%2F")).await;
    browser.wait_for("#main_content_Login_txtLoginUserName").await;
    browser.type_into("#main_content_Login_txtLoginUserName", CHAIR).await;
    browser.type_into("#main_content_Login_txtLoginPassword", "membergate").await;
    browser.click("#main_content_Login_LoginButton").await;
    browser.wait_for_url("/minutes/").await;
    assert!(browser.text("body").await.contains("The secret of the harbour is the tide."));
    browser.screenshot("wordpress-member").await;

    // An editor is one because the mapping says so.
    let (mut sam, dashboard) = sign_in(&world, STAFF, "%2Fwp-admin%2Fedit.php").await;
    assert_eq!(dashboard.status, 200, "{}", dashboard.text);
    assert!(holds(&probe(&world, &mut sam).await, "editor"));
    sam.get(world.url("/wp-admin/users.php")).await.expect(403);

    // A role that is lost in the AMS is lost in WordPress, without a new login.
    world.people().edit_person(STAFF, |sam| sam.security_roles.clear());
    eventually("the role is gone", async || (!holds(&probe(&world, &mut sam).await, "editor")).then_some(()))
        .await;
    let refused = sam.get(world.url("/wp-admin/edit.php")).await;
    assert!(!refused.status.is_success(), "{}", refused.status);

    // What a client writes about itself is worth nothing, through the gateway or around it.
    let (mut jane, _) = sign_in(&world, CHAIR, "%2Fminutes%2F").await;
    let who = probe(&world, &mut jane).await;
    assert!(holds(&who, "member") && holds(&who, "education_chair"), "{who}");
    for url in [world.url("/?probe=1"), format!("http://127.0.0.1:{port}/?probe=1")] {
        let host = format!("localhost:{}", world.address().port());
        for forged in ["membergate-assertion", "membergate_assertion", "membergate-id", "membergate-roles"] {
            let headers = [(forged, "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."), ("x-forwarded-host", &*host)];
            let page = world.visitor().request(reqwest::Method::GET, &url, &headers, None).await.expect(200);
            assert_eq!(page.json()["id"], 0, "{url} {forged}");
        }
    }

    // Signed out here is signed out there.
    jane.get(world.url("/_gate/slo")).await.expect(303);
    assert_eq!(probe(&world, &mut jane).await["id"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrators_account_is_not_taken_over_by_its_e_mail_address() {
    let (world, _wordpress, _) = world_with_wordpress().await;
    world.people().edit_person(NON_MEMBER, |nils| nils.email = Some(ADMINISTRATOR_EMAIL.to_owned()));
    let (mut nils, _) = sign_in(&world, ADMINISTRATOR_EMAIL, "%2Fminutes%2F").await;
    let who = probe(&world, &mut nils).await;
    assert_ne!(who["id"], 0, "{who}");
    assert_ne!(who["login"], "admin", "{who}");
    assert!(!holds(&who, "administrator"), "{who}");
    nils.get(world.url("/wp-admin/users.php")).await.expect(403);
}

/// The site is told at its inner address; nobody opens a page while it changes. Real time passes: the WordPress has a clock of its own, and takes
/// no statement from another time.
#[tokio::test(flavor = "multi_thread")]
async fn a_wordpress_changes_with_the_association_without_a_visit() {
    let port = free_port();
    let endpoint = format!(
        "people_endpoint = \"http://127.0.0.1:{port}/?rest_route=/membergate/v1/people\"\ncreate = true\n"
    );
    let plan = Plan {
        access: format!("{endpoint}[[site.access]]\npath = \"/\"\nrequire = \"public\"\n"),
        directory: "in_step = true\nhook_secrets = [{ env = \"HOOK\" }]".to_owned(),
        variables: vec![("HOOK", HOOK_SECRET)],
        ..in_step()
    };
    let (world, wordpress, _) = planned(port, plan).await;
    let user = |email: &str| {
        let code = format!(
            "$u = get_user_by('email', '{email}'); return $u ? ['id' => $u->ID, 'roles' => array_values($u->roles), 'last_name' => $u->last_name, 'type' => get_user_meta($u->ID, 'membership_type', true)] : ['roles' => []];"
        );
        tokio::task::block_in_place(|| wordpress.php(&world, &code))
    };
    let has = |email: &str, role: &str| holds(&user(email), role);
    eventually_in_real_time("members have accounts with their roles", async || {
        has(CHAIR, "member") && has(CHAIR, "education_chair")
    })
    .await;
    assert_ne!(user(CHAIR)["type"], "", "{}", user(CHAIR));
    assert!(user(NON_MEMBER).get("id").is_none(), "the association's list of members does not have him");

    let memberships = world.people().person(CHAIR).unwrap().memberships;
    world.people().edit_person(NON_MEMBER, |nils| nils.memberships = memberships);
    world.people().edit_person(CHAIR, |jane| {
        jane.memberships.iter_mut().for_each(|it| it.expire_date = Some("2020-12-31".to_owned()));
        jane.last_name = "Marlowe-Frost".to_owned();
    });
    let named: Vec<Value> = [CHAIR, NON_MEMBER]
        .map(|email| serde_json::json!({ "CustomerId": world.people().person(email).unwrap().id }))
        .into();
    let body = serde_json::json!({ "Notifications": named }).to_string();
    let hook = world.url(&format!("/_gate/hooks/{HOOK_SECRET}"));
    let json = [("content-type", "application/json")];
    world.visitor().request(reqwest::Method::POST, &hook, &json, Some(body)).await.expect(200);
    eventually_in_real_time("one has joined, the other has left", async || {
        let jane = user(CHAIR);
        has(NON_MEMBER, "member") && !holds(&jane, "member") && jane["last_name"] == "Marlowe-Frost"
    })
    .await;
    let jane = user(CHAIR);
    assert!(holds(&jane, "education_chair") && jane["type"] == "", "what has not ended stays: {jane}");

    // Who comes then is who was told of.
    let told = user(NON_MEMBER);
    let (mut nils, _) = sign_in(&world, NON_MEMBER, "%2Fminutes%2F").await;
    let who = probe(&world, &mut nils).await;
    assert_eq!(who["id"], told["id"], "{who}");
    assert!(holds(&who, "member"), "{who}");
}

/// Roles that a forum and a shop give by themselves, and a role that somebody gave by hand.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_the_forum_keeps_the_account_and_a_moderator_is_asked_about() {
    let (world, wordpress, _) = world_with_wordpress().await;
    let account = |email: &str, role: &str| {
        let code = format!(
            "return wp_insert_user(['user_login'=>'old-{role}','user_pass'=>'x','user_email'=>'{email}','role'=>'{role}']);"
        );
        tokio::task::block_in_place(|| wordpress.php(&world, &code))
    };
    tokio::task::block_in_place(|| wordpress.php(&world, "return update_option('forum', 1);"));
    let (forum, moderator) = (account(CHAIR, "subscriber"), account(STAFF, "bbp_moderator"));

    let (mut jane, _) = sign_in(&world, CHAIR, "%2Fminutes%2F").await;
    let who = probe(&world, &mut jane).await;
    assert_eq!(who["id"], forum, "{who}");
    assert!(holds(&who, "bbp_participant") && holds(&who, "education_chair"), "{who}");

    let (mut sam, _) = sign_in(&world, STAFF, "%2Fminutes%2F").await;
    let who = probe(&world, &mut sam).await;
    assert!(who["id"] != 0 && who["id"] != moderator && !holds(&who, "bbp_moderator"), "{who}");
}

/// WordPress asks itself over its public address, where it has no session.
#[tokio::test(flavor = "multi_thread")]
async fn scheduled_work_of_a_wordpress_runs_behind_a_sign_in_for_the_whole_site() {
    let members = "[[site.access]]\npath = \"/\"\nany_of = [\"member\"]\n";
    let (mut world, wordpress, _) = world_with(members).await;
    let php = |world: &World, code: &str| tokio::task::block_in_place(|| wordpress.php(world, code));
    let include = "require_once WP_PLUGIN_DIR . '/membergate/includes/self-requests.php';";
    let status =
        format!("{include} delete_transient('membergate_self'); return Membergate\\self_request_problems();");
    let said = php(&world, &status);
    assert!(said[0].as_str().unwrap().contains("own requests to itself do not arrive"), "{said}");
    php(&world, "wp_schedule_single_event(time() - 9, 'harbour_bell'); return 1;");
    world.visitor().get(world.url("/wp-cron.php")).await.expect(302);

    // The rule that the status page shows, pasted.
    let rule = php(&world, &format!("{include} return Membergate\\cron_rule();"));
    let rule = rule.as_str().unwrap();
    let documented =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/wordpress.md")).unwrap();
    assert!(documented.contains(rule.trim()), "docs/wordpress.md has the same rule: {rule}");
    world.plan.access = format!("{rule}\n{members}");
    world.gate().reload(&world.settings()).unwrap();
    assert_eq!(php(&world, &status), serde_json::json!([]));
    world.visitor().get(world.url("/wp-cron.php")).await.expect(200);
    eventually("the work is done", async || {
        (php(&world, "return wp_next_scheduled('harbour_bell');") == false).then_some(())
    })
    .await;

    // And nothing else is open.
    for path in
        ["/wp-cron.php/x?rest_route=/wp/v2/pages", "/wp-cron.php/?page_id=2", "/", "/wp-json/", "/index.php"]
    {
        world.visitor().get(world.url(path)).await.expect(302);
    }
    let page = world
        .visitor()
        .get(world.url("/wp-cron.php?rest_route=/wp/v2/pages&page_id=2&feed=rss2"))
        .await
        .expect(200);
    assert_eq!(page.text, "");
}
