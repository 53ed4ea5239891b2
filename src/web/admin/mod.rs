//! `/_gate/admin`: the pages on which administrators work. A folder for each page of the menu, under the page's name: `mod.rs` has
//! its routes, `form` what was typed, `page` what is shown. What they do is done by `flows::administer`, in the file of that name.
//! What several pages share lies beside the folders. Kept out: who holds which role, what is written down, how anything is stored.
//!
//! Every handler but those of emergency access stands behind `guard`.

pub(crate) mod answers;
pub(crate) mod audit;
pub(crate) mod audit_line;
pub(crate) mod caller;
pub(crate) mod clients;
pub(crate) mod community;
pub(crate) mod community_mapping;
pub(crate) mod deliveries;
pub(crate) mod directory;
pub(crate) mod done;
pub(crate) mod draft;
pub(crate) mod emergency;
pub(crate) mod fields;
pub(crate) mod file_problem;
pub(crate) mod files;
pub(crate) mod guard;
pub(crate) mod kinds;
pub(crate) mod links;
pub(crate) mod mapping;
pub(crate) mod menu;
pub(crate) mod migrate;
pub(crate) mod overview;
pub(crate) mod people;
pub(crate) mod people_lists;
pub(crate) mod plain;
pub(crate) mod preview;
pub(crate) mod preview_view;
pub(crate) mod sessions;
pub(crate) mod shell;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod version_line;
pub(crate) mod versions;
pub(crate) mod words;

#[cfg(test)]
mod tests;

use axum::{Router, middleware};

pub use state::Admin;

/// Every address of the administration.
pub fn router(admin: Admin) -> Router {
    Router::new()
        .merge(overview::routes())
        .merge(mapping::routes())
        .merge(preview::routes())
        .merge(versions::routes())
        .merge(files::routes())
        .merge(migrate::routes())
        .merge(people::routes())
        .merge(sessions::routes())
        .merge(status::routes())
        .merge(deliveries::routes())
        .merge(community::routes())
        .merge(clients::routes())
        .merge(community_mapping::routes())
        .merge(links::routes())
        .merge(audit::routes())
        .merge(emergency::routes())
        .route_layer(middleware::from_fn_with_state(admin.clone(), guard::guard))
        // Nobody is let in yet who opens an emergency link.
        .merge(emergency::open_routes())
        .with_state(admin)
}
