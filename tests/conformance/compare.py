"""Run one application on FastAPI and on Typeway, and say where the two differ."""

from __future__ import annotations

import importlib
import json
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from types import ModuleType
from typing import Any, Final

import anyio.from_thread

from tests.frameworks import client, differences, without_files
from typeway.compat.importing.names import NAMES
from typeway.compat.shapes.facade import resolve

PEER: Final = "fastapi"

# What stands behind a step's label where the exception is kept that went on to the server.
RAISES: Final = " raises"

Build = Callable[[Any], Any]


class Names:
    """FastAPI's public names, each with the object that stands for it after `typeway.compat.install()`.

    Parameters:
        module: the module of FastAPI whose names these are.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        target = NAMES[self._module].get(name)
        if target is not None:
            return resolve(target)
        submodule = f"{self._module}.{name}"
        if submodule in NAMES:
            return Names(submodule)
        raise AttributeError(f"{self._module} has no public name {name!r}")


class Peer:
    """FastAPI's own names, with its submodules."""

    def __init__(self, module: str) -> None:
        self._module = importlib.import_module(module)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name, None)
        is_own = isinstance(value, ModuleType) and value.__name__.startswith(PEER)
        return Peer(f"{self._module.__name__}.{name}") if value is None or is_own else value


class Web:
    """What an application is written against: a framework's names, and a log of what happens.

    Parameters:
        names: the framework's names.
        log: whatever the application notes; it is compared after every step.
    """

    def __init__(self, names: Names | Peer) -> None:
        self.names = names
        self.log: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.names, name)


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


def run(build: Build, names: Names | Peer, steps: Sequence[Step], backend: str, portal: Any = None) -> dict[str, Any]:
    """Build an application, take every step, and tell all that was observed, by what it was observed at."""
    web, seen = Web(names), {}
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
        build: makes the application from the names of a framework.
        steps: what to do with it; where it has a document, reading that is the first step.
        words: what the messages of an error at declaration have in common.
        portal: an event loop to share, for applications without a lifespan; see `shared_portal`.
        crashes_count: whether ours must crash where FastAPI does.
    """
    expected = run(build, Peer(PEER), steps, backend, portal)
    found = run(build, Names(PEER), steps, backend, portal)
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
    if kind.__module__.startswith(f"{PEER}."):
        kind = resolve(NAMES[kind.__module__][kind.__name__])
    elif kind.__module__.startswith("pydantic"):
        # Ours names the place and the mend instead; it is of the same builtin type.
        kind = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    return isinstance(found, kind)


def shared_portal() -> Any:
    """An event loop in a thread, for many applications without a lifespan, one after another."""
    return anyio.from_thread.start_blocking_portal()


DOCUMENT: Final = asked("GET /openapi.json")

__all__ = ["DOCUMENT", "Build", "Iterator", "Step", "asked", "compare", "shared_portal", "talked"]
