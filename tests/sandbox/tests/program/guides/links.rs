//! Links within the repository.

use super::document::Document;

/// Every link that leads nowhere.
pub(super) fn complaints(document: &Document) -> Vec<String> {
    let here = document.file.display();
    // An address elsewhere, or an item that rustdoc links and checks itself.
    let within = document.links.iter().filter(|link| !link.contains("://") && !link.contains("::"));
    let dead = within.filter(|link| !leads_somewhere(document, link));
    dead.map(|link| format!("{here}: {link} leads nowhere")).collect()
}

fn leads_somewhere(document: &Document, link: &str) -> bool {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let mut file = document.file.clone();
    if !path.is_empty() {
        file = file.with_file_name("").join(path);
    }
    match anchor {
        None => file.exists(),
        Some(anchor) if path.is_empty() => document.anchors.contains(anchor),
        Some(anchor) => file.is_file() && Document::read(&file).anchors.contains(anchor),
    }
}
