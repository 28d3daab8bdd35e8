"""Decide, for each parameter of a callable, where its value comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, TypeVar

from pydantic import AliasChoices, AliasPath, Json
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.background import BackgroundTasks
from starlette.datastructures import UploadFile
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from typeway.conventions import TYPEWAY, Conventions
from typeway.declare import markers, shapes
from typeway.declare.depends import Depends, SecurityScopes
from typeway.declare.markers import Location, Marker
from typeway.declare.signature import Declaration, Parameter
from typeway.exceptions import DeclarationError, declaration_error

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Injected:
    """A parameter that receives an object of the request itself, by its type."""

    name: str
    kind: type[Any]


@dataclass(frozen=True, slots=True)
class Needed:
    """A parameter that receives the result of another callable."""

    name: str
    depends: Depends


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter whose value the request carries."""

    name: str
    annotation: Any  # its type with all metadata, ready for Pydantic
    kind: Any  # its type without metadata, for questions about shape
    marker: Marker  # where the value stands and what is said about it; default and alias settled
    is_group: bool = False  # whether it is a model whose fields are the parameters on the wire
    metadata: tuple[Any, ...] = ()  # what the signature's `Annotated` says beside the marker

    @property
    def is_list(self) -> bool:
        """Whether every value of its name counts, not only one."""
        return shapes.is_sequence(self.kind)

    @property
    def location(self) -> Location:
        return self.marker.location

    @property
    def in_body(self) -> bool:
        return self.location in ("body", "form", "file")

    @property
    def is_required(self) -> bool:
        return bool(self.marker.is_required())

    @property
    def wires(self) -> tuple[str, ...]:
        """The names on the wire; the first that is present counts."""
        return names_of(self.marker, self.name)

    @property
    def wire(self) -> str:
        """The name for documentation, and for error locations where none is present."""
        return self.wires[0]


Source = Injected | Needed | Input

INJECTED: Final[tuple[type[Any], ...]] = (
    Request, WebSocket, HTTPConnection, Response, BackgroundTasks, SecurityScopes,
)  # fmt: skip


def names_of(marker: Marker, name: str) -> tuple[str, ...]:
    """The names of a parameter on the wire: validation alias, else alias, else its own name.

    Aliases that lead into a value are for fields of models, and as in FastAPI nothing comes of them here.
    """
    alias = marker.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    names = tuple(choice for choice in choices if isinstance(choice, str))
    return names if names and len(names) == len(choices) else (marker.alias or name,)


def wires_of(field: FieldInfo, name: str) -> tuple[tuple[str | int, ...], ...]:
    """The wire names of a field: validation alias, else alias, else its own name."""
    alias = field.validation_alias or field.alias or name
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return tuple(tuple(choice.path) if isinstance(choice, AliasPath) else (choice,) for choice in choices)


@dataclass(frozen=True, slots=True)
class Question:
    """One parameter to classify, with all that the rules look at."""

    parameter: Parameter
    path_names: Collection[str]
    where: str
    conventions: Conventions

    def said(self, kind: type[Said]) -> list[Said]:
        """Everything of a kind that `Annotated` and then the default value hold; the last of it counts."""
        parameter = self.parameter
        return [entry for entry in (*parameter.metadata, parameter.default) if isinstance(entry, kind)]

    @property
    def marker(self) -> Marker | None:
        return next(reversed(self.said(Marker)), None)

    @property
    def depends(self) -> Depends | None:
        return next(reversed(self.said(Depends)), None)

    @property
    def fields(self) -> list[FieldInfo]:
        """What `Annotated` holds of Pydantic's own `Field()` and of markers."""
        return [entry for entry in self.parameter.metadata if isinstance(entry, FieldInfo)]

    @property
    def default(self) -> Any:
        """The signature's default, unless it is a marker, a dependency or a plain Field()."""
        default = self.parameter.default
        return PydanticUndefined if isinstance(default, (FieldInfo, Depends)) else default

    def refused(self, problem: str, hint: str, also: type[Exception] = AssertionError) -> DeclarationError:
        """The error that says what the parameter contradicts, what to do about it, and what FastAPI raises there."""
        return declaration_error(problem, hint=hint, where=self.where, also=also)


def classify(
    declaration: Declaration, path_names: Collection[str] = (), conventions: Conventions = TYPEWAY
) -> tuple[Source, ...]:
    """Decide for every parameter of a callable where its value comes from.

    Parameters:
        path_names: the names of the parameters in the route's path.

    Raises:
        DeclarationError: a parameter says two things at once, or asks for something no request can hold.
    """
    # An included route asks again, and planning and describing ask again: the answer is the same.
    key = (frozenset(path_names), conventions)
    known = declaration.answers.get(key)
    if known is not None:
        return known
    sources: list[Source] = []
    for parameter in declaration.parameters:
        if parameter.is_variable and conventions.ignores_var_arguments:
            continue
        question = Question(parameter, path_names, declaration.where, conventions)
        for check in CHECKS:
            check(question)
        answers = (rule(question) for rule in RULES)
        sources.append(next(answer for answer in answers if answer is not None))
    declaration.answers[key] = classified = tuple(sources)
    return classified


