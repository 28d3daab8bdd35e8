"""Accept merge patches (RFC 7396): of a model only what changes, and null where something is to be taken away."""

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
from typeway.derive.blueprint import Blueprint, Part
from typeway.derive.models import EveryField, Model, Recipe, derive, is_derivable

MEDIA_TYPE: Final = "application/merge-patch+json"


class Members(dict[Any, Any]):
    """What a patch says of the members of a mapping; None takes one away."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        mapping = types.GenericAlias(dict, get_args(source))
        return core_schema.no_info_after_validator_function(cls, handler.generate_schema(mapping))


@dataclass(frozen=True, slots=True)
class NullRemoves:
    """Metadata of a field that may be taken away."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = core_schema.nullable_schema(handler(source))
        written = core_schema.wrap_serializer_function_ser_schema(write_removed, schema=schema)
        return core_schema.no_info_wrap_validator_function(read_removed, schema, serialization=written)


def read_removed(value: Any, validate: Callable[[Any], Any]) -> Any:
    return REMOVED if value is None else validate(value)


def write_removed(value: Any, serialize: Callable[[Any], Any]) -> Any:
    return None if value is REMOVED else serialize(value)


class MergePatchRecipe(EveryField):
    """Nothing need be sent, and null removes."""

    suffix = "MergePatch"
    is_patch = True
    removes = True

    def change(self, model: type[BaseModel], blueprint: Blueprint) -> Blueprint:
        """The blueprint with every part changed, and the media type that it is sent as."""
        # PEP 8 leaves such names to the language; Pydantic takes all others in a class for fields.
        return replace(super().change(model, blueprint), members={"__media_type__": MEDIA_TYPE})

    def change_part(self, part: Part) -> Part:
        """The field, which may be absent; what has a value without being sent may also be null."""
        changed = part.optional(self.merged(part))
        if part.fallback is None:
            return changed
        return replace(changed, metadata=(*changed.metadata, NullRemoves()))

    def merged(self, part: Part) -> Any:
        """The type of what a patch says of a field; one with validators of its own stays as it is."""
        own = [entry for entry in part.metadata if hasattr(entry, "__get_pydantic_core_schema__")]
        if any(not isinstance(entry, Recipe) for entry in own):
            return part.annotation
        return self.merged_type(part.annotation)

    def merged_type(self, annotation: Any) -> Any:
        """The type of a patch of a value: models and mappings are patched, all else is replaced (section 2)."""
        if is_derivable(annotation):
            return derive(annotation, self)
        if annotation is dict or get_origin(annotation) is dict:
            key, value = get_args(annotation) or (str, Any)
            return types.GenericAlias(Members, (key, Union[self.merged_type(value), None]))  # noqa: UP007
        members = get_args(annotation) if is_union(annotation) else ()
        if len(members) == 2 and NoneType in members:
            inner = next(member for member in members if member is not NoneType)
            return Union[self.merged_type(inner), None]  # a derived model may still be a name  # noqa: UP007
        return annotation


MERGE_PATCH: Final = MergePatchRecipe()

if TYPE_CHECKING:
    MergePatch = Annotated[Model, MERGE_PATCH]
else:

    class MergePatch:
        """A patch of a model in a body of `application/merge-patch+json` (RFC 7396): `MergePatch[Task]`.

        What is absent stays as it is, null removes: the field takes its default, or a mapping loses the member. A
        field that must have a value cannot be removed. Models and mappings in fields are patched as well; lists are
        replaced. `changes()` and `apply()` read it.

        Example:
            ```python
            @app.patch("/tasks/{task_id}")
            async def patch_task(task: Annotated[TaskRow, Depends(get_task)], patch: MergePatch[Task]) -> Task:
                apply(patch, task)
                return task
            ```
        """

        def __class_getitem__(cls, model: Any) -> Any:
            return derive(model, MERGE_PATCH)
