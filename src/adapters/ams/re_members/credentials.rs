//! The six values that the vendor issues per application and environment (docs/ams/remembers.md, "Credentials").
//!
//! They leave this type only as the two documents of the handshake. They never print: see `secrecy`.

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// One set of credentials: production's or staging's.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `AppName`.
    pub app_name: SecretString,
    /// `AppKey`.
    pub app_key: SecretString,
    /// `AppId`. Left out: the same as `app_name`, as every tenant seen so far has it.
    pub app_id: Option<SecretString>,
    /// `AppPassword`. Left out: the same as `app_key`, likewise.
    pub app_password: Option<SecretString>,
    /// `AppUserEmail`: the integration's own user, whose rights bound what the API shows us.
    pub user_email: SecretString,
    /// `AppUserPassword`.
    pub user_password: SecretString,
}

impl Credentials {
    /// What step 1 of the handshake sends.
    pub(super) fn application(&self) -> Bytes {
        let document = json!({
            "AppName": self.app_name.expose_secret(),
            "AppKey": self.app_key.expose_secret(),
        });
        document.to_string().into()
    }

    /// What step 2 of the handshake sends.
    pub(super) fn integration(&self) -> Bytes {
        let document = json!({
            "AppId": self.app_id.as_ref().unwrap_or(&self.app_name).expose_secret(),
            "AppPassword": self.app_password.as_ref().unwrap_or(&self.app_key).expose_secret(),
            "AppUserEmail": self.user_email.expose_secret(),
            "AppUserPassword": self.user_password.expose_secret(),
        });
        document.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            app_name: "acmeGateway".into(),
            app_key: "key\"quoted".into(),
            app_id: None,
            app_password: None,
            user_email: "gateway@acme.example".into(),
            user_password: "pass-phrase".into(),
        }
    }

    #[test]
    fn id_and_password_default_to_name_and_key() {
        let sent: serde_json::Value = serde_json::from_slice(&credentials().integration()).unwrap();
        assert_eq!((&sent["AppId"], &sent["AppPassword"]), (&json!("acmeGateway"), &json!("key\"quoted")));
        let own = Credentials { app_id: Some("77".into()), app_password: Some("pw".into()), ..credentials() };
        let sent: serde_json::Value = serde_json::from_slice(&own.integration()).unwrap();
        assert_eq!((&sent["AppId"], &sent["AppPassword"]), (&json!("77"), &json!("pw")));
        let first: serde_json::Value = serde_json::from_slice(&own.application()).unwrap();
        assert_eq!(first, json!({ "AppName": "acmeGateway", "AppKey": "key\"quoted" }));
    }

    #[test]
    fn nothing_of_it_prints() {
        let text = format!("{:?}", credentials());
        for secret in ["acmeGateway", "quoted", "gateway@acme", "pass-phrase"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
