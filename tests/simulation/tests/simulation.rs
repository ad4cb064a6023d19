//! Many worlds, chance in everything. `cargo run --release -p simulation` runs ten thousand conversations; these are a few,
//! and they show that the simulation finds what it is there to find.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use ai::{Answer, Question, Tools};
use async_trait::async_trait;
use conversation::shape::shape;
use models::{Attributes, Content, MessageId, QueueMessage, Reply, ReplyId};
use platform::clock::Deadline;
use responder::{Record, Responder};
use simulation::{Bend, Figure, Handler, Run, Told, shrink};
use store::{Head, HeadWrite, Held};

/// Runs that take about as long as a test may.
const SEEDS: u64 = 60;

#[test]
fn whatever_happens_every_promise_holds() {
    for seed in 0..SEEDS {
        let run = Run::of(seed);
        let told = run.tell();
        if !told.violations.is_empty() {
            let (run, told) = shrink(&run, &told);
            panic!("seed {seed}: {:#?}\nfaults {:#?}\n{}", told.violations, run.faults, told.trace.join("\n"));
        }
    }
}

#[test]
fn where_people_linger_they_leave_conversations_alone_and_answers_take_hours() {
    let of = |figure: Figure, lingers: bool| {
        let worlds = (0..40).map(|seed| {
            let mut run = Run::of(seed);
            (run.plan.lingers, run.plan.desk, run.plan.later) = (lingers, true, Some(seed));
            let told = run.tell();
            assert_eq!(told.violations, [""; 0], "seed {seed}");
            told.figures.get(figure)
        });
        worlds.sum::<usize>()
    };
    assert!(of(Figure::TakenBack, true) > of(Figure::TakenBack, false));
    assert!(of(Figure::AnsweredLater, true) > 0);
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..10 {
        let (one, two) =
            (Run { keep_trace: true, ..Run::of(seed) }.tell(), Run { keep_trace: true, ..Run::of(seed) }.tell());
        assert_eq!(one.trace, two.trace);
        assert_eq!((one.sum, one.figures), (two.sum, two.figures));
        assert_ne!(one.sum, Run::of(seed + 1).tell().sum);
    }
}

#[test]
fn a_run_played_again_from_its_list_of_faults_is_the_same_run() {
    for seed in 0..10 {
        let by_chance = Run::of(seed).tell();
        let listed = Run { faults: Some(by_chance.faults.clone()), ..Run::of(seed) }.tell();
        assert_eq!(by_chance.sum, listed.sum, "seed {seed}");
    }
}

/// Answers each message as it comes, and remembers nothing.
struct Naive(Responder);

#[async_trait]
impl Handler for Naive {
    async fn handle(&self, batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        for record in batch {
            let message = QueueMessage::from_json(&record.body).unwrap().inbound().unwrap();
            let question = Question {
                id: message.id.clone(),
                conversation: message.identity.conversation(),
                instructions: String::new(),
                language: None,
                history: vec![],
                text: message.text.clone(),
                media: vec![],
                output_tokens: 100,
                tools: Tools::default(),
                passed: 0,
                aloud: ai::Aloud::default(),
            };
            let left = deadline.left(self.0.clock.now(), std::time::Duration::ZERO);
            let Ok(Answer::Said { text: Some(text), .. }) = self.0.ai.answer(&question, left).await else { continue };
            let Some(text) = shape(text.as_str(), 1).pop() else { continue };
            let id = ReplyId::new(&message.id, 1);
            let (content, attributes) = (Content::Text(text), Attributes::default());
            let reply = Reply { to: message.identity, id, content, campaign: None, attributes, part: 1, parts: 1 };
            self.0.messaging.send(&reply, left).await;
        }
        vec![]
    }
}

#[test]
fn a_naive_handler_is_found_out_by_what_users_see() {
    let broken: Vec<_> = (0..20)
        .flat_map(|seed| {
            let mut run = Run::of(seed);
            run.plan.handler = |responder| Box::new(Naive(responder));
            run.tell().violations
        })
        .collect();
    for promise in ["was never answered", "times", "was accepted, is not settled"] {
        assert!(broken.iter().any(|what| what.contains(promise)), "{promise}: {broken:#?}");
    }
}

/// Every write pretends to hold the newest claim.
fn no_fencing(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    let newest = head.and_then(|head| Some(Held { epoch: head.epoch, run: head.run.clone()? }));
    if let (
        Some(newest),
        HeadWrite::Commit { held, .. }
        | HeadWrite::NextPart { held, .. }
        | HeadWrite::PutBack { held, .. }
        | HeadWrite::SendAgain { held, .. }
        | HeadWrite::Settle { held, .. }
        | HeadWrite::Release { held },
    ) = (newest, &mut write)
    {
        *held = newest;
    }
    write
}

/// A turn settles whatever is pending.
fn settles_all(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let (HeadWrite::Settle { covers, done, .. }, Some(head)) = (&mut write, head) {
        let more = head.pending.keys().filter(|id| !covers.contains(id)).cloned().collect::<Vec<MessageId>>();
        covers.extend(more.clone());
        done.extend(more);
    }
    write
}

/// Nothing that was settled is remembered.
fn forgets(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Settle { done, .. } = &mut write {
        done.clear();
    }
    write
}

/// A copy of a part is begun without being counted.
fn copies_uncounted(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    match (write, head.and_then(|head| head.turn.as_ref())) {
        (HeadWrite::SendAgain { held, turn, .. }, Some(open)) if open.copies > 0 => HeadWrite::PutBack {
            held: held.clone(),
            turn: *turn,
            part: open.part,
            copies: open.copies,
            retry_at: models::Timestamp::EPOCH,
        },
        _ => write.clone(),
    }
}

#[test]
fn every_mistake_in_the_protocol_is_found() {
    let mistakes: [(&str, Bend); 4] = [
        ("no fencing", no_fencing),
        ("settles all", settles_all),
        ("forgets what was settled", forgets),
        ("copies are not counted", copies_uncounted),
    ];
    for (name, bend) in mistakes {
        let found = (0..400).find_map(|seed| {
            let mut run = Run::of(seed);
            run.plan.bend = Some(bend);
            let told = run.tell();
            (!told.violations.is_empty()).then_some((run, told))
        });
        let (run, told) = found.unwrap_or_else(|| panic!("{name}: not found"));
        let (shorter, told): (Run, Told) = shrink(&run, &told);
        println!("{name}: seed {}, {:?}, {:?}", run.seed, told.violations.first(), shorter.faults);
    }
}
