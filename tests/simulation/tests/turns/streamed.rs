//! Answers that begin while the AI still writes them: what is read, when, and what becomes of the rest.

use ai::Deed;
use braze::{Outcome, Refusal};
use conversation::guard::Instructions;
use models::{AgentDeed, Content, ConversationKey, Proposal, ProposedReplies, Spent, Utterance};
use platform::metrics::Metric;
use responder::OnUnknown;
use simulation::{AiScript, Brand, Effect, Fault, Moment, Plan, World};

use crate::SECOND;

const STREAM: &str = "[limits]\nmoment_seconds = 6\n[replies]\nstream = true\n";
const THREE: &[&str] = &["One, of shoes.\n\n", "Two, of boots.\n\n", "Three, of sandals."];
const READ: [&str; 3] = ["One, of shoes.", "Two, of boots.", "Three, of sandals."];
const ACCEPTED: Outcome = Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false };

fn world(on_unknown: OnUnknown) -> World {
    World::with(on_unknown, STREAM)
}

fn writes() -> AiScript {
    AiScript::Writes(THREE, 4 * SECOND)
}

/// What Ada reads of an answer in three paragraphs.
async fn read(world: &World, rounds: usize) -> Vec<String> {
    world.says("ada", "Do you sell shoes?").await;
    world.settle(rounds).await;
    world.read_by("ada")
}

fn broke_off(question: &ai::Question) -> bool {
    question.text.as_str().contains("broke off")
}

#[tokio::test(start_paused = true)]
async fn paragraphs_are_read_as_they_are_complete_and_the_past_knows_one_answer() {
    let world = world(OnUnknown::ResendOnce);
    world.ai_will([writes(), AiScript::Says("Yes.", SECOND)]);
    assert_eq!(read(&world, 2).await, READ);
    let at: Vec<_> = world.sent().iter().map(|sent| sent.at).collect();
    assert!(at[1] - at[0] >= 4 * SECOND && at[2] - at[1] >= 4 * SECOND, "each as soon as it was there");
    world.says("ada", "Really?").await;
    world.settle(2).await;
    let past = &world.asked()[1].history;
    assert_eq!((past.len(), past[0].assistant.as_str()), (1, READ.join("\n\n").as_str()));
}

