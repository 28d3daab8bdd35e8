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
from typeway.declare.annotation import constrains_alias, is_type, parts_of, unfolded
from typeway.declare.conventions import TYPEWAY, Conventions
from typeway.declare.depends import Depends, SecurityScopes
from typeway.declare.markers import Location, Marker
from typeway.declare.signature import Declaration, Parameter
from typeway.declare.verify import verify_parameters
from typeway.exceptions import DeclarationError, declaration_error

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Injected:
    """A parameter that receives an object of the request itself, by its type."""

    name: str
    kind: type[Any]
    has_default: bool = False  # whether the parameter has a default, which counts where there is no such object
    is_optional: bool = False  # whether None will do where there is no such object


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
    marker: Marker  # where the value stands and what is said about it; with its default and its alias
    is_group: bool = False  # whether it is a model whose fields are the parameters on the wire
    metadata: tuple[Any, ...] = ()  # what the signature's `Annotated` says beside the marker

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
        """The names on the wire; the first that is present counts.

        Aliases that lead into a value are for fields of models, and as in FastAPI nothing comes of them here.
        """
        names = names_of(self.marker, self.name)
        leads_on = any(isinstance(name, AliasPath) for name in names)
        return (self.marker.alias or self.name,) if leads_on else tuple(map(str, names))

    @property
    def wire(self) -> str:
        """The name for documentation, and for error locations where none is present."""
        return self.wires[0]


Source = Injected | Needed | Input

INJECTED: Final[tuple[type[Any], ...]] = (Request, WebSocket, HTTPConnection, Response, BackgroundTasks, SecurityScopes)


def names_of(field: FieldInfo, name: str) -> list[str | AliasPath]:
    """The names of a field where its values come from: validation alias, else alias, else its own name."""
    alias = field.validation_alias or field.alias or name
    return alias.choices if isinstance(alias, AliasChoices) else [alias]


def wires_of(field: FieldInfo, name: str) -> tuple[tuple[str | int, ...], ...]:
    """The wire names of a field, each with the way into its values."""
    return tuple(tuple(one.path) if isinstance(one, AliasPath) else (one,) for one in names_of(field, name))


@dataclass(frozen=True, slots=True)
class Question:
    """One parameter to classify, with all that the rules look at."""

    parameter: Parameter
    path_names: Collection[str]
    where: str
    conventions: Conventions

    def said(self, kind: type[Said]) -> Said | None:
        """The last of a kind that `Annotated` and then the default value hold."""
        entries = (self.parameter.default, *reversed(self.parameter.metadata))
        return next((entry for entry in entries if isinstance(entry, kind)), None)

    @property
    def is_in_path(self) -> bool:
        return self.parameter.name in self.path_names

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
        chain = (f"parameter {self.parameter.name!r}",)
        return declaration_error(problem, hint=hint, where=self.where, chain=chain, also=also)


def classify(
    declaration: Declaration, path_names: Collection[str] = (), conventions: Conventions = TYPEWAY
) -> tuple[Source, ...]:
    """Decide for every parameter of a callable on a path with these names where its value comes from."""
    # An included route asks again, and planning and describing ask again: the answer is the same.
    key = (frozenset(path_names), conventions)
    if key not in declaration.answers:
        verify_parameters(declaration, path_names, conventions)
        declaration.answers[key] = tuple(
            source_of(Question(parameter, path_names, declaration.where, conventions))
            for parameter in declaration.parameters
            if not (parameter.is_variable and conventions.ignores_var_arguments)
        )
    return declaration.answers[key]


def source_of(question: Question) -> Source:
    """The first rule that answers decides, and the last always does."""
    refuse_contradictions(question)
    return needed(question) or marked(question) or injected(question) or inferred(question)


def needed(question: Question) -> Needed | None:
    depends = question.said(Depends)
    if depends is None:
        return None
    if depends.dependency is None:
        members = [member for member in shapes.members(question.parameter.annotation) if member is not NoneType]
        depends = replace(depends, dependency=members[0] if len(members) == 1 else question.parameter.annotation)
    return Needed(question.parameter.name, depends)


def marked(question: Question) -> Input | None:
    marker = question.said(Marker)
    if marker is None:
        return None
    if marker is not question.parameter.default:
        return build_input(question, marker, question.default)
    if not question.conventions.annotated_beside_default:
        question = replace(question, parameter=replace(question.parameter, metadata=()))
    return build_input(question, marker, marker.default)


def injected(question: Question) -> Injected | None:
    parameter = question.parameter
    kind = injected_as(parameter.annotation)
    if kind is None:
        return None
    is_optional = NoneType in shapes.members(parameter.annotation)
    return Injected(parameter.name, kind, parameter.default is not PydanticUndefined, is_optional)


