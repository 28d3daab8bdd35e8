"""Bring every spelling of an annotation into one normal form; no other module interprets spellings."""

import ast
import functools
import operator
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import InitVar, dataclass
from typing import Annotated, Any, Final, ForwardRef, Literal, NewType, TypeVar, Union, get_args, get_origin

import typing_extensions
from pydantic_core import PydanticUndefined

from typeway.declare.depends import Depends
from typeway.declare.markers import Marker
from typeway.declare.scope import Namespace

# A `type X = ...` statement creates Python's own class; typing_extensions has another one below Python 3.15 (PEP 695).
ALIASES: Final[tuple[Any, ...]] = (
    typing_extensions.TypeAliasType,
    getattr(typing, "TypeAliasType", typing_extensions.TypeAliasType),
    NewType,
)

NONE: Final = (None, types.NoneType)

# The arguments of these are not types: text in them is not a forward reference.
OPAQUE: Final = (Literal, typing_extensions.Literal, Callable)


@dataclass(frozen=True, slots=True)
class NormalForm:
    """The normal form of an annotation."""

    type: Any  # the type without `Annotated` around it, and without the markers inside of an optional type
    metadata: tuple[Any, ...] = ()  # the metadata of `Annotated` and these markers, the innermost first
    alias: Any = None  # the type alias that the whole annotation is, unless it contains markers or recipes


def read_annotation(annotation: Any, names: Namespace) -> NormalForm:
    """Return the normal form of an annotation; a name in it that is not defined yet stays a ForwardRef."""
    # PERF: nearly all annotations are a type, or a type with metadata. Taking every annotation apart at any depth would
    # make the declaration of a thousand routes slower by half.
    if is_type(annotation):
        return NormalForm(annotation)
    if get_origin(annotation) is Annotated and is_type(annotation.__origin__):
        return NormalForm(*apply_recipes(annotation.__origin__, annotation.__metadata__))
    annotation = resolve(annotation, names)
    if is_type(annotation):
        return NormalForm(annotation)
    inside, metadata = hoist_markers(*split_annotated(annotation))
    inside, left = apply_recipes(inside, metadata)
    is_marked = len(left) < len(metadata) or any(isinstance(entry, (Depends, Marker)) for entry in metadata)
    return NormalForm(inside, left, None if is_marked else describable_alias(annotation))


def is_type(annotation: Any) -> bool:
    """Whether an annotation consists of classes only: it has no names to resolve and no metadata."""
    if isinstance(annotation, type):
        # A generic Pydantic model is a class, but its arguments may contain text.
        generic = annotation.__dict__.get("__pydantic_generic_metadata__")
        return not (generic and generic["args"])
    try:
        return is_made_of_types(annotation)
    except TypeError:  # the annotation is not hashable
        return False


@functools.lru_cache(maxsize=1024)
def is_made_of_types(annotation: Any) -> bool:
    """Whether all arguments of a union or generic type are such types."""
    if annotation is None or annotation is Any or annotation is ... or annotation is PydanticUndefined:
        return True
    if get_origin(annotation) in (None, Annotated, *OPAQUE) or is_alias(annotation):
        return False
    # A generic of `typing` without arguments, `Generator`, has no such attribute.
    return all(map(is_type, getattr(annotation, "__args__", ())))


def describable_alias(annotation: Any) -> Any:
    """Return the annotation if it is a type alias that Pydantic can describe under its name, else None."""
    return annotation if is_alias(annotation) and not constrains_alias(annotation) else None


def constrains_alias(annotation: Any, within: tuple[Any, ...] = ()) -> bool:
    """Whether an annotation adds constraints to an alias, which Pydantic would lose."""
    value = unaliased(annotation)
    if any(value is outer for outer in within):
        return False
    if get_origin(value) is Annotated:
        return is_alias(value.__origin__) or constrains_alias(value.__origin__, (*within, value))
    return is_union(value) and any(constrains_alias(member, (*within, value)) for member in get_args(value))


# --- names --------------------------------------------------------------------------------------------------------


def resolve(annotation: Any, names: Namespace, within: tuple[str, ...] = ()) -> Any:
    """Replace all text in an annotation, at any depth, by what it names; `within` is the text being resolved."""
    if isinstance(annotation, ForwardRef):
        # From Python 3.14 on, a ForwardRef knows the scope in which it was written.
        evaluate: Any = getattr(annotation, "evaluate", None)
        if evaluate is not None:
            try:
                return resolve(evaluate(), names, within)
            except (NameError, AttributeError, TypeError):
                pass
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        if annotation in within:
            return ForwardRef(annotation)
        return resolve(evaluate_text(annotation, names), names, (*within, annotation))
    if isinstance(annotation, InitVar):
        return resolve(annotation.type, names, within)
    if isinstance(annotation, type):
        return resolved_model(annotation, names)
    if get_origin(annotation) is Annotated:
        inside = resolve(annotation.__origin__, names, within)
        return annotation if inside is annotation.__origin__ else Annotated[(inside, *annotation.__metadata__)]
    arguments = () if get_origin(annotation) in OPAQUE else getattr(annotation, "__args__", ())
    found = tuple(resolve(argument, names, within) for argument in arguments)
    if all(new is old for new, old in zip(found, arguments, strict=True)):
        return annotation
    return with_arguments(annotation, found)


