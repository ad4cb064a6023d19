//! Pictures, voice messages and files that users send, on the real binaries: what of them the AI gets, what the user reads, and
//! that nothing of them stays behind.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::Uri;
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::{Fake, FileOnce, Stack, TABLE, serve, serve_braze};
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR canary of a picture";
const OGG: &[u8] = b"OggS\0\x02 canary of a voice";

struct Shop {
    stack: Stack,
    ai: Fake,
    /// Where Braze keeps what users send.
    media: String,
    /// What the voice messages say from now on.
    hears: Arc<Mutex<Value>>,
    asked: Mutex<u32>,
    _assistant: FileOnce,
}

impl Shop {
    async fn open() -> Self {
        let keeps = |uri: Uri| async move {
            match uri.path().rsplit('.').next().unwrap_or_default() {
                "png" => PNG.to_vec(),
                "ogg" => OGG.to_vec(),
                _ => b"<!doctype html><p>Log in</p>".to_vec(),
            }
        };
        let media = serve(Router::new().fallback(keeps)).await;
        let hears = Arc::new(Mutex::new(Value::Null));
        let said = Arc::clone(&hears);
        let transcribe = move |form: Bytes| async move {
            assert!(form.windows(OGG.len()).any(|window| window == OGG), "the whole message is sent");
            Json(said.lock().unwrap().clone())
        };
        let voice = serve(Router::new().route("/v1/audio/transcriptions", post(transcribe))).await;
        let assistant = FileOnce::with(
            &format!("media-{}", media.rsplit(':').next().unwrap()),
            &format!(
                "[quiet_period]\nfragment_seconds = 0\n[media]\nimages = true\nhosts = [\"127.0.0.1\"]\nprivate = true\n\
                 [media.voice]\nbase_url = \"{voice}/v1\"\nmodel = \"whisper-1\"\n\
                 [flows.return]\nstart = [\"return\"]\n[[flows.return.steps]]\nname = \"order\"\nsay = \"Which order?\"\n\
                 expect = \"text\"\n[[flows.return.steps]]\nname = \"thanks\"\nsay = \"Noted.\"\nexpect = \"nothing\"\n"
            ),
        );
        let ai = Fake::default();
        let at = ai.serve("/v1/chat/completions").await + "/v1";
        let (braze, endpoint) = serve_braze().await;
        let settings = [
            ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
            ("BRAZE_ENDPOINT", &*endpoint),
            ("ASSISTANT_CONFIG", assistant.path()),
            ("AI_BACKEND", "openai"),
            ("AI_BASE_URL", &at),
            ("AI_MODEL", "any"),
        ];
        let stack = Stack::deploy_with(braze, &settings).await;
        stack.introduce("ada");
        Self { stack, ai, media, hears, asked: Mutex::new(0), _assistant: assistant }
    }

    /// Ada sends this, and what she reads then.
    async fn sends(&self, text: &str, file: &str) -> Vec<String> {
        let before = self.stack.read_by("ada").len();
        let number = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            *asked
        };
        let url = if file.is_empty() { String::new() } else { format!("{}/canary-{file}", self.media) };
        let body = format!(
            r#"{{"v": 1, "dispatch_id": "d{number}", "sent_at": "1", "user_id": "ada", "braze_id": "", "phone_number": "", "language": "en", "profile_name": "", "media_urls": "{url}", "message": "{text}"}}"#
        );
        let answer = self.stack.webhook("canary-webhook-token", &body).await;
        assert_eq!(answer["statusCode"], 202, "{answer}");
        self.stack.feed(|| self.stack.is_settled()).await;
        self.stack.read_by("ada").split_off(before)
    }

    fn will_say(&self, text: &str) {
        self.ai.will_say(&json!({"role": "assistant", "content": text}));
    }

    /// The messages of the last question, without the instructions.
    fn last_asked(&self) -> Vec<Value> {
        let asked = self.ai.asked();
        asked.last().unwrap()["messages"].as_array().unwrap()[1..].to_vec()
    }
}