@shapes.remembered
def injected_as(annotation: Any) -> type[Any] | None:
    """The kind of object of the request itself that a type asks for, if it asks for one."""
    members = shapes.members(annotation)
    return next((kind for kind in INJECTED if any(shapes.is_subclass(member, kind) for member in members)), None)


def inferred(question: Question) -> Input:
    """The input that a parameter without a marker is, by its name and type alone."""
    parameter, field = question.parameter, question.parameter.default
    make: type[Marker] = markers.Body
    if question.is_in_path:
        make = markers.Path
    elif shapes.is_one_or_several(parameter.annotation, UploadFile):
        make = markers.File
    elif not shapes.is_complex(parameter.annotation):
        make = markers.Query
    default = question.default
    if type(field) is FieldInfo:
        # `limit: int = Field(default=20, ge=1)`: the author means a query parameter with that default and bound.
        question = replace(question, parameter=replace(parameter, metadata=(*parameter.metadata, field)))
        default = field.default
    elif question.is_in_path:
        default = PydanticUndefined  # a request always has the value
    if question.is_in_path or default is ...:
        return build_input(question, make(), default, is_new=True)
    return build_input(question, make(default), PydanticUndefined, is_new=True)


def build_input(question: Question, marker: Marker, default: Any, *, is_new: bool = False) -> Input:
    """The input that a marker and its surroundings describe.

    Parameters:
        is_new: whether nobody else has the marker, so that it need not be copied where nothing changes.
    """
    parameter = question.parameter
    changes = marker.joined(question.fields)
    changes.update(default_of(question, marker, default))
    if marker.location == "body" and "media_type" not in marker.given:
        media_type = shapes.media_type(parameter.annotation)
        if media_type:
            changes["media_type"] = media_type
    extras = tuple(entry for entry in parameter.metadata if entry is not marker and not isinstance(entry, Depends))
    kind = parameter.annotation
    is_plain = is_type(kind) and parameter.alias is None
    if question.conventions.names_aliases and not is_plain:
        if marker.location == "body" and parameter.alias is not None and not marker.metadata:
            # A body that is a named alias is a component of that name; what the alias holds, it says itself.
            kind, extras, changes["discriminator"] = parameter.alias, (), None
        elif marker.location != "body" or extras or marker.metadata or constrains_alias(kind):
            kind = unfolded(kind)
    has_json = any(is_json(entry) for entry in extras)
    is_group = marker.location != "body" and shapes.is_model_group(parameter.annotation) and not has_json
    if marker.location == "header" and not is_group and not changes.get("alias", marker.alias):
        changes["alias"] = parameter.name.replace("_", "-") if marker.convert_underscores else parameter.name
    complete = marker if is_new and not changes else marker.replaced(changes)
    # Of a `Field()` only its constraints: the marker has taken over the rest.
    metadata = tuple(
        part for entry in extras for part in (entry.metadata if isinstance(entry, FieldInfo) else (entry,))
    )
    built = Input(
        name=parameter.name,
        annotation=annotated(kind, metadata, complete),
        # On the wire JSON is one string, whatever it holds.
        kind=str if has_json else parameter.annotation,
        marker=complete,
        is_group=is_group,
        metadata=metadata,
    )
    check_location(question, built)
    if not is_plain:
        refuse_hidden_markers(question, built)
    return built


def default_of(question: Question, marker: Marker, default: Any) -> dict[str, Any]:
    """The attributes that give a marker its default: the signature's, or that of a `Field()` or marker beside it."""
    if default is not PydanticUndefined and default is not ...:
        return {"default": default}
    changes = {} if default is PydanticUndefined else {"default": PydanticUndefined}
    if marker.location == "path" or marker.default_factory is not None or (not changes and not marker.is_required()):
        return changes
    for field in reversed([field for field in question.fields if field is not marker]):
        if field.default_factory is not None:
            return {**changes, "default_factory": field.default_factory}
        # FastAPI ignores such a default; Pydantic, and so we, mean it.
        if field.default is not PydanticUndefined and question.conventions.field_defaults:
            return {"default": field.default}
    return changes


def refuse_hidden_markers(question: Question, built: Input) -> None:
    """Refuse a type with a marker inside that is not obeyed: nobody may read a dependency as a query parameter.

    A marker of the parameter's own location does no harm there: Pydantic obeys its constraints.
    """
    name = question.parameter.name
    for part in parts_of(built.annotation):
        if isinstance(part, Depends) or (isinstance(part, Marker) and part.location != built.location):
            kind = type(part).__name__
            raise question.refused(
                f"{kind}() stands inside the type of parameter {name!r}, where it cannot be obeyed.",
                f"Put it around the whole type: `{name}: Annotated[…, {kind}(…)]`.",
            )


def is_json(entry: Any) -> bool:
    """Whether metadata says that the value is a string of JSON."""
    kind: Any = Json  # a plain class at run time
    return entry is kind or isinstance(entry, kind)


