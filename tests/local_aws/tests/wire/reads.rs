use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use crate::sdk::{Item, Sdk, TABLE, item, key, n, s};

async fn with_turns() -> Sdk {
    let sdk = Sdk::start().await;
    for sk in ["C", "M#1", "T#1#1", "T#2#1", "T#2#2", "T#3#1", "é"] {
        sdk.put(sk, item([("x", n(1))])).await;
    }
    let stranger = item([("pk", s("user:2")), ("sk", s("T#9#9"))]);
    sdk.dynamodb.put_item().table_name(TABLE).set_item(Some(stranger)).send().await.unwrap();
    sdk
}

fn turns(sdk: &Sdk) -> QueryFluentBuilder {
    sdk.dynamodb
        .query()
        .table_name(TABLE)
        .consistent_read(true)
        .key_condition_expression("pk = :p AND begins_with(sk, :s)")
        .expression_attribute_values(":p", s("user:1"))
        .expression_attribute_values(":s", s("T#"))
}

fn sort_keys(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item["sk"].as_s().unwrap().as_str()).collect()
}

#[tokio::test]
async fn a_query_returns_its_range_in_the_order_of_the_sort_keys() {
    let sdk = with_turns().await;
    let forward = turns(&sdk).send().await.unwrap();
    assert_eq!(sort_keys(forward.items()), ["T#1#1", "T#2#1", "T#2#2", "T#3#1"]);
    assert_eq!((forward.count(), forward.last_evaluated_key()), (4, None));
    let backward = turns(&sdk).scan_index_forward(false).send().await.unwrap();
    assert_eq!(sort_keys(backward.items()), ["T#3#1", "T#2#2", "T#2#1", "T#1#1"]);
    let whole = sdk.dynamodb.query().table_name(TABLE).consistent_read(true).key_condition_expression("pk = :p");
    let whole = whole.expression_attribute_values(":p", s("user:1")).send().await.unwrap();
    assert_eq!(sort_keys(whole.items()), ["C", "M#1", "T#1#1", "T#2#1", "T#2#2", "T#3#1", "é"]);
}

