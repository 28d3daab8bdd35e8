"""The signatures of applications, routers, routes and markers show their options, for help(), editors and plugins."""

import copy
import functools
import inspect
import pickle
import pydoc
import sys
from typing import Any, get_type_hints

import fastapi
import pytest
from fastapi.routing import APIRoute as FastAPIRoute

import typeway
from tests.frameworks import COMPAT, printed, run_python
from typeway.declare import markers
from typeway.declare.options import (
    ApiRouteOptions,
    AppOptions,
    IncludeOptions,
    RouteOptions,
    RouterOptions,
)
from typeway.routing import APIRoute
from typeway.security import APIKeyHeader, HTTPBearer, OAuth2, OpenIdConnect
from typeway.security.base import SchemeOptions
from typeway.testclient import ClientOptions, TestClient

VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MARKERS = ("Path", "Query", "Header", "Cookie", "Body", "Form", "File")
ENDPOINT = {"path": "/", "endpoint": lambda: 1}


def shown(function: Any) -> dict[str, inspect.Parameter]:
    """The options that a signature shows."""
    parameters = inspect.signature(function).parameters
    return {name: entry for name, entry in parameters.items() if entry.kind is inspect.Parameter.KEYWORD_ONLY}


def defaults(function: Any) -> dict[str, Any]:
    """What to pass for every option, so that it means nothing."""
    return {name: entry.default for name, entry in shown(function).items()}


FUNCTIONS = {
    **{f"{kind.__name__}.{verb}": (getattr(kind, verb), RouteOptions)
       for kind in (typeway.Typeway, typeway.Router, COMPAT.FastAPI, COMPAT.APIRouter) for verb in VERBS},
    **{f"{kind.__name__}.{name}": (getattr(kind, name), options)
       for kind in (typeway.Typeway, typeway.Router, COMPAT.FastAPI, COMPAT.APIRouter)
       for name, options in (("api_route", ApiRouteOptions), ("add_api_route", ApiRouteOptions),
                             ("include_router", IncludeOptions))},
    "a method of an object": (typeway.Typeway().get, RouteOptions),
    "Typeway": (typeway.Typeway, AppOptions), "Router": (typeway.Router, RouterOptions),
    "APIRoute": (APIRoute, ApiRouteOptions),
    "compat.FastAPI": (COMPAT.FastAPI, AppOptions), "compat.APIRouter": (COMPAT.APIRouter, RouterOptions),
    "compat.APIRoute": (COMPAT.routing.APIRoute, ApiRouteOptions),
    **{name: (getattr(typeway, name), getattr(markers, name).known_options) for name in MARKERS},
    **{f"markers.{name}": (getattr(markers, name), getattr(markers, name).known_options) for name in MARKERS},
    **{kind.__name__: (kind, SchemeOptions) for kind in (HTTPBearer, APIKeyHeader, OAuth2, OpenIdConnect)},
    "TestClient": (TestClient, ClientOptions),
}  # fmt: skip


