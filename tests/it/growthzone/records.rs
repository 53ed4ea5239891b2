//! Records as they come of the simulated database, in positions of what is not known.

use membergate::adapters::ams::catalogue::{AmsCatalogue as _, Wanted};
use membergate::domain::standing::MembershipStanding;
use membergate::sim::growthzone::{Endpoint, Scope};
use membergate::sim::switches::Fault;

use super::*;

/// A record without what depends on when it was read.
fn plain(record: Record) -> Record {
    Record { confirmed: Default::default(), ..record }
}

#[tokio::test]
async fn a_record_is_the_same_however_the_database_writes_it() {
    let world = World::start(&[]).await;
    let (dana, marek) = (world.read(DANA).await, world.read(MAREK).await);
    let [membership] = dana.memberships.as_slice() else { panic!("{dana:?}") };
    assert_eq!((membership.standing, membership.inherited), (Some(MembershipStanding::Active), false));
    let (code, name) = (membership.code.as_deref(), membership.type_name.as_deref());
    assert_eq!((code, name), (Some("Regular"), Some("Individual")));
    assert!(!membership.expire_date.is_absent() && !membership.grace_expire_date.is_absent());
    let [inherited] = marek.memberships.as_slice() else { panic!("{marek:?}") };
    assert_eq!((inherited.inherited, inherited.type_name.as_deref()), (true, Some("Business")));
    assert_eq!((dana.warnings.clone(), marek.warnings.clone()), (vec![], vec![]));
    for part in
        [Part::Groups, Part::Committees, Part::CustomFields, Part::Certifications, Part::Relationships]
    {
        assert!(dana.confirmed.of(part).is_some(), "{part:?}");
    }
    for part in [Part::SecurityRoles, Part::Purchases, Part::Registrations] {
        assert_eq!(dana.confirmed.of(part), None, "{part:?}");
    }
    for switch in ["empty_strings=off", "date_sentinel=off", "lists=bare", "total=off", "page_size=1"] {
        world.switch(switch);
        assert_eq!(plain(world.read(DANA).await), plain(dana.clone()), "{switch}");
        assert_eq!(plain(world.read(MAREK).await), plain(marek.clone()), "{switch}");
    }
}

#[tokio::test]
async fn an_organization_is_asked_once_for_all_its_people() {
    let world = World::start(&[]).await;
    world.read(MAREK).await;
    let before = world.calls(Endpoint::ContactMemberships);
    world.read("1001003").await;
    // Her own, and those of the organization that nobody has asked about.
    assert_eq!(world.calls(Endpoint::ContactMemberships) - before, 2);
}

#[tokio::test]
async fn nobody_is_there_whose_number_is_not_on_file_and_what_is_no_number_is_not_asked() {
    let world = World::start(&[]).await;
    assert_eq!(world.try_read("1").await, Ok(None));
    world.switch("missing_record=no_content");
    assert_eq!(world.try_read("1").await, Ok(None));
    let before = world.calls(Endpoint::Person);
    assert!(world.try_read("..").await.is_err() && world.try_read("0").await.is_err());
    assert_eq!(world.calls(Endpoint::Person), before);
    let (dana, nobody) = (IndividualId::parse(DANA).unwrap(), IndividualId::parse("1").unwrap());
    assert_eq!(world.client.canary(&[nobody.clone(), dana]).await, Ok(true));
    assert_eq!(world.client.canary(&[nobody]).await, Ok(false));
    assert_eq!(world.client.canary(&[]).await, Ok(true), "somebody is on the list of contacts");
}

#[tokio::test]
async fn a_call_that_is_put_off_once_is_made_again_and_one_that_fails_is_no_absence() {
    let world = World::start(&[]).await;
    world.sim.control().fail_next(Scope::Only(Endpoint::Person), Fault::Status(429), 1);
    world.read(DANA).await;
    world.sim.control().fail_next(Scope::Only(Endpoint::Person), Fault::WrongShape, 1);
    assert!(world.try_read(DANA).await.is_err());
}

#[tokio::test]
async fn an_administrator_finds_a_person_by_number_or_by_an_address_that_only_one_has() {
    let world = World::start(&["largest_page=5"]).await;
    let find = async |text: &str| {
        let wanted = Wanted::parse(text).unwrap();
        world.client.find(&wanted, everything(), Priority::Person).await.unwrap()
    };
    let found = find("dana.ruiz@people.example").await.unwrap();
    assert_eq!(found.record.id.as_str(), DANA);
    assert!(found.said["individual"]["ContactId"].is_number() && found.said["memberships"].is_array());
    assert_eq!(find(DANA).await.unwrap().record.id.as_str(), DANA);
    for nobody in ["lund.family@people.example", "nobody@people.example", ACME, "Dana", "1"] {
        assert_eq!(find(nobody).await, None, "{nobody}");
    }
    // What was shown can be explained.
    let line = found.said.as_object().unwrap().clone();
    let record = membergate::adapters::ams::kinds::Kind::GrowthZone
        .record(line, membergate::domain::time::Timestamp::UNIX_EPOCH)
        .unwrap();
    assert_eq!(record.memberships, found.record.memberships);
    assert_eq!(record.certifications, found.record.certifications);
    assert_eq!(record.warnings, []);
}

#[tokio::test]
async fn what_can_be_chosen_and_what_is_not_there_is_told() {
    let world = World::start(&[]).await;
    let lists = world.client.catalogue(Priority::Person).await.unwrap();
    let committees: Vec<_> = lists.committees.iter().map(|choice| choice.code.as_str()).collect();
    let types: Vec<_> = lists.membership_types.iter().map(|choice| choice.code.as_str()).collect();
    assert_eq!(committees, ["32", "33", "31"]);
    for code in ["Business", "Individual", "Gold", "Student"] {
        assert!(types.contains(&code), "{types:?}");
    }
    assert_eq!(lists.events.iter().map(|event| event.code.as_str()).collect::<Vec<_>>(), ["502", "501"]);
    let test = world.client.self_test().await.unwrap();
    assert_eq!(test.read, 1);
    world.switch("missing_endpoints=delta,certifications");
    let missing = world.client.self_test().await.unwrap().missing;
    let missing: Vec<_> = missing.iter().map(|it| it.what.as_str()).collect();
    assert!(
        missing.contains(&"contacts/delta") && missing.contains(&"ContactOverview/…/Certifications"),
        "{missing:?}"
    );
    assert!(world.client.probe().await.is_ok());
    let stranger = World::with(&[], |host| host.api_key = "another".into()).await;
    assert_eq!(stranger.client.probe().await, Err(AmsError::CredentialsRefused));
}
