use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use crate::sdk::{Sdk, TABLE, item, key, list, n, s};

#[tokio::test]
async fn an_update_returns_the_item_that_was_asked_for() {
    for (returns, before, returned) in [
        (ReturnValue::AllNew, true, Some(2)),
        (ReturnValue::AllOld, true, Some(1)),
        (ReturnValue::None, true, None),
        (ReturnValue::AllOld, false, None),
    ] {
        let sdk = Sdk::start().await;
        if before {
            sdk.put("C", item([("a", n(1))])).await;
        }
        let update =
            sdk.dynamodb.update_item().table_name(TABLE).set_key(Some(key("C"))).update_expression("SET a = :v");
        let update = update.expression_attribute_values(":v", n(2)).return_values(returns.clone());
        let answer = update.send().await.unwrap();
        assert_eq!(answer.attributes().map(|new| new["a"].clone()), returned.map(n), "{returns:?}");
        assert_eq!(sdk.get("C").await.item().unwrap()["a"], n(2));
    }
}

#[tokio::test]
async fn a_put_and_a_deletion_return_what_was_there() {
    let sdk = Sdk::start().await;
    for (sk, old) in [("C", None), ("C", Some(key("C")))] {
        let put = sdk.dynamodb.put_item().table_name(TABLE).set_item(Some(key(sk)));
        assert_eq!(put.return_values(ReturnValue::AllOld).send().await.unwrap().attributes, old);
    }
    for old in [Some(key("C")), None] {
        let delete = sdk.dynamodb.delete_item().table_name(TABLE).set_key(Some(key("C")));
        assert_eq!(delete.return_values(ReturnValue::AllOld).send().await.unwrap().attributes, old);
    }
}

#[tokio::test]
async fn settling_moves_an_id_from_pending_to_done() {
    let sdk = Sdk::start().await;
    let turn = AttributeValue::M(item([("seq", n(3)), ("due", n(9))]));
    sdk.put("C", item([("p_1", turn), ("dn", list(&["0"])), ("tk", s("T#1")), ("tries", n(2))])).await;
    let update = sdk
        .dynamodb
        .update_item()
        .table_name(TABLE)
        .set_key(Some(key("C")))
        .update_expression("SET dn = list_append(if_not_exists(dn, :none), :ids), tries = :zero REMOVE p_1, tk")
        .condition_expression("p_1.seq = :seq AND attribute_exists(tk) AND size(dn) < :most")
        .expression_attribute_values(":none", list(&[]))
        .expression_attribute_values(":ids", list(&["1"]))
        .expression_attribute_values(":zero", n(0))
        .expression_attribute_values(":seq", n(3))
        .expression_attribute_values(":most", n(24))
        .return_values(ReturnValue::AllNew);
    let after = update.send().await.unwrap().attributes.unwrap();
    assert_eq!(after, key("C").into_iter().chain(item([("dn", list(&["0", "1"])), ("tries", n(0))])).collect());
}

#[tokio::test]
async fn an_update_that_only_takes_away_makes_no_item() {
    let sdk = Sdk::start().await;
    let update = |text: Option<&str>| {
        let text = text.map(str::to_owned);
        sdk.dynamodb.update_item().table_name(TABLE).set_key(Some(key("C"))).set_update_expression(text).send()
    };
    update(Some("REMOVE a")).await.unwrap();
    assert!(sdk.get("C").await.item().is_none());
    update(None).await.unwrap();
    assert_eq!(sdk.get("C").await.item(), Some(&key("C")));
}

#[tokio::test]
async fn every_type_of_value_survives_a_round_trip() {
    let sdk = Sdk::start().await;
    let attributes = item([
        ("s", s("")),
        ("n", AttributeValue::N("-0.5".to_owned())),
        ("b", AttributeValue::B(vec![0, 255].into())),
        ("yes", AttributeValue::Bool(true)),
        ("nil", AttributeValue::Null(true)),
        ("l", AttributeValue::L(vec![n(1), AttributeValue::M(item([("x", s("y"))]))])),
        ("ss", AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()])),
        ("ns", AttributeValue::Ns(vec!["1".to_owned(), "2".to_owned()])),
    ]);
    sdk.put("C", attributes.clone()).await;
    assert_eq!(sdk.get("C").await.item, Some(key("C").into_iter().chain(attributes).collect()));
}
