"""Decide, for each parameter of a callable, where its value comes from."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from types import NoneType
from typing import Annotated, Any, Final, TypeVar

from pydantic import AliasChoices, AliasPath, Field, Json
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.background import BackgroundTasks
from starlette.datastructures import UploadFile
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from typeway.declare import markers, shapes
from typeway.declare.annotation import constrains_alias, expand_aliases, is_type, parts_of
from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.declare.depends import Depends, SecurityScopes
from typeway.declare.markers import Location, Marker
from typeway.declare.signature import Declaration, Parameter
from typeway.declare.verify import verify_parameters
from typeway.exceptions import DeclarationError, declaration_error

Wanted = TypeVar("Wanted")


@dataclass(frozen=True, slots=True)
class Injected:
    """A parameter that receives an object of the request, such as the Request itself, because of its type."""

    name: str
    kind: type[Any]
    has_default: bool = False  # whether the parameter has a default, for requests that have no such object
    is_optional: bool = False  # whether None is passed for requests that have no such object


@dataclass(frozen=True, slots=True)
class Needed:
    """A parameter that receives the result of a dependency."""

    name: str
    depends: Depends


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter whose value comes from the request."""

    name: str
    annotation: Any  # its type with the metadata that Pydantic reads
    kind: Any  # its type without metadata
    marker: Marker  # the marker, with default and alias filled in
    is_group: bool = False  # whether it is a model whose fields are separate values in the request
    metadata: tuple[Any, ...] = ()  # the metadata of the signature's `Annotated`, without the marker

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
        """The wire names; the first one that is present in the request is used.

        An AliasPath is meant for fields of models. As in FastAPI, it has no effect here. A path parameter keeps its own
        name beside `AliasChoices`: a path that has none of these may have that.
        """
        names, own = names_of(self.marker, self.name), self.marker.alias or self.name
        if any(isinstance(name, AliasPath) for name in names):
            return (own,)
        wires = tuple(map(str, names))
        keeps_own = self.location == "path" and isinstance(self.marker.validation_alias, AliasChoices)
        return (*wires, own) if keeps_own and own not in wires else wires

    @property
    def wire(self) -> str:
        """The wire name for documentation, and for error locations if none is present."""
        own = self.marker.alias or self.name
        return own if self.location == "path" and own in self.wires else self.wires[0]


Source = Injected | Needed | Input

INJECTED: Final[tuple[type[Any], ...]] = (Request, WebSocket, HTTPConnection, Response, BackgroundTasks, SecurityScopes)


def names_of(field: FieldInfo, name: str) -> list[str | AliasPath]:
    """Return the names under which a field is validated: its validation alias, else its alias, else its own name."""
    alias = field.validation_alias or field.alias or name
    return alias.choices if isinstance(alias, AliasChoices) else [alias]


