"""Run one declaration on Typeway and on FastAPI: what both answer is the programming model that they share."""

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import fastapi
import fastapi.testclient
import pytest

import typeway
import typeway.testclient

# A test that asks for `web` runs once on each framework, with the framework's module in its hands.
each_framework = pytest.mark.parametrize("web", [typeway, fastapi], ids=["typeway", "fastapi"])


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
