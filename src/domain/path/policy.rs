//! What a site says about the paths that it takes, and why a path is refused.

/// Which servers may read a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Platform {
    /// Any server on a system whose file names are bytes.
    #[default]
    Any,
    /// A server on Windows, which ignores parts of a name as well.
    Windows,
}

/// What a site says about the paths that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathPolicy {
    /// A path that can be read in more than one way is refused: `ambiguous_paths = "refuse"`.
    pub refuses_ambiguous: bool,
    /// Who reads the paths: `windows = true`.
    pub platform: Platform,
}

/// Why a path is refused. The texts are shown to visitors and written to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PathFault {
    /// It does not begin with `/`.
    #[error("it does not begin with `/`")]
    NotAbsolute,
    /// A raw byte that RFC 3986 does not allow in a path: not ASCII, a control character, a blank or `#`.
    #[error("it has a character that must be percent-encoded")]
    RawCharacter,
    /// A control character, NUL and line ends among them, in whatever depth of encoding.
    #[error("it has an encoded control character, such as a line break")]
    ControlCharacter,
    /// `%` without two hexadecimal digits.
    #[error("it has a `%` that is not followed by two hexadecimal digits")]
    BrokenEscape,
    /// A character in more bytes of UTF-8 than it needs (RFC 3629 §3).
    #[error("it has a character in an overlong UTF-8 encoding")]
    OverlongUtf8,
    /// More than 32 readings, or readings too long to look at.
    #[error("it can be read in too many ways")]
    TooManyReadings,
    /// The site takes only paths with one reading.
    #[error("servers read it in different ways, and this site refuses such addresses")]
    Ambiguous,
    /// Its readings are pages of different sites.
    #[error("it can be read as an address of two different sites")]
    SeveralSites,
    /// A reading that is not the literal one is an address of the gateway.
    #[error("it can be read as an address of the sign-in gateway")]
    Gateway,
    /// A short name (`MEMBER~1`) or a wildcard, which on Windows may stand for any file.
    #[error("it has a name that Windows may take for another one")]
    WindowsAlias,
}

impl PathFault {
    /// Its stable name in the log.
    pub fn name(self) -> &'static str {
        match self {
            PathFault::NotAbsolute => "path_not_absolute",
            PathFault::RawCharacter => "path_raw_character",
            PathFault::ControlCharacter => "path_control_character",
            PathFault::BrokenEscape => "path_broken_escape",
            PathFault::OverlongUtf8 => "path_overlong_utf8",
            PathFault::TooManyReadings => "path_too_many_readings",
            PathFault::Ambiguous => "path_ambiguous",
            PathFault::SeveralSites => "path_several_sites",
            PathFault::Gateway => "path_gateway",
            PathFault::WindowsAlias => "path_windows_alias",
        }
    }

    /// The setting with which an operator can allow it.
    pub fn setting(self) -> Option<&'static str> {
        match self {
            PathFault::Ambiguous => Some("ambiguous_paths"),
            PathFault::WindowsAlias => Some("windows"),
            _ => None,
        }
    }
}
