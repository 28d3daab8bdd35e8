"""Parameters and models with several aliases: which one is read, named in errors and documented, as in FastAPI."""

from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from tests.frameworks import FRAMEWORKS, answer, every_mode

ID = {"validation_alias": AliasChoices("id", "item")}
OWN = {"validation_alias": AliasChoices("other", "item_id")}
BOTH = {"alias": "code", "validation_alias": AliasChoices("id", "item")}
ONE = {"validation_alias": AliasChoices("id")}


@pytest.mark.parametrize("web", [FRAMEWORKS["compat"], FRAMEWORKS["fastapi"]], ids=["compat", "fastapi"])
@pytest.mark.parametrize(
    ("options", "path", "name", "status"),
    [
        (ID, "/{id}", "id", 200), (ID, "/{item}", "item", 200), (ID, "/{item_id}", "item_id", 200),
        (ID, "/{else}", "item_id", 422), (OWN, "/{other}", "other", 200), (OWN, "/{item_id}", "item_id", 200),
        (OWN, "/{id}", "item_id", 422), (BOTH, "/{code}", "code", 200), (BOTH, "/{item}", "item", 200),
        (BOTH, "/{item_id}", "code", 422), (ONE, "/{id}", "id", 200), (ONE, "/{item_id}", "item_id", 200),
    ],
)  # fmt: skip
def test_a_path_parameter_has_the_alias_that_the_path_has(
    web: Any, options: dict[str, Any], path: str, name: str, status: int
) -> None:
    """If the path has none of several aliases, the parameter keeps its own name: for its value, in errors, documented."""
    app = web.FastAPI()

    @app.get(path)
    def read(item_id: Annotated[int, web.Path(**options)]) -> int:
        return item_id

    assert answer(app, "GET /5")[0] == status
    kind = "int_parsing" if status == 200 else "missing"
    [error] = answer(app, "GET /x")[1]["detail"]
    assert (error["type"], error["loc"]) == (kind, ["path", name])
    [parameter] = app.openapi()["paths"][path]["get"]["parameters"]
    assert parameter["name"] == name


def test_a_path_of_the_parameters_own_name_is_accepted() -> None:
    """Where Typeway checks that something takes a name of the path, one of several aliases or the own name does."""
    web = FRAMEWORKS["typeway"]
    for path in ("/{id}", "/{item}", "/{item_id}"):
        app = web.FastAPI()

        @app.get(path)
        def read(item_id: Annotated[int, web.Path(**ID)]) -> int:
            return item_id

        assert answer(app, "GET /5") == (200, 5)
    with pytest.raises(web.exceptions.DeclarationError):
        web.FastAPI().get("/{else}")(read)


class Names(BaseModel):
    """A model whose errors have the names of its fields."""

    model_config = ConfigDict(loc_by_alias=False)
    token: str = Field(alias="X-Token", min_length=2)
    number: int = Field(1, validation_alias=AliasChoices("X-Number", "x-no"))
    trace_id: int = 0


class Strict(Names):
    """Such a model that refuses what it does not know."""

    model_config = ConfigDict(loc_by_alias=False, extra="forbid")


@every_mode
def test_header_models_may_report_the_names_of_fields(web: Any) -> None:
    """With `loc_by_alias=False` an error has the name of the field, not of the header."""
    app = web.FastAPI()

    @app.get("/names")
    def read(headers: Annotated[Names, web.Header()]) -> int:
        return headers.number

    def places(headers: dict[str, str]) -> list[list[str]]:
        return [error["loc"] for error in answer(app, "GET /names", headers=headers)[1]["detail"]]

    assert places({}) == [["header", "token"]]
    assert places({"x-token": "1"}) == [["header", "token"]]
    assert places({"x-token": "22", "x-number": "x"}) == [["header", "number"]]
    assert places({"x-token": "22", "X-NO": "x"}) == [["header", "number"]]
    assert places({"x-token": "22", "trace-id": "x"}) == [["header", "trace_id"]]
    assert answer(app, "GET /names", headers={"X-TOKEN": "22", "x-NO": "3"}) == (200, 3)


@every_mode
@pytest.mark.parametrize("header", ["X-Token", "x-token", "X-TOKEN"])
def test_an_alias_in_lower_case_is_no_extra_header(web: Any, header: str) -> None:
    """Servers send names in lower case: such a name is that of the field, not one that the model does not know."""
    app = web.FastAPI()

    @app.get("/")
    def read(headers: Annotated[Strict, web.Header()]) -> str:
        return headers.token

    found = answer(app, "GET /", headers={header: "22", "x-no": "1"})[1]["detail"]
    # The headers of the client itself are what it does not know.
    assert {error["loc"][1] for error in found} == {"host", "accept", "accept-encoding", "connection", "user-agent"}

    class Kept(BaseModel):
        model_config = ConfigDict(extra="allow")
        token: str = Field(alias="X-Token")

    @app.get("/kept")
    def kept(headers: Annotated[Kept, web.Header()]) -> list[str]:
        return sorted(headers.model_extra or {})

    assert answer(app, "GET /kept", headers={header: "22", "other": "1"}) == (
        200, ["accept", "accept-encoding", "connection", "host", "other", "user-agent"],
    )  # fmt: skip
