"""Show an endpoint's tree of dependencies as FastAPI's `Dependant` and `ModelField`, which plugins read and extend."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticUndefined, SchemaSerializer, SchemaValidator
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from typeway.compat.shapes.conventions import FASTAPI
from typeway.declare import markers, shapes
from typeway.declare.annotation import resolve
from typeway.declare.classify import Injected, Input
from typeway.declare.conventions import Conventions
from typeway.declare.depends import Depends, SecurityScopes
from typeway.declare.paths import names_in
from typeway.declare.scope import Namespace, globals_of
from typeway.declare.signature import read_declaration, read_signature
from typeway.plan.fields import check_type, field_schema_of
from typeway.plan.tree import Growth, Node, grow_dependency, grow_tree


@dataclass
class ModelField:
    """One value that Pydantic validates or serializes: a parameter, a body or a response.

    Parameters:
        field_info: its options; `annotation` is its type.
        name: the parameter's name.
        mode: whether the field is read or written.
    """

    field_info: FieldInfo
    name: str
    mode: Literal["validation", "serialization"] = "validation"
    config: Any = None

    @property
    def alias(self) -> str:
        return self.field_info.alias or self.name

    @property
    def given_alias(self) -> str | None:
        """Return the alias that the author gave; the alias of a header may be computed from the parameter's name."""
        return self.field_info.alias if "alias" in getattr(self.field_info, "given", {"alias"}) else None

    @property
    def validation_alias(self) -> str | None:
        alias = self.field_info.validation_alias or self.given_alias
        return alias if isinstance(alias, str) else None

    @property
    def serialization_alias(self) -> str | None:
        return self.field_info.serialization_alias or self.given_alias

    @property
    def default(self) -> Any:
        return self.get_default()

    @property
    def schema(self) -> CoreSchema:
        return field_schema_of(self.field_info, self.name)

    def get_default(self) -> Any:
        """Return a copy of the default, or `PydanticUndefined`."""
        if self.field_info.is_required():
            return PydanticUndefined
        return self.field_info.get_default(call_default_factory=True, validated_data={})

    def validate(
        self, value: Any, values: Mapping[str, Any] | None = None, *, loc: tuple[int | str, ...] = ()
    ) -> tuple[Any, list[dict[str, Any]]]:
        """Return the validated value and no errors, or None and the errors."""
        try:
            return SchemaValidator(self.schema).validate_python(value, from_attributes=True), []
        except ValidationError as error:
            found = error.errors(include_url=False)
            return None, [{**entry, "loc": (*loc, *entry["loc"])} for entry in found]

    def serialize(self, value: Any, **options: Any) -> Any:
        """Return the value as JSON values."""
        return SchemaSerializer(self.schema).to_python(value, **{"mode": "json", "by_alias": True, **options})

    def __hash__(self) -> int:
        return id(self)


class Dependencies(list["Dependant"]):
    """The dependencies of a route's dependant; changing the list changes what the route runs."""

    def __init__(self, dependencies: Iterable[Dependant], route: Any) -> None:
        super().__init__(dependencies)
        self.route = route


def planning(change: Any) -> Any:
    """Wrap a method of lists so that the route is planned again after it."""

    def changed(dependencies: Dependencies, *values: Any, **options: Any) -> Any:
        result = change(dependencies, *values, **options)
        dependencies.route.plan_again()
        return result

    return changed


for method in (
    "append", "extend", "insert", "remove", "pop", "clear", "reverse", "sort",
    "__iadd__", "__imul__", "__setitem__", "__delitem__",
):  # fmt: skip
    setattr(Dependencies, method, planning(getattr(list, method)))


