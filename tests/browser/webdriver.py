"""A browser driven over the W3C WebDriver protocol: Debian's chromium and chromium-driver, headless and alone."""

import base64
import contextlib
import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever is not the sandbox does not exist.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--proxy-server=direct://",
]
# Seconds: longer than it takes until a reply is tried again after an outage.
PATIENCE = float(os.environ.get("PATIENCE", "40"))
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "Tab": "\ue004", "Right": "\ue014", "Home": "\ue011", "Space": " "}


class BrowserError(Exception):
    """The browser says that something cannot be done."""


class Browser:
    """One window."""

    def __init__(self, url):
        self._url = url

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, {"content-type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(json.load(error)["value"]["message"]) from None

    def cdp(self, command, **params):
        """A command of the DevTools protocol."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def go(self, url):
        self._call("POST", "/url", {"url": url})

    def resize(self, width, height, scale=1):
        """The size of the page in CSS pixels, as on a device of that size."""
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )

    def prefer(self, **features):
        """What the user prefers, such as color_scheme="dark"."""
        features = [{"name": "prefers-" + name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.cdp("Emulation.setEmulatedMedia", features=features)

    def run(self, script, *arguments):
        """What JavaScript returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments):
        """Waits until JavaScript returns something true, and gives it."""
        patience = time.monotonic() + PATIENCE
        while True:
            value = self.run(script, *arguments)
            if value:
                return value
            if time.monotonic() > patience:
                raise AssertionError(f"it did not come true: {script} {arguments}\n{self.text('body')[:3000]}")
            time.sleep(0.05)

    def find(self, selector):
        return self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self._call("POST", f"/element/{self.find(selector)}/click", {})

    def press(self, label, within="body"):
        """Clicks the visible button that is called so."""
        found = self.wait(
            "const [within, label] = arguments;"
            "return [...document.querySelectorAll(`${within} button`)].find((node) =>"
            " node.checkVisibility() && !node.disabled"
            " && (node.ariaLabel ?? node.firstChild.textContent).trim() === label)",
            within,
            label,
        )
        self._call("POST", f"/element/{found[ELEMENT]}/click", {})

    def type(self, selector, text):
        self._call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def key(self, name):
        """Presses a key wherever the focus is."""
        value = KEYS[name]
        actions = [{"type": kind, "value": value} for kind in ("keyDown", "keyUp")]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((node) => node.innerText)", selector)

    def log(self):
        """What the page said on its console since this was last asked: errors and refusals by its policy."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"})]

    def picture(self, path):
        Path(path).write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def close(self):
        self._call("DELETE", "")


@contextlib.contextmanager
def chromium():
    """A fresh browser; everything it leaves goes with it."""
    with tempfile.TemporaryDirectory() as profile, contextlib.ExitStack() as stack:
        driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        stack.callback(driver.wait)
        stack.callback(driver.kill)
        port = next(
            line.split("port ")[1].strip().rstrip(".") for line in driver.stdout if "successfully on port" in line
        )
        base = f"http://127.0.0.1:{port}/session"
        options = {"args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        wishes = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = Browser(base)._call("POST", "", {"capabilities": {"alwaysMatch": wishes}})
        browser = Browser(f"{base}/{session['sessionId']}")
        stack.callback(browser.close)
        yield browser
