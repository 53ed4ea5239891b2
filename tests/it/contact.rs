//! Stories of the profile that a community shows: read from each AMS only if somebody asks for it, for the calls that are said, and kept
//! on file with the record.

use membergate::adapters::ams::Ams as _;
use membergate::adapters::ams::re_members::ReMembers;
use membergate::adapters::ams::reading::AmsReading as _;
use membergate::adapters::budget::Priority;
use membergate::adapters::clock::{Clock as _, SystemClock};
use membergate::domain::contact::{Contact, LinkKind};
use membergate::domain::parts::Parts;
use membergate::domain::record::{IndividualId, Record};
use membergate::sim::growthzone::Endpoint as GrowthZoneEndpoint;
use membergate::sim::people::Phone;
use membergate::sim::re_members::Endpoint;
use membergate::sim::switches::Fault;

use crate::directory::{in_step, settled, within_minutes};
use crate::world::{CHAIR, Plan, World};
use crate::{ams, growthzone, novi};

const JANE: &str = "b3a1c0de-0001-4222-8333-444455550001";

fn contact(record: &Record) -> &Contact {
    record.contact.as_ref().expect("the profile was read")
}

fn numbers(contact: &Contact) -> Vec<&str> {
    contact.phones.iter().map(|phone| phone.number.as_str()).collect()
}

