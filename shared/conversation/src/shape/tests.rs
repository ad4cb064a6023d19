//! Markdown as language models write it, and what a phone gets of it.

use super::*;

fn assert_shown(cases: &[(&str, &str)]) {
    for (markdown, expected) in cases {
        let parts: Vec<_> = shape(markdown, 9).into_iter().map(String::from).collect();
        assert_eq!(parts, [*expected], "{markdown:?}");
    }
}

#[test]
fn emphasis_becomes_whatsapps() {
    assert_shown(&[
        ("**b**, __b__, *i*, _i_, ~~s~~, ~s~, `a_b*c`", "*b*, *b*, _i_, _i_, ~s~, ~s~, `a_b*c`"),
        ("***x*** **_y_** ~~**z**~~", "*_x_* *_y_* *~z~*"),
        ("**a _b_ c** d, _**a** b_", "*a _b_ c* d, _*a* b_"),
        ("**bold\nover lines**", "*bold*\n*over lines*"),
        ("**a<br>b**", "*a*\n*b*"),
        ("**a **b** c**", "*a b c*"),
        ("**`code`** and **see `code` here**", "*`code`* and *see `code` here*"),
        ("**&nbsp;spaced&nbsp;** **&nbsp;**", "*spaced*"),
        ("(**note**): \"**quoted**\", **end**.", "(*note*): \"*quoted*\", *end*."),
        ("**Price:** ~~€50~~ **€40**", "*Price:* ~€50~ *€40*"),
    ]);
}

#[test]
fn a_marker_that_would_not_format_is_left_out_and_its_text_stays() {
    assert_shown(&[
        ("**a**b a**b**c *un*_seen_", "ab abc unseen"),
        ("请**立即**联系, **重要**: و**كلمة**", "请立即联系, *重要*: وكلمة"),
        ("**शब्द**ों **शब्द**", "शब्दों *शब्द*"),
        ("**\u{301}a** **b**\u{301}", "\u{301}a b\u{301}"),
        ("\u{600}**a** **b\u{600}**", "\u{600}a b\u{600}"),
        ("**a!**<b></b>**!b**", "*a!*!b"),
        ("` a` ``b`c`` ```` ``` ````", "`a` b`c ``\u{2060}`"),
    ]);
}

#[test]
fn signs_that_are_no_markers_stay_and_start_no_formatting() {
    assert_shown(&[
        ("2 * 3 * 4 = 24, 5*3*2 and 2**8 + 2**9", "2 * 3 * 4 = 24, 5*3*2 and 2**8 + 2**9"),
        ("10~20 or 30~40 min", "10~20 or 30~40 min"),
        ("snake_case_name, a_b and **my_file_name.txt**", "snake_case_name, a_b and *my_file_name.txt*"),
        ("\\*literal\\* and 1\\. that", "*literal* and 1. that"),
        ("**a\\* b** **c\\***", "a* b c*"),
        ("**a \\*** and **\\* b**", "a * and * b"),
        ("5\\*3 **bold**", "5*3 *bold*"),
        ("2 * 3 = 6 **bold**", "2 * 3 = 6 *bold*"),
        ("**2 * 3** and **5\\*3**", "*2 * 3* and *5*3*"),
        ("\\*terms: **bold**", "*terms: bold"),
        ("5\\* hotel **bold**, about ~5 min", "5* hotel *bold*, about ~5 min"),
        ("_see_ `*.rs` **now**", "_see_ `*.rs` *now*"),
    ]);
}

#[test]
fn headings_become_bold_lines() {
    assert_shown(&[
        ("# Your order\nIt is **here**.", "*Your order*\nIt is *here*."),
        ("## A **b** `c`\n\ntext", "*A b `c`*\n\ntext"),
        ("Setext\n---\ntext", "*Setext*\ntext"),
        ("### 1. *Step* ###", "*1. _Step_*"),
        ("#hashtag", "#hashtag"),
    ]);
}

#[test]
fn lists_keep_their_markers_and_their_spacing() {
    assert_shown(&[
        ("You can:\n* pay\n* *wait*\n\nBye", "You can:\n- pay\n- _wait_\n\nBye"),
        ("1. one\n   - a\n     - b\n2. two", "1. one\n   - a\n     - b\n2. two"),
        ("9. nine\n1. ten\n    + x", "9. nine\n10. ten\n    + x"),
        ("1. **Step**\n\n   Do this.\n\n2. **Next**", "1. *Step*\n\nDo this.\n\n2. *Next*"),
        ("- [ ] open\n- [x] done\n1. [x] first", "☐ open\n☑ done\n1. ☑ first"),
        ("- - a\n- # h\n- > q", "- - a\n- *h*\n> - q"),
        ("Balance:\n+ 50 €\n- 20 €", "Balance:\n+ 50 €\n- 20 €"),
        ("Reply with:\n1. Yes\n2. No\nThank you", "Reply with:\n1. Yes\n2. No\nThank you"),
        ("1.\n\n-", "1.\n\n-"),
        ("- - - - - - - - - - - - - - - deep", "- - - - - - - - - - - - deep"),
        (
            "- a\n  - b\n    - c\n      - d\n        - e\n          - f\n            - g\n              - h",
            "- a\n  - b\n    - c\n      - d\n        - e\n          - f\n            - g\n            - h",
        ),
    ]);
}

