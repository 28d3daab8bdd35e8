"""Editors complete every option, and explain it: what a language server says of each call."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from tests.patience import PATIENCE
from typeway.declare import options
from typeway.security.base import SchemeOptions

ROOT = Path(__file__).parents[2]
SERVER = Path(sys.executable).parent / "pyright-langserver"

BEFORE = """\
from typeway import Body, Cookie, File, Form, Header, Path, Query, Router, Typeway
from typeway.security import HTTPBearer

app = Typeway()
router = Router()
"""

# Each call, and the TypedDict whose keys are its options.
CALLS: dict[str, type[Any]] = {
    "Typeway(": options.AppOptions,
    "Router(": options.RouterOptions,
    "app.include_router(router, ": options.IncludeOptions,
    "router.include_router(router, ": options.IncludeOptions,
    **{f'{owner}.{verb}("/", ': options.RouteOptions
       for owner in ("app", "router")
       for verb in ("get", "post", "put", "patch", "delete", "head", "options", "trace")},
    'app.api_route("/", ': options.ApiRouteOptions,
    "Path(": options.MarkerOptions,
    "Query(": options.MarkerOptions,
    "Cookie(": options.MarkerOptions,
    "Header(": options.HeaderOptions,
    "Body(": options.BodyOptions,
    "Form(": options.FormOptions,
    "File(": options.FormOptions,
    "HTTPBearer(": SchemeOptions,
}  # fmt: skip

# One call for each TypedDict is enough for the explanations.
EXPLAINED = {kind: call for call, kind in reversed(CALLS.items())}


class LanguageServer:
    """A running language server, asked one question after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.answers: Queue[dict[str, Any]] = Queue()
        self.number = 0
        threading.Thread(target=self.read, daemon=True).start()
        root = folder.as_uri()
        self.ask(
            "initialize",
            processId=None,
            rootUri=root,
            workspaceFolders=[{"uri": root, "name": "test"}],
            capabilities={
                "textDocument": {"hover": {"contentFormat": ["plaintext"]}},
                "workspace": {"configuration": True, "workspaceFolders": True},
            },
        )
        self.tell("initialized")

    def read(self) -> None:
        """Read messages; questions of the server are answered at once."""
        stream = self.process.stdout
        assert stream is not None
        with contextlib.suppress(ValueError, OSError):
            while line := stream.readline():
                size = int(line.partition(b":")[2]) if line.lower().startswith(b"content-length") else None
                while line.strip():
                    line = stream.readline()
                if size is None:
                    continue
                message = json.loads(stream.read(size))
                if "method" in message and "id" in message:
                    items = message.get("params", {}).get("items", [])
                    result = [{"pythonPath": sys.executable} for _ in items] if items else None
                    self.send({"id": message["id"], "result": result})
                elif "id" in message:
                    self.answers.put(message)

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its result."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            try:
                answer = self.answers.get(timeout=PATIENCE)
            except Empty:
                raise AssertionError(f"no answer to {method}; status {self.process.poll()}") from None
            if answer["id"] == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, name: str, text: str) -> str:
        """Open a document in the editor."""
        path = self.folder / name
        path.write_text(text)
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        return path.as_uri()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """One server for all tests of this module."""
    if not SERVER.exists():
        pytest.skip("pyright is not installed")
    folder = tmp_path_factory.mktemp("editor")
    settings = {"extraPaths": [str(ROOT / "src")], "typeCheckingMode": "off"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    server = LanguageServer(folder)
    yield server
    server.end()


def keys_of(kind: type[Any]) -> set[str]:
    return set(kind.__annotations__)


def test_every_option_is_completed_and_explained(server: LanguageServer) -> None:
    """An editor offers each option of a call by its name, and shows over a name its type and what the option does.

    The explanations are asked for first: after a completion inside of `Query(`, pyright forgets those of the markers.
    """
    assert unexplained(server) == []
    assert not_completed(server) == {}


def unexplained(server: LanguageServer) -> list[str]:
    """The options over whose names the editor shows no explanation."""
    lines = [(kind, name, f"{call}{name}=...)") for kind, call in EXPLAINED.items() for name in sorted(keys_of(kind))]
    before = BEFORE.count("\n")
    uri = server.open("explained.py", BEFORE + "".join(f"{line}\n" for _, _, line in lines))
    silent = []
    for number, (kind, name, line) in enumerate(lines, before):
        position = {"line": number, "character": line.index(f"{name}=") + 1}
        found = server.ask("textDocument/hover", textDocument={"uri": uri}, position=position)
        text = "" if found is None else found["contents"]["value"]
        if name not in text or len(text.splitlines()) < 2:
            silent.append(f"{kind.__name__}.{name}: {text!r}")
    return silent


def not_completed(server: LanguageServer) -> dict[str, set[str]]:
    """The options that the editor does not offer, by their calls."""
    before = BEFORE.count("\n")
    uri = server.open("completed.py", BEFORE + "".join(f"{call})\n" for call in CALLS))
    missing = {}
    for number, (call, kind) in enumerate(CALLS.items(), before):
        position = {"line": number, "character": len(call)}
        found = server.ask("textDocument/completion", textDocument={"uri": uri}, position=position)
        items = found["items"] if isinstance(found, dict) else found
        offered = {item["label"] for item in items or ()}
        lacking = {name for name in keys_of(kind) if f"{name}=" not in offered}
        if lacking:
            missing[call] = lacking
    return missing
