"""Define the models that the applications share."""

import dataclasses
import enum
from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from pydantic import (
    AliasChoices,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    computed_field,
)
from starlette.responses import Response as StarletteResponse
from typing_extensions import TypedDict

T = TypeVar("T")


class Color(enum.Enum):
    """A color."""

    red = "red"
    blue = "blue"


class Level(enum.IntEnum):
    low = 1
    high = 2


class Status(enum.IntEnum):
    accepted = 202


class Sub(BaseModel):
    s: str = "x"


class Item(BaseModel):
    """An item.

    With a long text.
    \f
    For readers of the code.
    """

    name: str = Field(min_length=1, max_length=10, description="Its name", examples=["spoon"])
    price: float = Field(1.5, gt=0)
    tags: set[str] = set()
    color: Color = Color.red
    sub: Sub | None = None


class Computed(BaseModel):
    n: int = 2

    @computed_field
    @property
    def double(self) -> int:
        return self.n * 2


class Wrapper(BaseModel):
    computed: Computed
    sub: Sub


class Tree(BaseModel):
    value: int = 0
    children: list["Tree"] = []


class Box(BaseModel, Generic[T]):
    data: T


class First(BaseModel):
    class Inner(BaseModel):
        a: int

    inner: Inner


class Second(BaseModel):
    class Inner(BaseModel):
        b: int

    inner: Inner


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    x: str = Field(alias="ax")
    y: str = Field(validation_alias="vy", serialization_alias="sy")


class Choices(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    x: str = Field(alias="ax")
    y: str = Field(validation_alias=AliasChoices("b", "c"))
    z: int = Field(3, alias="az")


class Bytes(BaseModel):
    plain: bytes = b"x"
    many: list[bytes] = []
    short: Annotated[bytes, Field(max_length=3)] = b""
    encoded: Base64Bytes = b""


class BytesIn64(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64")

    data: bytes


class BytesOut64(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64")

    data: bytes


@dataclasses.dataclass
class Point:
    """A point."""

    x: int
    items: list[Item] = dataclasses.field(default_factory=list)


class Mapped(TypedDict):
    item: Item
    count: NotRequired[int]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Filters(BaseModel):
    term: str
    tags: list[str] = Field([], title="The tags", description="Some tags", deprecated=True, examples=[["x"]])
    per_page: int | None = Field(None, alias="perPage", ge=1)
    either: str = Field(validation_alias=AliasChoices("first", "second"))
    nested: dict[str, int] = {}
    extra: int = Field(1, json_schema_extra={"x-unit": "cm", "example": 3})


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", title="Closed model")

    only: Literal["a"] | None = "a"


class Profile(BaseModel):
    name: str
    age: int = 1


class Credentials(BaseModel):
    token: str


class Own:
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return handler(str)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "title": "Its own title"}


class Text(StarletteResponse):
    media_type = "text/x-own; charset=utf-8"
