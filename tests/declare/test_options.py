"""Options are said once: names are checked, levels join by one table, and every record agrees with it."""

import inspect
import re
from dataclasses import fields
from typing import Any

import pytest

import typeway
from typeway import Depends, WebSocket
from typeway.application.app import Typeway
from typeway.application.router import Router
from typeway.application.routes import OPTIONS, APIRoute
from typeway.compat.shapes import application as compat
from typeway.datastructures import Default
from typeway.declare import options
from typeway.declare.given import given_options
from typeway.declare.inherit import JOIN, inherit
from typeway.declare.operation import Operation
from typeway.declare.options import (
    ApiRouteOptions,
    AppOptions,
    GroupOptions,
    IncludeOptions,
    RouteOptions,
    RouterOptions,
    SharedOptions,
    WebSocketOptions,
)
from typeway.exceptions import DeclarationError, TypewayError, UnknownOptionError
from typeway.policies import RateLimit

JOINS: list[tuple[str, Any, Any, Any]] = [
    ("tags", ["a"], ["b"], ["a", "b"]),
    ("tags", None, ["b"], ["b"]),
    ("dependencies", ["a"], ["b"], ["a", "b"]),
    ("callbacks", ["a"], None, ["a"]),
    ("responses", {1: "a", 2: "a"}, {2: "b"}, {1: "a", 2: "b"}),
    ("responses", {1: "a"}, None, {1: "a"}),
    ("form_limits", {"max_files": 1}, {"max_fields": 2}, {"max_files": 1, "max_fields": 2}),
    ("deprecated", True, False, True),
    ("deprecated", None, True, True),
    ("deprecated", None, None, None),
    ("include_in_schema", True, False, False),
    ("include_in_schema", False, True, False),
    ("strict_content_type", True, False, False),
    ("max_body_size", 5, None, 5),
    ("max_body_size", 5, 0, 0),
]


@pytest.mark.parametrize(("name", "outer", "inner", "expected"), JOINS)
def test_levels_join_by_the_table(name, outer, inner, expected):
    """Lists add up, mappings override inwards, flags spread or restrict, single values come from the nearest."""
    assert inherit({name: outer}, {name: inner})[name] == expected


def test_what_only_one_level_says_counts():
    """An option that is absent on one side is the other side's; those of routes alone stay."""
    assert inherit({"tags": ["a"], "max_body_size": 5}, {"name": "x"}) == {
        "tags": ["a"],
        "max_body_size": 5,
        "name": "x",
    }
    assert inherit({}, {"tags": ["b"]}) == {"tags": ["b"]}


def test_a_default_response_class_is_the_routes_class_further_in():
    """What groups call `default_response_class` is what routes call `response_class`."""
    assert inherit({"default_response_class": int}, {}) == {"response_class": int}
    assert inherit({"default_response_class": int}, {"response_class": str}) == {"response_class": str}
    assert inherit({"default_response_class": int}, {"default_response_class": str}) == {"response_class": str}


def test_a_groups_own_options_stay_its_own():
    """A prefix is no option that routes inherit."""
    assert inherit({"prefix": "/x"}, {}) == {}


def test_absent_is_what_was_not_given():
    """An option written as `Default(...)`, as ported code writes it, is treated as not given."""
    assert given_options("x()", {"tags": Default(None), "prefix": "/a"}, GroupOptions) == {"prefix": "/a"}


def test_an_unknown_name_is_refused_with_the_nearest():
    """A misspelt option names the owner and what was probably meant."""
    with pytest.raises(UnknownOptionError, match=r"Router\(\) takes no option 'prefx'\. Hint: Did you mean 'prefix'\?"):
        given_options("Router()", {"prefx": "/a"}, GroupOptions)
    with pytest.raises(UnknownOptionError, match=r"Hint: It takes callbacks, "):
        given_options("Router()", {"zzz": "/a"}, GroupOptions)


# --- one table, many places -------------------------------------------------------------------------------------

DICTIONARIES = [
    kind for kind in vars(options).values() if hasattr(kind, "__total__") and kind.__module__ == options.__name__
]


@pytest.mark.parametrize("kind", DICTIONARIES, ids=lambda kind: kind.__name__)
def test_every_option_is_documented(kind):
    """Every key has a docstring below it, which editors show."""
    source = inspect.getsource(kind)
    for name in set(kind.__annotations__) & {line.split(":")[0].strip() for line in source.splitlines()}:
        after = source.split(f"    {name}: ", 1)[1].split("\n", 1)[1].lstrip()
        assert after.startswith('"""'), f"{kind.__name__}.{name}"


