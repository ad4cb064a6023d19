use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionalOperator, KeysAndAttributes, ReturnValue, Select};

use crate::sdk::{Item, Sdk, TABLE, item, key, n, s};

fn put(sdk: &Sdk, item: Item) -> PutItemFluentBuilder {
    sdk.dynamodb.put_item().table_name(TABLE).set_item(Some(item))
}

fn update(sdk: &Sdk, expression: &str) -> UpdateItemFluentBuilder {
    sdk.dynamodb.update_item().table_name(TABLE).set_key(Some(key("C"))).update_expression(expression)
}

fn query(sdk: &Sdk, condition: &str) -> QueryFluentBuilder {
    let query = sdk.dynamodb.query().table_name(TABLE).key_condition_expression(condition);
    query.expression_attribute_values(":v", s("user:1"))
}

fn assert_invalid(code: Option<&str>, message: Option<&str>, words: &str) {
    assert_eq!(code, Some("ValidationException"), "{message:?}");
    assert!(message.unwrap().contains(words), "{message:?} should speak of {words}");
}

#[tokio::test]
async fn items_that_dynamodb_would_not_store_are_refused() {
    let sdk = Sdk::start().await;
    let with = |name: &str, value: AttributeValue| key("C").into_iter().chain(item([(name, value)])).collect::<Item>();
    for (item, words) in [
        (item([("pk", s("a"))]), "Missing the key sk"),
        (with("pk", s("")), "cannot contain an empty string value. Key: pk"),
        (with("sk", s("")), "cannot contain an empty string value. Key: sk"),
        (with("sk", n(1)), "Type mismatch for key sk"),
        (with("x", AttributeValue::N("1e999".to_owned())), "overflow"),
        (with("x", AttributeValue::N("12345678901234567890123456789012345678.9".to_owned())), "38 significant digits"),
        (with("x", AttributeValue::Ss(vec![])), "may not be empty"),
        (with("x", s(&"x".repeat(400 * 1024))), "exceeded the maximum allowed size"),
    ] {
        let error = put(&sdk, item).send().await.unwrap_err();
        assert_invalid(error.code(), error.message(), words);
    }
    assert_eq!(sdk.aws.items(TABLE), Vec::<serde_json::Value>::new());
    assert_eq!(sdk.aws.capacity().write_units, 0, "what is invalid costs nothing");
}

#[tokio::test]
async fn updates_that_dynamodb_would_not_do_are_refused() {
    let sdk = Sdk::start().await;
    let v = |update: UpdateItemFluentBuilder| update.expression_attribute_values(":v", n(1));
    for (request, words) in vec![
        (update(&sdk, "SET sk = :v"), "Cannot update attribute sk. This attribute is part of the key"),
        (update(&sdk, "ADD pk :v"), "Cannot update attribute pk"),
        (update(&sdk, "SET a = :v, a = :v"), "Two document paths overlap with each other"),
        (update(&sdk, "SET at = :v"), "reserved keyword: at"),
        (update(&sdk, "SET a = b").condition_expression("b = :v"), "does not exist in the item"),
        (update(&sdk, "SET a = :v, b = :w"), "attribute value: :w"),
        (update(&sdk, "SET #a = :v"), "attribute name: #a"),
        (update(&sdk, "REMOVE a"), "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"),
        (update(&sdk, "SET a = :v").expression_attribute_names("#n", "a"), "ExpressionAttributeNames unused"),
        (update(&sdk, "SET a.b = :v"), "document path provided in the update expression is invalid"),
        (update(&sdk, "SET a = :v").condition_expression("a ~ :v"), "Invalid ConditionExpression: Syntax error"),
        (update(&sdk, "SET a = :v").return_values(ReturnValue::UpdatedNew), "not supported here"),
        (
            update(&sdk, "SET a = :v").conditional_operator(ConditionalOperator::And),
            "ConditionalOperator is not supported",
        ),
    ] {
        // The condition of one case is met by putting what it asks for.
        sdk.put("C", item([("b", n(1))])).await;
        let before = sdk.aws.items(TABLE);
        let missing = words == "does not exist in the item";
        let request = if missing { request.set_update_expression(Some("SET a = gone".to_owned())) } else { request };
        let error = v(request).send().await.unwrap_err();
        assert_invalid(error.code(), error.message(), words);
        assert_eq!(sdk.aws.items(TABLE), before);
    }
    let large = update(&sdk, "SET a = :v").expression_attribute_values(":v", s(&"x".repeat(400 * 1024)));
    let error = large.send().await.unwrap_err();
    assert_invalid(error.code(), error.message(), "Item size to update has exceeded");
}

