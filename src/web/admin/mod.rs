//! `/_gate/admin`: the pages on which administrators work. A folder for each page of the menu, under the page's name: `mod.rs` has
//! its routes, `form` what was typed, `page` what is shown. What they do is done by `flows::administer`, in the file of that name.
//! What several pages share lies beside the folders. Kept out: who holds which role, what is written down, how anything is stored.
//!
//! Every handler but those of emergency access stands behind `guard`.

pub mod answers;
pub mod audit;
pub mod audit_line;
pub mod caller;
pub mod clients;
pub mod done;
pub mod draft;
pub mod emergency;
pub mod fields;
pub mod files;
pub mod guard;
pub mod kinds;
pub mod links;
pub mod mapping;
pub mod menu;
pub mod migrate;
pub mod overview;
pub mod people;
pub mod plain;
pub mod preview;
pub mod sessions;
pub mod shell;
pub mod state;
pub mod status;
pub mod sweep;
pub mod versions;
pub mod words;

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
        .merge(clients::routes())
        .merge(links::routes())
        .merge(audit::routes())
        .merge(emergency::routes())
        .route_layer(middleware::from_fn_with_state(admin.clone(), guard::guard))
        // Nobody is let in yet who opens an emergency link.
        .merge(emergency::open_routes())
        .with_state(admin)
}
