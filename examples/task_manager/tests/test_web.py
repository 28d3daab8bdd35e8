"""Use the web page without JavaScript: its forms, its cookie, its protection."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from examples.task_manager.tests.assembled import needs_typeway
from examples.task_manager.tests.databases import each_database
from typeway import FastAPI
from typeway.testclient import TestClient

pytestmark = needs_typeway

PERSON = {"username": "Alice", "password": "correct horse"}
BROWSER = {"Sec-Fetch-Site": "same-origin", "Origin": "https://testserver"}


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    """A client with cookies, by HTTPS, that follows redirects."""
    with TestClient(app, "https://testserver", raise_server_exceptions=False, headers=BROWSER) as browser:
        yield browser


@pytest.fixture
def member(browser: TestClient) -> TestClient:
    """A browser in which somebody has registered."""
    answer = browser.post("/web/register", data=PERSON)
    assert (answer.status_code, answer.url.path) == (200, "/")
    return browser


def titles(text: str) -> list[str]:
    """Return the titles that a page shows."""
    return [unescape(title) for title in re.findall(r"<h3>(.*?)</h3>", text)]


def problem(text: str) -> str | None:
    """Return what a page says is wrong."""
    found = re.search(r'id="problem">(.*?)</p>', text)
    return unescape(found[1]) if found else None


@each_database
def test_register_log_out_log_in(browser: TestClient) -> None:
    """The page leads a newcomer in, out, and in again under the name in other letter case."""
    assert 'id="login"' in browser.get("/").text
    inside = browser.post("/web/register", data=PERSON)
    assert 'id="username">Alice<' in inside.text
    cookie = inside.history[0].headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    for attribute in ("; HttpOnly", "; Path=/", "; SameSite=lax", "; Secure"):
        assert attribute in cookie
    assert 'id="login"' in browser.post("/web/logout").text
    assert not browser.cookies
    assert 'id="username">Alice<' in browser.post("/web/login", data={**PERSON, "username": "alice"}).text


@each_database
def test_logging_out_ends_the_login_on_the_server(member: TestClient) -> None:
    """A copy of the cookie is worthless afterwards."""
    cookie = member.cookies["__Host-session"]
    member.post("/web/logout")
    for path in ("/users/me", "/tasks"):
        assert member.get(path, headers={"Cookie": f"__Host-session={cookie}"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "form", "status", "expected"),
    [
        ("/web/login", {"username": "alice", "password": "wrong password"}, 401, "Incorrect username or password"),
        ("/web/login", {}, 401, "Incorrect username or password"),
        ("/web/login", {"username": "a\x00b", "password": "wrong password"}, 401, "Incorrect username or password"),
        ("/web/register", {"username": "alice", "password": "short"}, 422, "Password: "),
        ("/web/register", {"username": "<b>", "password": "long enough"}, 422, "Name: "),
        ("/web/register", {}, 422, "Name: "),
    ],
)
def test_a_door_that_stays_closed_says_why(
    browser: TestClient, path: str, form: dict[str, str], status: int, expected: str
) -> None:
    """The page is shown again with the reason and the name, and without the password."""
    answer = browser.post(path, data=form)
    assert answer.status_code == status
    assert (problem(answer.text) or "").startswith(expected)
    assert answer.headers["content-type"].startswith("text/html")
    assert form.get("password", "no password") not in answer.text
    assert "<b>" not in answer.text
    assert not browser.cookies


def test_a_taken_name_is_a_conflict(member: TestClient) -> None:
    """In any letter case."""
    member.cookies.clear()
    answer = member.post("/web/register", data={**PERSON, "username": "ALICE"})
    assert (answer.status_code, problem(answer.text)) == (409, "The username 'ALICE' is taken")


@each_database
def test_add_edit_complete_and_delete(member: TestClient) -> None:
    """Every form does what the API does, and leads back to the page."""
    text = member.post("/web/tasks", data={"title": "Buy <milk>", "description": "a\r\nb", "priority": "3"}).text
    assert titles(text) == ["Buy <milk>"]
    (task,) = member.get("/tasks").json()
    assert (task["priority"], task["description"]) == (3, "a\nb")
    path = f"/web/tasks/{task['id']}"
    edited = {"title": "Buy bread", "description": "", "priority": "1", "status": "in_progress", "version": "1"}
    assert titles(member.post(path, data=edited).text) == ["Buy bread"]
    done = member.post(f"{path}/status", data={"status": "done", "version": "2"})
    assert (done.status_code, done.url.path, 'class="card task done"' in done.text) == (200, "/", True)
    assert titles(member.post(f"{path}/delete", data={"version": "3"}).text) == []


def test_a_filter_stays_while_one_works(member: TestClient) -> None:
    """What is shown is in the address, and every form leads back to it."""
    for title in ("Milk", "Bread", "Butter"):
        member.post("/web/tasks", data={"title": title})
    assert titles(member.get("/?status=&q=B&sort=title").text) == ["Bread", "Butter"]
    (action,) = re.findall(r'action="(/web/tasks/2/status[^"]*)"', member.get("/?q=B&sort=title").text)
    answer = member.post(unescape(action), data={"status": "done", "version": "1"})
    assert (titles(answer.text), answer.url.query) == (["Bread", "Butter"], b"q=B&sort=title")
    assert titles(member.get("/?status=done").text) == ["Bread"]
    assert len(titles(member.get("/?status=&sort=-created_at&q=").text)) == 3
    assert member.get("/?q=%00").status_code == 422


def test_pages_follow_each_other(member: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit on a page is on the next one."""
    from examples.task_manager.web import forms, page

    for module in (forms, page):
        monkeypatch.setattr(module, "PAGE_SIZE", 3)
    for number in range(4):
        member.post("/tasks", json={"title": f"Task {number}"})
    first = member.get("/").text
    assert len(titles(first)) == 3
    (following,) = re.findall(r'href="([^"]*)" rel="next"', first)
    second = member.get(unescape(following)).text
    assert titles(second) == ["Task 0"]
    assert re.findall(r'href="([^"]*)" rel="prev"', second) == ["/"]


