"""Offer the functions by which plugins make JSON Schemas and parts of OpenAPI documents of fields and dependants."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeAlias, get_args

from pydantic import BaseModel

from typeway.compat.shapes.dependant import Dependant
from typeway.compat.shapes.fields import ModelField, flattened, input_of
from typeway.compat.shapes.trees import node_of
from typeway.declare.markers import Marker
from typeway.describe.document import without_none
from typeway.describe.failures import Failures
from typeway.describe.operation import describe_operation
from typeway.describe.parameters import examples_of
from typeway.describe.schemas import COMPONENT, Components
from typeway.encoders import jsonable_encoder
from typeway.plan.fields import DocumentSchema, has_computed_fields
from typeway.security.base import SecurityBase

Mode: TypeAlias = Literal["validation", "serialization"]
Named: TypeAlias = type[BaseModel] | type[Enum]
ModelNameMap: TypeAlias = dict[Named, str]
FieldMapping: TypeAlias = dict[tuple[ModelField, Mode], dict[str, Any]]


def get_flat_models_from_fields(fields: Sequence[ModelField], known_models: set[Named]) -> set[Named]:
    """Add the models and enumerations in the types of fields, at any depth, to a set, and return the set."""
    for entry in fields:
        collect_models(entry.field_info.annotation, known_models)
    return known_models


def collect_models(annotation: Any, known: set[Named]) -> None:
    """Add the models and enumerations in a type to a set."""
    if isinstance(annotation, type) and issubclass(annotation, (BaseModel, Enum)):
        if annotation not in known:
            known.add(annotation)
            members = annotation.model_fields.values() if issubclass(annotation, BaseModel) else ()
            for member in members:
                collect_models(member.annotation, known)
        return
    for part in get_args(annotation):
        collect_models(part, known)


def get_model_name_map(unique_models: Iterable[Named]) -> ModelNameMap:
    """Return the names of models and enumerations."""
    return {model: model.__name__ for model in {model.__name__: model for model in unique_models}.values()}


def get_definitions(
    *, fields: Sequence[ModelField], model_name_map: ModelNameMap, separate_input_output_schemas: bool = True
) -> tuple[FieldMapping, dict[str, dict[str, Any]]]:
    """Return the JSON Schemas of fields, by field and mode, and the components to which they refer.

    Parameters:
        fields: the fields.
        model_name_map: not used, because Pydantic names the components.
        separate_input_output_schemas: whether a model may have two components, one to read and one to write.
    """
    wanted: list[Any] = [(entry, mode_of(entry, separate_input_output_schemas), entry.schema) for entry in fields]
    found: Any
    found, definitions = DocumentSchema(ref_template=COMPONENT + "{model}").generate_definitions(wanted)
    described: dict[str, dict[str, Any]] = {str(name): schema for name, schema in definitions.items()}
    for schema in described.values():
        if "description" in schema:
            schema["description"] = schema["description"].split("\f")[0]
    return found, described


def mode_of(entry: ModelField, separate: bool) -> Mode:
    """Return the mode in which a field is described."""
    return entry.mode if separate or has_computed_fields(entry.schema) else "validation"


def get_schema_from_model_field(
    *,
    field: ModelField,
    model_name_map: ModelNameMap,
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
    field_alias: str | None = None,
) -> dict[str, Any]:
    """Return the JSON Schema of one field, among those that `get_definitions` has returned."""
    schema = dict(field_mapping[field, mode_of(field, separate_input_output_schemas)])
    if "$ref" not in schema:
        own = field.validation_alias if field.mode == "validation" else field.serialization_alias
        name = field_alias or own or field.alias
        schema["title"] = field.field_info.title or name.title().replace("_", " ")
    return schema


@dataclass
class DependencyData:
    """The parameters and security schemes of a dependant and of everything below it."""

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    security_dependencies: list[tuple[Dependant, list[str]]] = field(default_factory=list)


def dependency_data_of(dependant: Dependant) -> DependencyData:
    """Return the parameters and security schemes of a dependant and of everything below it, each callable once."""
    data = DependencyData()
    seen: set[Hashable] = set()

    def visit(current: Dependant, scopes: list[str], *, is_root: bool) -> None:
        key = node_of(current, None, is_root=is_root).cache_key
        if key in seen:
            return
        seen.add(key)
        for name in ("path_params", "query_params", "header_params", "cookie_params"):
            getattr(data, name).extend(getattr(current, name))
        own = [*(current.parent_oauth_scopes or ()), *(current.own_oauth_scopes or ())]
        demanded = list(dict.fromkeys([*scopes, *own]))
        scheme: Any = current.call  # schemes are callable, which SecurityBase itself is not
        if not is_root and isinstance(scheme, SecurityBase):
            data.security_dependencies.append((current, demanded))
        for below in current.dependencies:
            visit(below, demanded, is_root=False)

    visit(dependant, [], is_root=True)
    return data


def security_definitions(
    security_dependencies: Sequence[tuple[Dependant, list[str]]],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the security schemes by name, and what an operation demands of them."""
    schemes: dict[str, Any] = {}
    demanded: dict[str, dict[str, None]] = {}
    for dependant, scopes in security_dependencies:
        scheme: Any = dependant.call
        schemes[scheme.scheme_name] = jsonable_encoder(scheme.model, by_alias=True, exclude_none=True)
        demanded.setdefault(scheme.scheme_name, {}).update(dict.fromkeys(scopes))
    return schemes, [{name: list(scopes)} for name, scopes in demanded.items()]


