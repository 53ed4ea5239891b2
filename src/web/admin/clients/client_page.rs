//! The page of one client: its form, what the site must be told, its secrets, and the way to be rid of it.

use askama::Template;
use http::StatusCode;

use super::form::{TypedClient, USUAL};
use super::secret_page::values;
use crate::adapters::store::administration::Registered;
use crate::domain::client::{Algorithm, Client, Proof, Scope, Scopes};
use crate::domain::rule::{Role, Rules};
use crate::web::admin::fields::{CopyValue, Field, FieldErrors, Lines};
use crate::web::admin::shell::{Shell, admin_pages};

/// The client that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// `client_id`.
    pub id: String,
    /// The state in which it was shown.
    pub revision: u64,
    /// Secrets that are good; 0: it is public.
    pub secrets: usize,
    /// What it may ask for.
    pub scopes: Scopes,
}

impl Existing {
    /// As the store has it.
    pub fn of(registered: &Registered) -> Existing {
        let secrets = match &registered.client.proof {
            Proof::Public => 0,
            Proof::Secret(digests) => digests.len(),
        };
        let Client { id, scopes, .. } = registered.client.clone();
        Existing { id: id.to_string(), revision: registered.revision, secrets, scopes }
    }
}

/// A box to tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckBox {
    /// On the page.
    pub id: String,
    /// What is sent.
    pub value: String,
    /// What it is called.
    pub label: String,
    /// A word about it; may be empty.
    pub says: &'static str,
    /// Ticked.
    pub on: bool,
}

/// What there is to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientChoices {
    scopes: Vec<CheckBox>,
    default_scopes: Vec<CheckBox>,
    roles: Vec<CheckBox>,
}

/// A list of which one is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectField {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    /// What is sent, and what it is called.
    options: Vec<(&'static str, &'static str)>,
    chosen: String,
    mend: Option<String>,
}

/// What few sites need to be otherwise.
fn questions(typed: &TypedClient, errors: &FieldErrors) -> Vec<SelectField> {
    let question = |name, label, hint, options: &[(&'static str, &'static str)], chosen: &str| SelectField {
        name,
        label,
        hint,
        options: options.to_vec(),
        chosen: chosen.to_owned(),
        mend: errors.get(name).cloned(),
    };
    vec![
        question(
            "refusal",
            "Somebody without the right role",
            "Some sites send such a person straight back here, again and again.",
            &[("page", "is told so here"), ("redirect", "is sent back to the site")],
            &typed.refusal,
        ),
        question(
            "user_name",
            "User name (preferred_username)",
            "What the site may call the person. Matrix (Synapse) refuses digits alone. Two people may have the same name.",
            &[
                ("record_number", "Record number (20017)"),
                ("name", "Name (jane.marlowe)"),
                ("email", "E-mail address"),
                ("none", "None"),
            ],
            &typed.user_name,
        ),
        question(
            "email_verified",
            "Are e-mail addresses verified?",
            "Some sites link accounts by e-mail only then. Say yes only if the association checks that an address is the person\u{2019}s own.",
            &[(USUAL, "As the configuration says"), ("yes", "Yes"), ("no", "No")],
            &typed.email_verified,
        ),
        question(
            "rotate_refresh_tokens",
            "Replace refresh tokens at each use?",
            "Usually only for sites that run in the browser alone, or apps.",
            &[(USUAL, "As usual"), ("yes", "Yes"), ("no", "No")],
            &typed.rotate_refresh_tokens,
        ),
    ]
}