def evaluate_text(text: str, names: Namespace) -> Any:
    """Evaluate the text of an annotation; return a ForwardRef of the whole text if a missing name makes that fail."""
    # Names that only a type checker imports are tolerated: the parameter of a dependency may have such a type.
    known = len(names.missing)
    try:
        return eval(compile_text(text), names)  # the author's own annotation in the author's own module  # noqa: S307
    except AttributeError:
        return ForwardRef(text)
    except TypeError:
        if len(names.missing) == known:
            raise
        return ForwardRef(text)


@functools.lru_cache(maxsize=1024)
def compile_text(text: str) -> types.CodeType:
    """Compile an annotation. PERF: compiling takes 20 us, and an application writes `str | None` a thousand times."""
    return compile(text.strip(), "<annotation>", "eval")


def with_arguments(annotation: Any, arguments: tuple[Any, ...]) -> Any:
    """Return a generic type or a union with other arguments."""
    if is_union(annotation):
        return Union[arguments]  # `|` would refuse a ForwardRef here  # noqa: UP007
    if hasattr(annotation, "copy_with"):
        return annotation.copy_with(arguments)
    return parametrize(get_origin(annotation), arguments)


def parametrize(generic: Any, arguments: tuple[Any, ...]) -> Any:
    """Return a generic type with arguments."""
    parametrized: Any = generic[arguments]
    return parametrized


def resolved_model(annotation: type[Any], names: Namespace) -> Any:
    """Return the class; for a generic Pydantic model with text in its arguments, the model of the types it names."""
    generic: Any = annotation.__dict__.get("__pydantic_generic_metadata__")
    if not generic or not generic["args"]:
        return annotation
    arguments = tuple(resolve(argument, names) for argument in generic["args"])
    if all(new is old for new, old in zip(arguments, generic["args"], strict=True)):
        return annotation
    return parametrize(generic["origin"], arguments)


def missing_names(annotation: Any) -> list[str]:
    """Return the names in a resolved annotation that are not defined."""
    if is_type(annotation):
        return []
    return [part.__forward_arg__ for part in parts_of(annotation) if isinstance(part, ForwardRef)]


def absent_attribute(text: str, names: Namespace) -> tuple[Any, str] | None:
    """Return the object in the text of an annotation that lacks an attribute, and that; None if a name is missing."""
    for node in ast.walk(ast.parse(text.strip(), mode="eval")):
        if isinstance(node, ast.Attribute):
            owner = evaluate_text(ast.unparse(node.value), names)
            if not isinstance(owner, ForwardRef) and not hasattr(owner, node.attr):
                return owner, node.attr
    evaluate_text(text, names)
    return None


# --- aliases ------------------------------------------------------------------------------------------------------


def is_alias(annotation: Any) -> bool:
    """Whether an annotation is a type alias (PEP 695), a generic one with its arguments, or a NewType."""
    if isinstance(annotation, type):  # PERF: most annotations are classes
        return False
    return isinstance(annotation, ALIASES) or isinstance(get_origin(annotation), ALIASES)


def alias_value(alias: Any) -> Any:
    """Return the value of an alias; for a generic alias, with its type parameters replaced by its arguments."""
    if isinstance(alias, NewType):
        return alias.__supertype__
    origin = get_origin(alias) or alias
    try:
        value = origin.__value__
    except NameError as error:  # Python evaluates a `type` statement only when its value is read
        return ForwardRef(error.name or origin.__name__)
    module = sys.modules.get(origin.__module__ or "")
    value = resolve(value, Namespace(getattr(module, "__dict__", {})))
    return substitute(value, dict(zip(origin.__type_params__, get_args(alias), strict=False)))


