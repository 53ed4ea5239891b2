//! One logout ends everything that a browser has begun, from wherever it is started, and within a second; another browser of the
//! same person goes on. Every story plays in the same provider and looks at the same promises.

use std::time::Duration;

use membergate::adapters::keys::random::key_of;
use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use url::form_urlencoded;

use crate::admin::STAFF;
use crate::oidc::OpenIdWorld;
use crate::oidc::party::{Party, SECRET, VERIFIER, answer, basic, claims};
use crate::world::{ACCESS, CHAIR, Page, Plan, Visitor};

/// Ended is ended within this time of the answer to the logout.
const WITHIN: Duration = Duration::from_secs(1);

/// The hosts at which the desk is signed in: two behind our proxy, and one whose own web server asks us.
const LIBRARY: &str = "localhost";
const NEWS: &str = "news.localhost";
const ARCHIVE: &str = "archive.localhost";
const HOSTS: [&str; 3] = [LIBRARY, NEWS, ARCHIVE];

const CLIENTS: [&str; 2] = ["wiki", "forum"];

/// What a client was given for a browser.
struct Tokens {
    access: String,
    refresh: String,
    id: String,
}

impl Tokens {
    fn sid(&self) -> Value {
        claims(&self.id)["sid"].clone()
    }
}

/// Jane at her desk and on her telephone.
struct Scene {
    provider: OpenIdWorld,
    forum: Party,
    desk: Visitor,
    /// The desk as it was before the logout, with every cookie.
    thief: Visitor,
    /// As in [`CLIENTS`].
    desk_tokens: Vec<Tokens>,
    events: TcpStream,
    socket: TcpStream,
    phone: Visitor,
    phone_tokens: Tokens,
}

impl Scene {
    async fn set() -> Scene {
        Scene::with("").await
    }

