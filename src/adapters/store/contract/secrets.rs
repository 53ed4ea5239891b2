//! Another secret key: nobody is signed out, and nothing is lost.

use jiff::SignedDuration;

use super::transfer::furnished;
use super::*;
use crate::adapters::keys::seal::Sealer;
use crate::adapters::keys::secret::SecretKey;
use crate::adapters::store::resealing::PassPlace;
use crate::adapters::store::transfer as copies;

fn secret(letter: char) -> SecretKey {
    SecretKey::parse(&format!("{}A", letter.to_string().repeat(42))).unwrap()
}

fn list(letters: &str) -> SecretKeys {
    let mut secrets = letters.chars().map(secret);
    SecretKeys::new(secrets.next().unwrap(), secrets.collect())
}

/// Seals batches again, at most so many; tells how many values were sealed and how many are damaged.
async fn seal(store: &dyn Store, most: usize) -> (u64, u64) {
    let (mut place, mut sealed, mut damaged) = (PassPlace::default(), 0, 0);
    for _ in 0..most {
        let batch = store.seal_batch(place).await.unwrap();
        sealed += batch.sealed;
        damaged += batch.damaged;
        match batch.next {
            Some(next) => place = next,
            None => break,
        }
    }
    (sealed, damaged)
}

/// A copy of the store in a place of its own, as a backup is one.
async fn copied(place: &dyn Place) -> Box<dyn Place> {
    let target = place.another();
    let filling = target.filling().await.unwrap();
    copies::copy(&*place.snapshot().await.unwrap(), &*filling).await.unwrap();
    filling.finish().await.unwrap();
    target
}

pub(super) async fn a_secret_key_is_replaced_while_people_are_signed_in(place: &dyn Place) {
    let open = |letters: &str, minute| place.open_for_gateway(&list(letters), at(minute));
    drop(open("A", 0).unwrap());
    let store = furnished_with(place, "A").await;
    let backup = copied(place).await;
    let known = store.session(&key(1)).await.unwrap();
    assert!(known.is_some());
    let cookie = Sealer::new(&store.data_keys(), "login attempt").unwrap().seal(b"under way", b"").unwrap();
    drop(store);

    // The new key opens, and does not seal yet.
    let store = open("AB", 1).unwrap();
    assert_eq!(store.sealed_with_older().await, Ok(0));
    assert!(store.data_keys().is_known(&secret('B')).unwrap());
    drop(store);

    // It seals.
    let store = open("BA", 2).unwrap();
    assert_eq!(store.session(&key(1)).await, Ok(known.clone()));
    begin(&*store, &session(5, OMAR)).await;
    let older = store.sealed_with_older().await.unwrap();
    assert!(older > 10, "{older}");
    assert_eq!(seal(&*store, usize::MAX).await, (older, 0));
    assert_eq!(store.sealed_with_older().await, Ok(0));
    assert_eq!(store.session(&key(1)).await, Ok(known.clone()));
    assert_eq!(store.find_records("production", "dana.reyes@reef.example").await.unwrap().len(), 2);
    drop(store);

    // The old one is taken out: it opens nothing of what is there, and a login that was begun with it still ends well.
    let store = open("B", 3).unwrap();
    assert_eq!(store.session(&key(1)).await, Ok(known.clone()));
    assert_eq!(open("A", 3).err(), Some(StoreError::WrongKey));
    let opened = Sealer::new(&store.data_keys(), "login attempt").unwrap().open(&cookie, b"");
    assert_eq!(opened.as_deref(), Some(&b"under way"[..]));
    assert_eq!(store.forget_older_keys().await, Ok(true));
    drop(store);
    let store = open("B", 4).unwrap();
    assert_eq!(store.data_keys().renewed(), None);
    assert_eq!(Sealer::new(&store.data_keys(), "login attempt").unwrap().open(&cookie, b""), None);
    assert_eq!(store.session(&key(1)).await, Ok(known.clone()));

    // A backup from before opens with the key of then.
    assert_eq!(backup.open_for_gateway(&list("B"), at(5)).err(), Some(StoreError::WrongKey));
    let store = backup.open_for_gateway(&list("BA"), at(5)).unwrap();
    assert_eq!(store.session(&key(1)).await, Ok(known));
}

/// [`furnished`], with the key of that letter. The store must be there.
async fn furnished_with(place: &dyn Place, letters: &str) -> Arc<dyn Store> {
    struct With<'a>(&'a dyn Place, SecretKeys);
    impl Place for With<'_> {
        fn open(&self) -> Arc<dyn Store> {
            self.0.open_for_gateway(&self.1, at(0)).unwrap()
        }
        fn another(&self) -> Box<dyn Place> {
            self.0.another()
        }
        fn open_for_gateway(
            &self,
            secrets: &SecretKeys,
            now: Timestamp,
        ) -> Result<Arc<dyn Store>, StoreError> {
            self.0.open_for_gateway(secrets, now)
        }
        fn snapshot(&self) -> StoreFuture<'_, Box<dyn RawRows>> {
            self.0.snapshot()
        }
        fn filling(&self) -> StoreFuture<'_, Box<dyn Filling>> {
            self.0.filling()
        }
        fn secrets(&self) -> &SecretKeys {
            &self.1
        }
        fn tables(&self) -> Vec<ShownTable> {
            self.0.tables()
        }
    }
    furnished(&With(place, list(letters))).await
}

pub(super) async fn sealing_again_goes_on_after_a_restart_and_leaves_what_is_damaged(place: &dyn Place) {
    drop(furnished_with(place, "A").await);
    let open = |letters: &str| place.open_for_gateway(&list(letters), at(0) + SignedDuration::from_secs(1));
    drop(open("AB").unwrap());
    let store = open("BA").unwrap();
    for n in 0..150_u16 {
        store.put_record("staging", &record(&format!("m-{n}"), at(0)), at(0)).await.unwrap();
    }
    drop(store);
    // Another change while the first is under way.
    drop(open("BAC").unwrap());
    let store = open("CBA").unwrap();
    let all = store.sealed_with_older().await.unwrap();
    let (first, _) = seal(&*store, 3).await;
    assert!(first > 0 && first < all, "{first} of {all}");
    drop(store);
    // The old keys may already be gone.
    let store = open("C").unwrap();
    assert_eq!(store.sealed_with_older().await, Ok(all - first));
    assert_eq!(store.forget_older_keys().await, Ok(false), "something needs them");
    assert!(store.session(&key(1)).await.unwrap().is_some());
    assert_eq!(seal(&*store, usize::MAX).await, (all - first, 0));
    assert_eq!(store.forget_older_keys().await, Ok(true));
    drop(store);
    let rows = place.snapshot().await.unwrap();
    assert_eq!(copies::open_all(&*rows, &list("C")).await, Ok(()));
}

pub(super) async fn a_store_opens_for_the_keys_of_its_gateway_and_no_others(place: &dyn Place) {
    let open = |letters: &str| place.open_for_gateway(&list(letters), at(0));
    drop(open("A").unwrap());
    assert_eq!(open("B").err(), Some(StoreError::WrongKey));
    drop(open("BA").unwrap());
    let store = open("BA").unwrap();
    assert!(store.data_keys().is_made_for(&secret('B')).unwrap());
    assert!(store.data_keys().is_known(&secret('A')).unwrap());
    assert!(!store.data_keys().is_known(&secret('C')).unwrap());
}