@dataclass
class Dependant:
    """One callable with its parameters and dependencies, for plugins to read.

    A dependency that a plugin appends to the `dependencies` of a route's dependant runs before the endpoint. A function
    that a plugin assigns to `call` replaces the endpoint.
    """

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    body_params: list[ModelField] = field(default_factory=list)
    dependencies: list[Dependant] = field(default_factory=list)
    name: str | None = None
    call: Callable[..., Any] | None = None
    request_param_name: str | None = None
    websocket_param_name: str | None = None
    http_connection_param_name: str | None = None
    response_param_name: str | None = None
    background_tasks_param_name: str | None = None
    security_scopes_param_name: str | None = None
    own_oauth_scopes: list[str] | None = None
    parent_oauth_scopes: list[str] | None = None
    use_cache: bool = True
    path: str | None = None
    scope: Literal["function", "request"] | None = None
    depends: Depends | None = field(default=None, repr=False, compare=False)
    route: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.declared = tuple(self.dependencies)

    def __setattr__(self, name: str, value: Any) -> None:
        route = vars(self).get("route")
        super().__setattr__(name, Dependencies(value, route) if name == "dependencies" and route is not None else value)
        if route is not None:
            route.plan_again()

    def belong(self, route: Any) -> None:
        """Make changes of this dependant change what a route runs, also after the route's first request."""
        self.dependencies = Dependencies(self.dependencies, route)
        self.route = route

    @property
    def added(self) -> list[Dependant]:
        """Return the dependencies that neither the signature nor the route declares."""
        return [each for each in self.dependencies if not any(each is known for known in self.declared)]

    def walk(self) -> Iterator[Dependant]:
        """Yield this dependant, then everything below it."""
        yield self
        for dependant in self.dependencies:
            yield from dependant.walk()


PARAMS: Final[Mapping[str, str]] = {
    "path": "path_params",
    "query": "query_params",
    "header": "header_params",
    "cookie": "cookie_params",
    "body": "body_params",
    "form": "body_params",
    "file": "body_params",
}

INJECTED: Final[Mapping[type[Any], str]] = {
    Request: "request_param_name",
    WebSocket: "websocket_param_name",
    HTTPConnection: "http_connection_param_name",
    Response: "response_param_name",
    BackgroundTasks: "background_tasks_param_name",
    SecurityScopes: "security_scopes_param_name",
}


def field_of(entry: Input) -> ModelField:
    """Return the field that shows one input."""
    marker = copy(entry.marker)
    marker.annotation = get_args(entry.annotation)[0] if get_origin(entry.annotation) is Annotated else entry.annotation
    marker.metadata = [*marker.metadata, *entry.metadata]
    return ModelField(marker, entry.name)


def input_of(field: ModelField) -> Input:
    """Return the input that a field describes."""
    info, kind = field.field_info, field.field_info.annotation
    marker = info if isinstance(info, markers.Marker) else markers.Body(info.default)
    is_group = marker.location != "body" and shapes.is_model(kind)
    return Input(name=field.name, annotation=kind, kind=kind, marker=marker, is_group=is_group)


def dependant_of(node: Node, path: str, name: str | None = None) -> Dependant:
    """Return the dependant that shows a node and everything below it."""
    own = list(node.own_scopes)
    dependant = Dependant(
        name=name,
        call=node.original,
        own_oauth_scopes=None if node.depends is None else own,
        parent_oauth_scopes=[scope for scope in node.scopes if scope not in own] or None,
        use_cache=node.depends is None or node.depends.use_cache,
        path=path,
        scope="function" if node.depends is None else node.depends.scope,
        depends=node.depends,
        dependencies=[dependant_of(child, path, asked) for asked, child in node.children],
    )
    for source in node.sources:
        if isinstance(source, Input):
            getattr(dependant, PARAMS[source.location]).append(field_of(source))
        elif isinstance(source, Injected):
            setattr(dependant, INJECTED[source.kind], source.name)
    return dependant


def get_dependant(
    *,
    path: str,
    call: Callable[..., Any],
    name: str | None = None,
    own_oauth_scopes: list[str] | None = None,
    parent_oauth_scopes: list[str] | None = None,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    conventions: Conventions = FASTAPI,
) -> Dependant:
    """Return the dependant of a callable on a path."""
    dependant = dependant_of(grow_tree(read_declaration(call), (), frozenset(names_in(path)), conventions), path, name)
    dependant.own_oauth_scopes, dependant.parent_oauth_scopes = own_oauth_scopes, parent_oauth_scopes
    dependant.use_cache, dependant.scope = use_cache, scope
    return dependant


