"""Run one declaration on Typeway and on FastAPI: what both answer is the programming model that they share."""

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
