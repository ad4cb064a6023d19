//! One environment of a function: process after process, each with a wire and a fate of its own, a new one as soon as there
//! is work and the old one is dead. As on Lambda.

use std::sync::Arc;
use std::time::{Duration, Instant};

use local_aws::{Function, InvocationError};
use serde_json::Value;

use super::cloud::SECRET_CANARY;
use super::fate::{Fate, Role};
use super::marks::CANARY;
use super::trace::{Event, Process};
use super::wire::Wire;
use super::world::World;

/// The functions' time-out. A turn begins only with nine seconds left, and a lease lasts as long and fifteen seconds.
const TIMEOUT: Duration = Duration::from_secs(12);
/// Invocations in which an armed fate may strike; then one that comes sooner takes its place.
const PATIENCE: u32 = 6;

pub(super) struct Environment {
    role: Role,
    world: Arc<World>,
    running: Option<Running>,
}

struct Running {
    process: Process,
    function: Function,
    wire: Wire,
    /// Invocations that are left in peace first.
    calm: u32,
    /// Invocations that the fate has been waited for.
    waited: u32,
}

impl Environment {
    pub(super) fn new(role: Role, world: &Arc<World>) -> Self {
        Self { role, world: Arc::clone(world), running: None }
    }

    /// Invokes the function; nothing if its process did not live to answer.
    pub(super) async fn invoke(&mut self, event: Value) -> Option<Value> {
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start().await?,
        };
        running.prepare(&self.world, self.role);
        let begun = Instant::now();
        let outcome = tokio::select! {
            biased;
            outcome = running.function.invoke(event, TIMEOUT) => Some(outcome),
            () = running.end(self.world.tally.pace(self.role)) => None,
        };
        match outcome {
            Some(Ok(response)) => {
                self.world.trace.add(Event::Finished { process: running.process });
                if running.calm > 0 || running.wire.fate() == Fate::Spared {
                    self.world.tally.took(self.role, begun.elapsed());
                }
                self.running = Some(running);
                Some(response)
            }
            Some(Err(error)) => {
                self.failed(&running, &error);
                self.world.give_back(running.wire.fate());
                self.bury(&running);
                None
            }
            None => {
                running.function.kill().await;
                self.world.trace.add(Event::Killed { process: running.process });
                self.world.tally.killed(running.wire.fate());
                self.bury(&running);
                None
            }
        }
    }

    /// Ends the process, as Lambda ends one that is not needed any more.
    pub(super) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.function.kill().await;
            self.world.give_back(running.wire.fate());
            self.bury(&running);
        }
    }

    async fn start(&self) -> Option<Running> {
        let (process, fate) = (self.world.next_process(), self.world.next_fate(self.role));
        let wire = match Wire::open(&self.world, process, fate).await {
            Ok(wire) => wire,
            Err(error) => return self.not_started(fate, &error.to_string()),
        };
        let binary = match self.role {
            Role::Ingest => &self.world.binaries.ingest,
            Role::Responder => &self.world.binaries.responder,
        };
        // Dropped, it kills what it has started.
        let started = tokio::select! {
            started = Function::start(binary, self.settings(&wire)) => started,
            () = wire.struck() => {
                self.world.trace.add(Event::Killed { process });
                self.world.tally.killed(fate);
                return None;
            }
        };
        let calm = match self.role {
            Role::Ingest => self.world.chance.lock().below(30),
            Role::Responder => self.world.chance.lock().below(4),
        };
        match started {
            Ok(function) => {
                Some(Running { process, function, wire, calm: u32::try_from(calm).unwrap_or_default(), waited: 0 })
            }
            Err(error) => self.not_started(fate, &error.to_string()),
        }
    }

    fn settings(&self, wire: &Wire) -> Vec<(String, String)> {
        let own = [
            ("AWS_ENDPOINT_URL", wire.address.clone()),
            ("BRAZE_ENDPOINT", wire.address.clone()),
            ("BRAZE_CAMPAIGN_ID", "replies".to_owned()),
            ("AI_BACKEND", "openai".to_owned()),
            ("AI_BASE_URL", format!("{}/v1", wire.address)),
            ("AI_MODEL", "echo".to_owned()),
            ("ON_UNKNOWN", self.world.options.on_unknown.setting().to_owned()),
            ("ASSISTANT_CONFIG", self.world.assistant.display().to_string()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        self.world.cloud.settings().into_iter().chain(own).collect()
    }

    fn not_started(&self, fate: Fate, error: &str) -> Option<Running> {
        self.world.give_back(fate);
        self.world.tally.failures.lock().push(format!("a process of {:?} did not start: {error}", self.role));
        None
    }

    fn failed(&self, running: &Running, error: &InvocationError) {
        self.world.trace.add(Event::Killed { process: running.process });
        match error {
            InvocationError::TimedOut(_) => *self.world.tally.timed_out.lock() += 1,
            error => self.world.tally.failures.lock().push(format!("a process of {:?}: {error}", self.role)),
        }
    }

    /// Looks through what a dead process has written.
    fn bury(&self, running: &Running) {
        let written = running.function.stdout() + &running.function.stderr();
        *self.world.tally.lines.lock() += written.lines().count();
        *self.world.tally.alarms.lock() += written.matches("\"Flagged\":").count();
        let leaks = |line: &&str| {
            let canaries = [CANARY, SECRET_CANARY];
            let canaries = canaries.into_iter().chain(self.world.canaries.iter().map(String::as_str));
            line.contains("panic") || canaries.into_iter().any(|canary| line.contains(canary))
        };
        self.world.tally.leaks.lock().extend(written.lines().filter(leaks).map(str::to_owned));
    }
}

impl Running {
    /// Before an invocation: counts the peaceful ones, then arms the fate, and changes one that does not come.
    fn prepare(&mut self, world: &World, role: Role) {
        if self.calm > 0 {
            self.calm -= 1;
            return;
        }
        self.wire.arm();
        self.waited += 1;
        if self.waited == PATIENCE && !world.options.quick && matches!(self.wire.fate(), Fate::Around { .. }) {
            self.wire.change_fate(Fate::drawn_soon(&mut world.chance.lock(), role));
        }
    }

    /// Waits until this invocation has to be the last one.
    async fn end(&self, pace: Duration) {
        match self.wire.fate() {
            Fate::During(part) if self.wire.is_armed() => tokio::time::sleep(pace.mul_f64(part)).await,
            Fate::Around { .. } => self.wire.struck().await,
            _ => std::future::pending().await,
        }
    }
}
