//! Scripts of head writes: from a seed, mostly what a run would do next, now and then what it must not.

use std::time::Duration;

use models::{ConversationKey, MessageId, Recipient, Spent, Timestamp};
use store::{Aftermath, Claim, Head, HeadWrite, Held, Owner, RunToken, TurnKey, Voice};

/// Writes one after the other. The same seed gives the same script.
pub(crate) struct Script {
    state: u64,
    now: Timestamp,
    runs: u64,
}

impl Script {
    pub(crate) fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { state, now: Timestamp::from_seconds(1_800_000_000), runs: 0 }
    }

    /// The time of the write that came last.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The next write on `head`.
    pub(crate) fn next(&mut self, head: Option<&Head>) -> HeadWrite {
        self.now = self.now + Duration::from_secs(self.below(30));
        let head = head.cloned().unwrap_or_default();
        let held = self.held(&head);
        let turn =
            head.turn.as_ref().map_or(TurnKey { number: head.last_turn + 1, epoch: held.epoch }, |turn| turn.key);
        // Now and then of another turn than the one that is open.
        let turn = if self.below(8) == 0 { TurnKey { number: turn.number + 1, ..turn } } else { turn };
        let (part, copies) = head.turn.as_ref().map_or((1, 1), |turn| (turn.part, turn.copies));
        match self.below(13) {
            0..=2 => self.file(),
            3 | 4 => HeadWrite::Claim { message: self.message(), claim: self.claim() },
            5 | 6 => HeadWrite::Commit {
                held,
                turn,
                voice: self.voice(),
                parts: 2,
                covers: if self.below(4) == 0 { Vec::new() } else { head.next_covers() },
                seen: (self.below(2) == 0).then(|| head.sequence - self.below(2).min(head.sequence)),
                spent: self.spent(&head),
            },
            7 => HeadWrite::NextPart { held, turn, voice: self.voice(), part },
            8 => HeadWrite::PutBack { held, turn, part, copies, retry_at: self.now + Duration::from_secs(20) },
            9 => HeadWrite::SendAgain { held, turn, voice: self.voice(), copies },
            10 => {
                let covers = head.turn.as_ref().map_or_else(|| head.next_covers(), |turn| turn.covers.clone());
                let covers: Vec<_> = covers.into_iter().filter(|id| head.pending.contains_key(id)).collect();
                let (done, _) = head.done_after(&covers);
                HeadWrite::Settle {
                    held,
                    turn: head.turn.as_ref().map(|_| turn),
                    covers,
                    done,
                    last_turn: turn.number,
                    aftermath: self.aftermath(&head),
                    goes_on: self.below(4) == 0,
                }
            }
            11 => HeadWrite::Release { held },
            _ => self.rarely(),
        }
    }

    fn rarely(&mut self) -> HeadWrite {
        match self.below(8) {
            0 => return HeadWrite::Point { to: self.key() },
            1..=3 => return HeadWrite::Adopt { by: self.key(), known_as: vec![self.key()] },
            _ => {}
        }
        let owner = if self.below(2) == 0 { Owner::Person } else { Owner::Bot };
        HeadWrite::ChangeOwner { owner, at: self.now, sending: self.below(3) == 0 }
    }

    fn voice(&mut self) -> Voice {
        if self.below(3) == 0 { Voice::Person } else { Voice::Bot }
    }

    fn spent(&mut self, head: &Head) -> Spent {
        if self.below(3) == 0 { head.spent.and_told(self.now) } else { head.spent.and_a_turn(self.now) }
    }

    fn aftermath(&mut self, head: &Head) -> Option<Aftermath> {
        let at = self.now - Duration::from_secs(self.below(20));
        match self.below(10) {
            0 => Some(Aftermath::OptOut),
            1 => Some(Aftermath::OptIn),
            2 | 3 => Some(Aftermath::HandOver { at }),
            4 | 5 => Some(Aftermath::Spent(self.spent(head))),
            _ => None,
        }
    }

    fn file(&mut self) -> HeadWrite {
        let claim = (self.below(2) == 0).then(|| self.claim());
        let due = self.now + Duration::from_secs(self.below(4));
        let heard = (self.below(3) > 0).then(|| self.now - Duration::from_secs(self.below(3)));
        HeadWrite::File { message: self.message(), due, arrival: self.now, heard, claim, create: self.below(4) > 0 }
    }

    // Mostly the true holder; now and then one whose epoch is over, or whose token is another's.
    fn held(&mut self, head: &Head) -> Held {
        let run = head.run.clone().unwrap_or(RunToken("nobody".to_owned()));
        match self.below(8) {
            0 => Held { epoch: head.epoch.saturating_sub(1), run },
            1 => Held { epoch: head.epoch, run: RunToken("other".to_owned()) },
            _ => Held { epoch: head.epoch, run },
        }
    }

    fn claim(&mut self) -> Claim {
        self.runs += 1;
        let lease_until = self.now + Duration::from_secs(self.below(60));
        Claim { run: RunToken(format!("run-{}", self.runs)), lease_until, suspects: self.below(3) > 0 }
    }

    fn key(&mut self) -> ConversationKey {
        ConversationKey::of(&Recipient::External(self.below(3).to_string().into()))
    }

    fn message(&mut self) -> MessageId {
        MessageId::stored(format!("m{}", self.below(12)))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }
}
