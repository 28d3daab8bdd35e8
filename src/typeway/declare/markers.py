"""Define the marker classes behind Path(), Query() and the others, which say where a parameter's value comes from."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from enum import Enum
from typing import Any, ClassVar, Final, Literal, Self, TypeVar

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from typeway.datastructures import Default
from typeway.declare.given import given_options
from typeway.declare.options import BodyOptions, FormOptions, HeaderOptions, MarkerOptions
from typeway.declare.shown import Function, copied, shows_options
from typeway.exceptions import TypewayDeprecationWarning, calling_line, declaration_error

Location = Literal["path", "query", "header", "cookie", "body", "form", "file"]

Kind = TypeVar("Kind", bound="Marker")

# Pydantic declares FieldInfo final, but FastAPI's programming model needs markers that are instances of it. Pydantic's
# own code only tests for instances.


class Marker(FieldInfo):  # pyright: ignore[reportGeneralTypeIssues]  # see above
    """A Pydantic FieldInfo that also says which part of a request contains the value.

    Parameters:
        default: the value if the request has none; `...` or no default makes the parameter required.
        options: see `typeway.declare.options.MarkerOptions`.

    Raises:
        UnknownOptionError: an option does not exist.
        DeclarationError: there is both a default and a default_factory.
    """

    location: ClassVar[Location]
    known_options: ClassVar[type[Any]] = MarkerOptions
    default_media_type: ClassVar[str] = "application/json"

    def __init__(self, default: Any = PydanticUndefined, **options: Any) -> None:
        kind = type(self).__name__
        # PERF: a parameter without a marker gets one without options; checking them is a fifth of the cost.
        given = given_options(f"{kind}()", options, self.known_options) if options else {}
        self.given: frozenset[str] = frozenset(given)
        self.include_in_schema: bool = given.pop("include_in_schema", True)
        self.openapi_examples: dict[str, Any] | None = given.pop("openapi_examples", None)
        self.convert_underscores: bool = given.pop("convert_underscores", True)
        self.embed: bool | None = given.pop("embed", None)
        self.media_type: str = given.pop("media_type", self.default_media_type)
        self.example: Any = given.pop("example", PydanticUndefined)
        if self.example is not PydanticUndefined:
            warn_deprecated("`example` has been deprecated, please use `examples=[…]` instead.")
        regex = given.pop("regex", None)
        if regex is not None:
            warn_deprecated("`regex` has been deprecated, please use `pattern` instead.")
            given.setdefault("pattern", regex)
        constraints = {name: value for name, value in given.items() if value is not None}
        if isinstance(constraints.get("alias"), str):
            # Pydantic's own Field() does the same, because a model's field uses only these two.
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
        # PERF: every parameter is copied; copy() without this method takes 8 us instead of 2 us.
        copied = type(self).__new__(type(self))
        for name in FieldInfo.__slots__:
            setattr(copied, name, getattr(self, name))
        copied.__dict__.update(self.__dict__)
        return copied

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy of the marker with other attributes."""
        copied = copy(self)
        for name, value in changes.items():
            setattr(copied, name, value)
        return copied

    def inherited(self, beside: Sequence[FieldInfo]) -> dict[str, Any]:
        """Return the attributes that other fields and markers in the annotation set; the last one takes precedence."""
        fields: list[FieldInfo] = [*beside] if self in beside else [*beside, self]
        if len(fields) == 1:  # PERF: most markers are the only one
            return {}
        changes: dict[str, Any] = {}
        for names in INHERITED:
            last = next((field for field in reversed(fields) if self.is_set(field, names)), self)
            changes.update({name: getattr(last, name) for name in names})
        if isinstance(changes["json_schema_extra"], dict):
            # Each may set some of the keys, unless the last one has reset the whole attribute.
            extras = [field.json_schema_extra for field in fields if isinstance(field.json_schema_extra, dict)]
            changes["json_schema_extra"] = {name: value for extra in extras for name, value in extra.items()}
        return changes

    def is_set(self, field: FieldInfo, names: Sequence[str]) -> bool:
        """Whether a field sets any of the attributes; an explicit None in this marker resets what another one sets."""
        is_reset = field is self and not self.given.isdisjoint(names)
        return is_reset or any(getattr(field, name) is not None for name in names)


def shows_options_of(kind: type[Marker]) -> Callable[[Function], Function]:
    """Decorate a function that takes the options of a class of markers, so that its signature shows them."""
    media_type: Any = Default(kind.default_media_type)
    defaults = {"include_in_schema": True, "convert_underscores": True, "media_type": media_type}
    return shows_options(kind.known_options, defaults, unset=Default(None))


def shows_its_options(kind: type[Kind]) -> type[Kind]:
    """Decorate a class of markers so that the signature of its constructor shows its own options."""
    constructed: Any = kind
    constructed.__init__ = shows_options_of(kind)(copied(constructed.__init__))
    return kind


# The attributes that a Field() or another marker in the annotation may set as well, in groups that are taken together:
# a Field() repeats its alias as validation alias, which would take precedence over a marker's alias. Constraints stay
# in the annotation, where Pydantic reads them.
INHERITED: Final = (
    ("alias", "validation_alias", "serialization_alias", "alias_priority"),
    *((name,) for name in (
        "title", "description", "examples", "discriminator", "deprecated", "json_schema_extra", "validate_default",
    )),
)  # fmt: skip


def warn_deprecated(message: str) -> None:
    # Level 4 is the user's call: this function, the marker, its public function, the user.
    warnings.warn(message, TypewayDeprecationWarning, stacklevel=4)


class ParameterInType(Enum):
    """The locations of OpenAPI's Parameter Object (OpenAPI 3.1, section 4.8.12)."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class Param(Marker):
    """A marker for a value outside of the body; by itself, as FastAPI has it, for a query parameter."""

    location: ClassVar[Location] = "query"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own: Any = vars(cls).get("in_")  # as FastAPI's own subclasses say it
        if isinstance(own, Enum):
            cls.location = own.value

    @property
    def in_(self) -> ParameterInType:
        """The location as an enum; FastAPI's name for it."""
        return ParameterInType(self.location)


@shows_its_options
class Path(Param):
    """The value is a part of the URL path."""

    location: ClassVar[Location] = "path"

    def __init__(self, default: Any = ..., **options: Any) -> None:
        if default is not ... and default is not PydanticUndefined:
            raise declaration_error(
                "Path parameters cannot have a default value",
                hint="Remove the default, or add a second path without the parameter.",
                where=calling_line(),
                also=AssertionError,
            )
        super().__init__(PydanticUndefined, **options)


@shows_its_options
class Query(Param):
    """The value is in the query string."""

    location: ClassVar[Location] = "query"


@shows_its_options
class Header(Param):
    """The value is a request header; underscores in the name become hyphens, unless `convert_underscores=False`."""

    location: ClassVar[Location] = "header"
    known_options: ClassVar[type[Any]] = HeaderOptions


@shows_its_options
class Cookie(Param):
    """The value is a cookie."""

    location: ClassVar[Location] = "cookie"


@shows_its_options
class Body(Marker):
    """The value is the JSON body, or one member of it."""

    location: ClassVar[Location] = "body"
    known_options: ClassVar[type[Any]] = BodyOptions


@shows_its_options
class Form(Body):
    """The value is a form field."""

    location: ClassVar[Location] = "form"
    known_options: ClassVar[type[Any]] = FormOptions
    default_media_type = "application/x-www-form-urlencoded"


@shows_its_options
class File(Form):
    """The value is an uploaded file."""

    location: ClassVar[Location] = "file"
    default_media_type = "multipart/form-data"