def operation_parameters(
    *,
    dependency_data: DependencyData,
    model_name_map: ModelNameMap,
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> list[dict[str, Any]]:
    """Return the Parameter Objects of the parameters of a dependant."""
    found = []
    for location in ("path", "query", "header", "cookie"):
        for parent in getattr(dependency_data, f"{location}_params"):
            if not getattr(parent.field_info, "include_in_schema", True):
                continue
            for entry in flattened(parent):
                info, (alias, name) = entry.field_info, names_of(entry, parent, location)
                shown = {
                    "name": name,
                    "in": location,
                    "required": info.is_required(),
                    "schema": get_schema_from_model_field(
                        field=entry,
                        model_name_map=model_name_map,
                        field_mapping=field_mapping,
                        separate_input_output_schemas=separate_input_output_schemas,
                        field_alias=alias,
                    ),
                    "description": info.description or None,
                    **jsonable_encoder(examples_of(info)),
                    "deprecated": bool(info.deprecated) or None,
                }
                found.append(without_none(shown))
    return found


def names_of(entry: ModelField, parent: ModelField, location: str) -> tuple[str, str]:
    """Return the alias of a parameter, which may be a field of a parameter model, and its wire name."""
    if isinstance(entry.field_info, Marker):
        wire = input_of(entry).wire
        return wire, wire
    alias = entry.validation_alias or entry.alias
    converts = location == "header" and getattr(parent.field_info, "convert_underscores", True)
    return alias, alias.replace("_", "-") if converts and alias == entry.name else alias


def get_openapi_operation_request_body(
    *,
    body_field: ModelField | None,
    model_name_map: ModelNameMap,
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> dict[str, Any] | None:
    """Return the Request Body Object of a body; None if there is none."""
    if body_field is None:
        return None
    info: Any = body_field.field_info
    schema = get_schema_from_model_field(
        field=body_field,
        model_name_map=model_name_map,
        field_mapping=field_mapping,
        separate_input_output_schemas=separate_input_output_schemas,
    )
    required = {"required": True} if info.is_required() else {}
    return {**required, "content": {info.media_type: {"schema": schema, **jsonable_encoder(examples_of(info))}}}


def get_openapi_operation_metadata(*, route: Any, method: str, operation_ids: set[str]) -> dict[str, Any]:
    """Return tags, summary, description, operation id and deprecation of one method of a route."""
    operation_id = route.operation_id or route.unique_id
    operation_ids.add(operation_id)
    shown = {
        "tags": route.tags or None,
        "summary": route.summary or route.name.replace("_", " ").title(),
        "description": route.description or None,
        "operationId": operation_id,
        "deprecated": route.deprecated or None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def get_openapi_path(
    *,
    route: Any,
    operation_ids: set[str],
    model_name_map: ModelNameMap,
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the Path Item Object of a route, the security schemes that it needs, and its components."""
    if not route.include_in_schema:
        return {}, {}, {}
    components = Components(separate=separate_input_output_schemas, failures=Failures("detail").responses)
    components.ids = operation_ids
    item = describe_operation(route.to_operation(), components)
    described = components.describe()
    shown: dict[str, Any] = without_none(item)
    schemes = jsonable_encoder(components.guards, by_alias=True, exclude_none=True)
    return shown, schemes, described.get("schemas", {})
