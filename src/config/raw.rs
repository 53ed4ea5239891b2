//! What the configuration file says: its sections and keys, each with meaning, example and default.
//!
//! The comment of a key is its help: `toml_reading::tests` makes docs/configuration.md and the JSON Schema of it. After the meaning come, as far as
//! they apply and in this order: `One of: …`, `Example: …`, `Default: …` or `Required.`, `Needs a restart.` Values are written as in TOML.
//!
//! Kept out: what the values mean (`resolve`) and how TOML is read (`adapters::toml_reading`). Values keep their place in the file.

use toml::Spanned;

use crate::adapters::toml_reading::section;

pub(super) use super::source::Source;

/// A value with its place in the file.
pub(super) type Text = Spanned<String>;

section! {
    /// Top of the file: the keys above the first section.
    Document {
        /// The file with the role mapping: who gets which role. With `[admin]`, only what the mapping begins with. Default: "rules.toml".
        rules: Text,
        /// Who runs the sites. Required.
        association: Spanned<Association>,
        /// Where the gateway listens.
        listen: Listen,
        /// The association management system. Required.
        ams: Spanned<Ams>,
        /// How long a sign-in and what it knows may last.
        session: Session,
        /// How the records of people are kept in step with the AMS.
        directory: Directory,
        /// What survives a restart. Required.
        store: Spanned<Store>,
        /// What is logged.
        log: Log,
        /// Who may change the role mapping in the browser. Default: nobody, and the file `rules` is what counts.
        admin: Spanned<Admin>,
        /// The websites behind the gateway, one `[[site]]` each. Required.
        site: Vec<Spanned<Site>>,
        /// Websites elsewhere that sign people in through OpenID Connect.
        oidc: Spanned<Oidc>,
        /// The community at Higher Logic, which is told of people.
        higher_logic: Spanned<HigherLogic>,
    }
}

section! {
    /// `[association]`: who runs the sites.
    Association {
        /// The name that visitors see. Example: "Acme Society". Required.
        name: Text,
        /// Where members renew; the page that refuses them links to it. Example: "https://members.acme.example/renew". Default: no link.
        renew_url: Text,
        /// Where visitors ask for help: an e-mail address or a page. Example: "help@acme.example". Default: nobody is named.
        contact: Text,
    }
}

section! {
    /// `[listen]`: where the gateway listens, and how long it waits.
    Listen {
        /// Address and port for visitors. Example: "0.0.0.0:443". Default: "127.0.0.1:8080". Needs a restart.
        address: Text,
        /// Address and port for `/livez`, `/readyz` and `/metrics`. Keep it private. Example: "10.0.0.5:9090". Default: "127.0.0.1:9090". Needs a restart.
        operations: Text,
        /// PEM file with the certificate chain. A reload takes over a new certificate, but cannot turn TLS on or off.
        /// Example: "/etc/membergate/tls.pem". Default: none, plain HTTP.
        tls_certificate: Text,
        /// PEM file with the certificate's private key. Example: "/etc/membergate/tls.key". Default: none.
        tls_key: Text,
        /// What browsers are told over our own TLS about plain HTTP (HSTS): "on", never to use it, for 30 days after each visit; "off", nothing;
        /// "forget", that they may use it again. One of: "on", "off", "forget". Default: "on".
        hsts: Text,
        /// Networks of proxies in front of us whose forwarded headers are believed. Example: ["10.0.0.0/8"]. Default: [].
        trusted_proxies: Vec<Text>,
        /// Web servers that may ask at `/_gate/verify@NAME`. Each must itself keep visitors from asking there. Example: ["127.0.0.1"]. Default: [].
        forward_auth_proxies: Vec<Text>,
        /// Threads for visitors' requests. Example: 4. Default: one for each core. Needs a restart.
        workers: Spanned<usize>,
        /// Connections of visitors at one time. More have to wait. Default: 20000. Needs a restart.
        max_connections: Spanned<usize>,
        /// Connections of one client (an IPv4 address, an IPv6 /64) at one time. More get 429. Trusted proxies are exempt. Default: 1000. Needs a restart.
        max_connections_per_network: Spanned<usize>,
        /// Bytes a second at which visitors have to send bodies and read answers. WebSockets are exempt. Default: 500. Needs a restart.
        least_rate: Spanned<usize>,
        /// How far a visitor who sends may fall behind `least_rate`. Example: "30s". Default: "20s". Needs a restart.
        upload_patience: Text,
        /// How far a visitor who reads may fall behind `least_rate`. Example: "2m". Default: "60s". Needs a restart.
        download_patience: Text,
        /// Memory for the beginnings of request bodies, all together, in MiB. Default: 64. Needs a restart.
        upload_memory: Spanned<usize>,
        /// How long the head of a request may take, from the connection or the previous answer; so also how long an HTTP/1.1 connection may idle.
        /// Default: "30s". Needs a restart.
        header_timeout: Text,
        /// How long an HTTP/2 connection may idle. Default: "2m". Needs a restart.
        idle_timeout: Text,
        /// How long an answer may go without a byte. WebSockets are exempt. Default: "5m".
        stream_timeout: Text,
        /// How long running requests may take to end after SIGTERM. Default: "20s". Needs a restart.
        drain_timeout: Text,
    }
}