@each_database
def test_a_refused_form_keeps_what_was_typed(member: TestClient) -> None:
    """A title that is taken, or a text that is not valid, is shown again beside the reason."""
    member.post("/web/tasks", data={"title": "Milk"})
    taken = member.post("/web/tasks", data={"title": "Milk", "description": "typed for long"})
    assert (taken.status_code, problem(taken.text)) == (409, "You already have a task called 'Milk'")
    assert "typed for long" in taken.text
    empty = member.post("/web/tasks", data={"title": " ", "description": "typed again"})
    assert (empty.status_code, (problem(empty.text) or "")[:6]) == (422, "Title:")
    assert "typed again" in empty.text


@each_database
def test_a_lost_update_is_refused(member: TestClient) -> None:
    """Whoever saves second learns that the task was changed, keeps the text, and can save it over the change."""
    member.post("/web/tasks", data={"title": "Milk"})
    edited = {"title": "Milk", "priority": "1", "status": "todo", "version": "1"}
    member.post("/web/tasks/1", data={**edited, "description": "first"})
    second = member.post("/web/tasks/1", data={**edited, "description": "second"})
    assert second.status_code == 412
    assert "was changed meanwhile" in (problem(second.text) or "")
    assert ">second</textarea>" in second.text
    assert member.get("/tasks/1").json()["description"] == "first"
    version = re.findall(
        r'action="/web/tasks/1" class="edit">\s*<input type="hidden" name="version" value="(\d+)"', second.text
    )
    saved = member.post("/web/tasks/1", data={**edited, "description": "second", "version": version[0]})
    assert (saved.status_code, member.get("/tasks/1").json()["description"]) == (200, "second")


@each_database
def test_attach_and_remove_a_file(member: TestClient) -> None:
    """A form with a file attaches it; a wrong type is explained."""
    member.post("/web/tasks", data={"title": "Milk"})
    path = "/web/tasks/1/attachments"
    text = member.post(path, files={"file": ("../list.txt", b"milk", "text/plain")}).text
    assert ">list.txt</a>" in text
    assert member.get("/attachments/1").content == b"milk"
    refused = member.post(path, files={"file": ("page.html", b"<script>", "text/html")})
    assert (refused.status_code, "acceptable text/html" in (problem(refused.text) or "")) == (415, True)
    assert "list.txt" not in member.post("/web/attachments/1/delete").text


@pytest.mark.parametrize(
    "path", ["/web/tasks", "/web/tasks/1", "/web/tasks/1/status", "/web/tasks/1/delete", "/web/attachments/1/delete"]
)
def test_a_form_of_nobody_leads_to_the_login(browser: TestClient, path: str) -> None:
    """Whose login has ended while the page was open logs in again."""
    form = {"title": "x", "version": "1", "status": "done"}
    answer = browser.post(path, data=form)
    assert (answer.status_code, answer.history[0].status_code, 'id="login"' in answer.text) == (200, 303, True)


@pytest.mark.parametrize("path", ["/web/tasks", "/tasks", "/web/logout", "/web/login", "/auth/logout"])
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none, cross-site"}],
)
def test_other_sites_cannot_act_in_the_name_of_the_user(member: TestClient, path: str, headers: dict[str, str]) -> None:
    """A request that a page of another origin has caused changes nothing, whatever cookie the browser sends."""
    answer = member.post(path, data={"title": "x"}, headers={**headers, "Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert member.get("/tasks").json() == []


def test_the_page_runs_no_script_but_its_own(member: TestClient) -> None:
    """The policy allows files of ours and nothing inline, and the pages contain nothing inline."""
    member.post("/web/tasks", data={"title": "Milk"})
    for path in ("/", "/?q=x"):
        answer = member.get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert not re.search(r"<script(?! src=)|<style|style=|\son\w+=|javascript:", answer.text)
    for file, kind in (("page.js", "javascript"), ("style.css", "css"), ("icon.svg", "svg")):
        found = member.get(f"/static/{file}")
        assert (found.status_code, kind in found.headers["content-type"]) == (200, True)


def test_users_do_not_see_each_other(member: TestClient) -> None:
    """Another user's task can neither be seen nor changed with a form."""
    member.post("/web/tasks", data={"title": "Secret"})
    member.cookies.clear()
    member.post("/web/register", data={**PERSON, "username": "bob"})
    assert titles(member.get("/").text) == []
    for path in ("/web/tasks/1/delete", "/web/tasks/1/status"):
        answer = member.post(path, data={"version": "1", "status": "done"})
        assert (answer.status_code, problem(answer.text)) == (404, "Task 1 not found")
