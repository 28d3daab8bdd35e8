"""What the framework is: Starlette and Pydantic underneath, type hints that validate, convert and document."""

import importlib.metadata
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from packaging.requirements import Requirement
from pydantic import BaseModel
from pydantic import ValidationError as PydanticError
from starlette.applications import Starlette

from tests.frameworks import answer, ask, client, each_framework
from typeway import Typeway


@each_framework
def test_an_application_is_a_starlette_application(web):
    """The web layer is Starlette: an application is one of its applications."""
    assert isinstance(web.FastAPI(), Starlette)


@each_framework
def test_validation_is_pydantics(web):
    """What a bad body is told is what Pydantic itself says about the same data."""

    class Point(BaseModel):
        x: int
        y: int

    app = web.FastAPI()

    @app.post("/points")
    async def create(point: Point) -> Point:
        return point

    given = {"x": "east", "y": 2}
    with pytest.raises(PydanticError) as failure:
        Point.model_validate(given)
    status, body = answer(app, "POST /points", json=given)
    assert status == 422
    expected = [{**error, "loc": ["body", *error["loc"]]} for error in failure.value.errors(include_url=False)]
    assert body["detail"] == expected


@pytest.mark.parametrize("distribution", ["typeway", "fastapi"])
def test_the_extra_standard_brings_a_server_and_form_parsing(distribution):
    """`pip install "...[standard]"` installs uvicorn, and python-multipart for forms."""
    wanted = [Requirement(line) for line in importlib.metadata.requires(distribution) or []]
    names = {
        requirement.name
        for requirement in wanted
        if requirement.marker is None or requirement.marker.evaluate({"extra": "standard"})
    }
    assert {"uvicorn", "python-multipart", "starlette", "pydantic"} <= names


@each_framework
def test_endpoints_are_ordinary_functions(web):
    """A decorated function is still itself: it can be called, and tested, without the framework."""
    app = web.FastAPI()

    def double(number: int) -> int:
        return 2 * number

    decorated = app.get("/double")(double)
    assert decorated is double
    assert decorated(4) == 8
    assert answer(app, "GET /double?number=4") == (200, 8)


@each_framework
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_each_http_method_has_its_decorator(web, method):
    """Endpoints are registered by a decorator that is named like the method."""
    app = web.FastAPI()

    @getattr(app, method)("/thing")
    async def thing() -> str:
        return method

    assert answer(app, f"{method.upper()} /thing") == (200, method)
    assert list(app.openapi()["paths"]["/thing"]) == [method]


@each_framework
def test_an_annotation_validates_converts_and_refuses_before_the_code_runs(web):
    """`item_id: int` gives the function an int, or answers 422 without calling it."""
    app = web.FastAPI()
    seen: list[Any] = []

    @app.get("/items/{item_id}")
    async def read(item_id: int) -> None:
        seen.append(item_id)

    assert answer(app, "GET /items/42")[0] == 200
    assert seen == [42]
    assert type(seen[0]) is int
    assert answer(app, "GET /items/fortytwo") == (
        422,
        {
            "detail": [
                {
                    "type": "int_parsing",
                    "loc": ["path", "item_id"],
                    "msg": "Input should be a valid integer, unable to parse string as an integer",
                    "input": "fortytwo",
                }
            ]
        },
    )
    assert seen == [42]


@each_framework
@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_interactive_documentation_is_there_without_being_asked_for(web, page):
    """Swagger UI is at /docs and ReDoc at /redoc, and both read the application's own document."""
    response = ask(web.FastAPI(), f"GET {page}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in response.text
    assert {"/docs": "swagger-ui", "/redoc": "redoc"}[page] in response.text


def test_the_documentation_needs_nothing_from_elsewhere():
    """The pages load their files from the application itself. Typeway only: FastAPI's pages load them from a CDN."""
    http = client(Typeway())
    for page in ("/docs", "/redoc"):
        text = http.get(page).text
        assert 'src="http' not in text
        assert 'href="http' not in text


@each_framework
@pytest.mark.parametrize(
    ("annotation", "documented", "good", "bad"),
    [
        (int, {"type": "integer"}, "3", "three"),
        (float, {"type": "number"}, "0.5", "half"),
        (bool, {"type": "boolean"}, "yes", "perhaps"),
        (date, {"type": "string", "format": "date"}, "2024-02-29", "2023-02-29"),
        (UUID, {"type": "string", "format": "uuid"}, "5f0c6b1e-95a0-4f4e-8f3c-0d6a3a0c1d11", "5f0c"),
    ],
)
def test_documentation_and_behaviour_come_from_the_same_hint(web, annotation, documented, good, bad):
    """One annotation decides what is accepted and what is documented, so that the two cannot drift apart."""
    app = web.FastAPI()

    @app.get("/")
    async def read(value: annotation) -> None: ...

    (parameter,) = app.openapi()["paths"]["/"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("value", "query", True)
    assert {key: parameter["schema"][key] for key in documented} == documented
    assert answer(app, f"GET /?value={good}")[0] == 200
    assert answer(app, f"GET /?value={bad}")[0] == 422


@each_framework
def test_async_and_plain_functions_live_in_one_application(web):
    """Both kinds of function are served by one application, with the same validation."""
    app = web.FastAPI()

    @app.get("/async")
    async def one(n: int) -> int:
        return n

    @app.get("/plain")
    def other(n: int) -> int:
        return n

    for path in ("/async", "/plain"):
        assert answer(app, f"GET {path}?n=1") == (200, 1)
        assert answer(app, f"GET {path}?n=one")[0] == 422