#[tokio::test]
async fn a_range_may_be_any_that_aws_allows() {
    let sdk = with_turns().await;
    for (range, values, expected) in [
        ("sk = :a", vec![("a", "C")], vec!["C"]),
        ("sk < :a", vec![("a", "T")], vec!["C", "M#1"]),
        ("sk >= :a", vec![("a", "T#3#1")], vec!["T#3#1", "é"]),
        ("sk BETWEEN :a AND :b", vec![("a", "M"), ("b", "T#2#1")], vec!["M#1", "T#1#1", "T#2#1"]),
    ] {
        let mut query = sdk
            .dynamodb
            .query()
            .table_name(TABLE)
            .consistent_read(true)
            .key_condition_expression(format!("{range} AND pk = :p"));
        query = query.expression_attribute_values(":p", s("user:1"));
        for (name, value) in values {
            query = query.expression_attribute_values(format!(":{name}"), s(value));
        }
        assert_eq!(sort_keys(query.send().await.unwrap().items()), expected, "{range}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_in_both_directions() {
    let sdk = with_turns().await;
    for (forward, expected) in
        [(true, ["T#1#1", "T#2#1", "T#2#2", "T#3#1"]), (false, ["T#3#1", "T#2#2", "T#2#1", "T#1#1"])]
    {
        let (mut start, mut seen) = (None, Vec::new());
        loop {
            let query = turns(&sdk).scan_index_forward(forward).limit(2).set_exclusive_start_key(start);
            let page = query.send().await.unwrap();
            seen.push(page.items().len());
            let keys = sort_keys(page.items());
            assert_eq!(keys, expected[2 * (seen.len() - 1)..][..keys.len()]);
            start = page.last_evaluated_key.clone();
            if start.is_none() {
                break;
            }
        }
        assert_eq!(seen, [2, 2, 0], "a full page has a key even if it was the last one");
    }
}

#[tokio::test]
async fn a_page_ends_at_a_megabyte() {
    let sdk = Sdk::start().await;
    for n in 0..4 {
        sdk.put(&format!("T#{n}"), item([("text", s(&"x".repeat(380 * 1024)))])).await;
    }
    let page = turns(&sdk).send().await.unwrap();
    assert_eq!(page.items().len(), 3);
    let rest = turns(&sdk).set_exclusive_start_key(page.last_evaluated_key).send().await.unwrap();
    assert_eq!(sort_keys(rest.items()), ["T#3"]);
}

fn keys(sort_keys: &[&str]) -> KeysAndAttributes {
    let keys = sort_keys.iter().map(|sk| key(sk)).collect();
    KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build().unwrap()
}

#[tokio::test]
async fn a_batch_returns_what_is_there_in_no_order_to_rely_on() {
    let sdk = with_turns().await;
    let get = sdk.dynamodb.batch_get_item().request_items(TABLE, keys(&["C", "gone", "M#1"]));
    let answer = get.send().await.unwrap();
    assert_eq!(sort_keys(&answer.responses().unwrap()[TABLE]), ["M#1", "C"]);
    assert!(answer.unprocessed_keys().unwrap().is_empty());
}

#[tokio::test]
async fn what_a_batch_did_not_process_can_be_asked_for_again() {
    let sdk = with_turns().await;
    sdk.aws.limit_batches(2);
    let mut request = Some([(TABLE.to_owned(), keys(&["C", "M#1", "T#1#1", "T#2#1", "T#2#2"]))].into());
    let mut found = Vec::new();
    while let Some(items) = request.take() {
        let answer = sdk.dynamodb.batch_get_item().set_request_items(Some(items)).send().await.unwrap();
        found.extend(answer.responses.unwrap().remove(TABLE).unwrap());
        request = answer.unprocessed_keys.filter(|keys| !keys.is_empty());
    }
    let mut found = sort_keys(&found);
    found.sort_unstable();
    assert_eq!(found, ["C", "M#1", "T#1#1", "T#2#1", "T#2#2"]);
}

#[tokio::test]
async fn a_read_that_does_not_ask_for_consistency_sees_a_write_only_after_a_second() {
    let sdk = Sdk::start().await;
    tokio::time::pause();
    sdk.put("C", item([("x", n(1))])).await;
    let found = async |consistent: bool| {
        let get = sdk.dynamodb.get_item().table_name(TABLE).set_key(Some(key("C"))).consistent_read(consistent);
        let query = sdk.dynamodb.query().table_name(TABLE).key_condition_expression("pk = :p");
        let query = query.expression_attribute_values(":p", s("user:1")).consistent_read(consistent);
        let keys = KeysAndAttributes::builder().keys(key("C")).consistent_read(consistent).build().unwrap();
        let batch = sdk.dynamodb.batch_get_item().request_items(TABLE, keys);
        let got = usize::from(get.send().await.unwrap().item().is_some());
        [got, query.send().await.unwrap().items().len(), batch.send().await.unwrap().responses().unwrap()[TABLE].len()]
    };
    assert_eq!(found(false).await, [0; 3]);
    assert_eq!(found(true).await, [1; 3]);
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(found(false).await, [1; 3]);
}

#[tokio::test]
async fn the_handle_reads_without_being_counted() {
    let sdk = with_turns().await;
    sdk.aws.reset_capacity();
    assert_eq!(sdk.aws.item(TABLE, "user:1", "C").unwrap()["x"]["N"], "1");
    assert_eq!(sdk.aws.item(TABLE, "user:1", "gone"), None);
    assert_eq!(sdk.aws.items(TABLE).len(), 8);
    assert_eq!(sdk.aws.item_size(TABLE, "user:1", "C"), Some(2 + 6 + 2 + 1 + 1 + 2));
    assert_eq!(sdk.aws.capacity(), local_aws::Capacity::default());
}

#[tokio::test]
async fn items_expire_only_when_the_test_says_so() {
    let sdk = Sdk::start().await;
    sdk.put("old", item([("expires_at", n(99))])).await;
    sdk.put("new", item([("expires_at", AttributeValue::N("101".to_owned()))])).await;
    assert!(sdk.get("old").await.item().is_some());
    assert_eq!(sdk.aws.expire_items(TABLE, 100), 1);
    assert!(sdk.get("old").await.item().is_none());
    assert!(sdk.get("new").await.item().is_some());
}
