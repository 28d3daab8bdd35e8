"""Run one program on Typeway, on Typeway in compat mode and on FastAPI: what each answers, and where two of them differ."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import fastapi
import pytest

import typeway
import typeway.testclient
from typeway.compat.importing.names import NAMES
from typeway.compat.shapes.facade import Facade, resolve

ROOT: Final = Path(__file__).parents[1]
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data; boundary=BB"

# --- the frameworks -------------------------------------------------------------------------------------------------
# Each is a module with FastAPI's names, so that `web.FastAPI` and `web.security.HTTPBearer` can be written for all.

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette warns of what will go
    for _name in NAMES:
        importlib.import_module(_name)


class CompatModule(Facade):
    """A module that would stand for FastAPI's after `typeway.compat.install()`, here beside FastAPI's own."""

    def __getattr__(self, name: str) -> Any:
        submodule = f"{self.__name__}.{name}"
        if name in NAMES[self.__name__] or submodule not in NAMES:
            return super().__getattr__(name)
        module = CompatModule(submodule, NAMES)
        setattr(self, name, module)
        return module


COMPAT: Final[Any] = CompatModule("fastapi", NAMES)

FRAMEWORKS: Final[dict[str, Any]] = {"typeway": typeway, "compat": COMPAT, "fastapi": fastapi}

# A test that asks for `web` runs once on each of these frameworks, with the framework's module in its hands.
each_framework = pytest.mark.parametrize("web", [typeway, fastapi], ids=["typeway", "fastapi"])
compat_and_fastapi = pytest.mark.parametrize("web", [COMPAT, fastapi], ids=["compat", "fastapi"])
every_mode = pytest.mark.parametrize("web", FRAMEWORKS.values(), ids=FRAMEWORKS)

# --- asking an application --------------------------------------------------------------------------------------------


def client(app: Any, **options: Any) -> typeway.testclient.TestClient:
    """A client that sees what real clients see: answers, never exceptions; redirects are not followed."""
    return typeway.testclient.TestClient(
        app, **{"raise_server_exceptions": False, "follow_redirects": False, **options}
    )


def ask(app: Any, request: str, **options: Any) -> Any:
    """The whole response to one request, written as `"GET /items?limit=3"`."""
    method, url = request.split(" ", 1)
    return client(app).request(method, url, **options)


def answer(app: Any, request: str, **options: Any) -> tuple[int, Any]:
    """Status and parsed body of the response to one request; text where the body is no JSON."""
    response = ask(app, request, **options)
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.status_code, response.json() if is_json and response.content else response.text


def errors(app: Any, request: str, **options: Any) -> list[tuple[str, list[str | int]]]:
    """Type and location of every error in a 422."""
    status, body = answer(app, request, **options)
    assert status == 422, (status, body)
    return [(error["type"], error["loc"]) for error in body["detail"]]


def application(web: ModuleType, *, path: str = "/", method: str = "GET", **options: Any) -> Any:
    """A decorator that turns one endpoint into an application that serves it."""

    def register(endpoint: Any) -> Any:
        app = web.FastAPI()
        app.api_route(path, methods=[method], **options)(endpoint)
        return app

    return register


# --- sending raw messages ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sending:
    """One request, message by message.

    Parameters:
        path: where it goes.
        chunks: the body, one message each.
        media_type: the Content-Type; None for none.
        declared: the Content-Length; True for the body's own.
        headers: further headers.
        leaves: whether the client goes away after the last chunk, before the body's end.
    """

    path: str
    chunks: Sequence[bytes] = (b"",)
    media_type: str | None = JSON
    declared: bool | str = False
    method: str = "POST"
    query: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    leaves: bool = False

    def scope(self) -> dict[str, Any]:
        headers = [(b"host", b"testserver")]
        if self.media_type is not None:
            headers.append((b"content-type", self.media_type.encode("latin-1")))
        if self.declared:
            length = str(sum(map(len, self.chunks))) if self.declared is True else self.declared
            headers.append((b"content-length", length.encode()))
        headers += [(name.encode(), value.encode("latin-1")) for name, value in self.headers]
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": headers,
            "server": ("testserver", 80),
            "client": ("client", 1),
        }


async def answer_of(app: Any, sending: Sending) -> dict[str, Any]:
    """Status, headers and body of the answer, and what the application raised."""
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": sending.leaves or number < len(sending.chunks)}
        for number, chunk in enumerate(sending.chunks, 1)
    ]
    messages: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    raised = None
    try:
        await asyncio.wait_for(app(sending.scope(), receive, send), 10)
    except Exception as error:
        raised = type(error).__name__
    starts = [message for message in messages if message["type"] == "http.response.start"]
    headers = [header for message in starts for header in sorted(message["headers"])]
    body = b"".join(message.get("body", b"") for message in messages)
    if b'"_max_mem_size"' in body:
        length = len(body)
        body = without_files(body.decode()).encode()
        headers = [(name, b"%d" % len(body) if value == b"%d" % length else value) for name, value in headers]
    return {
        "status": [message["status"] for message in starts],
        "headers": headers,
        "body": body,
        "raised": raised,
    }


def send(app: Any, sending: Sending) -> dict[str, Any]:
    """The answer to one raw request."""
    return asyncio.run(answer_of(app, sending))


# --- comparing ---------------------------------------------------------------------------------------------------------


def without_files(text: str) -> str:
    """A JSON text as Typeway writes it in both modes where FastAPI shows the insides of uploads."""
    if '"_max_mem_size"' not in text:
        return text

    def closed(value: dict[str, Any]) -> dict[str, Any]:
        return {name: value[name] for name in ("filename", "size", "headers")} if "_max_mem_size" in value else value

    return json.dumps(json.loads(text, object_hook=closed), ensure_ascii=False, separators=(",", ":"))


def differences(
    found: Any, expected: Any, place: str = "", same: Callable[[Any, Any], bool | None] = lambda found, expected: None
) -> Iterator[str]:
    """Every place in which two values made of dicts, lists and scalars differ.

    Parameters:
        place: where the values stand in something larger.
        same: whether two values that are neither dicts nor lists mean the same; None leaves it to `==`.
    """
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in dict.fromkeys([*found, *expected]):
            inner = f"{place}/{key}"
            if key not in expected:
                yield f"{inner}: only here: {found[key]!r}"
            elif key not in found:
                yield f"{inner}: missing: {expected[key]!r}"
            else:
                yield from differences(found[key], expected[key], inner, same)
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for index, (item, other) in enumerate(zip(found, expected, strict=True)):
            yield from differences(item, other, f"{place}/{index}", same)
    elif not same_value(found, expected, same(found, expected)):
        yield f"{place}: {found!r} instead of {expected!r}"


def same_value(found: Any, expected: Any, verdict: bool | None) -> bool:
    """Whether two values are equal, True and 1 apart, unless there is a verdict on them already."""
    if verdict is not None:
        return verdict
    return bool(found == expected) and isinstance(found, bool) == isinstance(expected, bool)


class Both:
    """One application on FastAPI and in compat mode, to which the same raw requests are sent.

    Parameters:
        build: makes it of a framework's names and a list for what its functions note.
    """

    def __init__(self, build: Callable[[Any, list[Any]], Any]) -> None:
        self.logs: tuple[list[Any], list[Any]] = ([], [])
        self.apps = (build(fastapi, self.logs[0]), build(COMPAT, self.logs[1]))

    def difference(self, sending: Sending) -> tuple[Any, Any] | None:
        """What FastAPI does with a request and what Typeway does, if that is not the same."""
        return next(iter(self.differences([sending]).values()), None)

    def differences(self, sendings: Sequence[Sending]) -> dict[int, tuple[Any, Any]]:
        """The same for each of several requests, sent one after the other; the keys are their places."""
        return asyncio.run(self._differences(sendings))

    async def _differences(self, sendings: Sequence[Sending]) -> dict[int, tuple[Any, Any]]:
        # One event loop for all: to make one costs more than a request.
        found = {}
        for number, sending in enumerate(sendings):
            answers = []
            for app, log in zip(self.apps, self.logs, strict=True):
                log.clear()
                answers.append({**await answer_of(app, sending), "log": list(log)})
            if answers[0] != answers[1]:
                found[number] = (answers[0], answers[1])
        return found

    def check(self, sendings: Sequence[Sending]) -> None:
        """Send requests one after the other.

        Raises:
            AssertionError: the frameworks differ; all differences are shown.
        """
        found = list(self.differences(sendings).items())
        assert not found, "\n".join(f"{sendings[number]}\n  {peer}\n  {ours}" for number, (peer, ours) in found[:5])


# --- comparing whole lives --------------------------------------------------------------------------------------------

# What stands behind a step's label where the exception is kept that went on to the server.
RAISES: Final = " raises"

Build = Callable[[Any], Any]


class Web:
    """What an application is written against: a framework's names, and a log of what happens.

    Parameters:
        framework: the framework's module.
        log: whatever the application notes; it is compared after every step.
    """

    def __init__(self, framework: Any) -> None:
        self.framework = framework
        self.log: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.framework, name)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do with a running application.

    Parameters:
        label: what it is, for messages.
        act: does it, and returns what is to be compared.
    """

    label: str
    act: Callable[[Any], Any]


