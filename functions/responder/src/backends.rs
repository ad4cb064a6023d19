//! Which AI answers, where, and what answers when it fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use ai::{Ai, BadBaseUrl, Knowledge, Ladder, OpenAi};
use models::RouteName;
use platform::secrets::Key;

use crate::{AiSettings, AssistantFiles};

/// The chosen backend, and what answers where it does not.
pub struct Backends {
    /// The one that `AI_BACKEND` names.
    chosen: Arc<dyn Ai>,
    /// Below it: the knowledge, which needs no network. `None` if that is the one already.
    below: Option<Arc<dyn Ai>>,
    /// The knowledge of the routes that have their own, and whether no other AI is asked there.
    routes: BTreeMap<RouteName, (Arc<dyn Ai>, bool)>,
}

impl Backends {
    /// Sets the backends up.
    pub fn new(
        settings: &AiSettings,
        files: &AssistantFiles,
        http: reqwest::Client,
        key: Option<Arc<dyn Key>>,
    ) -> Result<Self, BadBaseUrl> {
        let knowledge: Arc<dyn Ai> = Arc::new(Knowledge::new(files.knowledge.clone()));
        let (chosen, below) = match settings {
            AiSettings::Knowledge => (Arc::clone(&knowledge), None),
            AiSettings::OpenAi { base_url, model } => {
                let openai: Arc<dyn Ai> = Arc::new(OpenAi::new(base_url, model, key, http)?);
                (openai, Some(Arc::clone(&knowledge)))
            }
        };
        let alone = matches!(settings, AiSettings::Knowledge);
        let special =
            files.assistant.routes.iter().filter(|(_, route)| route.knowledge_only || route.knowledge_folder.is_some());
        let routes = special.map(|(name, route)| {
            let own = files.route_knowledge.get(name).cloned();
            let own: Arc<dyn Ai> = own.map_or_else(|| Arc::clone(&knowledge), |own| Arc::new(Knowledge::new(own)));
            (name.clone(), (own, alone || route.knowledge_only))
        });
        Ok(Self { chosen, below, routes: routes.collect() })
    }

    /// Puts something around every backend that is asked first.
    #[must_use]
    pub fn within(self, wrap: impl Fn(Arc<dyn Ai>) -> Arc<dyn Ai>) -> Self {
        let routes = self.routes.into_iter().map(|(name, (own, alone))| {
            let own = if alone { wrap(own) } else { own };
            (name, (own, alone))
        });
        Self { chosen: wrap(self.chosen), below: self.below, routes: routes.collect() }
    }

    /// What answers everywhere else.
    pub fn ladder(&self) -> Arc<dyn Ai> {
        ladder(std::iter::once(&self.chosen).chain(&self.below))
    }

    /// What answers on the routes that have something else for it.
    pub fn route_ladders(&self) -> BTreeMap<RouteName, Arc<dyn Ai>> {
        let ladders = self.routes.iter().map(|(name, (own, alone))| {
            let rungs = std::iter::once(&self.chosen).filter(|_| !alone).chain([own]);
            (name.clone(), ladder(rungs))
        });
        ladders.collect()
    }
}

fn ladder<'a>(rungs: impl Iterator<Item = &'a Arc<dyn Ai>>) -> Arc<dyn Ai> {
    Arc::new(Ladder::new(rungs.cloned().collect()))
}
