//! Any text whatever as the addresses of what came along with a message.

use models::{MediaKind, Personal, attachments};

/// No more than a few things, in an order; every address is one of the web, in one piece, and was there.
pub fn media_urls(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let found = attachments(&Personal::from(text.as_str()));
    assert!(found.len() <= 10);
    assert!(!text.trim().is_empty() || found.is_empty());
    let list: Option<Vec<String>> = serde_json::from_str(text.trim()).ok();
    for attachment in &found {
        let Some(url) = attachment.url.as_ref().map(Personal::as_str) else {
            assert!(found.len() == 1 && matches!(attachment.kind, MediaKind::File | MediaKind::Location));
            continue;
        };
        assert!(url.starts_with("https://") || url.starts_with("http://"), "{url:?}");
        assert!(!url.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"'), "{url:?}");
        let is_there = list.as_ref().map_or(text.contains(url), |list| list.iter().any(|text| text.contains(url)));
        assert!(is_there, "{url:?}");
    }
}
