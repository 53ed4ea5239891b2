//! Every path of our own, spelled once.

/// The prefix that no site can have.
pub const PREFIX: &str = "/_gate";
/// Starts a login; `?return_to=` says where it ends.
pub const LOGIN: &str = "/_gate/login";
/// Ends the session here and at the AMS.
pub const LOGOUT: &str = "/_gate/logout";
/// Internal: takes a form that was posted without a session. The data plane alone sends requests here, with
/// [`super::arrived::Original`]; a visitor who asks for it gets what any unknown address gives.
pub const KEEP_FORM: &str = "/_gate/keep-form";

/// Whether a decoded path is ours. Without regard to ASCII case, so that no spelling of it reaches a site.
pub fn is_ours(path: &str) -> bool {
    let first = path.strip_prefix('/').and_then(|rest| rest.split('/').next());
    first.is_some_and(|segment| segment.eq_ignore_ascii_case("_gate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_prefix_is_ours_in_any_case_and_nothing_else_is() {
        for (path, ours) in [
            ("/_gate", true),
            ("/_gate/login", true),
            ("/_GATE/x", true),
            ("/_gateway", false),
            ("/a/_gate", false),
            ("/", false),
        ] {
            assert_eq!(is_ours(path), ours, "{path}");
        }
    }
}
