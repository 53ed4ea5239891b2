//! Who runs the sites, as visitors see it.

use url::Url;

/// Who runs the sites, as visitors see it.
#[derive(Debug, Clone)]
pub struct Association {
    /// Its name.
    pub name: String,
    /// Where members renew, when their record names no place of its own.
    pub renew_url: Option<Url>,
    /// Where visitors ask.
    pub contact: Option<ContactPoint>,
}

/// Where the association answers questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactPoint {
    /// An e-mail address.
    Email(String),
    /// The address of a page.
    Web(String),
}
