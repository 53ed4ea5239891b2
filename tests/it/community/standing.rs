//! How the community stands, as an administrator sees it: figures at each stage, one person, the last day.

use jiff::SignedDuration;

use super::receiver::{Receiver, Trouble, Way};
use super::{id, plan, start, told};
use crate::admin::{guards, sam};
use crate::directory::within_minutes;
use crate::world::{CHAIR, LAST_DAY, Page, Plan, Visitor, World};

const COMMUNITY: &str = "/_gate/admin/community";

/// The figures of a row: should be there, are there, on the way, refused. `marker`: something that stands in the row's heading alone.
fn figures(page: &Page, marker: &str) -> [String; 4] {
    let row =
        page.text.split("<tr>").find(|row| row.contains(marker) && row.contains("data-of=\"Are there\""));
    let row = row.unwrap_or_else(|| panic!("no row with {marker}: {}", page.text));
    let cells: Vec<String> = row
        .split("<td")
        .skip(1)
        .map(|cell| cell.split_once('>').unwrap().1.split("</td>").next().unwrap().to_owned())
        .collect();
    cells.try_into().unwrap()
}

async fn look(world: &World, sam: &mut Visitor) -> Page {
    sam.get(world.url(COMMUNITY)).await.expect(200)
}

/// Looks again until the figures of this row are so.
async fn figures_are(
    world: &World,
    sam: &mut Visitor,
    marker: &str,
    what: &str,
    is_so: impl Fn(&[String; 4]) -> bool,
) -> Page {
    within_minutes(world, 60, what, async || {
        let page = look(world, sam).await;
        (page.text.contains(marker) && is_so(&figures(&page, marker))).then_some(page)
    })
    .await
}

