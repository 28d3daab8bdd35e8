"""Names in annotations may come later: they are resolved when a route is planned, wherever its author defined them."""

from __future__ import annotations

import typing
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, Optional, TypeVar

import pytest
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from tests.frameworks import answer, client
from typeway import Body, Depends, Form, Header, HTTPException, Query, Response, Router, Typeway, WebSocket
from typeway.exceptions import DeclarationError, DeclarationWarning
from typeway.responses import JSONResponse

if TYPE_CHECKING:
    from nowhere import Answer, Hidden, Nowhere

Content = TypeVar("Content")


class Page(BaseModel, Generic[Content]):
    items: list[Content]


def test_a_class_defined_below_its_route_is_a_body():
    """A model further down in the module is known by the time of the first request, and in the document."""
    app = Typeway()

    @app.post("/")
    def create(item: Later) -> Later:
        return item

    assert answer(app, "POST /", json={"name": "n"}) == (200, {"name": "n"})
    body = app.openapi()["paths"]["/"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Later"}


class Later(BaseModel):
    name: str


QUOTED: dict[str, tuple[Any, Any]] = {
    "optional": (Optional["Later"], {"name": "n"}),
    "list": (list["Later"], [{"name": "n"}]),
    "mapping": (dict[str, "Later"], {"k": {"name": "n"}}),
    "generic model": (Page["Later"], {"items": [{"name": "n"}]}),
    "list of the old kind": (typing.List["Later"], [{"name": "n"}]),  # noqa: UP006
    "mapping of the old kind": (typing.Dict[str, "Later"], {"k": {"name": "n"}}),  # noqa: UP006
    "in a list in a mapping": (dict[str, list["Later"]], {"k": [{"name": "n"}]}),
    "beside metadata": (Annotated["Later", Body()], {"name": "n"}),
    "text in text": ("Optional['Later']", {"name": "n"}),
    "alias of text": (TypeAliasType("Alias", "list[Later]"), [{"name": "n"}]),
}


@pytest.mark.parametrize(("kind", "value"), QUOTED.values(), ids=QUOTED)
def test_quoted_names_inside_a_type_are_resolved(kind, value):
    """Text inside brackets names a type, as text alone does: in a body, in a return, and as response_model."""
    app = Typeway()

    def endpoint(value):
        return value

    endpoint.__annotations__ = {"value": kind, "return": kind}
    app.add_api_route("/both", endpoint, methods=["POST"])

    @app.post("/model", response_model=kind)
    def plain(value: Annotated[Any, Body()]):
        return value

    for path in ("/both", "/model"):
        assert answer(app, f"POST {path}", json=value) == (200, value)
    assert "Later" in app.openapi()["components"]["schemas"]


def factory() -> Typeway:
    """An application whose endpoints use names that are local to this function."""

    class Item(BaseModel):
        name: str

    @dataclass
    class Paging:
        limit: Count = 10

    Count = int  # noqa: N806  # a local type
    app = Typeway()

    def current(token: Token) -> str:
        return token

    @app.post("/")
    def create(
        item: Item, wanted: Wanted, paging: Annotated[Paging, Depends()], user: Annotated[str, Depends(current)]
    ) -> Out:
        return Out(name=item.name, extra=wanted.q, limit=paging.limit, user=user)

    @app.websocket("/ws")
    async def talk(socket: WebSocket, token: Token) -> None:
        await socket.accept()
        await socket.send_text(token)
        await socket.close()

    class Filter(BaseModel):
        q: str = "all"

    class Out(BaseModel):
        name: str
        extra: str
        limit: int
        user: str

    Wanted = Annotated[Filter, Query()]  # noqa: N806
    Token = Annotated[str, Header(alias="x-token")]  # noqa: N806
    return app


def test_names_local_to_a_factory_are_found():
    """Classes and aliases of a factory function are found, defined before or after the endpoint that uses them."""
    app = factory()
    expected = {"name": "n", "extra": "some", "limit": 3, "user": "t"}
    assert answer(app, "POST /?q=some&limit=3", json={"name": "n"}, headers={"x-token": "t"}) == (200, expected)
    assert "Item" in app.openapi()["components"]["schemas"]
    with client(app).websocket_connect("/ws", headers={"x-token": "t"}) as socket:
        assert socket.receive_text() == "t"


def test_each_factory_call_has_its_own_names():
    """Two applications of one factory use each its own local classes."""

    def make(bound: int) -> Typeway:
        app = Typeway()
        Limit = Annotated[int, Query(le=bound)]  # noqa: N806

        @app.get("/")
        def read(limit: Limit) -> int:
            return limit

        return app

    small, large = make(5), make(50)
    assert [answer(app, "GET /?limit=20")[0] for app in (small, large)] == [422, 200]


Bound = Annotated[int, Query(le=5)]


class MadeByNew:
    """A class without a constructor in Python, whose annotations are text."""

    def __new__(cls, limit: Bound) -> typing.Self:
        made = super().__new__(cls)
        made.limit = limit
        return made


def test_names_in_new_are_found():
    """A class that is made by `__new__` names types of its module."""
    app = Typeway()

    @app.get("/")
    def read(made: Annotated[MadeByNew, Depends()]) -> int:
        return made.limit

    assert [answer(app, f"GET /?limit={limit}")[0] for limit in (5, 6)] == [200, 422]


def declared_elsewhere() -> Any:
    def endpoint(value: Hidden): ...

    return endpoint


def test_names_of_a_caller_are_not_found():
    """A name counts where the function was defined, not where somebody calls what defines it."""

    class Hidden(BaseModel):
        name: str

    app = Typeway()
    app.post("/")(declared_elsewhere())
    with pytest.warns(DeclarationWarning, match="Hidden"):
        app.openapi()


def test_a_local_name_hides_a_global_one():
    """A local class is meant where a module has one of the same name."""

    class Later(BaseModel):
        number: int

    app = Typeway()

    @app.post("/")
    def create(item: Later) -> Any:
        return item

    assert answer(app, "POST /", json={"number": 1}) == (200, {"number": 1})


def test_models_that_refer_to_each_other_may_be_completed_later():
    """A model whose field names a class further down works, in the body and in the document."""

    class Owner(BaseModel):
        pets: list[Pet] = []

    app = Typeway()

    @app.post("/")
    def create(owner: Owner) -> Owner:
        return owner

    class Pet(BaseModel):
        owner: Optional[Owner] = None

    Owner.model_rebuild()
    value = {"pets": [{"owner": {"pets": []}}]}
    assert answer(app, "POST /", json=value) == (200, value)
    # Of recursive models Pydantic describes what is read and what is written apart.
    assert {"Owner-Input", "Pet-Output"} <= set(app.openapi()["components"]["schemas"])


def test_a_response_may_be_returned_as_a_type_that_only_a_type_checker_knows():
    """`-> Answer` with an import under TYPE_CHECKING is no error as long as the endpoint returns a Response."""
    app = Typeway()

    @app.get("/answer")
    def read() -> Answer:
        return JSONResponse({"a": 1})

    @app.get("/value")
    def value() -> Answer:
        return {"a": 1}

    assert answer(app, "GET /answer") == (200, {"a": 1})
    assert answer(app, "GET /value")[0] == 500
    with pytest.raises(DeclarationError, match=r"the name 'Answer' in its return type is not defined\. Hint"):
        client(app, raise_server_exceptions=True).get("/value")
    assert app.openapi()["paths"]["/answer"]["get"]["responses"]["200"]["content"] == {
        "application/json": {"schema": {}}
    }


def test_the_name_that_is_missing_is_named_and_the_rest_of_the_document_stays():
    """A parameter whose type is never defined is refused by name; other routes are served and documented."""
    app = Typeway()

    @app.get("/fine")
    def fine() -> int:
        return 1

    @app.post("/bad")
    def bad(item: Optional[list[Nowhere]]) -> int:
        return 1

    assert answer(app, "GET /fine") == (200, 1)
    with pytest.raises(
        DeclarationError, match=r"test_later_names\.py:\d+: .*'Nowhere' in the type of parameter 'item'"
    ):
        client(app, raise_server_exceptions=True).post("/bad", json=[])
    with pytest.warns(UserWarning, match="'Nowhere'"):
        assert list(app.openapi()["paths"]) == ["/fine"]


def test_a_dependency_whose_type_only_a_type_checker_knows_is_called():
    """The annotated type of a dependency's result is not checked: the marker applies."""

    def current(authorization: Annotated[str, Header()] = "") -> str:
        if not authorization:
            raise HTTPException(401)
        return authorization

    app = Typeway()

    @app.get("/")
    def read(user: Annotated[Nowhere, Depends(current)]) -> str:
        return user

    assert answer(app, "GET /?user=admin")[0] == 401
    assert answer(app, "GET /", headers={"authorization": "a"}) == (200, "a")


def test_names_that_are_found_keep_no_call_alive():
    """Where every name has been found, what was found is kept, and not the call of the factory."""
    endpoint = next(route.endpoint for route in factory().routes if getattr(route, "path", "") == "/")
    app = Typeway()
    app.post("/")(endpoint)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app.openapi()
    assert endpoint.__typeway_scope__.frames == ()
    assert {"Item", "Wanted", "Paging", "Out"} <= set(endpoint.__typeway_scope__.found)


def test_a_form_and_a_router_know_later_names_too():
    """Forms, files and included routers read the same names as bodies."""
    router = Router(prefix="/r")

    @router.post("/form")
    def form(item: Annotated[Later, Form()]) -> Later:
        return item

    app = Typeway()
    app.include_router(router)
    assert answer(app, "POST /r/form", data={"name": "n"}) == (200, {"name": "n"})
    assert Response is not None


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("typing.Lsit", "'typing.Lsit' in {} cannot be evaluated: the module 'typing' has no 'Lsit'.", "Did you mean "),
        ("typing.Optionl[int]", "'typing.Optionl[int]' in {} cannot be evaluated: the module 'typing' has no 'Optionl'.",
         "Did you mean 'Optional'?"),
        ("datetime.Nope", "the name 'datetime' in {} is not defined.", "Import it at run time"),
        ("int.Nope", "'int.Nope' in {} cannot be evaluated: <class 'int'> has no 'Nope'.", "Correct the name."),
        ("list[int.Nope]", "'list[int.Nope]' in {} cannot be evaluated: <class 'int'> has no 'Nope'.",
         "Correct the name."),
        ("nowhere.Nope", "the name 'nowhere' in {} is not defined.", "Import it at run time"),
        ("nowhere.Nope | None", "the name 'nowhere' in {} is not defined.", "Import it at run time"),
        ("Annotated[typing.Qzzz, Query()]", "the module 'typing' has no 'Qzzz'.", "Correct the name."),
    ],
)  # fmt: skip
def test_a_name_that_a_module_or_class_does_not_have_is_explained(text: str, problem: str, hint: str):
    """The error says which part of the annotation's text is not there, for parameters and for answers."""
    app = Typeway()

    def takes(value: Any = None) -> int:
        return 1

    def gives() -> Any:
        return 1

    takes.__annotations__["value"] = gives.__annotations__["return"] = text
    app.get("/takes")(takes)
    app.get("/gives")(gives)
    for path, user in (("/takes", "the type of parameter 'value'"), ("/gives", "its return type")):
        with pytest.raises(DeclarationError) as raised:
            client(app, raise_server_exceptions=True).get(path)
        assert problem.format(user) in str(raised.value)
        assert f"Hint: {hint}" in str(raised.value)
        assert "test_later_names.py" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "kind"), [("1 / 0", ArithmeticError), ("[][0]", LookupError), ("int('x')", ValueError)]
)
def test_text_that_cannot_be_evaluated_is_refused_at_the_decorator(text: str, kind: type[Exception]):
    """Whatever evaluating an annotation raises, the error names the function and is still of that kind."""

    def read(value: Any = None) -> int:
        return 1

    read.__annotations__["value"] = text
    with pytest.raises(DeclarationError, match="an annotation cannot be evaluated") as raised:
        Typeway().get("/")(read)
    assert isinstance(raised.value, kind)