@dataclass(slots=True)
class Observed:
    """The application as a server sees it: it notes what the application raises, and raises it again.

    Parameters:
        app: the application.
        raised: what it has raised since somebody last looked.
    """

    app: Any
    raised: list[BaseException] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            self.raised.append(error)
            raise


def asked(line: str, root_path: str | None = None, **options: Any) -> Step:
    """Send one request, written as `"GET /items?limit=3"`.

    Parameters:
        root_path: what the server says of where the application is.
        options: the rest, as the test client's `request` has it.
    """
    method, url = line.split(" ", 1)
    shown = f" {options}" if options else ""

    def act(http: Any) -> Any:
        if root_path is not None:
            portal, http = http.portal, client(http.app, root_path=root_path)
            http.portal = portal
        response = http.request(method, url, **options)
        return {"status": response.status_code, "body": parsed(response), "headers": normal_headers(response)}

    return Step(line + shown, act)


def normal_headers(response: Any) -> list[tuple[str, str]]:
    """Headers for comparison: their order means nothing, that of one name's values does (RFC 9110, 5.3)."""
    headers = []
    for name, sent in response.headers.multi_items():
        # The clock may have moved on between the two frameworks' answers.
        value = expiry.sub("expires=then", sent)
        if name == "content-length" and (value == str(len(response.content)) or is_page(response)):
            headers.append((name, "exact"))
        else:
            headers.append((name, ", ".join(sorted(value.split(", "))) if name == "allow" else value))
    return sorted(headers, key=lambda item: item[0])


