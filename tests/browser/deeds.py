"""What a user does on the page, and what they wait for."""

import os
from pathlib import Path

PICTURES = os.environ.get("PICTURES")


# The page hears of a new width a moment after the browser has it.
FITS = "return document.getElementById('tab-phone').hidden !== matchMedia('(max-width: 52rem)').matches"


def say(page, text):
    page.wait(FITS)
    if page.run("return document.getElementById('phone').hidden"):
        tab(page, "phone")
    page.type("#text", text + "\ue007")


def on_the_phone(page, text, sender="brand"):
    page.wait(
        "const [sender, text] = arguments;"
        "return [...document.querySelectorAll(`#chat > .${sender}`)].some((node) => node.innerText.includes(text))",
        sender,
        text,
    )


def at_the_desk(page, text):
    page.wait("return document.getElementById('panel-desk').innerText.includes(arguments[0])", text)


def tab(page, name):
    page.click(f"#tab-{name}")


def picture(page, name):
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.picture(Path(PICTURES, f"{name}.png"))


def hand_off(page):
    say(page, "I want to talk to a human!")
    tab(page, "desk")
    at_the_desk(page, "Waits for a person")