def wires_of(field: FieldInfo, name: str) -> tuple[tuple[str | int, ...], ...]:
    """Return the wire names of a field, each with its path into the value."""
    return tuple(tuple(one.path) if isinstance(one, AliasPath) else (one,) for one in names_of(field, name))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A parameter that is being classified, and everything that the rules read."""

    parameter: Parameter
    path_names: Collection[str]
    where: str
    conventions: Conventions

    def last(self, kind: type[Wanted]) -> Wanted | None:
        """Return the object of this kind that takes precedence: the default value, else the last one in `Annotated`."""
        entries = (self.parameter.default, *reversed(self.parameter.metadata))
        return next((entry for entry in entries if isinstance(entry, kind)), None)

    @property
    def is_in_path(self) -> bool:
        return self.parameter.name in self.path_names

    @property
    def fields(self) -> list[FieldInfo]:
        """The markers and Pydantic `Field()`s in `Annotated`."""
        return [entry for entry in self.parameter.metadata if isinstance(entry, FieldInfo)]

    @property
    def default(self) -> Any:
        """The default in the signature, unless it is a marker, a dependency or a `Field()`."""
        default = self.parameter.default
        return PydanticUndefined if isinstance(default, (FieldInfo, Depends)) else default

    def error(self, problem: str, hint: str, also: type[Exception] = AssertionError) -> DeclarationError:
        """Return an error that names the parameter and its function."""
        chain = (f"parameter {self.parameter.name!r}",)
        return declaration_error(problem, hint=hint, where=self.where, chain=chain, also=also)


def classify(
    declaration: Declaration, path_names: Collection[str] = (), conventions: Conventions = TYPEWAY
) -> tuple[Source, ...]:
    """Return the source of every parameter of a callable that is used on a path with these names."""
    # Included routes, planning and describing call this again with the same arguments.
    key = (frozenset(path_names), conventions)
    if key not in declaration.sources:
        verify_parameters(declaration, path_names, conventions)
        declaration.sources[key] = tuple(
            source_of(Candidate(parameter, path_names, declaration.where, conventions))
            for parameter in declaration.parameters
            if not (parameter.is_variable and conventions.ignores_var_arguments)
        )
    return declaration.sources[key]


def source_of(candidate: Candidate) -> Source:
    """Return the answer of the first rule that applies; the last rule always does."""
    check_contradictions(candidate)
    return dependency_of(candidate) or marked_input(candidate) or injected(candidate) or inferred_input(candidate)


def dependency_of(candidate: Candidate) -> Needed | None:
    depends = candidate.last(Depends)
    if depends is None:
        return None
    if depends.dependency is None:
        members = [member for member in shapes.members(candidate.parameter.annotation) if member is not NoneType]
        depends = replace(depends, dependency=members[0] if len(members) == 1 else candidate.parameter.annotation)
    return Needed(candidate.parameter.name, depends)


def marked_input(candidate: Candidate) -> Input | None:
    marker = candidate.last(Marker)
    if marker is None:
        return None
    if marker is not candidate.parameter.default:
        return build_input(candidate, marker, candidate.default)
    if not candidate.conventions.annotated_beside_default:
        candidate = replace(candidate, parameter=replace(candidate.parameter, metadata=()))
    return build_input(candidate, marker, marker.default)


def injected(candidate: Candidate) -> Injected | None:
    parameter = candidate.parameter
    kind = injected_as(parameter.annotation)
    if kind is None:
        return None
    is_optional = NoneType in shapes.members(parameter.annotation)
    return Injected(parameter.name, kind, parameter.default is not PydanticUndefined, is_optional)


@shapes.cached
def injected_as(annotation: Any) -> type[Any] | None:
    """Return the class of the request's object that a type asks for; None if it asks for none."""
    members = shapes.members(annotation)
    return next((kind for kind in INJECTED if any(shapes.is_subclass(member, kind) for member in members)), None)


def inferred_input(candidate: Candidate) -> Input:
    """Classify a parameter without a marker by its name and its type."""
    parameter, field = candidate.parameter, candidate.parameter.default
    make: type[Marker] = markers.Body
    if candidate.is_in_path:
        make = markers.Path
    elif shapes.is_one_or_several(parameter.annotation, UploadFile):
        make = markers.File
    elif not shapes.is_complex(parameter.annotation):
        make = markers.Query
    default = candidate.default
    if type(field) is FieldInfo:
        # `limit: int = Field(default=20, ge=1)` is a query parameter with that default and bound.
        candidate = replace(candidate, parameter=replace(parameter, metadata=(*parameter.metadata, field)))
        default = field.default
    elif candidate.is_in_path:
        default = PydanticUndefined  # a request always has the value
    if candidate.is_in_path or default is ...:
        return build_input(candidate, make(), default, is_new=True)
    return build_input(candidate, make(default), PydanticUndefined, is_new=True)