def depends_rule(question: Question) -> Source | None:
    depends = question.depends
    if depends is None:
        return None
    if depends.dependency is None:
        depends = copy(depends)
        object.__setattr__(depends, "dependency", question.parameter.annotation)
    return Needed(question.parameter.name, depends)


def marked_rule(question: Question) -> Source | None:
    marker = question.marker
    if marker is None:
        return None
    if not isinstance(question.parameter.default, Marker):
        return build_input(question, marker, question.default)
    if not question.conventions.annotated_beside_default:
        question = replace(question, parameter=replace(question.parameter, metadata=()))
    return build_input(question, marker, marker.default)


def field_default_rule(question: Question) -> Source | None:
    """`limit: int = Field(default=20, ge=1)`: the author means a query parameter with that default and bound."""
    field = question.parameter.default
    if type(field) is not FieldInfo:
        return None
    location = inferred_location(question)
    parameter = replace(question.parameter, metadata=(*question.parameter.metadata, field))
    marker = markers.MARKER_OF[location]()
    marker.default_factory = field.default_factory
    return build_input(replace(question, parameter=parameter), marker, field.default)


def injected_rule(question: Question) -> Source | None:
    members = shapes.members(question.parameter.annotation)
    if not any(shapes.is_subclass(member, INJECTED) for member in members):
        return None
    for kind in INJECTED:
        if any(shapes.is_subclass(member, kind) for member in members):
            return Injected(question.parameter.name, kind)
    return None


def inferred_input(question: Question) -> Input:
    """The input that a parameter is by its name and type alone."""
    location = inferred_location(question)
    default = PydanticUndefined if location == "path" else question.default
    return build_input(question, markers.MARKER_OF[location](), default)


def inferred_location(question: Question) -> Location:
    """Where a value is looked for that has no marker."""
    parameter = question.parameter
    if parameter.name in question.path_names:
        return "path"
    if shapes.is_one_or_several(parameter.annotation, UploadFile):
        return "file"
    if shapes.is_scalar(parameter.annotation):
        return "query"
    return "body"


# Asked in this order; the first that answers decides, and the last always does.
RULES: Final[tuple[Callable[[Question], Source | None], ...]] = (
    depends_rule, marked_rule, field_default_rule, injected_rule, inferred_input,
)  # fmt: skip


def build_input(question: Question, marker: Marker, default: Any) -> Input:
    """The input that a marker and its surroundings describe."""
    parameter = question.parameter
    settled = marker.settled((*parameter.metadata, *((marker,) if marker not in parameter.metadata else ())), default)
    take_field_default(question, settled)
    if marker.location != "path" and parameter.name in question.path_names:
        raise question.refused(
            f"Cannot use `{type(marker).__name__}` for path param {parameter.name!r}",
            f"Use Path(), or take {{{parameter.name}}} out of the path.",
        )
    extras = tuple(entry for entry in parameter.metadata if entry is not marker and not isinstance(entry, Depends))
    has_json = any(is_json(entry) for entry in extras)
    is_group = marker.location != "body" and shapes.is_model_group(parameter.annotation) and not has_json
    if marker.location == "header" and not is_group and names_of(settled, "") == ("",):
        settled.alias = parameter.name.replace("_", "-") if settled.convert_underscores else parameter.name
    # Of a `Field()` only its constraints: the marker has taken over the rest.
    metadata = tuple(
        part for entry in extras for part in (entry.metadata if isinstance(entry, FieldInfo) else (entry,))
    )
    built = Input(
        name=parameter.name,
        annotation=annotated(parameter.annotation, metadata, settled),
        # On the wire JSON is one string, whatever it holds.
        kind=str if has_json else parameter.annotation,
        marker=settled,
        is_group=is_group,
        metadata=metadata,
    )
    check_location(question, built)
    return built


def take_field_default(question: Question, settled: Marker) -> None:
    """Give a required marker the default that a `Field()` or another marker in `Annotated` holds."""
    if not settled.is_required() or settled.location == "path":
        return
    for field in reversed([field for field in question.fields if field is not question.marker]):
        if field.default_factory is not None:
            settled.default_factory = field.default_factory
            return
        # FastAPI ignores such a default; Pydantic, and so we, mean it.
        if field.default is not PydanticUndefined and question.conventions.field_defaults:
            settled.default = field.default
            return


def is_json(entry: Any) -> bool:
    """Whether metadata says that the value is a string of JSON."""
    kind: Any = Json  # a plain class at run time
    return entry is kind or isinstance(entry, kind)


