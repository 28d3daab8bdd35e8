"""Attach files to tasks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples import alias_framework
from examples.task_manager.config import Settings
from examples.task_manager.services.attachments import MOST_FOR_A_TASK, safe_name
from examples.task_manager.tests.databases import each_database
from examples.task_manager.tests.people import create
from typeway.testclient import TestClient

Person = dict[str, str]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def path(client: TestClient, alice: Person) -> str:
    """Where files of alice's task are sent to."""
    return f"/tasks/{create(client, alice)['id']}/attachments"


def attach(
    client: TestClient, path: str, owner: Person, name: str = "notes.txt", content: bytes = b"x"
) -> dict[str, Any]:
    """Attach a text."""
    answer = client.post(path, params={"name": name}, content=content, headers={**owner, **TEXT})
    assert answer.status_code == 201, answer.text
    attached: dict[str, Any] = answer.json()
    return attached


def stored(settings: Settings) -> list[Path]:
    """Return all files in the folder."""
    return sorted(settings.attachments_folder.glob("*")) if settings.attachments_folder.exists() else []


@each_database
def test_an_attached_file_can_be_listed_and_downloaded(
    client: TestClient, alice: Person, path: str, settings: Settings
) -> None:
    """It comes back byte by byte, to be saved under its name; in the folder it has another one."""
    content = bytes(range(1, 256)) * 300
    attached = attach(client, path, alice, "Übung & Co.txt", content)
    assert (attached["name"], attached["size"]) == ("Übung & Co.txt", len(content))
    assert client.get(path, headers=alice).json() == [attached]
    answer = client.get(f"/attachments/{attached['id']}", headers=alice)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    (file,) = stored(settings)
    assert "bung" not in file.name


@each_database
def test_deleting_removes_the_file(client: TestClient, alice: Person, path: str, settings: Settings) -> None:
    """A deleted attachment, and a deleted task, leave nothing in the folder."""
    one, two = (attach(client, path, alice) for _ in range(2))
    assert client.delete(f"/attachments/{one['id']}", headers=alice).status_code == 204
    assert client.get(f"/attachments/{one['id']}", headers=alice).status_code == 404
    assert len(stored(settings)) == 1
    assert client.delete(path.removesuffix("/attachments"), headers=alice).status_code == 204
    assert stored(settings) == []
    answer = client.get(f"/attachments/{two['id']}", headers=alice)
    assert (answer.status_code, answer.json()["error"]) == (404, "attachment_not_found")


@each_database
def test_files_of_others_do_not_exist(client: TestClient, alice: Person, bob: Person, path: str) -> None:
    """Another user can neither read, nor delete, nor add."""
    attached = attach(client, path, alice)
    url = f"/attachments/{attached['id']}"
    attempts = [
        client.get(url, headers=bob),
        client.delete(url, headers=bob),
        client.get(path, headers=bob),
        client.post(path, params={"name": "x"}, content=b"x", headers={**bob, **TEXT}),
    ]
    assert [answer.status_code for answer in attempts] == [404, 404, 404, 404]
    assert client.get(path, headers=alice).json() == [attached]


@pytest.mark.parametrize(
    ("content_type", "content", "status"),
    [
        ("image/png", PNG, 201),
        ("IMAGE/PNG", PNG, 201),
        ("text/plain; charset=utf-8", b"x", 201),
        ("text/csv", b"a,b\n", 201),
        ("application/pdf", b"%PDF-1.7", 201),
        ("image/webp", b"RIFF\x00\x00\x00\x00WEBP", 201),
        ("text/plain", b"", 201),
        ("image/png", b"<script>", 415),
        ("image/jpeg", PNG, 415),
        ("text/plain", PNG, 415),
        ("text/html", b"<script>", 415),
        ("image/svg+xml", b"<svg/>", 415),
        ("", b"x", 415),
        ("x" * 500, b"x", 415),
    ],
)
def test_only_harmless_types_are_accepted(
    client: TestClient, alice: Person, path: str, settings: Settings, content_type: str, content: bytes, status: int
) -> None:
    """The type is on the list, and the content begins as the type says."""
    answer = client.post(path, params={"name": "x"}, content=content, headers={**alice, "Content-Type": content_type})
    assert answer.status_code == status, answer.text
    assert len(stored(settings)) == (1 if status == 201 else 0)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_file_has_a_limit(client: TestClient, alice: Person, path: str, settings: Settings, is_chunked: bool) -> None:
    """A larger one is refused whether it says its size or not, and nothing of it is kept."""
    size = settings.max_attachment_bytes + 1

    def chunks() -> Iterator[bytes]:
        for _ in range(0, size, 1_000_000):
            yield bytes(1_000_001).replace(b"\x00", b"x")

    content: Any = chunks() if is_chunked else b"x" * size
    answer = client.post(path, params={"name": "x"}, content=content, headers={**alice, **TEXT})
    assert answer.status_code == 413
    # FastAPI refuses it outside of our handlers, in plain text.
    assert alias_framework.is_installed() or answer.json()["error"] == "content_too_large"
    assert stored(settings) == []
    assert client.get(path, headers=alice).json() == []


def test_a_task_has_a_limit(client: TestClient, alice: Person, path: str) -> None:
    """One file too many is a conflict."""
    for _ in range(MOST_FOR_A_TASK):
        attach(client, path, alice)
    answer = client.post(path, params={"name": "x"}, content=b"x", headers={**alice, **TEXT})
    assert (answer.status_code, answer.json()["error"]) == (409, "too_many_attachments")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("notes.txt", "notes.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("..", "file"),
        ("/", "file"),
        (".bashrc", "bashrc"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ('a"b<c>|d?.txt', "abcd.txt"),
        ("ä" * 300, "ä" * 200),
        ("Ärzte 😀.pdf", "Ärzte 😀.pdf"),
    ],
)
def test_names_are_harmless(sent: str, kept: str) -> None:
    """A name is one part of a path, visible, and of limited length."""
    assert safe_name(sent) == kept


def test_a_change_of_files_is_told(client: TestClient, alice: Person, path: str) -> None:
    """Who looks at the board hears that the task has another file."""
    with client.websocket_connect("/board", headers=alice) as board:
        board.receive_json()
        attach(client, path, alice)
        assert board.receive_json()["type"] == "task"
