//! `[admin]`: who may administer in the browser, and where.

use toml::Spanned;

use super::super::raw;
use super::super::settings::SiteSettings;
use super::values::{Resolving, meant};
use crate::flows::administer::AdminSettings;

impl Resolving<'_, '_> {
    /// Administration. `sites`: all of them, if they could be read.
    pub(super) fn admin(
        &mut self,
        said: Spanned<raw::Admin>,
        sites: Option<&[SiteSettings]>,
    ) -> Option<AdminSettings> {
        let (span, said) = (said.span(), said.into_inner());
        let roles = self.required(said.roles, &span, "admin.roles", r#"roles = ["staff"]"#);
        // Any mapping may be published later, so that roles cannot be compared with what it grants.
        let roles = roles.and_then(|roles| self.roles(roles, &span, None));
        let site = self.optional(said.host, |to, name| {
            let known: Vec<&str> = sites?.iter().map(|site| &*site.site.name).collect();
            match known.contains(&name.get_ref().as_str()) {
                true => Some(name.get_ref().as_str().into()),
                false => {
                    let what = format!("there is no site `{}`", name.get_ref());
                    to.refuse(name.span(), what, meant(name.get_ref(), &known))
                }
            }
        });
        Some(AdminSettings { roles: roles?.into(), site: site?, view_as: said.view_as.or(|| false)? })
    }
}