impl ClientChoices {
    /// Every scope, and every role that the mapping grants or that the client asks for already.
    pub fn new(rules: &Rules, typed: &TypedClient) -> ClientChoices {
        let scopes = Scope::ALL.into_iter().filter(|scope| *scope != Scope::OpenId).map(|scope| {
            let (label, says) = describe(scope);
            let value = scope.as_str().to_owned();
            let on = typed.scopes.contains(&value);
            CheckBox { id: format!("scope-{value}"), value, label: label.to_owned(), says, on }
        });
        let default_scopes = Scope::ALL.into_iter().map(|scope| {
            let value = scope.as_str().to_owned();
            let on = typed.default_scopes.contains(&value);
            let label = describe(scope).0.to_owned();
            CheckBox { id: format!("default-{value}"), value, label, says: "", on }
        });
        let default_scopes = default_scopes.collect();
        let mut roles = rules.managed_roles();
        for role in typed.roles.iter().filter_map(|role| Role::parse(role).ok()) {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        let roles = roles.into_iter().map(|role| CheckBox {
            id: format!("role-{role}"),
            label: rules.label_of(&role).to_string(),
            says: if rules.managed_roles().contains(&role) {
                ""
            } else {
                "Nobody gets this role at present."
            },
            on: typed.roles.iter().any(|typed| typed == role.as_str()),
            value: role.to_string(),
        });
        ClientChoices { scopes: scopes.collect(), default_scopes, roles: roles.collect() }
    }
}

fn describe(scope: Scope) -> (&'static str, &'static str) {
    match scope {
        Scope::OpenId => ("Sign-in", ""),
        Scope::Profile => ("Names", "Name, first and last name, user name."),
        Scope::Email => ("E-mail address", ""),
        Scope::Roles => ("Roles", "Which roles the person holds now, and until when."),
        Scope::Membership => {
            ("Membership", "Whether the person is a member, of which type and until which day.")
        }
        Scope::OfflineAccess => {
            ("Renewal", "The site may ask again, without the person, as long as the session here lasts.")
        }
    }
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/clients/client.html")]
pub struct ClientPage {
    /// Around the page.
    pub shell: Shell,
    /// The client that is changed. `None`: a new one.
    pub existing: Option<Existing>,
    id: Field,
    name: Field,
    redirect_uris: Lines,
    post_logout_redirect_uris: Lines,
    back_channel_logout_uri: Field,
    is_public: bool,
    by_role: bool,
    offered: ClientChoices,
    questions: Vec<SelectField>,
    algorithm: String,
    role_mend: Option<String>,
    values: Vec<CopyValue>,
}

impl ClientPage {
    /// A form with what was typed.
    pub fn new(
        shell: Shell,
        issuer: &str,
        existing: Option<Existing>,
        typed: &TypedClient,
        offered: ClientChoices,
        errors: &FieldErrors,
    ) -> ClientPage {
        let mend = |field: &str| errors.get(field).cloned();
        let is_refused = !errors.is_empty();
        ClientPage {
            shell: if is_refused { shell.status(StatusCode::UNPROCESSABLE_ENTITY) } else { shell },
            id: Field::text("id", "Client ID", &typed.id)
                .hint("A short name without spaces, such as forum. The site is told it; it cannot be changed later.")
                .required()
                .mend(mend("id")),
            name: Field::text("name", "Name", &typed.name)
                .hint("What people call the site.")
                .required()
                .mend(mend("name")),
            redirect_uris: Lines::new("redirect_uris", "Redirect addresses", &typed.redirect_uris)
                .hint("Where a sign-in ends. The site tells you; copy it exactly. One on each line.")
                .required()
                .mend(mend("redirect_uris")),
            post_logout_redirect_uris: Lines::new(
                "post_logout_redirect_uris",
                "Addresses after a logout (optional)",
                &typed.post_logout_redirect_uris,
            )
            .hint("Where a logout that starts at the site may end. One on each line. The value of one parameter may be *, as in …?loggedout=true&wp_lang=*.")
            .mend(mend("post_logout_redirect_uris")),
            back_channel_logout_uri: Field::text(
                "back_channel_logout_uri",
                "Back-channel logout address (optional)",
                &typed.back_channel_logout_uri,
            )
            .hint("Where the site hears that somebody signed out elsewhere. Without it, its own login lasts on.")
            .mend(mend("back_channel_logout_uri")),
            is_public: typed.is_public,
            by_role: typed.by_role,
            offered,
            questions: questions(typed, errors),
            algorithm: typed.algorithm.clone(),
            role_mend: mend("role"),
            values: existing.as_ref().map(|existing| values(issuer, &existing.id, &existing.scopes)).unwrap_or_default(),
            existing,
        }
    }

    fn title(&self) -> &str {
        if self.existing.is_none() { "New OpenID client" } else { &self.name.value }
    }
}

admin_pages!(ClientPage);
