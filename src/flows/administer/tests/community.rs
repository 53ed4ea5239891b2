//! The community's mapping: what one gateway publishes another follows, and what is published is what its preview said.

use super::*;
use crate::adapters::ams::contact_wanted::ContactWanted;
use crate::adapters::community_file;
use crate::domain::community::{CommunityInForce, CommunityPreview, CommunityText};
use crate::flows::community_in_force::CommunityGround;

const COMMUNITY: &str = r#"time_zone = "UTC"
[contact]
names = false
directory = false
organization = false
[[group]]
id = "PRESS"
as = "security_group"
when = [{ security_role = "Press" }]
"#;

/// As [`COMMUNITY`], for staff in place of the press, and with what was not read.
const STAFF: &str = r#"time_zone = "UTC"
[contact]
bio = true
[[group]]
id = "PRESS"
as = "security_group"
when = [{ security_role = "Press" }, { security_role = "Staff" }]
[[group]]
id = "STAFF"
name = "Staff"
as = "security_group"
when = [{ security_role = "Staff" }]
[[group]]
id = "EDU"
as = "community"
type = "Committee"
when = [{ committee = "EDU" }]
"#;

struct Gateway {
    community: CommunityMappings,
    ground: Arc<CommunityGround>,
    contact: ContactWanted,
}

async fn gateway(world: &World, running: &Running, file: &str) -> Gateway {
    let clock: SharedClock = world.clock.clone();
    let in_force = first_community(&*running.store, &text(file), &clock).await.unwrap();
    let contact = ContactWanted::default();
    let ground = CommunityGround::new(in_force, alone(), contact.clone(), None);
    let known = Known::new(running.store.clone(), "production", alone(), Supplied::default());
    let community = CommunityMappings::new(running.store.clone(), Arc::clone(&ground), known, clock);
    Gateway { community, ground, contact }
}

fn text(text: &str) -> CommunityText {
    CommunityText { text: text.to_owned() }
}

impl Gateway {
    async fn drafted(&self, text: &str) -> u64 {
        let revision = self.community.draft().await.unwrap().revision;
        self.community.save(&administrator("Jane"), revision, text).await.unwrap().unwrap().revision
    }

    async fn previewed(&self, revision: u64) -> CommunityPreview {
        loop {
            match self.community.preview(revision).await.unwrap() {
                PreviewState::Done(done) => return done.preview.clone(),
                PreviewState::Running { .. } => tokio::time::sleep(Duration::from_millis(5)).await,
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn the_file_becomes_the_first_version_and_another_gateway_follows_what_is_published() {
    let world = World::new();
    let running = world.start().await;
    let one = gateway(&world, &running, COMMUNITY).await;
    let other = gateway(&world, &running, "time_zone = \"Europe/Oslo\"\n").await;
    assert_eq!((other.ground.in_force().version, &*other.ground.in_force().text.text), (1, COMMUNITY));
    assert!(!other.contact.is_wanted());
    let revision = one.drafted(STAFF).await;
    let head = one.community.publish(&administrator("Jane"), revision, "why").await.unwrap();
    assert_eq!((head.number, head.note.as_str()), (2, "why"));
    assert!(one.contact.is_wanted(), "profiles are read from now on");
    assert_eq!(other.ground.in_force().version, 1);
    other.community.follow().await.unwrap();
    assert_eq!(other.ground.in_force().text.text, STAFF);
    assert!(other.contact.is_wanted());
    // A version that is older than what is in force does not come back.
    let first = CommunityInForce {
        version: 1,
        text: text(COMMUNITY),
        mapping: Arc::new(community_file::parse(COMMUNITY).unwrap()),
    };
    other.ground.swap(first);
    assert_eq!(other.ground.in_force().version, 2);
    assert_eq!(
        running.actions().await,
        [
            Action::RulesFileTaken,
            Action::CommunityFileTaken,
            Action::CommunityDraftSaved,
            Action::CommunityPublished
        ]
    );
}

#[tokio::test]
async fn a_preview_tells_who_gains_and_loses_what_and_what_is_not_known() {
    let world = World::new();
    let running = world.start().await;
    for n in 0..7 {
        running.know(&person(&format!("staff-{n}"), "Staff")).await;
    }
    for n in 0..3 {
        running.know(&person(&format!("press-{n}"), "Press")).await;
    }
    running.know(&Record { committees: None, ..person("unread", "Guest") }).await;
    running.know(&Record { is_approved: Some(false), ..person("refused", "Press") }).await;
    let gateway = gateway(&world, &running, COMMUNITY).await;
    let revision = gateway.drafted(STAFF).await;
    let preview = gateway.previewed(revision).await;
    assert_eq!((preview.people, preview.affected, preview.holders), (12, 10, 3));
    assert_eq!((preview.gaining, preview.losing), (7, 3));
    let of = |id: &str| {
        let moves = &preview.groups[id];
        (moves.gained.count, moves.lost.count, moves.undecided)
    };
    assert_eq!((of("STAFF"), of("PRESS"), of("EDU")), ((7, 0, 0), (0, 3, 0), (0, 0, 1)));
    let names: Vec<&str> = preview.groups["PRESS"].lost.people.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["press-0", "press-1", "press-2"]);
    // What says the same for everybody changes nothing.
    let revision = gateway.drafted(&format!("# The same\n{COMMUNITY}")).await;
    assert!(gateway.previewed(revision).await.is_nothing());
}

#[tokio::test]
async fn what_is_unsound_or_says_the_same_is_not_published() {
    let world = World::new();
    let running = world.start().await;
    let gateway = gateway(&world, &running, COMMUNITY).await;
    let (jane, revision) = (administrator("Jane"), gateway.community.draft().await.unwrap().revision);
    let refused = gateway.community.save(&jane, revision, "time_zone = 7").await;
    assert!(matches!(refused, Err(ChangeError::Refused(_))), "{refused:?}");
    let refused = gateway.community.save(&jane, revision, &"#".repeat(2 << 20)).await;
    assert!(matches!(refused, Err(ChangeError::Refused(_))), "{refused:?}");
    assert_eq!(gateway.community.save(&jane, revision, COMMUNITY).await.unwrap(), None);
    let refused = gateway.community.publish(&jane, revision, "").await;
    assert!(matches!(refused, Err(ChangeError::Unchanged)), "{refused:?}");
    let revision = gateway.drafted(STAFF).await;
    let revision = gateway.community.take_version(&jane, revision, 1).await.unwrap().revision;
    let refused = gateway.community.take_version(&jane, revision, 1).await;
    assert!(matches!(refused, Err(ChangeError::Unchanged)), "{refused:?}");
    let refused = gateway.community.take_version(&jane, revision, 9).await;
    assert!(matches!(refused, Err(ChangeError::NoVersion(9))), "{refused:?}");
    let refused = gateway.community.publish(&jane, revision, "").await;
    assert!(matches!(refused, Err(ChangeError::Unchanged)), "{refused:?}");
    assert_eq!(gateway.community.versions().await.unwrap().len(), 1);
}