    /// `oidc`: added to the settings of the OpenID Provider.
    async fn with(oidc: &str) -> Scene {
        let forum = Party::start().await;
        let clients = format!(
            r#"{oidc}
[[oidc.client]]
id = "forum"
redirect_uris = ["{base}/cb?x=1"]
back_channel_logout_uri = "{base}/backchannel"
secret = {{ env = "WIKI_SECRET" }}
scopes = ["openid", "offline_access"]
"#,
            base = forum.base
        );
        let sites = format!(
            r#"
[admin]
roles = ["staff"]

[[site]]
name = "news"
url = "http://{NEWS}:{{port}}"
upstream = "{{upstream}}"
{ACCESS}

[[site]]
name = "archive"
url = "http://{ARCHIVE}:{{port}}"
{ACCESS}
"#
        );
        let provider = OpenIdWorld::planned(Plan { more: sites, ..Plan::default() }, &clients).await;

        let mut desk = browser(&provider);
        desk.sign_in(CHAIR, provider.world.url("/members")).await.expect(200);
        // The AMS knows her by now: nobody asks for a password again.
        desk.open(at(&provider, NEWS, "/members")).await.expect(200);
        desk.open(at(&provider, ARCHIVE, "/_gate/login?return_to=/_gate/me")).await;
        let mut desk_tokens = Vec::new();
        for client in CLIENTS {
            desk_tokens.push(sign_in_to(&provider, &forum, &mut desk, client).await);
        }
        let mut phone = browser(&provider);
        phone.sign_in(CHAIR, provider.world.url("/members")).await.expect(200);
        let phone_tokens = sign_in_to(&provider, &forum, &mut phone, "wiki").await;

        let events = open_stream(&provider, &desk, LIBRARY, "/members/events", "", "200").await;
        let upgrade = format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://{NEWS}:{}\r\n",
            provider.world.address().port()
        );
        let socket = open_stream(&provider, &desk, NEWS, "/members/socket", &upgrade, "101").await;
        let thief = desk.clone();
        let mut scene =
            Scene { provider, forum, desk, thief, desk_tokens, events, socket, phone, phone_tokens };
        for host in HOSTS {
            scene.is_live_at(host).await;
        }
        scene
    }

    fn at(&self, host: &str, path: &str) -> String {
        at(&self.provider, host, path)
    }

    /// What is asked at a host on behalf of the desk's old cookies.
    async fn ask(&mut self, host: &str) -> (Page, Page) {
        let (me, page) = (self.at(host, "/_gate/me"), self.at(host, "/members"));
        let me = self.thief.get(me).await;
        let page = if host == ARCHIVE {
            verify(&self.provider, &mut self.thief).await
        } else {
            self.thief.fetch(page).await
        };
        (me, page)
    }

    async fn is_live_at(&mut self, host: &str) {
        let (me, page) = self.ask(host).await;
        me.expect(200);
        page.expect(200);
    }

    async fn is_over_at(&mut self, host: &str) {
        let (me, page) = self.ask(host).await;
        me.expect(401);
        page.expect(401);
    }

    /// The promises: everything that the desk had is over, at once where somebody asks, within a second where somebody is told.
    async fn is_over_at_the_desk(&mut self) {
        let answered = Instant::now();
        for host in HOSTS {
            self.is_over_at(host).await;
        }
        for (client, tokens) in CLIENTS.iter().zip(&self.desk_tokens) {
            are_refused(&self.provider, client, tokens).await;
        }
        // Every client hears of this session, once.
        let sids: Vec<Value> = self.desk_tokens.iter().map(Tokens::sid).collect();
        in_time(answered, "the wiki is told", hears_of(&self.provider.party, &sids[0])).await;
        in_time(answered, "the forum is told", hears_of(&self.forum, &sids[1])).await;
        for (told, (client, sid)) in
            [self.told_wiki(), self.told_forum()].iter().zip(CLIENTS.iter().zip(&sids))
        {
            let times = told.iter().filter(|told| *told == sid).count();
            assert_eq!(times, 1, "{client}: {told:?}");
        }
        in_time(answered, "the stream ends", ends(&mut self.events)).await;
        in_time(answered, "the socket ends", ends(&mut self.socket)).await;
    }

    /// The AMS has forgotten the desk too: the next sign-in asks for a password.
    async fn asks_for_a_password_again(&mut self) {
        let members = self.at(LIBRARY, "/members");
        let page = self.desk.open(members).await;
        assert!(page.url.path().ends_with("/account/login.aspx"), "{}", page.url);
    }

    async fn still_works_on_the_telephone(&mut self) {
        let (members, me) = (self.at(LIBRARY, "/members"), self.at(LIBRARY, "/_gate/me"));
        self.phone.get(members).await.expect(200);
        self.phone.get(me).await.expect(200);
        userinfo(&self.provider, &self.phone_tokens).await.expect(200);
        assert!(!self.told_wiki().contains(&self.phone_tokens.sid()));
    }

    async fn is_over_on_the_telephone(&mut self) {
        let answered = Instant::now();
        let (members, me) = (self.at(LIBRARY, "/members"), self.at(LIBRARY, "/_gate/me"));
        self.phone.fetch(members).await.expect(401);
        self.phone.fetch(me).await.expect(401);
        are_refused(&self.provider, "wiki", &self.phone_tokens).await;
        let sid = self.phone_tokens.sid();
        in_time(answered, "the wiki is told of both", hears_of(&self.provider.party, &sid)).await;
    }

    fn told_wiki(&self) -> Vec<Value> {
        sids(&self.provider.party)
    }

    fn told_forum(&self) -> Vec<Value> {
        sids(&self.forum)
    }

    /// An administrator before the list of Jane's sessions, and what the forms there carry.
    async fn administrator(&self) -> (Visitor, Page) {
        let mut sam = browser(&self.provider);
        sam.sign_in(STAFF, self.at(LIBRARY, "/_gate/admin")).await.expect(200);
        let list = sam.get(self.at(LIBRARY, &format!("/_gate/admin/sessions?of={CHAIR}"))).await.expect(200);
        (sam, list)
    }

    /// Where a client sends the browser of somebody who signs out there, and where that shall end.
    fn end_session(&self) -> (String, String) {
        let out = format!("{}/out?y=2", self.provider.party.base);
        let asked = [("id_token_hint", &*self.desk_tokens[0].id), ("post_logout_redirect_uri", &out)];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        (self.at(LIBRARY, &format!("/_gate/oidc/logout?{query}")), out)
    }
}

