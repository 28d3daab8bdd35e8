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
from typeway.derive.blueprint import Blueprint, FieldDefinition, build_class
from typeway.exceptions import DeclarationError, calling_line, declaration_error

Model = TypeVar("Model")

# The attribute in which a model keeps the models derived from it, so that they are garbage-collected together.
DERIVED: Final = "__typeway_derived__"
# The attribute in which a derived model keeps its blueprint.
BLUEPRINT: Final = "__typeway_blueprint__"

LONGEST_NAME: Final = 60

LOCK: Final = threading.RLock()


class Recipe:
    """How to derive a model from another. A recipe is metadata for `Annotated`; equal recipes make the same model."""

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
        """Return the model derived from the annotation that the recipe accompanies."""
        return derive(annotation, self)

    def change(self, model: type[BaseModel], blueprint: Blueprint) -> Blueprint:
        """Return the blueprint of the derived model."""
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
    """A recipe that keeps or leaves out fields by name.

    Parameters:
        fields: the names of fields and computed fields.
        name: the name of the derived model in the documentation; unless given, it is made of the names of the fields.
    """

    def __init__(self, *fields: str, name: str | None = None) -> None:
        self.fields: frozenset[str] = frozenset(fields)
        self.name = name
        self.key: tuple[Any, ...] = (*sorted(self.fields), name)

    def change(self, model: type[BaseModel], blueprint: Blueprint) -> Blueprint:
        """Return the blueprint with the fields that the recipe keeps.

        Raises:
            DeclarationError: the model has no such field.
        """
        known = [*blueprint.fields, *blueprint.computed]
        check_field_names(model, self.fields, known)
        kept = [name for name in known if self.keeps(name)]
        if not any(name in blueprint.fields for name in kept):
            raise declaration_error(
                f"{self!r} leaves no field of {model.__qualname__}.",
                hint=f"It has the fields {', '.join(blueprint.fields)}.",
                also=ValueError,
            )
        return replace(
            blueprint,
            name=self.name
            or selection_name(model.__name__, type(self).__name__, [n for n in known if n in self.fields]),
            fields={name: definition for name, definition in blueprint.fields.items() if name in kept},
            computed=tuple(name for name in blueprint.computed if name in kept),
        )

    def keeps(self, name: str) -> bool:
        """Whether the derived model has a field."""
        raise NotImplementedError


class Pick(Selection):
    """Keep only some fields of a model: `Annotated[Task, Pick("id", "title")]`.

    Parameters:
        fields: the names of the fields to keep, including computed ones.
        name: the name of the derived model; "TaskPickIdTitle" unless given.

    Raises:
        DeclarationError: the model has no such field; raised where the annotation is used.
    """

    def keeps(self, name: str) -> bool:
        """Whether the derived model has a field."""
        return name in self.fields


class Omit(Selection):
    """Leave some fields of a model out: `Annotated[TaskCreate, Omit("priority")]`.

    Parameters:
        fields: the names of the fields to leave out, including computed ones.
        name: the name of the derived model; "TaskCreateOmitPriority" unless given.

    Raises:
        DeclarationError: the model has no such field; raised where the annotation is used.
    """

    def keeps(self, name: str) -> bool:
        """Whether the derived model has a field."""
        return name not in self.fields


class EveryField(Recipe):
    """A recipe that changes every field, and the fields of nested models."""

    key: tuple[Any, ...] = ()
    suffix: ClassVar[str]

    def __repr__(self) -> str:
        return self.suffix

    def change(self, model: type[BaseModel], blueprint: Blueprint) -> Blueprint:
        """Return the blueprint with every field changed."""
        fields = {name: self.change_field(definition) for name, definition in blueprint.fields.items()}
        return replace(blueprint, name=f"{model.__name__}{self.suffix}", fields=fields)

    def change_field(self, definition: FieldDefinition) -> FieldDefinition:
        """Return the definition of a field in the derived model."""
        raise NotImplementedError


class PartialRecipe(EveryField):
    """The recipe of Partial: no field is required."""

    suffix = "Partial"
    is_patch = True

    def change_field(self, definition: FieldDefinition) -> FieldDefinition:
        """Return the field as one that may be absent."""
        return definition.optional(nested_type(definition, self))