#[test]
fn quotations_are_quoted_on_every_line() {
    assert_shown(&[
        ("> one\n> two\nlazy\n\nafter", "> one\n> two\n> lazy\n\nafter"),
        ("> one\n>\n> - two\n>> three", "> one\n\n> - two\n> three"),
        ("> **a\n> b**\n> ```\n> c\n> ```", "> *a*\n> *b*\n> ```\n> c\n> ```"),
    ]);
}

#[test]
fn code_stays_as_it_is_between_fences() {
    assert_shown(&[
        ("Run:\n```sh\nls *.rs  # **all**\n\n  cd\n```\ndone", "Run:\n```\nls *.rs  # **all**\n\n  cd\n```\ndone"),
        ("```\na\n```\n```\nb\n```", "```\na\n```\n\n```\nb\n```"),
        ("1. Do\n   ```\n   x\n   ```\n2. Then", "1. Do\n```\nx\n```\n2. Then"),
        ("~~~\n`````\n~~~", "```\n``\u{2060}``\u{2060}`\n```"),
        ("```\na\n\n\n```\n```\n\nb\n```\nc", "```\na\n```\n\n```\nb\n```\nc"),
        ("```\nnever closed", "```\nnever closed\n```"),
        ("```\n**注：**意\n```", "```\n**注：**意\n```"),
        ("a\n\n```\n\n```\n\nb", "a\n\nb"),
    ]);
}

#[test]
fn links_show_their_address() {
    assert_shown(&[
        ("[here](https://a.example/b_c \"title\").", "here (https://a.example/b_c)."),
        ("[https://a.example](https://a.example) <https://b.example>", "https://a.example https://b.example"),
        ("[mail](mailto:a@b.example) <a@b.example> [call](tel:+4930)", "mail (a@b.example) a@b.example call (+4930)"),
        (
            "![a map](https://a.example/m.png) ![](https://b.example)",
            "a map (https://a.example/m.png) https://b.example",
        ),
        ("[![logo](https://i.example)](https://a.example)", "logo (https://a.example)"),
        (
            "**[t](https://a.example)** **see [t](https://a.example) now**",
            "*t* (https://a.example) *see t* (https://a.example) *now*",
        ),
        ("**https://a.example** *at https://a.example/b_c*", "https://a.example at https://a.example/b_c"),
        (
            "[top](#top) [it][1] [a b](<https://a.example/a b>)\n\n[1]: https://c.example",
            "top it (https://c.example) a b (https://a.example/a%20b)",
        ),
    ]);
}

#[test]
fn tables_become_lines() {
    assert_shown(&[
        ("| Day | Open |\n|---|:-:|\n| **Mon** | 9–17 |\n| Sun | |", "*Day | Open*\n*Mon* | 9–17\nSun |"),
        (
            "| Plan | Price | Space |\n|---|---|---|\n| Basic | €5 | 1 GB<br>or `2` |\n| Pro | | [all](https://a.example) |",
            "*Plan: Basic*\nPrice: €5\nSpace: 1 GB or `2`\n\n*Plan: Pro*\nSpace: all (https://a.example)",
        ),
        ("# T\n| | A | B |\n|---|---|---|\n| x | 1 | 2 |", "*T*\n*x*\nA: 1\nB: 2"),
        (
            "| A | B | A name of more than forty characters, alas |\n|---|---|---|\n| 1 | 2 | 3 |",
            "*A | B | A name of more than forty characters, alas*\n1 | 2 | 3",
        ),
    ]);
}

#[test]
fn html_leaves_its_words() {
    assert_shown(&[
        ("<b>bold</b> one<br>two<br/>three <!-- no -->four", "bold one\ntwo\nthree four"),
        ("<div>\n  <p>Hello &amp; **you**</p>\n</div>\n\nafter", "Hello & *you*\n\nafter"),
        ("Send TRACK <order number>, List<String>, 1 < 2 <3", "Send TRACK <order number>, List<String>, 1 < 2 <3"),
    ]);
}

