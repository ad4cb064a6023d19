//! Where the assistant comes from: packed into the function, or a folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use models::RouteName;
use models::assistant::{Assistant, BadAssistant, Route};

/// Every file of the packed assistant: its path below `assistant/`, and its text.
const PACKED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/packed.rs"));

const DEFAULT_FOLDER: &str = "knowledge";

/// An assistant's configuration and knowledge, read and checked.
#[derive(Debug, Clone)]
pub struct AssistantFiles {
    /// The configuration.
    pub assistant: Assistant,
    /// The knowledge: each file's name and Markdown.
    pub knowledge: Vec<(String, String)>,
    /// The knowledge of the routes that have their own.
    pub route_knowledge: BTreeMap<RouteName, Vec<(String, String)>>,
}

/// The assistant cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The configuration is wrong.
    #[error("{path}: {mistakes}")]
    Bad {
        /// Which file.
        path: String,
        /// What is wrong with it.
        mistakes: BadAssistant,
    },
    /// A file cannot be read.
    #[error("{path} cannot be read: {reason}; check ASSISTANT_CONFIG and the knowledge folder")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        reason: io::ErrorKind,
    },
}

impl AssistantFiles {
    /// The assistant at `config`, or the packed one.
    pub fn load(config: Option<&str>) -> Result<Self, PackError> {
        config.map_or_else(Self::packed, |path| Self::read(Path::new(path)))
    }

    fn packed() -> Result<Self, PackError> {
        let toml = PACKED.iter().find(|(name, _)| *name == "assistant.toml").map_or("", |(_, text)| *text);
        let assistant = parse("the packed assistant.toml", toml)?;
        Self::with(assistant, "the packed assistant.toml", |folder| {
            let folder = format!("{folder}/");
            let files = PACKED.iter().filter_map(|(name, text)| Some((name.strip_prefix(&folder)?, *text)));
            Ok(files.map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
        })
    }

    /// The knowledge of `assistant`, everybody's and that of each route that has its own.
    fn with(
        assistant: Assistant,
        path: &str,
        read: impl Fn(&str) -> Result<Vec<(String, String)>, PackError>,
    ) -> Result<Self, PackError> {
        let knowledge = read(&assistant.knowledge_folder)?;
        let own = |(name, route): (&RouteName, &Route)| Some((name.clone(), route.knowledge_folder.clone()?));
        let own: Vec<_> = assistant.routes.iter().filter_map(own).collect();
        let mut route_knowledge = BTreeMap::new();
        for (name, folder) in own {
            let files = read(&folder)?;
            if files.is_empty() {
                let mistake = format!("`routes.{name}.knowledge_folder`: there is no Markdown file in {folder}");
                return Err(PackError::Bad { path: path.to_owned(), mistakes: BadAssistant(vec![mistake]) });
            }
            route_knowledge.insert(name, files);
        }
        Self { assistant, knowledge, route_knowledge }.checked(path)
    }

    /// A folder that was named and holds nothing is a mistake; the default one need not be there.
    fn checked(self, path: &str) -> Result<Self, PackError> {
        let folder = &self.assistant.knowledge_folder;
        if self.knowledge.is_empty() && folder != DEFAULT_FOLDER {
            let mistakes = BadAssistant(vec![format!("`knowledge.folder`: there is no Markdown file in {folder}")]);
            return Err(PackError::Bad { path: path.to_owned(), mistakes });
        }
        Ok(self)
    }

    fn read(config: &Path) -> Result<Self, PackError> {
        let path = config.display().to_string();
        let assistant = parse(&path, &text(config)?)?;
        Self::with(assistant, &path, |folder| markdown(&config.with_file_name("").join(folder)))
    }
}

/// The Markdown files of `folder`, by name. A brand whose AI knows everything needs no folder.
fn markdown(folder: &Path) -> Result<Vec<(String, String)>, PackError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(folder, &error)),
    };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    let named = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files.iter().map(|path| Ok((named(path), text(path)?))).collect()
}

fn parse(path: &str, toml: &str) -> Result<Assistant, PackError> {
    Assistant::from_toml(toml).map_err(|mistakes| PackError::Bad { path: path.to_owned(), mistakes })
}

fn text(path: &Path) -> Result<String, PackError> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> PackError {
    PackError::Unreadable { path: path.display().to_string(), reason: error.kind() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packed_assistant_is_whole() {
        let files = AssistantFiles::load(None).unwrap();
        assert!(!files.knowledge.is_empty() && files.knowledge.iter().all(|(_, text)| !text.is_empty()));
    }

    #[test]
    fn the_packed_one_and_the_folder_it_came_from_are_the_same() {
        let folder =
            AssistantFiles::load(Some(concat!(env!("CARGO_MANIFEST_DIR"), "/assistant/assistant.toml"))).unwrap();
        let packed = AssistantFiles::load(None).unwrap();
        assert_eq!((folder.assistant, folder.knowledge), (packed.assistant, packed.knowledge));
    }

    #[test]
    fn the_flow_that_stands_there_as_a_comment_can_be_used() {
        let (_, toml) = PACKED.iter().find(|(name, _)| *name == "assistant.toml").unwrap();
        let (_, comment) = toml.split_once("# [flows.return]\n").unwrap();
        let flow = comment.lines().map(|line| line.strip_prefix('#').unwrap()).collect::<Vec<_>>().join("\n");
        let flows = Assistant::from_toml(&format!("[flows.return]\n{flow}")).unwrap().flows;
        assert_eq!(flows.get("return").unwrap().steps.len(), 5);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = AssistantFiles::load(Some("/nowhere/assistant.toml")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/assistant.toml"), "{error}");
    }
}
