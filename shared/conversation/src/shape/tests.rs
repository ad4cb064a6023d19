//! Markdown as language models write it, and what a phone shows of it.

use super::*;

/// The one part that `markdown` becomes.
fn shown(markdown: &str) -> String {
    let parts = shape(markdown, 1);
    assert!(parts.len() <= 1);
    parts.into_iter().map(String::from).collect()
}

fn assert_shown(cases: &[(&str, &str)]) {
    for (markdown, expected) in cases {
        assert_eq!(shown(markdown), *expected, "{markdown:?}");
    }
}

#[test]
fn emphasis_becomes_whatsapps() {
    assert_shown(&[
        (
            "**bold**, __bold__, *it*, _it_, ~~out~~, ~out~, `a_b*c`",
            "*bold*, *bold*, _it_, _it_, ~out~, ~out~, `a_b*c`",
        ),
        ("***x***", "*_x_*"),
        ("**a _b_ c** d", "*a _b_ c* d"),
        ("_**a** b_", "_*a* b_"),
        ("~~**a**~~", "*~a~*"),
        ("**bold\nover lines**", "*bold*\n*over lines*"),
        ("**a<br>b**", "*a*\n*b*"),
        ("**a **b** c**", "*a b c*"),
        ("**`code`** and **see `code` here**", "*`code`* and *see `code` here*"),
        ("**&nbsp;spaced&nbsp;**", "*spaced*"),
        ("(**note**): \"**quoted**\", **end**.", "(*note*): \"*quoted*\", *end*."),
    ]);
}

#[test]
fn explore() {
    for markdown in [
        "**a**b a**b**c ** a** 2 * 3 * 4 and 5*3*2 snake_case __init__ \\*lit\\* **x\\*y** **a\\*** \\*n: **b**",
        "# Title\nText\n\n## Two `code` **b**\n- a\n  - b\n    - c\n      more\n\n  para\n1. x\n2. y\n   - z\n",
        "Options:\n1. Yes\n2. No\nReply with a number",
        "- [ ] todo\n- [x] done\n1. [x] n",
        "> quote\n> more\n>\n> para\n> - list\n> ```\n> code\n> ```\n\nafter",
        "| Plan | Price |\n|---|---|\n| **Basic** | 5 |\n| Pro | |",
        "| Feature | Basic | Pro |\n|:--|--|--|\n| Storage | 5 GB<br>more | `x|y` |\n| | 1 | |\nafter",
        "[text](https://a.b/c_d) [https://a.b](https://a.b) <https://c.d> [m](mailto:a@b.c) <a@b.c> ![alt](https://i.j/k.png) ![](https://i.j/k.png) **[t](https://x.y)** [![a](http://i)](http://l) [r][1]\n\n[1]: https://ref",
        "a\n\n---\n\nb\n***\nc",
        "<b>bold</b> line<br>two<br/>three <!-- c --> List<String> <order number> </p> x",
        "<div>\n    <p>Hello &amp; **you**</p>\n</div>\n\nafter",
        "<details>\n<summary>Sum</summary>\n\ntext **b**\n\n</details>",
        "```rust\nfn main() {\n    println!(\"{{}}\");\n}\n```\n```\nb\n```\ntext",
        "1. **Step one**\n\n   Do this:\n\n   ```sh\n   ls\n   ```\n\n2. **Step two**\n   more",
        "{{x}} {% y %} {**{**x}*}* `{{a}}` {&#123; &#x7;bell &#8238;rlo **{{**",
        "+ 5 €\n- 3 €",
        "-\n\n1.\n\n2. a",
        "- - a\n- > q\n- # h\n-     code",
        "a  \nb\\\nc\r\nd\re",
        "**bold https://a.b** **https://a.b** *https://a.b/c_d* see",
        "~5 min, ~~10~~ and ~~5~~ ~6",
        "**重要**：请**立即**联系 **你好** 。 و**كلمة** **مرحبا** **शब्द**ों **शब्द** है",
        "👨‍👩‍👧‍👦 **🇩🇪** 👍🏽**x**🎉",
        "$x_1 + y_2$ \\(a*b*c\\) \\[ E = mc^2 \\] x^2 ¯\\_(ツ)_/¯ <3 a < b > c",
        "\u{2067}a **b\u{2069} c** \u{2069}",
        "Term\n: def\n\n[^1] note\n\n[^1]: foot",
        "* a\n* b\n\n  c\n* d",
        "10. ten\n11. eleven\n    - x",
        "> [!NOTE]\n> x",
        "#hash tag\n#",
    ] {
        println!("=== {markdown}\n--- \n{}\n", shown(markdown));
    }
}
