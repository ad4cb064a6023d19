"""Customers on the page: newcomers, people who wrote a day ago, and whom the desk shows."""

from deeds import at_the_desk, hand_off, on_the_phone, picture, say, tab
from measures import PALE


def test_a_newcomer_is_one_person_on_the_phone_and_at_the_desk(page):
    page.click("#new-number")
    number = page.wait("return document.getElementById('phone-title').innerText.match(/\\+\\d+/)?.[0]")
    hand_off(page)
    assert number in page.text("#thread-title")
    people = len(page.texts("#people label"))
    page.type("#reply-text", "Hello, Eve here.\ue007")
    on_the_phone(page, "Hello, Eve here.")
    page.wait("return document.getElementById('about').innerText.includes('a person has taken over')")
    page.click("#desk-list label")
    assert len(page.texts("#people label")) == people
    page.click("#only")
    page.wait(
        "return [...document.querySelectorAll('#steps li')]"
        ".some((node) => !node.hidden && node.innerText.includes('the desk'))"
    )


def test_a_newcomer_whom_nobody_subscribes_reads_nothing_and_the_way_says_what_to_do(browser, start, tmp_path):
    assistant = tmp_path / "assistant.toml"
    assistant.write_text("[profile]\n")
    browser.resize(1440, 900)
    browser.go(start("--assistant", str(tmp_path)).url)
    browser.click("#new-number")
    say(browser, "Where is my parcel?")
    on_the_phone(browser, "newcomers are not until somebody subscribes them", sender="nobody")
    browser.wait("return document.querySelector('#steps .trap')?.innerText.includes('Set newcomers_group in')")
    tab(browser, "customer")
    browser.press("Subscribe them to the WhatsApp group")
    say(browser, "And where is it now?")
    on_the_phone(browser, "I don't know")
    picture(browser, "newcomer")


def test_a_day_later_the_desk_says_that_a_line_was_not_sent(page):
    hand_off(page)
    page.type("#reply-text", "I am looking.\ue007")
    on_the_phone(page, "I am looking.")
    tab(page, "customer")
    page.press("Let a day pass since they wrote")
    page.wait("return document.getElementById('customer-facts').innerText.includes('closed: only templates')")
    tab(page, "desk")
    page.type("#reply-text", "Here it is.\ue007")
    at_the_desk(page, "Not sent: they have not written for a day")
    picture(page, "window-closed")
    assert page.run(PALE) == []
    assert len(page.texts("#thread-lines .unsent")) == 1
    say(page, "Any news?")
    at_the_desk(page, "Any news?")
    page.type("#reply-text", "It is on its way.\ue007")
    on_the_phone(page, "It is on its way.")


def test_the_desk_shows_whoever_has_just_asked_unless_its_agent_is_writing_to_another(page):
    hand_off(page)
    page.wait("return document.getElementById('thread-title').innerText === 'Ada'")
    page.click("#people input[value='user:bruno']")
    say(page, "I want to talk to a human!")
    page.wait("return document.getElementById('thread-title').innerText === 'Bruno'")
    page.type("#reply-text", "Dear Bruno")
    page.run(
        "const body = JSON.stringify({ text: 'I want to talk to a human!' });"
        "return fetch('sandbox/phones/user:chloe/messages', { method: 'POST', body }).then(() => 1)"
    )
    page.wait("return document.querySelectorAll('#desk-list label').length === 3")
    assert page.text("#thread-title") == "Bruno"
    assert page.run("return document.getElementById('reply-text').value") == "Dear Bruno"