section! {
    /// `[ams]`: the association management system.
    Ams {
        /// Which system it is. Switching it keeps neither sessions nor records. One of: "remembers", "novi", "growthzone". Default: "remembers". Needs a restart.
        kind: Text,
        /// Which of the two environments people sign in with. One of: "production", "staging". Default: "production". Needs a restart.
        live: Text,
        /// Calls that may start within a second. Default: what the system allows; 3 for re:Members, 5 for Novi, 2 for GrowthZone.
        calls_per_second: Spanned<usize>,
        /// Calls that may start within a minute. With Novi at most 90,000 start in a day. Default: what the system allows; 60 for re:Members, 100 for Novi, 90 for GrowthZone.
        calls_per_minute: Spanned<usize>,
        /// Places that one network (an IPv4 address, or the /64 of an IPv6 address) may hold in the line in front of the sign-in.
        /// Default: 500.
        waiting_per_network: Spanned<usize>,
        /// GrowthZone: what status words and numbers mean beside those that are known. Default: none.
        status: Statuses,
        /// Credentials for real people.
        production: Spanned<Environment>,
        /// Credentials for trying things out.
        staging: Spanned<Environment>,
    }
}

section! {
    /// `[ams.status]`: what words of GrowthZone, and numbers on its memberships, mean beside those that are known (docs/ams/growthzone.md, "Status").
    Statuses {
        /// The membership is active. Example: ["Courtesy"]. Default: []. Needs a restart.
        active: Vec<Text>,
        /// Its term is over, and its benefits go on. Example: ["Grace"]. Default: []. Needs a restart.
        grace: Vec<Text>,
        /// It waits for its begin, or for somebody's approval. Example: ["Applied"]. Default: []. Needs a restart.
        pending: Vec<Text>,
        /// It is over. Example: ["Resigned", "7"]. Default: []. Needs a restart.
        ended: Vec<Text>,
        /// There is no membership, and was none. Example: ["Guest"]. Default: []. Needs a restart.
        none: Vec<Text>,
    }
}

