//! A flood of forged returns beside honest people.

use jiff::SignedDuration;
use membergate::sim::re_members::Endpoint;
use reqwest::Method;
use url::Url;

use super::{one_call, tokens_shown, waits};
use crate::world::{CHAIR, Page, Plan, Visitor, World};

/// Browsers say from where they come, through a proxy that we trust.
const PROXY: &str = "trusted_proxies = [\"127.0.0.1\"]";

struct Client {
    visitor: Visitor,
    address: String,
}

impl Client {
    fn at(world: &World, address: String) -> Client {
        Client { visitor: world.visitor(), address }
    }

    async fn get(&mut self, url: &str) -> Page {
        let headers = [("accept", "text/html"), ("x-forwarded-for", self.address.as_str())];
        self.visitor.request(Method::GET, url, &headers, None).await
    }

    /// Follows redirects.
    async fn open(&mut self, url: &str) -> Page {
        let mut url = Url::parse(url).unwrap();
        for _ in 0..10 {
            let page = self.get(url.as_str()).await;
            match page.location() {
                Some(next) => url = next,
                None => return page,
            }
        }
        panic!("redirected without end");
    }

    /// Comes back with a token that the AMS has never given.
    async fn forge(&mut self, world: &World, n: usize) -> Page {
        let login = self.get(&world.url("/_gate/login?return_to=%2Fmembers&go=1")).await.expect(303);
        let ams = login.location().unwrap();
        let back = ams.query_pairs().find(|(name, _)| name == "RedirectUrl").unwrap().1.into_owned();
        let id = world.people().person(CHAIR).unwrap().id;
        self.open(&format!("{back}&UserId={id}&sso={n:08x}-1111-4222-8333-444455556666")).await
    }

    /// Signs in; ends where that leads, which may be the line.
    async fn sign_in(&mut self, world: &World) -> Page {
        let login = self.get(&world.url("/_gate/login?return_to=%2Fmembers&go=1&again=1")).await.expect(303);
        let form = self.visitor.open(login.location().unwrap()).await;
        let landed = if form.url.path().ends_with("/account/login.aspx") {
            self.visitor.log_in_at_the_ams(CHAIR, &form).await
        } else {
            form.url.to_string()
        };
        self.open(&landed).await
    }
}

/// Both ask each second. Gives how many seconds it took until all the honest were in.
async fn seconds_until_in(
    world: &World,
    mut honest: Vec<(Client, Page)>,
    forgers: &mut [(Client, Page)],
) -> i64 {
    honest.retain(|(_, page)| waits(page));
    for second in 0..900 {
        for (forger, page) in forgers.iter_mut().filter(|(_, page)| waits(page)).take(12) {
            *page = forger.open(page.url.as_str()).await;
        }
        for (client, page) in honest.iter_mut().take(6) {
            *page = client.open(page.url.as_str()).await.expect(200);
        }
        honest.retain(|(_, page)| waits(page));
        if honest.is_empty() {
            return second;
        }
        // The gateway looks at the whole line once a second of its own.
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        world.forward(SignedDuration::from_secs(3));
    }
    panic!("{} honest people still wait", honest.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_of_which_too_many_tokens_were_refused_goes_behind_the_others() {
    let plan = Plan { calls_per_second: 3, calls_per_minute: 60, listen: PROXY, ..one_call() };
    let world = World::planned(plan).await;
    let mut forged = Vec::new();
    for n in 0..14 {
        let mut forger = Client::at(&world, "192.0.2.1".to_owned());
        let page = forger.forge(&world, n).await;
        forged.push((forger, page));
    }
    let refused = forged.iter().filter(|(_, page)| page.status == 403).count();
    assert_eq!(refused, 10, "ten reach the AMS at once");
    // Nobody else waits, so the first of those who do has a turn, and no more than that.
    assert!((10..=12).contains(&tokens_shown(&world)), "{}", tokens_shown(&world));
    assert!(forged[10..].iter().filter(|(_, page)| waits(page)).count() >= 2);
    // Somebody else is let in at once.
    let mut honest = Client::at(&world, "198.51.100.7".to_owned());
    assert_eq!(honest.sign_in(&world).await.expect(200).url.path(), "/members");
    // An honest person behind the same address is not locked out, only behind the others.
    let mut neighbour = Client::at(&world, "192.0.2.1".to_owned());
    let waiting = neighbour.sign_in(&world).await.expect(200);
    assert!(waits(&waiting));
    for _ in 0..40 {
        world.forward(SignedDuration::from_secs(11));
        for (forger, page) in forged[10..].iter_mut().filter(|(_, page)| waits(page)) {
            *page = forger.open(page.url.as_str()).await;
        }
        let page = neighbour.open(waiting.url.as_str()).await;
        if !waits(&page) {
            assert_eq!(page.url.path(), "/members");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    panic!("the neighbour still waits");
}

/// One network, then one for each forger. The honest have signed in before.
#[tokio::test(flavor = "multi_thread")]
async fn beside_a_flood_of_forged_returns_the_honest_come_in() {
    for networks in [1, 250] {
        let plan = Plan { calls_per_second: 3, calls_per_minute: 30, listen: PROXY, ..one_call() };
        let world = World::planned(plan).await;
        let mut honest = Vec::new();
        for n in 0..6 {
            let mut client = Client::at(&world, format!("198.51.100.{n}"));
            client.sign_in(&world).await;
            client.visitor.forget("localhost", "membergate");
            honest.push(client);
        }
        world.forward(SignedDuration::from_secs(120));
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let mut forgers = Vec::new();
        for n in 0..60 {
            let mut forger = Client::at(&world, format!("192.0.2.{}", n % networks));
            let page = forger.forge(&world, n).await;
            forgers.push((forger, page));
        }
        let mut waiting = Vec::new();
        for mut client in honest {
            let page = client.sign_in(&world).await.expect(200);
            waiting.push((client, page));
        }
        let rounds = seconds_until_in(&world, waiting, &mut forgers).await;
        assert!(rounds <= 60, "{networks} networks: {rounds} rounds");
        assert!(world.people().calls(Endpoint::FindBySsoToken) >= 12);
    }
}