def annotated(kind: Any, metadata: tuple[Any, ...], marker: Marker) -> Any:
    """The type as Pydantic shall see it, with constraints only: planning adds the default, describing the rest.

    A description here would end up in the schema of a recursive model itself, for everybody who refers to it.
    """
    if not marker.constrains:
        return Annotated[(kind, *metadata)] if metadata else kind
    constrained = copy(marker)
    for name in ("default_factory", "title", "description", "examples", "deprecated", "json_schema_extra"):
        setattr(constrained, name, None)
    constrained.default = PydanticUndefined
    return Annotated[(kind, *metadata, constrained)]


SAY_ONCE: Final = "Say it once: either `x: Annotated[int, Query()] = 1`, or `x: int = Query(1)`."


def refuse_what_is_said_twice(question: Question) -> None:
    name, default = question.parameter.name, question.parameter.default
    if isinstance(default, Depends) and len(question.said(Depends)) > 1:
        raise question.refused(
            f"Cannot specify `Depends` in `Annotated` and default value together for {name!r}", SAY_ONCE
        )
    if isinstance(default, (FieldInfo, Depends)) and any(isinstance(field, Marker) for field in question.fields):
        raise question.refused(
            f"Cannot specify a {question.conventions.default_title} annotation in `Annotated` and "
            f"`{type(default).__name__}` as a default value together for {name!r}",
            SAY_ONCE,
        )


def refuse_default_in_annotated(question: Question) -> None:
    name, marker, fields = question.parameter.name, question.marker, question.fields
    if question.depends is not None:
        return
    if any(field.default_factory for field in fields) and question.default is not PydanticUndefined:
        raise question.refused(f"{name!r} has both a default and a default_factory.", "Keep one of the two.", TypeError)
    takes_plain = question.conventions.field_defaults
    own = [field for field in fields if isinstance(field, Marker) or not takes_plain]
    if marker in fields and any(field.default is not PydanticUndefined for field in own):
        raise question.refused(
            f"`{type(marker).__name__}` default value cannot be set in `Annotated` for {name!r}. "
            "Set the default value with `=` instead.",
            f"Write `{name}: Annotated[…, {type(marker).__name__}()] = {marker.default!r}`.",
        )


def refuse_default_in_path(question: Question) -> None:
    # Of a name that the path lacks, the default is what the endpoint gets there: it may serve several paths.
    in_path = question.parameter.name in question.path_names
    if in_path and isinstance(question.marker, markers.Path) and question.default is not PydanticUndefined:
        raise question.refused(
            "Path parameters cannot have a default value",
            "Take the default away, or add a second path without the parameter.",
        )


def refuse_marked_object(question: Question) -> None:
    # A dependency is no contradiction: it may well return a Request of its own making.
    if question.marker is None or question.depends is not None or injected_rule(question) is None:
        return
    kind = type(question.marker).__name__
    raise question.refused(
        f"Cannot specify `{kind}` for type {question.parameter.annotation!r}",
        f"Take the {kind}() away: objects of the request are injected by their type alone.",
    )


def refuse_plain_field_default(question: Question) -> None:
    if not question.conventions.field_defaults and type(question.parameter.default) is FieldInfo:
        raise question.refused(
            f"non-body parameters must be in path, query, header or cookie: {question.parameter.name}",
            "Use Query(), Header(), Cookie() or Body() in the place of Field(), or put Field() into Annotated.",
        )


# What a parameter must not contradict itself in, before anybody asks where its value comes from.
CHECKS: Final[tuple[Callable[[Question], None], ...]] = (
    refuse_what_is_said_twice,
    refuse_default_in_annotated,
    refuse_default_in_path,
    refuse_marked_object,
    refuse_plain_field_default,
)


# What a location can hold, by a test on the type. The others hold anything: a validator may make it of strings.
HOLDS: Final[Mapping[Location, tuple[Callable[[Any], bool], ...]]] = {
    "path": (shapes.is_scalar,),
    "query": (shapes.is_scalar, shapes.is_scalar_sequence, shapes.is_model_group),
}
REFUSED: Final[Mapping[Location, str]] = {
    "path": "Path params must be of one of the supported types",
    "query": "Query parameter {name!r} must be one of the supported types",
}


def check_location(question: Question, built: Input) -> None:
    """Refuse a type that the chosen part of a request cannot hold, for example a dict as a query parameter."""
    tests = HOLDS.get(built.location)
    if built.location == "path" and built.name not in question.path_names:
        return
    if tests is not None and not any(test(built.kind) for test in tests):
        raise question.refused(
            REFUSED[built.location].format(name=built.name),
            "Use a scalar, a list of scalars or a Pydantic model; or take the value from the body with Body().",
        )