section! {
    /// `[ams.production]` and `[ams.staging]`: the credentials for an environment.
    Environment {
        /// Where the vendor tells which server is the association's. Default: "https://public.remembers-ams.com/Api/v1/WebApiUrl". Needs a restart.
        discovery_url: Text,
        /// The association's portal, where people sign in. Example: "https://members.acme.example". Default: none; re:Members needs it. Needs a restart.
        portal: Text,
        /// Hosts to which the AMS may send our calls, and with them our credentials. Example: ["members.acme.example"]. Default: the portal's host. Needs a restart.
        allowed_hosts: Vec<Text>,
        /// `AppName`, as the vendor gave it. Example: { env = "MEMBERGATE_AMS_APP_NAME" }. Default: none; re:Members needs it. Needs a restart.
        app_name: Source,
        /// `AppKey`, a secret. Example: { file = "/run/secrets/app_key" }. Default: none; re:Members needs it. Needs a restart.
        app_key: Source,
        /// `AppId`. Default: the same as `app_name`. Needs a restart.
        app_id: Source,
        /// `AppPassword`, a secret. Default: the same as `app_key`. Needs a restart.
        app_password: Source,
        /// E-mail address of the integration's user. Default: none; re:Members needs it. Needs a restart.
        user_email: Source,
        /// Password of the integration's user, a secret. Default: none; re:Members needs it. Needs a restart.
        user_password: Source,
        /// Novi: the association's own website. Example: "https://www.acme.example". Default: none; Novi needs it. Needs a restart.
        site: Text,
        /// Novi, GrowthZone: the id of the client for single sign-on (in Novi: gear icon, SSO Clients). Example: { env = "MEMBERGATE_AMS_CLIENT_ID" }. Default: none; both need it. Needs a restart.
        client_id: Source,
        /// Novi, GrowthZone: that client's secret. Example: { file = "/run/secrets/client_secret" }. Default: none; both need it. Needs a restart.
        client_secret: Source,
        /// Novi, GrowthZone: the API key, a secret (in Novi: gear icon, API Keys). Example: { file = "/run/secrets/api_key" }. Default: none; both need it. Needs a restart.
        api_key: Source,
        /// Novi: how ID tokens are signed; one that is signed otherwise is refused, whatever it says. One of: "HS256", "RS256". Default: "HS256". Needs a restart.
        algorithm: Text,
        /// GrowthZone: the one host of the association's database. Example: "https://acme.growthzoneapp.com". Default: none; GrowthZone needs it. Needs a restart.
        host: Text,
        /// GrowthZone: where the metadata of its login is. Example: "https://acme.growthzoneapp.com/oauth/.well-known/openid-configuration". Default: below `host`, where GrowthZone has it. Needs a restart.
        metadata_url: Text,
        /// GrowthZone: whether a nonce must come back from the first sign-in on, and not only once one has come back. Default: false. Needs a restart.
        nonce_required: Spanned<bool>,
        /// The id of somebody who stays on file, such as a member of the staff. As long as the AMS does not find this person, it is not believed that
        /// others are gone. Example: "b3a1c0de-0001-4222-8333-444455550001". Default: the integration's user with re:Members, else whoever was read lately. Needs a restart.
        canary: Text,
    }
}

section! {
    /// `[session]`: how long a sign-in and what it knows may last.
    Session {
        /// A session ends after this long without a request. The default suits computers that several people use. Example: "30m". Default: "2h".
        idle: Text,
        /// A session ends this long after the sign-in, whatever happens. The default is the longest that the AMS's vendor advises. Example: "12h". Default: "24h".
        absolute: Text,
        /// A person's record that is older than this is read again in the background. Example: "5m". Default: "15m".
        refresh_after: Text,
        /// A record that is older than this is not believed. For so long people stay signed in while the AMS is down. Example: "8h". Default: "24h".
        stale_limit: Text,
        /// While the store gives no answer, signed-in people go on for so long; then they get a page that says so. Example: "5m". Default: "60s".
        store_gone: Text,
    }
}

