//! The folders that an `assistant.toml` names, found even where something else in it is wrong: so that a folder that is not
//! there is told together with every other mistake.

use toml::{Table, Value};

/// A folder of Markdown files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeFolder {
    /// The key that names it, such as `routes.returns.knowledge_folder`.
    pub key: String,
    /// Its path, relative to the file.
    pub path: String,
}

/// Every folder that `toml` names; none where it is no TOML.
pub fn knowledge_folders(toml: &str) -> Vec<KnowledgeFolder> {
    let file: Table = toml.parse().unwrap_or_default();
    let everybodys = named("knowledge.folder", file.get("knowledge").and_then(|section| section.get("folder")));
    let routes = file.get("routes").and_then(Value::as_table).into_iter().flatten();
    let of_routes = routes
        .filter_map(|(name, route)| named(&format!("routes.{name}.knowledge_folder"), route.get("knowledge_folder")));
    everybodys.into_iter().chain(of_routes).collect()
}

fn named(key: &str, path: Option<&Value>) -> Option<KnowledgeFolder> {
    Some(KnowledgeFolder { key: key.to_owned(), path: path?.as_str()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_is_found_whatever_else_is_wrong() {
        let folders = knowledge_folders(
            "colour = 1\n[knowledge]\nfolder = \"a\"\n[routes.x]\nknowledge_folder = \"b\"\nhand_off = 7\n[routes.y]\nknowledge_folder = 7",
        );
        let folder = |key: &str, path: &str| KnowledgeFolder { key: key.to_owned(), path: path.to_owned() };
        assert_eq!(folders, [folder("knowledge.folder", "a"), folder("routes.x.knowledge_folder", "b")]);
        assert_eq!(knowledge_folders("routes = 1"), []);
        assert_eq!(knowledge_folders("not toml"), []);
    }
}