#[tokio::test]
async fn a_picture_is_shown_once_and_later_turns_know_that_there_was_one() {
    let shop = Shop::open().await;
    shop.will_say("A blue shoe.");
    assert_eq!(shop.sends("", "shoe.png").await, ["A blue shoe."]);
    let url = format!("data:image/png;base64,{}", STANDARD.encode(PNG));
    let shown = "[The customer sent a picture. You see it here.]";
    let content = json!([{"type": "text", "text": shown}, {"type": "image_url", "image_url": {"url": url}}]);
    assert_eq!(shop.last_asked(), [json!({"role": "user", "content": content})]);

    shop.will_say("In 38.");
    assert_eq!(shop.sends("Which size is it?", "").await, ["In 38."]);
    let remembered = [
        json!({"role": "user", "content": "[The customer sent a picture.]"}),
        json!({"role": "assistant", "content": "A blue shoe."}),
        json!({"role": "user", "content": "Which size is it?"}),
    ];
    assert_eq!(shop.last_asked(), remembered);

    let items: String = shop.stack.aws.items(TABLE).iter().map(ToString::to_string).collect();
    assert!(items.contains("picture") && !items.contains(&STANDARD.encode(PNG)) && !items.contains("IHDR"), "{items}");
    let output = shop.stack.responder.stdout() + &shop.stack.responder.stderr();
    assert!(output.contains("\"PictureOpened\":1") && !output.contains("canary-shoe"), "{output}");
}

#[tokio::test]
async fn a_voice_message_is_words_for_the_ai_and_never_a_keyword() {
    let shop = Shop::open().await;
    *shop.hears.lock().unwrap() = json!({"text": "Stop."});
    shop.will_say("What shall I stop?");
    assert_eq!(shop.sends("", "voice.ogg").await, ["What shall I stop?"]);
    let asked = shop.last_asked();
    let content = asked[0]["content"].as_str().unwrap();
    assert!(content.starts_with("Stop.\n[Some of this was said in a voice message"), "{content}");

    shop.will_say("Gladly.");
    assert_eq!(shop.sends("Nothing, go on please!", "").await, ["Gladly."], "nobody has opted out");
    assert_eq!(shop.last_asked()[0]["content"], "Stop.\n[The customer sent a voice message.]");
}

#[tokio::test]
async fn spoken_words_answer_a_flow_and_neither_begin_nor_end_one() {
    let shop = Shop::open().await;
    *shop.hears.lock().unwrap() = json!({"text": "Return."});
    shop.will_say("Do you want to send something back?");
    assert_eq!(shop.sends("", "voice.ogg").await, ["Do you want to send something back?"]);
    assert_eq!(shop.sends("return", "").await, ["Which order?"]);
    *shop.hears.lock().unwrap() = json!({"text": "Cancel."});
    assert_eq!(shop.sends("", "voice.ogg").await, ["Noted."], "it may be the name of a book");
    assert_eq!(shop.ai.asked().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_opened_is_named_beside_words_and_alone_gets_a_line() {
    let shop = Shop::open().await;
    *shop.hears.lock().unwrap() = json!({"text": " "});
    for (file, line) in [
        ("cv.pdf", "can't open"),
        ("page.jpg", "can't open"),
        ("voice.ogg", "couldn't make out"),
        ("clip.mp4", "can't open"),
    ] {
        let read = shop.sends("", file).await;
        assert!(read.len() == 1 && read[0].contains(line), "{file}: {read:?}");
    }
    assert!(shop.ai.asked().is_empty(), "a question without a word is none");
    shop.will_say("Thank you.");
    assert_eq!(shop.sends("My application", "cv.pdf").await, ["Thank you."]);
    let note = "My application\n[The customer sent a PDF, which you cannot open.]";
    assert_eq!(shop.last_asked().last().unwrap()["content"], note);
}