def build_input(candidate: Candidate, marker: Marker, default: Any, *, is_new: bool = False) -> Input:
    """Return the input that a marker and the rest of the annotation describe.

    Parameters:
        candidate: the parameter.
        marker: the marker that takes precedence.
        default: the default in the signature.
        is_new: whether the marker was created here, so that it need not be copied if nothing changes.
    """
    parameter = candidate.parameter
    changes = marker.inherited(candidate.fields)
    changes.update(default_of(candidate, marker, default))
    if marker.location == "body" and "media_type" not in marker.given:
        media_type = shapes.media_type(parameter.annotation)
        if media_type:
            changes["media_type"] = media_type
    extras = tuple(entry for entry in parameter.metadata if entry is not marker and not isinstance(entry, Depends))
    kind = parameter.annotation
    is_plain = is_type(kind) and parameter.alias is None
    if candidate.conventions.names_aliases and not is_plain:
        if marker.location == "body" and parameter.alias is not None and not marker.metadata:
            # A named alias becomes a component of that name, which describes itself; only the name is kept here.
            kind, extras, changes["discriminator"] = parameter.alias, (), None
        elif marker.location != "body" or extras or marker.metadata or constrains_alias(kind):
            kind = expand_aliases(kind)
    has_json = any(is_json(entry) for entry in extras)
    is_group = marker.location != "body" and shapes.is_model_group(parameter.annotation) and not has_json
    if marker.location == "header" and not is_group and not changes.get("alias", marker.alias):
        changes["alias"] = parameter.name.replace("_", "-") if marker.convert_underscores else parameter.name
    complete = marker if is_new and not changes else marker.with_changes(changes)
    # Of a `Field()` only its constraints: the marker has taken over its other attributes.
    metadata = tuple(
        part for entry in extras for part in (entry.metadata if isinstance(entry, FieldInfo) else (entry,))
    )
    built = Input(
        name=parameter.name,
        annotation=annotated(kind, metadata, complete),
        # JSON in a parameter is one string, whatever it contains.
        kind=str if has_json else parameter.annotation,
        marker=complete,
        is_group=is_group,
        metadata=metadata,
    )
    check_location(candidate, built)
    if not is_plain:
        check_hidden_markers(candidate, built)
    return built


def default_of(candidate: Candidate, marker: Marker, default: Any) -> dict[str, Any]:
    """Return the attributes that set a marker's default: from the signature, or from a `Field()` or marker beside it."""
    if default is not PydanticUndefined and default is not ...:
        return {"default": default}
    changes = {} if default is PydanticUndefined else {"default": PydanticUndefined}
    if marker.location == "path" or marker.default_factory is not None or (not changes and not marker.is_required()):
        return changes
    for field in reversed([field for field in candidate.fields if field is not marker]):
        if field.default_factory is not None:
            return {**changes, "default_factory": field.default_factory}
        # FastAPI ignores such a default; Pydantic applies it, and so does Typeway.
        if field.default is not PydanticUndefined and candidate.conventions.field_defaults:
            return {"default": field.default}
    return changes


def check_hidden_markers(candidate: Candidate, built: Input) -> None:
    """Refuse a type with a marker inside that has no effect, so that a dependency is not read as a query parameter.

    A marker of the parameter's own location is accepted: Pydantic applies its constraints.
    """
    name = candidate.parameter.name
    for part in parts_of(built.annotation):
        if isinstance(part, Depends) or (isinstance(part, Marker) and part.location != built.location):
            kind = type(part).__name__
            raise candidate.error(
                f"{kind}() inside the type of parameter {name!r} has no effect.",
                f"Put it around the whole type: `{name}: Annotated[…, {kind}(…)]`.",
            )


def is_json(entry: Any) -> bool:
    """Whether metadata says that the value is a string of JSON."""
    kind: Any = Json  # a plain class at run time
    return entry is kind or isinstance(entry, kind)


def annotated(kind: Any, metadata: tuple[Any, ...], marker: Marker) -> Any:
    """Return the type with its constraints, for Pydantic; the plan adds the default, and the documentation the rest.

    With a description, the schema of a recursive model would change for everything that refers to it.
    """
    discriminated = () if marker.discriminator is None else (Field(discriminator=marker.discriminator),)
    constraints = (*metadata, *marker.metadata, *discriminated)
    return Annotated[(kind, *constraints)] if constraints else kind


WRITE_ONCE: Final = "Write it once: either `x: Annotated[int, Query()] = 1`, or `x: int = Query(1)`."


