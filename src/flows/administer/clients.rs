//! OpenID clients in the hands of administrators: registering, changing, new secrets, removing; and how the logout messages to
//! all clients fare.
//!
//! The configuration's clients stand beside these and come first: of two with one id, and of a client that is called like a site,
//! only the configuration's is in force. What is in force is swapped whole, and nobody else swaps it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use super::Actor;
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random;
use crate::adapters::store::StoreError;
use crate::adapters::store::administration::{Administration, Registered};
use crate::adapters::store::outbox::{DeliveryStatus, Outbox, Undelivered};
use crate::domain::access::Require;
use crate::domain::audit::{Action, Entry};
use crate::domain::client::{Client, ClientAddress, ClientId, Clients, Proof, scope_text};
use crate::domain::rule::Role;
use crate::flows::grant::{Provider, PublishedClients};

/// Clients that can be registered.
pub const MOST_CLIENTS: usize = 200;

/// Secrets of a client that are good at the same time, while one is replaced by the next.
pub const MOST_SECRETS: usize = 2;

/// Messages that are looked at to say how logout fares.
const LATEST_MESSAGES: u16 = 200;

/// Why a client was not changed. Nothing has changed then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// A client or a site has this name already. The visitor's to mend.
    #[error("another client or a site has the name `{0}`")]
    Taken(ClientId),
    /// There is no such client, or it is the configuration's. The visitor's to mend.
    #[error("there is no registered client of that name")]
    Unknown,
    /// Somebody else was faster. The visitor's to mend.
    #[error("the client was changed meanwhile")]
    Conflict,
    /// The visitor's to mend.
    #[error("there are {MOST_CLIENTS} clients already")]
    TooMany,
    /// A public client has no secret. The visitor's to mend.
    #[error("a public client has no secret")]
    NoSecret,
    /// Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

/// What the configuration says: its clients, and the names that no client may have.
#[derive(Debug, Default)]
pub struct FromConfiguration {
    /// Its clients.
    pub clients: Vec<Client>,
    /// The association vouches for the e-mail addresses in its AMS, unless a client says otherwise.
    pub email_verified: bool,
    /// The names of the sites. They are the audiences of assertions, which are signed with the same keys.
    pub sites: Vec<Arc<str>>,
}

/// A client in the list.
#[derive(Debug, Clone)]
pub struct ListedClient {
    /// The client.
    pub client: Client,
    /// How it stands in the store. `None`: it is the configuration's.
    pub registered: Option<Registered>,
    /// It is not in force, because the configuration has a client or a site of this name.
    pub is_shadowed: bool,
}

/// A secret in the clear. It is shown once and kept nowhere.
pub type NewSecret = SecretString;

/// The clients of the OpenID Provider.
pub struct OpenIdClients {
    store: Arc<dyn Administration>,
    outbox: Arc<dyn Outbox>,
    provider: Arc<Provider>,
    published: PublishedClients,
    sources: Mutex<Sources>,
    /// Held from a change in the store to its coming into force, so that no earlier change overtakes a later one.
    changing: tokio::sync::Mutex<()>,
    clock: SharedClock,
}

#[derive(Default)]
struct Sources {
    configured: FromConfiguration,
    registered: Vec<Registered>,
}

impl Sources {
    /// Whether the configuration uses this name.
    fn is_taken(&self, id: &ClientId) -> bool {
        let FromConfiguration { clients, sites, .. } = &self.configured;
        clients.iter().any(|client| client.id == *id) || sites.iter().any(|site| **site == *id.as_str())
    }

    fn in_force(&self) -> Clients {
        let registered = self.registered.iter().map(|registered| &registered.client);
        let registered = registered.filter(|client| !self.is_taken(&client.id));
        let all = self.configured.clients.iter().chain(registered).cloned();
        Clients::new(all, self.configured.email_verified)
    }
}

impl OpenIdClients {
    /// Reads what the store has. `published` has both kinds of clients once the configuration's are known too.
    pub async fn open(
        store: Arc<dyn Administration>,
        outbox: Arc<dyn Outbox>,
        provider: Arc<Provider>,
        published: PublishedClients,
        clock: SharedClock,
    ) -> Result<OpenIdClients, StoreError> {
        let registered = store.clients().await?;
        let sources = Mutex::new(Sources { registered, ..Sources::default() });
        let changing = tokio::sync::Mutex::default();
        Ok(OpenIdClients { store, outbox, provider, published, sources, changing, clock })
    }

