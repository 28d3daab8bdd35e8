"""Build the class of a derived model: its fields, and the methods of the model that it is derived from."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, Self

from pydantic import MISSING, BaseModel, Field
from pydantic.fields import FieldInfo

from typeway.derive.absence import AbsentField, NotSentError, absent_field_of, not_sent_error
from typeway.derive.redeclare import redeclare

# Settings of model_config that describe one model only; a derived model does not take them over.
OWN_CONFIG: Final = frozenset({"title", "model_title_generator", "json_schema_extra"})

DEFAULTS: Final = frozenset({"default", "default_factory", "validate_default"})


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """The definition of one field.

    Parameters:
        annotation: the type of the field, without metadata.
        metadata: its constraints and validators.
        attributes: the other arguments of `Field()`.
        fallback: returns the default value; None if the field is required.
    """

    annotation: Any
    metadata: tuple[Any, ...]
    attributes: Mapping[str, Any]
    fallback: Callable[[], Any] | None = None

    @classmethod
    def read(cls, info: FieldInfo) -> Self:
        """Return the definition of a field of a model."""
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
        """Return the same field with another type and without a default."""
        attributes = {name: value for name, value in self.attributes.items() if name not in DEFAULTS}
        return replace(self, annotation=annotation, attributes=attributes, fallback=None)

    def optional(self, annotation: Any) -> Self:
        """Return the same field with another type, as a field that may be absent."""
        required = self.required(annotation)
        attributes = {**required.attributes, "default": MISSING, "validate_default": False}
        return replace(required, attributes=attributes, fallback=self.fallback)

    @property
    def annotated(self) -> Any:
        """The annotation of the field in the namespace of a class."""
        return Annotated[(self.annotation, *self.metadata, Field(**self.attributes))]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything that the class of a derived model is built from.

    Parameters:
        root: the model that the author wrote.
        name: the name of the derived model.
        fields: its fields.
        computed: the names of its computed fields.
        recipes: the recipes that lead from the root to this model, in order.
        members: additional members of the class.
    """

    root: type[BaseModel]
    name: str
    fields: Mapping[str, FieldDefinition]
    computed: tuple[str, ...]
    recipes: tuple[Any, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_patch(self) -> bool:
        """Whether the fields of an instance may be absent."""
        return any(recipe.is_patch for recipe in self.recipes)

    @property
    def removes(self) -> bool:
        """Whether null removes a field."""
        return any(recipe.removes for recipe in self.recipes)


def build_class(blueprint: Blueprint) -> type[BaseModel]:
    """Build the class of a derived model.

    It is not a subclass of the model that it is derived from: code that expects that model must not receive one that
    lacks fields. The base class is the nearest ancestor without fields, and methods are copied one by one.

    Raises:
        DeclarationError: a validator cannot be copied.
    """
    root = blueprint.root
    base = next(kind for kind in root.__mro__ if issubclass(kind, BaseModel) and not kind.model_fields)
    config = {name: value for name, value in root.model_config.items() if name not in OWN_CONFIG}
    prefix = root.__qualname__.rpartition(".")[0]
    validation = redeclare(root, blueprint.fields, blueprint.computed, removes=blueprint.removes)
    cell = types.CellType()
    namespace = {
        **methods_of(root, base, cell),
        **private_attributes(root, base),
        **validation,
        **absence_methods(blueprint, base),
        **post_init(root, base, cell),
        **blueprint.members,
        "__module__": root.__module__,
        "__qualname__": f"{prefix}.{blueprint.name}" if prefix else blueprint.name,
        "__doc__": vars(root).get("__doc__"),
        "__annotations__": {name: definition.annotated for name, definition in blueprint.fields.items()},
        "model_config": config,
    }
    made: Any = types.new_class(blueprint.name, (base,), {}, lambda body: body.update(namespace))
    cell.cell_contents = made
    for name in [*root.model_fields, *root.model_computed_fields]:
        if name not in blueprint.fields and name not in blueprint.computed:
            setattr(made, name, AbsentField(name, f"it was left out of {root.__name__}"))
        elif blueprint.is_patch and name in blueprint.fields:
            fallback = blueprint.fields[name].fallback if blueprint.removes else None
            setattr(made, name, AbsentField(name, "it was not sent", fallback))
    built: type[BaseModel] = made
    return built


def members_above(root: type[BaseModel], base: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Yield the members that the classes between a model and its base define; those of the model come last."""
    below = set(base.__mro__)
    for kind in reversed(root.__mro__):
        if kind not in below and kind.__module__ not in ("typing", "pydantic.main"):
            yield from vars(kind).items()


def methods_of(root: type[BaseModel], base: type[BaseModel], cell: types.CellType) -> dict[str, Any]:
    """Return the methods and properties of a model, without those that override Pydantic's own."""
    known = root.__pydantic_decorators__
    declared = {name for table in (known.field_validators, known.model_validators, known.field_serializers,
                                   known.model_serializers, root.model_computed_fields) for name in table}  # fmt: skip
    return {
        name: rebind_super(value, cell)
        for name, value in members_above(root, base)
        if isinstance(value, (types.FunctionType, classmethod, staticmethod, property, functools.cached_property))
        and name not in declared and not hasattr(BaseModel, name)
    }  # fmt: skip


def rebind_super(value: Any, cell: types.CellType) -> Any:
    """Return a copy of a method in which `super()` and `__class__` refer to the class in the cell."""
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
        return type(value)(rebind_super(value.__func__, cell))
    if isinstance(value, property):
        getter, setter, deleter = (rebind_super(accessor, cell) for accessor in (value.fget, value.fset, value.fdel))
        return property(getter, setter, deleter, value.__doc__)
    return value


def private_attributes(root: type[BaseModel], base: type[BaseModel]) -> dict[str, Any]:
    known = getattr(base, "__private_attributes__", {})
    return {name: value for name, value in root.__private_attributes__.items() if name not in known}


def post_init(root: type[BaseModel], base: type[BaseModel], cell: types.CellType) -> dict[str, Any]:
    """Return the author's `model_post_init`, which stops quietly where it reads a field that is absent."""
    hooks = [value for name, value in members_above(root, base) if name == "model_post_init"]
    if not hooks:
        return {}
    begin = rebind_super(hooks[-1], cell)

    def model_post_init(self: Any, context: Any, /) -> None:
        try:
            begin(self, context)
        except NotSentError:
            return

    return {"model_post_init": model_post_init}


def absence_methods(blueprint: Blueprint, base: Any) -> dict[str, Any]:
    """Return the special methods that hide absent fields from attribute access, iteration, repr and pickle."""

    def __getattr__(self: Any, name: str) -> Any:  # noqa: N807  it is a member of the class
        field = absent_field_of(type(self), name)
        if field is not None:
            raise not_sent_error(self, field)
        return base.__getattr__(self, name)

    def __iter__(self: Any) -> Iterator[tuple[str, Any]]:  # noqa: N807
        return ((name, value) for name, value in base.__iter__(self) if value is not MISSING)

    def __repr_args__(self: Any) -> Iterator[tuple[str, Any]]:  # noqa: N807
        return ((name, value) for name, value in base.__repr_args__(self) if value is not MISSING)

    def __reduce__(self: Any) -> Any:  # noqa: N807
        return new_instance, (blueprint.root, blueprint.recipes), self.__getstate__()

    def describe(cls: Any, core: Any, handler: Any) -> Any:
        shown = base.__get_pydantic_json_schema__.__func__(cls, core, handler)
        if blueprint.is_patch:
            handler.resolve_ref_schema(shown).pop("required", None)
        return shown

    functions = (__getattr__, __iter__, __repr_args__, __reduce__)
    return {
        **{function.__name__: function for function in functions},
        "__get_pydantic_json_schema__": classmethod(describe),
    }


def new_instance(root: type[BaseModel], recipes: tuple[Any, ...]) -> Any:
    """Return an empty instance of a derived model for pickle to fill; pickle cannot import the class by name."""
    kind: Any = functools.reduce(lambda model, recipe: recipe.derived_type(model), recipes, root)
    return kind.__new__(kind)