def is_page(response: Any) -> bool:
    """Whether this is one of the documentation's pages, whose text is each framework's own."""
    is_html = response.headers.get("content-type", "").startswith("text/html")
    return is_html and page.search(f"{response.request.url.path} {response.text}") is not None


# What the documentation's pages are known by, their titles, and the files that they name.
page: Final = re.compile("docs|redoc|swagger")
expiry: Final = re.compile("expires=[^;]*")
title: Final = re.compile("<title>(.*)</title>")
address: Final = re.compile(r"""["']((?:https?:/)?/[^"'\s]*[^"'\s/])["']""")


def parsed(response: Any) -> Any:
    """A body for comparison: a document as data, so that differences are told by their place, all else as text."""
    text = response.content.decode("utf-8", "backslashreplace")
    if is_page(response):
        return [unescape(" ".join(title.findall(text))).lower(), *sorted(set(address.findall(text)))]
    if "openapi" not in text[:20]:
        return without_files(text)
    try:
        return json.loads(text)
    except ValueError:
        return text


def talked(url: str, *lines: Any, **options: Any) -> Step:
    """Open a WebSocket, send each line (text, bytes or JSON), receive an answer to each, and close."""

    def act(http: Any) -> Any:
        heard: list[Any] = []
        try:
            with http.websocket_connect(url, **options) as socket:
                for line in lines:
                    if line is not None:
                        socket.send({"type": "websocket.receive", "bytes" if isinstance(line, bytes) else "text": line})
                    heard.append(socket.receive())
        except Exception as error:
            response = getattr(error, "response", None)
            heard.append([type(error).__name__, getattr(error, "code", None), getattr(error, "reason", None)])
            if response is not None:
                heard.append([response.status_code, response.text])
        return heard

    return Step(f"WEBSOCKET {url} {lines} {options or ''}", act)