def test_the_shared_options_join():
    """Everything that several levels may say has its place in the table of joins."""
    assert set(SharedOptions.__annotations__) <= set(JOIN)


def test_routes_have_a_default_for_every_option():
    """An option of a route that is not given has a value nonetheless."""
    route = APIRoute("/", lambda: 1)
    assert all(hasattr(route, name) for name in ApiRouteOptions.__annotations__)
    assert set(RouteOptions.__annotations__) == set(ApiRouteOptions.__annotations__) - {"methods"}


FIRST, SECOND = Depends(lambda: 1), Depends(lambda: 2)
LIMIT = RateLimit("1/second")

# An option of WebSocket endpoints: what the router says, what the endpoint says, and what counts.
OF_SOCKETS: list[tuple[str, Any, Any, Any]] = [
    ("dependencies", [FIRST], [SECOND], [FIRST, SECOND]),
    ("dependencies", None, None, []),
    ("cancel_on_disconnect", 3, None, 3),
    ("cancel_on_disconnect", 3, False, False),
    ("cancel_on_disconnect", None, 5, 5),
    ("policies", [LIMIT], None, [LIMIT]),
    ("policies", None, [LIMIT], [LIMIT]),
    ("json_limits", {"max_depth": 9, "max_values": 8}, {"max_depth": 3}, {"max_depth": 3, "max_values": 8}),
    ("json_limits", None, None, {}),
    ("parameter_limits", {"max_query": 9}, None, {"max_query": 9}),
    ("error_limits", None, {"max_errors": 9}, {"max_errors": 9}),
]


def test_every_option_of_sockets_is_in_the_table():
    """The table below has each option at least once."""
    assert {name for name, *_ in OF_SOCKETS} == set(WebSocketOptions.__annotations__)


@pytest.mark.parametrize("kind", [Router, compat.APIRouter])
@pytest.mark.parametrize(("name", "outer", "inner", "expected"), OF_SOCKETS)
def test_sockets_take_each_option_and_inherit_it(kind, name, outer, inner, expected):
    """Decorator, method and route class of both frameworks take the options of WebSocket endpoints."""
    router = kind(**{name: outer})

    async def serve(socket: WebSocket) -> None: ...

    router.websocket("/decorated", **{name: inner})(serve)
    router.add_api_websocket_route("/added", serve, **{name: inner})
    assert [getattr(route, name) for route in router.routes] == [expected, expected]
    route = router.websocket_route_class("/own", serve, **{name: inner})
    assert getattr(route, name) == (type(expected)() if inner is None and isinstance(expected, list | dict) else inner)


@pytest.mark.parametrize(("option", "value", "hint"), [
    ("dependenceis", [], "Did you mean 'dependencies'"),
    ("tags", ["a"], "It takes cancel_on_disconnect, dependencies, error_limits, json_limits, parameter_limits, policies"),
    ("dependencies", [len], "dependencies=[Depends(function)]"),
    ("policies", [len], "policies=[RateLimit("),
    ("cancel_on_disconnect", "5", "False never does"),
])  # fmt: skip
@pytest.mark.parametrize("kind", [Router, compat.APIRouter])
def test_wrong_options_of_sockets_are_refused_with_a_hint(kind, option, value, hint):
    """A name or value that cannot work is refused where it stands, as for HTTP endpoints."""
    with pytest.raises(TypewayError, match=re.escape(hint)) as caught:
        kind(prefix="/a").websocket("/b", **{option: value})(serve_socket)
    assert "test_options.py:" in str(caught.value)


async def serve_socket(socket: WebSocket) -> None:
    """A WebSocket endpoint."""


def test_operations_resolve_every_option_of_a_route():
    """The frozen record has a field for every option, except those that it resolves into others."""
    resolved = {"response_model", "generate_unique_id_function", "operation_id"}
    assert set(ApiRouteOptions.__annotations__) - {field.name for field in fields(Operation)} == resolved


def test_applications_and_routers_agree():
    """What an application hands to its router is an option of routers, and all else has a default of its own."""
    own = set(AppOptions.__annotations__) - set(RouterOptions.__annotations__)
    assert all(hasattr(Typeway(), name) for name in own - {"middleware"})
    assert set(SharedOptions.__annotations__) - {"tags"} <= set(AppOptions.__annotations__)
    assert set(IncludeOptions.__annotations__) < set(RouterOptions.__annotations__)


