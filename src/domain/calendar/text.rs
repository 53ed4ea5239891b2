//! Text of an event, so that nothing in it can do anything: no scripts, no styles, no frames.
//!
//! What comes out is made of a few tags that are closed in order, without attributes but for the address of a link, and of text without `<` and `>`.

/// So many bytes of a text are read at most.
const LONGEST: usize = 20_000;

/// Tags that stay.
const KEPT: [&str; 17] = [
    "p",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "a",
];

/// Tags that stay and hold nothing.
const BARE: [&str; 2] = ["br", "hr"];

/// Tags that go with all that they hold.
const GONE: [&str; 16] = [
    "script", "style", "iframe", "frameset", "object", "embed", "applet", "template", "noscript", "svg",
    "math", "head", "title", "textarea", "select", "xmp",
];

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum HtmlPiece<'a> {
    Text(&'a str),
    /// Name in lower case, and what stands after it.
    Open(String, &'a str),
    Close(String),
}

/// HTML that can do nothing.
pub fn safe_html(said: &str) -> String {
    let mut html = String::new();
    let mut open: Vec<String> = Vec::new();
    for piece in HtmlPieces(cut(said)) {
        match piece {
            HtmlPiece::Text(text) => escape(text, &mut html),
            HtmlPiece::Open(name, _) if BARE.contains(&&*name) => html.push_str(&format!("<{name}>")),
            HtmlPiece::Open(name, rest) if name == "a" => {
                if let Some(address) = address(rest) {
                    html.push_str("<a href=\"");
                    escape(address, &mut html);
                    html.push_str("\">");
                    open.push(name);
                }
            }
            HtmlPiece::Open(name, _) if KEPT.contains(&&*name) => {
                html.push_str(&format!("<{name}>"));
                open.push(name);
            }
            HtmlPiece::Close(name) if open.contains(&name) => {
                while let Some(last) = open.pop() {
                    html.push_str(&format!("</{last}>"));
                    if last == name {
                        break;
                    }
                }
            }
            HtmlPiece::Open(..) | HtmlPiece::Close(_) => {}
        }
    }
    for name in open.iter().rev() {
        html.push_str(&format!("</{name}>"));
    }
    html.trim().to_owned()
}

/// Text on one line, without tags.
pub fn plain_text(said: &str) -> String {
    let mut text = String::new();
    for piece in HtmlPieces(cut(said)) {
        match piece {
            HtmlPiece::Text(piece) => text.push_str(piece),
            HtmlPiece::Open(..) | HtmlPiece::Close(_) => text.push(' '),
        }
    }
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\n' | '\t' => into.push(c),
            c if c.is_control() => {}
            c => into.push(c),
        }
    }
}

/// Where a link leads, if that is a page or an e-mail address.
fn address(attributes: &str) -> Option<&str> {
    let lower = attributes.to_ascii_lowercase();
    let at = lower.match_indices("href").find(|(at, _)| {
        let before = lower.as_bytes().get(at.wrapping_sub(1));
        *at == 0 || before.is_some_and(|byte| byte.is_ascii_whitespace() || b"\"'/".contains(byte))
    });
    let rest = attributes.get(at?.0 + "href".len()..)?.trim_start().strip_prefix('=')?.trim_start();
    let value = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest.get(1..)?.split(quote).next()?,
        _ => rest.split(|c: char| c.is_whitespace() || c == '>').next()?,
    };
    let value = value.trim();
    let starts =
        |scheme: &str| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_fine = ["https://", "http://", "mailto:"].into_iter().any(starts);
    (is_fine && !value.chars().any(|c| c.is_control() || c.is_whitespace())).then_some(value)
}

/// Reads pieces from what is left.
struct HtmlPieces<'a>(&'a str);

impl<'a> Iterator for HtmlPieces<'a> {
    type Item = HtmlPiece<'a>;

    fn next(&mut self) -> Option<HtmlPiece<'a>> {
        loop {
            let rest = self.0;
            if rest.is_empty() {
                return None;
            }
            let Some(after) = rest.strip_prefix('<') else { return Some(self.text(0)) };
            match after.bytes().next() {
                Some(b'!' | b'?') => {
                    let end = if after.starts_with("!--") { "-->" } else { ">" };
                    self.0 = after.split_once(end).map_or("", |(_, rest)| rest);
                }
                Some(b'/') => {
                    let (name, _) = self.tag(after.get(1..).unwrap_or_default());
                    return Some(HtmlPiece::Close(name));
                }
                Some(first) if first.is_ascii_alphabetic() => {
                    let (name, attributes) = self.tag(after);
                    if GONE.contains(&&*name) {
                        self.skip_to_end_of(&name);
                        continue;
                    }
                    return Some(HtmlPiece::Open(name, attributes));
                }
                // A sign that is no tag.
                _ => return Some(self.text(1)),
            }
        }
    }
}

impl<'a> HtmlPieces<'a> {
    /// Text up to the next `<`, which is not among the first so many bytes.
    fn text(&mut self, from: usize) -> HtmlPiece<'a> {
        let end = self.0.get(from..).and_then(|rest| rest.find('<')).map_or(self.0.len(), |at| at + from);
        let (text, rest) = self.0.split_at_checked(end).unwrap_or((self.0, ""));
        self.0 = rest;
        HtmlPiece::Text(text)
    }

    /// Name and attributes of a tag whose name begins here; what comes after the tag is left. A tag that does not end takes all
    /// and has no name.
    fn tag(&mut self, from: &'a str) -> (String, &'a str) {
        let length = from.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(from.len());
        let (name, rest) = from.split_at_checked(length).unwrap_or((from, ""));
        let mut quote = None;
        let mut end = None;
        for (at, c) in rest.char_indices() {
            match (quote, c) {
                (None, '>') => {
                    end = Some(at);
                    break;
                }
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                _ => {}
            }
        }
        let Some((attributes, after)) = end.and_then(|at| rest.split_at_checked(at)) else {
            self.0 = "";
            return (String::new(), "");
        };
        self.0 = after.strip_prefix('>').unwrap_or(after);
        (name.to_ascii_lowercase(), attributes)
    }

    fn skip_to_end_of(&mut self, name: &str) {
        let lower = self.0.to_ascii_lowercase();
        let Some(at) = lower.find(&format!("</{name}")) else {
            self.0 = "";
            return;
        };
        let rest = self.0.get(at..).unwrap_or_default();
        self.0 = rest.split_once('>').map_or("", |(_, rest)| rest);
    }
}
