use aws_sdk_dynamodb::types::KeysAndAttributes;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total;
use local_aws::Operation;

use crate::sdk::{Item, Sdk, TABLE, item, key, n, s};

/// An attribute that makes the item with sort key `C` exactly this large.
fn filling(bytes: usize) -> Item {
    let keys = "pk".len() + "user:1".len() + "sk".len() + "C".len();
    item([("t", s(&"x".repeat(bytes - keys - "t".len())))])
}

async fn write_units(sdk: &Sdk, condition: Option<&str>, bytes: usize) -> (Option<f64>, u64) {
    sdk.aws.reset_capacity();
    let row = key("C").into_iter().chain(filling(bytes)).collect();
    let put = sdk.dynamodb.put_item().table_name(TABLE).set_item(Some(row)).return_consumed_capacity(Total);
    let answer = put.set_condition_expression(condition.map(str::to_owned)).send().await;
    let told = answer.ok().and_then(|answer| answer.consumed_capacity()?.capacity_units());
    (told, sdk.aws.capacity().write_units)
}

#[tokio::test]
async fn a_write_costs_the_larger_of_the_item_before_and_after() {
    let sdk = Sdk::start().await;
    for (bytes, units) in [(1024, 1_u32), (1025, 2), (3000, 3), (100, 3), (100, 1)] {
        assert_eq!(write_units(&sdk, None, bytes).await, (Some(f64::from(units)), u64::from(units)));
        assert_eq!(sdk.aws.item_size(TABLE, "user:1", "C"), Some(bytes));
    }
}

#[tokio::test]
async fn a_refused_write_costs_as_much_as_one_that_is_done() {
    let sdk = Sdk::start().await;
    sdk.put("C", filling(1500)).await;
    for (bytes, units) in [(100, 2), (2500, 3)] {
        assert_eq!(write_units(&sdk, Some("attribute_not_exists(pk)"), bytes).await, (None, units));
    }
    sdk.aws.reset_capacity();
    let delete = sdk.dynamodb.delete_item().table_name(TABLE).set_key(Some(key("C")));
    delete.condition_expression("attribute_exists(gone)").send().await.unwrap_err();
    assert_eq!(sdk.aws.capacity().write_units, 2);
}

#[tokio::test]
async fn updates_and_deletions_cost_what_they_touch() {
    let sdk = Sdk::start().await;
    sdk.put("C", filling(1500)).await;
    let update =
        || sdk.dynamodb.update_item().table_name(TABLE).set_key(Some(key("C"))).return_consumed_capacity(Total);
    let shrink = update().update_expression("SET t = :v").expression_attribute_values(":v", s("x"));
    assert_eq!(shrink.send().await.unwrap().consumed_capacity().unwrap().capacity_units(), Some(2.0));
    let count = update().update_expression("ADD c :v").expression_attribute_values(":v", n(1));
    assert_eq!(count.send().await.unwrap().consumed_capacity().unwrap().capacity_units(), Some(1.0));
    sdk.aws.reset_capacity();
    for _ in 0..2 {
        sdk.dynamodb.delete_item().table_name(TABLE).set_key(Some(key("C"))).send().await.unwrap();
    }
    assert_eq!(sdk.aws.capacity().write_units, 2, "deleting nothing costs one too");
}

#[tokio::test]
async fn a_get_costs_by_size_and_consistency() {
    let sdk = Sdk::start().await;
    tokio::time::pause();
    for (bytes, consistent, units) in [(4096, true, 1.0), (4097, true, 2.0), (4097, false, 1.0), (100, false, 0.5)] {
        sdk.put("C", filling(bytes)).await;
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        let get = sdk.dynamodb.get_item().table_name(TABLE).set_key(Some(key("C"))).consistent_read(consistent);
        let answer = get.return_consumed_capacity(Total).send().await.unwrap();
        assert_eq!(answer.consumed_capacity().unwrap().capacity_units(), Some(units), "{bytes} {consistent}");
    }
    sdk.aws.reset_capacity();
    sdk.dynamodb.get_item().table_name(TABLE).set_key(Some(key("gone"))).consistent_read(true).send().await.unwrap();
    assert_eq!(sdk.aws.capacity().half_read_units, 2);
    assert_eq!(sdk.aws.capacity().calls(Operation::GetItem), 1);
}

#[tokio::test]
async fn a_query_rounds_its_sum_and_a_batch_each_item() {
    let sdk = Sdk::start().await;
    for sk in ["1", "2", "3"] {
        sdk.put(sk, item([("t", s(&"x".repeat(1_500)))])).await;
    }
    let query = sdk.dynamodb.query().table_name(TABLE).key_condition_expression("pk = :p").consistent_read(true);
    let query = query.expression_attribute_values(":p", s("user:1")).return_consumed_capacity(Total);
    assert_eq!(query.send().await.unwrap().consumed_capacity().unwrap().capacity_units(), Some(2.0));
    let keys = ["1", "2", "3", "gone"].map(key).to_vec();
    let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build().unwrap();
    let batch = sdk.dynamodb.batch_get_item().request_items(TABLE, keys).return_consumed_capacity(Total);
    assert_eq!(batch.send().await.unwrap().consumed_capacity()[0].capacity_units(), Some(4.0));
}
