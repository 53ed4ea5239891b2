//! Stories of the community's mapping in the administration: edited, looked at, published, taken back, and never lost.

use membergate::sim::people::Person;

use super::*;
use crate::admin::previewed_at;
use crate::world::{Page, Visitor};

const MAPPING: &str = "/_gate/admin/community/mapping";

/// As [`COMMUNITY`], with one group more.
fn with_board() -> String {
    format!(
        "# The board meets in June.\n{COMMUNITY}\n[[group]]\nid = \"BOARD\"\nname = \"Board\"\nas = \"security_group\"\n\
         when = [{{ committee = \"EDU\" }}]\n"
    )
}

fn as_chapter() -> String {
    COMMUNITY.replace("type = \"Committee\"", "type = \"Chapter\"")
}

fn at(world: &World, part: &str) -> String {
    world.url(&format!("{MAPPING}{part}"))
}

/// Sends the editor of this page with another text.
async fn save(world: &World, sam: &mut Visitor, page: &Page, text: &str) -> Page {
    let (token, revision) = guards(page);
    let fields = [("token", &*token), ("revision", &revision), ("text", text)];
    sam.post(at(world, "/save"), &fields).await
}

async fn edited(world: &World, sam: &mut Visitor, text: &str) {
    let page = sam.get(at(world, "")).await.expect(200);
    save(world, sam, &page, text).await.expect(303);
}

/// What the preview says, and what comes of publishing what it shows.
async fn published(world: &World, sam: &mut Visitor) -> (Page, Page) {
    let preview = previewed_at(sam, &at(world, "/preview")).await;
    let (token, revision) = guards(&preview);
    let fields = [("token", &*token), ("revision", &revision), ("note", "For the new term")];
    let answer = sam.post(at(world, "/publish"), &fields).await;
    (preview, answer)
}