#[tokio::test]
async fn re_members_tells_it_with_the_person_and_less_of_it_with_everybody() {
    let world = ams::World::start().await;
    let id = IndividualId::parse(JANE).unwrap();
    let ams = world.production;
    let unasked = ams.read(&id, Parts::default(), Priority::Refresh).await.unwrap().unwrap();
    assert_eq!(unasked.contact, None);
    let ams = ams.reading_contact(true);
    let control = world.sim.control();
    control.reset_counts();
    let jane = ams.read(&id, Parts::default(), Priority::Refresh).await.unwrap().unwrap();
    assert_eq!(control.calls(Endpoint::Profile), 1);
    let told = contact(&jane);
    assert_eq!(numbers(told), ["555-0142 x7", "555-0143"]);
    assert_eq!(
        (told.designation.as_deref(), told.informal_name.as_deref()),
        (Some("PhD, CAE"), Some("Janey"))
    );
    let links: Vec<LinkKind> = told.links.iter().map(|link| link.kind).collect();
    assert_eq!(links, [LinkKind::Blog, LinkKind::LinkedIn, LinkKind::Twitter]);
    assert_eq!((told.emails.len(), told.addresses[0].country.as_deref()), (2, Some("US")));
    assert_eq!((told.has_account, told.show_in_directory), (Some(true), Some(true)));
    let marisol = IndividualId::parse("b3a1c0de-0005-4222-8333-444455550005").unwrap();
    let marisol = ams.read(&marisol, Parts::default(), Priority::Refresh).await.unwrap().unwrap();
    let employer = contact(&marisol).organization.as_ref().expect("a primary organization");
    assert_eq!((employer.name.as_str(), contact(&marisol).show_in_directory), ("Harbor Labs", Some(false)));
    control.set_switch("page_size=100").unwrap();
    let row = async |ams: &ReMembers| {
        let page = ams.everybody(1, Priority::Sweep).await.unwrap();
        page.people.into_iter().find(|record| record.id == id).expect("Jane is a member")
    };
    let listed = row(&ams).await;
    let said = contact(&listed);
    assert_eq!((&said.phones, &said.emails, &said.addresses), (&told.phones, &told.emails, &told.addresses));
    assert_eq!((&said.designation, said.has_account, said.show_in_directory), (&None, None, None));
    // Before a reading of the person it is all that is known, and after it, it takes nothing away.
    let now = SystemClock.now();
    assert_eq!(listed.clone().over(&jane, now).contact, jane.contact);
    assert_eq!(jane.clone().over(&listed, now).contact, jane.contact);
    for thin in ["include_contact=off", "include_contact=on include_flags=ignored", "include_flags=left_out"]
    {
        thin.split(' ').for_each(|switch| control.set_switch(switch).unwrap());
        assert_eq!(row(&ams).await.contact, None, "{thin}");
    }
    control.set_switch("include_flags=half").unwrap();
    let page = ams.everybody(1, Priority::Sweep).await.unwrap();
    let told = page.people.iter().filter(|record| record.contact.is_some()).count();
    assert_eq!(told, page.people.len().div_ceil(2), "a row without the lists says nothing");
    control.set_switch("include_flags=honored").unwrap();
    let unasked = ams.reading_contact(false);
    assert_eq!(row(&unasked).await.contact, None, "nobody asks for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_changes_has_a_profile_on_file_after_one_sweep_for_no_call_more() {
    for (reads_contact, flags) in
        [(true, "include_contact=on"), (true, "include_contact=off"), (false, "include_contact=on")]
    {
        let switches = vec!["rate_limit=off", flags];
        // No rule has anybody read alone: not for a list of their own, nor because a roster names somebody who is on no page.
        let rules = "time_zone = \"America/New_York\"\nmember = \"member\"\n".to_owned();
        let access = "[[site.access]]\npath = \"/\"\nrequire = \"public\"\n".to_owned();
        let plan = Plan { rules, access, reads_contact, switches, ..in_step() };
        let world = World::planned(plan).await;
        let people = world.people();
        let jane = within_minutes(&world, 10, "Jane was on a page, and the list has ended", async || {
            on_file(&world).await.filter(|_| people.calls(Endpoint::MembersAll) > 1)
        })
        .await;
        let calls = [Endpoint::MembersAll, Endpoint::Profile].map(|endpoint| people.calls(endpoint));
        assert_eq!(calls, [2, 0], "as many pages as without it, and nobody is read alone: {flags}");
        assert_eq!(jane.contact.is_some(), reads_contact && flags.ends_with("on"), "{flags}");
        if let Some(told) = &jane.contact {
            assert_eq!(numbers(told), ["555-0142 x7", "555-0143"]);
        }
    }
}

#[tokio::test]
async fn novi_tells_it_with_each_row() {
    let world = novi::World::start(&[]).await;
    assert_eq!(world.read(novi::DANA).await.contact, None, "nobody asks for it");
    let ams = world.production.reading_contact(true);
    let id = IndividualId::parse(novi::DANA).unwrap();
    let dana = ams.read(&id, novi::everything(), Priority::Refresh).await.unwrap().unwrap();
    let told = contact(&dana);
    assert_eq!(told.bio.as_deref(), Some("<p>Keeps building sites safe.</p>"));
    assert_eq!(numbers(told), ["555-0161", "555-0162", "555-0163"]);
    let shown: Vec<_> = told.phones.iter().map(|phone| phone.show_in_directory).collect();
    assert_eq!(shown, [Some(true), Some(true), Some(false)], "a private number is nobody's");
    assert_eq!((told.has_account, told.is_active, told.is_organization), (Some(true), Some(true), false));
    let page = ams.everybody(1, Priority::Sweep).await.unwrap();
    let row = page.people.iter().find(|record| record.id == id).expect("Dana is on the first page");
    assert_eq!(row.contact, dana.contact);
    let marek = page.people.iter().find(|record| record.id.as_str() == novi::MAREK).unwrap();
    assert_eq!(contact(marek).show_in_directory, Some(false));
    assert_eq!(contact(marek).organization.as_ref().map(|it| it.name.as_str()), Some("Acme Builders, Inc."));
    // What the key does not show was not read.
    world.sim.control().set_switch("scope_fields=Name,Active,MemberStatus").unwrap();
    world.sim.control().set_switch("hidden_field=left_out").unwrap();
    let hidden = ams.read(&id, novi::everything(), Priority::Refresh).await.unwrap().unwrap();
    assert_eq!(hidden.contact, None);
}

#[tokio::test]
async fn growthzone_tells_it_for_calls_of_its_own_where_nobody_waits() {
    use GrowthZoneEndpoint::{ContactAddresses, ContactOrgs, NotesAndFields, Phones};
    let world = growthzone::World::start(&[]).await;
    assert_eq!(world.read(growthzone::DANA).await.contact, None, "nobody asks for it");
    let control = world.sim.control();
    let ams = world.client.reading_contact(true);
    let id = IndividualId::parse(growthzone::DANA).unwrap();
    let counted = [NotesAndFields, ContactOrgs, ContactAddresses, Phones];
    let read = async |parts: Parts, priority| {
        control.reset_counts();
        let record = ams.read(&id, parts, priority).await.unwrap().unwrap();
        (record, counted.map(|endpoint| control.calls(endpoint)))
    };
    let (dana, calls) = read(Parts::default(), Priority::Refresh).await;
    assert_eq!(calls, [1, 1, 1, 0]);
    let told = contact(&dana);
    assert_eq!(told.bio.as_deref(), Some("Keeps building sites safe.\nSince 2004."));
    assert_eq!(numbers(told), ["555-0161", "555-0162"]);
    assert_eq!((told.addresses[0].kind.as_deref(), told.addresses[0].primary), (Some("Mailing"), true));
    assert_eq!((told.is_active, told.has_account), (Some(true), None));
    // What is read anyway is not asked for twice.
    let (with_all, calls) = read(growthzone::everything(), Priority::Refresh).await;
    assert_eq!((&with_all.contact, calls), (&dana.contact, [1, 1, 1, 0]));
    // Whoever waits does not wait for it.
    let (waiting, calls) = read(Parts::default(), Priority::Person).await;
    assert_eq!((waiting.contact, calls), (None, [0, 0, 0, 0]));
    let page = ams.everybody(1, Priority::Sweep).await.unwrap();
    assert!(!page.people.is_empty() && page.people.iter().all(|record| record.contact.is_none()));
    // A call that fails costs nobody a role; the earlier profile stays, since this reading has none.
    let scope = membergate::sim::growthzone::Scope::Only(ContactAddresses);
    control.fail_next(scope, Fault::WrongShape, 1);
    let (failed, _) = read(Parts::default(), Priority::Refresh).await;
    assert_eq!((&failed.contact, &failed.memberships), (&None, &dana.memberships));
    // A database that does not list the ways to reach somebody is asked for the numbers.
    control.set_switch("person_contact_infos=off").unwrap();
    let (without, calls) = read(Parts::default(), Priority::Refresh).await;
    assert_eq!((numbers(contact(&without)), calls), (vec!["555-0161", "555-0162"], [1, 1, 1, 1]));
    let marek = IndividualId::parse(growthzone::MAREK).unwrap();
    control.set_switch("person_contact_infos=on").unwrap();
    control.reset_counts();
    let marek = ams.read(&marek, Parts::default(), Priority::Refresh).await.unwrap().unwrap();
    let (told, calls) = (contact(&marek), counted.map(|endpoint| control.calls(endpoint)));
    assert_eq!((told.organization.as_ref().map(|it| it.id.as_str()), calls), (Some("1000042"), [1, 1, 0, 0]));
    assert_eq!(told.title.as_deref(), Some("Foreman"), "the title there");
}

/// What is on file about Jane now.
async fn on_file(world: &World) -> Option<Record> {
    let id = IndividualId::parse(JANE).unwrap();
    world.open_store().record("production", &id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_profile_reaches_the_record_on_file_by_the_feed_where_somebody_asks_for_it() {
    for reads_contact in [true, false] {
        let world = World::planned(Plan { reads_contact, ..in_step() }).await;
        settled(&world).await;
        world.people().edit_person(CHAIR, |jane| {
            jane.title = Some("President".to_owned());
            let profile = jane.profile.as_mut().unwrap();
            profile.image_uri = Some("https://members.acme.example/images/new.img".to_owned());
            profile.phones = vec![Phone { number: "555-0999".to_owned(), ..Phone::default() }];
        });
        let calls = world.people().calls(Endpoint::Profile);
        let record = within_minutes(&world, 10, "the feed names her, and she is read", async || {
            let is_read = world.people().calls(Endpoint::Profile) > calls;
            let record = on_file(&world).await?;
            let told = record.contact.as_ref().is_some_and(|it| it.title.as_deref() == Some("President"));
            (is_read && (told || !reads_contact)).then_some(record)
        })
        .await;
        if reads_contact {
            let told = contact(&record);
            assert_eq!(told.photo.as_deref(), Some("https://members.acme.example/images/new.img"));
            assert_eq!(numbers(told), ["555-0999"]);
        } else {
            assert_eq!(record.contact, None);
        }
    }
}
