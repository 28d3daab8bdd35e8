"""A marker that cannot be obeyed is refused at its declaration: nothing becomes a query parameter in silence."""

from collections.abc import Callable
from typing import Annotated, Any, Optional, Union

import pytest
from pydantic import Field

from tests.frameworks import answer
from typeway import Body, Cookie, Depends, Form, Header, HTTPException, Query, Security, Typeway, UploadFile
from typeway.exceptions import DeclarationError


def current_user(authorization: Annotated[str | None, Header()] = None) -> str:
    if authorization != "good":
        raise HTTPException(401)
    return "good"


CurrentUser = Annotated[str, Depends(current_user)]
Admin = Annotated[str, Security(current_user, scopes=["admin"])]

OBEYED: dict[str, Any] = {
    "beside None": CurrentUser | None,
    "Optional": Optional[CurrentUser],
    "None first": Union[None, CurrentUser],  # noqa: UP007
    "in Annotated": Annotated[CurrentUser | None, "note"],
    "twice optional": Optional[Annotated[CurrentUser | None, "note"]],
    "security": Admin | None,
}


@pytest.mark.parametrize("default", [..., None])
@pytest.mark.parametrize("kind", OBEYED.values(), ids=OBEYED)
def test_a_dependency_beside_none_is_a_dependency(kind, default):
    """`CurrentUser | None` asks the dependency; a query parameter of the name is not believed."""
    app = Typeway()

    def me(user: kind) -> Any:
        return {"user": user}

    if default is None:
        me.__defaults__ = (None,)
    app.get("/me")(me)
    assert answer(app, "GET /me?user=admin")[0] == 401
    assert answer(app, "GET /me?user=admin", headers={"authorization": "good"}) == (200, {"user": "good"})
    assert "user" not in str(app.openapi()["paths"]["/me"]["get"].get("parameters", ""))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Annotated[str, Header(alias="x-a")] | None, {"headers": {"x-a": "v"}}),
        (Annotated[str, Cookie(alias="x-a")] | None, {"headers": {"cookie": "x-a=v"}}),
        (Annotated[str, Form(alias="x-a")] | None, {"data": {"x-a": "v"}}),
        (Annotated[str, Query(alias="x-a")] | None, {"params": {"x-a": "v"}}),
        (Annotated[str, Body()] | None, {"json": "v"}),
    ],
)
def test_a_marker_beside_none_says_where_an_optional_value_comes_from(kind, options):
    """The marker of the only member beside None is said of the whole parameter."""
    app = Typeway()

    @app.post("/")
    def read(value: kind = None) -> Any:
        return value

    assert answer(app, "POST /", **options) == (200, "v")
    assert answer(app, "POST /?value=wrong") == (200, None)


def test_bounds_beside_a_marker_beside_none_count():
    """Bounds that stand beside the marker inside a union with None are checked."""
    app = Typeway()

    @app.get("/")
    def read(value: Annotated[int, Query(alias="v"), Field(ge=1)] | None = None) -> Any:
        return value

    assert [answer(app, f"GET /?v={value}")[0] for value in (1, 0)] == [200, 422]
    assert answer(app, "GET /") == (200, None)


REFUSED: dict[str, Any] = {
    "dependency among members": CurrentUser | int,
    "dependency in a list": list[CurrentUser],
    "dependency in a mapping": dict[str, CurrentUser],
    "dependency in a callable": Callable[[CurrentUser], int],
    "dependency in a marked list": Annotated[list[CurrentUser], Query()],
    "dependency in a tuple": tuple[CurrentUser, int] | None,
    "header among members": Annotated[str, Header()] | int,
    "query in a list": list[Annotated[int, Query()]],
    "header in a marked list": Annotated[list[Annotated[str, Header()]], Query()],
    "form in a body": dict[str, Annotated[str, Form()]],
}


@pytest.mark.parametrize("kind", REFUSED.values(), ids=REFUSED)
def test_a_marker_that_cannot_be_obeyed_is_refused(kind):
    """The refusal names the place, the parameter, the marker, and what to write instead."""
    app = Typeway()

    def read(value: kind) -> Any: ...

    expected = r"test_hidden_markers\.py:\d+: POST / → parameter 'value': \w+\(\) inside the type of parameter 'value'.* Hint: Put it around"
    with pytest.raises(DeclarationError, match=expected):
        app.post("/")(read)


@pytest.mark.parametrize(
    ("kind", "markers"),
    [
        (Annotated[str, Depends(current_user), Query()], r"Depends\(\) and Query\(\)"),
        (Annotated[CurrentUser, Header()], r"Depends\(\) and Header\(\)"),
        (Annotated[Annotated[str, Header()] | None, Query()], r"Header\(\) and Query\(\)"),
        (Annotated[str, Form(), Body()], r"Form\(\) and Body\(\)"),
    ],
)
def test_markers_of_different_sources_are_refused(kind, markers):
    """One of two markers would be ignored silently, and the code does not show which."""
    app = Typeway()

    def read(value: kind) -> Any: ...

    with pytest.raises(DeclarationError, match=rf"{markers} in `Annotated` name different sources for .*'value'"):
        app.post("/")(read)


@pytest.mark.parametrize(
    ("kind", "options", "status"),
    [
        (Annotated[list[Annotated[int, Query(ge=1)]], Query()], {"params": {"value": 0}}, 422),
        (Annotated[list[Annotated[int, Query(ge=1)]], Query()], {"params": {"value": 1}}, 200),
        (list[Annotated[int, Body(ge=1)]], {"json": [0]}, 422),
        (list[Annotated[int, Body(ge=1)]], {"json": [1]}, 200),
        (list[Annotated[UploadFile, Form()]] | None, {}, 200),
    ],
)
def test_a_marker_of_the_same_place_inside_a_type_bounds_the_items(kind, options, status):
    """Inside the type a marker of the parameter's own place does what its bounds say, as in FastAPI."""
    app = Typeway()

    def read(value: kind) -> Any:
        return "read"

    if status == 200 and not options:
        with pytest.raises(DeclarationError):
            app.post("/")(read)
        return
    app.post("/")(read)
    assert answer(app, "POST /", **options)[0] == status
