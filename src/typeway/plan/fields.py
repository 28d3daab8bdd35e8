"""Build validators and serializers from types: the only file that touches Pydantic's internals."""

import functools
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import SchemaError, SchemaValidator, core_schema, to_jsonable_python
from pydantic_core.core_schema import CoreSchema

from typeway.declare import shapes
from typeway.declare.annotation import is_union, missing_names, parts_of
from typeway.declare.markers import Param
from typeway.exceptions import DeclarationError, PydanticV1NotSupportedError, declaration_error

# Immutable values, which need no copy for each request.
IMMUTABLE: Final = (type(None), bool, int, float, complex, str, bytes, Enum)

# Types of the standard library whose schemas never change.
STANDARD: Final = (
    None, type(None), Any, bool, int, float, complex, str, bytes, list, dict, set, frozenset, tuple, date, datetime, time,
    timedelta, Decimal, UUID,
)  # fmt: skip

ANSWER_HINT: Final = (
    "Annotate what is returned with a Pydantic model, a dataclass or a standard type, or pass response_model=None."
)

# The core schema, the `validator` and the `serializer` of a type.
Model = TypeAdapter[Any]


def schema_of(annotation: Any, where: str, hint: Callable[[], str] | None = None) -> CoreSchema:
    """Return the core schema of a type; see `build_model`."""
    if shapes.is_subclass(annotation, BaseModel) and annotation.__pydantic_complete__:
        own: CoreSchema = annotation.__pydantic_core_schema__
        return own
    return build_model(annotation, where, hint).core_schema


def build_model(annotation: Any, where: str, hint: Callable[[], str] | None = None) -> Model:
    """Return Pydantic's core schema, validator and serializer of a type.

    Parameters:
        where: the place for an error.
        hint: returns the hint for the type of a parameter that Pydantic does not support; None for a response type.

    Raises:
        DeclarationError: Pydantic does not accept the type; if it is also a NameError, a name in it is not defined yet.
    """
    if is_standard(annotation):
        return build_standard_model(annotation, repr(annotation))
    refuse_version_1(annotation, where)
    for name in missing_names(annotation):
        # Pydantic would look for it among its own names.
        raise undefined_in(annotation, name, where)
    try:
        model: Model = TypeAdapter(annotation)
        model.rebuild(raise_errors=True)
        return model
    except (PydanticSchemaGenerationError, KeyError) as error:  # of a dict it reads the key "type"
        problem = f"{annotation!r} is not a type that Pydantic can validate."
        if hint is None:
            problem = f"Invalid args for response field! {problem}"
        raise declaration_error(problem, hint=ANSWER_HINT if hint is None else hint(), where=where) from error
    except SchemaError as error:
        raise declaration_error(
            f"Pydantic cannot build a validator for {annotation!r}: {' '.join(str(error).split())}",
            hint="Correct the constraint; patterns are regular expressions of Rust's regex crate.",
            where=where,
        ) from error
    except PydanticUserError as error:
        raise declaration_error(
            f"Pydantic does not accept the type {annotation!r}: {error.message}.",
            hint=f"See https://errors.pydantic.dev/latest/u/{error.code}" if error.code else "Correct the type.",
            where=where,
        ) from error
    except NameError as error:
        raise undefined_in(annotation, str(error.name), where) from error


def undefined_in(annotation: Any, name: str, where: str) -> DeclarationError:
    """Return the error for a name in a type that is not defined."""
    problem = f"the annotation {annotation!r} uses the name {name!r}, which is not defined."
    hint = "Import the name at run time, outside `if TYPE_CHECKING`."
    return declaration_error(problem, hint=hint, where=where, also=NameError)


@shapes.cached
def is_standard(annotation: Any) -> bool:
    """Whether a type consists of types of the standard library only."""
    arguments = get_args(annotation)
    outermost = get_origin(annotation) if arguments else annotation
    is_known = is_union(annotation) or any(outermost is known for known in STANDARD)
    return is_known and all(map(is_standard, arguments))


