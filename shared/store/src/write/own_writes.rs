//! After a refusal: which head shows that the refused write was our own, applied before, and which one does not.

use std::collections::BTreeMap;
use std::time::Duration;

use models::{ConversationKey, MessageId, Spent};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000);
const LATER: Timestamp = Timestamp::from_seconds(1_060);
const TURN: TurnKey = TurnKey { number: 1, epoch: 3 };

/// One respect in which a head differs from what the write leaves.
type Change = (&'static str, fn(&mut Head));

const OTHER_EPOCH: Change = ("somebody took it since", |head| head.epoch += 1);
const OTHER_RUN: Change = ("another run holds it", |head| head.run = Some(run("r9")));
const OTHER_TURN: Change = ("another turn is open", |head| on_turn(head).key.number += 1);
const NO_TURN: Change = ("no turn is open", |head| head.turn = None);

fn run(name: &str) -> RunToken {
    RunToken(name.to_owned())
}

fn id(name: &str) -> MessageId {
    MessageId::stored(name)
}

fn key(name: &str) -> ConversationKey {
    ConversationKey::parse(&format!("user:{name}")).unwrap()
}

fn held() -> Held {
    Held { epoch: 3, run: run("r1") }
}

fn claim(name: &str) -> Claim {
    Claim { run: run(name), lease_until: LATER, suspects: true }
}

fn on_turn(head: &mut Head) -> &mut OpenTurn {
    head.turn.as_mut().unwrap()
}

/// A conversation with two messages, claimed by `r1`.
fn claimed() -> Head {
    let pending = |sequence| Pending { sequence, due: NOW, arrival: NOW };
    Head {
        epoch: 3,
        run: Some(run("r1")),
        lease_until: LATER,
        attempts: 1,
        sequence: 2,
        pending: BTreeMap::from([(id("m1"), pending(1)), (id("m2"), pending(2))]),
        ..Head::default()
    }
}

/// The same, given back.
fn free() -> Head {
    Head { lease_until: Timestamp::EPOCH, ..claimed() }
}

/// The same, with the first of three parts on its way.
fn sending() -> Head {
    let covers = vec![id("m1"), id("m2")];
    let turn = OpenTurn {
        key: TURN,
        voice: Voice::Bot,
        state: SendState::Sending,
        part: 1,
        parts: 3,
        copies: 1,
        covers,
        retry_at: None,
    };
    Head { turn: Some(turn), ..claimed() }
}

/// `write` is recognised in what it makes of `before`, and in nothing that differs from that in one respect.
fn recognised(before: &Head, write: &HeadWrite, not_in: &[Change]) {
    let after = write.apply(Some(before), NOW).unwrap();
    assert!(write.was_applied(&after), "{write:?}");
    assert!(!write.was_applied(before), "{write:?} before it happened");
    for (name, change) in not_in {
        let mut other = after.clone();
        change(&mut other);
        assert!(!write.was_applied(&other), "{write:?}, although {name}");
    }
}

#[test]
fn a_filing_is_recognised_by_its_message_and_its_claim() {
    let file =
        |claim| HeadWrite::File { message: id("m3"), due: NOW, arrival: NOW, heard: Some(NOW), claim, create: true };
    let gone: Change = ("the message is not there", |head| head.pending.retain(|other, _| *other != id("m3")));
    recognised(&free(), &file(None), &[gone]);
    recognised(&free(), &file(Some(claim("r2"))), &[gone, OTHER_RUN]);
    recognised(&free(), &HeadWrite::Claim { message: id("m1"), claim: claim("r2") }, &[OTHER_RUN]);
}

#[test]
fn a_step_of_a_turn_is_recognised_by_its_holder_its_turn_and_where_that_stands() {
    let commit = HeadWrite::Commit {
        held: held(),
        turn: TURN,
        voice: Voice::Bot,
        parts: 3,
        covers: vec![id("m1"), id("m2")],
        seen: Some(2),
        spent: Spent::default(),
    };
    let ready: Change = ("its part was put back", |head| on_turn(head).state = SendState::Ready);
    let sent: Change = ("a copy is on its way", |head| on_turn(head).state = SendState::Sending);
    let next: Change = ("the next part is on its way", |head| on_turn(head).part += 1);
    let copied: Change = ("one more copy is on its way", |head| on_turn(head).copies += 1);
    recognised(&claimed(), &commit, &[OTHER_EPOCH, OTHER_RUN, OTHER_TURN, NO_TURN, ready, next]);

    let next_part = HeadWrite::NextPart { held: held(), turn: TURN, voice: Voice::Bot, part: 1 };
    recognised(&sending(), &next_part, &[OTHER_EPOCH, OTHER_RUN, OTHER_TURN, NO_TURN, next]);

    let put_back = HeadWrite::PutBack { held: held(), turn: TURN, part: 1, copies: 1, retry_at: LATER };
    recognised(&sending(), &put_back, &[OTHER_EPOCH, OTHER_RUN, OTHER_TURN, NO_TURN, sent, copied]);

    let again = HeadWrite::SendAgain { held: held(), turn: TURN, voice: Voice::Bot, copies: 1 };
    recognised(&sending(), &again, &[OTHER_EPOCH, OTHER_RUN, OTHER_TURN, NO_TURN, ready, copied]);
}

#[test]
fn a_settling_is_recognised_when_nothing_of_it_is_left_to_do() {
    let settle = |turn| HeadWrite::Settle {
        held: held(),
        turn,
        covers: vec![id("m1"), id("m2")],
        done: vec![id("m1"), id("m2")],
        last_turn: 1,
        aftermath: None,
        goes_on: false,
    };
    let waiting: Change = ("one of its messages still waits", |head| {
        head.pending.insert(id("m2"), Pending { sequence: 2, due: NOW, arrival: NOW });
    });
    let open: Change = ("its turn is still open", |head| head.turn = sending().turn);
    let leased: Change = ("its run still holds the conversation", |head| head.lease_until = LATER);
    recognised(&sending(), &settle(Some(TURN)), &[waiting, open, leased]);
    recognised(&claimed(), &settle(None), &[waiting, leased]);

    let mut taken = settle(Some(TURN)).apply(Some(&sending()), NOW).unwrap();
    (taken.epoch, taken.run, taken.lease_until) = (4, Some(run("r2")), LATER);
    assert!(settle(Some(TURN)).was_applied(&taken), "whoever took it since changes nothing of that");
}

#[test]
fn the_end_of_a_turn_whose_run_goes_on_is_recognised_by_the_run_that_still_holds_the_conversation() {
    let ended = HeadWrite::Settle {
        held: held(),
        turn: Some(TURN),
        covers: vec![],
        done: vec![],
        last_turn: 1,
        aftermath: None,
        goes_on: true,
    };
    let open: Change = ("its turn is still open", |head| head.turn = sending().turn);
    let earlier: Change = ("the turn before is the last one", |head| head.last_turn = 0);
    recognised(&sending(), &ended, &[OTHER_EPOCH, OTHER_RUN, open, earlier]);

    let (before, after) = (sending(), ended.apply(Some(&sending()), NOW).unwrap());
    assert_eq!((after.lease_until, after.attempts), (before.lease_until, before.attempts), "as it was");
}

#[test]
fn a_release_and_a_change_of_owner_are_recognised_by_what_they_leave() {
    let leased: Change = ("it is leased", |head| head.lease_until = LATER);
    recognised(&claimed(), &HeadWrite::Release { held: held() }, &[leased, OTHER_EPOCH, OTHER_RUN]);

    let change = HeadWrite::ChangeOwner { owner: Owner::Person, at: NOW, sending: false };
    let bot: Change = ("the bot owns it", |head| head.owner = Owner::Bot);
    let since: Change = ("that was another change", |head| head.owner_since = Some(LATER));
    recognised(&free(), &change, &[bot, since]);
}

#[test]
fn a_sign_and_an_adoption_are_recognised_by_their_key() {
    let adopt = HeadWrite::Adopt { by: key("42"), known_as: vec![] };
    recognised(&free(), &adopt, &[("somebody else adopted it", |head| head.adopted_by = Some(key("7")))]);

    let point = HeadWrite::Point { to: key("42") };
    let sign = point.apply(None, NOW).unwrap();
    assert!(point.was_applied(&sign));
    assert!(!point.was_applied(&Head::default()));
    assert!(!point.was_applied(&Head { moved_to: Some(key("7")), ..sign }));
}

#[test]
fn a_claim_ends_a_margin_after_the_deadline_and_proves_itself_with_its_epoch() {
    let claim = Claim::until(run("r2"), NOW, Duration::from_secs(10), true);
    assert_eq!(claim.lease_until, NOW + Duration::from_secs(10));
    let write = HeadWrite::Claim { message: id("m1"), claim: claim.clone() };
    let head = write.apply(Some(&free()), NOW).unwrap();
    assert_eq!(claim.held(&head), Held { epoch: 4, run: run("r2") });
}
