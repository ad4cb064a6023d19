//! What a common turn uses: a returning user asks, the AI answers, Braze takes the reply, everything is settled.

use std::fs;

use endurance::growth::Subject as _;
use endurance::{Binaries, Unfit};
use local_aws::{Capacity, Operation};
use sandbox::costs::{Assumed, Bill, Turn};

use crate::batch::number;
use crate::figures::{Figure, Unit};
use crate::functions::{self, Answering, Functions, right};
use crate::targets;

const USERS: usize = 10;
/// Turns of each user that are counted, after a first one.
const TURNS: usize = 3;

/// Sums over all counted turns.
#[derive(Default)]
struct Sums {
    turns: f64,
    write_units: f64,
    read_units: f64,
    queue_calls: f64,
    /// Bytes.
    logged: u64,
    /// The most that one turn asked the table for before its reply went out.
    before_braze: f64,
}

pub(crate) async fn measure(functions: &Functions) -> Result<Vec<Figure>, Unfit> {
    Ok(counted(&functions.ours).await?.figures())
}

async fn counted(binaries: &Binaries) -> Result<Sums, Unfit> {
    let Answering { subject, outside } = Answering::at_once().await?;
    let log = std::env::temp_dir().join(format!("bench-{}.log", std::process::id()));
    let process = functions::program(&binaries.responder, &subject).start_logging(&log).await?;
    let (mut sums, mut logged) = (Sums::default(), 0);
    for turn in 0..=TURNS {
        for user in 0..USERS {
            let number = number(turn, user);
            outside.aws.reset_capacity();
            let (response, _) = process.invoke(&subject.event(number)).await?;
            right(&subject, number, &response)?;
            let [reply] = &outside.take().replies[..] else { return Err(Unfit::new("a turn sent not one reply")) };
            if turn > 0 {
                sums.add(&reply.used, &outside.aws.capacity());
            }
        }
        if turn == 0 {
            logged = size(&log);
        }
    }
    sums.logged = size(&log) - logged;
    // Where it cannot be removed it is left to the system.
    fs::remove_file(&log).ok();
    Ok(sums)
}

impl Sums {
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn add(&mut self, before_braze: &Capacity, all: &Capacity) {
        self.turns += 1.0;
        self.write_units += all.write_units as f64;
        self.read_units += all.half_read_units as f64 / 2.0;
        self.queue_calls += calls(all, &QUEUE) as f64;
        self.before_braze = self.before_braze.max(calls(before_braze, &TABLE) as f64);
    }

    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn turn(&self) -> Turn {
        Turn {
            write_units: self.write_units / self.turns,
            read_units: self.read_units / self.turns,
            queue_calls: self.queue_calls / self.turns,
            log_bytes: self.logged as f64 / self.turns,
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let turn = self.turn();
        let bill = Bill::of(1e6, &turn, &Assumed::default());
        let dollars = |what, dollars| Figure::new(format!("million turns: {what}"), Unit::Dollars, dollars);
        vec![
            Figure::new("turn: write units, settled", Unit::Count, turn.write_units).target(targets::WRITE_UNITS),
            Figure::new("turn: calls of the table before Braze, at most", Unit::Count, self.before_braze)
                .target(targets::ROUND_TRIPS),
            Figure::new("turn: read units", Unit::Count, turn.read_units),
            dollars("front door and ingest", bill.door),
            dollars("responder, AI of 3 s", bill.responder),
            dollars("table", bill.table),
            dollars("queue and logs", bill.queue_and_logs),
            dollars("all of it", bill.total()),
        ]
    }
}

const TABLE: [Operation; 6] = [
    Operation::BatchGetItem,
    Operation::DeleteItem,
    Operation::GetItem,
    Operation::PutItem,
    Operation::Query,
    Operation::UpdateItem,
];
const QUEUE: [Operation; 2] = [Operation::SendMessage, Operation::ChangeMessageVisibility];

fn calls(used: &Capacity, operations: &[Operation]) -> u64 {
    operations.iter().map(|operation| used.calls(*operation)).sum()
}

fn size(file: &std::path::Path) -> u64 {
    fs::metadata(file).map_or(0, |file| file.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `cargo run -- costs` says of a million turns, to the cent or two that the length of a log line may move.
    #[tokio::test]
    async fn a_million_turns_cost_what_the_command_says() {
        let binaries = tokio::task::spawn_blocking(Binaries::built).await.unwrap().unwrap();
        let sums = counted(&binaries).await.unwrap();
        let (counted, said) = (sums.turn(), Turn::ORDINARY);
        assert_eq!(Turn { log_bytes: 0.0, ..counted }, Turn { log_bytes: 0.0, ..said });
        let figures = sums.figures();
        let measured = figures.iter().find(|figure| figure.name == "million turns: all of it").unwrap();
        let said = Bill::of(1e6, &said, &Assumed::default()).total();
        assert!((measured.measured.clone().unwrap() - said).abs() < 0.02, "{counted:?}: {measured:?} is not {said}");
    }
}
