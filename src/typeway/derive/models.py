"""Derive models from a model: with some of its fields, with all of them optional, or with all of them required."""

from __future__ import annotations

import difflib
import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, ForwardRef, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler, RootModel
from pydantic_core import CoreSchema

from typeway.declare.annotation import is_union
from typeway.derive.blueprint import Blueprint, Part, build_class
from typeway.exceptions import DeclarationError, declaration_error

Model = TypeVar("Model")

# Where a model keeps what was derived from it: both live and end together.
DERIVED: Final = "__typeway_derived__"
# What a derived model knows of itself.
BLUEPRINT: Final = "__typeway_blueprint__"

LONGEST_NAME: Final = 60

LOCK: Final = threading.RLock()


class Recipe:
    """How to make a model from another. It is metadata for `Annotated`, and its equals make the same model."""

    key: tuple[Any, ...]
    is_patch: ClassVar[bool] = False
    removes: ClassVar[bool] = False

    def __hash__(self) -> int:
        return hash((type(self), self.key))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recipe) and type(other) is type(self) and other.key == self.key

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.key}"

    def derived_type(self, annotation: Any) -> Any:
        """The model that takes the place of the one that this stands beside."""
        return derive(annotation, self)

    def change(self, model: type[BaseModel], blueprint: Blueprint) -> Blueprint:
        """The parts of the derived model, and its name."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: Any = handler(source)
        while schema["type"] != "model":
            inner = schema.get("schema")
            if schema["type"] == "definition-ref":
                inner = handler.resolve_ref_schema(schema)
            if inner is None:
                raise no_model(source, self)
            schema = inner
        return handler.generate_schema(derive(schema["cls"], self))


class Selection(Recipe):
    """Fields by their names, and the name of the model that has them.

    Parameters:
        fields: names of fields, and of computed fields.
        name: the derived model's name, for the documentation; made of the fields' names unless given.
    """

    def __init__(self, *fields: str, name: str | None = None) -> None:
        self.fields = frozenset(fields)
        self.name = name
        self.key = (*sorted(self.fields), name)

    def change(self, model: type[BaseModel], blueprint: Blueprint) -> Blueprint:
        """The blueprint with the fields that stay.

        Raises:
            DeclarationError: the model has no such field.
        """
        known = [*blueprint.parts, *blueprint.computed]
        check_names(model, self.fields, known)
        kept = [name for name in known if self.keeps(name)]
        if not any(name in blueprint.parts for name in kept):
            raise declaration_error(
                f"{self!r} leaves no field of {model.__qualname__}.",
                hint=f"It has the fields {', '.join(blueprint.parts)}.",
                where=model.__module__,
                also=ValueError,
            )
        return replace(
            blueprint,
            name=self.name or shortened(model.__name__, type(self).__name__, [n for n in known if n in self.fields]),
            parts={name: part for name, part in blueprint.parts.items() if name in kept},
            computed=tuple(name for name in blueprint.computed if name in kept),
        )

    def keeps(self, name: str) -> bool:
        """Whether a field stays."""
        raise NotImplementedError


class Pick(Selection):
    """Only some fields of a model: `Annotated[Task, Pick("id", "title")]`.

    Parameters:
        fields: the names of the fields to keep, computed ones too.
        name: the derived model's name; "TaskPickIdTitle" unless given.

    Raises:
        DeclarationError: where it is used: the model has no such field.
    """

    def keeps(self, name: str) -> bool:
        """Whether a field stays."""
        return name in self.fields


class Omit(Selection):
    """A model without some of its fields: `Annotated[TaskCreate, Omit("priority")]`.

    Parameters:
        fields: the names of the fields to leave out, computed ones too.
        name: the derived model's name; "TaskCreateOmitPriority" unless given.

    Raises:
        DeclarationError: where it is used: the model has no such field.
    """

    def keeps(self, name: str) -> bool:
        """Whether a field stays."""
        return name not in self.fields


class EveryField(Recipe):
    """A change of all fields, of nested models too."""

    key = ()
    suffix: ClassVar[str]

    def change(self, model: type[BaseModel], blueprint: Blueprint) -> Blueprint:
        """The blueprint with every part changed."""
        parts = {name: self.change_part(part) for name, part in blueprint.parts.items()}
        return replace(blueprint, name=f"{model.__name__}{self.suffix}", parts=parts)

    def change_part(self, part: Part) -> Part:
        """One field of the derived model."""
        raise NotImplementedError


class PartialRecipe(EveryField):
    """Nothing need be sent."""

    suffix = "Partial"
    is_patch = True

    def change_part(self, part: Part) -> Part:
        """The field, which may be absent."""
        return part.optional(nested(part, self))


class AllRequiredRecipe(EveryField):
    """Everything must be sent."""

    suffix = "AllRequired"

    def change_part(self, part: Part) -> Part:
        """The field, which has no default."""
        return part.required(nested(part, self))


def nested(part: Part, recipe: Recipe) -> Any:
    """A field's type with the recipe applied to the model in it; items of lists and members of larger unions are whole.

    A type with validators of its own stays as it is: they expect what it says.
    """
    if any(hasattr(entry, "__get_pydantic_core_schema__") and not isinstance(entry, Recipe) for entry in part.metadata):
        return part.annotation
    if is_derivable(part.annotation):
        return derive(part.annotation, recipe)
    members = get_args(part.annotation) if is_union(part.annotation) else ()
    if len(members) == 2 and NoneType in members:
        model = next(member for member in members if member is not NoneType)
        if is_derivable(model):
            return Union[derive(model, recipe), None]  # a derived model may still be a name  # noqa: UP007
    return part.annotation


def is_derivable(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel) and not issubclass(annotation, RootModel)


PARTIAL: Final = PartialRecipe()
ALL_REQUIRED: Final = AllRequiredRecipe()

if TYPE_CHECKING:
    # Type checkers see the model itself: its attributes, its methods, its constructor.
    Partial = Annotated[Model, PARTIAL]
    AllRequired = Annotated[Model, ALL_REQUIRED]
else:

    class Partial:
        """A model of which nothing need be sent: `Partial[TaskCreate]`.

        Validators and constraints hold for what is sent. A field that was not sent is not there: reading it raises
        `NotSentError`, `model_dump()` leaves it out, and `changes()` tells what there is. Models in fields are partial
        as well; items of lists are whole.

        Example:
            ```python
            @app.patch("/tasks/{task_id}")
            async def update_task(task: Annotated[TaskRow, Depends(get_task)], patch: Partial[TaskCreate]) -> Task:
                apply(patch, task)
                return task
            ```
        """

        def __class_getitem__(cls, model: Any) -> Any:
            return derive(model, PARTIAL)

    class AllRequired:
        """A model of which everything must be sent: `AllRequired[TaskCreate]`; models in fields too."""

        def __class_getitem__(cls, model: Any) -> Any:
            return derive(model, ALL_REQUIRED)


@dataclass(slots=True)
class Building:
    """What is being derived: models may contain each other. LOCK is held by whoever uses it.

    Parameters:
        pending: names that stand for models that are not there yet.
        made: what is there, but not for others to see before all of it is finished.
        known: the same by the names that stood for it.
    """

    pending: dict[tuple[Any, Recipe], str] = field(default_factory=dict)
    made: dict[tuple[Any, Recipe], type[BaseModel]] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)


BUILDING: Final = Building()


def derive(model: Any, recipe: Recipe) -> Any:
    """The model that a recipe makes of another; the same for the same two.

    Raises:
        DeclarationError: it is no model, or the recipe cannot be applied to it.
    """
    if get_origin(model) is Annotated:
        model, *metadata = get_args(model)
        for entry in metadata:
            model = entry.derived_type(model) if isinstance(entry, Recipe) else model
    check_model(model, recipe)
    kept: Mapping[Recipe, Any] = vars(model).get(DERIVED, {})
    if recipe in kept:
        return kept[recipe]
    with LOCK:
        kept, key = vars(model).get(DERIVED, {}), (model, recipe)
        if recipe in kept or key in BUILDING.made:
            return kept.get(recipe) or BUILDING.made[key]
        if key in BUILDING.pending:
            return ForwardRef(BUILDING.pending[key])
        is_outermost = not BUILDING.pending
        try:
            made = make(model, recipe, key)
            if is_outermost:
                finish_building()
        finally:
            if is_outermost:
                BUILDING.made.clear()
                BUILDING.known.clear()
        return made


def make(model: type[BaseModel], recipe: Recipe, key: tuple[Any, Recipe]) -> type[BaseModel]:
    """Build a derived model; one that uses a model which is not there yet is finished later."""
    present = blueprint_of(model)
    if isinstance(recipe, EveryField) and recipe in present.recipes:
        return model
    name = BUILDING.pending[key] = f"typeway_derived_{len(BUILDING.known)}_{len(BUILDING.pending)}"
    try:
        blueprint = replace(recipe.change(model, present), recipes=(*present.recipes, recipe))
        made = build_class(blueprint)
    finally:
        del BUILDING.pending[key]
    setattr(made, BLUEPRINT, blueprint)
    BUILDING.known[name] = BUILDING.made[key] = made
    return made


def finish_building() -> None:
    """Fill in the names that stood for models which are there now, and let others see them."""
    for raises in (False, True):
        for made in BUILDING.made.values():
            if not made.__pydantic_complete__:
                made.model_rebuild(raise_errors=raises, _types_namespace=BUILDING.known)
    for (model, recipe), made in BUILDING.made.items():
        # A new mapping each time: readers hold no lock.
        setattr(model, DERIVED, {**vars(model).get(DERIVED, {}), recipe: made})


def blueprint_of(model: type[BaseModel]) -> Blueprint:
    """What a model consists of; of a derived one, what it was built from."""
    known: Blueprint | None = vars(model).get(BLUEPRINT)
    if known is not None:
        return known
    parts = {name: Part.read(info) for name, info in model.model_fields.items()}
    return Blueprint(root=model, name=model.__name__, parts=parts, computed=tuple(model.model_computed_fields))


def check_model(model: Any, recipe: Recipe) -> None:
    """Refuse what no model can be derived from.

    Raises:
        DeclarationError: it is another kind of type, or uses a name that is not defined yet.
    """
    if not is_derivable(model):
        raise no_model(model, recipe)
    if not model.__pydantic_fields_complete__:
        model.model_rebuild(raise_errors=False)
    if not model.__pydantic_fields_complete__:
        raise declaration_error(
            f"{model.__qualname__} uses a name that is not defined yet, so nothing can be derived from it.",
            hint="Define what it refers to first, or derive from it further down.",
            where=model.__module__,
            also=NameError,
        )


def no_model(model: Any, recipe: Recipe) -> DeclarationError:
    shown = getattr(model, "__qualname__", repr(model))
    return declaration_error(
        f"{recipe!r} is for Pydantic models, and {shown} is none.",
        hint="Give a class derived from pydantic.BaseModel; a name in quotes is none yet.",
        also=TypeError,
    )


def check_names(model: type[BaseModel], names: Iterable[str], known: list[str]) -> None:
    """Refuse names that a model does not have.

    Raises:
        DeclarationError: it names the closest one.
    """
    for name in sorted(set(names) - set(known)):
        nearest = difflib.get_close_matches(name, known, n=1)
        raise declaration_error(
            f"{model.__qualname__} has no field {name!r}.",
            hint=f"Did you mean {nearest[0]!r}?" if nearest else f"It has {', '.join(known)}.",
            where=model.__module__,
            also=ValueError,
        )


def shortened(model: str, verb: str, fields: list[str]) -> str:
    """A name that tells the fields, or if they are many, only that it is another one."""
    told = "".join(part[:1].upper() + part[1:] for name in fields for part in name.split("_"))
    name = f"{model}{verb}{told}"
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(",".join(sorted(fields)).encode()).hexdigest()[:8]
    return f"{model}{verb}{digest}"