@functools.lru_cache(maxsize=1024)
def build_standard_model(annotation: Any, _spelling: str) -> Model:
    """Return the model of a standard type; it is built once, which takes 16 to 100 us.

    The spelling distinguishes unions that are equal but have another order, in which Pydantic tries their members.
    """
    return TypeAdapter(annotation)


def taken_as_it_is(model: Model) -> type[Any] | None:
    """Return the class whose instances Pydantic returns without validation; None if it validates instances."""
    schema: Any = model.core_schema
    if schema["type"] == "definitions":  # a model that contains another model twice, or itself
        named = {definition["ref"]: definition for definition in schema["definitions"]}
        schema = named.get(schema["schema"].get("schema_ref"), schema["schema"])
    is_taken = schema["type"] == "model" and schema.get("config", {}).get("revalidate_instances", "never") == "never"
    return schema["cls"] if is_taken else None


def refuse_version_1(annotation: Any, where: str) -> None:
    """Raise an error for a model of pydantic.v1 anywhere in an annotation."""
    for part in parts_of(annotation):
        if any(base.__module__.startswith("pydantic.v1") for base in getattr(part, "__mro__", ())):
            raise declaration_error(
                f"pydantic.v1 models are not supported: {part!r}.",
                hint="Derive the model from pydantic.BaseModel.",
                where=where,
                also=PydanticV1NotSupportedError,
            )


def shaped_union(union: CoreSchema, reshapes: Mapping[type[Any], Callable[[Any], Any]]) -> CoreSchema:
    """Return the schema of a union, perhaps inside validators and `None`, with a function before each of its models."""
    definitions: dict[str, Any] = {}

    def model_of(schema: Any) -> Any:
        """Return the model that a schema validates, inside validators and references; None for other schemas."""
        while schema is not None and schema["type"] != "model":
            schema = definitions.get(schema.get("schema_ref")) or schema.get("schema")
        return schema and schema["cls"]

    def labelled(choice: Any) -> Any:
        """Return a member of a union; its label in error locations is its tag or model, not a validator around it."""
        schema, label = choice if isinstance(choice, tuple) else (choice, None)
        model = model_of(schema)
        label = label or (model and model.__name__)
        return shaped(schema) if label is None else (shaped(schema), label)

    def shaped(schema: Any) -> Any:
        if (model := model_of(schema)) is not None:
            return core_schema.no_info_before_validator_function(reshapes[model], schema)
        if schema["type"] == "definitions":
            definitions.update({definition["ref"]: definition for definition in schema["definitions"]})
        if schema["type"] == "union":
            return {**schema, "choices": [labelled(choice) for choice in schema["choices"]]}
        if schema["type"] == "tagged-union":
            return {**schema, "choices": {tag: shaped(choice) for tag, choice in schema["choices"].items()}}
        return {**schema, "schema": shaped(schema["schema"])} if "schema" in schema else schema

    whole: CoreSchema = shaped(union)
    return whole


def with_default(schema: CoreSchema, field: FieldInfo) -> CoreSchema:
    """Return a schema with the default of a field; each request gets its own copy of a mutable default."""
    if field.is_required():
        return schema
    if schema["type"] == "definitions":  # they stay outermost, see `mapping_schema`
        return {**schema, "schema": with_default(schema["schema"], field)}
    validate = bool(field.validate_default)
    if field.default_factory is None and isinstance(field.default, IMMUTABLE):
        return core_schema.with_default_schema(schema, default=field.default, validate_default=validate)
    factory = field.default_factory or functools.partial(deepcopy, field.default)
    return core_schema.with_default_schema(schema, default_factory=factory, validate_default=validate)


def validator_of(schema: CoreSchema, *, prebuilt: bool = True) -> SchemaValidator:
    """Return the validator of a core schema.

    Parameters:
        prebuilt: whether models are validated by their own validators, which need no time to build; not where their
            schemas have been changed.
    """
    return SchemaValidator(schema, _use_prebuilt=prebuilt)