def get_parameterless_sub_dependant(*, depends: Depends, path: str, conventions: Conventions = FASTAPI) -> Dependant:
    """Return the dependant of a dependency whose result is not used."""
    growth = Growth(frozenset(names_in(path)), conventions, {})
    return dependant_of(grow_dependency(depends, growth, (), (), path), path)


def get_flat_params(dependant: Dependant) -> list[ModelField]:
    """Return all path, query, header and cookie parameters of a dependant and of everything below it, models as fields."""
    found = list(dependant.walk())
    kinds = ("path_params", "query_params", "header_params", "cookie_params")
    return [flat for kind in kinds for each in found for entry in getattr(each, kind) for flat in flattened(entry)]


def flattened(entry: ModelField) -> list[ModelField]:
    """Return the fields of a parameter model, or the field itself."""
    model = entry.field_info.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return [entry]
    return [ModelField(info, name) for name, info in model.model_fields.items()]


def get_flat_body_params(dependant: Dependant) -> list[ModelField]:
    """Return all body parameters of a dependant and of everything below it."""
    return [entry for each in dependant.walk() for entry in each.body_params]


def should_embed(body_params: Sequence[ModelField]) -> bool:
    """Return whether a JSON body is an object whose members are the parameters."""
    if not body_params:
        return False
    first = body_params[0].field_info
    if len({entry.name for entry in body_params}) > 1 or getattr(first, "embed", None):
        return True
    return isinstance(first, (markers.Form, markers.File)) and not shapes.is_model(first.annotation)


def get_body_field(*, body_params: Sequence[ModelField], name: str, embed_body_fields: bool) -> ModelField | None:
    """Return the whole body as one field; None if there is none.

    Parameters:
        name: the operation id, after which the model of an embedded body is named.
        embed_body_fields: whether the body is an object whose members are the parameters.
    """
    if not body_params:
        return None
    if not embed_body_fields:
        return body_params[0]
    members: dict[str, Any] = {entry.name: (entry.field_info.annotation, entry.field_info) for entry in body_params}
    kinds = [type(entry.field_info) for entry in body_params]
    kind = next((kind for kind in (markers.File, markers.Form) if kind in kinds), markers.Body)
    is_required = any(entry.field_info.is_required() for entry in body_params)
    marker = kind(alias="body") if is_required else kind(None, alias="body")
    marker.annotation = create_model(f"Body_{name}", **members)
    infos = [entry.field_info for entry in body_params]
    media_types = {info.media_type for info in infos if isinstance(info, markers.Body)}
    if kind is markers.Body and len(media_types) == 1:
        marker.media_type = media_types.pop()
    return ModelField(marker, "body")


def create_model_field(
    name: str,
    type_: Any,
    default: Any = PydanticUndefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Literal["validation", "serialization"] = "validation",
) -> ModelField:
    """Create a field of a type."""
    info = deepcopy(field_info) if field_info is not None else FieldInfo(default=default, alias=alias)
    info.annotation = type_
    created = ModelField(info, name, mode)
    check_type(type_, name)
    return created


def get_typed_signature(call: Callable[..., Any]) -> inspect.Signature:
    """Return the parameters of a callable with their annotations resolved."""
    names = Namespace(globals_of(call), call)
    parameters = [
        parameter.replace(annotation=resolve(parameter.annotation, names))
        for parameter in read_signature(call).parameters.values()
    ]
    return inspect.Signature(parameters)


def get_typed_annotation(annotation: Any, globalns: dict[str, Any]) -> Any:
    """Resolve an annotation that may be a string."""
    return resolve(annotation, Namespace(globalns))


def get_typed_return_annotation(call: Callable[..., Any]) -> Any:
    """Return the resolved return annotation of a callable; None if it has none."""
    returns = read_signature(call).return_annotation
    return None if returns is inspect.Signature.empty else resolve(returns, Namespace(globals_of(call), call))


def lenient_issubclass(cls: Any, class_or_tuple: Any) -> bool:
    """Return whether something is a subclass; anything that is no class is none."""
    try:
        return isinstance(cls, type) and issubclass(cls, class_or_tuple)
    except TypeError:
        return False
