//! The writes that change a head, as data: the embedded store applies them, and the DynamoDB store turns each into one conditional
//! update. The contract tests hold the two together.

use models::{ConversationKey, MessageId, Spent, Timestamp};

use crate::claim::Claim;
use crate::head::{Held, Owner, TurnKey, Voice};

/// One conditional write on a head. What only the holder of a claim may write is bound to that claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadWrite {
    /// Adds a message to the conversation, unless it is there or was; with a claim, takes the conversation as well.
    File {
        /// The message.
        message: MessageId,
        /// When its quiet period ends.
        due: Timestamp,
        /// When it reached the door.
        arrival: Timestamp,
        /// When the user wrote it, if the user did, and nothing later: the head remembers when the user last wrote.
        heard: Option<Timestamp>,
        /// Take the conversation in the same write.
        claim: Option<Claim>,
        /// Whether a conversation may begin with it; otherwise a head must be there.
        create: bool,
    },
    /// Takes the conversation for a message that is still pending.
    Claim {
        /// The message.
        message: MessageId,
        /// The claim.
        claim: Claim,
    },
    /// Commits a draft and begins sending its first part. Refused when the bot is to speak and a person owns the
    /// conversation or, with `seen`, when something newer was filed: this one write is the outbox, the look-again and the
    /// ownership check.
    Commit {
        /// The claim.
        held: Held,
        /// The draft's row.
        turn: TurnKey,
        /// In whose name it speaks.
        voice: Voice,
        /// How many parts it has.
        parts: u32,
        /// The messages that are over with once it was sent.
        covers: Vec<MessageId>,
        /// The newest filing the draft knows of.
        seen: Option<u64>,
        /// The user's turns from now on.
        spent: Spent,
    },
    /// Part `part` was accepted; begins the next one.
    NextPart {
        /// The claim.
        held: Held,
        /// The turn.
        turn: TurnKey,
        /// In whose name it speaks.
        voice: Voice,
        /// The part that was accepted.
        part: u32,
    },
    /// The current part was not accepted: no copy of it is out. Frees the conversation until `retry_at`.
    PutBack {
        /// The claim.
        held: Held,
        /// The turn.
        turn: TurnKey,
        /// The part.
        part: u32,
        /// Copies that had been begun, this one included.
        copies: u32,
        /// Not before this.
        retry_at: Timestamp,
    },
    /// Begins one more copy of the current part.
    SendAgain {
        /// The claim.
        held: Held,
        /// The turn.
        turn: TurnKey,
        /// In whose name it speaks.
        voice: Voice,
        /// Copies that had been begun before.
        copies: u32,
    },
    /// Ends the turn, or a run without one: `covers` are no longer pending and the conversation is free.
    Settle {
        /// The claim.
        held: Held,
        /// The committed turn, if there is one.
        turn: Option<TurnKey>,
        /// The messages that are no longer pending; each is pending now.
        covers: Vec<MessageId>,
        /// The remembered ids from now on.
        done: Vec<MessageId>,
        /// The number of the last turn from now on.
        last_turn: u64,
        /// What else is so from now on. Handing over is refused if the owner was changed at a later door time.
        aftermath: Option<Aftermath>,
        /// Whether the run goes on: then it still holds the conversation.
        goes_on: bool,
    },
    /// Gives the conversation back with nothing settled, so that the next delivery need not wait for the lease.
    Release {
        /// The claim.
        held: Held,
    },
    /// Changes the owner; the later door time wins. Fences the holder, unless a part is on its way (`sending`).
    ChangeOwner {
        /// The new owner.
        owner: Owner,
        /// Door time of the change.
        at: Timestamp,
        /// Whether this is for a head whose turn is being sent.
        sending: bool,
    },
    /// Leaves a sign to the conversation the same person already has under another key, or lets one to that conversation last
    /// longer.
    Point {
        /// The older key.
        to: ConversationKey,
    },
    /// Takes an older conversation over for a newer key of the same person. Refused if somebody else has: people who share a
    /// phone must not share a conversation.
    Adopt {
        /// The newer key.
        by: ConversationKey,
        /// The other keys of the same person.
        known_as: Vec<ConversationKey>,
    },
}

/// What settling a turn brings about beside that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// A person owns the conversation.
    HandOver {
        /// The moment that counts as the change's door time.
        at: Timestamp,
    },
    /// The user has opted out: the head never expires, and the bot is silent.
    OptOut,
    /// The user has opted in again.
    OptIn,
    /// The user has had so many turns, though nothing was said.
    Spent(Spent),
}

/// The condition did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionFailed;
