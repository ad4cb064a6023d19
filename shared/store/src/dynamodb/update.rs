//! A head write as one conditional update: the same meaning as [`HeadWrite::apply`], in DynamoDB's words.
//!
//! Two habits of DynamoDB are used throughout: a comparison with an absent attribute is false, so `NOT contains(dn, :id)`
//! holds where there is no `dn`; and every value on the right of a `SET` is the one from before the update.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use models::{ConversationKey, MessageId, Spent, Timestamp};

use super::item::{EXPIRES_AT, ids, millis, number, pending, pending_name, sequence_name, spent_words, text};
use crate::claim::Claim;
use crate::head::{Held, MOST_PENDING, NEVER, Owner, TurnKey, Voice};
use crate::head_write::{Aftermath, HeadWrite};
use crate::sort_key;

/// An update in the making. Attribute names go in as they are (`ep`) where they are plain and no reserved word, behind a
/// placeholder where they hold an id.
#[derive(Debug, Default)]
pub(super) struct Update {
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    /// Placeholders for attribute names.
    pub(super) names: HashMap<String, String>,
    /// Placeholders for values.
    pub(super) values: HashMap<String, AttributeValue>,
}

const FREE: &str = "(attribute_not_exists(lu) OR lu < :now) AND (attribute_not_exists(tr) OR tr <= :now)";

/// A head without attempts, or whose last run gave it back.
const UNSUSPECT: &str = "(attribute_not_exists(ac) OR ac = :none OR attribute_not_exists(lu) OR lu = :none)";

impl Update {
    /// The update that `write` is at `now`.
    pub(super) fn of(write: &HeadWrite, now: Timestamp) -> Self {
        let mut update = Self::default();
        update.expire(write, now);
        match write {
            HeadWrite::File { message, due, arrival, heard, claim, create } => {
                update.file(message, *due, *arrival, *create);
                if let Some(heard) = heard {
                    update.when("(attribute_not_exists(hd) OR hd <= :hd)");
                    update.set("hd", millis(*heard));
                }
                if let Some(claim) = claim {
                    update.claim(claim, now);
                }
            }
            HeadWrite::Claim { message, claim } => {
                update.names.insert("#p".to_owned(), pending_name(message));
                update.when("attribute_exists(#p)");
                update.claim(claim, now);
            }
            HeadWrite::Commit { held, turn, voice, parts, covers, seen, spent } => {
                update.commit(held, *turn, *parts, covers, *spent);
                update.hears(*voice);
                update.set("tq", text(if *voice == Voice::Bot { "b" } else { "h" }));
                if let Some(seen) = seen {
                    update.when_equal("sq", number(*seen));
                }
            }
            HeadWrite::NextPart { held, turn, voice, part } => {
                update.next_part(held, *turn, *part);
                update.hears(*voice);
            }
            HeadWrite::PutBack { held, turn, part, copies, retry_at } => {
                update.put_back(held, *turn, *part, *copies, *retry_at);
            }
            HeadWrite::SendAgain { held, turn, voice, copies } => {
                update.send_again(held, *turn, *copies);
                update.hears(*voice);
            }
            HeadWrite::Settle { held, turn, covers, done, last_turn, aftermath, goes_on } => {
                update.settle(held, *turn, covers, done, *last_turn);
                if !goes_on {
                    update.set("ac", number(0_u64));
                    update.set("lu", number(0_u64));
                }
                match aftermath {
                    Some(Aftermath::HandOver { at }) => update.belongs_to(Owner::Person, *at),
                    Some(Aftermath::Spent(spent)) => update.set("bu", text(spent_words(spent))),
                    // The item expires later, or never.
                    Some(Aftermath::OptOut | Aftermath::OptIn) | None => {}
                }
            }
            HeadWrite::Release { held } => {
                update.held(held);
                update.set("lu", number(0_u64));
            }
            HeadWrite::ChangeOwner { owner, at, sending } => update.change_owner(*owner, *at, *sending),
            HeadWrite::Point { to } => {
                update.when("(attribute_not_exists(pk) OR mv = :mv)");
                update.set("mv", text(to.as_str()));
            }
            HeadWrite::Adopt { by, known_as } => update.adopt(by, known_as),
        }
        update
    }

