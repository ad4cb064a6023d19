//! Where a desk is.

use reqwest::Url;

/// The address of a desk cannot be used. Does not show it, for it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the desk's address must be an http:// or https:// address without a user name; set it and start again")]
pub struct BadAddress;

/// Reads an address; the fragment is dropped, a query is kept.
pub(crate) fn address(text: &str) -> Result<Url, BadAddress> {
    let mut url = Url::parse(text.trim()).map_err(|_| BadAddress)?;
    let usable = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    url.set_fragment(None);
    usable.then_some(url).ok_or(BadAddress)
}

/// The address some steps below `base`, each step escaped.
pub(crate) fn below<'a>(base: &Url, steps: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    // Every http address has segments: this cannot fail for one that `address` let through.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(steps);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_web_addresses_are_taken() {
        for good in ["https://desk.example.com/hook?tenant=1", " http://127.0.0.1:3000\n", "https://x.y/#part"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in ["", "desk.example.com", "ftp://x", "https://me:pass@x", "https://", "mailto:a@b", "file:///x"] {
            assert_eq!(address(bad), Err(BadAddress), "{bad}");
        }
        assert!(!BadAddress.to_string().contains("pass"));
    }

    #[test]
    fn steps_go_below_the_base_and_cannot_leave_it() {
        for (base, expected) in [
            ("https://x.y", "https://x.y/api/a%2Fb"),
            ("https://x.y/chat/", "https://x.y/chat/api/a%2Fb"),
            ("https://x.y/chat?q=1", "https://x.y/chat/api/a%2Fb?q=1"),
        ] {
            assert_eq!(below(&address(base).unwrap(), ["api", "a/b"]).as_str(), expected);
        }
    }
}
