"""Build the class of a derived model: its fields, and what its author has written of the model it comes from."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, Self

from pydantic import MISSING, BaseModel, Field
from pydantic.fields import FieldInfo

from typeway.derive.absence import NotSentError, Slot, not_sent, slot_of
from typeway.derive.redeclare import declared_again

# Settings that say how one model is shown, which a derived one is not.
SHOWN: Final = frozenset({"title", "model_title_generator", "json_schema_extra"})

DEFAULTS: Final = frozenset({"default", "default_factory", "validate_default"})


@dataclass(frozen=True, slots=True)
class Part:
    """One field.

    Parameters:
        annotation: its type, without metadata.
        metadata: constraints and validators.
        attributes: what `Field()` takes beside.
        fallback: makes the value that it has where none is given; None if one must be.
    """

    annotation: Any
    metadata: tuple[Any, ...]
    attributes: Mapping[str, Any]
    fallback: Callable[[], Any] | None = None

    @classmethod
    def read(cls, info: FieldInfo) -> Self:
        """The part that a model's field is."""
        read = info.asdict()
        attributes = {name: value for name, value in read["attributes"].items() if value is not None}
        attributes.pop("default", None)
        fallback = None
        if not info.is_required():
            fallback = functools.partial(info.get_default, call_default_factory=True, validated_data={})
            if info.default_factory is None:
                attributes["default"] = info.default
        return cls(read["annotation"], tuple(read["metadata"]), attributes, fallback)

    def required(self, annotation: Any) -> Self:
        """The field without a default, and of another type."""
        attributes = {name: value for name, value in self.attributes.items() if name not in DEFAULTS}
        return replace(self, annotation=annotation, attributes=attributes, fallback=None)

    def optional(self, annotation: Any) -> Self:
        """The field as one that may be absent, and of another type."""
        part = self.required(annotation)
        attributes = {**part.attributes, "default": MISSING, "validate_default": False}
        return replace(part, attributes=attributes, fallback=self.fallback)

    @property
    def annotated(self) -> Any:
        """The type as a class has it."""
        return Annotated[(self.annotation, *self.metadata, Field(**self.attributes))]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a derived model consists of.

    Parameters:
        root: the model that its author wrote.
        name: the derived model's name.
        parts: its fields.
        computed: the names of its computed fields.
        recipes: what made it of the root, in order.
        members: further members of the class.
    """

    root: type[BaseModel]
    name: str
    parts: Mapping[str, Part]
    computed: tuple[str, ...]
    recipes: tuple[Any, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_patch(self) -> bool:
        """Whether its fields may be absent."""
        return any(recipe.is_patch for recipe in self.recipes)

    @property
    def removes(self) -> bool:
        """Whether null takes a field away."""
        return any(recipe.removes for recipe in self.recipes)


def build_class(blueprint: Blueprint) -> type[BaseModel]:
    """The class of a derived model.

    It is no subclass of the model that it comes from: whoever expects that one must not be given one with holes. Its
    base is the nearest model without fields, and methods are taken over one by one.

    Raises:
        DeclarationError: a validator cannot be carried over.
    """
    root = blueprint.root
    foundation = next(kind for kind in root.__mro__ if issubclass(kind, BaseModel) and not kind.model_fields)
    config = {name: value for name, value in root.model_config.items() if name not in SHOWN}
    prefix = root.__qualname__.rpartition(".")[0]
    again = declared_again(root, blueprint.parts, blueprint.computed, removes=blueprint.removes)
    cell = types.CellType()
    namespace = {
        **methods_of(root, foundation, cell),
        **private_attributes(root, foundation),
        **again,
        **own_members(blueprint, foundation),
        **post_init(root, foundation, cell),
        **blueprint.members,
        "__module__": root.__module__,
        "__qualname__": f"{prefix}.{blueprint.name}" if prefix else blueprint.name,
        "__doc__": vars(root).get("__doc__"),
        "__annotations__": {name: part.annotated for name, part in blueprint.parts.items()},
        "model_config": config,
    }
    made: Any = types.new_class(blueprint.name, (foundation,), {}, lambda body: body.update(namespace))
    cell.cell_contents = made
    for name in [*root.model_fields, *root.model_computed_fields]:
        if name not in blueprint.parts and name not in blueprint.computed:
            setattr(made, name, Slot(name, f"it was left out of {root.__name__}"))
        elif blueprint.is_patch and name in blueprint.parts:
            fallback = blueprint.parts[name].fallback if blueprint.removes else None
            setattr(made, name, Slot(name, "it was not sent", fallback))
    built: type[BaseModel] = made
    return built


def written(root: type[BaseModel], foundation: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """What the classes between a model and its foundation define, the outermost last."""
    below = set(foundation.__mro__)
    for kind in reversed(root.__mro__):
        if kind not in below and kind.__module__ not in ("typing", "pydantic.main"):
            yield from vars(kind).items()


def methods_of(root: type[BaseModel], foundation: type[BaseModel], cell: types.CellType) -> dict[str, Any]:
    """The methods and properties of a model, but for those that replace Pydantic's own."""
    known = root.__pydantic_decorators__
    declared = {name for table in (known.field_validators, known.model_validators, known.field_serializers,
                                   known.model_serializers, root.model_computed_fields) for name in table}  # fmt: skip
    return {
        name: moved(value, cell)
        for name, value in written(root, foundation)
        if isinstance(value, (types.FunctionType, classmethod, staticmethod, property, functools.cached_property))
        and name not in declared and not hasattr(BaseModel, name)
    }  # fmt: skip


