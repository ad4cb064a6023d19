//! What Braze's webhooks may be like, and what is kept of those that nobody can read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use platform::metrics::Metric;
use serde_json::{Value, json};

use crate::{NOW, TOKENS, door, padded, post};

const DOCUMENTED: &str = r#"{ "user_id": "ada", "phone_number": "", "message": "hi" }"#;

#[tokio::test]
async fn a_body_is_read_unless_it_says_that_it_is_no_utf_8_or_encoded() {
    let (ingest, behind) = door(TOKENS, None);
    for (headers, is_read) in [
        (vec![], true),
        (vec![("content-type", "application/json")], true),
        (vec![("content-type", "application/json; charset=utf-8")], true),
        (vec![("content-type", "text/plain;charset=\"UTF-8\"")], true),
        (vec![("content-type", "multipart/form-data; boundary=x; charset=utf8")], true),
        (vec![("content-type", "application/json; charset=us-ascii")], true),
        (vec![("content-type", "application/json; charset=utf-16")], false),
        (vec![("content-type", "application/json; charset=iso-8859-1")], false),
        (vec![("content-encoding", "identity")], true),
        (vec![("content-encoding", "gzip")], false),
        (vec![("content-encoding", "br")], false),
    ] {
        let answer = post(&ingest, "/inbound", "w", &headers, DOCUMENTED.as_bytes()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{headers:?}");
        let (read, parked) = (behind.messages().len(), behind.quarantine.take().len());
        assert_eq!((read, parked), if is_read { (1, 0) } else { (0, 1) }, "{headers:?}");
    }
}

#[tokio::test]
async fn the_largest_body_that_is_read_has_a_mebibyte() {
    let (ingest, behind) = door(TOKENS, None);
    for (bytes, status) in [(1 << 20, 202), ((1 << 20) + 1, 413)] {
        assert_eq!(
            post(&ingest, "/inbound", "w", &[], padded(DOCUMENTED, bytes).as_bytes()).await.status,
            status,
            "{bytes}"
        );
    }
    assert_eq!(behind.messages().len(), 1);
}

#[tokio::test]
async fn whatever_is_read_fits_on_a_queue_that_takes_a_mebibyte() {
    let (ingest, behind) = door(TOKENS, None);
    // As much as there may be of everything, in the characters that take the most room.
    let many = |bytes: usize| "😀".repeat(bytes / 4);
    let body = format!(
        r#"{{"v": 1, "user_id": "{}", "phone_number": "", "language": "fr", "profile_name": "{}", "media_urls": "{}", "message": "{}"}}"#,
        many(512),
        many(1_024),
        many(16 * 1_024),
        many(700_000),
    );
    let answer = post(&ingest, "/inbound", "w", &[], body.as_bytes()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let queued = behind.work.take();
    assert!(queued[0].is_ascii() && (700_000..1 << 20).contains(&queued[0].len()), "{}", queued[0].len());
}

#[tokio::test]
async fn what_nobody_can_read_is_kept_whole_in_parts_that_any_queue_takes() {
    let (ingest, behind) = door(TOKENS, None);
    for (bytes, parts) in [(0, 1), (1, 1), (180_000, 1), (180_001, 2), (1 << 20, 6)] {
        let body: Vec<_> = (0..bytes).map(|place| b'!' + u8::try_from(place % 90).unwrap()).collect();
        let answer = post(&ingest, "/inbound/vip", "w", &[], &body).await;
        assert_eq!((answer.status, &answer.body["queue"]), (StatusCode::ACCEPTED, &json!("quarantine")), "{bytes}");
        let kept = behind.quarantine.take();
        assert!(kept.iter().all(|part| part.len() < 256 * 1024), "{bytes}");
        let kept: Vec<Value> = kept.iter().map(|part| serde_json::from_str(part).unwrap()).collect();
        let whole = kept.iter().flat_map(|part| STANDARD.decode(part["body_base64"].as_str().unwrap()).unwrap());
        assert_eq!((kept.len(), whole.collect::<Vec<_>>()), (parts, body), "{bytes}");
        for (number, part) in (1..).zip(&kept) {
            let named = (&part["type"], &part["id"], &part["path"], &part["received_at"]);
            assert_eq!(
                named,
                (&json!("quarantined_v1"), &json!("log-id"), &json!("/inbound/vip"), &json!(NOW * 1_000))
            );
            assert_eq!((&part["part"], &part["parts"]), (&json!(number), &json!(parts)), "{bytes}");
            assert_eq!(part["reason"], answer.body["reason"], "{bytes}");
        }
    }
    assert_eq!(*behind.counted.lock().unwrap(), [Metric::Quarantined; 5]);
}

#[tokio::test]
async fn a_queue_that_is_out_of_reach_is_told_to_braze() {
    let (ingest, behind) = door(TOKENS, None);
    behind.work.breaks();
    behind.quarantine.breaks();
    for body in [DOCUMENTED, "nonsense"] {
        let answer = post(&ingest, "/inbound", "w", &[], body.as_bytes()).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    }
    assert_eq!(*behind.counted.lock().unwrap(), [Metric::Unavailable; 2]);
}
