//! What befalls an effect, whatever it is.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use models::ConversationKey;
use platform::clock::Clock;
use store::{Head, HeadWrite};

use crate::faults::{Fault, Faults, Moment};
use crate::machine::Machine;
use crate::witness::Witness;

/// Changes a write before it is made: how a test seeds a mistake into the protocol. Gets the head as it is.
pub type Bend = fn(&HeadWrite, Option<&Head>) -> HeadWrite;

/// One thing that is done, and whom it is about.
pub(crate) struct Deed {
    name: &'static str,
    about: Vec<String>,
}

impl From<&'static str> for Deed {
    fn from(name: &'static str) -> Self {
        Self { name, about: vec![] }
    }
}

impl From<(&'static str, &ConversationKey)> for Deed {
    fn from((name, key): (&'static str, &ConversationKey)) -> Self {
        Self { name, about: vec![key.as_str().to_owned()] }
    }
}

impl From<(&'static str, Vec<String>)> for Deed {
    fn from((name, about): (&'static str, Vec<String>)) -> Self {
        Self { name, about }
    }
}

/// What all effects of a machine share.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) machine: Arc<Machine>,
    /// Which of the world's processes runs on it.
    pub(crate) process: usize,
    pub(crate) faults: Faults,
    pub(crate) witness: Arc<Witness>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bend: Option<Bend>,
}

impl Scene {
    /// Whatever is waited for ends before the function has to.
    pub(crate) fn has_time_for(&self, what: &str, time: Duration) {
        let now = self.clock.now();
        if self.machine.deadline().is_some_and(|deadline| deadline.since(now) < time) {
            self.witness.broken(format!("{what} with too little time left"));
        }
    }

    /// One effect, with what befalls it. `failure` is what the caller hears of a fault that gives an answer.
    pub(crate) async fn live<R, F>(
        &self,
        deed: impl Into<Deed>,
        effect: impl Fn() -> F,
        failure: impl FnOnce(&Fault) -> R,
    ) -> R
    where
        R: Send + 'static,
        F: Future<Output = R> + Send + 'static,
    {
        let Deed { name, about } = deed.into();
        let fault = self.faults.next(name);
        if let Some(fault) = &fault {
            self.witness.befalls(name, &about, fault);
            if let Fault::Dies(_) | Fault::Freezes(..) | Fault::Slow(_) | Fault::Cut(_) | Fault::Panics = fault {
                self.machine.is_held_up();
            }
        }
        match fault {
            None | Some(Fault::Twice | Fault::Later(_)) => effect().await,
            Some(Fault::Dies(Moment::Before)) => self.machine.die().await,
            Some(Fault::Dies(Moment::After)) => {
                effect().await;
                self.machine.die().await
            }
            Some(Fault::Freezes(Moment::Before, time)) => {
                self.machine.freeze(time).await;
                effect().await
            }
            Some(Fault::Freezes(Moment::After, time)) => {
                let result = effect().await;
                self.machine.freeze(time).await;
                result
            }
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                effect().await
            }
            Some(Fault::Repeats) => {
                effect().await;
                effect().await
            }
            Some(Fault::Cut(time)) => {
                later(time, effect());
                self.machine.die().await
            }
            Some(fault @ Fault::Lags(time)) => {
                later(time, effect());
                failure(&fault)
            }
            Some(fault @ (Fault::Fails(Moment::After) | Fault::Denied)) => {
                effect().await;
                failure(&fault)
            }
            Some(Fault::Panics) => crate::quiet::panics_on_purpose(),
            Some(fault) => failure(&fault),
        }
    }
}

/// What is on its way arrives, whatever has become of its sender.
fn later(time: Duration, effect: impl Future<Output: Send> + Send + 'static) {
    tokio::spawn(async move {
        tokio::time::sleep(time).await;
        effect.await;
    });
}
