"""Accept merge patches (RFC 7396): a body has only the fields that change, and null removes a value."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from typeway.declare.annotation import is_union
from typeway.derive.absence import REMOVED
from typeway.derive.blueprint import Blueprint, FieldDefinition
from typeway.derive.models import EveryField, Model, Recipe, derive, derive_here, is_derivable

MEDIA_TYPE: Final = "application/merge-patch+json"


class Members(dict[Any, Any]):
    """The members of a mapping that a merge patch changes; None removes a member."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        mapping = types.GenericAlias(dict, get_args(source))
        return core_schema.no_info_after_validator_function(cls, handler.generate_schema(mapping))


@dataclass(frozen=True, slots=True)
class NullRemoves:
    """Metadata of a field that null removes."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = core_schema.nullable_schema(handler(source))
        written = core_schema.wrap_serializer_function_ser_schema(write_removed, schema=schema)
        return core_schema.no_info_wrap_validator_function(read_removed, schema, serialization=written)


def read_removed(value: Any, validate: Callable[[Any], Any]) -> Any:
    return REMOVED if value is None else validate(value)


def write_removed(value: Any, serialize: Callable[[Any], Any]) -> Any:
    return None if value is REMOVED else serialize(value)


class MergePatchRecipe(EveryField):
    """The recipe of MergePatch: no field is required, and null removes a field that has a default."""

    suffix = "MergePatch"
    is_patch = True
    removes = True

    def change(self, model: type[BaseModel], blueprint: Blueprint) -> Blueprint:
        """Return the blueprint with every field changed, and with the media type of merge patches."""
        # Pydantic takes other names in a class for fields; PEP 8 reserves names with double underscores.
        return replace(super().change(model, blueprint), members={"__media_type__": MEDIA_TYPE})

    def change_field(self, definition: FieldDefinition) -> FieldDefinition:
        """Return the field as one that may be absent; if it has a default, it may also be null."""
        changed = definition.optional(self.patch_of_field(definition))
        if definition.fallback is None:
            return changed
        return replace(changed, metadata=(*changed.metadata, NullRemoves()))

    def patch_of_field(self, definition: FieldDefinition) -> Any:
        """Return the type of the field in a patch; a type with validators of its own does not change."""
        own = [entry for entry in definition.metadata if hasattr(entry, "__get_pydantic_core_schema__")]
        if any(not isinstance(entry, Recipe) for entry in own):
            return definition.annotation
        return self.patch_of(definition.annotation)

    def patch_of(self, annotation: Any) -> Any:
        """Return the type of a patch of a value: models and mappings are patched, anything else is replaced (section 2)."""
        if is_derivable(annotation):
            return derive(annotation, self)
        if annotation is dict or get_origin(annotation) is dict:
            key, value = get_args(annotation) or (str, Any)
            return types.GenericAlias(Members, (key, Union[self.patch_of(value), None]))  # noqa: UP007
        members = get_args(annotation) if is_union(annotation) else ()
        if len(members) == 2 and NoneType in members:
            inner = next(member for member in members if member is not NoneType)
            return Union[self.patch_of(inner), None]  # derive() may return a ForwardRef  # noqa: UP007
        return annotation


MERGE_PATCH: Final = MergePatchRecipe()

if TYPE_CHECKING:
    MergePatch = Annotated[Model, MERGE_PATCH]
else:

    class MergePatch:
        """A patch of a model, from a body of type `application/merge-patch+json` (RFC 7396): `MergePatch[Task]`.

        Fields that are absent do not change. Null removes: the field takes its default, or a mapping loses the member.
        A field without a default cannot be removed. Models and mappings in fields are patched as well; lists are
        replaced. `changes()` and `apply()` read the patch.

        Example:
            ```python
            @app.patch("/tasks/{task_id}")
            async def patch_task(task: Annotated[TaskRow, Depends(get_task)], patch: MergePatch[Task]) -> Task:
                apply(patch, task)
                return task
            ```
        """

        def __class_getitem__(cls, model: Any) -> Any:
            return derive_here(model, MERGE_PATCH)
