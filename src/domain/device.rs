//! A few words for the browser behind a `User-Agent`, such as `Firefox on Windows`.
//!
//! For people who look for their own session in a list. No decision rests on it, and nothing else of the header is kept.

/// The words. Never empty, never anything that the client wrote.
pub fn describe(user_agent: &str) -> String {
    // Order matters: most browsers also name those that they descend from.
    let browser = first(
        user_agent,
        &[
            ("Edg", "Edge"),
            ("OPR/", "Opera"),
            ("SamsungBrowser", "Samsung Internet"),
            ("Firefox", "Firefox"),
            ("FxiOS", "Firefox"),
            ("CriOS", "Chrome"),
            ("HeadlessChrome", "Chrome"),
            ("Chrome", "Chrome"),
            ("Safari", "Safari"),
            ("curl/", "curl"),
        ],
    );
    let system = first(
        user_agent,
        &[
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Android", "Android"),
            ("Windows", "Windows"),
            ("CrOS", "ChromeOS"),
            ("Macintosh", "macOS"),
            ("Linux", "Linux"),
        ],
    );
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "An unknown device".to_owned(),
    }
}

fn first(text: &str, names: &[(&str, &'static str)]) -> Option<&'static str> {
    names.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_by_family_and_system() {
        let check = |user_agent: &str, words: &str| assert_eq!(describe(user_agent), words, "{user_agent}");
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
        );
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
             Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        );
        check(
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        );
        check("curl/8.5.0", "curl");
        check("", "An unknown device");
        check("<script>alert(1)</script>", "An unknown device");
    }
}
