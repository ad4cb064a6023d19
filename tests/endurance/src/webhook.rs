//! Webhooks as API Gateway hands them over.

use serde_json::{Map, Value, json};

/// The event of an HTTP API, payload version 2.0, with these headers (in small letters).
pub(crate) fn event(path: &str, headers: &Map<String, Value>, body: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "example.com", "requestId": "r", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1, "routeKey": "$default", "domainPrefix": "a",
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "Braze",
            },
        },
        "body": body, "isBase64Encoded": false,
    })
}

/// The body that Braze documents: nothing is escaped.
pub(crate) fn documented(user: &str, text: &str) -> String {
    format!("{{ \"user_id\": \"{user}\", \"phone_number\": \"+15550123456\", \"message\": \"{text}\" }}")
}

/// The body that the README recommends.
pub(crate) fn recommended(user: &str, text: &str, dispatch: &str) -> String {
    let fields = [
        ("\"dispatch_id\"", json!(dispatch)),
        ("\"sent_at\"", json!("")),
        ("\"user_id\"", json!(user)),
        ("\"braze_id\"", json!("")),
        ("\"phone_number\"", json!("+15550123456")),
        ("\"language\"", json!("en")),
        ("\"profile_name\"", json!("Ada")),
        ("\"media_urls\"", json!("")),
        ("\"message\"", json!(text)),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{{\"v\": 1, {}}}", fields.join(", "))
}
