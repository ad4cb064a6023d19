"""The page of the sandbox in a real browser: what a newcomer does in the first ten minutes."""

import re

import pytest

from deeds import at_the_desk, hand_off, on_the_phone, picture, say, tab
from measures import CUT, NAMELESS, PALE

HOSTILE = '<img src=x onerror="document.title=\'stolen\'"><script>document.title="stolen"</script> & "quotes" \\'
SHOP = ("--assistant", "functions/responder/samples/shop/assistant.toml")


def test_a_question_is_answered_and_its_way_is_shown(page):
    say(page, "When are you open?")
    on_the_phone(page, "Monday")
    page.wait("return document.querySelector('#chat .tick.received')")
    page.wait("return /door .* AI .* Braze .* in all/.test(document.querySelector('#steps .took').innerText)")
    kinds = set(page.texts("#steps .kind"))
    assert {"Webhook", "Queue", "Store", "AI", "Braze"} <= kinds
    page.run(
        "[...document.querySelectorAll('#steps details')]"
        ".find((node) => node.innerText.includes('POST /campaigns/trigger/send')).open = true"
    )
    page.wait(
        "return document.querySelector('#steps details[open] pre').innerText.includes('external_system_msg_body')"
    )
    picture(page, "way")


def test_an_agent_answers_on_the_page_and_gives_back(page):
    say(page, "When are you open?")
    on_the_phone(page, "Monday")
    hand_off(page)
    at_the_desk(page, "They asked for a person")
    assert "Monday" in page.text("#thread-lines")
    assert page.text("#desk-count").strip() == "(1)"
    picture(page, "desk")
    page.type("#reply-text", "Hello, Eve here.\ue007")
    on_the_phone(page, "Hello, Eve here.")
    at_the_desk(page, "With a person")
    say(page, "Where is my parcel?")
    at_the_desk(page, "Where is my parcel?")
    page.press("Give back to the bot")
    at_the_desk(page, "Nobody waits for a person")
    say(page, "And when are you open on Sunday?")
    on_the_phone(page, "On Sundays")
    page.wait("return document.getElementById('about').innerText.includes('the bot answers')")


def test_an_agent_takes_over_by_themselves(page):
    tab(page, "desk")
    page.press("Take over Ada’s conversation")
    at_the_desk(page, "With a person")
    say(page, "When are you open?")
    at_the_desk(page, "When are you open?")
    assert page.texts("#chat > .brand") == []


def test_whoever_is_forgotten_disappears_from_the_page(page):
    say(page, "When are you open, says the canary?")
    on_the_phone(page, "Monday")
    hand_off(page)
    at_the_desk(page, "canary")
    page.press("Forget this user")
    page.press("Really forget them?")
    at_the_desk(page, "Nobody waits for a person")
    page.wait("return document.getElementById('steps').innerText.includes('conversation forgotten')")
    page.wait("return !document.getElementById('steps').innerText.includes('POST /inbound')")


def test_what_users_write_stays_text(page):
    hand_off(page)
    say(page, HOSTILE)
    on_the_phone(page, HOSTILE, sender="user")
    at_the_desk(page, HOSTILE)
    page.type("#reply-text", HOSTILE + "\ue007")
    on_the_phone(page, HOSTILE)
    page.run("document.querySelectorAll('#steps details').forEach((node) => (node.open = true))")
    page.wait("return document.getElementById('steps').innerText.includes('onerror')")
    assert page.run("return document.querySelectorAll('img, main script, iframe').length") == 0
    assert page.run("return document.title") == "Dragoman sandbox"


def test_the_policy_stops_what_the_page_would_never_do(page):
    page.run(
        "const image = document.createElement('img'); image.src = 'https://outside.example/x.png';"
        "document.body.append(image)"
    )
    for attempt in ["body.innerHTML = '<b>x</b>'", "body.setAttribute('onclick', 'alert(1)')", "write('<b>x</b>')"]:
        assert page.run(f"try {{ document.{attempt}; return 'done' }} catch {{ return 'refused' }}") == "refused", (
            attempt
        )
    page.run("return import('https://outside.example/x.js').catch(() => 0)")
    refused = " ".join(page.log())
    for what in ("x.png", "x.js", "TrustedHTML", "TrustedScript"):
        assert what in refused


