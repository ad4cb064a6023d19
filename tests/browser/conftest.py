"""The sandbox and a browser for each test."""

import contextlib
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


class Sandbox:
    """The program as a user starts it, with these arguments and nothing of this machine's environment."""

    def __init__(self, *arguments, port=0):
        assert PROGRAM.exists(), f"{PROGRAM} is not built: cargo build -p sandbox"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(OUTSIDE)}
        command = [PROGRAM, "--no-open", "--port", str(port), *arguments]
        self._program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        self.url = self._program.stdout.readline().strip().removeprefix("sandbox ready at ")

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def stop(self):
        self._program.kill()
        self._program.wait()
        self._program.stdout.close()


@pytest.fixture
def start():
    """Starts sandboxes; each ends with the test."""
    with contextlib.ExitStack() as stack:

        def start(*arguments, port=0):
            sandbox = Sandbox(*arguments, port=port)
            stack.callback(sandbox.stop)
            return sandbox

        yield start


@pytest.fixture
def page(browser, start):
    """A wide, light page of a fresh sandbox. It must end without an error on its console."""
    browser.resize(1440, 900)
    browser.prefer(color_scheme="light")
    browser.go(start().url)
    browser.wait("return document.getElementById('ai').innerText === 'knowledge'")
    browser.log()
    yield browser
    assert browser.log() == []
