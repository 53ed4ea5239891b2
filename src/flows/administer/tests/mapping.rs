//! Draft, versions, import and export.

use super::*;

#[tokio::test]
async fn the_rules_file_is_the_first_version_and_never_again() {
    let world = World::new();
    let running = world.start().await;
    assert_eq!(running.rules.load().version, 1);
    let draft = running.mapping().draft().await.unwrap();
    assert_eq!((draft.base, draft.edited.is_none(), &draft.rules), (1, true, &rules(FILE)));
    drop(running);
    let running = world.start_with(LOCKED).await;
    assert_eq!(
        running.rules.load().rules,
        rules(FILE),
        "the store is the authority, whatever the file says now"
    );
    assert_eq!(running.actions().await, [Action::RulesFileTaken]);
}

#[tokio::test]
async fn the_second_of_two_administrators_is_told_who_and_when_and_nothing_is_lost() {
    let world = World::new();
    let running = world.start().await;
    let (dana, omar) = (administrator("dana"), administrator("omar"));
    let seen = running.mapping().draft().await.unwrap().revision;
    let saved = running.mapping().import(&dana, seen, WITH_PRESS).await.unwrap();
    let when = world.clock.now();
    world.pass(5);
    for refused in
        [running.mapping().import(&omar, seen, LOCKED).await, running.mapping().discard(&omar, seen).await]
    {
        let Err(ChangeError::Conflict { last, now }) = refused else { panic!("{refused:?}") };
        let last = last.unwrap();
        assert_eq!((last.by, last.at), (dana.clone(), when));
        assert_eq!(*now, saved, "what Dana saved is there, for comparison");
    }
    let refused = running.mapping().publish(&omar, seen, "", false).await;
    assert!(matches!(refused, Err(ChangeError::Conflict { .. })), "nor is published what Omar has not seen");
    assert_eq!(running.mapping().draft().await.unwrap(), saved);
    let now = running.mapping().import(&omar, saved.revision, FILE).await.unwrap();
    assert_eq!(now.edited.unwrap().by, omar);
}

#[tokio::test]
async fn of_many_who_save_at_once_one_wins() {
    let world = World::new();
    let running = Arc::new(world.start().await);
    let seen = running.mapping().draft().await.unwrap().revision;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let running = Arc::clone(&running);
        tasks.spawn(async move {
            let actor = administrator(&format!("a{number}"));
            running.mapping().import(&actor, seen, WITH_PRESS).await.is_ok()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|saved| *saved).count(), 1);
    assert_eq!(running.actions().await, [Action::RulesFileTaken, Action::DraftImported]);
}

#[tokio::test]
async fn a_publication_meanwhile_is_a_conflict_too() {
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    let (dana, omar) = (administrator("dana"), administrator("omar"));
    let draft = running.mapping().draft().await.unwrap();
    let draft = running.mapping().import(&dana, draft.revision, WITH_PRESS).await.unwrap();
    running.mapping().publish(&dana, draft.revision, "", false).await.unwrap();
    let refused = running.mapping().import(&omar, draft.revision, LOCKED).await;
    let Err(ChangeError::Conflict { last, now }) = refused else { panic!("{refused:?}") };
    assert_eq!(last.unwrap().by, dana);
    assert_eq!((now.base, &now.rules), (2, &rules(WITH_PRESS)));
}

#[tokio::test]
async fn a_refused_import_changes_nothing_and_says_line_column_and_remedy() {
    let world = World::new();
    let running = world.start().await;
    let dana = administrator("dana");
    let before = running.mapping().draft().await.unwrap();
    let text = "time_zone = \"UTC\"\n[[rule]]\nrole = \"Chair!\"\nwhen = [{ comittee = \"EDU\" }]\n";
    let refused = running.mapping().import(&dana, before.revision, text).await;
    let Err(ChangeError::Refused(problems)) = refused else { panic!("{refused:?}") };
    let places: Vec<_> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
    assert_eq!(places, [(3, 8), (4, 11)]);
    assert!(problems.iter().all(|problem| !problem.what.is_empty() && !problem.remedy.is_empty()));
    assert!(problems[1].remedy.contains("committee"), "{}", problems[1]);
    let long = "#".repeat(super::super::mapping::LONGEST_IMPORT + 1);
    assert!(matches!(
        running.mapping().import(&dana, before.revision, &long).await,
        Err(ChangeError::Refused(_))
    ));
    assert_eq!(running.mapping().draft().await.unwrap(), before);
    assert_eq!(running.actions().await, [Action::RulesFileTaken]);
}

