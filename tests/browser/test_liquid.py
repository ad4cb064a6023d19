"""The two Liquid templates on the page: edited, hit by a message, explained, put back."""

import pytest

from deeds import on_the_phone, picture, say, tab
from measures import CUT, NAMELESS, PALE

MARKUP = "<img src=x onerror=document.title=1></textarea><script>document.title=1</script>"
REPLY = "{{api_trigger_properties.${external_system_msg_body}}}"


def write(page, name, text):
    """Puts `text` in the place of a template, as a user who pastes it."""
    page.run(
        "const area = document.getElementById(arguments[0]); area.value = arguments[1];"
        "area.dispatchEvent(new Event('input', { bubbles: true }))",
        f"{name}-template",
        text,
    )


def template(page, name):
    return page.run("return document.getElementById(arguments[0]).value", f"{name}-template")


def apply(page):
    page.press("Apply")
    page.wait("return document.getElementById('liquid-said').innerText.startsWith('In force')")


def explained(page, words, where="#steps .trap"):
    page.wait(
        "const [words, where] = arguments;"
        "return [...document.querySelectorAll(where)].some((node) => node.innerText.includes(words))",
        words,
        where,
    )


def test_a_quote_in_the_documented_body_is_explained_and_the_recommended_one_bears_it(page):
    tab(page, "liquid")
    recommended = template(page, "body")
    assert "json_escape" in recommended
    page.press("As Braze documents it", within="#body-presets")
    assert page.text("#liquid-said") == "Not applied yet."
    apply(page)
    explained(page, "nothing in it is escaped", where="#body-findings")
    assert page.text("#liquid-count").strip() == "(1)"
    say(page, 'A friend said "we are open" \\o/ Are you?')
    explained(page, "the body is no JSON any more")
    explained(page, "What to do: Open the webhook campaign in Braze")
    explained(page, "400", where="#liquid-hit")
    picture(page, "liquid")
    # The body that came out is on the way, byte for byte.
    page.run(
        "[...document.querySelectorAll('#steps details')]"
        ".find((node) => node.innerText.includes('POST /inbound')).open = true"
    )
    page.wait("return document.querySelector('#steps details[open] pre')?.innerText.includes('said \"we are open\"')")
    page.press("Reset both")
    page.wait("return document.getElementById('liquid-count').innerText === ''")
    assert template(page, "body") == recommended
    page.wait("return document.getElementById('liquid-traps').hidden")
    page.press("Clear")
    say(page, 'When "exactly" are you open?')
    on_the_phone(page, "Monday")
    assert page.texts("#steps .trap") == []


def test_a_misspelled_reply_is_explained_and_reaches_nobody(page):
    tab(page, "liquid")
    page.press("As Braze documents it", within="#message-presets")
    apply(page)
    say(page, "When are you open?")
    explained(page, "with a plus, as Braze’s guide prints it".replace("’", "'"))
    on_the_phone(page, "empty once it is rendered", sender="nobody")
    page.press("Recommended", within="#message-presets")
    apply(page)
    say(page, "When are you open on Sunday?")
    on_the_phone(page, "On Sundays")


def test_liquid_that_does_not_parse_sends_no_webhook_and_the_way_says_so(page):
    tab(page, "liquid")
    write(page, "body", template(page, "body").replace("{{${user_id} |", "{{${user_id |"))
    apply(page)
    say(page, "When are you open?")
    explained(page, "no webhook leaves Braze", where="#steps .webhook")
    explained(page, "Braze cannot render the webhook's body")
    on_the_phone(page, "does not parse", sender="nobody")


def test_a_filter_that_is_not_known_is_named_without_the_parsers_own_words(page):
    tab(page, "liquid")
    write(page, "message", REPLY.replace("}}}", "} | shout}}"))
    apply(page)
    say(page, "When are you open?")
    explained(page, "the filter `shout` is not known here")
    explained(page, "What to do: Open the reply campaign")
    on_the_phone(page, "the filter `shout` is not known here", sender="nobody")
    assert "available filters" not in page.text("body")


def test_what_is_refused_is_said_and_nothing_changes(page):
    tab(page, "liquid")
    write(page, "body", "{% for i in (1..1000000000) %}x{% endfor %}")
    page.press("Apply")
    page.wait("return document.getElementById('refusal').innerText.includes('grow without end')")
    assert page.text("#liquid-said") == "Not applied yet."
    write(page, "body", "é" * 8_000)
    page.press("Apply")
    page.wait("return document.getElementById('refusal').innerText.includes('8192 bytes')")
    page.press("Reset both")
    page.wait("return document.getElementById('refusal').hidden")
    # Chromium notes each answer of 400 by itself.
    assert all("400 (Bad Request)" in entry for entry in page.log())


def test_a_template_stays_text_and_a_draft_stays_when_something_else_changes(page):
    tab(page, "liquid")
    # Findings quote the first key of a body and the filters of a message.
    write(page, "body", f'{{"{MARKUP}": 1}}')
    write(page, "message", REPLY.replace("}}}", "} | " + MARKUP + "}}"))
    apply(page)
    explained(page, MARKUP, where="#body-findings")
    explained(page, MARKUP, where="#message-findings")
    say(page, MARKUP)
    explained(page, MARKUP)
    write(page, "body", "a draft")
    page.run(
        "const body = JSON.stringify({ message: 'changed elsewhere' });"
        "return fetch('sandbox/liquid', { method: 'POST', body }).then(() => 1)"
    )
    page.wait("return document.getElementById('message-template').value === 'changed elsewhere'")
    assert template(page, "body") == "a draft"
    assert page.run("return document.querySelectorAll('img, main script, iframe').length") == 0
    assert page.run("return document.title") == "Dragoman sandbox"


def test_the_keyboard_is_enough_to_edit_apply_and_reset(page):
    page.run("document.querySelector('[role=tab][aria-selected=true]').focus()")
    for _ in range(3):
        page.key("Right")
    assert page.run("return document.activeElement.id") == "tab-liquid"
    go_to(page, "message-template")
    page.type("#message-template", " Bye!")
    go_to(page, "liquid-apply")
    page.key("Enter")
    page.wait("return document.getElementById('liquid-said').innerText.startsWith('In force')")
    say(page, "When are you open?")
    on_the_phone(page, "Bye!")
    page.run("document.getElementById('message-template').focus()")
    go_to(page, "liquid-reset")
    page.key("Space")
    page.wait("return !document.getElementById('message-template').value.includes('Bye')")


def go_to(page, name):
    for _ in range(12):
        page.key("Tab")
        if page.run("return document.activeElement.id") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")


@pytest.mark.parametrize("width", [360, 1440])
def test_traps_are_readable_in_light_and_dark_and_on_a_phone(page, width):
    page.resize(width, 740)
    tab(page, "liquid")
    page.press("As Braze documents it", within="#body-presets")
    page.press("As Braze documents it", within="#message-presets")
    apply(page)
    say(page, 'Are you "open"?')
    explained(page, "no JSON any more", where="#liquid-hit")
    for scheme in ("light", "dark"):
        page.prefer(color_scheme=scheme)
        for name in ("liquid", "way") if width < 1344 else ("liquid",):
            tab(page, name)
            assert page.run(NAMELESS) == []
            assert page.run(PALE) == []
            assert page.run(CUT) == []
            assert page.run("return document.documentElement.scrollWidth <= innerWidth")
            picture(page, f"liquid-{name}-{width}-{scheme}")