def moved(value: Any, cell: types.CellType) -> Any:
    """A method for another class: what `super()` looks for in it is the class that it stands in."""
    if isinstance(value, types.FunctionType):
        names = value.__code__.co_freevars
        if "__class__" not in names:
            return value
        closure = zip(names, value.__closure__ or (), strict=True)
        cells = tuple(cell if name == "__class__" else held for name, held in closure)
        copied = types.FunctionType(value.__code__, value.__globals__, value.__name__, value.__defaults__, cells)
        copied.__kwdefaults__ = value.__kwdefaults__
        return functools.update_wrapper(copied, value)
    if isinstance(value, (classmethod, staticmethod)):
        return type(value)(moved(value.__func__, cell))
    if isinstance(value, property):
        return property(moved(value.fget, cell), moved(value.fset, cell), moved(value.fdel, cell), value.__doc__)
    return value


def private_attributes(root: type[BaseModel], foundation: type[BaseModel]) -> dict[str, Any]:
    known = getattr(foundation, "__private_attributes__", {})
    return {name: value for name, value in root.__private_attributes__.items() if name not in known}


def post_init(root: type[BaseModel], foundation: type[BaseModel], cell: types.CellType) -> dict[str, Any]:
    """What the author does with each new instance, unless it reads a field that is not there."""
    written_here = [value for name, value in written(root, foundation) if name == "model_post_init"]
    if not written_here:
        return {}
    begin = moved(written_here[-1], cell)

    def model_post_init(self: Any, context: Any, /) -> None:
        try:
            begin(self, context)
        except NotSentError:
            return

    return {"model_post_init": model_post_init}


def own_members(blueprint: Blueprint, foundation: Any) -> dict[str, Any]:
    """What makes absent fields absent to Python's own ways of looking at an instance."""

    def __getattr__(self: Any, name: str) -> Any:  # noqa: N807  it goes into a class
        slot = slot_of(type(self), name)
        if slot is not None:
            raise not_sent(self, slot)
        return foundation.__getattr__(self, name)

    def __iter__(self: Any) -> Iterator[tuple[str, Any]]:  # noqa: N807
        return ((name, value) for name, value in foundation.__iter__(self) if value is not MISSING)

    def __repr_args__(self: Any) -> Iterator[tuple[str, Any]]:  # noqa: N807
        return ((name, value) for name, value in foundation.__repr_args__(self) if value is not MISSING)

    def __reduce__(self: Any) -> Any:  # noqa: N807
        return restored, (blueprint.root, blueprint.recipes), self.__getstate__()

    def describe(cls: Any, core: Any, handler: Any) -> Any:
        shown = foundation.__get_pydantic_json_schema__.__func__(cls, core, handler)
        if blueprint.is_patch:
            handler.resolve_ref_schema(shown).pop("required", None)
        return shown

    functions = (__getattr__, __iter__, __repr_args__, __reduce__)
    return {
        **{function.__name__: function for function in functions},
        "__get_pydantic_json_schema__": classmethod(describe),
    }


def restored(root: type[BaseModel], recipes: tuple[Any, ...]) -> Any:
    """An empty instance of a derived model, for a pickle to fill; the class itself has no place to import it from."""
    kind: Any = functools.reduce(lambda model, recipe: recipe.derived_type(model), recipes, root)
    return kind.__new__(kind)