def entered(annotation: Any, within: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return the aliases around the parts of an annotation; None if it names one of those that are around it already.

    Parameters:
        within: the aliases around the annotation. `type Tree = list[Tree] | int` contains itself, so that its parts have no end.
    """
    if not is_alias(annotation):
        return within
    alias = get_origin(annotation) or annotation
    return None if any(alias is outer for outer in within) else (*within, alias)


def unaliased(annotation: Any) -> Any:
    """Return the value of an alias, through any number of aliases; Any for an alias that only refers to itself."""
    seen: list[Any] = []
    while is_alias(annotation):
        if any(annotation is before for before in seen):
            return Any
        seen.append(annotation)
        annotation = alias_value(annotation)
    return annotation


def expand_aliases(annotation: Any, within: tuple[Any, ...] = ()) -> Any:
    """Return the annotation with its aliases replaced by their values, also in the members of a union.

    Pydantic gives an alias a schema of its own, and loses constraints that are added to the alias.
    """
    if any(annotation is outer for outer in within):
        return annotation
    inside = unaliased(annotation)
    within = (*within, annotation, inside)
    if get_origin(inside) is Annotated:
        return Annotated[(expand_aliases(inside.__origin__, within), *inside.__metadata__)]
    if not is_union(inside):
        return inside
    members = tuple(expand_aliases(member, within) for member in get_args(inside))
    return inside if all(map(operator.is_, members, get_args(inside))) else with_arguments(inside, members)


def substitute(annotation: Any, given: Mapping[Any, Any]) -> Any:
    """Replace the type variables in an annotation."""
    if isinstance(annotation, TypeVar):
        return given.get(annotation, annotation)
    if get_origin(annotation) is Annotated:
        metadata = (
            given.get(entry, entry) if isinstance(entry, TypeVar) else entry for entry in annotation.__metadata__
        )
        return Annotated[(substitute(annotation.__origin__, given), *metadata)]
    # A type has its variables in its own order: `type Swapped[A, B] = dict[B, A]`.
    variables = () if isinstance(annotation, type) else getattr(annotation, "__parameters__", ())
    if given.keys().isdisjoint(variables):
        return annotation
    return parametrize(annotation, tuple(given.get(variable, variable) for variable in variables))


# --- around a type ------------------------------------------------------------------------------------------------


def plain(annotation: Any) -> Any:
    """Return the annotation without `Annotated` and aliases around it."""
    while not isinstance(annotation, type):
        annotation = unaliased(annotation)
        if get_origin(annotation) is not Annotated:
            break
        annotation = annotation.__origin__
    return annotation


def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def split_annotated(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the type inside `Annotated` and aliases, and all metadata; an alias without metadata keeps its name."""
    metadata: tuple[Any, ...] = ()
    while True:
        inside = unaliased(annotation)
        if get_origin(inside) is not Annotated:
            return annotation if metadata else inside, metadata
        annotation = inside.__origin__
        metadata = (*inside.__metadata__, *metadata)


def hoist_markers(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Move the markers of an optional type to the outside: `CurrentUser | None` is a dependency too.

    In a union with more members, a marker of one of them has no meaning for the others: it stays inside, and `classify`
    refuses it.
    """
    union = plain(annotation)
    members = [member for member in get_args(union) if plain(member) not in NONE] if is_union(union) else []
    if len(members) != 1:
        return annotation, metadata
    inside, own = hoist_markers(*split_annotated(members[0]))
    markers = tuple(entry for entry in own if isinstance(entry, (Depends, Marker)))
    if not markers:
        return annotation, metadata
    left = tuple(entry for entry in own if not isinstance(entry, (Depends, Marker)))
    member = Annotated[(inside, *left)] if left else inside
    whole = with_arguments(union, tuple(part if plain(part) in NONE else member for part in get_args(union)))
    return whole, (*markers, *metadata)


def apply_recipes(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Apply recipes such as `Pick("id")` in the metadata; return the derived model and the rest of the metadata."""
    left = []
    for entry in metadata:
        if isinstance(annotation, type) and hasattr(type(entry), "derived_type"):
            annotation = entry.derived_type(annotation)
        else:
            left.append(entry)
    return annotation, tuple(left)


def members_of(annotation: Any, within: tuple[Any, ...] = ()) -> list[Any]:
    """Return the members of a union and of the unions in it, without `Annotated` and aliases; or the one type."""
    annotation = plain(annotation)
    if isinstance(annotation, type) or not is_union(annotation) or any(annotation is outer for outer in within):
        return [annotation]
    found: list[Any] = []
    for argument in get_args(annotation):
        found += [member for member in members_of(argument, (*within, annotation)) if member not in found]
    return found


def parts_of(annotation: Any, within: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Yield an annotation and all its parts: in aliases, generic types and unions, and metadata."""
    yield annotation
    if type(annotation) is type or get_origin(annotation) is Literal or any(annotation is outer for outer in within):
        return
    inner = (alias_value(annotation),) if is_alias(annotation) else getattr(annotation, "__args__", ())
    if get_origin(annotation) is Annotated:
        inner = (annotation.__origin__, *annotation.__metadata__)
    elif isinstance(annotation, TypeVar):
        inner = (annotation.__bound__, *annotation.__constraints__, getattr(annotation, "__default__", None))
    for part in inner:
        yield from parts_of(part, (*within, annotation))
