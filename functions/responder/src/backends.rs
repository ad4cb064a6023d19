//! Which AI answers, where, and what answers when it fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use ai::{Ai, BadBaseUrl, Knowledge, Ladder, OpenAi, Rung};
use models::RouteName;
use platform::clock::Clock;
use platform::secrets::Key;

use crate::{AiSettings, AssistantFiles};

/// What answers, everywhere and on the routes that have something else for it.
pub struct Backends {
    /// What answers everywhere else.
    pub ladder: Arc<dyn Ai>,
    /// What answers on the routes that have something else for it.
    pub routes: BTreeMap<RouteName, Arc<dyn Ai>>,
}

/// What backends are made with.
pub struct Means<'a> {
    /// Calls them.
    pub http: reqwest::Client,
    /// The key of the one that `AI_BACKEND` names.
    pub key: Option<Arc<dyn Key>>,
    /// Tells how long one that failed was left alone.
    pub clock: Arc<dyn Clock>,
    /// Put around every backend that is asked first somewhere: where somebody wants to watch.
    pub window: &'a dyn Fn(Arc<dyn Ai>) -> Arc<dyn Ai>,
}

impl Backends {
    /// Sets the backends up.
    pub fn new(settings: &AiSettings, files: &AssistantFiles, means: Means<'_>) -> Result<Self, BadBaseUrl> {
        let Means { http, key, clock, window } = means;
        let rung = |backend: Arc<dyn Ai>| Arc::new(Rung::new(backend, None));
        let first = |backend: Arc<dyn Ai>| rung(window(backend));
        let ladder = |rungs: Vec<Arc<Rung>>| -> Arc<dyn Ai> { Arc::new(Ladder::new(rungs, Arc::clone(&clock))) };
        let knowledge: Arc<dyn Ai> = Arc::new(Knowledge::new(files.knowledge.clone()));
        let chosen: Option<Arc<dyn Ai>> = match settings {
            AiSettings::Knowledge => None,
            AiSettings::OpenAi { base_url, model } => Some(Arc::new(OpenAi::new(base_url, model, key, http)?)),
        };
        let chosen = chosen.map(first);
        let on = |knowledge: Arc<dyn Ai>, alone: bool| match chosen.as_ref().filter(|_| !alone) {
            Some(chosen) => ladder(vec![Arc::clone(chosen), rung(knowledge)]),
            None => ladder(vec![first(knowledge)]),
        };
        let special =
            files.assistant.routes.iter().filter(|(_, route)| route.knowledge_only || route.knowledge_folder.is_some());
        let routes = special.map(|(name, route)| {
            let own = files.route_knowledge.get(name).cloned();
            let own: Arc<dyn Ai> = own.map_or_else(|| Arc::clone(&knowledge), |own| Arc::new(Knowledge::new(own)));
            (name.clone(), on(own, route.knowledge_only))
        });
        Ok(Self { routes: routes.collect(), ladder: on(Arc::clone(&knowledge), false) })
    }
}