    /// The provider's name to clients.
    pub fn issuer(&self) -> &str {
        &self.provider.settings().issuer
    }

    /// Takes over what a configuration that was read again says.
    pub fn set_configured(&self, configured: FromConfiguration) {
        self.update(|sources| sources.configured = configured);
        for ListedClient { client, is_shadowed, .. } in self.list() {
            if is_shadowed {
                tracing::warn!(client = %client.id, "A registered OpenID client is not in force: the configuration has its name");
            }
        }
    }

    /// Every client: first the configuration's, then the registered ones by id.
    pub fn list(&self) -> Vec<ListedClient> {
        let sources = self.sources();
        let configured = sources.configured.clients.iter().map(|client| ListedClient {
            client: client.clone(),
            registered: None,
            is_shadowed: false,
        });
        let registered = sources.registered.iter().map(|registered| ListedClient {
            client: registered.client.clone(),
            is_shadowed: sources.is_taken(&registered.client.id),
            registered: Some(registered.clone()),
        });
        configured.chain(registered).collect()
    }

    /// A client that administrators registered.
    pub fn find(&self, id: &str) -> Option<Registered> {
        self.sources().registered.iter().find(|registered| registered.client.id.as_str() == id).cloned()
    }

    /// The latest logout messages to clients and what became of them, newest first.
    pub async fn deliveries(&self) -> Result<Vec<DeliveryStatus>, StoreError> {
        self.outbox.deliveries(LATEST_MESSAGES).await
    }

    /// How many messages no client has taken.
    pub async fn undelivered(&self) -> Result<Undelivered, StoreError> {
        self.outbox.undelivered().await
    }

    /// Registers a client; unless it is public it gets its secret.
    pub async fn add(&self, actor: &Actor, mut client: Client) -> Result<Option<NewSecret>, ClientError> {
        let _alone = self.changing.lock().await;
        {
            let sources = self.sources();
            if sources.is_taken(&client.id) {
                return Err(ClientError::Taken(client.id));
            }
            if sources.registered.len() >= MOST_CLIENTS {
                return Err(ClientError::TooMany);
            }
        }
        let secret = if client.is_public() {
            None
        } else {
            let secret = random::token()?;
            client.proof = Proof::Secret(vec![random::digest(secret.as_bytes())]);
            Some(NewSecret::from(secret))
        };
        match self.write(actor, Action::ClientAdded, None, &client).await {
            Err(ClientError::Conflict) => Err(ClientError::Taken(client.id)),
            written => written.map(|()| secret),
        }
    }

    /// Changes a client as it was seen; how it proves who it is stays.
    pub async fn change(&self, actor: &Actor, seen: u64, client: Client) -> Result<(), ClientError> {
        let _alone = self.changing.lock().await;
        let now = self.seen(&client.id, seen)?;
        let client = Client { proof: now.client.proof.clone(), ..client };
        if client == now.client {
            return Ok(());
        }
        self.write(actor, Action::ClientChanged, Some(&now), &client).await
    }

    /// Makes a new secret. The one before stays good until [`OpenIdClients::end_old_secrets`]; older ones end now.
    pub async fn new_secret(
        &self,
        actor: &Actor,
        id: &ClientId,
        seen: u64,
    ) -> Result<NewSecret, ClientError> {
        let _alone = self.changing.lock().await;
        let now = self.seen(id, seen)?;
        let mut client = now.client.clone();
        let Proof::Secret(digests) = &mut client.proof else { return Err(ClientError::NoSecret) };
        let secret = random::token()?;
        digests.insert(0, random::digest(secret.as_bytes()));
        digests.truncate(MOST_SECRETS);
        self.write(actor, Action::ClientSecretMade, Some(&now), &client).await?;
        Ok(NewSecret::from(secret))
    }

    /// Lets only the newest secret be good.
    pub async fn end_old_secrets(&self, actor: &Actor, id: &ClientId, seen: u64) -> Result<(), ClientError> {
        let _alone = self.changing.lock().await;
        let now = self.seen(id, seen)?;
        let mut client = now.client.clone();
        let Proof::Secret(digests) = &mut client.proof else { return Err(ClientError::NoSecret) };
        digests.truncate(1);
        self.write(actor, Action::ClientSecretEnded, Some(&now), &client).await
    }