async fn versions(world: &World) -> Vec<u64> {
    let community = world.gate().administer().unwrap().community.clone().unwrap();
    community.versions().await.unwrap().iter().map(|head| head.number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_travels_without_a_restart_and_a_rollback_takes_it_back() {
    let (mut world, receiver) = start(Way::Empty).await;
    told(&world, &receiver).await;
    let jane = id(&world, CHAIR);
    within_minutes(&world, 60, "the chair is on her committee", async || {
        receiver.place(&jane, "committee-EDU")
    })
    .await;
    let mut sam = sam(&world).await;
    let page = sam.get(at(&world, "")).await.expect(200);
    for shown in
        ["Education Committee", "committee-EDU", "Community, Committee", "Committee EDU", "time_zone"]
    {
        assert!(page.text.contains(shown) || shown == "Education Committee", "{shown}");
    }
    edited(&world, &mut sam, &with_board()).await;
    let (preview, answer) = published(&world, &mut sam).await;
    assert!(preview.text.contains("gain Board"), "{}", preview.text);
    assert!(preview.text.contains("The board meets in June"), "{}", preview.text);
    answer.expect(303);
    eventually("she is told of as of the board", async || receiver.place(&jane, "BOARD")).await;
    assert!(receiver.place(&jane, "committee-EDU").is_some());

    // What the file says now counts neither when it is read again nor after a restart.
    world.plan.files = vec![("/etc/membergate/community.toml", as_chapter())];
    world.gate().reload(&world.settings()).unwrap();
    world.close_gate().await;
    world.open_gate().await;
    let exported = sam.get(at(&world, "/export?which=published")).await.expect(200);
    assert_eq!(exported.text, with_board());
    assert_eq!(versions(&world).await, [2, 1]);

    let page = sam.get(at(&world, "/versions")).await.expect(200);
    assert!(page.text.contains("For the new term"), "{}", page.text);
    let (token, revision) = guards(&page);
    let fields = [("token", &*token), ("revision", &*revision), ("number", "1")];
    sam.post(at(&world, "/versions/take"), &fields).await.expect(303);
    let (preview, answer) = published(&world, &mut sam).await;
    assert!(preview.text.contains("Board"), "{}", preview.text);
    answer.expect(303);
    eventually("she is of the board no longer", async || {
        receiver.place(&jane, "BOARD").is_none().then_some(())
    })
    .await;
    assert!(receiver.place(&jane, "committee-EDU").is_some());
    assert_eq!(versions(&world).await, [3, 2, 1]);
    let log = sam.get(world.url("/_gate/admin/audit?action=community_published")).await.expect(200);
    assert!(log.text.contains("Published the community mapping"), "{}", log.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_refused_stays_in_the_form_with_each_problem_at_its_line() {
    let (world, _receiver) = start(Way::Empty).await;
    let mut sam = sam(&world).await;
    let page = sam.get(at(&world, "")).await.expect(200);
    let text = "time_zone = \"Europe/Atlantis\"\n\n[[group]]\nid = \"x\"\nas = \"club\"\nwhen = []\n";
    let refused = save(&world, &mut sam, &page, text).await.expect(422);
    for told in ["Line 1, column 13", "Line 5, column 6", "Europe/Atlantis", "as = &#34;club&#34;"] {
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    let exported = sam.get(at(&world, "/export?which=draft")).await.expect(200);
    assert_eq!(exported.text, COMMUNITY, "nothing was changed");
    let corrected = save(&world, &mut sam, &refused, &with_board()).await.expect(303);
    assert!(corrected.location().unwrap().query().is_some_and(|query| query.contains("saved")));
    let page = sam.get(at(&world, "")).await.expect(200);
    let unchanged = save(&world, &mut sam, &page, &with_board().replace('\n', "\r\n")).await.expect(303);
    assert!(unchanged.location().unwrap().query().is_some_and(|query| query.contains("same")));
    let (token, revision) = guards(&page);
    let fields = [("token", &*token), ("revision", &*revision)];
    sam.post(at(&world, "/discard"), &fields).await.expect(303);
    assert_eq!(sam.get(at(&world, "/export?which=draft")).await.expect(200).text, COMMUNITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_added_by_a_form() {
    let (world, _receiver) = start(Way::Empty).await;
    let mut sam = sam(&world).await;
    let page = sam.get(at(&world, "/group")).await.expect(200);
    let (token, _) = guards(&page);
    let mut fields = vec![("token", &*token), ("id", "ED \"U\""), ("as", "community"), ("do", "save")];
    let refused = sam.post(at(&world, "/groups"), &fields).await.expect(422);
    assert!(refused.text.contains("Add at least one condition"), "{}", refused.text);
    fields.extend([("type", "Committee"), ("place", "{position}"), ("c0.kind", "committee")]);
    fields.extend([("c0.committee", "EDU")]);
    let refused = sam.post(at(&world, "/groups"), &fields).await.expect(303);
    assert!(refused.location().unwrap().query().is_some_and(|query| query.contains("saved")));
    let added = "[[group]]\nid = \"ED \\\"U\\\"\"\nname = \"{name}\"\nas = \"community\"\ntype = \"Committee\"\nrole = \"{position}\"\n\
                 when = [{ committee = \"EDU\" }]\n";
    let draft = sam.get(at(&world, "/export?which=draft")).await.expect(200).text;
    assert_eq!(draft, format!("{}\n\n{added}", COMMUNITY.trim_end()));
    // Another of the same key that is something else does not fit.
    let at_type = fields.iter().position(|field| field.0 == "type").unwrap();
    fields[at_type].1 = "Chapter";
    let refused = sam.post(at(&world, "/groups"), &fields).await.expect(422);
    assert!(refused.text.contains("Two entries for the group"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_edit_at_once_neither_loses_anything() {
    let (world, _receiver) = start(Way::Empty).await;
    let (mut one, mut other) = (sam(&world).await, sam(&world).await);
    let seen = one.get(at(&world, "")).await.expect(200);
    edited(&world, &mut other, &with_board()).await;
    let mine = COMMUNITY.replace("\"Members\"", "\"All members\"");
    let clash = save(&world, &mut one, &seen, &mine).await.expect(409);
    for told in ["changed the draft at", "All members", "Nothing is lost", "Removed:", "Added:"] {
        assert!(clash.text.contains(told), "{told}: {}", clash.text);
    }
    assert_eq!(one.get(at(&world, "/export?which=draft")).await.text, with_board());
    save(&world, &mut one, &clash, &mine).await.expect(303);
    assert_eq!(one.get(at(&world, "/export?which=draft")).await.text, mine);
    let stale = previewed_at(&mut other, &at(&world, "/preview")).await;
    edited(&world, &mut one, &with_board()).await;
    let (token, revision) = guards(&stale);
    let fields = [("token", &*token), ("revision", &*revision)];
    let refused = other.post(at(&world, "/publish"), &fields).await.expect(409);
    assert!(refused.text.contains("nothing was published"), "{}", refused.text);
    assert_eq!(versions(&world).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_is_never_changes_not_even_after_a_version_without_it() {
    let (world, _receiver) = start(Way::Empty).await;
    let mut sam = sam(&world).await;
    let without = COMMUNITY.split("[[group]]\nid = \"committee-EDU\"").next().unwrap();
    for text in [as_chapter(), without.to_owned(), as_chapter()] {
        edited(&world, &mut sam, &text).await;
        let page = sam.get(at(&world, "")).await.expect(200);
        let (token, revision) = guards(&page);
        let fields = [("token", &*token), ("revision", &*revision)];
        let answer = sam.post(at(&world, "/publish"), &fields).await;
        if text == without {
            answer.expect(303);
            continue;
        }
        let says = "The group `committee-EDU` is a community of the type `Committee` at the community, which never changes";
        let answer = answer.expect(409);
        assert!(page.text.contains(says) && answer.text.contains(says), "{}", answer.text);
    }
    assert_eq!(versions(&world).await, [2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_administration_the_file_counts_and_is_read_again() {
    let receiver = Receiver::start(Way::Empty).await;
    let plan = plan(&receiver);
    let more = plan.more.replace("[admin]\nroles = [\"staff\"]\n", "");
    let mut world = World::planned(Plan { more, ..plan }).await;
    told(&world, &receiver).await;
    let jane = id(&world, CHAIR);
    within_minutes(&world, 60, "the chair is on her committee", async || {
        receiver.place(&jane, "committee-EDU")
    })
    .await;
    world.plan.files = vec![("/etc/membergate/community.toml", with_board())];
    world.gate().reload(&world.settings()).unwrap();
    eventually("she is told of as of the board", async || receiver.place(&jane, "BOARD")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_community_there_is_no_such_page() {
    let world = crate::admin::world().await;
    let mut sam = sam(&world).await;
    for part in ["", "/preview", "/versions", "/export?which=draft"] {
        sam.get(at(&world, part)).await.expect(404);
    }
    let page = sam.get(world.url("/_gate/admin")).await.expect(200);
    assert!(!page.text.contains("Community mapping"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_that_would_take_from_many_waits_and_may_be_taken_back() {
    let (world, receiver) = start(Way::Empty).await;
    let jane = world.people().person(CHAIR).unwrap();
    let ids: Vec<String> = (0..15).map(|n| format!("b3a1c0de-0000-4000-8000-{n:012}")).collect();
    for (n, id) in ids.iter().enumerate() {
        let (id, email) = (id.clone(), Some(format!("member-{n}@people.example")));
        let person = Person { id, email, record_number: format!("40{n:03}"), ..jane.clone() };
        world.people().add_person(person);
    }
    let are_there = || ids.iter().all(|id| receiver.place(id, "MEMBERS").is_some());
    within_minutes(&world, 120, "all are told", async || are_there().then_some(())).await;
    let mut sam = sam(&world).await;
    let others = COMMUNITY.replace("when = [{ member = true }]", "when = [{ membership_type = \"NONE\" }]");
    edited(&world, &mut sam, &others).await;
    let (preview, answer) = published(&world, &mut sam).await;
    assert!(preview.text.contains("nothing will be sent to the community at first"), "{}", preview.text);
    answer.expect(303);
    eventually("it waits for an administrator", async || {
        let page = sam.get(world.url("/_gate/admin/deliveries")).await.expect(200);
        page.text.contains("Confirm and send").then_some(())
    })
    .await;
    assert!(are_there(), "nobody has lost anything");
    let page = sam.get(at(&world, "/versions")).await.expect(200);
    let (token, revision) = guards(&page);
    let fields = [("token", &*token), ("revision", &*revision), ("number", "1")];
    sam.post(at(&world, "/versions/take"), &fields).await.expect(303);
    published(&world, &mut sam).await.1.expect(303);
    let deliveries = eventually("what they should have is again what they have", async || {
        let page = sam.get(world.url("/_gate/admin/deliveries")).await.expect(200);
        page.text.contains("<dt>To be told</dt><dd>0</dd>").then_some(page)
    })
    .await;
    let value = |name: &str| deliveries.attribute(&format!("name=\"{name}\""), "value").unwrap();
    let (token, since) = (value("token"), value("since"));
    let fields =
        [("token", &*token), ("since", &since), ("subscriber", "higher_logic"), ("confirmed", "yes")];
    let requests = receiver.requests();
    sam.post(world.url("/_gate/admin/deliveries/resume"), &fields).await.expect(303);
    eventually("it goes on", async || {
        let page = sam.get(world.url("/_gate/admin/deliveries")).await.expect(200);
        page.text.contains("Is in step").then_some(())
    })
    .await;
    // The name of a committee may have come meanwhile.
    assert!(are_there() && receiver.requests() <= requests + 1, "nothing was taken and given back");
}
