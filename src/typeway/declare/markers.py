"""Say where a parameter's value comes from: the marker classes behind Path(), Query() and their kin."""

import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from enum import Enum
from typing import Any, ClassVar, Final, Literal, Self

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from typeway.declare.given import given_options
from typeway.declare.options import BodyOptions, FormOptions, HeaderOptions, MarkerOptions
from typeway.exceptions import TypewayDeprecationWarning, calling_line, declaration_error

Location = Literal["path", "query", "header", "cookie", "body", "form", "file"]


# Pydantic declares FieldInfo final; FastAPI's programming model needs markers to be one, and Pydantic's own code asks
# for instances only.
Described: Any = FieldInfo


class Marker(Described):  # type: ignore[misc]  # see above
    """A Pydantic field description that also says which part of a request holds the value.

    Parameters:
        default: the value when the request has none; `...` or nothing makes the parameter required.
        options: see `typeway.declare.options.MarkerOptions`; an unknown name raises `UnknownOptionError`.
    """

    location: ClassVar[Location]
    known_options: ClassVar[type[Any]] = MarkerOptions
    default_media_type: ClassVar[str] = "application/json"

    def __init__(self, default: Any = PydanticUndefined, **options: Any) -> None:
        kind = type(self).__name__
        # PERF: a parameter without a marker gets one without options, a fifth of what making it costs.
        given = given_options(f"{kind}()", options, self.known_options, calling_line) if options else {}
        self.given = frozenset(given)
        self.include_in_schema: bool = given.pop("include_in_schema", True)
        self.openapi_examples: dict[str, Any] | None = given.pop("openapi_examples", None)
        self.convert_underscores: bool = given.pop("convert_underscores", True)
        self.embed: bool | None = given.pop("embed", None)
        self.media_type: str = given.pop("media_type", self.default_media_type)
        self.example: Any = given.pop("example", PydanticUndefined)
        if self.example is not PydanticUndefined:
            warn_deprecated("`example` is deprecated: use `examples=[…]` instead.")
        regex = given.pop("regex", None)
        if regex is not None:
            warn_deprecated("`regex` is deprecated: use `pattern` instead.")
            given.setdefault("pattern", regex)
        constraints = {name: value for name, value in given.items() if value is not None}
        if isinstance(constraints.get("alias"), str):
            # As Pydantic's own Field() does: on a field of a model only these two count.
            constraints.setdefault("validation_alias", constraints["alias"])
            constraints.setdefault("serialization_alias", constraints["alias"])
        if "default_factory" not in constraints:
            constraints["default"] = default
        elif default is not PydanticUndefined:
            problem = f"{kind}() got both a default and a default_factory."
            raise declaration_error(problem, hint="Keep one of the two.", where=calling_line(), also=TypeError)
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

    def replaced(self, changes: Mapping[str, Any]) -> Self:
        """A copy of the marker with other attributes."""
        copied = copy(self)
        for name, value in changes.items():
            setattr(copied, name, value)
        return copied

    def joined(self, beside: Sequence[FieldInfo]) -> dict[str, Any]:
        """The attributes that the fields and markers beside this one change; of several, the last counts."""
        fields: list[FieldInfo] = [*beside] if self in beside else [*beside, self]
        if len(fields) == 1:  # most markers stand alone
            return {}
        changes: dict[str, Any] = {}
        for names in JOINED:
            last = next((field for field in reversed(fields) if self.is_set(field, names)), self)
            changes.update({name: getattr(last, name) for name in names})
        if isinstance(changes["json_schema_extra"], dict):
            # Of these each sets a part, unless the last has taken all of it back.
            extras = [field.json_schema_extra for field in fields if isinstance(field.json_schema_extra, dict)]
            changes["json_schema_extra"] = {name: value for extra in extras for name, value in extra.items()}
        return changes

    def is_set(self, field: FieldInfo, names: Sequence[str]) -> bool:
        """Whether a field sets some attributes; this marker may also take back what another sets, by an explicit None."""
        is_taken_back = field is self and not self.given.isdisjoint(names)
        return is_taken_back or any(getattr(field, name) is not None for name in names)


# What a Field() or another marker beside a marker may set as well, by groups that are taken together: a Field() spells
# its alias out as validation alias, which would win over a marker's alias. Constraints stay in the annotation, where
# Pydantic finds them.
JOINED: Final = (
    ("alias", "validation_alias", "serialization_alias", "alias_priority"),
    *((name,) for name in (
        "title", "description", "examples", "discriminator", "deprecated", "json_schema_extra", "validate_default",
    )),
)  # fmt: skip


def warn_deprecated(message: str) -> None:
    # Four frames up stands the user's own call: this function, the marker, its public function, the user.
    warnings.warn(message, TypewayDeprecationWarning, stacklevel=4)


class ParameterInType(Enum):
    """The locations of OpenAPI's Parameter Object (OpenAPI 3.1, section 4.8.12)."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class Param(Marker):
    """A marker for a value outside the body."""

    @property
    def in_(self) -> ParameterInType:
        """The location as an enum, which is FastAPI's way of saying it."""
        return ParameterInType(self.location)


class Path(Param):
    """The value is a part of the URL's path."""

    location: ClassVar[Location] = "path"

    def __init__(self, default: Any = ..., **options: Any) -> None:
        if default is not ... and default is not PydanticUndefined:
            raise declaration_error(
                "Path parameters cannot have a default value",
                hint="Take the default away, or add a second path without the parameter.",
                where=calling_line(),
                also=AssertionError,
            )
        super().__init__(PydanticUndefined, **options)


class Query(Param):
    """The value is in the URL's query string."""

    location: ClassVar[Location] = "query"


class Header(Param):
    """The value is a request header; underscores in the name stand for hyphens unless told otherwise."""

    location: ClassVar[Location] = "header"
    known_options: ClassVar[type[Any]] = HeaderOptions


class Cookie(Param):
    """The value is a cookie."""

    location: ClassVar[Location] = "cookie"


class Body(Marker):
    """The value is the JSON body, or one member of it."""

    location: ClassVar[Location] = "body"
    known_options: ClassVar[type[Any]] = BodyOptions


class Form(Body):
    """The value is a form field."""

    location: ClassVar[Location] = "form"
    known_options: ClassVar[type[Any]] = FormOptions
    default_media_type = "application/x-www-form-urlencoded"


class File(Form):
    """The value is an uploaded file."""

    location: ClassVar[Location] = "file"
    default_media_type = "multipart/form-data"