def annotated(kind: Any, metadata: tuple[Any, ...], marker: Marker) -> Any:
    """The type as Pydantic shall see it, with constraints only: planning adds the default, describing the rest.

    A description here would end up in the schema of a recursive model itself, for everybody who refers to it.
    """
    discriminated = () if marker.discriminator is None else (Field(discriminator=marker.discriminator),)
    constraints = (*metadata, *marker.metadata, *discriminated)
    return Annotated[(kind, *constraints)] if constraints else kind


SAY_ONCE: Final = "Say it once: either `x: Annotated[int, Query()] = 1`, or `x: int = Query(1)`."


def refuse_contradictions(question: Question) -> None:
    """Refuse what a parameter contradicts itself in, before anybody asks where its value comes from."""
    name, default, fields = question.parameter.name, question.parameter.default, question.fields
    if isinstance(default, Depends) and any(isinstance(entry, Depends) for entry in question.parameter.metadata):
        raise question.refused(
            f"Cannot specify `Depends` in `Annotated` and default value together for {name!r}", SAY_ONCE
        )
    if isinstance(default, (FieldInfo, Depends)) and any(isinstance(field, Marker) for field in fields):
        raise question.refused(
            f"Cannot specify a {question.conventions.default_title} annotation in `Annotated` and "
            f"`{type(default).__name__}` as a default value together for {name!r}",
            SAY_ONCE,
        )
    if len(question.parameter.metadata) > 1 and question.conventions.one_source:
        refuse_several_sources(question)
    if type(default) is FieldInfo and not question.conventions.field_defaults:
        raise question.refused(
            f"non-body parameters must be in path, query, header or cookie: {name}",
            "Use Query(), Header(), Cookie() or Body() in the place of Field(), or put Field() into Annotated.",
        )
    if question.said(Depends) is not None:
        return
    if any(field.default_factory for field in fields) and question.default is not PydanticUndefined:
        raise question.refused(f"{name!r} has both a default and a default_factory.", "Keep one of the two.", TypeError)
    marker = question.said(Marker)
    if marker is not None:
        refuse_marker(question, marker)


def refuse_several_sources(question: Question) -> None:
    """Refuse markers in `Annotated` that name different sources: one of them would be ignored in silence."""
    said = [entry for entry in question.parameter.metadata if isinstance(entry, (Depends, Marker))]
    if len({entry.location if isinstance(entry, Marker) else Depends for entry in said}) > 1:
        kinds = " and ".join(f"{type(entry).__name__}()" for entry in said)
        name = question.parameter.name
        raise question.refused(
            f"{kinds} in `Annotated` name different sources for parameter {name!r}.",
            "Keep the one that is meant; a type alias may hold the other.",
        )


def refuse_marker(question: Question, marker: Marker) -> None:
    """Refuse what contradicts the marker that counts."""
    name, kind = question.parameter.name, type(marker).__name__
    # FastAPI minds a default of a Field() beside it too; Pydantic, and so we, mean it.
    own = [field for field in question.fields if isinstance(field, Marker) or not question.conventions.field_defaults]
    if marker in question.fields and any(field.default is not PydanticUndefined for field in own):
        raise question.refused(
            f"`{kind}` default value cannot be set in `Annotated` for {name!r}. "
            "Set the default value with `=` instead.",
            f"Write `{name}: Annotated[…, {kind}()] = {marker.default!r}`.",
        )
    # Of a name that the path lacks, the default is what the endpoint gets there: it may serve several paths.
    if question.is_in_path and isinstance(marker, markers.Path) and question.default is not PydanticUndefined:
        raise question.refused(
            "Path parameters cannot have a default value",
            "Take the default away, or add a second path without the parameter.",
        )
    if injected_as(question.parameter.annotation) is not None:
        raise question.refused(
            f"Cannot specify `{kind}` for type {question.parameter.annotation!r}",
            f"Take the {kind}() away: objects of the request are injected by their type alone.",
        )
    if question.is_in_path and marker.location != "path":
        raise question.refused(
            f"Cannot use `{kind}` for path param {name!r}", f"Use Path(), or take {{{name}}} out of the path."
        )


def check_location(question: Question, built: Input) -> None:
    """Refuse a type that a path or a query cannot hold. Elsewhere a validator may make anything of strings."""
    kind = built.kind
    if built.location == "path" and question.is_in_path:
        holds, problem = not shapes.is_complex(kind), "Path params must be of one of the supported types"
    elif built.location == "query":
        holds = not shapes.is_complex(kind) or shapes.is_scalar_sequence(kind) or shapes.is_model_group(kind)
        problem = f"Query parameter {built.name!r} must be one of the supported types"
    else:
        return
    if not holds:
        hint = "Use a scalar, a list of scalars or a Pydantic model; or take the value from the body with Body()."
        raise question.refused(problem, hint)