section! {
    /// `[directory]`: how the gateway's own copy of the records that it needs is kept in step with the AMS (docs/directory.md).
    Directory {
        /// Whether it is kept in step. Without it the AMS is asked about each signed-in person alone, which takes more calls the more people are signed in, and previews know only those who have signed in. Default: true. Needs a restart.
        in_step: bool,
        /// Who has a record here: every member, or only people who have signed in. One of: "members", "signed_in". Default: "members". Needs a restart.
        people: Text,
        /// Of which changes the AMS's change feed tells: of names and addresses only, or of everything on a record. With "everything" far fewer calls are made; if the gateway finds a change that the feed did not tell, it says so on the status page and stops believing it. One of: "profiles", "everything". Default: "profiles". Needs a restart.
        feed_covers: Text,
        /// The time zone in which the AMS reads the instants of its change feed, or "auto" to find out. Example: "America/New_York". Default: "auto". Needs a restart.
        feed_zone: Text,
        /// How often the lists of committees and events that the mapping names are read. Example: "10m". Default: "5m". Needs a restart.
        roster_every: Text,
        /// How long one reading of all members takes. Example: "4h". Default: "1h"; "24h" where the feed covers everything. Needs a restart.
        sweep_every: Text,
        /// A record is erased when nothing has confirmed it for so long: the person is no longer in the AMS, or has not signed in. Example: "2160h". Default: "720h". Needs a restart.
        forget_after: Text,
        /// The last part of the address `/_gate/hooks/SECRET` at which the AMS tells of changes; `membergate hooks register` uses the first. Two
        /// while one takes the place of the other. At least 22 letters, digits, `-` and `_`. Example: [{ env = "MEMBERGATE_HOOK_SECRET" }].
        /// Default: [], no webhooks.
        hook_secrets: Vec<Source>,
    }
}

section! {
    /// `[store]`: what survives a restart.
    Store {
        /// The SQLite file. The first start creates it. Example: "/var/lib/membergate/membergate.sqlite". Default: none; this or `url` is there. Needs a restart.
        path: Text,
        /// A database on a PostgreSQL server, 13 or newer, in place of a file. The first start makes its tables. For a socket of this machine write "postgres:///membergate?host=/run/postgresql&user=membergate". Example: "postgres://membergate@db.acme.example/membergate". Default: none; this or `path` is there. Needs a restart.
        url: Text,
        /// The password of the user in `url`, a secret. Example: { env = "MEMBERGATE_DATABASE_PASSWORD" }. Default: none; the server knows its user otherwise. Needs a restart.
        password: Source,
        /// The file with the authorities of the server's certificate (PEM). Connections to another machine are always protected by TLS, and the certificate must be good for the host in `url`. Example: "/etc/membergate/database-ca.pem". Default: those that this machine trusts; for a server on this machine, no TLS. Needs a restart.
        tls: Text,
        /// Connections to the server at most. Default: 10. Needs a restart.
        connections: Spanned<usize>,
        /// The keys that open what is stored, secrets, at most eight. The first one seals. To replace it, put the new one at the end, restart, and then put it first. `membergate keys secret` prints a new one. Example: [{ env = "MEMBERGATE_SECRET_KEY" }]. Required. Needs a restart.
        secret_keys: Vec<Source>,
    }
}

section! {
    /// `[log]`: what is logged.
    Log {
        /// The least that is logged. One of: "error", "warn", "info", "debug", "trace". Default: "info". Needs a restart.
        level: Text,
        /// "text" for people, "json" for programs. One of: "text", "json". Default: "text". Needs a restart.
        format: Text,
    }
}

section! {
    /// `[admin]`: who may change the role mapping in the browser. With it, the file `rules` is only what the mapping begins with; later versions are in the store.
    Admin {
        /// Whoever holds one of these roles is an administrator. Example: ["staff"]. Required. Needs a restart.
        roles: Vec<Text>,
        /// The name of the site on whose host alone the pages are served. Example: "www". Default: every site's host. Needs a restart.
        host: Text,
        /// Whether administrators may view a site as somebody else, without changing anything. Default: false. Needs a restart.
        view_as: bool,
    }
}

