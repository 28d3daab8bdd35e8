"""Read the fields of a resource, such as `isbn:str:13` and `year:int?`, and say how each is written in code."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from typeway.scaffold.error import ScaffoldError
from typeway.scaffold.names import check_field

DEFAULT_LENGTH: Final = 255
MOST_LENGTH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Kind:
    """How the fields of one type are written; `{length}` stands for the length of a `str`."""

    schema: str
    """The annotation in the Pydantic model."""
    mapped: str
    """The annotation in the table's class."""
    column: str
    """The column in a migration."""
    samples: tuple[Any, Any]
    """Two values of a request body that differ."""
    wrong: str
    """The source of a value that is refused."""
    mapped_as: str = ""
    """The column type in the table's class, where the annotation does not say enough."""
    names: tuple[str, ...] = ()
    """The names that the model imports from the project's own types."""


KINDS: Final[dict[str, Kind]] = {
    "str": Kind(
        "Annotated[str, Field(min_length=1, max_length={length}), NoNul]",
        "str",
        "sa.String({length})",
        ("a first value", "b second value"),
        '"x" * {too_long}',
        "String({length})",
        ("NoNul",),
    ),
    "text": Kind(
        "Annotated[str, Field(max_length=100_000), NoNul]",
        "str",
        "sa.Text()",
        ("one\ntwo", ""),
        "7",
        "Text",
        ("NoNul",),
    ),
    "int": Kind("Integer", "int", "sa.BigInteger()", (1, -2), '"seven"', names=("Integer",)),
    "float": Kind("Number", "float", "sa.Double()", (1.5, -0.25), '"much"', names=("Number",)),
    "bool": Kind("bool", "bool", "sa.Boolean()", (False, True), '"perhaps"'),
    "date": Kind("datetime.date", "datetime.date", "sa.Date()", ("2026-01-31", "1999-12-31"), '"tomorrow"'),
    "datetime": Kind(
        "Moment",
        "datetime.datetime",
        "sa.DateTime(timezone=True)",
        ("2026-01-31T12:30:00Z", "1999-12-31T23:59:59Z"),
        '"2026-01-31T12:30:00"',
        names=("Moment",),
    ),
    "decimal": Kind(
        "Amount",
        "Decimal",
        "AMOUNT",
        ("12.50", "-0.01"),
        '"1.234"',
        names=("Amount",),
    ),
    "uuid": Kind(
        "UUID",
        "UUID",
        "sa.Uuid()",
        ("1b4e28ba-2fa1-41d2-883f-0016d3cca427", "6fa459ea-ee8a-4ca4-894e-db77e160355e"),
        '"mine"',
    ),
}

_SPEC: Final = re.compile(r"(?P<name>[^:?]*):(?P<kind>[^:?]*)(:(?P<length>[^:?]*))?(?P<optional>\?)?")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a resource."""

    name: str
    kind: Kind
    length: int
    optional: bool

    def _fill(self, text: str) -> str:
        return text.replace("{length}", str(self.length)).replace("{too_long}", str(self.length + 1))

    @property
    def schema(self) -> str:
        """The annotation in the Pydantic model, with its default."""
        return self._fill(self.kind.schema) + (" | None = None" if self.optional else "")

    @property
    def mapped(self) -> str:
        """The annotation in the table's class, and the column where it is needed."""
        annotation = f"Mapped[{self.kind.mapped}{' | None' if self.optional else ''}]"
        return annotation + (f" = mapped_column({self._fill(self.kind.mapped_as)})" if self.kind.mapped_as else "")

    @property
    def column(self) -> str:
        """The column in a migration."""
        return f'sa.Column("{self.name}", {self._fill(self.kind.column)}, nullable={self.optional})'

    @property
    def first(self) -> str:
        """The source of a value of a request body."""
        return self._source(self.kind.samples[0])

    @property
    def second(self) -> str:
        """The source of another value of a request body."""
        return self._source(self.kind.samples[1])

    def _source(self, value: Any) -> str:
        if not isinstance(value, str):
            return repr(value)
        return json.dumps(value[: self.length] if "{length}" in self.kind.schema else value)

    @property
    def wrong(self) -> str:
        """The source of a value that is refused."""
        return self._fill(self.kind.wrong)


def read_fields(specs: Sequence[str]) -> tuple[Field, ...]:
    """Read the fields of a resource.

    Parameters:
        specs: a name and a type each, as in `title:str`, `isbn:str:13`, `year:int?`.

    Raises:
        ScaffoldError: there are none, or one cannot be used.
    """
    if not specs:
        raise ScaffoldError("a resource needs at least one field, as in: book title:str isbn:str:13 year:int?")
    fields = tuple(_read(spec) for spec in specs)
    names = [field.name for field in fields]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ScaffoldError(f"the field {twice!r} is there twice")
    return fields


def _read(spec: str) -> Field:
    found = _SPEC.fullmatch(spec)
    if found is None:
        raise ScaffoldError(f"{spec!r} is not a field: write name:type, as in title:str, isbn:str:13 or year:int?")
    check_field(found["name"])
    kind = KINDS.get(found["kind"])
    if kind is None:
        raise ScaffoldError(f"{spec!r}: there is no type {found['kind']!r}; the types are {', '.join(KINDS)}")
    given = found["length"]
    if given is not None and found["kind"] != "str":
        raise ScaffoldError(f"{spec!r}: only str has a length, as in isbn:str:13")
    if given is not None and not (given.isascii() and given.isdigit() and 1 <= int(given) <= MOST_LENGTH):
        raise ScaffoldError(f"{spec!r}: a length is a number from 1 to {MOST_LENGTH}; longer texts are name:text")
    return Field(found["name"], kind, int(given or DEFAULT_LENGTH), found["optional"] is not None)


def imported_names(fields: Iterable[Field]) -> list[str]:
    """Return the project's own types that the fields use."""
    return sorted({name for field in fields for name in field.kind.names})
