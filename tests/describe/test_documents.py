"""The document of an application is FastAPI's document of the same application, but for what is said below."""

import gc
import json
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import fastapi
import pytest
from pydantic import AliasChoices, BaseModel, Field
from typing_extensions import TypeAliasType

from tests.describe.applications import APPLICATIONS, PLAIN
from tests.frameworks import differences, each_framework
from typeway import APIRouter, Body, Cookie, Depends, FastAPI, Header, Path, Query
from typeway.exceptions import DeclarationError, DeclarationWarning, TypewayDeprecationWarning
from typeway.security import HTTPBasic


def references(document: Any) -> Iterator[str]:
    """Every reference in a JSON value."""
    if isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        for member in document.values():
            yield from references(member)
    elif isinstance(document, list):
        for item in document:
            yield from references(item)


def dangling(document: dict[str, Any]) -> list[str]:
    """The references that refer to nothing."""
    known = {f"#/components/schemas/{name}" for name in document.get("components", {}).get("schemas", {})}
    return [reference for reference in references(document) if reference not in known]


def operation(app: FastAPI, path: str = "/", method: str = "get") -> dict[str, Any]:
    """One operation of an application's document."""
    found: dict[str, Any] = app.openapi()["paths"][path][method]
    return found


@pytest.mark.parametrize("build", APPLICATIONS, ids=lambda build: build.__name__)
def test_documents_are_equal(build: Callable[[Any], Any]) -> None:
    """Whatever an application declares, clients read the same of it as they would from FastAPI."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = json.loads(json.dumps(build(fastapi).openapi()))
    document = json.loads(json.dumps(build(PLAIN).openapi()))
    assert list(differences(document, expected)) == []
    assert list(document) == list(expected)


@pytest.mark.parametrize("build", APPLICATIONS, ids=lambda build: build.__name__)
def test_references_resolve(build: Callable[[Any], Any]) -> None:
    """Every reference in a document refers to one of its components."""
    assert dangling(build(PLAIN).openapi()) == []


def test_every_method_has_its_operation_id() -> None:
    """A route with several methods gives each an id, so that client generators make one function of each."""
    app = FastAPI()

    @app.api_route("/computed", methods=["POST", "GET"])
    def computed() -> None: ...

    @app.api_route("/given", methods=["POST", "GET"], operation_id="given")
    def given() -> None: ...

    paths = app.openapi()["paths"]
    assert {method: shown["operationId"] for method, shown in paths["/computed"].items()} == {
        "get": "computed_computed_get",
        "post": "computed_computed_post",
    }
    assert {method: shown["operationId"] for method, shown in paths["/given"].items()} == {
        "get": "given",
        "post": "given_post",
    }


def test_duplicate_operation_ids_warn() -> None:
    """An operation id that stands twice is named, with the second function and its place."""
    app = FastAPI()

    @app.get("/a", operation_id="same")
    def first() -> None: ...

    @app.get("/b", operation_id="same")
    def second() -> None: ...

    with pytest.warns(
        UserWarning, match=r"Duplicate Operation ID same for function second at .*test_documents\.py:\d+"
    ):
        app.openapi()


def test_unknown_response_keys_are_refused() -> None:
    """A key of `responses` that is no status fails with the endpoint's place and with what keys there are."""
    app = FastAPI()

    @app.get("/", responses={"hello": {"description": "x"}})
    def root() -> None: ...

    with pytest.raises(
        ValueError, match=r"test_documents\.py:\d+: 'hello' is no key of responses\. Hint: .*\"4XX\""
    ) as error:
        app.openapi()
    assert isinstance(error.value, DeclarationError)


def test_operations_with_undefined_names_are_left_out_with_a_warning() -> None:
    """A model that refers to a name which nobody defines is named with the endpoint's place; the rest is described."""
    app = FastAPI()

    class Incomplete(BaseModel):
        other: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    @app.post("/")
    def root(body: Incomplete) -> None: ...

    @app.get("/fine")
    def fine() -> int: ...

    with pytest.warns(DeclarationWarning, match=r"(?s)/ is not documented.*test_documents\.py:\d+: .*Nowhere.* Hint: "):
        document = app.openapi()
    assert list(document["paths"]) == ["/fine"]
    assert "components" not in document


def test_callbacks_bring_their_components() -> None:
    """What only a callback needs is in the document as well: its models, its 422, its security schemes."""
    router = APIRouter()

    class Event(BaseModel):
        name: str

    @router.post("{$callback_url}")
    def call(event: Event, user: Annotated[Any, Depends(HTTPBasic())]) -> None: ...

    @router.post("/hidden", include_in_schema=False)
    def hidden() -> None: ...

    app = FastAPI()

    @app.get("/", callbacks=router.routes)
    def root() -> None: ...

    document = app.openapi()
    assert list(operation(app)["callbacks"]) == ["call"]
    assert list(document["components"]["schemas"]) == ["Event", "HTTPError", "HTTPValidationError", "ValidationError"]
    assert list(document["components"]["securitySchemes"]) == ["HTTPBasic"]
    assert dangling(document) == []


def test_models_of_the_author_keep_their_names() -> None:
    """A model that is called like the framework's own keeps its name; the framework's moves aside."""

    class ValidationError(BaseModel):
        mine: int

    app = FastAPI()

    @app.post("/")
    def root(body: ValidationError) -> None: ...

    schemas = app.openapi()["components"]["schemas"]
    assert list(schemas) == ["HTTPError", "HTTPValidationError", "ValidationError", "typeway__ValidationError"]
    assert list(schemas["ValidationError"]["properties"]) == ["mine"]
    assert schemas["HTTPValidationError"]["properties"]["detail"]["items"] == {
        "$ref": "#/components/schemas/typeway__ValidationError"
    }


