//! Voice messages: what is sent to a server that transcribes, and what is made of what comes back.

use std::time::Duration;

use ai::{Opened, Usage};
use models::MediaKind;
use platform::metrics::Metric;

use crate::server::{Server, response};
use crate::{AMPLE, OGG, PNG, attached, reader_of};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// Braze's place with a voice message, and a server that answers about it.
async fn heard(status: u16, answer: &'static str, more: &str, time: Duration) -> (Opened, Vec<(Metric, u64)>, Server) {
    let (media, voice) = (Server::fixed(200, &[], OGG).await, Server::fixed(status, JSON, answer).await);
    let toml = format!(
        "[media]\nhosts = [\"127.0.0.1\"]\nprivate = true\n\
         [media.voice]\nbase_url = \"{}\"\nmodel = \"whisper-1\"\nkey = \"voice_key\"\n{more}",
        voice.base_url
    );
    let (reader, counts) = reader_of(&toml);
    let mut opened = reader.open(&attached(&[&format!("{}/1.ogg", media.base_url)]), false, time).await;
    (opened.remove(0), counts.all(), voice)
}

#[tokio::test]
async fn a_voice_message_becomes_words_and_the_form_is_exactly_this() {
    let answer = r#"{"text": "Where is it?", "usage": {"type": "duration", "seconds": 4}}"#;
    let (opened, counts, voice) = heard(200, answer, "language = \"pt\"", AMPLE).await;
    assert_eq!(opened, Opened::Heard { words: "Where is it?".into(), usage: None });
    assert_eq!(counts, [(Metric::VoiceTranscribed, 1), (Metric::VoiceSeconds, 4)]);
    let [seen] = &voice.seen()[..] else { panic!("one request") };
    assert_eq!(seen.path, "/v1/audio/transcriptions");
    assert_eq!(seen.headers["authorization"], "Bearer key-of-voice_key");
    let content_type = seen.headers["content-type"].to_str().unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let field = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let expected = [
        field("model", "whisper-1").as_bytes(),
        field("response_format", "json").as_bytes(),
        field("language", "pt").as_bytes(),
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"voice.ogg\"\r\n").as_bytes(),
        b"Content-Type: audio/ogg\r\n\r\n",
        OGG,
        format!("\r\n--{boundary}--\r\n").as_bytes(),
    ]
    .concat();
    assert_eq!(seen.body, expected);
}

#[tokio::test]
async fn tokens_are_told_where_the_server_counts_them() {
    let answer = r#"{"text": "Hi", "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 2}}"#;
    let usage = Some(Usage { input_tokens: 14, output_tokens: 2 });
    assert_eq!(heard(200, answer, "", AMPLE).await.0, Opened::Heard { words: "Hi".into(), usage });
}

#[tokio::test]
async fn what_cannot_be_made_out_is_a_voice_message_and_no_words() {
    for (status, answer) in [(200, r#"{"text": "  "}"#), (200, "nonsense"), (400, "{}"), (401, "{}"), (500, "{}")] {
        let (opened, counts, voice) = heard(status, answer, "", AMPLE).await;
        assert_eq!(
            (opened, counts),
            (Opened::Not(MediaKind::Voice), vec![(Metric::MediaFailed, 1)]),
            "{status} {answer}"
        );
        // A key that was refused is read again once.
        assert_eq!(voice.seen().len(), if status == 401 { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_costs_the_time_there_was() {
    let voice = Server::start(|_| async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        response(200, JSON, r#"{"text": "late"}"#)
    })
    .await;
    let media = Server::fixed(200, &[], OGG).await;
    let toml = format!(
        "[media]\nhosts = [\"127.0.0.1\"]\nprivate = true\n[media.voice]\nbase_url = \"{}\"\nmodel = \"m\"",
        voice.base_url
    );
    let opening = reader_of(&toml);
    let attached = attached(&[&format!("{}/1.ogg", media.base_url)]);
    let opened = opening.0.open(&attached, false, Duration::from_millis(300)).await;
    assert_eq!(opened, [Opened::Not(MediaKind::Voice)]);
}

#[tokio::test]
async fn what_is_called_a_voice_message_and_is_a_picture_is_sent_to_nobody_who_listens() {
    let (media, voice) = (Server::fixed(200, &[], PNG).await, Server::json("{}").await);
    let toml = format!(
        "[media]\nhosts = [\"127.0.0.1\"]\nprivate = true\n[media.voice]\nbase_url = \"{}\"\nmodel = \"m\"",
        voice.base_url
    );
    let attached = attached(&[&format!("{}/1.ogg", media.base_url)]);
    assert_eq!(reader_of(&toml).0.open(&attached, false, AMPLE).await, [Opened::Not(MediaKind::Picture)]);
    assert!(voice.seen().is_empty());
}
