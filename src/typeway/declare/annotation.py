"""Turn any annotation into one normal form: every spelling of the same meaning is read here, and nowhere else."""

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
from typeway.declare.scope import Names

# `type X = ...` makes Python's own class; below Python 3.15 the one of typing_extensions is another (PEP 695).
ALIASES: Final[tuple[Any, ...]] = (
    typing_extensions.TypeAliasType,
    getattr(typing, "TypeAliasType", typing_extensions.TypeAliasType),
    NewType,
)

NONE: Final = (None, types.NoneType)

# In these, text and lists are no types to look into.
OPAQUE: Final = (Literal, typing_extensions.Literal, Callable)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one annotation says, whatever its spelling."""

    type: Any  # the type without `Annotated` around it; markers of a union's only member are taken out of it
    metadata: tuple[Any, ...] = ()  # what `Annotated` and such markers say beside the type, the innermost first
    alias: Any = None  # the type alias that the whole annotation is, unless markers or derived models stand behind it


def read_annotation(annotation: Any, names: Names) -> Meaning:
    """The normal form of an annotation; a name in it that is not defined yet stays a ForwardRef."""
    # PERF: nearly all annotations are a type, or one with metadata beside it. To take every one apart, at any depth,
    # would make declaring a thousand routes slower by a half.
    if is_type(annotation):
        return Meaning(annotation)
    if get_origin(annotation) is Annotated and is_type(annotation.__origin__):
        return Meaning(*derived(annotation.__origin__, annotation.__metadata__))
    annotation = resolve(annotation, names)
    if is_type(annotation):
        return Meaning(annotation)
    inside, metadata = lifted(*peeled(annotation))
    inside, left = derived(inside, metadata)
    is_marked = len(left) < len(metadata) or any(isinstance(entry, (Depends, Marker)) for entry in metadata)
    return Meaning(inside, left, None if is_marked else named(annotation))


def is_type(annotation: Any) -> bool:
    """Whether an annotation is made of nothing but classes: there is no name in it to resolve, and no metadata."""
    if isinstance(annotation, type):
        # Generic models of Pydantic are classes, and may have text as an argument.
        generic = annotation.__dict__.get("__pydantic_generic_metadata__")
        return not (generic and generic["args"])
    try:
        return is_made_of_types(annotation)
    except TypeError:  # it cannot be a key
        return False


@functools.lru_cache(maxsize=1024)
def is_made_of_types(annotation: Any) -> bool:
    """Whether a union or generic type has only such types as arguments."""
    if annotation is None or annotation is Any or annotation is ... or annotation is PydanticUndefined:
        return True
    if get_origin(annotation) in (None, Annotated, *OPAQUE) or is_alias(annotation):
        return False
    return all(map(is_type, annotation.__args__))


def named(annotation: Any) -> Any:
    """The annotation if it is a type alias that Pydantic can describe under its name, else None."""
    return annotation if is_alias(annotation) and not constrains_alias(annotation) else None


def constrains_alias(annotation: Any, within: tuple[Any, ...] = ()) -> bool:
    """Whether an annotation says constraints of an alias from outside, which Pydantic loses."""
    value = unaliased(annotation)
    if any(value is outer for outer in within):
        return False
    if get_origin(value) is Annotated:
        return is_alias(value.__origin__) or constrains_alias(value.__origin__, (*within, value))
    return is_union(value) and any(constrains_alias(member, (*within, value)) for member in get_args(value))


# --- names --------------------------------------------------------------------------------------------------------


def resolve(annotation: Any, names: Names, within: tuple[str, ...] = ()) -> Any:
    """Replace all text in an annotation, at any depth, by what it names; `within` is the text that led here."""
    if isinstance(annotation, ForwardRef):
        # From Python 3.14 on it knows the scope in which it was written.
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
        return resolve(evaluated(annotation, names), names, (*within, annotation))
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
    return rebuilt(annotation, found)


def evaluated(text: str, names: Names) -> Any:
    """What a text names, in Python's own way; a ForwardRef of the whole text if what stands around a name needs it."""
    # Names that only a type checker imports are tolerated: a dependency's parameter may well be of such a type.
    known = len(names.missing)
    try:
        return eval(compiled(text), names)  # the author's own annotation, in the author's own module  # noqa: S307
    except AttributeError:
        return ForwardRef(text)
    except TypeError:
        if len(names.missing) == known:
            raise
        return ForwardRef(text)


