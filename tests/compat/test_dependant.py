"""Plugins read of a route's dependant what FastAPI would show them."""

from types import ModuleType
from typing import Annotated, Any

import fastapi
import pytest
from pydantic import AfterValidator, AliasChoices, BaseModel, Field
from starlette.requests import HTTPConnection

from tests.frameworks import COMPAT, compat_and_fastapi
from typeway.testclient import TestClient


class Item(BaseModel):
    name: str
    price: float = 1


class Foreign:
    pass


class Filters(BaseModel):
    q: str | None = None
    limit: int = Field(10, ge=1)


def endpoints(web: ModuleType) -> dict[str, Any]:
    """Endpoints of many kinds, declared with a framework's own markers."""
    security = web.security

    def common(q: str, x_token: Annotated[str | None, web.Header()] = None) -> None: ...

    def guard(scopes: security.SecurityScopes, key: Annotated[str, web.Cookie(alias="k")] = "none") -> None: ...

    class Pager:
        def __init__(self, page: int = 1, size: Annotated[int, web.Query(ge=1, alias="perPage")] = 10) -> None: ...

    def plain(item_id: int, q: str | None = None, tags: Annotated[list[str] | None, web.Query()] = None) -> None: ...

    def injected(
        item_id: str, r: web.Request, w: web.Response, tasks: web.BackgroundTasks, connection: HTTPConnection
    ) -> None: ...

    def one_body(item_id: int, item: Item) -> Item: ...

    def embedded(item_id: int, item: Annotated[Item, web.Body(embed=True)]) -> None: ...

    def two_bodies(item_id: int, item: Item, other: Annotated[int, web.Body(gt=0)] = 3) -> None: ...

    def form(item_id: str, name: Annotated[str, web.Form()], file: web.UploadFile | None = None) -> None: ...

    def form_model(item_id: str, item: Annotated[Item, web.Form()]) -> None: ...

    def nested(
        item_id: int,
        filters: Annotated[Filters, web.Query()],
        used: Annotated[None, web.Depends(common)],
        pager: Annotated[Pager, web.Depends(use_cache=False)],
        guarded: Annotated[None, web.Security(guard, scopes=["read"])],
        chosen: Annotated[str, web.Query(validation_alias=AliasChoices("a", "b"))] = "",
        even: Annotated[int, AfterValidator(lambda value: value * 2), web.Query(le=9)] = 2,
    ) -> None: ...

    found = (plain, injected, one_body, embedded, two_bodies, form, form_model, nested)
    return {function.__name__: function for function in found}


def route_of(web: ModuleType, name: str) -> Any:
    app = web.FastAPI(dependencies=[web.Depends(endpoints(web)["plain"])] if name == "nested" else None)
    app.post("/items/{item_id}")(endpoints(web)[name])
    return app.routes[-1]


def shown_field(field: Any) -> Any:
    info = field.field_info
    kind = info.annotation if isinstance(info.annotation, type) and not hasattr(info.annotation, "model_fields") else ""
    return {
        "name": field.name,
        "alias": field.alias,
        "aliases": (field.validation_alias, field.serialization_alias),
        "kind": type(info).__name__,
        "type": getattr(kind, "__name__", ""),
        "required": info.is_required(),
        "default": str(field.default),
        "mode": field.mode,
        "metadata": sorted(str(entry) for entry in info.metadata if "Validator" not in str(entry)),
    }


def shown(dependant: Any) -> Any:
    """What a dependant says, in plain values."""
    lists = ("path_params", "query_params", "header_params", "cookie_params", "body_params")
    names = (
        "name", "request_param_name", "websocket_param_name", "http_connection_param_name", "response_param_name",
        "background_tasks_param_name", "security_scopes_param_name", "use_cache", "path", "scope",
    )  # fmt: skip
    return {
        "call": getattr(dependant.call, "__name__", ""),
        "scopes": (dependant.own_oauth_scopes or [], dependant.parent_oauth_scopes or []),
        **{name: getattr(dependant, name) for name in names},
        **{name: [shown_field(field) for field in getattr(dependant, name)] for name in lists},
        "dependencies": [shown(each) for each in dependant.dependencies],
    }


@pytest.mark.parametrize("name", endpoints(fastapi))
def test_a_route_shows_its_dependant(name: str) -> None:
    """Parameters, injected objects, scopes and dependencies stand where FastAPI has them."""
    assert shown(route_of(COMPAT, name).dependant) == shown(route_of(fastapi, name).dependant)


@pytest.mark.parametrize("name", endpoints(fastapi))
def test_a_route_shows_its_body(name: str) -> None:
    """The body is one field, which holds a model of several parameters where it must."""
    found, expected = (route_of(web, name).body_field for web in (COMPAT, fastapi))
    if expected is None:
        assert found is None
        return
    assert shown_field(found) == shown_field(expected)
    assert found.field_info.media_type == expected.field_info.media_type
    assert found.field_info.annotation.__name__ == expected.field_info.annotation.__name__
    assert list(found.field_info.annotation.model_fields) == list(expected.field_info.annotation.model_fields)


