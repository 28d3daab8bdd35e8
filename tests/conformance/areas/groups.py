"""Parameter models: models whose fields are the parameters."""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Json, field_validator, model_validator

from tests.conformance.cases import case
from tests.describe.applications.models import Color
from tests.frameworks import asked


class Filters(BaseModel):
    limit: int = Field(100, gt=0, le=100)
    order_by: Literal["created_at", "updated_at"] = "created_at"
    tags: list[str] = []
    required: str


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: int = 1


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: int = 1


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    first: int = Field(alias="one")
    second: int = Field(2, validation_alias="two", serialization_alias="ser")
    third: int = Field(3, validation_alias=AliasChoices("t1", "t2"))


class ByName(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False)

    first: int = Field(alias="one")


class Headers(BaseModel):
    x_token: str
    if_modified: str | None = None
    traces: list[int] = []
    user_agent: str = Field("-", exclude=True)


class Checked(BaseModel):
    low: int = 0
    high: int = 9

    @field_validator("low")
    @classmethod
    def not_seven(cls, value: int) -> int:
        if value == 7:
            raise ValueError("seven")
        return value

    @model_validator(mode="after")
    def ordered(self) -> Any:
        if self.low > self.high:
            raise ValueError("low above high")
        return self


QUERIES = "GET /?required=x /?required=x&limit=0 / /?required=x&tags=a&tags=b&order_by=x /?required=x&unknown=1"


@case(QUERIES)
def in_the_query(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(filters: Annotated[Filters, web.Query()]):
        return filters

    return app


@case(QUERIES, "GET /?required=x&page=2 /?page=x&limit=x /?required=x&limit=5&own=1")
def beside_others(web: Any) -> Any:
    def paged(page: int = 1, filters: Filters = web.Query()):
        return [page, filters]

    app = web.FastAPI()

    @app.get("/")
    def read(paging: Annotated[Any, web.Depends(paged)], own: int = 0, limit: str = "text"):
        return [paging, own, limit]

    return app


@case("GET / /?a=2 /?b=1 /?a=x&b=1&c=2 /?a=1&a=2")
def extras_are_refused(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Closed, web.Query()]):
        return model

    return app


@case("GET / /?a=2 /?b=1 /?b=1&b=2 /?a=1&own=3")
def extras_are_kept(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Open, web.Query()], own: int = 0):
        return [model, own]

    return app


@case("GET / /?a=2 /?b=1 /?a=x")
def extras_beside_a_sibling(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Closed, web.Query()], b: int = 0):
        return [model, b]

    return app


@case(
    "GET /?one=1 /?first=1 /?one=1&first=2 /?one=x /?first=x /?one=1&two=x&second=3 /?one=1&t2=4 /?one=1&t2=4&t1=5&third=6"
)
def names_of_fields(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Renamed, web.Query()]):
        return model

    return app


@case("GET /?one=1 /?first=1 /")
def names_instead_of_aliases(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[ByName, web.Query()]):
        return repr(model)

    return app


@case("GET / /?required=x /?limit=5 /?unknown=1 /?limit=x")
def optional(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Filters | None, web.Query()] = None):
        return model

    return app


@case("GET / /?a=1 /?b=1")
def optional_with_extras(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(first: Annotated[Closed | None, web.Query()] = None, second: Annotated[Open | None, web.Query()] = None):
        return [first, second]

    return app


@case("GET / /?required=x /?limit=5")
def nullable_without_default(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Filters | None, web.Query()]):
        return model

    return app


@case("GET / /?a=5 /?a=x /?limit=5&required=x&a=2")
def several(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        first: Annotated[Open, web.Query()], second: Annotated[Filters | None, web.Query()] = None, a: str = "own"
    ):
        return [first, second, a]

    return app


@case("GET / /?a=5 /?a=x", document=True)
def with_a_default(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Open = web.Query(Open(a=9)), other: Annotated[Closed, web.Query()] = Closed(a=8)):
        return [model, other]

    return app


@case("GET / /?low=3&high=2 /?low=7 /?low=7&high=x")
def validators(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Checked, web.Query()]):
        return model

    return app


@case(
    asked("GET /", headers={"x-token": "t"}),
    asked("GET /"),
    asked("GET /", headers=[("x-token", "t"), ("traces", "1"), ("traces", "x")]),
    asked("GET /", headers={"x-token": "t", "if-modified": "never", "if_modified": "no"}),
    asked("GET /literal", headers={"x-token": "t"}),
    asked("GET /literal", headers={"x_token": "t"}),
)
def in_headers(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Headers, web.Header()]):
        return model

    @app.get("/literal")
    def literal(model: Annotated[Headers, web.Header(convert_underscores=False)]):
        return model

    return app


@case(asked("GET /", headers={"a": "2"}), asked("GET /optional"))
def headers_that_refuse_extras(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Closed, web.Header()]):
        return model

    @app.get("/optional")
    def optional(model: Annotated[Closed | None, web.Header()] = None):
        return model

    return app


@case(
    asked("GET /", headers={"cookie": "required=x; limit=3"}),
    asked("GET /", headers={"cookie": "limit=3000"}),
    asked("GET /", headers={"cookie": "required=x; other=1"}),
    asked("GET /closed", headers={"cookie": "a=1; other=1"}),
    "GET / /closed",
)
def in_cookies(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Filters, web.Cookie()]):
        return model

    @app.get("/closed")
    def closed(model: Annotated[Closed, web.Cookie()]):
        return model

    return app


@case("GET /?data=[1] /?data=[x] /?data=1 /?data= /", document=True)
def fields_of_json(web: Any) -> Any:
    class Model(BaseModel):
        data: Json[list[int]]
        more: Json[Any] | None = None

    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Model, web.Query()]):
        return model

    return app


@case("GET /?color=red&colors=red&colors=x /?color=green", document=True)
def inherited_and_generic(web: Any) -> Any:
    class Base(BaseModel):
        color: Color = Color.red

    class Child(Base):
        colors: list[Color] = []
        optional: list[int] | None = None

    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Child, web.Query()]):
        return model

    return app


@case("GET /x/3 /x/y")
def in_the_path(web: Any) -> Any:
    class Names(BaseModel):
        name: str
        age: int

    app = web.FastAPI()

    @app.get("/{name}/{age}")
    def read(names: Annotated[Names, web.Path()]):
        return names

    return app


@case("GET /?size=1 /?size=x&other=1", document=True)
def shown_or_hidden(web: Any) -> Any:
    class Model(BaseModel):
        size: int = Field(
            1, deprecated=True, description="The size", examples=[1, 2], json_schema_extra={"x-unit": "cm"}
        )
        hidden: int = web.Query(1, include_in_schema=False)

    app = web.FastAPI()

    @app.get("/")
    def read(model: Annotated[Model, web.Query()], other: Annotated[Closed, web.Query(include_in_schema=False)]):
        return [model, other]

    return app