    /// Removes a client. Its codes and tokens end at once.
    pub async fn remove(&self, actor: &Actor, id: &ClientId, seen: u64) -> Result<(), ClientError> {
        let _alone = self.changing.lock().await;
        let now = self.seen(id, seen)?;
        let entry = self.entry(actor, Action::ClientRemoved, Some(&now.client), None);
        if !self.store.remove_client(seen, id, &entry).await? {
            return Err(ClientError::Conflict);
        }
        Ok(self.read().await?)
    }

    /// A client, if it is still as it was seen.
    fn seen(&self, id: &ClientId, seen: u64) -> Result<Registered, ClientError> {
        let now = self.find(id.as_str()).ok_or(ClientError::Unknown)?;
        if now.revision == seen { Ok(now) } else { Err(ClientError::Conflict) }
    }

    async fn write(
        &self,
        actor: &Actor,
        action: Action,
        before: Option<&Registered>,
        client: &Client,
    ) -> Result<(), ClientError> {
        let entry = self.entry(actor, action, before.map(|before| &before.client), Some(client));
        if !self.store.put_client(before.map(|before| before.revision), client, &entry).await? {
            return Err(ClientError::Conflict);
        }
        self.read().await?;
        // It may be the first whose ID tokens are signed in this way.
        self.provider.prepare().await;
        Ok(())
    }

    fn entry(&self, actor: &Actor, action: Action, before: Option<&Client>, after: Option<&Client>) -> Entry {
        let about = before.or(after).map(|client| format!("{} ({})", client.name, client.id));
        Entry {
            at: self.clock.now(),
            actor: actor.clone(),
            action,
            about: about.unwrap_or_default(),
            before: before.map(in_words),
            after: after.map(in_words),
        }
    }

    /// Brings into force what the store has.
    async fn read(&self) -> Result<(), StoreError> {
        let registered = self.store.clients().await?;
        self.update(|sources| sources.registered = registered);
        Ok(())
    }

    fn update(&self, change: impl FnOnce(&mut Sources)) {
        let mut sources = self.sources();
        change(&mut sources);
        self.published.store(Arc::new(sources.in_force()));
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client as the audit log tells of it. Of secrets it says how many there are.
fn in_words(client: &Client) -> String {
    let redirects = client.redirect_uris.iter().map(|address| format!("\n  {}", address.as_str()));
    let after = client.post_logout_redirect_uris.iter().map(|address| format!("\n  {}", address.as_str()));
    let roles = |roles: &[Role]| roles.iter().map(Role::as_str).collect::<Vec<_>>().join(", ");
    let said = |said: Option<bool>| said.map_or("as usual", |yes| if yes { "yes" } else { "no" });
    let proof = match &client.proof {
        Proof::Public => "none; it is public".to_owned(),
        Proof::Secret(digests) => digests.len().to_string(),
    };
    let require = match &client.require {
        Require::Public | Require::SignedIn => "everybody who has an account".to_owned(),
        Require::AnyOf(any) => format!("any of {}", roles(any)),
        Require::AllOf(all) => format!("all of {}", roles(all)),
    };
    let told = client.back_channel_logout_uri.as_ref().map_or("nowhere", ClientAddress::as_str);
    format!(
        "id: {}\nname: {}\nredirect addresses:{}\nafter a logout:{}\ntold of logouts at: {told}\nsecrets: {proof}\n\
         scopes: {}\nwithout a scope in the request: {}\nrefresh tokens are replaced: {}\nuser name: {}\n\
         e-mail addresses are verified: {}\nID tokens signed with: {}\nwho may sign in: {require}\nrefusal: {}\n",
        client.id,
        client.name,
        redirects.collect::<String>(),
        after.collect::<String>(),
        scope_text(&client.scopes),
        scope_text(&client.default_scopes),
        said(client.rotate_refresh_tokens),
        client.user_name.as_str(),
        said(client.email_verified),
        client.id_token_algorithm.as_str(),
        client.refusal.as_str(),
    )
}