def run(build: Build, framework: Any, steps: Sequence[Step], backend: str, portal: Any = None) -> dict[str, Any]:
    """Build an application, take every step, and tell all that was observed, by what it was observed at."""
    web, seen = Web(framework), {}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            app = build(web)
        except Exception as error:
            return {"declaration": error}
        seen["warnings"] = sorted(
            entry.category.__mro__[1].__name__
            for entry in warned
            if issubclass(entry.category, UserWarning) and not entry.category.__module__.startswith("starlette")
        )
        observed = Observed(app)
        http = client(observed, backend=backend)
        try:
            with ExitStack() as life:
                if portal is None:
                    life.enter_context(http)
                http.portal = http.portal or portal
                for number, step in enumerate(steps):
                    seen[f"{number}. {step.label}"] = step.act(http)
                    seen[f"{number}. {step.label}{RAISES}"] = observed.raised.pop() if observed.raised else None
                    seen[f"{number}. {step.label} logs"] = [*web.log]
                    web.log.clear()
        except Exception as error:
            seen["life"] = error
        seen["at the end"] = web.log
    return seen


def compare(
    build: Build,
    steps: Sequence[Step],
    *,
    backend: str = "asyncio",
    words: Sequence[str] = (),
    portal: Any = None,
    crashes_count: bool = True,
) -> list[str]:
    """Every difference between the application on FastAPI and on Typeway.

    Parameters:
        build: makes the application from a framework's names and a log, see `Web`.
        steps: what to do with it; where it has a document, reading that is the first step.
        words: what the messages of an error at declaration have in common.
        portal: an event loop to share, for applications without a lifespan; see `shared_portal`.
        crashes_count: whether ours must crash where FastAPI does.
    """
    expected = run(build, fastapi, steps, backend, portal)
    found = run(build, COMPAT, steps, backend, portal)
    refusals = [str(seen.get("declaration", "accepted")) for seen in (found, expected)]
    if (refusals[0] == "accepted") != (refusals[1] == "accepted"):
        return [f"declaration: {refusals[0]!r} instead of {refusals[1]!r}"]
    if not crashes_count:
        crashed = {key.removesuffix(RAISES) for key, error in expected.items() if key.endswith(RAISES) and error}
        expected = {key: value for key, value in expected.items() if key.removesuffix(RAISES) not in crashed}
        found = {key: value for key, value in found.items() if key.removesuffix(RAISES) not in crashed}
    problems = list(differences(found, expected, same=same))
    problems += [f"declaration: {word!r} is not in {text!r}" for word in words for text in refusals if word not in text]
    return problems


def same(found: Any, expected: Any) -> bool | None:
    """Whether two exceptions are of one kind; None for values of other types."""
    if not isinstance(expected, BaseException) or not isinstance(found, BaseException):
        return None
    kind = type(expected)
    if kind.__module__.startswith("fastapi."):
        kind = resolve(NAMES[kind.__module__][kind.__name__])
    elif kind.__module__.startswith("pydantic"):
        # Ours names the place and the fix instead; it is of the same builtin type.
        kind = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    return isinstance(found, kind)


DOCUMENT: Final = asked("GET /openapi.json")


# --- processes of their own -----------------------------------------------------------------------------------------


def run_python(
    *arguments: str, code: str = "", warnings_fail: bool = True, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, from the repository's root, with further environment variables."""
    strict = ("-W", "error") if warnings_fail else ()
    return subprocess.run(
        [sys.executable, *strict, *arguments, *(("-c", code) if code else ())],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def printed(framework: Any, code: str, **options: Any) -> str:
    """What a program prints in a process of its own; with COMPAT, `import fastapi` means Typeway there."""
    start = "import typeway.compat\ntypeway.compat.install()\n" if framework is COMPAT else ""
    done = run_python(code=start + code, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout
