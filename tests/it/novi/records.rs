//! Records as they come of the simulated site, in every position of what is not known.

use membergate::adapters::ams::Ams as _;
use membergate::adapters::ams::catalogue::{AmsCatalogue as _, Wanted};
use membergate::domain::parts::Part;
use membergate::domain::standing::MembershipStanding;
use membergate::sim::novi::{Endpoint, Scope};
use membergate::sim::switches::Fault;

use super::*;

/// A record without what depends on when it was read.
fn plain(record: Record) -> Record {
    Record { confirmed: Default::default(), ..record }
}

#[tokio::test]
async fn a_record_is_the_same_however_the_site_writes_it() {
    let world = World::start(&[]).await;
    // His record shows that a company is told of, so hers tells that there is none.
    let marek = world.read(MAREK).await;
    let dana = world.read(DANA).await;
    let [membership] = dana.memberships.as_slice() else { panic!("{dana:?}") };
    assert_eq!((membership.standing, membership.inherited), (Some(MembershipStanding::Active), false));
    assert_eq!(membership.type_name.as_deref(), Some("Individual"));
    let groups: Vec<_> = dana.groups.iter().flatten().filter_map(|it| it.group_name.as_deref()).collect();
    assert_eq!(groups, ["All Current Members", "Board"]);
    assert!(dana.committees.iter().flatten().any(|seat| seat.position_name.as_deref() == Some("Chair")));
    assert_eq!(dana.confirmed.of(Part::SecurityRoles), None);
    let [inherited] = marek.memberships.as_slice() else { panic!("{marek:?}") };
    assert_eq!((inherited.inherited, inherited.type_name.as_deref()), (true, Some("Corporate")));
    for switch in ["detail=data", "empty_strings=off", "dates_have_offset=off", "api_inheriting=on"] {
        world.switch(switch);
        assert_eq!(plain(world.read(DANA).await), plain(dana.clone()), "{switch}");
        let again = world.read(MAREK).await;
        assert_eq!(again.memberships, marek.memberships, "{switch}");
    }
}

#[tokio::test]
async fn what_was_bought_comes_of_the_orders_and_by_few_calls() {
    let world = World::start(&["page_size=1", "largest_page=1"]).await;
    let bought = world.read(NOOR).await.purchases.unwrap();
    assert_eq!(bought.len(), 2);
    assert!(bought.iter().all(|line| !line.cancelled && !line.purchase_date.is_absent()));
    let calls = world.sim.control().calls(sim::Endpoint::Orders);
    assert_eq!(world.read(DANA).await.purchases, Some(Vec::new()));
    assert_eq!(world.sim.control().calls(sim::Endpoint::Orders), calls, "the orders are kept for a while");
    for missing in ["missing_endpoints=orders"] {
        let world = World::start(&[missing]).await;
        assert_eq!(world.read(NOOR).await.purchases, None, "not known");
    }
}

