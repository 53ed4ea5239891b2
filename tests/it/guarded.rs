//! A gateway in front of a site, for stories with an AMS other than re:Members. The AMS is started beside it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use membergate::app::App;
use membergate::config::{self, env::Given};
use membergate::sim::site::SampleSite;
use tempfile::TempDir;
use url::Url;

use crate::world::{MovedClock, Page, SECRET_KEY, Visitor};

/// The gateway, its site and its clock.
pub struct GuardedSite {
    gateway: App,
    _site: SampleSite,
    pub folder: TempDir,
    pub clock: Arc<MovedClock>,
    address: SocketAddr,
}

/// What a gateway is started with.
pub struct GuardedSiteSettings<'a> {
    /// `[ams]` and what belongs to it.
    pub ams: &'a str,
    /// What stands below `[directory]`.
    pub directory: &'a str,
    pub rules: &'a str,
    /// A second site, at another host.
    pub other_host: Option<&'a str>,
    /// Environment variables.
    pub variables: &'a [(&'a str, &'a str)],
    /// What the community is told, for a configuration that names one.
    pub community: &'a str,
}

impl GuardedSite {
    pub async fn start(address: SocketAddr, settings: GuardedSiteSettings<'_>) -> GuardedSite {
        let GuardedSiteSettings { ams, directory, rules, other_host, variables, community } = settings;
        let site = SampleSite::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(MovedClock::default());
        let other = other_host.map(|host| {
            let (port, upstream) = (address.port(), site.base_url());
            format!("[[site]]\nname = \"other\"\nurl = \"http://{host}:{port}\"\nupstream = \"{upstream}\"\n[[site.access]]\npath = \"/members\"\nany_of = [\"member\"]\n[[site.access]]\npath = \"/\"\nrequire = \"public\"\n")
        });
        let other = other.unwrap_or_default();
        let text = format!(
            r#"rules = "rules.toml"
[association]
name = "Harbour Association"
[listen]
address = "{address}"
operations = "127.0.0.1:0"
workers = 2
{ams}
[directory]
{directory}
[store]
path = "{store}"
secret_keys = [{{ env = "SECRET_KEY" }}]
[[site]]
name = "library"
url = "http://localhost:{port}"
upstream = "{upstream}"
[[site.access]]
path = "/members"
any_of = ["member", "staff"]
[[site.access]]
path = "/account"
require = "signed_in"
[[site.access]]
path = "/"
require = "public"
{other}"#,
            store = folder.path().join("gate.sqlite").display(),
            port = address.port(),
            upstream = site.base_url(),
        );
        let file = Path::new("/etc/membergate/membergate.toml");
        let given = Given::default()
            .file(file, &text)
            .file("/etc/membergate/rules.toml", rules)
            .file("/etc/membergate/community.toml", community)
            .variable("SECRET_KEY", SECRET_KEY);
        let given = variables.iter().fold(given, |given, (name, value)| given.variable(name, value));
        let settings = config::load(file, &given).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
        let gateway = App::start_at(settings, clock.clone()).await.unwrap();
        GuardedSite { gateway, _site: site, folder, clock, address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.port())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::new(&[("localhost", self.address)])
    }

    pub async fn is_signed_in(&self, visitor: &mut Visitor) -> bool {
        visitor.get(self.url("/_gate/me")).await.status == 200
    }

    pub async fn stop(self) {
        self.gateway.stop().await;
    }
}

/// The roles on the page `/_gate/me`.
pub fn roles(me: &Page) -> Vec<String> {
    let roles = me.json()["roles"].as_array().unwrap().clone();
    roles.iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect()
}

/// The address of a return without one of its parameters.
pub fn without(url: &Url, name: &str) -> Url {
    let mut clean = url.clone();
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    clean.query_pairs_mut().clear().extend_pairs(kept);
    clean
}

/// The address of a return with one parameter more.
pub fn with(mut url: Url, name: &str, value: &str) -> Url {
    url.query_pairs_mut().append_pair(name, value);
    url
}
