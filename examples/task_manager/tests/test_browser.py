"""Use the web page with two real browsers and two workers: every change of one arrives in the other."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from examples.task_manager.tests.assembled import needs_typeway
from examples.task_manager.tests.databases import create_database, drop_database, migrate
from examples.task_manager.tests.servers import served
from tests.describe.chromium import Browser, Page, installed_chromium

pytestmark = [needs_typeway, pytest.mark.timeout(300)]

# Where to write screenshots: TASK_MANAGER_SCREENSHOTS=docs/images pytest examples/task_manager/tests/test_browser.py
SCREENSHOTS = os.environ.get("TASK_MANAGER_SCREENSHOTS")
SIZES = {"phone": (390, 844), "desk": (1280, 800)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server runs; its log is in `server.log`."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """Two workers on PostgreSQL."""
    url = create_database()
    variables = {
        "DATABASE_URL": url,
        "TASK_MANAGER_SECRET_KEY": "a secret that only this test knows, long enough",
        "TASK_MANAGER_ARGON2_TIME_COST": "1",
        "TASK_MANAGER_ARGON2_MEMORY_KIB": "32",
    }
    try:
        migrate(url)
        with served(folder, variables, workers=2) as address:
            yield address
    finally:
        drop_database(url)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for what needs no second one."""
    with installed_chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def pages(server: str, tmp_path: Path) -> Iterator[tuple[Page, Page]]:
    """The page in two browsers that share nothing; neither reports an error."""
    with ExitStack() as stack:
        found = []
        for name in ("one", "two"):
            browser = stack.enter_context(installed_chromium(tmp_path / name))
            page = stack.enter_context(browser.page())
            page.open(server)
            page.wait_for("document.readyState === 'complete' && !!document.querySelector('#login')")
            found.append(page)
        one, two = found
        yield one, two
        for page in found:
            page.evaluate("0")
            # A lost update is an answer of 412, which the browser reports as an error.
            assert [error for error in page.errors if "412" not in error] == []
            assert [url for url in page.requests if not url.startswith((f"{server}/", "data:"))] == []


def settle(page: Page) -> None:
    """Wait until a page that was left has gone, and the next one is there and listens."""
    page.wait_for("!window.left && document.readyState === 'complete'")


def submit(page: Page, selector: str) -> None:
    """Click a button that sends a form, and wait for the page that it leads to."""
    page.wait_for(f"document.querySelector({json.dumps(selector)}) !== null")
    page.evaluate(f"window.left = true, document.querySelector({json.dumps(selector)}).click()")
    settle(page)


def log_in(page: Page, form: str, name: str) -> None:
    """Fill a form and send it."""
    page.type(f"#{form} input[name=username]", name)
    page.type(f"#{form} input[name=password]", "correct horse")
    submit(page, f"#{form} button")
    page.wait_for("document.querySelector('#username')?.textContent === 'alice'")


def shows(page: Page, text: str, *, inside: str = "#tasks") -> None:
    """Wait until a part of the page contains a text."""
    page.wait_for(f"document.querySelector({json.dumps(inside)})?.textContent.includes({json.dumps(text)})")


def press(page: Page, key: str, code: int, text: str = "") -> None:
    """Press a key."""
    for kind in ("keyDown", "keyUp"):
        extra = {"text": text} if text and kind == "keyDown" else {}
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **extra)


def upload(page: Page, selector: str, file: Path) -> None:
    """Choose a file as a user would."""
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    node = page.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])


def test_two_browsers_see_what_the_other_does(pages: tuple[Page, Page], tmp_path: Path) -> None:
    """Register, log in, add, edit, filter, complete, attach, delete: each arrives in the other browser without a reload."""
    one, two = pages
    log_in(one, "register", "alice")
    log_in(two, "login", "alice")
    two.evaluate("window.marked = true")  # gone if the page is loaded again

    shows(two, "No tasks yet", inside="#nothing")

    # Add, with the keyboard alone: type a title and press Enter.
    one.evaluate("document.querySelector('#add input[name=title]').focus()")
    one.call("Input.insertText", text="Buy milk")
    one.evaluate("window.left = true")
    press(one, "Enter", 13, "\r")
    settle(one)
    shows(one, "Buy milk")
    shows(two, "Buy milk")
    shows(two, "Buy milk was added", inside="#news")
    assert two.evaluate("document.querySelector('#nothing').hidden")

    # Edit.
    one.click("#tasks summary")
    one.evaluate("document.querySelector('.edit [name=title]').value = 'Buy oat milk'")
    one.type(".edit textarea", "two litres")
    submit(one, ".edit button")
    for page in (one, two):
        shows(page, "Buy oat milk")
        shows(page, "two litres")

    # Attach a file.
    file = tmp_path / "shopping list.txt"
    file.write_text("oats", encoding="utf-8")
    one.click("#tasks summary")
    upload(one, ".attach input[type=file]", file)
    submit(one, ".attach button")
    for page in (one, two):
        shows(page, "shopping list.txt")
    assert two.evaluate("fetch(document.querySelector('.files a').href).then((answer) => answer.text())") == "oats"

    # What somebody writes is not taken away by what another does.
    two.click("#tasks summary")
    two.evaluate("document.querySelector('.edit textarea').value = 'three litres'")
    submit(one, "#tasks .check")
    one.wait_for("document.querySelector('#tasks .done') !== null")
    two.wait_for("document.querySelector('.stale').hidden === false")
    assert two.evaluate("document.querySelector('.edit textarea').value") == "three litres"
    assert two.evaluate("window.marked")
    submit(two, ".edit button")
    shows(two, "was changed meanwhile", inside="#problem")
    assert two.evaluate("document.querySelector('.edit textarea').value") == "three litres"
    submit(two, ".edit button")
    shows(two, "three litres")
    shows(one, "three litres")

    # Filter.
    one.evaluate("window.left = true, document.querySelector('#filter [name=status]').value = 'in_progress'")
    one.evaluate("document.querySelector('#filter [name=status]').dispatchEvent(new Event('change'))")
    settle(one)
    one.wait_for("document.querySelectorAll('#tasks > li').length === 0")

    # Delete.
    two.evaluate("document.querySelector('#tasks details').open = true, window.confirm = () => true")
    submit(two, ".remove button")
    for page in (one, two):
        page.wait_for("document.querySelectorAll('#tasks > li').length === 0")

    # Log out.
    submit(one, ".who button")
    one.wait_for("document.querySelector('#login') !== null")


