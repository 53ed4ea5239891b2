//! The administration in the browser: who may enter, what is refused, and what a change does to live sessions.

use std::sync::Arc;

use membergate::adapters::clock::SystemClock;
use membergate::flows::administer::AdminLinks;
use membergate::sim::re_members::Scope;
use membergate::sim::switches::Fault;
use reqwest::Method;

use crate::world::{CHAIR, NON_MEMBER, Page, Plan, SECOND_MEMBERSHIP, Visitor, World};

/// Of the staff, and so an administrator.
pub const STAFF: &str = "sam.osei@acme.example";

pub const MAPPING: &str = "/_gate/admin/mapping";

pub async fn world() -> World {
    World::planned(Plan { more: "[admin]\nroles = [\"staff\"]\n".to_owned(), ..Plan::default() }).await
}

/// What is wrong with a form, the headers that it comes with, and its token.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// Sam of the staff, who has opened the mapping.
pub async fn sam(world: &World) -> Visitor {
    let mut sam = world.visitor();
    sam.sign_in(STAFF, world.url(MAPPING)).await.expect(200);
    sam
}

/// What every form carries, and the revision of the draft, which only a page with an edited draft names.
pub fn guards(page: &Page) -> (String, String) {
    let value = |name: &str| page.attribute(&format!("name=\"{name}\""), "value");
    (value("token").unwrap(), value("revision").unwrap_or_else(|| "0".to_owned()))
}

/// Where the page leads to edit a rule, in its order.
fn links_to_rules(page: &Page) -> Vec<String> {
    let parts = page.text.split("href=\"").skip(1).filter_map(|part| part.split('"').next());
    parts.filter(|href| href.contains("/rule?key=")).map(str::to_owned).collect()
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (&**name, &**value)).collect()
}

/// Adds a rule for a committee, from the page as it was opened.
pub async fn add_committee(world: &World, sam: &mut Visitor, page: &Page, code: &str, role: &str) -> Page {
    let (token, revision) = guards(page);
    let fields = [
        ("token", &*token),
        ("revision", &revision),
        ("c0.kind", "committee"),
        ("c0.committee", code),
        ("role", role),
        ("do", "save"),
    ];
    sam.post(world.url("/_gate/admin/mapping/rules"), &fields).await
}

pub async fn publish(world: &World, sam: &mut Visitor) -> Page {
    let preview = previewed(world, sam).await;
    let (token, revision) = guards(&preview);
    let fields = [("token", &*token), ("revision", &revision), ("note", "For the new term")];
    sam.post(world.url("/_gate/admin/preview/publish"), &fields).await
}

pub async fn previewed(world: &World, sam: &mut Visitor) -> Page {
    previewed_at(sam, &world.url("/_gate/admin/preview")).await
}