@functools.lru_cache(maxsize=1024)
def compiled(text: str) -> types.CodeType:
    """The code of an annotation. PERF: to compile takes 20 us, and an application says `str | None` a thousand times."""
    return compile(text.strip(), "<annotation>", "eval")


def rebuilt(annotation: Any, arguments: tuple[Any, ...]) -> Any:
    """A generic type or a union with other arguments."""
    if is_union(annotation):
        return Union[arguments]  # of these, `|` would refuse a ForwardRef beside another  # noqa: UP007
    if hasattr(annotation, "copy_with"):
        return annotation.copy_with(arguments)
    return subscripted(get_origin(annotation), arguments)


def subscripted(generic: Any, arguments: tuple[Any, ...]) -> Any:
    """A generic type with arguments."""
    made: Any = generic[arguments]
    return made


def resolved_model(annotation: type[Any], names: Names) -> Any:
    """The class itself; of a generic Pydantic model with text as an argument, the model of what the text names."""
    generic: Any = annotation.__dict__.get("__pydantic_generic_metadata__")
    if not generic or not generic["args"]:
        return annotation
    arguments = tuple(resolve(argument, names) for argument in generic["args"])
    if all(new is old for new, old in zip(arguments, generic["args"], strict=True)):
        return annotation
    return subscripted(generic["origin"], arguments)


def missing_names(annotation: Any) -> list[str]:
    """The names in a resolved annotation that are not defined."""
    if is_type(annotation):
        return []
    return [part.__forward_arg__ for part in parts_of(annotation) if isinstance(part, ForwardRef)]


# --- aliases ------------------------------------------------------------------------------------------------------


def is_alias(annotation: Any) -> bool:
    """Whether an annotation is a type alias (PEP 695), a generic one with its arguments, or a NewType."""
    if isinstance(annotation, type):  # PERF: most are, and no more needs to be asked
        return False
    return isinstance(annotation, ALIASES) or isinstance(get_origin(annotation), ALIASES)


def value_of(alias: Any) -> Any:
    """What an alias stands for; of a generic one, with its arguments in the place of its parameters."""
    if isinstance(alias, NewType):
        return alias.__supertype__
    origin = get_origin(alias) or alias
    try:
        value = origin.__value__
    except NameError as error:  # Python evaluates a `type` statement when it is asked
        return ForwardRef(error.name or origin.__name__)
    module = sys.modules.get(origin.__module__ or "")
    value = resolve(value, Names(getattr(module, "__dict__", {})))
    return filled(value, dict(zip(origin.__type_params__, get_args(alias), strict=False)))


def unaliased(annotation: Any) -> Any:
    """What an alias, an alias of an alias, and so on, stands for; one that only names itself stands for nothing."""
    seen: list[Any] = []
    while is_alias(annotation):
        if any(annotation is before for before in seen):
            return Any
        seen.append(annotation)
        annotation = value_of(annotation)
    return annotation


def unfolded(annotation: Any, within: tuple[Any, ...] = ()) -> Any:
    """The annotation with what its aliases stand for, those of a union's members too.

    Pydantic gives an alias a schema of its own, and constraints that are said of it from outside get lost there.
    """
    if any(annotation is outer for outer in within):
        return annotation
    inside = unaliased(annotation)
    within = (*within, annotation, inside)
    if get_origin(inside) is Annotated:
        return Annotated[(unfolded(inside.__origin__, within), *inside.__metadata__)]
    if not is_union(inside):
        return inside
    members = tuple(unfolded(member, within) for member in get_args(inside))
    return inside if all(map(operator.is_, members, get_args(inside))) else rebuilt(inside, members)


