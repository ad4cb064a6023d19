//! A desk that is told what users write to people, and remembers it.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use desk::{Desk, DeskError, DeskEvent};

use crate::effects::Effects;
use crate::faults::Fault;

/// Takes everything; that it fails, hangs or loses its answer is a fault of the effect.
#[derive(Default)]
pub(crate) struct ScriptedDesk {
    pub(crate) told: Mutex<Vec<DeskEvent>>,
}

#[async_trait]
impl Desk for ScriptedDesk {
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn deliver(&self, event: &DeskEvent, _: Duration) -> Result<(), DeskError> {
        self.told.lock().unwrap().push(event.clone());
        Ok(())
    }
}

#[async_trait]
impl Desk for Effects<dyn Desk> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError> {
        let failure = |fault: &Fault| match fault {
            Fault::Refused(status @ (400 | 409 | 413 | 422)) => Err(DeskError::Rejected { status: *status }),
            Fault::Refused(status) => Err(DeskError::Refused { status: *status }),
            Fault::Lags(_) => Err(DeskError::TimedOut),
            _ => Err(DeskError::Unavailable { status: None }),
        };
        self.scene.has_time_for("the desk was told", within);
        let claim = self.scene.machine.claim_of(&event.conversation);
        self.scene.witness.telling_the_desk(event);
        let effect = || {
            let (inner, event, witness) = (self.inner.clone(), event.clone(), self.scene.witness.clone());
            async move {
                witness.the_desk_is_told(&event, claim);
                inner.deliver(&event, within).await
            }
        };
        let telling = self.scene.live("tell desk", effect, failure);
        let told = tokio::time::timeout(within, telling).await.unwrap_or(Err(DeskError::TimedOut));
        self.scene.witness.heard_of_the_desk(event, told);
        told
    }
}
