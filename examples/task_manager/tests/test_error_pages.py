"""Errors are pages for browsers, in the look of the application, and JSON for programs."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from examples.task_manager.config import Settings
from examples.task_manager.tests.assembled import create_app, needs_typeway
from examples.task_manager.tests.gate import Gate
from typeway import FastAPI
from typeway.testclient import TestClient

pytestmark = needs_typeway

PERSON = {"username": "Alice", "password": "correct horse"}
ORIGIN = {"Sec-Fetch-Site": "same-origin", "Origin": "https://testserver"}
PAGE = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    """A browser in which somebody has registered."""
    headers = {**ORIGIN, **PAGE}
    with TestClient(app, "https://testserver", raise_server_exceptions=False, headers=headers) as browser:
        browser.post("/web/register", data=PERSON)
        yield browser


def texts_of(page: str) -> str:
    """Return what a person reads on a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])).split())


CASES: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/nowhere", {}, 404, "There is nothing here"),
    ("GET", "/attachments/99", {}, 404, "Attachment 99 not found"),
    ("GET", "/?q=%00", {}, 422, "query.q: "),
    ("PUT", "/tasks", {}, 405, "Method Not Allowed"),
    ("POST", "/web/tasks", {"data": {"title": "x"}, "headers": FOREIGN}, 403, "This was refused"),
    ("POST", "/web/tasks", {"data": {"title": "x" * 70_000}}, 413, "Choose a smaller file"),
    (
        "POST",
        "/web/tasks/1/attachments",
        {"files": {"file": ("a.txt", b"x" * 300_000, "text/plain")}},
        413,
        "This is too large",
    ),
]


@pytest.mark.parametrize(("method", "path", "options", "status", "text"), CASES)
def test_errors_have_two_forms(
    browser: TestClient, method: str, path: str, options: dict[str, Any], status: int, text: str
) -> None:
    """A browser gets a page that says what it can do; a program, and the script of the page, get JSON."""
    browser.post("/web/tasks", data={"title": "Milk"})
    shown = browser.request(method, path, **options)
    assert (shown.status_code, shown.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert text in texts_of(shown.text)
    assert shown.headers["x-request-id"] in shown.text
    assert "style-src 'self'" in shown.headers["content-security-policy"]
    assert "unsafe" not in shown.headers["content-security-policy"]
    for accept in ("*/*", "application/json", "text/html;q=0, application/json"):
        answer = browser.request(
            method, path, **{**options, "headers": {**options.get("headers", {}), "Accept": accept}}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
        assert {"error", "message"} <= set(answer.json()) <= {"error", "message", "details"}
        assert "Accept" in answer.headers["vary"]


def test_an_error_contains_no_markup_of_its_request(browser: TestClient) -> None:
    """Names and values of a request are text."""
    page = browser.get("/?offset=<script>alert(1)</script>").text
    assert "<script>alert" not in page


def test_an_expired_session_is_explained(browser: TestClient) -> None:
    """Whoever opens the page, sends a form or follows a link after the login has ended learns why, and can log in."""
    browser.post("/web/tasks", data={"title": "Milk"})
    cookie = browser.cookies["__Host-session"]
    browser.post("/web/logout")
    browser.cookies.set("__Host-session", cookie, domain="testserver.local")
    for answer in (browser.get("/"), browser.post("/web/tasks", data={"title": "Bread"})):
        assert answer.status_code == 200
        assert "Your login has ended. Log in again." in texts_of(answer.text)
        assert 'id="login"' in answer.text
    link = browser.get("/tasks.csv")
    assert (link.status_code, "You are not logged in" in link.text) == (401, True)
    assert 'href="/"' in link.text


def test_a_newcomer_reads_nothing_about_an_ended_login(app: FastAPI) -> None:
    """Without a cookie there was none."""
    with TestClient(app, "https://testserver", headers=PAGE) as stranger:
        assert "has ended" not in stranger.get("/").text


@pytest.mark.parametrize("database", ["gated"], indirect=True)
def test_without_its_database_the_page_says_so(settings: Settings, gate: Gate) -> None:
    """With a link to try again, also for a form; and it works when the database is back."""
    with TestClient(
        create_app(settings), "https://testserver", raise_server_exceptions=False, headers={**ORIGIN, **PAGE}
    ) as browser:
        browser.post("/web/register", data=PERSON)
        gate.close()
        shown = browser.get("/?q=milk&sort=title")
        assert (shown.status_code, shown.headers["retry-after"]) == (503, "1")
        assert "We will be back in a moment" in texts_of(shown.text)
        assert 'href="/?q=milk&amp;sort=title">Try again' in shown.text
        for path, form in (("/web/tasks", {"title": "Bread"}), ("/web/login", PERSON)):
            sent = browser.post(path, data=form)
            assert (sent.status_code, "your browser has kept what you typed" in texts_of(sent.text)) == (503, True)
            assert "Try again<" not in sent.text
        gate.open()
        assert browser.get("/").status_code == 200


def test_a_mistake_of_ours_is_a_page_without_details(browser: TestClient, app: FastAPI) -> None:
    """The number of the request is all that it shows."""

    @app.get("/mistake")
    async def fail() -> None:
        raise RuntimeError("a secret detail")

    shown = browser.get("/mistake")
    assert (shown.status_code, "It is our mistake" in texts_of(shown.text)) == (500, True)
    assert shown.headers["x-request-id"] in shown.text
    assert "secret" not in shown.text