def test_events_reach_programs_on_both_workers(server: str) -> None:
    """Several programs that listen with a token all hear of one change, whichever worker they are connected to."""
    person = {"username": "listener", "password": "correct horse"}
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=server, trust_env=False, timeout=60)) for _ in range(8)]
        clients[0].post("/auth/register", json=person)
        token = clients[0].post("/auth/token", data=person).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        streams = []
        for client in clients:
            stream = stack.enter_context(client.stream("GET", "/events", headers=headers))
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.iter_lines()
            assert next(line for line in lines if line) == ": listening"
            streams.append(lines)
        with httpx.Client(base_url=server, trust_env=False, headers=headers) as other:
            number = other.post("/tasks", json={"title": "Heard"}).json()["id"]
        for lines in streams:
            data = next(line for line in lines if line.startswith("data: "))
            assert json.loads(data.removeprefix("data: ")) == {"kind": "created", "task_id": number, "version": 1}


def test_the_log_has_one_format(server: str, folder: Path) -> None:
    """Lines of the server and of the application are JSON with the same members, and a request is one of them."""
    with httpx.Client(base_url=server, trust_env=False, timeout=60) as client:
        client.get("/health/live", headers={"X-Request-ID": "one-line"})
    text = (folder / "server.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    assert {"uvicorn.error", "examples.task_manager.middleware"} <= {line["logger"] for line in lines}
    # Without a store that the workers share, each says of the limits of logins that it counts for itself.
    warnings = [line["message"] for line in lines if line["level"] != "info"]
    assert len(warnings) == 4
    assert all("is kept in the memory of each of 2 processes" in text for text in warnings)
    (request,) = [line for line in lines if line.get("request_id") == "one-line"]
    assert (request["message"], request["path"], request["status"]) == ("request", "/health/live", 200)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_fits_every_screen(server: str, browser: Browser, size: str, scheme: str) -> None:
    """On a phone and on a desk, in light and in dark: nothing is cut off, buttons are large enough for a finger."""
    width, height = SIZES[size]
    with browser.page() as page:
        page.call("Network.clearBrowserCookies")
        page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.open(server)
        page.wait_for("document.readyState === 'complete'")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.type("#register input[name=username]", f"{size}.{scheme}")
        page.type("#register input[name=password]", "correct horse")
        submit(page, "#register button")
        fill(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 28)"
        assert dark == (scheme == "dark")
        smallest = (
            "Math.min(...[...document.querySelectorAll('button:not(.small)')].map((each) => each.offsetHeight || 99))"
        )
        assert page.evaluate(smallest) >= 40
        assert page.errors == []
        if SCREENSHOTS:
            page.wait_for("document.querySelector('#news').textContent === ''")
            save(page, Path(SCREENSHOTS) / f"task-manager-{size}-{scheme}.png")


@pytest.mark.parametrize("size", SIZES)
def test_an_error_is_a_page_that_fits_every_screen(server: str, browser: Browser, size: str) -> None:
    """An address that leads nowhere shows a page in the look of the application, with a way back."""
    width, height = SIZES[size]
    with browser.page() as page:
        page.call("Network.clearBrowserCookies")
        page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        page.open(f"{server}/no/such/page/{'x' * 200}")
        shows(page, "There is nothing here", inside="#error")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if SCREENSHOTS:
            save(page, Path(SCREENSHOTS) / f"task-manager-{size}-error.png")
        submit(page, "#error a")
        assert page.evaluate("!!document.querySelector('#login')")
        assert all("404" in error for error in page.errors)


def fill(page: Page) -> None:
    """Add tasks of every kind through the API, as the page's cookie allows, and show them."""
    tasks = [
        {"title": "Water the plants", "status": "done"},
        {"title": "Prepare the talk about streams", "description": "Slides, a demo, and a plan for\nwhen the demo fails.",
         "priority": 5, "status": "in_progress"},
        {"title": "Buy oat milk", "description": "two litres", "priority": 3},
    ]  # fmt: skip
    page.evaluate(
        f"(async () => {{ for (const task of {json.dumps(tasks)}) await fetch('/tasks', {{ method: 'POST', "
        "headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(task) }); })()"
    )
    page.wait_for("document.querySelectorAll('#tasks > li').length === 3")
    number = page.evaluate("document.querySelector('#tasks > li').id.split('-')[1]")
    page.evaluate(
        f"fetch('/tasks/{number}/attachments?name=shopping list.txt', {{ method: 'POST', "
        "headers: { 'Content-Type': 'text/plain' }, body: 'oats, milk' })"
    )
    page.wait_for("document.querySelector('.files') !== null")


def save(page: Page, path: Path) -> None:
    """Write what is visible into a file."""
    path.write_bytes(base64.b64decode(page.call("Page.captureScreenshot", format="png")["data"]))
