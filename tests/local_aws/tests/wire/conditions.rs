use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use crate::sdk::{Item, Sdk, TABLE, item, key, list, n, s};

#[tokio::test]
async fn a_first_write_wins_and_the_second_sees_what_is_there() {
    let sdk = Sdk::start().await;
    let file = |text: &str| {
        let row = key("M#1").into_iter().chain(item([("text", s(text))])).collect();
        sdk.dynamodb
            .put_item()
            .table_name(TABLE)
            .set_item(Some(row))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
    };
    file("one").await.unwrap();
    let PutItemError::ConditionalCheckFailedException(refused) = file("two").await.unwrap_err().into_service_error()
    else {
        panic!("the second write must meet its condition");
    };
    assert_eq!(refused.item().unwrap()["text"], s("one"));
    assert_eq!(sdk.get("M#1").await.item().unwrap()["text"], s("one"));
}

/// The filing write of the mailbox: on a first message there is no head, and every condition but "absent" is about
/// attributes that are not there.
async fn claim(sdk: &Sdk, now: i64) -> Result<Item, Option<Item>> {
    let answer = sdk
        .dynamodb
        .update_item()
        .table_name(TABLE)
        .set_key(Some(key("C")))
        .update_expression(
            "SET #p = :p, sq = if_not_exists(sq, :zero) + :one, md = if_not_exists(md, :b), lu = :until ADD ep :one",
        )
        .condition_expression(
            "attribute_not_exists(#p) AND NOT contains(dn, :id) AND (attribute_not_exists(lu) OR lu < :now)",
        )
        .expression_attribute_names("#p", "p_a-b_c")
        .expression_attribute_values(":p", n(7))
        .expression_attribute_values(":zero", n(0))
        .expression_attribute_values(":one", n(1))
        .expression_attribute_values(":b", s("b"))
        .expression_attribute_values(":until", n(now + 10))
        .expression_attribute_values(":now", n(now))
        .expression_attribute_values(":id", s("a-b_c"))
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    match answer.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
        Ok(output) => Ok(output.attributes.unwrap()),
        Err(UpdateItemError::ConditionalCheckFailedException(refused)) => Err(refused.item),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_claim_of_a_head_that_is_not_there_creates_it() {
    let sdk = Sdk::start().await;
    let head = claim(&sdk, 100).await.unwrap();
    let expected = [("p_a-b_c", n(7)), ("sq", n(1)), ("md", s("b")), ("lu", n(110)), ("ep", n(1))];
    assert_eq!(head, key("C").into_iter().chain(item(expected)).collect());
}

#[tokio::test]
async fn a_refused_claim_shows_why() {
    for (head, why) in [
        (item([("p_a-b_c", n(1))]), "it is pending"),
        (item([("dn", list(&["x", "a-b_c"]))]), "it is settled"),
        (item([("lu", n(100))]), "the lease is held"),
        (item([("lu", s("99"))]), "a lease of another type is never over"),
    ] {
        let sdk = Sdk::start().await;
        sdk.put("C", head.clone()).await;
        let old = claim(&sdk, 100).await.unwrap_err().unwrap();
        assert_eq!(old, key("C").into_iter().chain(head).collect(), "{why}");
        assert!(!sdk.get("C").await.item().unwrap().contains_key("ep"), "{why}");
    }
    let sdk = Sdk::start().await;
    sdk.put("C", item([("dn", list(&["x"])), ("lu", n(99)), ("md", s("h"))])).await;
    assert_eq!(claim(&sdk, 100).await.unwrap()["md"], s("h"));
}

#[tokio::test]
async fn a_refusal_shows_the_item_only_if_asked_and_if_there_is_one() {
    let sdk = Sdk::start().await;
    let fail = |sk: &str, show: ReturnValuesOnConditionCheckFailure| {
        sdk.dynamodb
            .delete_item()
            .table_name(TABLE)
            .set_key(Some(key(sk)))
            .condition_expression("a = :v")
            .expression_attribute_values(":v", n(2))
            .return_values_on_condition_check_failure(show)
            .send()
    };
    sdk.put("C", item([("a", n(1))])).await;
    for (sk, show, shown) in [
        ("C", ReturnValuesOnConditionCheckFailure::AllOld, true),
        ("C", ReturnValuesOnConditionCheckFailure::None, false),
        ("gone", ReturnValuesOnConditionCheckFailure::AllOld, false),
    ] {
        use aws_sdk_dynamodb::operation::delete_item::DeleteItemError::ConditionalCheckFailedException;
        let error = fail(sk, show).await.unwrap_err().into_service_error();
        let ConditionalCheckFailedException(refused) = error else { panic!("{error:?}") };
        assert_eq!(refused.item().is_some(), shown);
    }
    assert!(sdk.get("C").await.item().is_some());
}