@pytest.mark.parametrize("name", endpoints(fastapi))
def test_flat_lists_of_parameters(name: str) -> None:
    """The functions that plugins import collect what all dependencies ask for."""
    lists = []
    for web in (COMPAT, fastapi):
        utils, dependant = web.dependencies.utils, route_of(web, name).dependant
        lists.append(
            [sorted(field.name for field in collect(dependant))
             for collect in (utils.get_flat_params, utils._get_flat_body_params)]
        )  # fmt: skip
    assert lists[0] == lists[1]


@compat_and_fastapi
def test_fields_validate_and_serialize(web: ModuleType) -> None:
    """A field turns a raw value into the declared type, or says where it is wrong."""
    field = route_of(web, "nested").dependant.query_params[-1]
    assert field.validate("3", {}, loc=("query", "even")) == (6, [])
    value, errors = field.validate("x", {}, loc=("query", "even"))
    assert (value, errors[0]["type"], errors[0]["loc"]) == (None, "int_parsing", ("query", "even"))
    made = web.utils.create_model_field("item", Item, mode="serialization")
    assert made.serialize(Item(name="x")) == {"name": "x", "price": 1.0}
    with pytest.raises(web.exceptions.FastAPIError, match="Invalid args for response field"):
        web.utils.create_model_field("wrong", Foreign)


@compat_and_fastapi
def test_signatures_are_read_with_their_types(web: ModuleType) -> None:
    """Annotations that are strings become types."""
    utils = web.dependencies.utils

    def endpoint(a: "int", *args: "str", b: "Item | None" = None) -> "list[Item]": ...

    signature = utils.get_typed_signature(endpoint)
    assert [parameter.annotation for parameter in signature.parameters.values()] == [int, str, Item | None]
    assert utils.get_typed_return_annotation(endpoint) == list[Item]
    assert utils.get_typed_return_annotation(lambda: 1) is None
    assert utils.get_typed_annotation("Item", globals()) is Item
    assert utils.lenient_issubclass(bool, int)
    assert not utils.lenient_issubclass(list[int], list)
    assert not utils.lenient_issubclass("Item", BaseModel)


@compat_and_fastapi
def test_a_callable_has_a_dependant_without_a_route(web: ModuleType) -> None:
    """get_dependant and get_parameterless_sub_dependant read functions that no route has."""
    utils, found = web.dependencies.utils, endpoints(web)
    alone = utils.get_dependant(path="/items/{item_id}", call=found["plain"], name="given")
    assert (alone.name, [field.name for field in alone.path_params]) == ("given", ["item_id"])
    depends = web.Security(found["plain"], scopes=["a"], use_cache=False)
    dependant = utils.get_parameterless_sub_dependant(depends=depends, path="/items/{item_id}")
    assert (dependant.name, dependant.call, dependant.own_oauth_scopes) == (None, found["plain"], ["a"])


@compat_and_fastapi
def test_what_a_plugin_appends_to_a_dependant_runs(web: ModuleType) -> None:
    """A dependency appended before the first request runs once, and reads its own parameters."""
    ran: list[str] = []

    def added(token: str) -> None:
        ran.append(token)

    app = web.FastAPI()

    @app.get("/{name}")
    def read(name: str) -> str:
        return name

    route, utils = app.routes[-1], web.dependencies.utils
    depends = web.Depends(added)
    route.dependencies.append(depends)
    sub = utils.get_parameterless_sub_dependant(depends=depends, path=route.path_format)
    route.dependant.dependencies.append(sub)
    client = TestClient(app)
    assert client.get("/x", params={"token": "t"}).json() == "x"
    assert client.get("/x").status_code == 422
    assert ran == ["t"]


@compat_and_fastapi
def test_another_call_takes_the_endpoints_place(web: ModuleType) -> None:
    """A handler made for a dependant with a new call runs that instead, with the same arguments."""
    routing = web.routing

    def read(name: str) -> str:
        return name

    app = web.FastAPI()
    app.get("/{name}")(read)
    route = app.routes[-1]
    route.dependant.call = lambda name: read(name).upper()
    route.app = routing.request_response(routing.get_request_handler(dependant=route.dependant))
    assert TestClient(app).get("/x").json() == "X"


@compat_and_fastapi
def test_a_handler_for_a_dependant_of_ones_own(web: ModuleType) -> None:
    """get_request_handler serves a callable that no route has, with the status that it is given."""
    routing, utils = web.routing, web.dependencies.utils
    app = web.FastAPI()
    dependant = utils.get_dependant(path="/", call=endpoints(web)["one_body"])
    assert dependant.body_params

    def read(q: int = 1) -> int:
        return q

    handler = routing.get_request_handler(utils.get_dependant(path="/", call=read), status_code=202)
    app.add_route("/plain", handler)
    route = app.routes[-1]
    route.app = routing.request_response(handler)
    response = TestClient(app).get("/plain?q=3")
    assert (response.status_code, response.json()) == (202, 3)
