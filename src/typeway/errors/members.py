"""Write the members of a Problem as its class annotates them, which is how the OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final, get_origin, get_type_hints

from pydantic_core import PydanticSerializationError, SchemaSerializer

from typeway.declare.problem import Problem
from typeway.encoders import jsonable_encoder
from typeway.exceptions import DeclarationError, declaration_error
from typeway.plan.fields import build_model

MOST_CLASSES: Final = 512  # an application has fewer; classes that functions define must not stay for ever


def members_of(kind: type[Problem]) -> dict[str, Any]:
    """The members that a problem's class annotates, without those of all problems.

    Raises:
        DeclarationError: an annotation names what is not defined.
    """
    try:
        hints = get_type_hints(kind, include_extras=True)
    except NameError as error:
        raise declaration_error(
            f"{kind.__qualname__} annotates a member with the name {error.name!r}, which is not defined.",
            hint="Import the name at run time, outside `if TYPE_CHECKING`.",
            where=kind.__module__,
            also=NameError,
        ) from error
    common = get_type_hints(Problem)
    return {
        name: hint
        for name, hint in hints.items()
        if name not in common and hint is not ClassVar and get_origin(hint) is not ClassVar
    }


def encoded_members(error: Problem, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return members of a problem's response as JSON values: by the type that its class annotates, or else by their own."""
    kind: Any = type(error)
    serializers = serializers_of(kind) if error.members else {}
    return {name: encoded(value, serializers.get(name)) for name, value in members.items()}


@lru_cache(maxsize=MOST_CLASSES)
def serializers_of(kind: type[Problem]) -> Mapping[str, SchemaSerializer]:
    """Return the serializer of each member that a class annotates; of none if an annotation is wrong.

    Such an annotation is an error of the document. The client gets its answer nevertheless.
    """
    try:
        return {name: build_model(hint, kind.__module__).serializer for name, hint in members_of(kind).items()}
    except DeclarationError:
        return {}


def encoded(value: Any, serializer: SchemaSerializer | None) -> Any:
    """Return one value as JSON; a value of another type than the annotation says is written as what it is."""
    if serializer is not None:
        try:
            return serializer.to_python(value, mode="json", by_alias=True, warnings=False)
        except PydanticSerializationError:
            pass
    return jsonable_encoder(value)