fn at(provider: &OpenIdWorld, host: &str, path: &str) -> String {
    format!("http://{host}:{}{path}", provider.world.address().port())
}

fn browser(provider: &OpenIdWorld) -> Visitor {
    let address = provider.world.address();
    Visitor::new(&[(LIBRARY, address), (NEWS, address), (ARCHIVE, address), ("other.localhost", address)])
}

/// The question that the archive's web server asks about a visitor.
async fn verify(provider: &OpenIdWorld, visitor: &mut Visitor) -> Page {
    let host = format!("{ARCHIVE}:{}", provider.world.address().port());
    let about = [
        ("x-forwarded-method", "GET"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", &*host),
        ("x-forwarded-uri", "/members"),
    ];
    visitor.request(Method::GET, &at(provider, ARCHIVE, "/_gate/verify"), &about, None).await
}

async fn sign_in_to(provider: &OpenIdWorld, forum: &Party, visitor: &mut Visitor, client: &str) -> Tokens {
    let base = if client == "forum" { &forum.base } else { &provider.party.base };
    let redirect_uri = format!("{base}/cb?x=1");
    let back = format!("redirect_uri={redirect_uri}");
    let page = visitor.open(provider.ask(client, &["scope=openid offline_access", &back])).await;
    let code = answer(&page)["code"].clone();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let authorization = basic(client, SECRET);
    let given = provider.call("/_gate/oidc/token", Some(&authorization), &fields).await.expect(200).json();
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    Tokens { access: text("access_token"), refresh: text("refresh_token"), id: text("id_token") }
}

async fn userinfo(provider: &OpenIdWorld, tokens: &Tokens) -> Page {
    provider.userinfo(&Value::from(&*tokens.access)).await
}

async fn are_refused(provider: &OpenIdWorld, client: &str, tokens: &Tokens) {
    userinfo(provider, tokens).await.expect(401);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &*tokens.refresh)];
    provider.call("/_gate/oidc/token", Some(&basic(client, SECRET)), &fields).await.expect(400);
}

fn sids(party: &Party) -> Vec<Value> {
    party.logout_tokens().iter().map(|token| claims(token)["sid"].clone()).collect()
}

/// Waits until the client was told about this session.
async fn hears_of(party: &Party, sid: &Value) {
    let mut heard = sids(party);
    while !heard.contains(sid) {
        party.told(heard.len() + 1).await;
        heard = sids(party);
    }
}

/// A request of a signed-in visitor whose answer does not end by itself.
async fn open_stream(
    provider: &OpenIdWorld,
    visitor: &Visitor,
    host: &str,
    path: &str,
    fields: &str,
    status: &str,
) -> TcpStream {
    let (cookie, port) = (visitor.cookie(host, "membergate").unwrap(), provider.world.address().port());
    let mut stream = TcpStream::connect(provider.world.address()).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: membergate={cookie}\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&first), format!("HTTP/1.1 {status}"));
    stream
}

async fn ends(stream: &mut TcpStream) {
    // Cut off or closed: both are an end.
    tokio::io::copy(stream, &mut tokio::io::sink()).await.ok();
}

