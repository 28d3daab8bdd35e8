"""Drive a headless Chromium through its DevTools protocol: open a page, evaluate, wait, and note what went wrong."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import ClientConnection, connect

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The last rule resolves no name at all: only addresses are reached, and the tests use 127.0.0.1.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--window-size=1400,1000",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)


def find_browser() -> str | None:
    """Return the path of an installed Chromium, or None."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@dataclass
class Page:
    """One tab: its commands, the addresses it asked for, and the errors it reported."""

    connection: ClientConnection
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _last_id: int = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result; events that arrive meanwhile are noted."""
        self._last_id += 1
        self.connection.send(json.dumps({"id": self._last_id, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.connection.recv(timeout=20))
            if message.get("id") == self._last_id:
                assert "error" not in message, f"{method}: {message['error']}"
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        event = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(event["request"]["url"])
            case "Runtime.exceptionThrown":
                details = event["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description", details["text"]))
            case "Runtime.consoleAPICalled" if event["type"] in {"error", "assert"}:
                self.errors.append(" ".join(str(part.get("value", part)) for part in event["args"]))
            case "Log.entryAdded" if event["entry"]["level"] == "error":
                self.errors.append(f"{event['entry']['text']} ({event['entry'].get('url', '')})")

    def open(self, url: str) -> None:
        """Load an address, after which `wait_for` tells when it is ready."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 30) -> Any:
        """Evaluate until the value is true in JavaScript's sense; fail with what the page reported if it never is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.evaluate(expression)
            if value:
                return value
            time.sleep(0.05)
        text = self.evaluate("document.body ? document.body.innerText.slice(0, 2000) : ''")
        raise AssertionError(f"never true: {expression}\nerrors: {self.errors}\npage: {text}")

    def click(self, selector: str) -> None:
        """Click the first element that a CSS selector finds, once it is there."""
        found = json.dumps(selector)
        self.wait_for(f"document.querySelector({found}) !== null")
        self.evaluate(f"document.querySelector({found}).click()")

    def type(self, selector: str, text: str) -> None:
        """Type into the first field that a CSS selector finds, and leave it, as a user's Tab would."""
        self.click(selector)
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)
        self.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        self.call("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)


@contextmanager
def chromium(executable: str, profile: Path) -> Iterator["Browser"]:
    """Start a browser with an empty profile and end it afterwards."""
    process = subprocess.Popen(
        [executable, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(profile)},
    )
    try:
        yield Browser(_debugging_port(process, profile))
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


@contextmanager
def installed_chromium(profile: Path) -> Iterator["Browser"]:
    """Start the browser of this machine; where there is none, skip the test, unless the environment insists on one."""
    executable = find_browser()
    if executable is None:
        message = f"no browser: none of {', '.join(BROWSERS)} is on the PATH (apt install chromium)"
        if os.environ.get("TYPEWAY_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    with chromium(executable, profile) as started:
        yield started


@dataclass(frozen=True, slots=True)
class Browser:
    """A running browser."""

    port: int

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open a new tab, and close it afterwards: its page would go on running, and share its storage with later ones."""
        with urlopen(Request(f"http://127.0.0.1:{self.port}/json/new?about:blank", method="PUT"), timeout=20) as opened:
            tab = json.load(opened)
        try:
            with connect(tab["webSocketDebuggerUrl"], max_size=None, open_timeout=20) as connection:
                yield Page(connection)
        finally:
            urlopen(f"http://127.0.0.1:{self.port}/json/close/{tab['id']}", timeout=20).close()


def _debugging_port(process: subprocess.Popen[bytes], profile: Path) -> int:
    """Read the port that the browser chose; it writes a file when it is ready."""
    file = profile / "DevToolsActivePort"
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.05)
    raise AssertionError(f"the browser did not start; exit status {process.poll()}")
