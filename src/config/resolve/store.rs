//! Where the store is: a file, or a database on a server with all that is needed to reach it.

use std::ops::Range;

use toml::Spanned;

use super::values::Resolving;
use crate::adapters::store::postgres::server::{CONNECTIONS, Server};
use crate::adapters::toml_reading::Said;
use crate::adapters::upstream::Trust;
use crate::config::raw;
use crate::config::settings::StorePlace;

/// `url`, `password`, `tls` and `connections`.
type SaidOfServer = (Said<raw::Text>, Said<raw::Source>, Said<raw::Text>, Said<Spanned<usize>>);

impl Resolving<'_, '_> {
    pub(super) fn store_place(
        &mut self,
        path: Said<raw::Text>,
        (url, password, tls, connections): SaidOfServer,
        span: &Range<usize>,
    ) -> Option<StorePlace> {
        let password = self.optional(password, |to, source| Some((source.span(), to.secret(&source)?)));
        let tls = self.optional(tls, |to, file| Some((file.span(), to.readable(&file)?.0)));
        let connections = self.count(connections, CONNECTIONS);
        let url = match (path, url) {
            (Said::Value(path), Said::Nothing) => {
                let path = self.path(&path);
                let (password, tls) = (password?, tls?);
                let of_server = password.map(|(span, _)| span).or(tls.map(|(span, _)| span));
                return match of_server {
                    Some(span) => self.refuse(
                        span,
                        "a file has neither a password nor TLS",
                        "Take it out, or write `url` in place of `path`",
                    ),
                    None => path.map(StorePlace::File),
                };
            }
            (Said::Nothing, Said::Value(url)) => url,
            (Said::Value(_), Said::Value(url)) => {
                let what = "the store is in a file and on a server";
                return self.refuse(url.span(), what, "Keep `path` or `url`, and take the other out");
            }
            (Said::Nothing, Said::Nothing) => {
                let remedy =
                    r#"Write `path = "membergate.sqlite"` below `[store]`, or `url` for a PostgreSQL server"#;
                self.reading.missing(span.clone(), "`store.path` is missing", remedy);
                return None;
            }
            (Said::Unreadable, _) | (_, Said::Unreadable) => return None,
        };
        let server = match Server::parse(url.get_ref()) {
            Ok(server) => server,
            Err(fault) => {
                let remedy = r#"Write such as "postgres://membergate@db.acme.example/membergate", and the password in `password`"#;
                return self.refuse(
                    url.span(),
                    format!("this is not the address of a database: {fault}"),
                    remedy,
                );
            }
        };
        let (password, tls) = (password?, tls?);
        let server = match password {
            Some((_, password)) => server.with_password(&password),
            None => server,
        };
        let server = match tls {
            Some((_, file)) => server.with_tls(Trust::Bundle(file)),
            None if server.is_local() => server,
            None => server.with_tls(Trust::Platform),
        };
        Some(StorePlace::Server(Box::new(server.with_connections(connections?))))
    }
}