#[test]
fn a_rule_is_a_line_of_dashes() {
    assert_shown(&[("a\n\n---\n\nb\n***\nc", "a\n\n----------\n\nb\n----------\nc")]);
}

#[test]
fn plain_text_comes_through() {
    assert_shown(&[
        ("Hello!\nHow are you?\n\n\n\nFine, & you?  ", "Hello!\nHow are you?\n\nFine, & you?"),
        ("a\r\nb\rc\u{2028}d", "a\nb\nc\nd"),
        ("*\u{7}*b*\u{0}*", "*b*"),
        ("tab\tstays, \u{7}bell\u{0} goes, &#7;hidden too", "tab\tstays, bell goes, hidden too"),
        ("$x_1 + y_2$, \\(a_b\\), \\[ E = mc^2 \\]", "$x_1 + y_2$, (a_b), [ E = mc^2 ]"),
        ("👨‍👩‍👧‍👦 **🇩🇪** 👍🏽 ❤️ 1️⃣", "👨‍👩‍👧‍👦 *🇩🇪* 👍🏽 ❤️ 1️⃣"),
        ("مرحبا **بك** في _متجرنا_", "مرحبا *بك* في _متجرنا_"),
        ("नमस्ते, **आपका** ऑर्डर", "नमस्ते, *आपका* ऑर्डर"),
        ("你好，**欢迎**。", "你好，*欢迎*。"),
        ("**注意：**请看。`**a：**b` **\"값\"**은", "注意：请看。`**a：**b` \"값\"은"),
    ]);
}

#[test]
fn directions_are_closed_on_their_line() {
    assert_shown(&[
        ("a \u{202e}b\nc", "a \u{202e}b\u{202c}\nc"),
        ("a\u{2069} &#x202c;b \u{2067}c\u{2069}", "a b \u{2067}c\u{2069}"),
        ("**\u{2067}a** b", "*\u{2067}a* b\u{2069}"),
    ]);
}

#[test]
fn liquid_never_meets_again() {
    assert_shown(&[
        (
            "{{ ${email_address} }} {%- abort_message() -%}",
            "{\u{2060}{ ${email_address} }\u{2060}} {\u{2060}%- abort_message() -%\u{2060}}",
        ),
        (
            "{**{** {**{** { {<b></b>{ {&#123; {\u{0}{ {<!---->%",
            "{*{* {*{* { {\u{2060}{ {\u{2060}{ {\u{2060}{ {\u{2060}%",
        ),
        (
            "{{{ `{{x}}` [a](https://a.example/{{b}})",
            "{\u{2060}{\u{2060}{ `{\u{2060}{x}\u{2060}}` a (https://a.example/{\u{2060}{b}\u{2060}})",
        ),
        ("```\n{{x}}\n```", "```\n{\u{2060}{x}\u{2060}}\n```"),
        ("|{|{|{|\n|-|-|-|\n|{|{|{|", "*{: {*\n{: {\n{: {"),
    ]);
}

#[test]
fn where_nothing_is_said_there_is_no_part() {
    for markdown in [
        "",
        " \n\t\r\n",
        "<div></div>",
        "# ",
        "[](#)",
        "\u{200b}\u{2060}",
        "\u{202e}",
        "```\n\n```",
        ">",
        "&nbsp;",
        "\u{0}",
    ] {
        assert_eq!(shape(markdown, 9), [], "{markdown:?}");
    }
    assert_eq!(shape("words", 0), []);
}

#[test]
fn what_a_person_writes_stays_as_it_is() {
    for (text, expected) in [
        ("Dear *you*,\n\n  two <b>bold</b> words & [a](b)\n# not a title", None),
        ("1. one\n- two", None),
        ("He said \"hi\" C:\\temp 👩‍👩‍👧", None),
        ("a\r\nb\u{0}\n\n\n\nc\n\n", Some("a\nb\n\nc")),
        ("{{name}}", Some("{\u{2060}{name}\u{2060}}")),
    ] {
        let parts: Vec<_> = verbatim(text).into_iter().map(String::from).collect();
        assert_eq!(parts, [expected.unwrap_or(text)], "{text:?}");
    }
    assert!(verbatim(" \n\u{200b}\n").is_empty());
}

#[test]
fn what_a_person_writes_is_cut_only_where_it_must_be() {
    let text = format!("{}\n\n{} https://a.example/{}", "word ".repeat(800), "more".repeat(100), "x".repeat(300));
    let parts: Vec<_> = verbatim(&text).into_iter().map(String::from).collect();
    assert_eq!(parts.len(), 2);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&parts.join("\n")), words(&text));
}