    /// The head of somebody who opted out holds in `kp` when it expires: never.
    fn expire(&mut self, write: &HeadWrite, now: Timestamp) {
        let life = number((now + write.life()).seconds());
        match write {
            HeadWrite::Settle { aftermath: Some(Aftermath::OptOut), .. } => {
                self.set(EXPIRES_AT, number(NEVER.seconds()));
                self.set("kp", number(NEVER.seconds()));
            }
            HeadWrite::Settle { aftermath: Some(Aftermath::OptIn), .. } => {
                self.set(EXPIRES_AT, life);
                self.remove.push("kp".to_owned());
            }
            _ => {
                self.set.push(format!("{EXPIRES_AT} = if_not_exists(kp, :{EXPIRES_AT})"));
                self.value(&format!(":{EXPIRES_AT}"), life);
            }
        }
    }

    /// The condition expression.
    pub(super) fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }

    /// The update expression.
    pub(super) fn expression(&self) -> String {
        let remove = if self.remove.is_empty() { String::new() } else { format!(" REMOVE {}", self.remove.join(", ")) };
        format!("SET {}{remove}", self.set.join(", "))
    }

    fn file(&mut self, message: &MessageId, due: Timestamp, arrival: Timestamp, create: bool) {
        self.names.insert("#p".to_owned(), pending_name(message));
        self.names.insert("#s".to_owned(), sequence_name(message));
        self.value(":id", text(message.as_str()));
        self.value(":most", number(MOST_PENDING as u64));
        self.when("attribute_not_exists(#p) AND NOT contains(dn, :id) AND attribute_not_exists(mv)");
        self.when("(attribute_not_exists(er) OR er < :arrival)");
        self.value(":arrival", millis(arrival));
        self.when("(attribute_not_exists(pn) OR pn < :most)");
        if !create {
            self.when("attribute_exists(pk)");
        }
        self.add("sq", 1);
        self.set.push("#s = if_not_exists(sq, :none) + :add_sq".to_owned());
        self.add("pn", 1);
        self.set("#p", pending(due, arrival));
    }

    fn claim(&mut self, claim: &Claim, now: Timestamp) {
        self.when(FREE);
        if !claim.suspects {
            self.when(UNSUSPECT);
        }
        self.value(":now", millis(now));
        self.add("ep", 1);
        self.add("ac", 1);
        self.set("ru", text(&claim.run.0));
        self.set("lu", millis(claim.lease_until));
    }

    fn commit(&mut self, held: &Held, turn: TurnKey, parts: u32, covers: &[MessageId], spent: Spent) {
        self.held(held);
        self.when("attribute_not_exists(tk)");
        self.set("bu", text(spent_words(&spent)));
        self.set("tk", text(sort_key::turn(turn)));
        self.set("ts", text("s"));
        self.set("tp", number(1_u64));
        self.set("tt", number(parts));
        self.set("tc", number(1_u64));
        self.set("tv", ids(covers));
    }

    fn next_part(&mut self, held: &Held, turn: TurnKey, part: u32) {
        self.held(held);
        self.on_turn(turn);
        self.when_equal("ts", text("s"));
        self.when_equal("tp", number(part));
        self.set("tp", number(part + 1));
        self.set("tc", number(1_u64));
    }

    fn put_back(&mut self, held: &Held, turn: TurnKey, part: u32, copies: u32, retry_at: Timestamp) {
        self.held(held);
        self.on_turn(turn);
        self.when_equal("ts", text("s"));
        self.when_equal("tp", number(part));
        self.when_equal("tc", number(copies));
        self.set("ts", text("r"));
        self.set("tc", number(copies.saturating_sub(1)));
        self.set("tr", millis(retry_at));
        self.set("lu", number(0_u64));
    }

    fn send_again(&mut self, held: &Held, turn: TurnKey, copies: u32) {
        self.held(held);
        self.on_turn(turn);
        self.when_equal("tc", number(copies));
        self.set("ts", text("s"));
        self.set("tc", number(copies + 1));
        self.remove.push("tr".to_owned());
    }

    fn settle(&mut self, held: &Held, turn: Option<TurnKey>, covers: &[MessageId], done: &[MessageId], last_turn: u64) {
        self.held(held);
        match turn {
            Some(turn) => self.on_turn(turn),
            None => self.when("attribute_not_exists(tk)"),
        }
        for (index, id) in covers.iter().enumerate() {
            self.names.insert(format!("#p{index}"), pending_name(id));
            self.names.insert(format!("#s{index}"), sequence_name(id));
            self.remove.extend([format!("#p{index}"), format!("#s{index}")]);
        }
        self.remove.extend(["tk", "tq", "ts", "tp", "tt", "tc", "tv", "tr"].map(str::to_owned));
        self.value(":covered", number(covers.len() as u64));
        self.set.push("pn = pn - :covered".to_owned());
        self.set("dn", ids(done));
        self.set("tn", number(last_turn));
    }

    fn change_owner(&mut self, owner: Owner, at: Timestamp, sending: bool) {
        self.when("attribute_not_exists(mv)");
        self.when("(attribute_not_exists(er) OR er < :mt)");
        self.belongs_to(owner, at);
        self.value(":sending", text("s"));
        if sending {
            self.when("ts = :sending");
        } else {
            self.when("(attribute_not_exists(ts) OR ts <> :sending)");
            self.add("ep", 1);
            self.set("ac", number(0_u64));
            self.set("lu", number(0_u64));
        }
    }

    fn adopt(&mut self, by: &ConversationKey, known_as: &[ConversationKey]) {
        self.when("attribute_exists(pk) AND attribute_not_exists(mv)");
        let mut owners = vec![":ad".to_owned()];
        for (index, key) in known_as.iter().enumerate() {
            self.value(&format!(":known{index}"), text(key.as_str()));
            owners.push(format!(":known{index}"));
        }
        self.when(&format!("(attribute_not_exists(ad) OR ad IN ({}))", owners.join(", ")));
        self.set("ad", text(by.as_str()));
    }

    fn held(&mut self, held: &Held) {
        self.when_equal("ep", number(held.epoch));
        self.when_equal("ru", text(&held.run.0));
    }

    fn belongs_to(&mut self, owner: Owner, at: Timestamp) {
        self.when("(attribute_not_exists(mt) OR mt < :mt)");
        self.set("mt", millis(at));
        match owner {
            Owner::Person => {
                self.set("md", text("h"));
                self.set.push("hs = if_not_exists(hs, :mt)".to_owned());
            }
            Owner::Bot => {
                self.set("md", text("b"));
                self.remove.push("hs".to_owned());
            }
        }
    }

    fn hears(&mut self, voice: Voice) {
        if voice == Voice::Bot {
            self.when("(attribute_not_exists(md) OR md = :bot)");
            self.value(":bot", text("b"));
        }
    }

    fn on_turn(&mut self, turn: TurnKey) {
        self.when_equal("tk", text(sort_key::turn(turn)));
    }

    fn set(&mut self, name: &str, value: AttributeValue) {
        let placeholder = format!(":{}", name.trim_start_matches('#'));
        self.set.push(format!("{name} = {placeholder}"));
        self.value(&placeholder, value);
    }

    fn add(&mut self, name: &str, amount: u64) {
        self.set.push(format!("{name} = if_not_exists({name}, :none) + :add_{name}"));
        self.value(":none", number(0_u64));
        self.value(&format!(":add_{name}"), number(amount));
    }

    fn when_equal(&mut self, name: &str, value: AttributeValue) {
        self.when(&format!("{name} = :is_{name}"));
        self.value(&format!(":is_{name}"), value);
    }

    fn when(&mut self, condition: &str) {
        self.conditions.push(condition.to_owned());
    }

    fn value(&mut self, placeholder: &str, value: AttributeValue) {
        self.values.insert(placeholder.to_owned(), value);
    }
}