const MEMBERS: &str = "<code>MEMBERS</code>";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_at_each_stage_who_should_be_there_and_who_is() {
    let receiver = Receiver::start(Way::EachRecord).await;
    let small = plan(&receiver);
    let world = World::planned(Plan { more: format!("{}batch = 3\n", small.more), ..small }).await;
    // Nothing is taken.
    receiver.trouble(&[Trouble::Status(503); 4_000]);
    let mut sam = sam(&world).await;
    figures_are(&world, &mut sam, MEMBERS, "members are planned, and nobody is told", |it| {
        it[0] != "0" && it[1] == "0" && it[2] == format!("{} to come", it[0])
    })
    .await;
    let page = within_minutes(&world, 10, "what stands in the way is said", async || {
        let page = look(&world, &mut sam).await;
        let is_silent = page.text.contains("Higher Logic gives no usable answer since");
        (is_silent && page.text.contains("First run <span class=\"mark warn\">Under way")).then_some(page)
    })
    .await;
    assert!(page.text.contains("Nothing was sent in the last 24 hours."));

    // One request of a few people goes through, and then an administrator stops it.
    receiver.only_trouble(&[&[Trouble::Fine][..], &[Trouble::Status(503); 4_000]].concat());
    within_minutes(&world, 20, "somebody is told", async || (receiver.contacts() > 0).then_some(())).await;
    let page = figures_are(&world, &mut sam, "<th scope=\"row\">Everybody</th>", "some are there", |it| {
        it[1] != "0" && it[2] != "0"
    })
    .await;
    let (token, _) = guards(&sam.get(world.url("/_gate/admin/deliveries")).await.expect(200));
    let fields = [("token", &*token), ("subscriber", "higher_logic")];
    sam.post(world.url("/_gate/admin/deliveries/stop"), &fields).await.expect(303);
    let [here, there, ..] = figures(&page, "<th scope=\"row\">Everybody</th>");
    assert_ne!(here, there);
    let page = look(&world, &mut sam).await;
    assert!(page.text.contains("an administrator stopped it on") && page.text.contains("under Deliveries"));

    // It goes on, and one is refused.
    receiver.calm();
    let jane = id(&world, CHAIR);
    let was_told = receiver.contact(&jane).is_some();
    receiver.spoil(Some(&jane));
    let page = sam.get(world.url("/_gate/admin/deliveries")).await.expect(200);
    let since = page.attribute("name=\"since\"", "value").unwrap();
    let fields =
        [("token", &*token), ("subscriber", "higher_logic"), ("since", &since), ("confirmed", "yes")];
    sam.post(world.url("/_gate/admin/deliveries/resume"), &fields).await.expect(303);
    world.people().edit_person(CHAIR, |jane| jane.last_name = "Holm".to_owned());
    let page =
        figures_are(&world, &mut sam, "<th scope=\"row\">Everybody</th>", "all but one are there", |it| {
            it[2] == "0" && it[3] == "1"
        })
        .await;
    assert!(
        page.text.contains("id=\"refused\"") && page.text.contains("refused email address"),
        "{}",
        page.text
    );
    let members = figures(&page, MEMBERS);
    assert!(was_told || members[3] == "1", "{members:?}");
    let first_run = within_minutes(&world, 5, "the first run is over", async || {
        let page = look(&world, &mut sam).await;
        page.text.contains("First run <span class=\"mark good\">Done").then_some(page)
    })
    .await;
    assert!(first_run.text.contains("<dt>Ended</dt>"), "{}", first_run.text);

    // All is there.
    receiver.spoil(None);
    let fields = [("token", &*token), ("subscriber", "higher_logic")];
    sam.post(world.url("/_gate/admin/deliveries/again"), &fields).await.expect(303);
    let page = figures_are(&world, &mut sam, MEMBERS, "all are there", |it| {
        it[0] == it[1] && it[2] == "0" && it[3] == "0"
    })
    .await;
    assert!(!page.text.contains("id=\"refused\""));
    assert!(page.text.contains("href=\"/_gate/admin/community/mapping\""));
    let shown: usize = figures(&page, MEMBERS)[1].parse().unwrap();
    let members = world.people().person(LAST_DAY).map(|_| shown).unwrap();
    assert!(members > 3, "{members}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_shown_line_by_line_with_what_differs() {
    let (world, receiver) = start(Way::EachRecord).await;
    told(&world, &receiver).await;
    let jane = id(&world, CHAIR);
    within_minutes(&world, 60, "the chair is on her committee", async || {
        receiver.place(&jane, "committee-EDU")
    })
    .await;
    let mut sam = sam(&world).await;
    let number = world.people().person(CHAIR).unwrap().record_number;
    let person = |who: &str| world.url(&format!("{COMMUNITY}/person?who={who}"));
    for who in [&*jane, "jane+marlowe", &number] {
        let page = within_minutes(&world, 10, "she is as she should be", async || {
            let page = sam.get(person(who)).await.expect(200);
            page.text.contains("As it should be").then_some(page)
        })
        .await;
        assert!(page.text.contains("Group committee-EDU") && page.text.contains("as Chair"), "{}", page.text);
        assert!(page.text.contains("What is there is what should be there."), "{}", page.text);
    }
    for (who, status) in [("nobody@people.example", 422), ("zebedee", 422), ("", 422)] {
        sam.get(person(who)).await.expect(status);
    }
    // What is desired by now waits for an administrator.
    let (token, _) = guards(&sam.get(world.url("/_gate/admin/deliveries")).await.expect(200));
    let fields = [("token", &*token), ("subscriber", "higher_logic")];
    sam.post(world.url("/_gate/admin/deliveries/stop"), &fields).await.expect(303);
    world.people().edit_person(CHAIR, |jane| {
        jane.committees.clear();
        jane.last_name = "Marlowe-Frost".to_owned();
    });
    let page = within_minutes(&world, 30, "what differs is shown", async || {
        let page = sam.get(person(&jane)).await.expect(200);
        (page.text.contains("To be told")
            && page.text.contains("To go</span>")
            && page.text.contains("To change</span>"))
        .then_some(page)
    })
    .await;
    let row = |name: &str| {
        let found = page.text.split("<tr>").find(|row| row.starts_with(&format!("<th scope=\"row\">{name}")));
        found.unwrap_or_else(|| panic!("{name}: {}", page.text))
    };
    let family = row("Family name");
    assert!(family.contains("data-of=\"Is there\">Marlowe</td>"), "{family}");
    assert!(family.contains("data-of=\"Should be there\">Marlowe-Frost</td>"), "{family}");
    assert!(row("Group committee-EDU").contains("To go"), "{}", row("Group committee-EDU"));
    assert!(row("Given name").contains("The same"), "{}", row("Given name"));
    let audit = sam.get(world.url("/_gate/admin/audit")).await.expect(200);
    assert!(audit.text.contains("Jane Marlowe"), "that somebody looked is written down");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_of_the_day_outlives_a_restart_and_ends_with_the_day() {
    let (mut world, receiver) = start(Way::Empty).await;
    told(&world, &receiver).await;
    let mut sam = sam(&world).await;
    let page = within_minutes(&world, 20, "nobody waits", async || {
        let page = look(&world, &mut sam).await;
        page.text.contains("First run <span class=\"mark good\">Done").then_some(page)
    })
    .await;
    let first = |page: &Page| {
        let table = page.text.split_once("15 minutes from").unwrap().1;
        table.rsplit("<th scope=\"row\">").next().unwrap().split("</th>").next().unwrap().to_owned()
    };
    // The last table is that of the day unless somebody is refused.
    assert!(
        page.text.contains("<svg class=\"day\"") && page.text.contains("class=\"longest\""),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("Deliveries of the last 24 hours: ")
            && page.text.contains("The longest delay was")
    );
    let began = first(&page);
    world.close_gate().await;
    world.open_gate().await;
    let mut sam = crate::admin::sam(&world).await;
    let again = look(&world, &mut sam).await;
    assert_eq!(first(&again), began, "a restart changes nothing of it");
    world.forward(SignedDuration::from_hours(12));
    let mut sam = crate::admin::sam(&world).await;
    let page = look(&world, &mut sam).await;
    assert_eq!(first(&page), began);
    world.forward(SignedDuration::from_hours(13));
    let mut sam = crate::admin::sam(&world).await;
    let page = look(&world, &mut sam).await;
    let is_over = !page.text.contains("15 minutes from") || first(&page) != began;
    assert!(is_over, "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_community_there_is_no_page_of_it() {
    let world = crate::admin::world().await;
    let mut sam = sam(&world).await;
    sam.get(world.url(COMMUNITY)).await.expect(404);
    let page = sam.get(world.url("/_gate/admin/deliveries")).await.expect(200);
    assert!(!page.text.contains("/_gate/admin/community"), "the menu has no entry for it");
}
