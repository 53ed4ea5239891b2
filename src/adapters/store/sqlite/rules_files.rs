//! The step of the schema from rules files to `adapters::stored_rules`.

use rusqlite::{Connection, params};

use super::statement::{SqlResult, all, change, first};
use crate::adapters::rules_file;
use crate::adapters::store::error::StoreError;
use crate::adapters::store::sealed::{Bound, DraftBody, Vault};
use crate::adapters::stored_rules::StoredRules;

/// Brings what was kept as the text of a rules file into the present form. The tables are those before step 10 of the schema.
pub(super) fn convert_rules_files(connection: &Connection, vault: &Vault) -> SqlResult<()> {
    let converted = |text: &str| {
        let rules = rules_file::parse(text).map_err(|_| StoreError::Damaged("role mapping"))?;
        Ok::<_, StoreError>(StoredRules::from(&rules))
    };
    let select = "SELECT revision, sealed FROM mapping_draft";
    let draft: Option<(i64, Vec<u8>)> = first(connection, select, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some((revision, sealed)) = draft {
        let body: DraftBody<String> = vault.open(&sealed, Bound::Draft { revision })?;
        let content = body.content.map(|(base, text)| Ok::<_, StoreError>((base, converted(&text)?)));
        let body = DraftBody { last: body.last, content: content.transpose()? };
        let sealed = vault.seal(&body, Bound::Draft { revision })?;
        change(connection, "UPDATE mapping_draft SET sealed = ?1", [sealed])?;
    }
    let select = "SELECT number, rules_sealed FROM mapping_versions";
    let rows: Vec<(i64, Vec<u8>)> = all(connection, select, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (number, sealed) in rows {
        let text: String = vault.open(&sealed, Bound::VersionRules(number))?;
        let sealed = vault.seal(&converted(&text)?, Bound::VersionRules(number))?;
        let update = "UPDATE mapping_versions SET rules_sealed = ?2 WHERE number = ?1";
        change(connection, update, params![number, sealed])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::SqliteStore;
    use super::*;
    use crate::adapters::keys::seal::SecretKey;
    use crate::adapters::store::mappings::Mappings as _;
    use crate::domain::audit::Actor;
    use crate::domain::mapping::{Edit, VersionHead};
    use crate::domain::time::Timestamp;

    #[tokio::test]
    async fn what_was_kept_as_a_rules_file_is_read_after_the_upgrade() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("m.sqlite");
        let key = SecretKey::parse(&SecretKey::generate().unwrap()).unwrap();
        drop(SqliteStore::open(&path, &key).unwrap());
        let (old, vault) = (Connection::open(&path).unwrap(), Vault::new(&key).unwrap());
        let text = |role: &str| {
            format!(
                "time_zone = \"Europe/Oslo\"\n[[rule]]\nrole = \"{role}\"\nwhen = [{{ committee = \"EDU\" }}]\n"
            )
        };
        let published = Edit { by: Actor::operator(), at: Timestamp::UNIX_EPOCH };
        let head = VersionHead { number: 1, published, note: String::new(), restored_from: None };
        let draft = DraftBody { last: None, content: Some((1, text("draft"))) };
        old.execute_batch("CREATE TRIGGER client_sessions_over AFTER DELETE ON sessions BEGIN SELECT 1; END")
            .unwrap();
        old.execute(
            "INSERT INTO mapping_versions (number, head_sealed, rules_sealed) VALUES (1, ?1, ?2)",
            params![
                vault.seal(&head, Bound::VersionHead(1)).unwrap(),
                vault.seal(&text("published"), Bound::VersionRules(1)).unwrap()
            ],
        )
        .unwrap();
        let draft = vault.seal(&draft, Bound::Draft { revision: 3 }).unwrap();
        old.execute("INSERT INTO mapping_draft (one, revision, sealed) VALUES (1, 3, ?1)", [draft]).unwrap();
        old.pragma_update(None, "user_version", 8).unwrap();
        drop(old);

        let store = SqliteStore::open(&path, &key).unwrap();
        let rules = |role: &str| rules_file::parse(&text(role)).unwrap();
        assert_eq!(store.latest().await.unwrap().unwrap().rules, rules("published"));
        let draft = store.draft().await.unwrap();
        assert_eq!((draft.revision, draft.content), (3, Some((1, rules("draft")))));
        drop(store);
        let file = Connection::open(&path).unwrap();
        let changed = file.execute("UPDATE mapping_versions SET rules_sealed = x'00'", []);
        assert!(changed.unwrap_err().to_string().contains("never changes"));
    }
}