def test_a_fault_is_seen_and_mended(page):
    tab(page, "faults")
    page.click("#faults [name=ai][value=down]")
    page.wait("return document.getElementById('fault-count').innerText.trim() === '(1)'")
    say(page, "When are you open?")
    page.wait("return document.querySelector('#chat > .brand')")
    assert "Monday" not in page.text("#chat")
    picture(page, "faults")
    page.press("Everything works again")
    page.wait("return document.querySelector('#faults [name=ai][value=ok]').checked")


@pytest.mark.parametrize("fault", ["429", "500", "502", "lost", "cut_in_body"])
def test_a_reply_survives_each_of_brazes_answers(page, fault):
    tab(page, "faults")
    page.click(f"#faults [data-fault='{fault}']")
    page.wait("return document.querySelector('#faults .due').closest('#faults').innerText.includes('next time')")
    say(page, "When are you open?")
    on_the_phone(page, "Monday")
    page.wait("return document.getElementById('fault-count').innerText === ''")


def test_every_fault_can_be_set_and_taken_back(page):
    tab(page, "faults")
    switches = page.run("return [...document.querySelectorAll('#faults [type=checkbox]')].map(({ name }) => name)")
    buttons = page.run(
        "return [...document.querySelectorAll('#faults [data-fault]')].map((node) => node.dataset.fault)"
    )
    assert len(switches) >= 6
    assert len(buttons) >= 9
    for name in switches:
        page.click(f"#faults [name={name}]")
    for key in buttons:
        page.click(f"#faults [data-fault='{key}']")
    # The responder dies once: the second moment takes the place of the first.
    count = len(switches) + len(buttons) - 1
    page.wait("return document.getElementById('fault-count').innerText.trim() === `(${arguments[0]})`", count)
    page.press("Everything works again")
    page.wait("return document.getElementById('fault-count').innerText === ''")


def test_quick_replies_and_lists_are_tapped_and_media_are_not_loaded(page):
    lines = [
        {"from": "brand", "text": "Which one?", "at": 1, "beside": {"buttons": ["Refund", "Exchange"]}},
        {"from": "brand", "text": "Pick", "at": 2, "beside": {"list": {"button": "Sizes", "rows": [["Small", "S"]]}}},
        {"from": "brand", "text": "Look", "at": 3, "beside": {"image": "https://media.example/a/parcel.jpg?x=1"}},
    ]
    page.run("return import('/phone.js').then((phone) => phone.show(arguments[0], []))", lines)
    assert "parcel.jpg" in page.text("#chat figure")
    assert page.run("return document.querySelectorAll('img').length") == 0
    page.run("document.querySelector('#chat details').open = true")
    page.click("#chat details button")
    on_the_phone(page, "Small", sender="user")
    page.run("return import('/phone.js').then((phone) => phone.show(arguments[0], []))", lines)
    page.press("Refund", within="#chat")
    on_the_phone(page, "Refund", sender="user")


def test_a_picture_is_sent_and_shown_by_its_name(page):
    page.click("#picture")
    page.wait("return document.querySelector('#chat .user figure')")
    assert re.search(r"photo-\d+\.jpg", page.text("#chat .user figure"))


def test_a_new_number_is_answered_too(page):
    page.click("#new-number")
    page.wait("return document.getElementById('about').innerText.startsWith('alias:phone:+49')")
    say(page, "When are you open?")
    on_the_phone(page, "Monday")


def test_the_profile_changes_beside_the_phone(browser, start):
    browser.resize(1440, 900)
    browser.go(start(*SHOP).url)
    say(browser, "When are you open?")
    tab(browser, "customer")
    browser.wait("return document.getElementById('customer-attributes').innerText.includes('dragoman_turns')")
    picture(browser, "customer")
    browser.press("Unsubscribe them from the WhatsApp group")
    browser.wait("return document.getElementById('customer-facts').innerText.includes('not subscribed')")
    say(browser, "When are you open on Saturday?")
    browser.wait("return document.querySelector('#chat > .nobody')?.innerText.includes('not subscribed')")


def test_the_page_takes_up_again_after_a_restart(browser, start):
    sandbox = start()
    browser.resize(1440, 900)
    browser.go(sandbox.url)
    say(browser, "When are you open?")
    on_the_phone(browser, "Monday")
    sandbox.stop()
    browser.wait("return document.getElementById('trouble').innerText.includes('cargo run')")
    say(browser, "Are you there?")
    browser.wait("return document.getElementById('refusal').innerText.includes('Not done')")
    assert browser.run("return document.getElementById('text').value") == "Are you there?"
    start(port=sandbox.port)
    browser.wait("return document.getElementById('trouble').hidden")
    # What the old one knew is gone from the page, too.
    browser.wait("return document.querySelectorAll('#steps li, #chat article').length === 0")
    browser.press("Send")
    on_the_phone(browser, "Are you there?", sender="user")


