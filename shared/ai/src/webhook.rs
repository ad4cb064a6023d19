//! Another bot platform that answers a signed POST.

mod answer;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use models::assistant::LATER_WITHIN;
use models::{ConversationKey, Personal};
use platform::clock::Clock;
use platform::secrets::Key;
use platform::standard_webhooks;
use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde::Serialize;

use crate::http::{BadBaseUrl, Server, address};
use crate::media::said;
use crate::tools::Calls;
use crate::{Ai, AiError, Answer, Later, Question, Tools};

const VERSION: u8 = 1;
/// The status by which a platform says that its answer comes later.
const ACCEPTED: u16 = 202;

/// A backend behind one address, which is called as it stands. The README of this crate is the reference of both bodies:
/// what stands there is never changed, only added to.
pub struct Webhook {
    server: Server,
    clock: Arc<dyn Clock>,
    later_within: Duration,
}

/// The body that is posted, and signed byte for byte. `sender` and `message` are what Rasa's REST channel calls them.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    version: u8,
    sender: &'a ConversationKey,
    message: Cow<'a, str>,
    language: Option<&'a str>,
    history: Vec<Spoken<'a>>,
    can_hand_off: bool,
    question: &'a str,
}

#[derive(Serialize)]
struct Spoken<'a> {
    from: &'static str,
    text: &'a Personal,
}

impl Webhook {
    /// A platform behind `url`. `secret` signs, as [`standard_webhooks::headers`] has it; `clock` dates each try.
    ///
    /// `http` must follow no redirects: a redirect would take the user's words to a host nobody chose.
    pub fn new(
        url: &str,
        secret: Arc<dyn Key>,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BadBaseUrl> {
        let server = Server { url: address(url)?, key: Some(secret), http, headers: &[] };
        Ok(Self { server, clock, later_within: LATER_WITHIN })
    }

    /// The same platform, whose answer is waited for so long if it says that it comes later.
    #[must_use]
    pub fn waited_for(self, later_within: Duration) -> Self {
        Self { later_within, ..self }
    }

    /// What the platform's answer means where `tools` were offered: of a 2xx its body does, of anything else the status and
    /// the `Retry-After` header. Of an answer that came later the body is read as that of a 200.
    pub fn read(status: u16, retry_after: Option<&str>, body: &[u8], tools: &Tools) -> Result<Answer, AiError> {
        crate::http::succeeded(status, retry_after)?;
        read(status, Ok(body), tools, LATER_WITHIN)
    }

    async fn ask(&self, question: &Question) -> Result<Answer, AiError> {
        let (id, body) = (format!("msg_{}", question.id.as_str()), body(question));
        let prove = |request: RequestBuilder, secret: &SecretString| {
            // A secret that cannot sign is as good as a wrong key.
            let signed = standard_webhooks::headers(secret, &id, self.clock.now().seconds(), &body)
                .ok_or(AiError::Refused { status: 401 })?;
            Ok(signed.into_iter().fold(request, |request, (name, value)| request.header(name, value)))
        };
        let posted = self.server.post_or_accept(body.clone(), prove).await?;
        let (status, body) = (posted.status, posted.whole());
        match read(status, body.as_deref().map_err(Clone::clone), &question.tools, self.later_within)? {
            Answer::Later(_) if question.passed > 0 => {
                Err(AiError::Unusable("it would come later, and nobody may wait"))
            }
            answer => Ok(answer),
        }
    }
}

/// What a 2xx means. A 202 that says nothing promises an answer, whatever its body is.
fn read(status: u16, body: Result<&[u8], AiError>, tools: &Tools, within: Duration) -> Result<Answer, AiError> {
    let answer = body.and_then(|body| answer::read(body, Calls::new(tools)));
    match answer {
        Ok(Answer::DontKnow) | Err(_) if status == ACCEPTED => Ok(Answer::Later(Later { within, passed: 0 })),
        answer => answer,
    }
}

#[async_trait]
impl Ai for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn answers_later(&self) -> bool {
        true
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        tokio::time::timeout(time, self.ask(question)).await.unwrap_or(Err(AiError::TimedOut))
    }
}

fn body(question: &Question) -> Vec<u8> {
    let history = question.history.iter().flat_map(|earlier| {
        [Spoken { from: "user", text: &earlier.user }, Spoken { from: "brand", text: &earlier.assistant }]
    });
    let body = Body {
        r#type: "question",
        version: VERSION,
        sender: &question.conversation,
        message: said(question, false),
        language: question.language.as_deref(),
        history: history.filter(|spoken| !spoken.text.is_empty()).collect(),
        can_hand_off: question.tools.hand_off,
        question: question.id.as_str(),
    };
    // Text, numbers and lists: there is nothing in it that JSON cannot say.
    serde_json::to_vec(&body).unwrap_or_default()
}
