//! The login and logout addresses of the portal, and what a browser brings back
//! (docs/ams/remembers.md, "Login", "The return", "Logout").
//!
//! Pure: looks at shapes, asks nobody.

use secrecy::SecretString;
use url::{Url, form_urlencoded};

use crate::adapters::ams::{Arrival, ArrivalFault, is_guid};
use crate::domain::record::IndividualId;

/// Where the portal is. An application mounted in a folder is named with it: `https://acme.example/impexium`.
#[derive(Debug, Clone)]
pub struct Portal {
    /// The portal's address, with its folder when it has one.
    pub address: Url,
    /// Path of the login page below the address. re:Members: `account/login.aspx`.
    pub login_path: String,
    /// Path of the logout page below the address. re:Members: `account/logout.aspx`.
    pub logout_path: String,
}

impl Portal {
    /// The portal at `address`, with the usual pages.
    pub fn at(address: Url) -> Portal {
        Portal { address, login_path: "account/login.aspx".into(), logout_path: "account/logout.aspx".into() }
    }

    /// The login page. It has no place for a state of ours, so that travels inside the return address.
    pub(super) fn login_url(&self, callback: &Url, state: &str) -> Url {
        let mut callback = callback.clone();
        callback.query_pairs_mut().append_pair("state", state);
        let mut url = self.page(&self.login_path);
        url.query_pairs_mut().append_pair("RedirectUrl", callback.as_str());
        url
    }

    pub(super) fn logout_url(&self) -> Url {
        self.page(&self.logout_path)
    }

    fn page(&self, path: &str) -> Url {
        let mut url = self.address.clone();
        let path = format!("{}/{}", url.path().trim_end_matches('/'), path.trim_start_matches('/'));
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

/// Reads `UserId` and `sso`. Their names are compared as ASP.NET does, without regard to case; each is there once.
/// Other parameters are not ours to read.
pub(super) fn arrival(parameters: &str) -> Result<Arrival, ArrivalFault> {
    let claimed = only(parameters, "UserId")?;
    let proof = only(parameters, "sso")?;
    if !is_guid(&claimed) || !is_guid(&proof) {
        return Err(ArrivalFault::Malformed);
    }
    let claimed = IndividualId::parse(&claimed).ok_or(ArrivalFault::Malformed)?;
    Ok(Arrival {
        proof: proof.into(),
        kept: SecretString::default(),
        claimed: Some(claimed),
        logout_hint: None,
        is_verified: false,
    })
}

fn only(parameters: &str, name: &str) -> Result<String, ArrivalFault> {
    let mut values = form_urlencoded::parse(parameters.as_bytes())
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.into_owned());
    let value = values.next().ok_or(ArrivalFault::Missing)?;
    if values.next().is_some() { Err(ArrivalFault::Doubled) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const USER: &str = "b3a1c0de-1111-4222-8333-444455556666";
    const SSO: &str = "1f2e3d4c-5b6a-4978-8a6b-5c4d3e2f1a0b";

    #[track_caller]
    fn portal(address: &str) -> Portal {
        Portal::at(Url::parse(address).unwrap())
    }

    #[test]
    fn the_login_address_carries_the_callback_whole() {
        let callback = Url::parse("https://www.acme.example/_gate/callback?x=1#f").unwrap();
        let url = portal("https://members.acme.example").login_url(&callback, "a&b");
        assert_eq!(
            url.as_str(),
            "https://members.acme.example/account/login.aspx?RedirectUrl=\
             https%3A%2F%2Fwww.acme.example%2F_gate%2Fcallback%3Fx%3D1%26state%3Da%2526b%23f"
        );
        let back: Vec<_> = url.query_pairs().collect();
        let whole = "https://www.acme.example/_gate/callback?x=1&state=a%26b#f";
        assert_eq!(back, [("RedirectUrl".into(), whole.into())]);
    }

    #[test]
    fn a_portal_in_a_folder_keeps_its_folder() {
        for address in ["https://acme.example/impexium", "https://acme.example/impexium/?x=1"] {
            let url = portal(address).logout_url();
            assert_eq!(url.as_str(), "https://acme.example/impexium/account/logout.aspx");
        }
        let own = Portal { logout_path: "/bye".into(), ..portal("https://acme.example/") };
        assert_eq!(own.logout_url().as_str(), "https://acme.example/bye");
    }

    #[track_caller]
    fn check(query: &str, expect: Result<(&str, &str), ArrivalFault>) {
        let arrival =
            arrival(query).map(|a| (a.claimed.unwrap().to_string(), a.proof.expose_secret().to_owned()));
        assert_eq!(arrival, expect.map(|(id, token)| (id.to_owned(), token.to_owned())), "{query}");
    }

    #[test]
    fn both_parameters_are_read_whatever_their_case_and_company() {
        check(&format!("UserId={USER}&sso={SSO}"), Ok((USER, SSO)));
        check(&format!("state=abc&userid={USER}&SSO={SSO}&reload=timezone"), Ok((USER, SSO)));
        check(&format!("sso={SSO}&UserId={}", USER.to_uppercase()), Ok((USER, SSO)));
    }

    #[test]
    fn a_broken_return_is_told_apart() {
        check("", Err(ArrivalFault::Missing));
        check("Action=Logout", Err(ArrivalFault::Missing));
        check(&format!("UserId={USER}"), Err(ArrivalFault::Missing));
        check(&format!("sso={SSO}"), Err(ArrivalFault::Missing));
        check(&format!("UserId={USER}&sso={SSO}&sso={SSO}"), Err(ArrivalFault::Doubled));
        check(&format!("UserId={USER}&userId=&sso={SSO}"), Err(ArrivalFault::Doubled));
        let broken_forms = [
            "".to_owned(),
            "undefined".to_owned(),
            format!("{{{SSO}}}"),
            format!("{SSO}%20"),
            SSO.replace('-', ""),
            SSO.replace('-', "/"),
            SSO.replace('a', "g"),
            "../../Individuals/Profile/someone@acme".to_owned(),
            "é".repeat(18),
            "x".repeat(100_000),
        ];
        for broken in broken_forms {
            check(&format!("UserId={USER}&sso={broken}"), Err(ArrivalFault::Malformed));
            check(&format!("UserId={broken}&sso={SSO}"), Err(ArrivalFault::Malformed));
        }
    }

    #[test]
    fn an_arrival_does_not_print_its_proof() {
        let text = format!("{:?}", arrival(&format!("UserId={USER}&sso={SSO}")).unwrap());
        assert!(!text.contains(SSO), "{text}");
    }
}