#[tokio::test]
async fn queries_that_dynamodb_would_not_do_are_refused() {
    let sdk = Sdk::start().await;
    let start = |pk: &str, sk: &str| Some(item([("pk", s(pk)), ("sk", s(sk))]));
    for (request, words) in vec![
        (query(&sdk, "sk = :v"), "missed key schema element: pk"),
        (query(&sdk, "pk < :v"), "missed key schema element: pk"),
        (query(&sdk, "pk = :v OR sk = :v"), "missed key schema element: pk"),
        (query(&sdk, "pk = :v AND pk = :v"), "one condition per key"),
        (query(&sdk, "pk = :v AND contains(sk, :v)"), "not supported"),
        (query(&sdk, "pk = :v AND sk <> :v"), "not supported"),
        (query(&sdk, "pk = :v AND x = :v"), "missed key schema element: sk"),
        (query(&sdk, "pk = :v AND sk = :v AND sk = :v"), "missed key schema element"),
        (
            query(&sdk, "pk = :n").set_expression_attribute_values(Some(item([(":n", n(1))]))),
            "does not match schema type",
        ),
        (query(&sdk, "pk = :e").set_expression_attribute_values(Some(item([(":e", s(""))]))), "empty string value"),
        (query(&sdk, "pk = :v").expression_attribute_values(":w", n(1)), "unused in expressions: keys: {:w}"),
        (query(&sdk, "pk = :v").limit(0), "greater than or equal to 1"),
        (query(&sdk, "pk = :v").set_exclusive_start_key(start("user:2", "a")), "outside query boundaries"),
        (query(&sdk, "pk = :v AND sk < :v").set_exclusive_start_key(start("user:1", "z")), "outside query boundaries"),
        (query(&sdk, "pk = :v").exclusive_start_key("pk", s("user:1")), "starting key is invalid"),
        (query(&sdk, "pk = :v").filter_expression("x = :v"), "FilterExpression is not supported"),
        (query(&sdk, "pk = :v").index_name("other"), "IndexName is not supported"),
        (query(&sdk, "pk = :v").select(Select::Count), "Select is not supported"),
        (query(&sdk, "pk = :v").projection_expression("x"), "ProjectionExpression is not supported"),
    ] {
        let error = request.send().await.unwrap_err();
        assert_invalid(error.code(), error.message(), words);
    }
}

#[tokio::test]
async fn reads_that_dynamodb_would_not_do_are_refused() {
    let sdk = Sdk::start().await;
    let get = sdk.dynamodb.get_item().table_name(TABLE).key("pk", s("user:1")).send().await.unwrap_err();
    assert_invalid(get.code(), get.message(), "key element does not match the schema");
    let missing = sdk.dynamodb.get_item().table_name("gone").set_key(Some(key("C"))).send().await.unwrap_err();
    assert!(missing.into_service_error().is_resource_not_found_exception());
    let twice = vec![key("C"), key("C")];
    let many = (0..101).map(|n| key(&n.to_string())).collect();
    for (keys, words) in [(twice, "duplicates"), (many, "Too many items requested")] {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build().unwrap();
        let batch = sdk.dynamodb.batch_get_item().request_items(TABLE, keys).send().await.unwrap_err();
        assert_invalid(batch.code(), batch.message(), words);
    }
}

#[tokio::test]
async fn an_operation_nobody_implemented_is_refused() {
    let sdk = Sdk::start().await;
    let scan = sdk.dynamodb.scan().table_name(TABLE).send().await.unwrap_err();
    assert_eq!(scan.code(), Some("UnknownOperationException"));
    let transaction = sdk.dynamodb.transact_write_items().set_transact_items(Some(vec![])).send().await.unwrap_err();
    assert_eq!(transaction.code(), Some("UnknownOperationException"));
    let describe = sdk.secrets.describe_secret().secret_id("x").send().await.unwrap_err();
    assert_eq!(describe.code(), Some("UnknownOperationException"));
}
