//! Nobody is locked out, nothing is forgotten, and what is at rest tells nothing.

use super::*;

#[tokio::test]
async fn a_mapping_that_lets_nobody_in_is_refused_except_in_an_emergency_on_purpose() {
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    let draft = running.mapping().import(&administrator("dana"), 1, LOCKED).await.unwrap();
    let emergency = Actor::break_glass();
    for (actor, on_purpose) in
        [(&administrator("dana"), true), (&administrator("dana"), false), (&emergency, false)]
    {
        let refused = running.mapping().publish(actor, draft.revision, "", on_purpose).await;
        assert!(matches!(refused, Err(ChangeError::LockOut)), "{actor:?} {on_purpose}: {refused:?}");
    }
    assert_eq!(running.rules.load().version, 1);
    running.mapping().publish(&emergency, draft.revision, "", true).await.unwrap();
    assert_eq!(running.rules.load().rules, rules(LOCKED));
    let log = running.administer.audit.list(&Filter::default(), None).await.unwrap();
    assert_eq!(log.entries[0].entry.actor, emergency);
    assert!(log.entries[0].entry.about.contains("nobody known can enter"), "{:?}", log.entries[0]);
    // Nor does going back ask for less.
    running.mapping().restore(&administrator("dana"), 1, false).await.unwrap();
    let refused = running.mapping().restore(&administrator("dana"), 2, true).await;
    assert!(matches!(refused, Err(ChangeError::LockOut)), "{refused:?}");
}

#[tokio::test]
async fn whoever_the_ams_does_not_admit_keeps_no_way_in() {
    let world = World::new();
    let running = world.start().await;
    running.know(&Record { is_approved: Some(false), ..person("dana", "Staff") }).await;
    running.know(&Record { is_deceased: true, ..person("omar", "Staff") }).await;
    let draft = running.mapping().import(&administrator("eve"), 1, WITH_PRESS).await.unwrap();
    let refused = running.mapping().publish(&administrator("eve"), draft.revision, "", false).await;
    assert!(matches!(refused, Err(ChangeError::LockOut)), "{refused:?}");
}

#[tokio::test]
async fn nothing_at_rest_tells_who_or_what() {
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    let dana = administrator("Dana-Reyes");
    let draft = running.mapping().import(&dana, 1, WITH_PRESS).await.unwrap();
    running.mapping().publish(&dana, draft.revision, "Press-may-enter", false).await.unwrap();
    let token = running.administer.links.make().await.unwrap();
    drop(running);
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(world.directory.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    for secret in ["Dana-Reyes", "Press-may-enter", "everyone", "Press", &token] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret}");
    }
}

#[tokio::test]
async fn the_audit_log_and_versions_can_only_grow() {
    let world = World::new();
    let running = world.start().await;
    let connection = rusqlite::Connection::open(world.directory.path().join("m.sqlite")).unwrap();
    for statement in [
        "DELETE FROM audit_log",
        "UPDATE audit_log SET sealed = x'00'",
        "DELETE FROM mapping_versions",
        "UPDATE mapping_versions SET rules_sealed = x'00'",
    ] {
        let error = connection.execute(statement, []).unwrap_err().to_string();
        assert!(error.contains("never"), "{statement}: {error}");
    }
    // Whoever goes round that is found out: an entry opens only in its own place.
    connection
        .execute_batch("DROP TRIGGER audit_log_stays; UPDATE audit_log SET number = 5 WHERE number = 1;")
        .unwrap();
    assert!(running.administer.audit.list(&Filter::default(), None).await.is_err());
}

#[tokio::test]
async fn the_audit_log_is_looked_through_page_by_page_and_taken_home() {
    let world = World::new();
    let running = world.start().await;
    let audit = &running.administer.audit;
    for number in 0..250 {
        let actor = administrator(if number % 2 == 0 { "dana" } else { "omar" });
        let about = format!("=\"{number}\"");
        audit.record(&actor, Action::SessionEnded, about, None, Some("over,\nnow".into())).await.unwrap();
    }
    let filter = Filter { actor: Some("DANA".into()), ..Filter::default() };
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = audit.list(&filter, before).await.unwrap();
        seen.extend(page.entries.iter().map(|kept| kept.number));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<u64> = (1..=125).rev().map(|number| number * 2).collect();
    assert_eq!(seen, expected, "the first entry is the gateway's own");
    let text = audit.download(&filter).await.unwrap();
    assert_eq!(text.matches("\"session_ended\"").count(), 125);
    let first = text.lines().nth(1).unwrap();
    assert!(first.starts_with("\"250\",\"2026-03-01T09:30:00Z\",\"dana\",\"dana\",\"role\","), "{first}");
    assert!(first.contains(",\"'=\"\"248\"\"\",\"\",\"over,"), "{first}");
}

#[tokio::test]
async fn only_a_person_with_a_role_is_an_administrator() {
    let world = World::new();
    let running = world.start().await;
    let held = |record: &Record| {
        let now = world.clock.now();
        let person = crate::flows::person::Person::new(
            "production".into(),
            Arc::new(record.clone()),
            &running.rules.load(),
            now,
            &crate::flows::grounds::Grounds::new(crate::domain::session::SessionLimits {
                idle: jiff::SignedDuration::from_hours(1),
                absolute: jiff::SignedDuration::from_hours(1),
                refresh_after: jiff::SignedDuration::from_hours(1),
                stale_limit: jiff::SignedDuration::from_hours(9_999),
                store_gone: jiff::SignedDuration::from_mins(1),
            }),
        );
        running.administer.actor(&person.held(&running.rules.load(), now))
    };
    assert_eq!(held(&person("dana", "Staff")), Some(administrator("dana")));
    assert_eq!(held(&person("omar", "Press")), None);
    assert_eq!(held(&Record { is_approved: Some(false), ..person("dana", "Staff") }), None);
}

#[tokio::test]
async fn a_version_and_its_entry_are_written_both_or_neither() {
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    let draft = running.mapping().import(&administrator("dana"), 1, WITH_PRESS).await.unwrap();
    let connection = rusqlite::Connection::open(world.directory.path().join("m.sqlite")).unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'full'); END;",
        )
        .unwrap();
    let refused = running.mapping().publish(&administrator("dana"), draft.revision, "", false).await;
    assert!(matches!(refused, Err(ChangeError::Store(_))), "{refused:?}");
    assert_eq!(running.rules.load().version, 1);
    assert_eq!(running.mapping().versions().await.unwrap().len(), 1);
    assert_eq!(running.mapping().draft().await.unwrap(), draft);
}
