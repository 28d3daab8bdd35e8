"""Show what an endpoint reads or returns as FastAPI's `ModelField`, and read such a field as an input of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticUndefined, SchemaSerializer, SchemaValidator

from typeway.compat.shapes.conventions import FASTAPI
from typeway.datastructures import Default
from typeway.declare import markers, shapes
from typeway.declare.classify import Candidate, Input, annotated, build_input
from typeway.declare.signature import Parameter
from typeway.plan.fields import check_type, field_schema_of

# What stands for an option that was not given.
UNSET: Final[Any] = Default(None)


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
    source: Input | None = field(default=None, repr=False, compare=False)  # the input that the field shows

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

    @property
    def built(self) -> tuple[SchemaValidator, SchemaSerializer]:
        """Return what validates and what serializes, made again when the options have changed."""
        now = [getattr(self.field_info, name) for name in FieldInfo.__slots__]
        kept = vars(self).get("_built")
        if kept is None or kept[0] != now:
            schema = self.schema
            kept = now, (SchemaValidator(schema), SchemaSerializer(schema))
            vars(self)["_built"] = kept
        made: tuple[SchemaValidator, SchemaSerializer] = kept[1]
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_built"}

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
            return self.built[0].validate_python(value, from_attributes=True), []
        except ValidationError as error:
            found = error.errors(include_url=False)
            return None, [{**entry, "loc": (*loc, *entry["loc"])} for entry in found]

    def serialize(self, value: Any, **options: Any) -> Any:
        """Return the value as JSON values."""
        return self.built[1].to_python(value, **{"mode": "json", "by_alias": True, **options})

    def serialize_json(self, value: Any, **options: Any) -> bytes:
        """Return the value as JSON."""
        return self.built[1].to_json(value, **{"by_alias": True, **options})

    def __hash__(self) -> int:
        return id(self)


def field_of(entry: Input) -> ModelField:
    """Return the field that shows one input."""
    marker = copy(entry.marker)
    marker.annotation = get_args(entry.annotation)[0] if get_origin(entry.annotation) is Annotated else entry.annotation
    marker.metadata = [*marker.metadata, *entry.metadata]
    return ModelField(marker, entry.name, source=entry)


def input_of(field: ModelField) -> Input:
    """Return the input that a field describes: the one that it shows, with what has been changed since."""
    info, source = field.field_info, field.source
    if source is not None and isinstance(info, markers.Marker) and source.location == info.location:
        if field.name != source.name and not (info.alias or info.validation_alias):
            info = info.with_changes({"alias": source.name})  # its wire name stays
        shown = field_of(source).field_info
        if (info.annotation, info.metadata) == (shown.annotation, shown.metadata):
            return replace(source, name=field.name, marker=info)
        if not source.is_group:
            return replace(source, name=field.name, marker=info, annotation=annotated(info.annotation, (), info))
    marker = info if isinstance(info, markers.Marker) else markers.Body(info.default)
    parameter = Parameter(field.name, info.annotation, default=marker)
    return build_input(Candidate(parameter, (), field.name, FASTAPI), marker, PydanticUndefined)


def flattened(entry: ModelField) -> list[ModelField]:
    """Return the fields of a parameter model, or the field itself."""
    model = entry.field_info.annotation
    return fields_of_model(model) if isinstance(model, type) and issubclass(model, BaseModel) else [entry]


@lru_cache
def fields_of_model(model: type[BaseModel]) -> list[ModelField]:
    """Return the fields of a model; the same objects each time, because they are keys of mappings."""
    return [ModelField(info, name) for name, info in model.model_fields.items()]


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
    """Create a field of a type; the type of a given `field_info` is the one that it has, as in FastAPI."""
    created = ModelField(field_info or FieldInfo(annotation=type_, default=default, alias=alias), name, mode)
    check_type(type_, name)
    return created