/// The preview at this address, once it is done.
pub async fn previewed_at(sam: &mut Visitor, url: &str) -> Page {
    for _ in 0..600 {
        let page = sam.get(url).await.expect(200);
        if !page.text.contains("data-progress=\"") {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the preview never came");
}

async fn roles(world: &World, visitor: &mut Visitor) -> Vec<String> {
    let me = visitor.get(world.url("/_gate/me")).await.expect(200).json();
    me["roles"].as_array().unwrap().iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_holds_the_role_gets_in() {
    let world = world().await;
    let mut stranger = world.visitor();
    let page = stranger.open(world.url("/_gate/admin/audit?action=published")).await;
    assert!(page.url.path().ends_with("login.aspx"), "{}", page.url);
    for path in ["/_gate/admin/preview/publish", "/_gate/admin/preview/withdraw"] {
        stranger.post(world.url(path), &[]).await.expect(401);
    }

    let mut jane = world.visitor();
    let refused = jane.sign_in(CHAIR, world.url("/_gate/admin")).await.expect(403);
    assert!(refused.text.contains("Staff") && refused.text.contains("Jane Marlowe"), "{}", refused.text);
    jane.get(world.url("/_gate/admin/files/export?which=draft")).await.expect(403);
    jane.get(world.url("/_gate/admin/nothing")).await.expect(404);

    let mut sam = world.visitor();
    let page = sam.sign_in(STAFF, world.url("/_gate/admin/audit?action=published")).await.expect(200);
    assert_eq!(page.url.as_str(), world.url("/_gate/admin/audit?action=published"));
    for path in [
        "",
        "/mapping",
        "/mapping/rule",
        "/preview",
        "/versions",
        "/files",
        "/migrate",
        "/people",
        "/sessions",
        "/status",
        "/clients",
        "/links",
        "/audit",
    ] {
        let page = sam.get(world.url(&format!("/_gate/admin{path}"))).await.expect(200);
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{path}");
    }
    for path in ["/_gate/admin/preview/publish", "/_gate/admin/preview/withdraw"] {
        sam.get(world.url(path)).await.expect(405);
        // Without the token of a form.
        sam.post(world.url(path), &[("revision", "0")]).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_section_there_is_no_administration() {
    let world = World::start().await;
    let mut sam = world.visitor();
    sam.sign_in(STAFF, world.url("/account")).await;
    sam.get(world.url("/_gate/admin")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_form_changes_nothing() {
    let world = world().await;
    let mut sam = sam(&world).await;
    let page = sam.get(world.url(MAPPING)).await;
    let (token, revision) = guards(&page);
    let mut other = world.visitor();
    let others = other.sign_in(STAFF, world.url(MAPPING)).await;
    let (others_token, _) = guards(&others);
    assert_ne!(token, others_token);

    let own = world.url("").trim_end_matches('/').to_owned();
    let body = |token: &str| {
        let pairs = [
            ("token", token),
            ("revision", &*revision),
            ("c0.kind", "committee"),
            ("c0.committee", "EDU"),
            ("role", "evil"),
            ("do", "save"),
        ];
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    let form = ("content-type", "application/x-www-form-urlencoded");
    let same = ("sec-fetch-site", "same-origin");
    let cases: [Case; 8] = [
        ("no token", &[form, same, ("origin", &own)], ""),
        ("a token of another session", &[form, same, ("origin", &own)], &others_token),
        ("a foreign origin", &[form, ("origin", "https://evil.example")], &token),
        ("no origin that can be told", &[form, ("origin", "null")], &token),
        ("a foreign site", &[form, ("sec-fetch-site", "cross-site"), ("origin", &own)], &token),
        ("a sister site", &[form, ("sec-fetch-site", "same-site")], &token),
        ("a foreign origin, whatever the site says", &[form, same, ("origin", "http://localhost:1")], &token),
        ("silence about where it comes from", &[form], &token),
    ];
    for (what, headers, token) in cases {
        let url = world.url("/_gate/admin/mapping/rules");
        let page = sam.request(Method::POST, &url, headers, Some(body(token))).await;
        assert_eq!(page.status.as_u16(), 403, "{what}: {}", page.text);
        assert!(page.text.contains("Nothing was changed"), "{what}");
    }
    let after = sam.get(world.url(MAPPING)).await;
    assert!(!after.text.contains("evil"), "{}", after.text);
    assert_eq!(guards(&after).1, revision);
    add_committee(&world, &mut sam, &after, "EDU", "education").await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_outlives_its_rule_is_managed_until_an_administrator_ends_that() {
    const VERSIONS: &str = "/_gate/admin/versions";
    let world = world().await;
    let (mut jane, mut sam) = (world.visitor(), sam(&world).await);
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let page = sam.get(world.url(MAPPING)).await;
    add_committee(&world, &mut sam, &page, "ED*", "seat_{code}").await.expect(303);
    publish(&world, &mut sam).await.expect(303);
    assert!(roles(&world, &mut jane).await.contains(&"seat_u".to_owned()));

    let release = async |sam: &mut Visitor| {
        let page = sam.get(world.url(VERSIONS)).await.expect(200);
        let value = |name: &str| page.attribute(&format!("name=\"{name}\""), "value").unwrap();
        let (token, version) = (value("token"), value("version"));
        let fields = [("token", &*token), ("version", &version), ("role", "seat_u")];
        sam.post(world.url("/_gate/admin/versions/roles"), &fields).await
    };
    let refused = release(&mut sam).await.expect(409);
    assert!(refused.text.contains("gives each of them to somebody now"), "{}", refused.text);

    let page = sam.get(world.url(VERSIONS)).await.expect(200);
    let token = page.attribute("name=\"token\"", "value").unwrap();
    let restored = [("token", &*token), ("number", "1")];
    sam.post(world.url("/_gate/admin/versions/restore"), &restored).await.expect(303);
    let released = release(&mut sam).await.expect(303);
    assert!(released.location().unwrap().as_str().ends_with("/versions?done=released"));
    let page = sam.get(world.url(VERSIONS)).await.expect(200);
    assert!(
        page.text.contains("No longer manages seat_u") && !page.text.contains("given-seat_u"),
        "{}",
        page.text
    );
    let log = sam.get(world.url("/_gate/admin/audit")).await.expect(200).text;
    assert!(log.contains("Stopped managing roles"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_counts_at_the_next_click_and_a_rollback_takes_it_away() {
    let world = world().await;
    let (mut jane, mut tomas, mut sam) = (world.visitor(), world.visitor(), sam(&world).await);
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    tomas.sign_in(SECOND_MEMBERSHIP, world.url("/members")).await.expect(200);
    assert!(!roles(&world, &mut jane).await.contains(&"education".to_owned()));

    let page = sam.get(world.url(MAPPING)).await;
    let saved = add_committee(&world, &mut sam, &page, "EDU", "education").await.expect(303);
    assert!(saved.location().unwrap().as_str().ends_with("/mapping?done=saved#committee"));
    let preview = previewed(&world, &mut sam).await;
    assert!(preview.text.contains("2 people gain</b> <span class=\"role\">education"), "{}", preview.text);
    assert!(
        preview.text.contains("Jane Marlowe") && preview.text.contains("Tomas Lindqvist"),
        "{}",
        preview.text
    );
    assert!(!roles(&world, &mut jane).await.contains(&"education".to_owned()), "a draft counts for nobody");

    publish(&world, &mut sam).await.expect(303);
    assert!(roles(&world, &mut jane).await.contains(&"education".to_owned()));
    assert!(roles(&world, &mut tomas).await.contains(&"education".to_owned()));

    let versions = sam.get(world.url("/_gate/admin/versions")).await.expect(200);
    assert!(versions.text.contains("For the new term"), "{}", versions.text);
    let token = versions.attribute("name=\"token\"", "value").unwrap();
    let fields = [("token", &*token), ("number", "1")];
    sam.post(world.url("/_gate/admin/versions/restore"), &fields).await.expect(303);
    assert!(!roles(&world, &mut jane).await.contains(&"education".to_owned()));

    let log = sam.get(world.url("/_gate/admin/audit")).await.expect(200).text;
    for told in ["Saved the draft", "Published the role mapping", "Restored a version", "Sam Osei"] {
        assert!(log.contains(told), "{told}: {log}");
    }
    let table = sam.get(world.url("/_gate/admin/audit/download?action=published")).await.expect(200);
    assert!(table.header("content-disposition").unwrap().contains("audit-log.csv"));
    assert!(table.text.contains("Sam Osei") && !table.text.contains("Saved the draft"), "{}", table.text);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn two_administrators_edit_at_once_and_nothing_is_lost() {
    let world = world().await;
    let (mut one, mut two) = (sam(&world).await, sam(&world).await);
    let (first, second) = (one.get(world.url(MAPPING)).await, two.get(world.url(MAPPING)).await);
    add_committee(&world, &mut one, &first, "EDU", "education").await.expect(303);
    // Two rules are two things: the second is added beside the first, and sending it twice adds it once.
    add_committee(&world, &mut two, &second, "FIN", "finance").await.expect(303);
    add_committee(&world, &mut two, &second, "FIN", "finance").await.expect(303);
    let draft = two.get(world.url("/_gate/admin/files/export?which=draft")).await.expect(200).text;
    assert!(draft.contains("\"EDU\" }") && draft.matches("\"FIN\" }").count() == 1, "{draft}");

    // One rule that both edit: the later one is told, keeps what was typed, and can save again.
    let seen = one.get(world.url(MAPPING)).await;
    let edit = links_to_rules(&seen).pop().unwrap();
    let fields = |page: &Page, committee: &str| -> Vec<(String, String)> {
        let value = |name: &str| page.attribute(&format!("name=\"{name}\""), "value").unwrap();
        [
            ("token", value("token")),
            ("key", value("key")),
            ("was", value("was")),
            ("role", "finance".to_owned()),
            ("c0.kind", "committee".to_owned()),
            ("c0.committee", committee.to_owned()),
            ("do", "save".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    };
    let (mine, yours) = (one.get(world.url(&edit)).await, two.get(world.url(&edit)).await);
    let rules = world.url("/_gate/admin/mapping/rules");
    one.post(rules.clone(), &borrowed(&fields(&mine, "FINANCE"))).await.expect(303);
    let told = two.post(rules.clone(), &borrowed(&fields(&yours, "TREASURY"))).await.expect(409);
    for kept in ["Sam Osei changed the draft at", "Nothing is lost", "FINANCE", "value=\"TREASURY\""] {
        assert!(told.text.contains(kept), "{kept}: {}", told.text);
    }
    two.post(rules, &borrowed(&fields(&told, "TREASURY"))).await.expect(303);
    let draft = two.get(world.url("/_gate/admin/files/export?which=draft")).await.expect(200).text;
    assert!(draft.contains("\"TREASURY\"") && !draft.contains("\"FINANCE\""), "{draft}");

    // Switches that somebody else changed: the later one keeps what was typed, and sees what saving would change.
    let settings = |page: &Page, member: &str| -> Vec<(String, String)> {
        let value = |name: &str| page.attribute(&format!("name=\"{name}\""), "value").unwrap();
        [
            ("token", value("token")),
            ("was", value("was")),
            ("member", member.to_owned()),
            ("time_zone", "Europe/Oslo".to_owned()),
            ("honor_grace", "yes".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    };
    let save = world.url("/_gate/admin/mapping/settings");
    one.post(save.clone(), &borrowed(&settings(&first, "member_now"))).await.expect(303);
    let told = two.post(save.clone(), &borrowed(&settings(&second, "full_member"))).await.expect(409);
    for kept in ["changed the draft at", "value=\"full_member\"", "Role of members: member_now → full_member"]
    {
        assert!(told.text.contains(kept), "{kept}: {}", told.text);
    }
    two.post(save, &borrowed(&settings(&told, "full_member"))).await.expect(303);

    // An old page takes nothing away and publishes nothing.
    let (token, revision) = guards(&first);
    let fields = [("token", &*token), ("revision", &*revision), ("key", "x")];
    one.post(world.url("/_gate/admin/mapping/remove"), &fields).await.expect(409);
    one.post(world.url("/_gate/admin/mapping/discard"), &fields[..2]).await.expect(409);
    one.post(world.url("/_gate/admin/preview/publish"), &fields[..2]).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_told_beside_the_field_and_kept() {
    let world = world().await;
    let mut sam = sam(&world).await;
    let page = sam.get(world.url(MAPPING)).await;
    let refused = add_committee(&world, &mut sam, &page, "EDU", "Board Member").await.expect(422);
    for kept in ["value=\"Board Member\"", "Try “board_member”", "aria-invalid=\"true\"", "value=\"EDU\""]
    {
        assert!(refused.text.contains(kept), "{kept}: {}", refused.text);
    }
    let refused = add_committee(&world, &mut sam, &page, "EDU", "administrator").await.expect(422);
    assert!(refused.text.contains("manage_core_roles"), "{}", refused.text);

    let files = world.url("/_gate/admin/files");
    let (token, revision) = guards(&sam.get(files.clone()).await);
    let text = "time_zone = \"UTC\"\nmembr = \"member\"\n";
    let fields = [("token", &*token), ("revision", &revision), ("text", text)];
    let refused = sam.post(world.url("/_gate/admin/files/import"), &fields).await.expect(422);
    for told in ["Line 2, column 1:", "membr = ", "nothing was changed"] {
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    assert_eq!(guards(&sam.get(files).await).1, revision);
    let good = [
        ("token", &*token),
        ("revision", &revision),
        ("text", "time_zone = \"UTC\"\r\nmember = \"all\"\r\n"),
    ];
    sam.post(world.url("/_gate/admin/files/import"), &good).await.expect(303);
    // Nobody would be staff any more: not even on purpose.
    let refused = publish(&world, &mut sam).await.expect(409);
    assert!(refused.text.contains("could enter the administration any more"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_committee_that_is_not_on_the_list_is_saved_with_a_warning() {
    let world = world().await;
    let mut sam = sam(&world).await;
    let page = sam.get(world.url(MAPPING)).await;
    add_committee(&world, &mut sam, &page, "EDUU", "education").await.expect(303);
    let page = sam.get(world.url(MAPPING)).await.expect(200);
    assert!(page.text.contains(">EDUU"), "the rule is saved: {}", page.text);
    assert!(!page.text.contains("not on your AMS"), "a list that was never read says nothing");
    let token = page.attribute("name=\"token\"", "value").unwrap();
    sam.post(world.url("/_gate/admin/mapping/refresh"), &[("token", &*token)]).await.expect(303);
    let page = sam.get(world.url(MAPPING)).await.expect(200);
    let warning = "EDUU is not on your AMS’s list of committees. Did you mean EDU?";
    assert_eq!(page.text.matches(warning).count(), 1, "in the row of that rule alone: {}", page.text);
    let mut beside = 0;
    for link in links_to_rules(&page) {
        let rule = sam.get(world.url(&link)).await.expect(200);
        assert_eq!(rule.text.contains(warning), rule.text.contains("value=\"EDUU\""), "{}", rule.text);
        beside += rule.text.matches(warning).count();
    }
    assert_eq!(beside, 1, "beside the field of that rule");
    let rules = world.url("/_gate/admin/mapping/rules");
    let fields = [
        ("token", &*token),
        ("c0.kind", "committee"),
        ("c0.committee", "EDUU"),
        ("do", "add"),
        ("add", "member"),
    ];
    let typed = sam.post(rules, &fields).await.expect(200);
    assert!(typed.text.contains(warning), "beside what is being typed too: {}", typed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_for_many_roles_is_typed_and_refused_where_it_has_no_pattern() {
    let world = world().await;
    let mut sam = sam(&world).await;
    let page = sam.get(world.url(MAPPING)).await;
    let refused = add_committee(&world, &mut sam, &page, "EDU", "on_{code}").await.expect(422);
    for kept in ["no condition has a pattern", "value=\"on_{code}\"", "value=\"EDU\""] {
        assert!(refused.text.contains(kept), "{kept}: {}", refused.text);
    }
    add_committee(&world, &mut sam, &page, "ED*", "on_{code}").await.expect(303);
    publish(&world, &mut sam).await.expect(303);
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    assert!(roles(&world, &mut jane).await.contains(&"on_u".to_owned()), "EDU with ED taken off");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn an_emergency_link_opens_once_and_only_by_its_button() {
    let world = world().await;
    let token = AdminLinks::new(world.open_store(), Arc::new(SystemClock)).make().await.unwrap();
    let link = world.url(&format!("/_gate/admin/emergency?token={token}"));

    // A program that looks at the link, as those in messages do, does not use it up.
    let mut program = world.visitor();
    for _ in 0..2 {
        program.get(&link).await.expect(200);
    }
    let enter = world.url("/_gate/admin/emergency");
    let evil = [("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")];
    let body = || Some(format!("token={token}"));
    program.request(Method::POST, &enter, &evil, body()).await.expect(403);

    let mut operator = world.visitor();
    operator.post(&enter, &[("token", &*token)]).await.expect(303);
    let page = operator.get(world.url("/_gate/admin")).await.expect(200);
    assert!(page.text.contains("operator’s link"), "{}", page.text);
    program.post(&enter, &[("token", &*token)]).await.expect(410);
    program.post(&enter, &[("token", "nonsense")]).await.expect(404);
    assert!(program.cookie("localhost", "membergate-admin").is_none());

    let mapping = operator.get(world.url(MAPPING)).await.expect(200);
    add_committee(&world, &mut operator, &mapping, "EDU", "education").await.expect(303);
    let log = operator.get(world.url("/_gate/admin/audit")).await.expect(200).text;
    assert!(log.contains("Opened an emergency link") && log.contains("Emergency</span>"), "{log}");
    let token = mapping.attribute("name=\"token\"", "value").unwrap();
    operator.post(world.url("/_gate/admin/emergency/leave"), &[("token", &*token)]).await.expect(303);
    operator.get(world.url("/_gate/admin")).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_emergency_access_too() {
    let world = world().await;
    let links = AdminLinks::new(world.open_store(), Arc::new(SystemClock));
    for web_server in ["/_gate/logout", "/_gate/slo"] {
        let token = links.make().await.unwrap();
        let mut operator = world.visitor();
        operator.post(world.url("/_gate/admin/emergency"), &[("token", &*token)]).await.expect(303);
        operator.get(world.url("/_gate/admin")).await.expect(200);
        let stolen = operator.cookie("localhost", "membergate-admin").unwrap().clone();
        operator.get(world.url(web_server)).await.expect(303);
        assert!(operator.cookie("localhost", "membergate-admin").is_none(), "{web_server}");
        let mut thief = world.visitor();
        thief.plant("localhost", "membergate-admin", &stolen);
        thief.get(world.url("/_gate/admin")).await.expect(303);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_looks_somebody_up_and_ends_sessions() {
    let world = world().await;
    let (mut jane, mut sam) = (world.visitor(), sam(&world).await);
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let tried = sam.get(world.url(&format!("/_gate/admin/people?who={CHAIR}"))).await.expect(200);
    for told in ["Jane Marlowe", "education_chair", "On committee EDU", "The record as the AMS gives it"] {
        assert!(tried.text.contains(told), "{told}: {}", tried.text);
    }
    let later =
        sam.get(world.url(&format!("/_gate/admin/people?who={CHAIR}&at=2099-01-01T00:00"))).await.expect(200);
    assert!(later.text.contains("Not a member"), "{}", later.text);
    sam.get(world.url("/_gate/admin/people?who=nobody@people.example")).await.expect(422);
    sam.get(world.url(&format!("/_gate/admin/people?who={CHAIR}&at=tomorrow"))).await.expect(422);

    let sessions = sam.get(world.url(&format!("/_gate/admin/sessions?of={CHAIR}"))).await.expect(200);
    assert!(
        sessions.text.contains("Jane Marlowe") && !sessions.text.contains("Sam Osei</a>"),
        "{}",
        sessions.text
    );
    let value = |name: &str| sessions.attribute(&format!("name=\"{name}\""), "value").unwrap();
    let (token, key) = (value("token"), value("key"));
    sam.post(world.url("/_gate/admin/sessions/end"), &[("token", &*token), ("key", &*key), ("name", "Jane")])
        .await
        .expect(303);
    jane.get(world.url("/_gate/me")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_ams_is_down_the_pages_work_with_what_is_known_and_say_so() {
    let world = world().await;
    let mut sam = sam(&world).await;
    let mut nils = world.visitor();
    nils.sign_in(NON_MEMBER, world.url("/account")).await;
    let page = sam.get(world.url(MAPPING)).await;
    let token = page.attribute("name=\"token\"", "value").unwrap();
    sam.post(world.url("/_gate/admin/mapping/refresh"), &[("token", &*token)]).await.expect(303);
    let page = sam.get(world.url(MAPPING)).await.expect(200);
    assert!(page.text.contains("<option value=\"EDU\""), "{}", page.text);

    world.people().fail_next(Scope::Everything, Fault::Unavailable, 1000);
    sam.post(world.url("/_gate/admin/mapping/refresh"), &[("token", &*token)]).await.expect(303);
    let page = sam.get(world.url(MAPPING)).await.expect(200);
    assert!(page.text.contains("The AMS did not answer"), "{}", page.text);
    assert!(page.text.contains("<option value=\"EDU\""), "{}", page.text);
    add_committee(&world, &mut sam, &page, "EDU", "education").await.expect(303);
    let tried = sam.get(world.url(&format!("/_gate/admin/people?who={NON_MEMBER}"))).await.expect(200);
    assert!(tried.text.contains("The AMS gives no answer just now"), "{}", tried.text);
    let status = sam.get(world.url("/_gate/admin/status")).await.expect(200);
    assert!(status.text.contains("Does not answer"), "{}", status.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_through_somebodys_eyes_starts_from_the_tester_and_is_off_by_default() {
    let asked = format!("/_gate/admin/people?who={CHAIR}");
    let off = world().await;
    let page = sam(&off).await.get(off.url(&asked)).await.expect(200);
    assert!(!page.text.contains("View the site as this person"), "{}", page.text);

    let more = "[admin]\nroles = [\"staff\"]\nview_as = true\n".to_owned();
    let world = World::planned(Plan { more, ..Plan::default() }).await;
    let mut sam = sam(&world).await;
    let page = sam.get(world.url(&asked)).await.expect(200);
    let value = |name: &str| page.attribute(&format!("name=\"{name}\""), "value").unwrap();
    let (token, id) = (value("token"), value("id"));
    let begun = sam
        .post(world.url("/_gate/admin/people/view-as"), &[("token", &*token), ("id", &*id)])
        .await
        .expect(303);
    sam.open(begun.location().unwrap().as_str()).await.expect(200);
    let seen = sam.get(world.url("/members")).await.expect(200);
    assert!(seen.text.contains("Jane Marlowe"), "{}", seen.text);
    // The administration stays with the administrator.
    let log = sam.get(world.url("/_gate/admin/audit")).await.expect(200);
    assert!(log.text.contains("Began to view the site as somebody else"), "{}", log.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ams_environment_is_switched_after_a_confirmation_and_everybody_signs_in_again() {
    let mut world = world().await;
    let mut sam = sam(&world).await;
    let page = sam.get(world.url("/_gate/admin/status")).await.expect(200);
    assert!(page.text.contains("Switch to staging"), "{}", page.text);
    let token = page.attribute("name=\"token\"", "value").unwrap();
    let send = |confirmed: &'static str, to: &'static str| {
        vec![("token", token.clone()), ("to", to.to_owned()), ("confirmed", confirmed.to_owned())]
    };
    // Without a confirmation, or to somewhere that is not configured, nothing happens.
    for fields in [send("", "staging"), send("yes", "production"), send("yes", "evil")] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        sam.post(world.url("/_gate/admin/status/environment"), &fields).await.expect(303);
        let asked = tokio::time::timeout(std::time::Duration::from_millis(50), world.gate().restart_asked());
        assert!(asked.await.is_err(), "{fields:?}");
    }
    let fields = send("yes", "staging");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
    let page = sam.post(world.url("/_gate/admin/status/environment"), &fields).await.expect(202);
    assert!(page.text.contains("staging"), "{}", page.text);
    tokio::time::timeout(std::time::Duration::from_secs(5), world.gate().restart_asked()).await.unwrap();

    // `serve` starts the gateway again; here the test does.
    world.close_gate().await;
    world.open_gate().await;
    sam.get(world.url("/_gate/me")).await.expect(401);
    let landed = sam.sign_in(STAFF, world.url("/_gate/admin/audit")).await.expect(200);
    assert!(landed.trail.iter().any(|url| url.path().starts_with("/staging/")), "{:?}", landed.trail);
    assert!(landed.text.contains("Switched the AMS environment"), "{}", landed.text);

    // The choice is void once the configuration says something else.
    world.close_gate().await;
    world.plan.live = "staging";
    world.open_gate().await;
    let page = sam.get(world.url("/_gate/admin/status")).await.expect(200);
    assert!(page.text.contains("Switch to production"), "{}", page.text);
}