section! {
    /// `[[site]]`: a website behind the gateway.
    Site {
        /// A short name, `[a-z0-9_-]{1,64}`; the audience of its assertions. Example: "library". Required.
        name: Text,
        /// Its name for people, on the gateway's own pages. Example: "Acme Library". Default: the association's name.
        title: Text,
        /// Where visitors find it, with a path if several sites share the host. Example: "https://www.acme.example/library". Required.
        url: Text,
        /// Where its requests go: scheme, host and port. Example: "http://127.0.0.1:3000". Default: nowhere; the site's own web server asks us.
        upstream: Text,
        /// The page where a logout ends. Example: "/welcome". Default: the path of `url`.
        home: Text,
        /// Whether the site sees the visitor's `Host`, or its own from `upstream`. Default: true.
        preserve_host: bool,
        /// PEM file with the authorities whose certificates the site may have, and no others. Example: "/etc/membergate/site-ca.pem". Default: the machine's own.
        upstream_ca: Text,
        /// How long the site may take to accept a connection, including the look-up of its name. Example: "2s". Default: "5s".
        connect_timeout: Text,
        /// How long the site may take until its answer begins. Example: "5m". Default: "60s".
        response_timeout: Text,
        /// Connections to the site at one time, for each worker. Default: 512.
        max_connections: Spanned<usize>,
        /// How many of them requests of one client (an IPv4 address, an IPv6 /64) may use. Default: 128.
        max_connections_per_network: Spanned<usize>,
        /// What becomes of a path that servers read in different ways, such as `/a//b` or `/a%2Fb`: "check" asks for what each of its readings needs,
        /// "refuse" answers 400. One of: "check", "refuse". Default: "check".
        ambiguous_paths: Text,
        /// Whether the site runs on Windows, where `/members.` and `/members::$DATA` are `/members`. Default: false.
        windows: bool,
        /// Where the site's WordPress plugin is told of people, so that roles come and go without a visit (docs/deliveries.md). With pretty links off it is "https://www.acme.example/?rest_route=/membergate/v1/people". Example: "https://www.acme.example/wp-json/membergate/v1/people". Default: nowhere. Needs a restart.
        people_endpoint: Text,
        /// Whether the plugin makes accounts for people who have none there. Default: false; only known users are changed. Needs a restart.
        create: bool,
        /// Who may make which requests. The first rule that fits decides. If none fits, one has to be signed in.
        access: Vec<Spanned<Access>>,
    }
}

section! {
    /// `[[site.access]]`: who may make which requests. Exactly one of `require`, `any_of` and `all_of`.
    Access {
        /// The path and all below it, or a pattern with `*` (within a segment) and `**` (any segments). Example: "/members". Required.
        path: Text,
        /// The very path and nothing below it. Only with `require = "public"`. Default: false.
        exact: bool,
        /// Only these methods; an empty list is all of them. Example: ["GET", "HEAD"]. Default: [].
        methods: Vec<Text>,
        /// Nothing is needed, or only a sign-in. One of: "public", "signed_in".
        require: Text,
        /// One of these roles is needed. Example: ["member", "staff"].
        any_of: Vec<Text>,
        /// Each of these roles is needed. Example: ["member", "board"].
        all_of: Vec<Text>,
    }
}

section! {
    /// `[oidc]`: the OpenID Provider, for websites elsewhere that sign people in through OpenID Connect.
    Oidc {
        /// The name under which clients know the gateway: the origin of one of the sites. Example: "https://www.acme.example". Default: the origin of the first site. Needs a restart.
        issuer: Text,
        /// Whether the association vouches for the e-mail addresses in its AMS. A client may say otherwise. Default: false.
        email_verified: bool,
        /// Whether the AMS's logout sends browsers to the Single Logout URL of one of the sites. Default: true. Needs a restart.
        ams_logout_returns: bool,
        /// The clients, one `[[oidc.client]]` each. With `[admin]` they can also be registered in the browser.
        client: Vec<Spanned<Client>>,
    }
}

