"""The sandbox and a browser for each test."""

import os
import subprocess
from pathlib import Path

import pytest
from webdriver import chromium

ROOT = Path(__file__).parents[2]
PROGRAM = Path(os.environ.get("SANDBOX", ROOT / "target/debug/sandbox"))
OUTSIDE = ("AI_", "BRAZE_", "DESK", "ASSISTANT_CONFIG", "ON_UNKNOWN")


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def start():
    """Starts a sandbox with these arguments and gives its address; each ends with the test."""
    programs = []

    def start(*arguments):
        assert PROGRAM.exists(), f"{PROGRAM} is not built: cargo build -p sandbox"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(OUTSIDE)}
        command = [PROGRAM, "--no-open", "--port", "0", *arguments]
        program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        programs.append(program)
        return program.stdout.readline().strip().removeprefix("sandbox ready at ")

    yield start
    for program in programs:
        program.kill()
        program.wait()


@pytest.fixture
def page(browser, start):
    """A wide, light page of a fresh sandbox. It must end without an error on its console."""
    browser.resize(1440, 900)
    browser.prefer(color_scheme="light")
    browser.go(start())
    browser.wait("return document.getElementById('ai').innerText === 'knowledge'")
    browser.log()
    yield browser
    assert browser.log() == []