@pytest.mark.parametrize(("function", "options"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_option_is_shown_with_type_and_default(function: Any, options: Any) -> None:
    """Each key of the TypedDict is a parameter with its type and the value that it has if it is not given."""
    found = shown(function)
    assert not [entry for entry in inspect.signature(function).parameters.values() if entry.kind is entry.VAR_KEYWORD]
    for name, hint in get_type_hints(options, include_extras=True).items():
        assert found[name].annotation == hint
        assert found[name].default is not inspect.Parameter.empty


def outer(kind: Any) -> Any:
    """A router whose routes inherit as much as possible."""
    return kind(
        prefix="/p", tags=["outer"], deprecated=True, strict_content_type=False, max_body_size=9, form_limits={"max_files": 1},
        default_response_class=typeway.responses.PlainTextResponse, generate_unique_id_function=lambda route: "mine",
        include_in_schema=True, responses={418: {"description": "tea"}},
    )  # fmt: skip


@pytest.mark.parametrize("web", [typeway, COMPAT], ids=["typeway", "compat"])
def test_a_default_that_is_passed_means_nothing(web: Any) -> None:
    """Code that copies a signature passes all the defaults; that has the effect of passing none."""

    def documents(**given: dict[str, Any]) -> list[Any]:
        routers = []
        for add in ("get", "api_route", "add_api_route", "APIRoute"):
            router = outer(web.APIRouter)
            if add == "add_api_route":
                router.add_api_route("/x", lambda: {"a": 1}, **given.get(add, {}))
            elif add == "APIRoute":
                router.routes.append(web.routing.APIRoute("/x", lambda: {"a": 1}, **given.get(add, {})))
            else:
                getattr(router, add)("/x", **given.get(add, {}))(lambda: {"a": 1})
            middle = outer(web.APIRouter)
            middle.include_router(router, **given.get("include_router", {}))
            inner = web.APIRouter(**given.get("APIRouter", {}))
            inner.include_router(middle)
            routers.append(inner)
        found = []
        for router in routers:
            app = web.FastAPI(**given.get("FastAPI", {}))
            app.include_router(router)
            [route] = [route for route in app.routes if isinstance(route, web.routing.APIRoute)]
            operation = route.to_operation()
            found.append((app.openapi(), route.path, operation.strict_content_type, operation.max_body_size,
                          operation.form_limits, operation.response_class, sorted(route.methods)))  # fmt: skip
        return found

    names = ("get", "api_route", "add_api_route", "include_router")
    given = {name: defaults(getattr(web.APIRouter, name)) for name in names}
    given |= {"APIRoute": defaults(web.routing.APIRoute), "APIRouter": defaults(web.APIRouter)}
    given["FastAPI"] = defaults(web.FastAPI)
    assert documents(**given) == documents()


@pytest.mark.parametrize("name", MARKERS)
def test_a_default_of_a_marker_that_is_passed_means_nothing(name: str) -> None:
    """So it is with markers, where None that is given resets what another marker sets."""
    for kind in (getattr(typeway, name), getattr(markers, name)):
        given, plain = kind(**defaults(kind)), kind()
        assert given.given <= {"include_in_schema", "convert_underscores"}
        for attribute in plain.__slots__:
            assert repr(getattr(given, attribute)) == repr(getattr(plain, attribute))
        assert {**vars(given), "given": None} == {**vars(plain), "given": None}


def test_wrappers_show_what_they_wrap() -> None:
    """functools.wraps and bound methods keep the signature, and a wrapper works."""

    @functools.wraps(typeway.Typeway.get)
    def get(*values: Any, **options: Any) -> Any:
        return typeway.Typeway.get(*values, **options)

    app = typeway.Typeway()
    get(app, "/", tags=["a"])(lambda: 1)
    assert inspect.signature(get) == inspect.signature(typeway.Typeway.get)
    assert "tags" in shown(app.get)
    assert next(iter(inspect.signature(app.get).parameters)) == "path"
    assert app.routes[-1].tags == ["a"]
    bound = inspect.signature(app.get).bind("/", tags=["a"])
    assert bound.arguments == {"path": "/", "tags": ["a"]}


def test_a_signature_can_be_changed_copied_and_pickled() -> None:
    """Plugins add parameters to a copy; what they make is an ordinary signature."""
    signature = inspect.signature(typeway.Typeway.get)
    shorter = signature.replace(parameters=list(signature.parameters.values())[:2])
    assert list(shorter.parameters) == ["self", "path"]
    for make in (copy.deepcopy, lambda copied: pickle.loads(pickle.dumps(copied))):
        assert make(inspect.signature(TestClient.__init__)) == inspect.signature(TestClient.__init__)
    if sys.version_info >= (3, 13):
        assert copy.replace(signature, parameters=[]).parameters == {}


def test_constructors_of_subclasses_show_their_own() -> None:
    """A class with a constructor of its own shows that."""

    class Mine(typeway.Typeway):
        def __init__(self, *, database: str) -> None:
            super().__init__(title=database)

    class Filter(markers.Query):
        def __init__(self, name: str) -> None:
            super().__init__(alias=name)

    assert list(inspect.signature(Mine).parameters) == ["database"]
    assert list(inspect.signature(Filter).parameters) == ["name"]
    assert Filter("x").alias == "x"


def test_help_lists_the_options() -> None:
    """help() shows them, with types and defaults."""
    text = pydoc.plain(pydoc.render_doc(typeway.Typeway.get))
    assert "status_code: int | None = None" in text
    assert "response_model_by_alias: bool = True" in text


PEER = {
    "FastAPI": fastapi.FastAPI, "APIRouter": fastapi.APIRouter, "routing.APIRoute": FastAPIRoute,
    "routing.APIWebSocketRoute": fastapi.routing.APIWebSocketRoute,
    **{f"{kind}.{name}": getattr(getattr(fastapi, kind), name)
       for kind in ("FastAPI", "APIRouter") for name in (*VERBS, "api_route", "add_api_route", "include_router")},
    **{name: getattr(fastapi, name) for name in MARKERS},
    **{f"params.{name}": getattr(fastapi.params, name) for name in MARKERS},
    **{f"security.{name}": getattr(fastapi.security, name)
       for name in ("HTTPBearer", "HTTPBasic", "APIKeyHeader", "OAuth2", "OAuth2PasswordBearer", "OpenIdConnect")},
}  # fmt: skip


@pytest.mark.parametrize("name", PEER)
def test_fastapis_options_are_there(name: str) -> None:
    """Whatever name FastAPI's signature has, that of compat mode has too, but for arguments that it does not take."""
    ours = functools.reduce(getattr, name.split("."), COMPAT)
    theirs = {
        name for name, entry in inspect.signature(PEER[name]).parameters.items() if entry.kind is not entry.VAR_KEYWORD
    }
    # FastAPI's classes of markers take a type that they do not use.
    assert theirs - set(inspect.signature(ours).parameters) <= {"annotation"}


def test_nothing_is_computed_at_import() -> None:
    """The signatures are computed when somebody asks for them."""
    code = """
from typeway.declare.shown import OptionsSignature
import typeway.routing, typeway.testclient
signatures = [vars(kind.__init__)["__signature__"] for kind in (typeway.Typeway, typeway.Router, typeway.routing.APIRoute)]
assert all("whole" not in vars(signature) for signature in signatures)
"""
    assert run_python(code=code).returncode == 0
    assert printed(
        COMPAT, "import fastapi, inspect; print('tags' in inspect.signature(fastapi.APIRouter).parameters)"
    ) == ("True\n")
