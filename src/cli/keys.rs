//! `membergate keys`: the secret key of an installation, and the signing keys of its assertions and ID tokens.
//!
//! A secret key is printed and kept nowhere. The first signing keys are made by the gateway itself; here they are replaced.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use clap::Subcommand;

use super::shared::{CommandFailure, because, open_store, runtime};
use crate::adapters::clock::{Clock as _, SystemClock};
use crate::adapters::keys::assertion::{Signer, jwks};
use crate::adapters::keys::secret::SecretKey;
use crate::adapters::store::Store;
use crate::config::settings::StorePlace;
use crate::config::{self, Env};
use crate::flows::keyring::{OVERLAP, rotate};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Prints a new secret key. Keep it where `store.secret_keys` of the configuration finds it.
    #[command(after_help = "Example:\n  export MEMBERGATE_SECRET_KEY=$(membergate keys secret)")]
    Secret,
    /// Prints the public keys by which sites check assertions, as a JSON Web Key Set.
    #[command(after_help = "Example:\n  membergate keys show --config membergate.toml > jwks.json")]
    Show,
    /// Replaces the signing keys. The new ones are published within a minute and sign ten minutes later; the old ones stay
    /// published for eight days. Nothing has to be restarted.
    #[command(after_help = "Example:\n  membergate keys rotate --config membergate.toml")]
    Rotate,
}

/// Runs one of them.
pub fn run(keys: Keys, config: &Path, env: &dyn Env, out: &mut dyn Write) -> Result<(), CommandFailure> {
    match keys {
        Keys::Secret => {
            let secret = SecretKey::generate().map_err(because)?;
            Ok(writeln!(out, "{secret}")?)
        }
        Keys::Show => show(config, env, out),
        Keys::Rotate => replace(config, env, out),
    }
}

fn replace(config: &Path, env: &dyn Env, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let (place, store) = open(config, env)?;
    let names = runtime()?.block_on(rotate(&*store, SystemClock.now())).map_err(because)?;
    if names.is_empty() {
        return Err(no_keys_yet(&place));
    }
    for name in names {
        writeln!(out, "new key {name}")?;
    }
    Ok(writeln!(out, "They are published now, and sign in {} minutes.", OVERLAP.as_mins())?)
}

/// The store of a gateway that has run before.
fn open(config: &Path, env: &dyn Env) -> Result<(StorePlace, Arc<dyn Store>), CommandFailure> {
    let settings = config::load(config, env).map_err(CommandFailure::Configuration)?;
    let store = open_store(&settings)?;
    Ok((settings.store.place, store))
}

fn no_keys_yet(place: &StorePlace) -> CommandFailure {
    because(format!("{place} has no keys yet: the first start of the gateway makes them"))
}

fn show(config: &Path, env: &dyn Env, out: &mut dyn Write) -> Result<(), CommandFailure> {
    let (place, store) = open(config, env)?;
    let stored = runtime()?.block_on(store.keys()).map_err(because)?;
    let signers: Vec<Signer> =
        stored.iter().map(Signer::from_stored).collect::<Result<_, _>>().map_err(because)?;
    if signers.is_empty() {
        return Err(no_keys_yet(&place));
    }
    Ok(writeln!(out, "{:#}", jwks(&signers))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::env::Given;

    #[test]
    fn a_new_secret_key_is_one_that_the_configuration_takes() {
        let mut out = Vec::new();
        run(Keys::Secret, Path::new("none"), &Given::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(SecretKey::parse(&text).is_ok());
    }
}
