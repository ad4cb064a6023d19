//! Where the assistant comes from: packed into the function, or a folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use models::RouteName;
use models::assistant::{Assistant, BadAssistant, KnowledgeFolder, Mistake, Route, knowledge_folders};
use platform::aws::{KeptText, NotRead, SdkConfig};

/// Every file of the packed assistant: its path below `assistant/`, and its text.
const PACKED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// What an `assistant.toml` may hold, as a JSON schema for editors.
pub const ASSISTANT_SCHEMA: &str = include_str!("../assistant/assistant.schema.json");

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
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why, in the words of the operating system.
        reason: String,
    },
    /// What is kept at AWS cannot be had.
    #[error("ASSISTANT_CONFIG {place}: {reason}")]
    OutOfReach {
        /// Where it is.
        place: String,
        /// Why.
        reason: NotRead,
    },
}

impl AssistantFiles {
    /// The assistant at `config`, an `assistant.toml` or the folder that holds one, or the packed one.
    pub fn load(config: Option<&str>) -> Result<Self, PackError> {
        config.map_or_else(Self::packed, |path| Self::read(Path::new(path)))
    }

    /// The assistant at `config`, which may also be kept at AWS (`s3://bucket/key`, `ssm:/parameter/name`): then its
    /// knowledge is the packed one.
    pub async fn fetch(config: Option<&str>, aws: &SdkConfig, http: &reqwest::Client) -> Result<Self, PackError> {
        let Some((place, kept)) = config.and_then(|place| Some((place, KeptText::at(place)?))) else {
            return Self::load(config);
        };
        let out_of_reach = |reason| PackError::OutOfReach { place: place.to_owned(), reason };
        let toml = kept.map_err(out_of_reach)?.read(aws, http).await.map_err(out_of_reach)?;
        Self::with(&toml, place, packed_folder)
    }

    fn packed() -> Result<Self, PackError> {
        let toml = PACKED.iter().find(|(name, _)| *name == "assistant.toml").map_or("", |(_, text)| *text);
        Self::with(toml, "the packed assistant.toml", packed_folder)
    }

    fn read(config: &Path) -> Result<Self, PackError> {
        let file = if config.is_dir() { &config.join("assistant.toml") } else { config };
        let path = file.display().to_string();
        Self::with(&text(file)?, &path, |folder| markdown(&file.with_file_name("").join(folder)))
    }

    /// What `toml` says with its knowledge, everybody's and that of each route that has its own; or every mistake in both.
    fn with(
        toml: &str,
        path: &str,
        read: impl Fn(&str) -> Result<Vec<(String, String)>, PackError>,
    ) -> Result<Self, PackError> {
        let missing = missing_folders(toml, &read)?;
        let assistant = match Assistant::from_toml(toml) {
            Ok(assistant) if missing.is_empty() => assistant,
            checked => {
                let found = checked.err().map_or_else(Vec::new, |bad| bad.mistakes().to_vec());
                let mistakes = BadAssistant::of(toml, found.into_iter().chain(missing).collect());
                return Err(PackError::Bad { path: path.to_owned(), mistakes });
            }
        };
        let knowledge = read(&assistant.knowledge_folder)?;
        let own = |(name, route): (&RouteName, &Route)| {
            let folder = route.knowledge_folder.as_deref()?;
            Some(read(folder).map(|files| (name.clone(), files)))
        };
        let route_knowledge = assistant.routes.iter().filter_map(own).collect::<Result<_, _>>()?;
        Ok(Self { assistant, knowledge, route_knowledge })
    }
}

/// The packed files of `folder`, by name.
#[expect(clippy::unnecessary_wraps, reason = "a folder that is not packed may be out of reach")]
fn packed_folder(folder: &str) -> Result<Vec<(String, String)>, PackError> {
    let folder = format!("{folder}/");
    let files = PACKED.iter().filter_map(|(name, text)| Some((name.strip_prefix(&folder)?, *text)));
    Ok(files.map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
}

/// A folder that was named and holds nothing is a mistake; the default one need not be there.
fn missing_folders(
    toml: &str,
    read: impl Fn(&str) -> Result<Vec<(String, String)>, PackError>,
) -> Result<Vec<Mistake>, PackError> {
    let mut mistakes = Vec::new();
    for KnowledgeFolder { key, path } in knowledge_folders(toml) {
        let is_everybodys = key == "knowledge.folder" && path == DEFAULT_FOLDER;
        if !is_everybodys && read(&path)?.is_empty() {
            mistakes.push(Mistake::at(&key, &format!("names a folder without any Markdown file: {path}")));
        }
    }
    Ok(mistakes)
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

fn text(path: &Path) -> Result<String, PackError> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> PackError {
    PackError::Unreadable { path: path.display().to_string(), reason: error.to_string() }
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
    fn the_packed_one_and_the_file_and_the_folder_it_came_from_are_the_same() {
        let packed = AssistantFiles::load(None).unwrap();
        for place in ["/assistant/assistant.toml", "/assistant", "/assistant/"] {
            let read = AssistantFiles::load(Some(&(env!("CARGO_MANIFEST_DIR").to_owned() + place))).unwrap();
            assert_eq!((&read.assistant, &read.knowledge), (&packed.assistant, &packed.knowledge), "{place}");
        }
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
    fn the_tool_that_stands_there_as_a_comment_can_be_used() {
        let (_, toml) = PACKED.iter().find(|(name, _)| *name == "assistant.toml").unwrap();
        let (_, comment) = toml.split_once("# [tools.order_status]").unwrap();
        let tool =
            comment.lines().map_while(|line| line.strip_prefix("# ").or(Some(line).filter(|_| line.starts_with(' '))));
        let tool = tool.collect::<Vec<_>>().join("\n");
        let tools = Assistant::from_toml(&format!("[tools.order_status]{tool}")).unwrap().tools;
        assert_eq!(tools.get("order_status").unwrap().arguments.len(), 1);
    }

    #[test]
    fn folders_that_are_not_there_are_told_with_every_other_mistake() {
        let toml = "instruction = 1\n[knowledge]\nfolder = \"facts\"\n[routes.a]\nknowledge_folder = \"none\"\n[routes.b]\nknowledge_folder = \"b\"";
        let read =
            |folder: &str| Ok(if folder == "b" { vec![("b.md".to_owned(), "# B".to_owned())] } else { Vec::new() });
        let Err(PackError::Bad { mistakes, .. }) = AssistantFiles::with(toml, "here", read) else {
            panic!("it was taken");
        };
        let told: Vec<_> = mistakes.mistakes().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`instruction` is no setting; did you mean `instructions`? (line 1)",
                "`knowledge.folder` names a folder without any Markdown file: facts (line 3)",
                "`routes.a.knowledge_folder` names a folder without any Markdown file: none (line 5)"
            ]
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let empty = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        for (place, file) in [
            ("/nowhere/assistant.toml", "/nowhere/assistant.toml".to_owned()),
            (empty, format!("{empty}/assistant.toml")),
        ] {
            let error = AssistantFiles::load(Some(place)).unwrap_err().to_string();
            assert!(error.contains(&file), "{error}");
        }
    }
}