#[tokio::test]
async fn whoever_is_not_on_file_or_hidden_is_nobody_and_a_broken_answer_is_an_error() {
    let nobody = "00000000-0000-4000-8000-00000000dead";
    let world = World::start(&[]).await;
    for missing in ["not_found", "no_content", "empty_ok"] {
        world.switch(&format!("missing_record={missing}"));
        assert_eq!(world.try_read(nobody).await, Ok(None), "{missing}");
    }
    world.switch("missing_record=bad_request");
    assert_eq!(world.try_read(nobody).await, Err(AmsError::Failed(400)));
    world.switch("scope_group=Board");
    for hidden in ["missing", "forbidden"] {
        world.switch("missing_record=not_found");
        world.switch(&format!("hidden_record={hidden}"));
        assert_eq!(world.try_read(MAREK).await, Ok(None), "{hidden}");
        assert!(world.try_read(DANA).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_field_that_the_key_hides_is_not_known_of_anybody() {
    for hidden in ["left_out", "null"] {
        let fields = "scope_fields=Active,Approved,MemberStatus,AccountEmail,CustomerType";
        let world = World::start(&[fields, &format!("hidden_field={hidden}")]).await;
        let dana = world.read(DANA).await;
        assert_eq!((dana.groups, dana.committees, dana.relationships), (None, None, None), "{hidden}");
        assert_eq!(dana.confirmed.of(Part::CustomFields), None);
        let test = world.production.self_test().await.unwrap();
        let missing: Vec<&str> = test.missing.iter().map(|missing| missing.what.as_str()).collect();
        let expect = [
            "MemberType",
            "EffectiveMemberType",
            "Groups",
            "Committees",
            "CustomFields",
            "ParentCustomerUniqueID",
        ];
        assert_eq!(missing, expect, "{hidden}");
        assert!(test.arrives.iter().any(|what| what == "MemberStatus"));
    }
    let world = World::start(&["event_access=off"]).await;
    let test = world.production.self_test().await.unwrap();
    let missing: Vec<_> = test.missing.iter().map(|it| (it.what.as_str(), it.needed_for.as_str())).collect();
    assert_eq!(missing, [("events", "events")]);
}

#[tokio::test]
async fn a_person_is_found_by_id_or_address_and_of_two_with_one_it_is_who_signs_in_with_it() {
    let world = World::start(&[]).await;
    let find = async |text: &str| {
        let found =
            world.production.find(&Wanted::parse(text).unwrap(), everything(), Priority::Person).await;
        found.unwrap().map(|found| (found.record.id.to_string(), found.said))
    };
    let (id, said) = find(DANA).await.unwrap();
    assert_eq!((id.as_str(), said["individual"]["Name"].as_str()), (DANA, Some("Dana Ruiz")));
    assert_eq!(find(DANAS_EMAIL).await.unwrap().0, DANA);
    let shared = find("lund.family@people.example").await.unwrap().0;
    assert_eq!(shared, "6a6f5f2e-0009-4222-8333-444455550009");
    assert!(find("nobody@people.example").await.is_none() && find("4411").await.is_none());
}

#[tokio::test]
async fn the_lists_of_the_site_are_offered_whatever_their_shape() {
    for switches in [
        &[][..],
        &["catalogues=bare"],
        &["page_size=2", "largest_page=2"],
        &["over_largest=refused", "largest_page=25"],
    ] {
        let world = World::start(switches).await;
        let catalogue = world.production.catalogue(Priority::Catalogue).await.unwrap();
        macro_rules! labels {
            ($list:ident) => {
                catalogue.$list.iter().map(|it| it.label.clone()).collect::<Vec<_>>()
            };
        }
        assert_eq!(labels!(committees), ["Education", "Safety"], "{switches:?}");
        assert!(labels!(groups).contains(&"Water Section".to_owned()), "{switches:?}");
        assert_eq!(
            (catalogue.membership_types.len(), catalogue.products.len(), catalogue.events.len()),
            (5, 2, 2)
        );
    }
    let world = World::start(&["event_access=off", "missing_endpoints=committees"]).await;
    let catalogue = world.production.catalogue(Priority::Catalogue).await.unwrap();
    assert!(catalogue.events.is_empty() && catalogue.committees.is_empty() && !catalogue.groups.is_empty());
}

#[tokio::test]
async fn the_canary_is_whoever_is_named_known_or_on_the_list() {
    let world = World::start(&[]).await;
    let known = [
        IndividualId::parse("00000000-0000-4000-8000-00000000dead").unwrap(),
        IndividualId::parse(DANA).unwrap(),
    ];
    assert_eq!(world.production.canary(&[]).await, Ok(true));
    assert_eq!(world.production.canary(&known).await, Ok(true));
    assert_eq!(world.production.canary(&known[..1]).await, Ok(false));
    world.switch("scope_group=Nobody");
    assert_eq!(world.production.canary(&[]).await, Ok(false));
}

#[tokio::test]
async fn a_key_of_another_site_is_refused_and_nothing_crosses_over() {
    let world = World::start(&[]).await;
    assert_eq!(world.production.probe().await, Ok(()));
    assert_eq!(world.staging.probe().await, Ok(()));
    // What is kept of one kind of AMS is not found by another; people are told the name that they gave.
    let names = (world.production.environment(), world.production.status().environment);
    assert_eq!(names, ("novi-production", "production".to_owned()));
    let id = IndividualId::parse(DANA).unwrap();
    let at_staging = world.staging.read(&id, everything(), Priority::Refresh).await;
    assert_eq!(at_staging, Ok(None), "ids of one site are not those of the other");
}

#[tokio::test]
async fn nobody_who_waits_waits_for_all_orders_to_be_read() {
    let world = World::start(&[]).await;
    world.sim.control().fail_next(Scope::Only(Endpoint::Orders), Fault::Hang, 1);
    let in_the_background = world.try_read(DANA);
    tokio::pin!(in_the_background);
    let id = IndividualId::parse(MAREK).unwrap();
    let waits = async {
        while world.sim.control().calls(Endpoint::Orders) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.production.read(&id, everything(), Priority::Person).await.unwrap().unwrap()
    };
    tokio::select! {
        biased;
        _ = &mut in_the_background => panic!("the orders hang"),
        marek = waits => assert_eq!(marek.purchases, None, "what is not known yet is unknown"),
    }
    // However that reading ends, the next one knows the orders.
    drop(in_the_background.await);
    assert!(world.read(MAREK).await.purchases.is_some());
}
