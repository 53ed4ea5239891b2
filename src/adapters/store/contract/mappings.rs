//! The role mapping and that of the community: nothing is overwritten unseen, what is published stays, and neither touches the other.

use super::*;
use crate::adapters::store::mappings::{Expected, MappingContent, Mappings, StoredDraft};
use crate::domain::community::CommunityText;
use crate::domain::mapping::{AwaitedPublication, Edit, Version, VersionHead};
use crate::domain::rule::{Role, Rules};
use crate::domain::time::TimeZone;

fn edit(minute: i64) -> Edit {
    Edit { by: Actor::operator(), at: at(minute) }
}

/// Mappings that can be told apart by a word.
trait Sample: MappingContent {
    fn saying(word: &str) -> Self;
}

impl Sample for Rules {
    fn saying(word: &str) -> Rules {
        Rules { everyone: Role::parse(word).ok(), ..Rules::new(TimeZone::UTC) }
    }
}

impl Sample for CommunityText {
    fn saying(word: &str) -> CommunityText {
        CommunityText { text: format!("# {word}: what \"they\" are told\ntime_zone = \"UTC\"\n") }
    }
}

fn draft<Content>(revision: u64, content: Option<(u64, Content)>) -> StoredDraft<Content> {
    StoredDraft { revision, last: Some(edit(0)), content, awaited: None }
}

fn version<Content: Sample>(number: u64) -> Version<Content> {
    let head = VersionHead { number, published: edit(1), note: "why".to_owned(), restored_from: None };
    let produced = [Role::parse(&format!("chapter_{number}")).unwrap()].into();
    Version { head, rules: Content::saying(&format!("member_{number}")), produced }
}

fn expected(revision: u64, version: u64) -> Expected {
    Expected { revision, version }
}

/// A store as far as it keeps one kind.
fn of_kind<Content: MappingContent>(store: Arc<dyn Mappings<Content>>) -> Arc<dyn Mappings<Content>> {
    store
}

async fn entries(place: &dyn Place) -> usize {
    place.open().entries(u64::MAX, 99).await.unwrap().len()
}

pub(super) async fn a_draft_is_written_only_over_what_was_seen(place: &dyn Place) {
    drafts(place, || of_kind::<Rules>(place.open())).await;
    drafts(place, || of_kind::<CommunityText>(place.open())).await;
}

async fn drafts<Content: Sample>(place: &dyn Place, open: impl Fn() -> Arc<dyn Mappings<Content>>) {
    let (store, written) = (open(), entries(place).await);
    let none = StoredDraft { revision: 0, last: None, content: None, awaited: None };
    assert_eq!(store.draft().await, Ok(none));
    let awaited = Some(AwaitedPublication { asked: edit(2), note: "for the autumn".to_owned() });
    let first = StoredDraft { awaited, ..draft(1, Some((0, Content::saying("member")))) };
    let put = async |revision, version, draft: &StoredDraft<Content>| {
        store.put_draft(expected(revision, version), draft, &entry("draft")).await
    };
    assert_eq!(put(1, 0, &first).await, Ok(false), "there is none yet");
    assert_eq!(put(0, 1, &first).await, Ok(false), "nothing is published");
    assert_eq!(put(0, 0, &first).await, Ok(true));
    assert_eq!(put(0, 0, &first).await, Ok(false), "somebody was faster");
    let second = draft(2, None);
    assert_eq!(store.draft().await, Ok(first));
    assert_eq!(put(1, 0, &second).await, Ok(true));
    assert_eq!(entries(place).await, written + 2, "what was refused is not written down");
    drop(store);
    assert_eq!(open().draft().await, Ok(second));
}

pub(super) async fn a_version_is_published_with_its_entry_or_not_at_all(place: &dyn Place) {
    versions(place, || of_kind::<Rules>(place.open())).await;
    versions(place, || of_kind::<CommunityText>(place.open())).await;
}

async fn versions<Content: Sample>(place: &dyn Place, open: impl Fn() -> Arc<dyn Mappings<Content>>) {
    let (store, written) = (open(), entries(place).await);
    assert_eq!(store.latest().await, Ok(None));
    let publish = async |seen: Expected, number: u64, left: u64| {
        store.publish(seen, &version(number), &draft(left, None), &entry("publish")).await
    };
    assert_eq!(publish(expected(0, 0), 1, 1).await, Ok(true));
    assert_eq!(publish(expected(0, 0), 2, 1).await, Ok(false));
    assert_eq!(publish(expected(1, 1), 2, 2).await, Ok(true));
    // The number is taken: neither draft nor entry is written.
    assert!(publish(expected(2, 2), 2, 3).await.is_err());
    assert_eq!(store.draft().await.unwrap().revision, 2);
    assert_eq!(entries(place).await, written + 2);
    drop(store);
    let store = open();
    assert_eq!(store.latest().await, Ok(Some(version(2))));
    assert_eq!(store.version(1).await, Ok(Some(version(1))));
    assert_eq!(store.version(3).await, Ok(None));
    assert_eq!(store.versions().await, Ok(vec![version::<Content>(2).head, version::<Content>(1).head]));
}

pub(super) async fn a_list_of_roles_is_found_while_it_was_in_force_lately(place: &dyn Place) {
    let store = place.open();
    let never = Timestamp::MIN;
    store.keep_role_lists(&[("one", "a\nb"), ("two", "c")], at(0), never).await.unwrap();
    store.keep_role_lists(&[("two", "c")], at(10), never).await.unwrap();
    // Time that goes back makes no list older.
    store.keep_role_lists(&[("two", "c")], at(5), never).await.unwrap();
    let find = async |digest: &str, since| store.role_list(digest, at(since)).await.unwrap();
    assert_eq!(find("one", 0).await.as_deref(), Some("a\nb"));
    assert_eq!(find("one", 1).await, None);
    assert_eq!(find("two", 10).await.as_deref(), Some("c"));
    assert_eq!(find("three", 0).await, None);
    store.keep_role_lists(&[], at(11), at(1)).await.unwrap();
    assert_eq!(find("one", 0).await, None, "deleted");
    assert_eq!(find("two", 0).await.as_deref(), Some("c"));
}