section! {
    /// `[[oidc.client]]`: an OpenID client. Exactly one of `secret` and `public = true`; `redirect_uris`, or a `preset`.
    Client {
        /// `client_id`. Example: "wiki". Required.
        id: Text,
        /// Its name for people. Example: "Acme Wiki". Default: the same as `id`.
        name: Text,
        /// Fills in what a Higher Logic community needs: redirect addresses, addresses after a logout and scopes, each unless it is said here, and `sub` exactly as the AMS writes it. One of: "higher_logic". Default: none.
        preset: Text,
        /// Where the community of a `preset` is, with nothing behind the host. Example: "https://community.acme.example". Default: there is none.
        community: Text,
        /// Where a sign-in may end; exact addresses. Needed without a `preset`. Example: ["https://wiki.acme.example/callback"]. Default: those of the `preset`.
        redirect_uris: Vec<Text>,
        /// Where a logout may end; exact addresses, but the value of one query parameter may be `*`. Example: ["https://wiki.acme.example/"]. Default: [].
        post_logout_redirect_uris: Vec<Text>,
        /// Where the client is told that a session is over. Example: "https://wiki.acme.example/backchannel-logout". Default: it is not told.
        back_channel_logout_uri: Text,
        /// The client's secret, of 32 to 256 characters A-Z a-z 0-9 - . _ ~. Example: { env = "MEMBERGATE_WIKI_SECRET" }.
        secret: Source,
        /// A client without a secret: a script in a browser, or an app. It must use PKCE. Default: false.
        public: bool,
        /// What it may ask for. One of: "openid", "profile", "email", "roles", "membership", "offline_access".
        /// Default: ["openid", "profile", "email", "roles", "membership"].
        scopes: Vec<Text>,
        /// What it gets if it names no scope; each must be in `scopes`. Example: ["profile", "email"]. Default: all of `scopes` but "openid" and "offline_access".
        default_scopes: Vec<Text>,
        /// Whether a refresh token is replaced at each use. Default: true for a public client, else false.
        rotate_refresh_tokens: bool,
        /// What `preferred_username` is; "name" is such as jane.marlowe, and not unique. One of: "record_number", "email", "name", "none". Default: "record_number".
        preferred_username: Text,
        /// Whether the association vouches for the e-mail addresses that this client is told. Default: as `[oidc]` says.
        email_verified: bool,
        /// Where a person who lacks the roles is told so: on a "page" of the gateway, or at the client by a "redirect". One of: "page", "redirect". Default: "page".
        refusal: Text,
        /// What its ID tokens are signed with. One of: "RS256", "ES256", "EdDSA". Default: "RS256".
        id_token_algorithm: Text,
        /// Only people with one of these roles may sign in. Example: ["member", "staff"]. Default: everybody who can.
        any_of: Vec<Text>,
        /// A subscriber that is told of a person before they are signed in there, such as the `people_endpoint` of the site `library`. A sign-in waits for it for 5 seconds at most. Example: "wordpress:library". Default: nobody; with a preset, the community, if there is `[higher_logic]`.
        told_first: Text,
    }
}

section! {
    /// `[higher_logic]`: the community at Higher Logic, which is told of people (docs/community.md).
    HigherLogic {
        /// Which Push API Higher Logic has set up: "v2" where people come by push alone, "v1" beside a login that makes people by claims. One of: "v2", "v1". Default: "v2". Needs a restart.
        api: Text,
        /// Where version 2 runs. One of: "us", "canada". Default: "us". Needs a restart.
        region: Text,
        /// The base address of the API, where it is another. Example: "https://datapushapi.higherlogic.com/v2". Default: that of `api` and `region`. Needs a restart.
        url: Text,
        /// The key from Higher Logic, a secret. Example: { env = "MEMBERGATE_HIGHER_LOGIC_KEY" }. Required. Needs a restart.
        api_key: Source,
        /// The header in which the key is sent. Example: "ApiKey". Default: `ApiKey` for version 2, `x-api-key` for version 1. Needs a restart.
        api_key_header: Text,
        /// The tenant code from Higher Logic. Example: "ACME". Default: none; version 1 needs it. Needs a restart.
        tenant_code: Text,
        /// People in one request, at most 500. Default: 50. Needs a restart.
        batch: Spanned<usize>,
        /// The file that says what is sent of each person. With `[admin]`, only what that begins with. Default: "community.toml".
        community: Text,
    }
}
