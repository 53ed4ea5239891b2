//! The secrets of `[directory]` in the address of the AMS's hooks.

use secrecy::{ExposeSecret as _, SecretString};

use super::values::Resolving;
use crate::adapters::toml_reading::Said;
use crate::config::raw;

/// One, and another while it takes the place of the first.
const MOST_HOOK_SECRETS: usize = 2;
/// 22 characters of base64url hold 128 bits.
const SHORTEST_HOOK_SECRET: usize = 22;
const LONGEST_HOOK_SECRET: usize = 128;

impl Resolving<'_, '_> {
    pub(super) fn hook_secrets(&mut self, said: Said<Vec<raw::Source>>) -> Option<Vec<SecretString>> {
        let sources = said.or(Vec::new)?;
        if let Some(third) = sources.get(MOST_HOOK_SECRETS) {
            let what = format!("`directory.hook_secrets` names {} secrets", sources.len());
            return self.refuse(third.span(), what, "Name the one in use, and one that takes its place");
        }
        let secrets: Vec<_> = sources.iter().map(|source| self.hook_secret(source)).collect();
        secrets.into_iter().collect()
    }

    fn hook_secret(&mut self, source: &raw::Source) -> Option<SecretString> {
        let secret = self.secret(source)?;
        let text = secret.expose_secret();
        let is_long = (SHORTEST_HOOK_SECRET..=LONGEST_HOOK_SECRET).contains(&text.len());
        if is_long && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Some(secret);
        }
        let what = format!("{} holds no secret that can stand in an address", source.name());
        let remedy =
            "Write 22 to 128 letters, digits, `-` and `_`; `membergate keys secret` prints such a text";
        self.refuse(source.span(), what, remedy)
    }
}
