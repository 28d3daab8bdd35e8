"""FastAPI's functions about documents answer as FastAPI's do, and documents are checked as FastAPI checks them."""

import warnings
from types import ModuleType
from typing import Any

import fastapi
import pytest
from pydantic import BaseModel, ValidationError

from tests.frameworks import COMPAT, compat_and_fastapi, differences
from typeway import Typeway


class Item(BaseModel):
    name: str


def application(web: ModuleType, **options: Any) -> Any:
    app, router = web.FastAPI(**options), web.APIRouter(prefix="/items", tags=["items"])

    @router.post("/{number}", response_model=list[Item])
    def write(number: int, item: Item, q: str | None = None) -> Any: ...

    app.include_router(router, prefix="/api")
    app.get("/hidden", include_in_schema=False)(lambda: 1)
    return app


ABOUT: dict[str, Any] = {
    "title": "T", "version": "1", "summary": "s", "description": "d", "openapi_version": "3.1.1",
    "servers": [{"url": "https://a.example"}], "tags": [{"name": "items", "externalDocs": {"url": "https://b.example"}}],
    "contact": {"url": "https://c.example", "email": "a@b.co"}, "license_info": {"name": "MIT"},
    "terms_of_service": "https://d.example", "external_docs": {"url": "https://e.example"},
    "separate_input_output_schemas": False,
}  # fmt: skip


@pytest.mark.parametrize("shows", ["routes", "contexts"])
def test_get_openapi_describes_routes_and_contexts(shows: str) -> None:
    """A document made from an application's routes, or from their contexts, is FastAPI's document."""
    documents = []
    for web in (COMPAT, fastapi):
        routes, get_openapi = application(web).routes, web.openapi.utils.get_openapi
        if shows == "contexts":
            routes = list(web.routing.iter_route_contexts(routes))
        hooks = web.APIRouter()
        hooks.post("new-item")(lambda: None)
        documents.append(get_openapi(**ABOUT, routes=routes, webhooks=hooks.routes))
    assert list(differences(*documents)) == []
    assert list(documents[0]["paths"]) == ["/api/items/{number}"]


@compat_and_fastapi
def test_get_openapi_needs_title_and_version(web: ModuleType) -> None:
    """What a document cannot do without is asked for by name."""
    with pytest.raises(TypeError, match="'version'"):
        web.openapi.utils.get_openapi(title="T", routes=[])


@compat_and_fastapi
def test_what_is_empty_stays_only_where_a_document_must_have_it(web: ModuleType) -> None:
    """Plugins make documents of versions without a number: `version=""` is a version, None is none."""
    get_openapi = web.openapi.utils.get_openapi
    empty = {"description": "", "summary": "", "terms_of_service": "", "contact": {}, "license_info": {}, "tags": []}
    document = get_openapi(title="", version="", routes=[], **empty)
    assert document == {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {}}
    for missing in ({"title": None, "version": "1"}, {"title": "T", "version": None}):
        with pytest.raises(ValidationError):
            get_openapi(routes=[], **missing)


def test_get_openapi_refuses_options_that_do_not_exist() -> None:
    """A misspelt option is named, with the one that was meant."""
    with pytest.raises(TypeError, match="Did you mean 'license_info'"):
        COMPAT.openapi.utils.get_openapi(title="T", version="1", routes=[], licence_info={})


@compat_and_fastapi
def test_what_is_no_openapi_is_refused(web: ModuleType) -> None:
    """A mistake in what is said about the API is found when the document is built."""
    app = application(web, contact={"email": "nobody"})
    with pytest.raises(ValidationError, match=r"contact\.email"):
        app.openapi()


def test_urls_are_normalized_as_fastapi_does() -> None:
    """Clients that compare documents see the same spelling; outside compat mode what was written stays."""
    contact = {"url": "https://a.example"}
    assert [application(web, contact=contact).openapi()["info"]["contact"]["url"] for web in (COMPAT, fastapi)] == [
        "https://a.example/"
    ] * 2
    assert Typeway(contact=contact).openapi()["info"]["contact"] == contact


@compat_and_fastapi
def test_a_replaced_openapi_counts(web: ModuleType) -> None:
    """The way of FastAPI's documentation to change a document works."""
    app = application(web)

    def own() -> dict[str, Any]:
        if not app.openapi_schema:
            document = web.openapi.utils.get_openapi(title="Own", version="2", routes=app.routes)
            document["info"]["x-logo"] = {"url": "logo"}
            app.openapi_schema = document
        found: dict[str, Any] = app.openapi_schema
        return found

    app.openapi = own
    client = web.testclient.TestClient(app)
    assert client.get("/openapi.json").json()["info"] == {"title": "Own", "version": "2", "x-logo": {"url": "logo"}}


def test_small_functions_answer_as_fastapis() -> None:
    """Ids, names in paths, statuses and merged dicts are those that plugins expect."""
    told = []
    for web in (COMPAT, fastapi):
        utils, document = web.utils, web.openapi.utils
        route = next(iter(web.routing.iter_route_contexts(application(web).routes[-2:])))
        merged = {"a": {"b": 1}, "l": [1], "k": 1}
        utils.deep_dict_update(merged, {"a": {"c": 2}, "l": [2], "k": 2, "n": None})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            deprecated = [
                utils.generate_operation_id_for_path(name="read", path="/a/{b}", method="GET"),
                document.generate_operation_id(route=route, method="GET"),
            ]
        placeholder = web.datastructures.Default
        told.append(
            {
                "deprecated": deprecated,
                "merged": merged,
                "names": utils.get_path_param_names("/a/{b}/{c:path}/d"),
                "id": utils.generate_unique_id(route),
                "summary": document.generate_operation_summary(route=route, method="POST"),
                "values": [
                    utils.get_value_or_default(placeholder(1), 2),
                    utils.get_value_or_default(3, 4),
                    utils.get_value_or_default(placeholder(5), placeholder(6)).value,
                ],
                "bodies": [
                    utils.is_body_allowed_for_status_code(status)
                    for status in (None, "default", "1XX", "5XX", 100, 200, "204", 205, 304, 404)
                ],
                "constants": [
                    getattr(web.openapi.constants, name) for name in ("METHODS_WITH_BODY", "REF_PREFIX", "REF_TEMPLATE")
                ],
                "definitions": [document.validation_error_definition, document.validation_error_response_definition],
                "ranges": dict(document.status_code_ranges),
                "fields": sorted(field.name for field in document.get_fields_from_routes([route])),
                "scheme": [
                    web.security.utils.get_authorization_scheme_param(header)
                    for header in ("Bearer abc", "Basic", "", None)
                ],
                "models": [
                    getattr(web.exceptions, name).__name__ for name in ("RequestErrorModel", "WebSocketErrorModel")
                ],
                "logger": web.logger.logger.name,
            }
        )
    assert list(differences(*told)) == []


def test_outdated_functions_say_so() -> None:
    """The two functions that FastAPI has given up warn, and still answer."""
    web = COMPAT
    with pytest.warns(UserWarning, match="use generate_unique_id"):
        web.utils.generate_operation_id_for_path(name="a", path="/", method="GET")