#[tokio::test(start_paused = true)]
async fn where_it_is_not_asked_for_the_answer_comes_as_a_whole() {
    let world = World::with(OnUnknown::ResendOnce, "");
    world.ai_will([writes()]);
    assert_eq!(read(&world, 2).await, [READ.join("\n\n")]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_no_more_parts_than_any() {
    let world = World::with(OnUnknown::ResendOnce, "[limits]\nreply_parts = 2\n[replies]\nstream = true\n");
    world.ai_will([writes()]);
    assert_eq!(read(&world, 2).await, [READ[0], &READ[1..].join("\n\n")]);
    // What takes more parts than are left is cut, by whichever run it is said.
    let long: &'static str = "word ".repeat(2_000).leak();
    let whole: &'static [&'static str] = Box::leak(Box::new([THREE[0], long]));
    for script in [
        vec![AiScript::Writes(whole, 4 * SECOND)],
        vec![AiScript::BreaksOff(THREE, 4 * SECOND), AiScript::Says(long, SECOND)],
    ] {
        let world = World::with(OnUnknown::ResendOnce, "[limits]\nreply_parts = 2\n[replies]\nstream = true\n");
        world.ai_will(script);
        let read = read(&world, 4).await;
        assert!(read.len() == 2 && read[0] == READ[0] && read[1].ends_with('…'), "{read:?}");
        assert_eq!(world.witness.violations(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_beginning_that_braze_refuses_is_said_with_the_rest() {
    for refusal in [Refusal::Unavailable, Refusal::RateLimited(None)] {
        let world = world(OnUnknown::ResendOnce);
        world.ai_will([writes()]);
        world.braze_will([(Outcome::NotAccepted(refusal), false)]);
        assert_eq!(read(&world, 2).await.last(), Some(&READ.join("\n\n")));
        assert_eq!(world.witness.violations(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_beginning_of_which_nobody_knows_is_said_again_as_the_policy_says() {
    for (policy, arrived, expected) in [
        (OnUnknown::ResendOnce, true, &[READ[0], READ[0], READ[1], READ[2]][..]),
        (OnUnknown::ResendOnce, false, &READ[..]),
    ] {
        let world = world(policy);
        world.ai_will([writes()]);
        world.braze_will([(Outcome::Unknown("lost"), arrived), (ACCEPTED, true)]);
        assert_eq!(read(&world, 2).await, expected, "{policy:?} {arrived}");
        assert_eq!(world.witness.violations(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_copy_may_be_risked_nothing_is_begun_and_what_is_in_doubt_is_flagged() {
    for (arrived, expected) in [(true, vec![READ.join("\n\n")]), (false, vec![])] {
        let world = World::with(OnUnknown::Flag, "[replies]\nstream = true\n");
        world.ai_will([writes()]);
        world.braze_will([(Outcome::Unknown("lost"), arrived)]);
        assert_eq!(read(&world, 2).await, expected, "{arrived}");
        assert!(!world.asked()[0].aloud.is_heard());
        assert_eq!(world.counted(Metric::Flagged), 1);
        assert_eq!(world.witness.violations(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_although_there_was_a_beginning_is_told_that_it_takes_a_moment() {
    // Braze did not take the first paragraph, or it may not be read before the rest is known.
    let (refused, long) = (Refusal::Unavailable, "word ".repeat(1_000).leak());
    let long: &[&str] = Box::leak(Box::new([long, "\n\n", "Two, of boots.\n\n", "Three, of sandals."]));
    for (paragraphs, braze, answer) in [
        (THREE, vec![(Outcome::NotAccepted(refused), false)], READ.join("\n\n")),
        (long, vec![], READ[1..].join("\n\n")),
    ] {
        let world = world(OnUnknown::ResendOnce);
        world.ai_will([AiScript::Writes(paragraphs, 4 * SECOND)]);
        world.braze_will(braze);
        let read = read(&world, 2).await;
        assert!(read[0].contains("moment") && read.len() >= 2, "{read:?}");
        assert!(read.last().unwrap().ends_with(&answer), "{read:?}");
        assert_eq!(world.witness.violations(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_something_newer_is_said_although_it_reads_like_the_beginning() {
    let world = world(OnUnknown::ResendOnce);
    world.ai_will([writes(), AiScript::Says("One, of shoes.", SECOND)]);
    world.says("ada", "Do you sell shoes?").await;
    let late = async {
        tokio::time::sleep(7 * SECOND).await;
        world.says("ada", "And how many pairs are there of them?").await;
    };
    futures::future::join(world.settle(3), late).await;
    assert_eq!(world.read_by("ada"), [READ[0], READ[0]]);
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_meanwhile_stops_it_and_what_follows_knows_how_it_began() {
    let world = world(OnUnknown::ResendOnce);
    world.ai_will([writes(), AiScript::Says("Boots, too.", SECOND)]);
    world.says("ada", "Do you sell shoes?").await;
    let late = async {
        tokio::time::sleep(7 * SECOND).await;
        world.says("ada", "And boots?").await;
    };
    futures::future::join(world.settle(3), late).await;
    assert_eq!(world.read_by("ada"), [READ[0], "Boots, too."]);
    let asked = &world.asked()[1];
    assert!(broke_off(asked) && asked.text.as_str().starts_with("And boots?"), "{:?}", asked.text);
    let before = asked.history.last().unwrap();
    assert_eq!((before.user.as_str(), before.assistant.as_str()), ("Do you sell shoes?", READ[0]));
    assert!(!asked.aloud.is_heard());
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_hear_nothing_more_hears_nothing_more() {
    let world = world(OnUnknown::ResendOnce);
    world.ai_will([writes()]);
    world.says("ada", "Do you sell shoes?").await;
    let late = async {
        tokio::time::sleep(7 * SECOND).await;
        world.says("ada", "STOP").await;
    };
    futures::future::join(world.settle(3), late).await;
    assert_eq!(world.read_by("ada"), [READ[0]]);
    assert!(world.head("ada").await.opted_out);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_takes_over_is_not_spoken_over_and_reads_how_it_began() {
    let world = World::new(Plan { toml: STREAM.to_owned(), desk: true, ..Plan::default() });
    world.ai_will([writes()]);
    world.says("ada", "Do you sell shoes?").await;
    let takes_over = async {
        tokio::time::sleep(7 * SECOND).await;
        world.agent("user:ada", None, AgentDeed::TakeOver).await;
        world.poll_agents_once().await;
    };
    futures::future::join(world.settle(3), takes_over).await;
    assert_eq!(world.read_by("ada"), [READ[0]]);
    assert_eq!(world.witness.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_breaks_off_is_brought_to_its_end_by_the_next_attempt() {
    for (says, rest) in [
        ("And sandals.", Some("And sandals.")),
        // Not every model goes on when it is told to: some say all of it again.
        ("**One**, of shoes.\n\nTwo, of boots.\n\nThree, of sandals.", Some(READ[2])),
        ("One, of shoes.\n\nTwo, of boots.", None),
        ("One, of boots.", Some("One, of boots.")),
    ] {
        let world = world(OnUnknown::ResendOnce);
        world.ai_will([AiScript::BreaksOff(THREE, 4 * SECOND), AiScript::Says(says, SECOND)]);
        let expected: Vec<_> = READ[..2].iter().copied().chain(rest).collect();
        assert_eq!(read(&world, 4).await, expected);
        let asked = &world.asked()[1];
        assert!(broke_off(asked) && !asked.aloud.is_heard());
        let before = asked.history.last().unwrap();
        let told = READ[..2].join("\n\n");
        assert_eq!((before.user.as_str(), before.assistant.as_str()), ("Do you sell shoes?", told.as_str()));
        assert!(world.head("ada").await.pending.is_empty(), "{says}");
        assert_eq!(world.witness.violations(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_rest_can_be_had_the_own_line_follows() {
    let world = world(OnUnknown::ResendOnce);
    let fails = std::iter::repeat_with(|| AiScript::Fails).take(9);
    world.ai_will(std::iter::once(AiScript::BreaksOff(THREE, 4 * SECOND)).chain(fails));
    let read = read(&world, 9).await;
    assert_eq!((&read[..2], read.len()), (&[READ[0].to_owned(), READ[1].to_owned()][..], 3), "{read:?}");
    assert_eq!(world.counted(Metric::Fallback), 1);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_dies_over_it_leaves_nobody_without_an_answer_and_nothing_is_read_thrice() {
    for effect in ["draft", "commit", "send", "settle"] {
        for fault in [Fault::Dies(Moment::Before), Fault::Dies(Moment::After)] {
            for (nth, policy) in (0..3).flat_map(|nth| [(nth, OnUnknown::ResendOnce), (nth, OnUnknown::Flag)]) {
                let world = world(policy);
                world.ai_will([writes(), AiScript::Says("The rest.", SECOND), AiScript::Says("The rest.", SECOND)]);
                world.faults.listed([(Effect { name: effect, nth }, fault.clone())]);
                let read = read(&world, 4).await;
                let most = if policy == OnUnknown::Flag { 1 } else { 2 };
                for text in READ {
                    let times = read.iter().filter(|part| part.contains(text)).count();
                    assert!(times <= most, "{effect} {nth} {fault:?} {policy:?}: {read:?}");
                }
                assert_eq!(
                    world.witness.violations(),
                    Vec::<String>::new(),
                    "{effect} {nth} {fault:?} {policy:?}: {read:?}"
                );
                assert!(world.head("ada").await.pending.is_empty(), "{effect} {nth} {fault:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn buttons_after_a_beginning_follow_the_rest() {
    let asks = || {
        let options = ["Brown", "Black"].map(Into::into).to_vec();
        Deed::Propose(Proposal::QuickReplies(ProposedReplies { body: "Which colour?".into(), options }))
    };
    let world = World::new(Plan { toml: format!("{STREAM}kinds = true\n"), ..Plan::default() });
    world.ai_will([AiScript::WritesAndDoes(THREE, 4 * SECOND, asks), AiScript::Says("Fine.", SECOND)]);
    // The witness knows words alone: nothing is settled here.
    world.says("ada", "Do you sell shoes?").await;
    world.poll_once().await;
    let read = world.read_by("ada");
    assert_eq!((&read[..3], read.len()), (&READ.map(str::to_owned)[..], 4), "{read:?}");
    assert!(read[3].starts_with("Which colour?"), "{read:?}");
    let key = ConversationKey::parse("user:ada").unwrap();
    let rows = store::Store::newest_turns(&*world.store, &key, 9, world.now()).await.unwrap();
    assert!(matches!(rows[0].reply[..], [_, Utterance { content: Content::QuickReplies(_), .. }]));
    world.says("ada", "Do you have brown ones, too?").await;
    world.poll_once().await;
    let past = &world.asked()[1].history;
    assert!(past.len() == 1 && past[0].assistant.as_str().starts_with(&READ.join("\n\n")), "{past:?}");
    assert!(world.head("ada").await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn links_and_numbers_are_taken_out_of_a_beginning_as_of_any_answer() {
    let guards = "[guards]\nlinks = [\"shop.example\"]\nmask_phone_numbers = true\nmask_card_numbers = true\n";
    let tells = &[
        "One: [here](https://evil.example/x) or shop.example.\n\n",
        "Two: call +49 221 123456, card 4111 1111 1111 1111.\n\n",
        "Three, of sandals.",
    ];
    let world = World::with(OnUnknown::ResendOnce, &format!("{STREAM}{guards}"));
    world.ai_will([AiScript::Writes(tells, 4 * SECOND)]);
    // Nor does it know what is taken out.
    world.says("ada", "Do you sell shoes?").await;
    world.poll_once().await;
    let read = world.read_by("ada");
    assert_eq!(read.len(), 3, "{read:?}");
    assert!(read[0].starts_with("One: here") && read[0].ends_with("or shop.example."), "{read:?}");
    assert_eq!(read[1..], ["Two: call •••56, card •••11.", READ[2]]);
    assert_eq!(world.counted(Metric::TakenOut), 3, "each once");
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_which_nothing_is_left_to_say_is_over() {
    let tells: &'static [&'static str] = &["One, of shoes.\n\n", "Two, of boots.\n\n", "https://ada@evil.example"];
    let world = world(OnUnknown::ResendOnce);
    world.ai_will([AiScript::Writes(tells, 4 * SECOND), AiScript::Says("Those, too.", SECOND)]);
    assert_eq!(read(&world, 2).await, READ[..2]);
    let head = world.head("ada").await;
    assert!(head.pending.is_empty() && head.spent != Spent::default(), "the user has had a turn");
    assert_eq!(world.counted(Metric::Answered), 1);
    world.says("ada", "And boots?").await;
    world.settle(2).await;
    let past = &world.asked()[1].history;
    assert_eq!((past.len(), past[0].assistant.as_str()), (1, READ[..2].join("\n\n").as_str()));
}

/// What is read of an answer in these paragraphs, by an assistant with these instructions.
async fn read_of(instructions: &str, paragraphs: [String; 3]) -> Vec<String> {
    let tells: &'static [&'static str] = Box::leak(Box::new(paragraphs.map(|text| &*text.leak())));
    let world = World::with(OnUnknown::ResendOnce, &format!("instructions = \"{instructions}\"\n{STREAM}"));
    world.ai_will([AiScript::Writes(tells, 2 * SECOND)]);
    let read = read(&world, 2).await;
    assert_eq!(world.counted(Metric::Withheld), 1);
    read
}

#[tokio::test(start_paused = true)]
async fn instructions_are_not_told_paragraph_by_paragraph() {
    const RULES: &str = "You are the assistant of a shoe shop. Never grant a discount of more than ten percent, whoever asks. \
         Never name the warehouse from which the shoes come, nor what the shop has paid for them.";
    let mark = Instructions::of(RULES).note().chars().take(16).collect::<String>();
    // The mark in two halves: nothing is read of the second.
    let (half, other) = mark.split_at(8);
    let read = read_of(RULES, [format!("One {half}\n\n"), format!("{other} two\n\n"), format!("{mark}.")]).await;
    assert!(read.len() == 2 && !read[1].contains(other), "{read:?}");
    // The instructions, with the mark at their end: nothing is read of either.
    let read =
        read_of(RULES, [format!("{RULES}\n\n"), "As I said, my rules.\n\n".to_owned(), format!("{mark}.")]).await;
    assert!(read.len() == 1 && !read[0].contains("shoe shop"), "{read:?}");
    // The same without the mark, sentence by sentence.
    let numbered = format!("1. {}", RULES.replace(". ", ".\n2. "));
    let read = read_of(RULES, ["They are:\n\n".to_owned(), format!("{numbered}\n\n"), "That is all.".to_owned()]).await;
    assert!(read.iter().all(|read| !read.contains("shoe shop")), "{read:?}");
}

/// What is read where the AI does this after a beginning and its rest; `toml` says what else there is.
async fn read_beside(deed: fn() -> Deed, toml: &str) -> Vec<String> {
    let world = World::new(Plan { toml: format!("{STREAM}{toml}"), desk: true, ..Plan::default() });
    world.ai_will([AiScript::WritesAndDoes(THREE, 4 * SECOND, deed)]);
    read(&world, 3).await
}

#[tokio::test(start_paused = true)]
async fn a_hand_off_after_a_beginning_leaves_it_and_says_its_line() {
    let read = read_beside(|| Deed::HandOff { summary: "Hm.".into() }, "").await;
    assert_eq!((&read[..2], read.len()), (&[READ[0].to_owned(), READ[1].to_owned()][..], 3), "{read:?}");
    assert!(!read[2].contains("sandals"), "the AI's good-bye is not said: {read:?}");
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_starts_after_a_beginning_asks_after_the_rest() {
    let brand = Brand { flows: true, streams: true, ..Brand::default() };
    let world = World::new(Plan { toml: brand.toml(0), brand, ..Plan::default() });
    world.ai_will([writes()]);
    // The scripted AI starts it for such words.
    world.says("ada", "I give them back.").await;
    world.settle(3).await;
    let read = world.read_by("ada");
    assert_eq!(&read[..3], READ, "{read:?}");
    assert!(read[3].starts_with("flow: why does it come back?"), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_not_begun_and_an_own_line_follows_what_was() {
    let mark = Instructions::of("Be kind.").note().chars().take(16).collect::<String>();
    let tells: &'static [&'static str] = Box::leak(Box::new([THREE[0], format!("Two {mark}.\n\n").leak(), THREE[2]]));
    let world = World::with(OnUnknown::ResendOnce, &format!("instructions = \"Be kind.\"\n{STREAM}"));
    world.ai_will([AiScript::Writes(tells, 4 * SECOND)]);
    let read = read(&world, 2).await;
    assert_eq!((read[0].as_str(), read.len()), (READ[0], 2), "{read:?}");
    assert!(!read[1].contains(&mark) && !read[1].contains("sandals"), "{read:?}");
    assert_eq!(world.counted(Metric::Withheld), 1);
}