class AllRequiredRecipe(EveryField):
    """The recipe of AllRequired: every field is required."""

    suffix = "AllRequired"

    def change_field(self, definition: FieldDefinition) -> FieldDefinition:
        """Return the field without a default."""
        return definition.required(nested_type(definition, self))


def nested_type(definition: FieldDefinition, recipe: Recipe) -> Any:
    """Return the type of a field, with the recipe applied to a model or an optional model.

    Items of lists and members of larger unions do not change. Neither does a type with validators of its own, because
    they expect the type that is written.
    """
    annotation = definition.annotation
    own = (entry for entry in definition.metadata if hasattr(entry, "__get_pydantic_core_schema__"))
    if any(not isinstance(entry, Recipe) for entry in own):
        return annotation
    if is_derivable(annotation):
        return derive(annotation, recipe)
    members = get_args(annotation) if is_union(annotation) else ()
    if len(members) == 2 and NoneType in members:
        model = next(member for member in members if member is not NoneType)
        if is_derivable(model):
            return Union[derive(model, recipe), None]  # derive() may return a ForwardRef  # noqa: UP007
    return annotation


def is_derivable(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel) and not issubclass(annotation, RootModel)


PARTIAL: Final = PartialRecipe()
ALL_REQUIRED: Final = AllRequiredRecipe()

if TYPE_CHECKING:
    # A type checker sees the original model: its attributes, its methods and its constructor.
    Partial = Annotated[Model, PARTIAL]
    AllRequired = Annotated[Model, ALL_REQUIRED]
else:

    class Partial:
        """A model without required fields, for the body of a PATCH: `Partial[TaskCreate]`.

        Validators and constraints apply to the fields that the client sends. A field that was not sent is absent:
        reading it raises `NotSentError`, `model_dump()` leaves it out, and `changes()` returns only the fields that
        were sent. Nested models are partial as well; items of lists are not.

        Example:
            ```python
            @app.patch("/tasks/{task_id}")
            async def update_task(task: Annotated[TaskRow, Depends(get_task)], patch: Partial[TaskCreate]) -> Task:
                apply(patch, task)
                return task
            ```
        """

        def __class_getitem__(cls, model: Any) -> Any:
            return derive_here(model, PARTIAL)

    class AllRequired:
        """A model in which every field is required, in nested models too: `AllRequired[TaskCreate]`."""

        def __class_getitem__(cls, model: Any) -> Any:
            return derive_here(model, ALL_REQUIRED)


@dataclass(slots=True)
class Derivation:
    """The models that are being derived; there are several where models contain each other. Guarded by LOCK.

    Parameters:
        pending: the names that stand for models that are not built yet.
        built: models that are built, but not published before all of them are complete.
        namespace: the same models by the names that stood for them.
    """

    pending: dict[tuple[Any, Recipe], str] = field(default_factory=dict)
    built: dict[tuple[Any, Recipe], type[BaseModel]] = field(default_factory=dict)
    namespace: dict[str, Any] = field(default_factory=dict)


DERIVATION: Final = Derivation()


def derive(model: Any, recipe: Recipe) -> Any:
    """Return the model that a recipe makes of another; the same class for the same model and recipe.

    Raises:
        DeclarationError: the argument is no model, or the recipe cannot be applied to it.
    """
    if get_origin(model) is Annotated:
        model, *metadata = get_args(model)
        for entry in metadata:
            model = entry.derived_type(model) if isinstance(entry, Recipe) else model
    check_model(model, recipe)
    published: Mapping[Recipe, Any] = vars(model).get(DERIVED, {})
    if recipe in published:
        return published[recipe]
    with LOCK:
        published, key = vars(model).get(DERIVED, {}), (model, recipe)
        if recipe in published or key in DERIVATION.built:
            return published.get(recipe) or DERIVATION.built[key]
        if key in DERIVATION.pending:
            return ForwardRef(DERIVATION.pending[key])
        is_outermost = not DERIVATION.pending
        try:
            derived = build_derived(model, recipe, key)
            if is_outermost:
                publish_derived()
        finally:
            if is_outermost:
                DERIVATION.built.clear()
                DERIVATION.namespace.clear()
        return derived


