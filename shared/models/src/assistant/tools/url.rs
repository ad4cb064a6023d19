//! A tool's address, with places in its path for what is filled in.

/// An address that was looked at whole: its host is fixed, and nothing can be filled in but parts of its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolUrl {
    /// Scheme, host and port: `https://api.shop.example`.
    pub origin: String,
    /// The steps of the path; only the last may be empty, for a slash at the end.
    pub path: Vec<Vec<Piece>>,
    /// The query as it stands, without its question mark.
    pub query: Option<String>,
}

/// A piece of one step of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it is.
    Text(String),
    /// Whatever is filled in under this name.
    Argument(String),
}

/// Hosts that are this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl ToolUrl {
    /// Reads an address, or says what it must be.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let (address, query) = text.split_once('?').map_or((text, None), |(address, query)| (address, Some(query)));
        let (scheme, rest) = address.split_once("://").ok_or("must be an address that starts with https://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host(authority).ok_or("must name a host, and perhaps a port; no user and no {argument} there")?;
        match scheme {
            "https" => {}
            "http" if LOOPBACK.contains(&host) => {}
            _ => return Err("must start with https://, or with http:// where it is this machine (127.0.0.1)"),
        }
        if !query.unwrap_or_default().bytes().all(is_query) {
            return Err(
                "may have a query of plain characters only, and no {argument} in it: what the path does not name \
                        goes there by itself",
            );
        }
        let path = path_of(path).ok_or(BAD_PATH)?;
        Ok(Self { origin: format!("{scheme}://{authority}"), path, query: query.map(str::to_owned) })
    }

    /// The names that its path has places for.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.path.iter().flatten().filter_map(|piece| match piece {
            Piece::Argument(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Whether it is reached without TLS, which only this machine may be.
    pub(super) fn is_plain(&self) -> bool {
        self.origin.starts_with("http://")
    }
}

const BAD_PATH: &str =
    "must have a path of letters, digits, - . _ ~ and {argument}, without an empty step, `.` or `..`";

/// The host of `host:port`.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_address = |inner: &str| inner.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
    let is_v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(is_address);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_name = !host.is_empty() && host.bytes().all(legal);
    (port.is_none_or(is_port) && (is_v6 || is_name)).then_some(host)
}

/// What stands in a query as it is, percent signs of what was encoded included.
fn is_query(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%=&+,:".contains(&byte)
}

fn path_of(text: &str) -> Option<Vec<Vec<Piece>>> {
    if text.is_empty() {
        return Some(vec![]);
    }
    let mut path: Vec<_> = text.strip_suffix('/').unwrap_or(text).split('/').map(step).collect::<Option<_>>()?;
    path.extend(text.ends_with('/').then(Vec::new));
    Some(path)
}

/// The pieces of one step; `None` if it is none.
fn step(text: &str) -> Option<Vec<Piece>> {
    if text.is_empty() || text == "." || text == ".." {
        return None;
    }
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (before, after) = rest.split_once('{').map_or((rest, None), |(before, after)| (before, Some(after)));
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !before.bytes().all(legal) {
            return None;
        }
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let Some(after) = after else { break };
        let (name, left) = after.split_once('}')?;
        pieces.push(Piece::Argument(name.to_owned()));
        rest = left;
    }
    Some(pieces)
}
