"""Say where a parameter's value comes from: the marker classes behind Path(), Query() and their kin."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from enum import Enum
from typing import Any, ClassVar, Final, Literal, Self

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from typeway.exceptions import TypewayDeprecationWarning, declaration_error
from typeway.options import MARKER_OPTIONS, check_names, is_absent

Location = Literal["path", "query", "header", "cookie", "body", "form", "file"]


class ParamTypes(Enum):
    """The parts of a request outside the body."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


# Pydantic declares FieldInfo final; FastAPI's programming model needs markers to be one, and Pydantic's own code asks
# for instances only.
Described: Any = FieldInfo


class Marker(Described):  # type: ignore[misc]  # see above
    """A Pydantic field description that also says which part of a request holds the value.

    Parameters:
        default: the value when the request has none; `...` or nothing makes the parameter required.
        options: see `typeway.options.MarkerOptions`; an unknown name raises `UnknownOptionError`.
    """

    location: ClassVar[Location]
    default_media_type: ClassVar[str] = "application/json"
    include_in_schema: bool
    example: Any
    openapi_examples: dict[str, Any] | None
    convert_underscores: bool
    embed: bool | None
    media_type: str
    given: frozenset[str]

    def __init__(self, default: Any = PydanticUndefined, **options: Any) -> None:
        given = {name: value for name, value in options.items() if not is_absent(value)}
        kind = type(self).__name__
        check_names(f"{kind}()", given, MARKER_OPTIONS.get(kind, MARKER_OPTIONS["Body"] | MARKER_OPTIONS["Header"]))
        self.given = frozenset(given)
        self.include_in_schema = given.pop("include_in_schema", True)
        self.openapi_examples = given.pop("openapi_examples", None)
        self.convert_underscores = given.pop("convert_underscores", True)
        self.embed = given.pop("embed", None)
        self.media_type = given.pop("media_type", self.default_media_type)
        self.example = given.pop("example", PydanticUndefined)
        if self.example is not PydanticUndefined:
            warn_deprecated("`example` is deprecated: use `examples=[…]` instead.")
        regex = given.pop("regex", None)
        if regex is not None:
            warn_deprecated("`regex` is deprecated: use `pattern` instead.")
            given.setdefault("pattern", regex)
        constraints = {name: value for name, value in given.items() if value is not None}
        if "default_factory" not in constraints:
            constraints["default"] = default
        elif default is not PydanticUndefined:
            raise declaration_error(
                f"{kind}() got both a default and a default_factory.",
                hint="Keep one of the two.",
                also=TypeError,
            )
        super().__init__(**constraints)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"

    def __copy__(self) -> Self:
        # PERF: each parameter is copied; the copy module's general way takes 8 us, this 2 us.
        copied = type(self).__new__(type(self))
        for name in FieldInfo.__slots__:
            setattr(copied, name, getattr(self, name))
        copied.__dict__.update(self.__dict__)
        return copied

    @property
    def constrains(self) -> bool:
        """Whether it says anything that decides which values are valid."""
        return bool(self.metadata) or self.discriminator is not None

    def settled(self, metadata: Sequence[Any], default: Any) -> Self:
        """A copy that carries a signature's default and what other fields and markers in the metadata say."""
        copied = copy(self)
        copied.metadata = [*self.metadata]
        fields = [field for field in metadata if isinstance(field, FieldInfo)]
        given = self.given
        # Most markers stand alone, and say what they say.
        for names in FIELD_ATTRIBUTES if len(fields) > 1 else ():
            for field in reversed(fields):
                # A marker may take back what a Field() inside says, by an explicit None.
                if any(getattr(field, name) is not None for name in names) or (
                    field is self and not given.isdisjoint(names)
                ):
                    for name in names:
                        setattr(copied, name, getattr(field, name))
                    break
        if len(fields) > 1 and isinstance(copied.json_schema_extra, dict):
            # Of these each says a part, if the last has not taken all of it back.
            copied.json_schema_extra = {
                name: value
                for field in fields
                if isinstance(field.json_schema_extra, dict)
                for name, value in field.json_schema_extra.items()
            }
        if default is not PydanticUndefined:
            copied.default = PydanticUndefined if default is ... else default
        return copied


# What a Field() or another marker beside a marker may say as well; of several, the last counts. Constraints stay in
# the annotation, where Pydantic finds them.
FIELD_ATTRIBUTES: Final = (
    # Taken over together: a Field() spells its alias out as validation alias, which would win over a marker's alias.
    ("alias", "validation_alias", "serialization_alias", "alias_priority"),
    *((name,) for name in (
        "title", "description", "examples", "discriminator", "deprecated", "json_schema_extra", "validate_default",
    )),
)  # fmt: skip


def warn_deprecated(message: str) -> None:
    # Four frames up stands the user's own call: this function, the marker, its public function, the user.
    warnings.warn(message, TypewayDeprecationWarning, stacklevel=4)


class Param(Marker):
    """A marker for a value outside the body."""

    @property
    def in_(self) -> ParamTypes:
        """The location, as FastAPI calls it."""
        return ParamTypes(self.location)


class Path(Param):
    """The value is a part of the URL's path."""

    location: ClassVar[Location] = "path"

    def __init__(self, default: Any = ..., **options: Any) -> None:
        if default is not ... and default is not PydanticUndefined:
            raise declaration_error(
                "Path parameters cannot have a default value",
                hint="Take the default away, or add a second path without the parameter.",
                also=AssertionError,
            )
        super().__init__(PydanticUndefined, **options)


class Query(Param):
    """The value is in the URL's query string."""

    location: ClassVar[Location] = "query"


class Header(Param):
    """The value is a request header; underscores in the name stand for hyphens unless told otherwise."""

    location: ClassVar[Location] = "header"


class Cookie(Param):
    """The value is a cookie."""

    location: ClassVar[Location] = "cookie"


class Body(Marker):
    """The value is the JSON body, or one member of it."""

    location: ClassVar[Location] = "body"


class Form(Body):
    """The value is a form field."""

    location: ClassVar[Location] = "form"
    default_media_type = "application/x-www-form-urlencoded"


class File(Form):
    """The value is an uploaded file."""

    location: ClassVar[Location] = "file"
    default_media_type = "multipart/form-data"


MARKER_OF: Final[Mapping[Location, type[Marker]]] = {
    "path": Path, "query": Query, "header": Header, "cookie": Cookie, "body": Body, "form": Form, "file": File,
}  # fmt: skip