async fn in_time<T>(answered: Instant, what: &str, happens: impl Future<Output = T>) -> T {
    let happened = tokio::time::timeout_at(answered + WITHIN, happens).await;
    happened.unwrap_or_else(|_| panic!("not within {WITHIN:?} of the logout: {what}"))
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn by_our_own_link() {
    let mut scene = Scene::set().await;
    // From each host it is the same; here from one that holds no client's session.
    let link = scene.at(NEWS, "/_gate/logout");
    scene.desk.open(link).await.expect(200);
    scene.is_over_at_the_desk().await;
    scene.asks_for_a_password_again().await;
    scene.still_works_on_the_telephone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_amss_logout_and_the_single_logout_url() {
    let mut scene = Scene::set().await;
    let link = format!("{}/account/logout.aspx", scene.provider.world.ams.base_url());
    let page = scene.desk.open(link).await.expect(200);
    assert_eq!(page.trail[1].path(), "/_gate/slo");
    assert_eq!(page.url.as_str(), scene.at(LIBRARY, "/"));
    scene.is_over_at_the_desk().await;
    scene.asks_for_a_password_again().await;
    scene.still_works_on_the_telephone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_clients_end_session() {
    let mut scene = Scene::set().await;
    let (link, out) = scene.end_session();
    let page = scene.desk.open(link).await.expect(200);
    assert_eq!(page.url.as_str(), out);
    scene.is_over_at_the_desk().await;
    scene.asks_for_a_password_again().await;
    scene.still_works_on_the_telephone().await;
}

/// The AMS's own session is left alone then, since the browser would not come back from there.
#[tokio::test(flavor = "multi_thread")]
async fn by_a_clients_end_session_where_the_ams_sends_nobody_back() {
    let mut scene = Scene::with("ams_logout_returns = false").await;
    let (link, out) = scene.end_session();
    let page = scene.desk.open(link).await.expect(200);
    assert_eq!(page.url.as_str(), out);
    scene.is_over_at_the_desk().await;
    scene.still_works_on_the_telephone().await;
}

/// A session is one browser at one host, and the page lists each by itself. The clients rest on the one at the issuer's host.
#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_ends_one_session_and_no_other() {
    let mut scene = Scene::set().await;
    let (mut sam, list) = scene.administrator().await;
    let cookie = scene.desk.cookie(LIBRARY, "membergate").unwrap();
    let key: String = key_of(cookie).unwrap().0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(list.text.contains(&key), "{}", list.text);
    let token = list.attribute("name=\"token\"", "value").unwrap();
    let fields = [("token", &*token), ("key", &key), ("name", "Jane Marlowe")];
    sam.post(scene.at(LIBRARY, "/_gate/admin/sessions/end"), &fields).await.expect(303);

    let answered = Instant::now();
    scene.is_over_at(LIBRARY).await;
    for (client, tokens) in CLIENTS.iter().zip(&scene.desk_tokens) {
        are_refused(&scene.provider, client, tokens).await;
    }
    in_time(answered, "the stream ends", ends(&mut scene.events)).await;
    in_time(answered, "the wiki is told", scene.provider.party.told(1)).await;
    in_time(answered, "the forum is told", scene.forum.told(1)).await;
    assert_eq!(scene.told_wiki(), [scene.desk_tokens[0].sid()]);
    assert_eq!(scene.told_forum(), [scene.desk_tokens[1].sid()]);
    scene.is_live_at(NEWS).await;
    scene.is_live_at(ARCHIVE).await;
    scene.still_works_on_the_telephone().await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn an_administrator_ends_every_session_of_a_person() {
    let mut scene = Scene::set().await;
    let (mut sam, list) = scene.administrator().await;
    let value = |name: &str| list.attribute(&format!("name=\"{name}\""), "value").unwrap();
    let (token, id) = (value("token"), value("id"));
    let fields = [("token", &*token), ("id", &*id), ("name", "Jane Marlowe")];
    sam.post(scene.at(LIBRARY, "/_gate/admin/sessions/end-all"), &fields).await.expect(303);
    scene.is_over_at_the_desk().await;
    scene.is_over_on_the_telephone().await;
    sam.get(scene.at(LIBRARY, "/_gate/admin")).await.expect(200);
}