def test_the_keyboard_is_enough(page):
    say(page, "When are you open?")
    on_the_phone(page, "Monday")
    page.run("document.querySelector('[role=tab][aria-selected=true]').focus()")
    page.key("Right")
    assert page.run("return document.activeElement.id") == "tab-customer"
    page.key("Home")
    assert page.run("return document.activeElement.id") == "tab-desk"
    for _ in range(12):
        page.key("Tab")
        if page.run("return document.activeElement.id") == "take-phone":
            break
    page.key("Enter")
    at_the_desk(page, "With a person")


def test_every_control_has_a_name_and_enough_contrast(page):
    hand_off(page)
    for scheme in ("light", "dark"):
        page.prefer(color_scheme=scheme)
        for name in ("desk", "customer", "faults", "liquid"):
            tab(page, name)
            assert page.run(NAMELESS) == []
            assert page.run(PALE) == []


def test_dark_is_dark_and_still_is_still(page):
    say(page, "hi")
    light = page.run("return getComputedStyle(document.body).backgroundColor")
    page.prefer(color_scheme="dark", reduced_motion="reduce")
    dark = page.run("return getComputedStyle(document.body).backgroundColor")
    assert brightness(light) > 200
    assert brightness(dark) < 60
    assert page.run("return getComputedStyle(document.querySelector('#typing i')).animationName") == "none"
    picture(page, "dark")


@pytest.mark.parametrize("width", [360, 768, 1024, 1440, 1920])
def test_nothing_is_wider_than_the_screen(page, width):
    page.resize(width, 740)
    hand_off(page)
    say(page, "https://example.com/" + "x" * 300)
    on_the_phone(page, "x" * 300, sender="user")
    for name in ("desk", "customer", "faults", "liquid"):
        tab(page, name)
        inner, outer = page.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert inner <= outer, name
        cut = page.run(CUT)
        assert cut == [], name
    picture(page, f"at-{width}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_everything_is_within_a_thumbs_reach_of_the_chat(browser, start, scheme):
    browser.resize(390, 740)
    browser.prefer(color_scheme=scheme)
    browser.go(start().url)
    browser.wait("return document.getElementById('ai').innerText === 'knowledge'")
    browser.log()
    say(browser, "When are you open?")
    on_the_phone(browser, "Monday")
    picture(browser, f"narrow-{scheme}")
    for name, panel in PANELS.items():
        assert browser.run(OUT_OF_REACH) == [], name
        tab(browser, name)
        assert browser.run(SHOWN_PANELS) == [panel], name
        assert browser.run("return document.documentElement.scrollHeight <= innerHeight"), name
        assert browser.run(NAMELESS) == []
        assert browser.run(PALE) == []
        assert browser.run(CUT) == []
    browser.run("document.getElementById('tab-liquid').focus()")
    browser.key("Right")
    assert browser.run(SHOWN_PANELS) == ["phone"]
    assert browser.run("return document.activeElement.id") == "tab-phone"
    assert browser.run("return document.getElementById('tabs').ariaLabel")

    # Beside the phone again: it is no tab there.
    browser.resize(1440, 900)
    browser.wait("return document.getElementById('tab-phone').hidden")
    assert browser.run("return !document.getElementById('phone').hidden")
    assert browser.log() == []


PANELS = {
    "way": "way",
    "desk": "panel-desk",
    "customer": "panel-customer",
    "faults": "panel-faults",
    "liquid": "panel-liquid",
    "phone": "phone",
}
SHOWN_PANELS = """
return [...document.querySelectorAll('[role=tabpanel]')].filter((node) => !node.hidden).map(({ id }) => id)
"""
# Tabs that a thumb does not reach at the lower edge, or misses.
OUT_OF_REACH = """
return [...document.querySelectorAll('[role=tab]')]
  .filter((node) => {
    const { top, bottom, height, width } = node.getBoundingClientRect();
    return bottom > innerHeight || top < innerHeight - 100 || height < 44 || width < 44;
  })
  .map((node) => node.id)
"""


def brightness(color):
    return sum(int(part) for part in re.findall(r"\d+", color)[:3]) / 3