def mapping_schema(fields: Mapping[str, tuple[CoreSchema, bool]]) -> CoreSchema:
    """Return one schema for a flat mapping, from a schema for each name and whether a value is required.

    Definitions in the schemas (of recursive models) are moved to the top, where pydantic-core requires them.
    """
    definitions: dict[str, Any] = {}
    members = {}
    for name, (schema, required) in fields.items():
        inside = schema
        if schema["type"] == "definitions":
            held: list[Any] = schema["definitions"]
            definitions.update({definition["ref"]: definition for definition in held})
            inside = schema["schema"]
        members[name] = core_schema.typed_dict_field(inside, required=required)
    whole = core_schema.typed_dict_schema(members)
    return core_schema.definitions_schema(whole, list(definitions.values()))


def check_type(annotation: Any, where: str, hint: Callable[[], str] | None = None) -> None:
    """Raise an error now for a type that Pydantic does not support; names in it may still be defined later."""
    # Pydantic itself checks the fields of a model, when the model is complete.
    if shapes.is_subclass(annotation, BaseModel) or is_standard(annotation):
        return
    try:
        schema_of(annotation, where, hint)
    except NameError:
        pass


def field_schema_of(field: FieldInfo, where: str) -> CoreSchema:
    """Return the core schema of one field of a model, with its default, as if the field were a parameter."""
    # Outside a model, Pydantic warns of a Field() with an alias or `deprecated`, but not of a marker.
    lone = Param()
    for name in FieldInfo.__slots__:
        setattr(lone, name, getattr(field, name))
    return schema_of(Annotated[field.annotation, lone], where)


def texts_of(field: FieldInfo, title: str | None = None) -> dict[str, Any]:
    """Return the title, description and examples of a field as metadata of a core schema."""
    updates = {
        "title": field.title or title,
        "description": field.description,
        "deprecated": bool(field.deprecated) or None,
        "examples": to_jsonable_python(field.examples),
    }
    return {
        "pydantic_js_updates": {name: value for name, value in updates.items() if value is not None},
        "pydantic_js_extra": field.json_schema_extra,
    }


def described_schema(schema: CoreSchema, field: FieldInfo) -> CoreSchema:
    """Return a schema with the title, description and examples of a field.

    `TypeAdapter(Annotated[...])` would do the same, but for a recursive model Pydantic 2.14 writes them into the schema
    of the model itself, so that they would appear wherever the model is used.
    """
    texts = texts_of(field)
    if not texts["pydantic_js_updates"] and not texts["pydantic_js_extra"]:
        return schema
    if schema["type"] == "definitions":
        return {**schema, "schema": described_schema(schema["schema"], field)}
    reference = schema.get("ref")
    if isinstance(reference, str):
        shown = core_schema.definition_reference_schema(reference, metadata=texts)
        return core_schema.definitions_schema(shown, [schema])
    metadata = schema.get("metadata", {})
    texts["pydantic_js_updates"] = {**metadata.get("pydantic_js_updates", {}), **texts["pydantic_js_updates"]}
    changed: Any = {**schema, "metadata": {**metadata, **texts}}
    described: CoreSchema = changed
    return described


def has_computed_fields(part: Any) -> bool:
    """Whether a core schema contains computed fields, which are in responses only."""
    if isinstance(part, dict):
        inner = [value for key, value in part.items() if key != "metadata"]
        return bool(part.get("computed_fields")) or has_computed_fields(inner)
    return isinstance(part, (list, tuple)) and any(map(has_computed_fields, part))


class DocumentSchema(GenerateJsonSchema):
    """Generates JSON Schemas for OpenAPI 3.1, which describes bytes by their media type and encoding."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        """Return the JSON Schema of bytes (JSON Schema 2020-12, validation, section 8)."""
        described: JsonSchemaValue = {"type": "string", "contentMediaType": "application/octet-stream"}
        config = self._config
        if (config.ser_json_bytes if self.mode == "serialization" else config.val_json_bytes) == "base64":
            described["contentEncoding"] = "base64"
        self.update_with_validations(described, schema, self.ValidationsMapping.bytes)
        return described

    def encode_default(self, dft: Any) -> Any:
        """Return the JSON value of a default."""
        # PERF: Pydantic builds a TypeAdapter for each default, a fifth of the time for a document. These need none.
        return dft if type(dft) in (type(None), bool, int, str) else super().encode_default(dft)
