"""Hold the types that generated declarations use, with texts that suit them and texts that do not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from collections import deque
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, Optional

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    StringConstraints,
    model_validator,
)
from typing_extensions import TypedDict


class Color(enum.Enum):
    red = "red"
    blue = "blue"


class Level(enum.IntEnum):
    low = 1
    high = 2


class Plain(BaseModel):
    a: int
    b_c: str = "x"


class Optionals(BaseModel):
    n: int | None = None
    tags: list[str] = []
    pair: tuple[int, str] | None = None


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: int = 1
    color: Color | None = None


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: int = 1


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    first_name: str = Field("f", alias="firstName")
    other: int = Field(validation_alias=AliasChoices("o1", "o-2"))


class Aliased(BaseModel):
    x_y: str = Field(alias="xY", min_length=2)
    number: Annotated[int, Field(ge=1)] = 3


class Parsed(BaseModel):
    data: Json[list[int]] = [1]
    secret: SecretStr = SecretStr("s")


class Nested(BaseModel):
    plain: Plain
    many: list[Plain] = []
    by_name: dict[str, int] = {}


class Checked(BaseModel):
    low: int = 0
    high: int = 9

    @model_validator(mode="after")
    def ordered(self) -> Checked:
        if self.low > self.high:
            raise ValueError("low above high")
        return self


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Mapped(TypedDict, total=False):
    a: int
    b: str


class Row(NamedTuple):
    left: int
    right: str = "r"


def not_seven(value: int) -> int:
    if value == 7:
        raise ValueError("seven is refused")
    return value


Odd = Annotated[int, AfterValidator(not_seven)]
Split = Annotated[list[str], BeforeValidator(lambda value: value.split(",") if isinstance(value, str) else value)]

NAMESPACE: Final[dict[str, Any]] = {
    name: value
    for name, value in vars().copy().items()
    if not name.startswith("_") and name not in ("not_seven", "Final")
}
# What only the texts below use.
NAMESPACE |= {
    "AliasPath": AliasPath, "Optional": Optional, "Sequence": Sequence, "StringConstraints": StringConstraints,
    "decimal": decimal, "deque": deque, "dt": dt, "uuid": uuid,
}  # fmt: skip


class Kind(NamedTuple):
    """A type with what suits it.

    Parameters:
        text: the type as it is written.
        words: texts that it accepts, in a URL or a form.
        data: JSON values that it accepts.
        defaults: expressions for a default.
        constraints: options of a marker that suit it.
        names: the names of the fields that it is made of on the wire.
        group: where it is used: "scalar", "list", "model", "data", "union" (of models), "row" (which FastAPI
            takes for a file where nothing is said), "file".
    """

    text: str
    words: tuple[str, ...]
    data: tuple[Any, ...]
    defaults: tuple[str, ...] = ("None",)
    constraints: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    group: str = "scalar"


NUMBER: Final = ("ge=1", "gt=2", "le=5", "lt=4", "multiple_of=2", "strict=True")
TEXT: Final = ("min_length=2", "max_length=3", 'pattern="^[a-z]+$"', "strict=True")
LENGTH: Final = ("min_length=2", "max_length=2")

KINDS: Final = (
    Kind("int", ("1", "-3", "4", " 5 ", "7"), (1, 4, 3.0, "5"), ("3", "None", '"7"'), NUMBER),
    Kind("str", ("abc", "x", "é b", "1"), ("abc", "é", ""), ('"dd"', "None", "3"), TEXT),
    Kind("float", ("1.5", "-2", "1e3", "inf", "nan"), (1.5, 2), ("1.5",), (*NUMBER, "allow_inf_nan=False")),
    Kind("bool", ("true", "on", "0", "no", "True"), (True, 0), ("False",)),
    Kind("bytes", ("ab", "é"), ("ab",), ('b"x"',), LENGTH),
    Kind("Any", ("x", "1"), (1, None, {"a": 1}), ("None", "3")),
    Kind("None", ("", "None"), (None,), ("None",)),
    Kind("decimal.Decimal", ("1.50", "NaN", "3"), ("1.5", 2), ('decimal.Decimal("1.5")',), ("max_digits=2", "decimal_places=1")),
    Kind("dt.datetime", ("2020-01-02T03:04:05Z", "1577934245"), ("2020-01-02T03:04:05",), ("dt.datetime(2020, 1, 1)",)),
    Kind("dt.date", ("2020-01-02",), ("2020-01-02",), ("dt.date(2020, 1, 1)",)),
    Kind("dt.timedelta", ("PT3S", "3", "1 day"), (3, "P1D"), ("dt.timedelta(1)",)),
    Kind("uuid.UUID", ("12345678123456781234567812345678",), ("12345678-1234-5678-1234-567812345678",), ("None",)),
    Kind("Color", ("red",), ("blue",), ("Color.red", '"red"')),
    Kind("Level", ("1", "2"), (1,), ("Level.low", "1")),
    Kind('Literal["a", 1]', ("a", "1"), ("a", 1), ('"a"',)),
    Kind("int | str", ("1", "x"), (1, "x"), ("1",), ('union_mode="left_to_right"',)),
    Kind("int | None", ("1",), (1, None), ("None", "3"), ("ge=1",)),
    Kind("Optional[str]", ("x",), ("x", None), ("None",), ("min_length=2",)),
    Kind("SecretStr", ("x",), ("x",), ('SecretStr("s")',)),
    Kind("Odd", ("1", "7"), (1, 7), ("3", "7"), ("ge=1",)),
    Kind("Annotated[int, Field(ge=3, title='T', description='D')]", ("1", "4"), (1, 4), ("3",), ("le=5", 'title="M"')),
    Kind("Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True)]", (" ab ",), (" ab ",), ('"x"',), TEXT),
    Kind("Json[list[int]]", ("[1, 2]", "[x]", "{"), ("[1]",), ("None",)),
    Kind("Json", ("[1, 2]", "3"), ("3",), ("None",)),
    Kind("list[int]", ("1", "2"), ([1, 2], []), ("[]", "[1]", "None"), LENGTH, (), "list"),
    Kind("list[str]", ("a", "b,c", ""), (["a", "b"],), ('["d"]',), LENGTH, (), "list"),
    Kind("set[int]", ("1", "2"), ([1, 1],), ("{1}",), LENGTH, (), "list"),
    Kind("tuple[int, str]", ("1", "x"), ([1, "x"],), ('(1, "x")',), (), (), "list"),
    Kind("tuple[int, ...]", ("1", "2"), ([1, 2],), ("(1,)",), LENGTH, (), "list"),
    Kind("frozenset[str]", ("a", "b"), (["a"],), ('frozenset({"a"})',), (), (), "list"),
    Kind("Sequence[int]", ("1", "2"), ([1, 2],), ("(1,)",), LENGTH, (), "list"),
    Kind("deque[int]", ("1",), ([1],), ("None",), ("max_length=1",), (), "list"),
    Kind("list", ("1",), ([1, "x"],), ("[]",), (), (), "row"),
    Kind("list[int] | None", ("1",), ([1], None), ("None", "[2]"), LENGTH, (), "list"),
    Kind("int | list[int]", ("1",), ([1], 1), ("1", "[1]"), (), (), "list"),
    Kind("list[Color]", ("red",), (["red"],), ("[Color.red]",), (), (), "list"),
    Kind("Split", ("a,b",), (["a"], "a,b"), ('["a"]',), (), (), "list"),
    Kind("Plain", ("1",), ({"a": 1}, {"a": 2, "b_c": "y", "z": 1}), ("None", "Plain(a=1)"), (), ("a", "b_c"), "model"),
    Kind("Optionals", ("1",), ({}, {"n": 1, "tags": ["a"]}), ("Optionals()",), (), ("n", "tags", "pair"), "model"),
    Kind("Closed", ("1",), ({}, {"a": 1}, {"zz": 1}), ("Closed()",), (), ("a", "color"), "model"),
    Kind("Open", ("1",), ({"a": 1, "z": [1]},), ("Open()",), (), ("a", "more"), "model"),
    Kind("Renamed", ("1",), ({"o1": 1}, {"firstName": "n", "other": 2}), ("None",), (), ("firstName", "first_name", "o1", "o-2", "other"), "model"),
    Kind("Aliased", ("12",), ({"xY": "ab"}, {"xY": "ab", "number": 0}), ("None",), (), ("xY", "number", "x-y"), "model"),
    Kind("Parsed", ("[1]",), ({"data": "[1]"},), ("Parsed()",), (), ("data", "secret"), "model"),
    Kind("Checked", ("3", "12"), ({"low": 3}, {"low": 10}), ("Checked()",), (), ("low", "high"), "model"),
    Kind("Plain | None", ("1",), ({"a": 1}, None), ("None",), (), ("a", "b_c"), "model"),
    Kind("Optional[Closed]", ("1",), ({}, None), ("None",), (), ("a", "color"), "model"),
    Kind("Open | None", ("1",), ({}, None), ("None",), (), ("a", "more"), "model"),
    Kind("Nested", ("1",), ({"plain": {"a": 1}}, {"plain": {}, "many": [{"a": "x"}]}), ("None",), (), ("plain",), "data"),
    Kind("list[Plain]", ("1",), ([{"a": 1}], [{}]), ("[]",), LENGTH, (), "data"),
    Kind("dict[str, int]", ("1",), ({"a": 1}, {"a": "x"}), ("{}", "None"), LENGTH, (), "data"),
    Kind("dict[str, Plain]", ("1",), ({"k": {"a": 1}},), ("None",), (), (), "data"),
    Kind("dict", ("1",), ({"a": 1},), ("{}",), (), (), "data"),
    Kind("Cat | Dog", ("1",), ({"kind": "cat"}, {"kind": "dog", "name": "n"}), ("None",), ('discriminator="kind"',), ("kind",), "union"),
    Kind("Point", ("1",), ({"x": 1}, {"x": 1, "y": "q"}), ("None", "Point(1)"), (), (), "data"),
    Kind("Mapped", ("1",), ({"a": 1}, {"b": 2}), ("None",), (), (), "data"),
    Kind("Row", ("1",), ([1, "x"], {"left": 1}), ("None",), (), (), "row"),
    Kind("web.UploadFile", (), (), ("None",), (), (), "file"),
    Kind("web.UploadFile | None", (), (), ("None",), (), (), "file"),
    Kind("list[web.UploadFile]", (), (), ("[]",), ("max_length=1",), (), "file"),
    Kind("list[bytes]", ("a",), (["a"],), ("[]",), (), (), "file"),
    Kind("bytes | None", ("a",), ("a",), ("None",), (), (), "file"),
)  # fmt: skip


def shown(arguments: dict[str, Any]) -> str:
    """What a callable was given, in words that are the same on every framework."""
    return "; ".join(f"{name}={worded(value)}" for name, value in arguments.items() if name not in ("self", "web"))


def worded(value: Any) -> str:
    """A value in words; an upload by what it holds."""
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return f"{type(value).__name__}[{', '.join(worded(item) for item in value)}]"
    if hasattr(value, "filename") and hasattr(value, "file"):
        return f"upload({value.filename}, {value.content_type}, {value.size}, {value.file.read()!r})"
    if isinstance(value, BaseModel):
        return f"{value!r} set {sorted(value.model_fields_set)}"
    return (
        repr(value) if not isinstance(value, (set, frozenset)) else f"{type(value).__name__}{sorted(map(repr, value))}"
    )


NAMESPACE |= {"shown": shown}