def check_contradictions(candidate: Candidate) -> None:
    """Refuse a parameter that contradicts itself, before its source is decided."""
    name, default, fields = candidate.parameter.name, candidate.parameter.default, candidate.fields
    if isinstance(default, Depends) and any(isinstance(entry, Depends) for entry in candidate.parameter.metadata):
        raise candidate.error(
            f"Cannot specify `Depends` in `Annotated` and default value together for {name!r}", WRITE_ONCE
        )
    if isinstance(default, (FieldInfo, Depends)) and any(isinstance(field, Marker) for field in fields):
        raise candidate.error(
            f"Cannot specify a {candidate.conventions.default_title} annotation in `Annotated` and "
            f"`{type(default).__name__}` as a default value together for {name!r}",
            WRITE_ONCE,
        )
    if len(candidate.parameter.metadata) > 1 and candidate.conventions.one_source:
        check_one_source(candidate)
    if type(default) is FieldInfo and not candidate.conventions.field_defaults:
        raise candidate.error(
            f"non-body parameters must be in path, query, header or cookie: {name}",
            "Use Query(), Header(), Cookie() or Body() instead of Field(), or put Field() into Annotated.",
        )
    if candidate.last(Depends) is not None:
        return
    if any(field.default_factory for field in fields) and candidate.default is not PydanticUndefined:
        raise candidate.error(f"{name!r} has both a default and a default_factory.", "Keep one of the two.", TypeError)
    marker = candidate.last(Marker)
    if marker is not None:
        check_marker(candidate, marker)


def check_one_source(candidate: Candidate) -> None:
    """Refuse markers of different sources in `Annotated`: all but one would be ignored silently."""
    found = [entry for entry in candidate.parameter.metadata if isinstance(entry, (Depends, Marker))]
    if len({entry.location if isinstance(entry, Marker) else Depends for entry in found}) > 1:
        kinds = " and ".join(f"{type(entry).__name__}()" for entry in found)
        name = candidate.parameter.name
        raise candidate.error(
            f"{kinds} in `Annotated` name different sources for parameter {name!r}.",
            "Keep one of them. The other may come from a type alias in the annotation.",
        )


def check_marker(candidate: Candidate, marker: Marker) -> None:
    """Refuse what contradicts the marker that takes precedence."""
    name, kind = candidate.parameter.name, type(marker).__name__
    # FastAPI also refuses the default of a Field() beside the marker; Pydantic applies it, and so does Typeway.
    own = [field for field in candidate.fields if isinstance(field, Marker) or not candidate.conventions.field_defaults]
    if marker in candidate.fields and any(field.default is not PydanticUndefined for field in own):
        raise candidate.error(
            f"`{kind}` default value cannot be set in `Annotated` for {name!r}. "
            "Set the default value with `=` instead.",
            f"Write `{name}: Annotated[…, {kind}()] = {marker.default!r}`.",
        )
    # If the path does not have the name, the default is the value there: an endpoint may serve several paths.
    if candidate.is_in_path and isinstance(marker, markers.Path) and candidate.default is not PydanticUndefined:
        raise candidate.error(
            "Path parameters cannot have a default value",
            "Remove the default, or add a second path without the parameter.",
        )
    if injected_as(candidate.parameter.annotation) is not None:
        raise candidate.error(
            f"Cannot specify `{kind}` for type {candidate.parameter.annotation!r}",
            f"Remove {kind}(): objects of the request are injected because of their type.",
        )
    if candidate.is_in_path and marker.location != "path":
        raise candidate.error(
            f"Cannot use `{kind}` for path param {name!r}", f"Use Path(), or remove {{{name}}} from the path."
        )


def check_location(candidate: Candidate, built: Input) -> None:
    """Refuse a type that a path or a query cannot carry; elsewhere a validator may convert text to any type."""
    kind = built.kind
    hint = "Use a scalar, a list of scalars or a Pydantic model, or read the value from the body with Body()."
    if built.location == "path" and candidate.is_in_path:
        holds, problem = not shapes.is_complex(kind), "Path params must be of one of the supported types"
        hint = "Use a scalar such as int, str or UUID: a path holds one text for each name."
    elif built.location == "query":
        holds = not shapes.is_complex(kind) or shapes.is_scalar_sequence(kind) or shapes.is_model_group(kind)
        problem = f"Query parameter {built.name!r} must be one of the supported types"
    else:
        return
    if not holds:
        raise candidate.error(problem, hint)