def filled(annotation: Any, given: Mapping[Any, Any]) -> Any:
    """An annotation with types in the place of its type variables."""
    if isinstance(annotation, TypeVar):
        return given.get(annotation, annotation)
    if get_origin(annotation) is Annotated:
        metadata = (
            given.get(entry, entry) if isinstance(entry, TypeVar) else entry for entry in annotation.__metadata__
        )
        return Annotated[(filled(annotation.__origin__, given), *metadata)]
    # A type lists its variables in its own order: `type Swapped[A, B] = dict[B, A]`.
    variables = () if isinstance(annotation, type) else getattr(annotation, "__parameters__", ())
    if given.keys().isdisjoint(variables):
        return annotation
    return subscripted(annotation, tuple(given.get(variable, variable) for variable in variables))


# --- what stands around a type ------------------------------------------------------------------------------------


def plain(annotation: Any) -> Any:
    """The annotation without `Annotated` and aliases around it."""
    while not isinstance(annotation, type):
        annotation = unaliased(annotation)
        if get_origin(annotation) is not Annotated:
            break
        annotation = annotation.__origin__
    return annotation


def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def peeled(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type inside `Annotated` and aliases, and all metadata; an alias that leads to no more keeps its name."""
    metadata: tuple[Any, ...] = ()
    while True:
        inside = unaliased(annotation)
        if get_origin(inside) is not Annotated:
            return annotation if metadata else inside, metadata
        annotation = inside.__origin__
        metadata = (*inside.__metadata__, *metadata)


def lifted(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Take the markers of a union's only member beside None to the outside: `CurrentUser | None` is a dependency too.

    Where a union has more members, nobody can tell what a marker of one means for the others: it stays inside, for
    `classify` to refuse.
    """
    union = plain(annotation)
    members = [member for member in get_args(union) if plain(member) not in NONE] if is_union(union) else []
    if len(members) != 1:
        return annotation, metadata
    inside, own = lifted(*peeled(members[0]))
    markers = tuple(entry for entry in own if isinstance(entry, (Depends, Marker)))
    if not markers:
        return annotation, metadata
    left = tuple(entry for entry in own if not isinstance(entry, (Depends, Marker)))
    member = Annotated[(inside, *left)] if left else inside
    whole = rebuilt(union, tuple(part if plain(part) in NONE else member for part in get_args(union)))
    return whole, (*markers, *metadata)


def derived(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The model that metadata such as `Pick("id")` makes of the one it stands beside, and the rest of the metadata."""
    left = []
    for entry in metadata:
        if isinstance(annotation, type) and hasattr(type(entry), "derived_type"):
            annotation = entry.derived_type(annotation)
        else:
            left.append(entry)
    return annotation, tuple(left)


def members_of(annotation: Any, within: tuple[Any, ...] = ()) -> list[Any]:
    """The members of a union, those of unions inside it too, each without what stands around it; or the one type."""
    annotation = plain(annotation)
    if isinstance(annotation, type) or not is_union(annotation) or any(annotation is outer for outer in within):
        return [annotation]
    found: list[Any] = []
    for argument in get_args(annotation):
        found += [member for member in members_of(argument, (*within, annotation)) if member not in found]
    return found


def parts_of(annotation: Any, within: tuple[Any, ...] = ()) -> Iterator[Any]:
    """An annotation and all that it is made of: what stands inside aliases, generic types and unions, and metadata."""
    yield annotation
    if type(annotation) is type or get_origin(annotation) is Literal or any(annotation is outer for outer in within):
        return
    inner = (value_of(annotation),) if is_alias(annotation) else getattr(annotation, "__args__", ())
    if get_origin(annotation) is Annotated:
        inner = (annotation.__origin__, *annotation.__metadata__)
    elif isinstance(annotation, TypeVar):
        inner = (annotation.__bound__, *annotation.__constraints__, getattr(annotation, "__default__", None))
    for part in inner:
        yield from parts_of(part, (*within, annotation))