#[tokio::test]
async fn a_form_is_held_to_the_standard_of_the_rules_file() {
    let world = World::new();
    let running = world.start().await;
    let mut empty = rules(WITH_PRESS);
    empty.rules[1].when.clear();
    let mut core = rules(WITH_PRESS);
    core.rules[1].role = Role::parse("administrator").unwrap().into();
    for rules in [empty, core] {
        let refused = running.mapping().edit(&administrator("dana"), |_| Some(rules.clone())).await;
        assert!(matches!(refused, Err(ChangeError::Unsound(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn what_is_exported_can_be_imported_and_says_the_same() {
    let world = World::new();
    let running = world.start().await;
    let dana = administrator("dana");
    let draft = running.mapping().import(&dana, 1, WITH_PRESS).await.unwrap();
    let text = running.mapping().export(Which::Draft).await.unwrap();
    let again = running.mapping().import(&dana, draft.revision, &text).await.unwrap();
    assert_eq!(again.rules, rules(WITH_PRESS));
    assert_eq!(rules(&running.mapping().export(Which::Published).await.unwrap()), rules(FILE));
    assert!(matches!(running.mapping().export(Which::Version(9)).await, Err(ChangeError::NoVersion(9))));
    let diff = running.mapping().compare(Which::Published, Which::Draft).await.unwrap();
    assert_eq!((diff.added.len(), diff.removed.len()), (1, 0));
}

#[tokio::test]
async fn a_version_can_be_restored_and_a_draft_under_way_is_kept() {
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    let dana = administrator("dana");
    let draft = running.mapping().import(&dana, 1, WITH_PRESS).await.unwrap();
    let head = running.mapping().publish(&dana, draft.revision, "  Press may enter ", false).await.unwrap();
    assert_eq!((head.number, &*head.note, head.restored_from), (2, "Press may enter", None));
    let draft = running.mapping().draft().await.unwrap();
    assert_eq!((draft.base, draft.edited), (2, None));
    let mut third = rules(WITH_PRESS);
    third.honor_grace = true;
    running.mapping().import(&dana, draft.revision, &rules_file::print(&third)).await.unwrap();

    let head = running.mapping().restore(&dana, 1, false).await.unwrap();
    assert_eq!((head.number, head.restored_from), (3, Some(1)));
    assert_eq!((running.rules.load().version, &running.rules.load().rules), (3, &rules(FILE)));
    assert_eq!(running.mapping().draft().await.unwrap().rules, third);
    let numbers: Vec<u64> = running.mapping().versions().await.unwrap().iter().map(|it| it.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(running.mapping().rules(Which::Version(2)).await.unwrap(), rules(WITH_PRESS));
    assert!(matches!(running.mapping().restore(&dana, 1, false).await, Err(ChangeError::Unchanged)));
    assert!(matches!(running.mapping().restore(&dana, 7, false).await, Err(ChangeError::NoVersion(7))));
}

#[tokio::test]
async fn a_restart_keeps_versions_draft_and_audit_log() {
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    let dana = administrator("dana");
    let draft = running.mapping().import(&dana, 1, WITH_PRESS).await.unwrap();
    running.mapping().publish(&dana, draft.revision, "", false).await.unwrap();
    let draft = running.mapping().import(&dana, draft.revision + 1, LOCKED).await.unwrap();
    let (versions, log) = (
        running.mapping().versions().await.unwrap(),
        running.administer.audit.list(&Filter::default(), None).await.unwrap(),
    );
    drop(running);
    let running = world.start().await;
    assert_eq!((running.rules.load().version, &running.rules.load().rules), (2, &rules(WITH_PRESS)));
    assert_eq!(running.mapping().draft().await.unwrap(), draft);
    assert_eq!(running.mapping().versions().await.unwrap(), versions);
    assert_eq!(running.administer.audit.list(&Filter::default(), None).await.unwrap(), log);
    let entry = &log.entries[1].entry;
    assert_eq!((entry.action, &entry.actor, &*entry.about), (Action::Published, &dana, "version 2"));
    assert_eq!(rules(entry.before.as_deref().unwrap()), rules(FILE));
    assert_eq!(rules(entry.after.as_deref().unwrap()), rules(WITH_PRESS));
}

#[tokio::test]
async fn what_another_gateway_has_published_comes_into_force_here() {
    let world = World::new();
    let (here, there) = (world.start().await, world.start().await);
    here.know(&person("dana", "Staff")).await;
    let dana = administrator("dana");
    let draft = there.mapping().import(&dana, 1, WITH_PRESS).await.unwrap();
    there.mapping().publish(&dana, draft.revision, "", false).await.unwrap();
    assert_eq!(here.rules.load().version, 1);
    here.mapping().follow().await.unwrap();
    assert_eq!((here.rules.load().version, &here.rules.load().rules), (2, &rules(WITH_PRESS)));
}

#[tokio::test]
async fn what_a_rule_for_many_roles_has_given_stays_managed() {
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    running.know(&person("omar", "Desk-North")).await;
    let dana = administrator("dana");
    let many =
        format!("{FILE}\n[[rule]]\nrole = \"desk_{{code}}\"\nwhen = [{{ security_role = \"Desk-*\" }}]\n");
    let draft = running.mapping().import(&dana, 1, &many).await.unwrap();
    running.mapping().publish(&dana, draft.revision, "", false).await.unwrap();
    assert_eq!(running.managed(), ["desk_north", "staff", "subscriber"]);
    // Neither that nobody holds it nor that the rule is gone takes it off the list.
    running.know(&person("omar", "None")).await;
    running.mapping().restore(&dana, 1, false).await.unwrap();
    assert_eq!(running.managed(), ["desk_north", "staff", "subscriber"]);
    drop(running);
    assert_eq!(world.start().await.managed(), ["desk_north", "staff", "subscriber"]);
}

#[tokio::test]
async fn a_role_that_a_rule_for_many_gave_is_released_by_a_step_of_its_own() {
    let world = World::new();
    let running = world.start().await;
    let dana = administrator("dana");
    let desk = |name: &str| person("omar", name);
    running.know(&person("dana", "Staff")).await;
    running.know(&desk("Desk-North")).await;
    let many =
        format!("{FILE}\n[[rule]]\nrole = \"desk_{{code}}\"\nwhen = [{{ security_role = \"Desk-*\" }}]\n");
    let draft = running.mapping().import(&dana, 1, &many).await.unwrap();
    let draft = {
        running.mapping().publish(&dana, draft.revision, "", false).await.unwrap();
        let revision = running.mapping().draft().await.unwrap().revision;
        running.mapping().import(&dana, revision, WITH_PRESS).await.unwrap()
    };
    let (version, given) = running.mapping().given_by_patterns().await.unwrap();
    assert_eq!((version, &given), (2, &[Role::parse("desk_north").unwrap()].into()));
    let release = async |version| running.mapping().release(&dana, version, &given).await;
    assert!(matches!(release(2).await, Err(ChangeError::Unchanged)), "somebody is given it");
    running.know(&desk("Desk-South")).await;
    assert!(matches!(release(1).await, Err(ChangeError::Conflict { .. })), "not the version in force");
    let head = release(2).await.unwrap();
    assert_eq!((head.number, &*head.note), (3, "No longer manages desk_north"));
    assert_eq!(running.managed(), ["staff", "subscriber"]);
    assert_eq!(running.mapping().draft().await.unwrap().rules, draft.rules, "a draft under way is kept");
    assert_eq!(running.actions().await.last(), Some(&Action::RolesReleased));
    assert!(matches!(release(3).await, Err(ChangeError::Unchanged)));
    drop(running);
    let running = world.start().await;
    assert_eq!(running.managed(), ["staff", "subscriber"]);
    // A rule that gives it again puts it back.
    running.know(&desk("Desk-North")).await;
    let revision = running.mapping().draft().await.unwrap().revision;
    let draft =
        running.mapping().import(&dana, revision, &format!("honor_grace = true\n{many}")).await.unwrap();
    running.mapping().publish(&dana, draft.revision, "", false).await.unwrap();
    assert_eq!(running.managed(), ["desk_north", "staff", "subscriber"]);
}

#[tokio::test]
async fn codes_of_the_ams_that_become_one_role_are_not_published() {
    use crate::domain::catalogue::{Catalogue, Choice};
    let world = World::new();
    let running = world.start().await;
    running.know(&person("dana", "Staff")).await;
    let choice = |code: &str| Choice { code: code.to_owned(), label: code.to_owned() };
    let catalogue = Catalogue {
        as_of: world.clock.now(),
        committees: vec![choice("CH-A B"), choice("CH-A-B")],
        events: Vec::new(),
        custom_fields: Vec::new(),
        relationships: Vec::new(),
        ..Catalogue::default()
    };
    running.store.put_catalogue("production", &catalogue).await.unwrap();
    let dana = administrator("dana");
    let many =
        format!("{FILE}\n[[rule]]\nrole = \"chapter_{{code}}\"\nwhen = [{{ committee = \"CH-*\" }}]\n");
    let draft = running.mapping().import(&dana, 1, &many).await.unwrap();
    let refused = running.mapping().publish(&dana, draft.revision, "", false).await;
    let Err(ChangeError::Unsound(faults)) = refused else { panic!("{refused:?}") };
    assert!(faults[0].what.contains("would both give the role `chapter_a-b`"), "{faults:?}");
    let listed = Catalogue { committees: vec![choice("CH-A B"), choice("CH-C")], ..catalogue };
    running.store.put_catalogue("production", &listed).await.unwrap();
    running.mapping().publish(&dana, draft.revision, "", false).await.unwrap();
    let published = running.rules.load();
    let managed: Vec<&str> = published.managed.roles().iter().map(Role::as_str).collect();
    assert_eq!(managed, ["chapter_a-b", "chapter_c", "staff", "subscriber"]);
}
