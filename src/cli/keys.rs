//! `membergate keys`: the secret key of an installation, and the public keys of its assertions.
//!
//! Changes nothing: a secret key is printed and kept nowhere, and signing keys are made by the gateway itself.

use std::io::Write;
use std::path::Path;

use clap::Subcommand;

use super::{Failure, because, runtime};
use crate::adapters::keys::assertion::{Signer, jwks};
use crate::adapters::keys::seal::SecretKey;
use crate::adapters::store::{SqliteStore, Store as _};
use crate::config::{self, Env};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Prints a new secret key. Keep it where `store.secret_key` of the configuration finds it.
    #[command(after_help = "Example:\n  export MEMBERGATE_SECRET_KEY=$(membergate keys secret)")]
    Secret,
    /// Prints the public keys by which sites check assertions, as a JSON Web Key Set.
    #[command(after_help = "Example:\n  membergate keys show --config membergate.toml > jwks.json")]
    Show,
}

/// Runs one of them.
pub fn run(keys: Keys, config: &Path, env: &dyn Env, out: &mut dyn Write) -> Result<(), Failure> {
    match keys {
        Keys::Secret => {
            let secret = SecretKey::generate().map_err(because)?;
            Ok(writeln!(out, "{secret}")?)
        }
        Keys::Show => show(config, env, out),
    }
}

fn show(config: &Path, env: &dyn Env, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = config::load(config, env).map_err(Failure::Configuration)?;
    let path = &settings.store.path;
    let nothing =
        || because(format!("{} has no keys yet: the first start of the gateway makes them", path.display()));
    if !path.exists() {
        return Err(nothing());
    }
    let store = SqliteStore::open(path, &settings.store.secret_key).map_err(because)?;
    let stored = runtime()?.block_on(store.keys()).map_err(because)?;
    let signers: Vec<Signer> =
        stored.iter().map(Signer::from_stored).collect::<Result<_, _>>().map_err(because)?;
    if signers.is_empty() {
        return Err(nothing());
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
