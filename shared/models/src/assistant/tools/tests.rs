use super::super::Assistant;
use super::*;

const ORDER: &str = r#"
[tools.order]
describe = "Where an order is."
url = "https://api.shop.example:8443/v1/customers/{customer}/orders/{order}.json?lang=en"
user = "customer"
key = "shop_key"
[tools.order.arguments.order]
describe = "Its number"
[tools.order.arguments.part]
describe = "Which part"
one_of = ["all", "parcel"]
required = false
"#;

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

fn place(name: &str) -> Piece {
    Piece::Argument(name.to_owned())
}

fn argument(name: &str, describe: &str, values: LearnedValues, required: bool) -> Argument {
    Argument { name: name.to_owned(), describe: describe.to_owned(), values, required }
}

#[test]
fn a_tool_is_read_whole() {
    let tools = Assistant::from_toml(ORDER).unwrap().tools;
    let choices = LearnedValues::OneOf(vec!["all".to_owned(), "parcel".to_owned()]);
    let expected = HttpTool {
        describe: "Where an order is.".to_owned(),
        url: ToolUrl {
            origin: "https://api.shop.example:8443".to_owned(),
            path: vec![
                vec![text("v1")],
                vec![text("customers")],
                vec![place("customer")],
                vec![text("orders")],
                vec![place("order"), text(".json")],
            ],
            query: Some("lang=en".to_owned()),
        },
        method: Method::Get,
        arguments: vec![
            argument("order", "Its number", LearnedValues::Text, true),
            argument("part", "Which part", choices, false),
        ],
        key: Some("shop_key".to_owned()),
        timeout: Duration::from_secs(5),
        user: Some("customer".to_owned()),
        private: false,
    };
    assert_eq!(tools.get("order"), Some(&expected));
    assert_eq!((tools.keys().collect::<Vec<_>>(), tools.iter().count()), (vec!["shop_key"], 1));
    assert!(Assistant::from_toml("").unwrap().tools.is_empty());
}

#[test]
fn addresses_that_name_one_host_for_certain_are_taken() {
    for (url, steps) in [
        ("https://shop.example", 0),
        ("https://shop.example/", 0),
        ("https://10.0.0.7/orders/", 2),
        ("https://[2001:db8::1]:8443/a/b", 2),
        ("http://127.0.0.1:9/orders", 1),
        ("http://localhost/orders", 1),
        ("https://shop.example/a/~b?x=%20&y=1", 2),
    ] {
        assert_eq!(ToolUrl::read(url).map(|url| url.path.len()), Ok(steps), "{url}");
    }
}

#[test]
fn addresses_that_could_lead_elsewhere_are_refused() {
    for url in [
        "",
        "shop.example/orders",
        "http://shop.example/orders",
        "http://127.0.0.1.shop.example/",
        "ftp://shop.example/",
        "https://",
        "https:///orders",
        "https://me:hush@shop.example/",
        "https://good@evil.example/",
        "https://{host}/orders",
        "https://shop.example:{port}/",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://shop example/",
        "https://shöp.example/",
        "https://[::1/",
        "https://shop.example/a//b",
        "https://shop.example/../b",
        "https://shop.example/./b",
        "https://shop.example/%2e%2e/b",
        "https://shop.example/a\\b",
        "https://shop.example/{order",
        "https://shop.example/order}",
        "https://shop.example/a#b",
        "https://shop.example/a?x={order}",
        "https://shop.example/a?x=1#b",
    ] {
        let refused = ToolUrl::read(url).unwrap_err();
        assert!(!refused.contains("hush"), "{url}");
    }
}

#[test]
fn every_mistake_is_named_by_its_place_and_no_key_is_shown() {
    let tool = |rest: &str| format!("[tools.t]\ndescribe = \"x\"\nurl = \"https://x.example/{{a}}\"\n{rest}");
    let with_a = |rest: &str| tool(&format!("{rest}\n[tools.t.arguments.a]\ndescribe = \"x\""));
    for (toml, keys) in [
        ("tools = 7".to_owned(), vec!["tools"]),
        ("[tools.t]".to_owned(), vec!["tools.t.describe", "tools.t.url"]),
        (with_a("").replace("[tools.t", "[tools.\"my tool\""), vec!["tools.my tool"]),
        (with_a("").replace("[tools.t", "[tools.hand_off"), vec!["tools.hand_off"]),
        (tool(""), vec!["tools.t.url"]),
        (with_a("required = false"), vec!["tools.t.required"]),
        (with_a("") + "\nrequired = false", vec!["tools.t.url"]),
        (with_a("method = \"PUT\""), vec!["tools.t.method"]),
        (with_a("headers = { a = \"b\" }"), vec!["tools.t.headers"]),
        (with_a("timeout_seconds = 0"), vec!["tools.t.timeout_seconds"]),
        (with_a("private = 1"), vec!["tools.t.private"]),
        (with_a("").replace("https://x.example", "http://127.0.0.1:1"), vec!["tools.t.private"]),
        (with_a("user = \"a\""), vec!["tools.t.user"]),
        (with_a("user = \"a b\""), vec!["tools.t.user"]),
        (with_a("key = \"sk-secret\""), vec!["tools.t.key"]),
        (with_a("key = \"ai_api_key\""), vec!["tools.t.key"]),
        (with_a("key = \"braze_api_key\""), vec!["tools.t.key"]),
        (with_a("").replace("{a}", "{a}?a=1"), vec!["tools.t.url"]),
        (with_a("") + "\nvalues = \"date\"", vec!["tools.t.arguments.a.values"]),
        (with_a("") + "\none_of = [7]", vec!["tools.t.arguments.a.one_of"]),
        (with_a("") + "\ndefault = 7", vec!["tools.t.arguments.a.default"]),
        (with_a("") + "\n[tools.t.arguments.b]", vec!["tools.t.arguments.b.describe"]),
        (with_a("") + "\n[tools.t.arguments.\"b c\"]\ndescribe = \"x\"", vec!["tools.t.arguments.b c"]),
    ] {
        let mistakes = Assistant::from_toml(&toml).expect_err(&toml).told();
        let named: Vec<_> = mistakes.iter().map(|mistake| mistake.split('`').nth(1).unwrap()).collect();
        assert_eq!(named, keys, "{mistakes:#?}");
        assert!(!mistakes.concat().contains("sk-"), "{mistakes:?}");
    }
}
