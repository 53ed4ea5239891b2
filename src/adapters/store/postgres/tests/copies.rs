//! Copies from one engine to the other, and in the place of a store.

use super::*;
use crate::adapters::store::contract::transfer::{counts, furnished};
use crate::adapters::store::mappings::Mappings;
use crate::adapters::store::sqlite::tests::File;
use crate::adapters::store::transfer::copy;
use crate::domain::rule::Rules;

/// From a file into a database and back, nothing is another.
#[tokio::test]
async fn rows_are_the_same_on_both_engines() {
    let (file, database, again) = (File::new(), Database::new(), File::new());
    let store = furnished(&file).await;
    for (from, to) in [(&file as &dyn Place, &database as &dyn Place), (&database, &again)] {
        let filling = to.filling().await.unwrap();
        copy(&*from.snapshot().await.unwrap(), &*filling).await.unwrap();
        filling.finish().await.unwrap();
        let copied = to.open_for_gateway(file.secrets(), at(0)).unwrap();
        assert_eq!(copied.session(&key(1)).await, store.session(&key(1)).await);
        assert!(copied.session(&key(1)).await.unwrap().is_some());
        let latest = async |of: &dyn Mappings<Rules>| of.latest().await.unwrap();
        assert_eq!(latest(&*copied).await, latest(&*store).await);
    }
    assert_eq!(
        counts(&*file.snapshot().await.unwrap()).await,
        counts(&*again.snapshot().await.unwrap()).await
    );
}

#[tokio::test]
async fn a_store_that_is_replaced_is_there_until_the_new_one_is_whole() {
    let (old, database) = (Database::new(), Database::new());
    drop(furnished(&old).await);
    begin(&database.open(), &session(7, DANA)).await;
    let broken_off = PostgresFilling::replacing(&database.address()).await.unwrap();
    copy(&*old.snapshot().await.unwrap(), &broken_off).await.unwrap();
    drop(broken_off);
    assert!(database.open().session(&key(7)).await.unwrap().is_some());
    let filling = Box::new(PostgresFilling::replacing(&database.address()).await.unwrap());
    copy(&*old.snapshot().await.unwrap(), &*filling).await.unwrap();
    filling.finish().await.unwrap();
    let store = Place::open_for_gateway(&database, old.secrets(), at(0)).unwrap();
    assert!(store.session(&key(7)).await.unwrap().is_none());
    assert!(store.session(&key(1)).await.unwrap().is_some());
}
