//! Somebody waits to be told of.

use super::*;

const LIMIT: Duration = Duration::from_secs(10);

fn id(number: usize) -> IndividualId {
    IndividualId::parse(&format!("m-{number}")).unwrap()
}

impl Gateway {
    async fn tells_of(&self, number: usize) -> ToldNow {
        self.deliverer.tell_now(&SubscriberName::wordpress("shop"), &id(number), LIMIT).await
    }
}

#[tokio::test]
async fn whoever_has_the_right_to_plan_somebody_who_waits_is_told_of() {
    let world = World::with(1, false).await;
    let other = SubscriberChange::Lease { holder: "another gateway".to_owned(), now: at(0), until: at(60) };
    let shop = SubscriberName::wordpress("shop");
    assert!(world.store.change_subscriber(&shop, other).await.unwrap().is_some());
    let here = world.run();
    assert_eq!(here.tells_of(0).await, ToldNow::Settled);
    assert_eq!(world.shop.taken.lock().unwrap().len(), 1);
    assert_eq!(here.tells_of(0).await, ToldNow::Settled, "it knows already");
    assert_eq!(world.shop.requests.load(Ordering::Relaxed), 1, "nothing is sent twice");
    // Nothing is on file of this one.
    assert_eq!(here.tells_of(7).await, ToldNow::NothingToTell);
    let nobody = here.deliverer.tell_now(&SubscriberName::wordpress("other"), &id(0), LIMIT).await;
    assert_eq!(nobody, ToldNow::NotYet);
}

#[tokio::test]
async fn while_a_subscriber_is_stopped_only_those_whom_it_knows_get_on() {
    let world = World::with(1, false).await;
    let here = world.run();
    assert_eq!(here.tells_of(0).await, ToldNow::Settled);
    here.deliverer.stop_sending(&SubscriberName::wordpress("shop")).await.unwrap();
    world.store.put_records("production", &[member(1, false)], at(0)).await.unwrap();
    let began = std::time::Instant::now();
    assert_eq!(here.tells_of(1).await, ToldNow::NotYet);
    assert!(began.elapsed() < LIMIT, "nobody waits for an administrator");
    assert_eq!(here.tells_of(0).await, ToldNow::Settled);
    // Nor does whoever it knows wait for a change that waits.
    world.store.put_records("production", &[member(0, true).read_at(at(1))], at(1)).await.unwrap();
    assert_eq!(here.tells_of(0).await, ToldNow::Settled);
}

#[tokio::test]
async fn only_so_many_wait_at_once() {
    let world = World::with(1, false).await;
    let here = world.run();
    let places = u32::try_from(MOST_WAITING).unwrap();
    let all = here.deliverer.waiting.acquire_many(places).await.unwrap();
    assert_eq!(here.tells_of(0).await, ToldNow::NotYet);
    drop(all);
    assert_eq!(here.tells_of(0).await, ToldNow::Settled);
}
