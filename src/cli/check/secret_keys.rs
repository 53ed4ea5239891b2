//! How far a change of the secret key has come.

use tokio::runtime::Runtime;

use super::finding::Finding;
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::store::Store;

/// How far a change of the secret key has come. `None`: there is one key, and all is sealed for it.
pub(super) fn secret_keys(runtime: &Runtime, store: &dyn Store, secrets: &SecretKeys) -> Option<Finding> {
    let what = "store.secret_keys";
    let keys = store.data_keys();
    let is_known = |secret| keys.is_known(secret).unwrap_or(false);
    if !is_known(secrets.first()) {
        let trouble = "the first key is to seal, and the gateway does not have it yet";
        let remedy = "Put it at the end of the list, restart the gateway, and then put it first";
        return Some(Finding::failed(what, trouble, remedy));
    }
    if !secrets.iter().all(is_known) {
        let trouble = "the gateway does not have every key of the list yet";
        return Some(Finding::warning(what, trouble, "Restart it; after that another key may be put first"));
    }
    if !keys.is_made_for(secrets.first()).unwrap_or(false) {
        return Some(Finding::fine(what, "the first key seals from the next start on"));
    }
    match runtime.block_on(store.sealed_with_older()) {
        Ok(0) if secrets.count() == 1 => None,
        Ok(0) => Some(Finding::fine(
            what,
            "everything is sealed for the first key; one that it replaced can be taken out",
        )),
        Ok(left) => Some(Finding::fine(
            what,
            format!("{left} values are still sealed with an older key; the gateway seals them again"),
        )),
        Err(error) => Some(Finding::failed(what, error.to_string(), "See what is said of the store")),
    }
}