def test_field_in_a_signature_is_a_query_parameter() -> None:
    """`limit: int = Field(default=20, ge=1)` is documented as the query parameter that it is."""
    app = FastAPI()

    @app.get("/")
    def root(limit: int = Field(default=20, ge=1)) -> None: ...

    assert operation(app)["parameters"] == [
        {
            "name": "limit",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "default": 20, "title": "Limit"},
        }
    ]


def test_variable_arguments_are_no_parameters() -> None:
    """`*args` and `**kwargs` are not documented."""
    app = FastAPI()

    @app.get("/")
    def root(*args: Any, **kwargs: Any) -> None: ...

    assert "parameters" not in operation(app)


def test_two_bodies_of_one_operation_id_have_a_component_each() -> None:
    """Operations that share an id do not share the component of their bodies."""
    app = FastAPI()

    @app.post("/a", operation_id="same")
    def first(a: int = Body(), b: int = Body()) -> None: ...

    @app.post("/b", operation_id="same")
    def second(c: int = Body(), d: int = Body()) -> None: ...

    with pytest.warns(UserWarning, match="Duplicate Operation ID"):
        document = app.openapi()
    bodies = [
        document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for path in ("/a", "/b")
    ]
    shown = [list(document["components"]["schemas"][body.rpartition("/")[2]]["properties"]) for body in bodies]
    assert shown == [["a", "b"], ["c", "d"]]


def test_path_names_choose_among_aliases() -> None:
    """Of several names that a parameter may have, the document shows the one that the path has."""
    app = FastAPI()

    @app.get("/{second}")
    def root(some: int = Path(validation_alias=AliasChoices("first", "second"))) -> None: ...

    assert [parameter["name"] for parameter in operation(app, "/{second}")["parameters"]] == ["second"]


def test_the_deprecated_example_is_shown() -> None:
    """`example`, though deprecated, stands beside the parameter's schema."""
    app = FastAPI()
    with pytest.warns(TypewayDeprecationWarning, match="examples"):
        marker = Query(example=4)

    @app.get("/")
    def root(q: int = marker) -> None: ...

    assert operation(app)["parameters"][0]["example"] == 4


def test_parts_of_the_document_are_apart() -> None:
    """Whoever changes one operation of the document changes no other."""
    app = FastAPI()

    @app.api_route("/", methods=["GET", "POST"])
    def root(q: list[int] = Query()) -> list[int]: ...

    operation(app)["parameters"][0]["schema"]["x"] = 1
    assert "x" not in operation(app, method="post")["parameters"][0]["schema"]


def test_building_time_grows_with_the_routes_only() -> None:
    """Ten times the operations take about ten times as long: nothing is compared with everything else."""

    def seconds(count: int) -> float:
        app = FastAPI()
        for number in range(count):
            model = type(f"Model{number}", (BaseModel,), {"__annotations__": {"a": int, "b": str | None}})

            def endpoint(
                body: Any, q: int = 1, h: str = Header("x"), c: str = Cookie("x"), x: str = Query("x")
            ) -> Any: ...

            endpoint.__name__ = f"endpoint{number}"
            endpoint.__annotations__["body"] = endpoint.__annotations__["return"] = model
            app.post(f"/{number}")(endpoint)
        # A full collection looks at all that earlier tests have left behind, which takes as long as the document.
        gc.disable()
        try:
            start = time.process_time()
            assert len(app.openapi()["paths"]) == count
            return time.process_time() - start
        finally:
            gc.enable()

    seconds(5)
    # The machine may do something else meanwhile, which empties caches: one undisturbed try of three is enough.
    assert any(seconds(300) < 25 * seconds(30) for _ in range(3))


@each_framework
def test_responses_stand_in_the_order_in_which_fastapi_writes_them(web):
    """An operation's own answer comes first, then those its author adds, then what validation answers."""
    app = web.FastAPI()
    app.get("/{x}", responses={404: {"description": "No"}, 400: {"description": "Bad"}})(lambda x: x)
    responses = app.openapi()["paths"]["/{x}"]["get"]["responses"]
    assert list(responses) == ["200", "404", "400", "422"]


UserId = TypeAliasType("UserId", int)
Amounts = TypeAliasType("Amounts", dict[str, int])
Bounded = TypeAliasType("Bounded", Annotated[dict[str, int], Field(min_length=1)])


def test_a_type_alias_is_described_under_its_name() -> None:
    """A body or response that is a type alias refers to a component of that name, like a model."""
    app = FastAPI()

    @app.post("/amounts")
    def create(amounts: Amounts) -> Amounts: ...

    @app.post("/bounded")
    def bound(bounded: Bounded): ...

    document = app.openapi()
    operation = document["paths"]["/amounts"]["post"]
    named = {"application/json": {"schema": {"$ref": "#/components/schemas/Amounts"}}}
    assert operation["requestBody"]["content"] == operation["responses"]["200"]["content"] == named
    amounts = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert document["components"]["schemas"]["Amounts"] == amounts
    assert document["paths"]["/bounded"]["post"]["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Bounded"
    }
    assert document["components"]["schemas"]["Bounded"] == {**amounts, "minProperties": 1}


def test_a_type_alias_with_a_bound_is_described_with_the_bound() -> None:
    """What a parameter adds to a type alias stays: the alias's component would not have it."""
    app = FastAPI()

    @app.get("/user")
    def read(user: Annotated[UserId, Query(ge=1)]): ...

    assert app.openapi()["paths"]["/user"]["get"]["parameters"][0]["schema"] == {
        "type": "integer", "minimum": 1, "title": "User"
    }  # fmt: skip
