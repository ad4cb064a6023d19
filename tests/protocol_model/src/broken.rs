//! The promises, by what it means to break them.

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A message is not settled, and neither in the queue nor among the dead letters.
    Stranded,
    /// A user may read two different replies to one message.
    TwoReplies,
    /// A part went out more often than `ON_UNKNOWN` allows.
    TooManyCopies,
    /// A further copy was begun, or arrived, although the outcome of every one before is known.
    NeedlessCopy,
    /// A turn was flagged although the outcome of every send is known.
    NeedlessFlag,
    /// A message was settled without an answer, and nobody meant that.
    Unanswered,
    /// A send was begun while a person owned the conversation.
    SentAfterTakeover,
    /// A part reached the user before the one it follows.
    OutOfOrder,
    /// The AI was asked more often about one turn than its attempts allow.
    AskedTooOften,
    /// A reply was begun although something newer was filed, and the AI was not yet asked once more.
    NewerIgnored,
    /// A send was begun before Braze allows it.
    TooEarly,
    /// A conversation whose last run ended badly was taken by a run that has other conversations too.
    NotAlone,
    /// A conversation was taken while somebody's lease of it held.
    Overtaken,
    /// A message was given up although nothing went wrong.
    GivenUp,
    /// A user was told twice that one answer takes a moment.
    MomentTwice,
    /// The AI was asked a question once more although its answer may still come.
    AskedAgain,
    /// What came later was said to another question.
    AnotherQuestion,
    /// What came later was said although the time of its question was over.
    SaidTooLate,
    /// An answer that came in time was dropped although its question is waited for.
    AnswerDropped,
    /// With nothing going wrong any more, the conversation never comes to rest.
    NeverSettles,
}

impl Broken {
    /// What is wrong, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Stranded => "an unsettled message is neither in the queue nor among the dead letters",
            Self::TwoReplies => "a user may read two different replies to one message",
            Self::TooManyCopies => "a part reached the user more often than allowed",
            Self::NeedlessCopy => "one more copy although the outcome of every one before is known",
            Self::NeedlessFlag => "flagged although the outcome of every send is known",
            Self::Unanswered => "a message is settled without an answer",
            Self::SentAfterTakeover => "a send begins although a person has taken over",
            Self::OutOfOrder => "a part reached the user before the one it follows",
            Self::AskedTooOften => "the AI is asked more often than the attempts allow",
            Self::NewerIgnored => "a reply is begun although something newer was filed",
            Self::TooEarly => "a send begins before Braze allows it",
            Self::NotAlone => "a conversation whose last run ended badly is taken beside others",
            Self::Overtaken => "a conversation is taken while somebody's lease of it holds",
            Self::GivenUp => "a message is given up although nothing went wrong",
            Self::MomentTwice => "a user is told twice that one answer takes a moment",
            Self::AskedAgain => "a question is asked again although its answer may still come",
            Self::AnotherQuestion => "what came later is said to another question",
            Self::SaidTooLate => "what came later is said although the time of its question is over",
            Self::AnswerDropped => "an answer that is waited for is dropped",
            Self::NeverSettles => "with nothing going wrong any more, this never comes to rest",
        }
    }
}