@pytest.mark.parametrize("owner", [Typeway, Router])
def test_applications_and_routers_have_the_same_verbs(owner):
    """Both offer the same decorators and adders with the same parameters."""
    names = [
        "get", "put", "post", "delete", "options", "head", "patch", "trace", "api_route", "websocket",
        "websocket_route", "on_event", "add_api_route", "add_api_websocket_route", "add_websocket_route",
        "include_router", "add_event_handler",
    ]  # fmt: skip
    for name in names:
        assert inspect.signature(getattr(owner, name)) == inspect.signature(getattr(Router, name)), name


def test_every_default_can_be_given():
    """Giving every option of a route its default changes nothing."""
    given = {name: getattr(APIRoute, name, None) for name in OPTIONS if name != "response_class"}
    route = APIRoute("/", lambda: 1, **given)
    plain = APIRoute("/", route.endpoint)
    assert {name: getattr(route, name) for name in OPTIONS} == {name: getattr(plain, name) for name in OPTIONS}


# A value that an option cannot have, and the options.
WRONG: dict[Any, str] = {
    5: "title version summary description terms_of_service operation_id name response_description",
    "no": (
        "debug deprecated include_in_schema redirect_slashes strict_content_type root_path_in_servers "
        "separate_input_output_schemas response_model_by_alias response_model_exclude_unset "
        "response_model_exclude_defaults response_model_exclude_none"
    ),
    "x": (
        "contact license_info openapi_external_docs openapi_extra swagger_ui_init_oauth swagger_ui_parameters "
        "exception_handlers servers openapi_tags response_class default_response_class on_startup on_shutdown openapi_url "
        "docs_url redoc_url swagger_ui_oauth2_redirect_url response_model_include response_model_exclude tags dependencies "
        "callbacks responses status_code max_body_size errors watchdog thread_pool_size generate_unique_id_function "
        "route_class default routes webhooks root_path"
    ),
    ("x y",): "methods tags dependencies callbacks routes servers openapi_tags on_startup on_shutdown",
    -1: "max_body_size thread_pool_size watchdog status_code",
    True: "max_body_size thread_pool_size",
    1000: "status_code",
    float("inf"): "watchdog",
}
# What FastAPI refuses as well, or does not know: compat mode checks it too.
REFUSED_EVERYWHERE = {
    "exception_handlers",
    "openapi_url",
    "docs_url",
    "redoc_url",
    "swagger_ui_oauth2_redirect_url",
    "dependencies",
    "max_body_size",
    "errors",
    "watchdog",
    "thread_pool_size",
    "generate_unique_id_function",
}


def refused(web: Any, name: str, value: Any) -> bool:
    """Whether an application, a router, an inclusion or a route refuses a value of an option."""
    app, router = web.FastAPI(), web.APIRouter()
    takers: list[Any] = [
        web.FastAPI,
        web.APIRouter,
        lambda **options: app.include_router(router, **options),
        lambda **options: app.api_route("/x", **options)(lambda: 1),
    ]
    messages = []
    for take in takers:
        try:
            take(**{name: value})
        except DeclarationError as error:
            messages.append(str(error))
        except Exception:  # an option that it does not have, or what FastAPI raises there
            continue
    return any(f"{name} must " in message or f"{name} is {value!r}" in message for message in messages)


@pytest.mark.parametrize(("value", "name"), [(value, name) for value, names in WRONG.items() for name in names.split()])
def test_the_value_of_an_option_is_checked(value, name):
    """A value that an option cannot have is refused where it is given; compat mode accepts what FastAPI does."""
    if (value, name) == (("x y",), "tags"):  # any text is a tag
        assert not refused(typeway, name, value)
        return
    assert refused(typeway, name, value)
    if name != "status_code":  # of which compat mode checks a part
        assert refused(compat, name, value) is (name in REFUSED_EVERYWHERE)


@pytest.mark.parametrize(
    ("name", "value"),
    [("tags", iter(["a"])), ("dependencies", iter([])), ("methods", iter(["POST"])), ("on_startup", iter([]))],
)
def test_a_list_may_be_given_as_an_iterator(name, value):
    """What can be iterated once is accepted as a list of options."""
    assert not refused(typeway, name, value)