def derive_here(model: Any, recipe: Recipe) -> Any:
    """Return the model that a recipe makes of another; an error names the line of the application that asks for it."""
    try:
        return derive(model, recipe)
    except DeclarationError as error:
        error.add_step(f"{recipe!r}[{getattr(model, '__qualname__', repr(model))}]", calling_line())
        raise


def build_derived(model: type[BaseModel], recipe: Recipe, key: tuple[Any, Recipe]) -> type[BaseModel]:
    """Build a derived model; if it refers to one that is not built yet, `publish_derived()` completes it."""
    present = blueprint_of(model)
    if isinstance(recipe, EveryField) and recipe in present.recipes:
        return model
    name = f"typeway_derived_{len(DERIVATION.namespace)}_{len(DERIVATION.pending)}"
    DERIVATION.pending[key] = name
    try:
        blueprint = replace(recipe.change(model, present), recipes=(*present.recipes, recipe))
        derived = build_class(blueprint)
    finally:
        del DERIVATION.pending[key]
    setattr(derived, BLUEPRINT, blueprint)
    DERIVATION.namespace[name] = DERIVATION.built[key] = derived
    return derived


def publish_derived() -> None:
    """Resolve the forward references between the models that were built, and make the models available."""
    for raises in (False, True):
        for derived in DERIVATION.built.values():
            if not derived.__pydantic_complete__:
                derived.model_rebuild(raise_errors=raises, _types_namespace=DERIVATION.namespace)
    for (model, recipe), derived in DERIVATION.built.items():
        # A new mapping each time: readers hold no lock.
        setattr(model, DERIVED, {**vars(model).get(DERIVED, {}), recipe: derived})


def blueprint_of(model: type[BaseModel]) -> Blueprint:
    """Return the blueprint that a derived model was built from, or make one of any other model."""
    known: Blueprint | None = vars(model).get(BLUEPRINT)
    if known is not None:
        return known
    fields = {name: FieldDefinition.read(info) for name, info in model.model_fields.items()}
    return Blueprint(root=model, name=model.__name__, fields=fields, computed=tuple(model.model_computed_fields))


def check_model(model: Any, recipe: Recipe) -> None:
    """Check that models can be derived from a type.

    Raises:
        DeclarationError: it is not a model, or it uses a name that is not defined yet.
    """
    if not is_derivable(model):
        raise no_model(model, recipe)
    if not model.__pydantic_fields_complete__:
        model.model_rebuild(raise_errors=False)
    if not model.__pydantic_fields_complete__:
        raise declaration_error(
            f"{model.__qualname__} uses a name that is not defined yet, so nothing can be derived from it.",
            hint="Define that name first, or derive the model further down in the module.",
            also=NameError,
        )


def no_model(model: Any, recipe: Recipe) -> DeclarationError:
    shown = getattr(model, "__qualname__", repr(model))
    return declaration_error(
        f"{recipe!r} applies to Pydantic models, and {shown} is not one.",
        hint="Pass a subclass of pydantic.BaseModel, not its name in quotes.",
        also=TypeError,
    )


def check_field_names(model: type[BaseModel], names: Iterable[str], known: list[str]) -> None:
    """Check that a model has the fields that a recipe names.

    Raises:
        DeclarationError: the model has no field of that name; the hint names the closest one.
    """
    for name in sorted(set(names) - set(known)):
        nearest = difflib.get_close_matches(name, known, n=1)
        raise declaration_error(
            f"{model.__qualname__} has no field {name!r}.",
            hint=f"Did you mean {nearest[0]!r}?" if nearest else f"It has {', '.join(known)}.",
            also=ValueError,
        )


def selection_name(model: str, verb: str, fields: list[str]) -> str:
    """Return a name that contains the names of the fields, or a digest of them if that would be too long."""
    words = "".join(part[:1].upper() + part[1:] for name in fields for part in name.split("_"))
    name = f"{model}{verb}{words}"
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(",".join(sorted(fields)).encode()).hexdigest()[:8]
    return f"{model}{verb}{digest}"
