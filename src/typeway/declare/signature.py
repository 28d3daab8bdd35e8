"""Read a callable's signature: its parameters with their annotations resolved, and what it returns."""

import functools
import inspect
import sys
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from pydantic import BaseModel, Field
from pydantic_core import PydanticUndefined

from typeway.declare import shapes
from typeway.declare.annotation import filled, missing_names, read_annotation, resolve
from typeway.declare.scope import Names, globals_of, unwrap, where, written
from typeway.exceptions import DeclarationError, declaration_error


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a callable, as its author wrote it."""

    name: str
    annotation: Any  # the type without `Annotated`; `Any` where none was written
    metadata: tuple[Any, ...] = ()  # what `Annotated` says beside the type
    default: Any = PydanticUndefined
    is_variable: bool = False  # whether it is `*args` or `**kwargs`
    is_positional: bool = False  # whether it cannot be given by name
    alias: Any = None  # the type alias that the whole annotation is, which names a body in the document


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one callable declares, and where."""

    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    returns: Any  # its return annotation, or `PydanticUndefined`
    where: str  # file and line of its definition, for messages
    missing: tuple[str, ...] = ()  # the names in its annotations that are not defined yet
    # Where its parameters' values come from, by what that depends on beside itself; see `classify`.
    # A declaration of other parameters, made by `replace()`, begins with none.
    answers: dict[Hashable, tuple[Any, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)


def read_declaration(function: Callable[..., Any]) -> Declaration:
    """Read what a callable declares; refuse one whose signature Python cannot tell, and annotations in no Python."""
    try:
        signature = read_signature(function)
    except (TypeError, ValueError) as error:
        hint = "Wrap it in a function whose parameters are written out."
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise declaration_error(f"{function!r} has no readable signature: {error}.", hint=hint, also=kind) from error
    names = Names(globals_of(function), function)
    given = type_arguments(function)
    try:
        parameters = tuple(
            read_parameter(parameter, names, given, function)
            for parameter in signature.parameters.values()
            if not is_setting(parameter, function)
        )
        has_return = not inspect.isclass(function) and signature.return_annotation is not inspect.Signature.empty
        returns = resolve(signature.return_annotation, names) if has_return else PydanticUndefined
    except (SyntaxError, TypeError) as error:
        problem = str(error)
        if isinstance(error, SyntaxError):
            problem = f"{error.text!r} is no Python expression, {error.msg}"
        raise declaration_error(
            f"an annotation cannot be evaluated: {problem}.",
            hint="Mend the annotation, or write it without quotes so that editors check it.",
            where=where(function),
            also=TypeError,
        ) from error
    annotations = [*(parameter.annotation for parameter in parameters), returns]
    missing = tuple(name for annotation in annotations for name in missing_names(annotation))
    names.keep(calls=bool(missing))
    return Declaration(function, parameters, returns, where(function), missing)


def complete(declaration: Declaration) -> Declaration:
    """The declaration with the names that have been defined since it was read."""
    if not declaration.missing:
        return declaration
    # A type alias may have been asked for its value while a name in it was missing.
    shapes.forget()
    again = read_declaration(declaration.function)
    return declaration if again.missing == declaration.missing else again


def undefined_name(name: str, user: str, where: str) -> DeclarationError:
    """The refusal of an annotation that uses a name which is still not defined when the route is planned."""
    return declaration_error(
        f"the name {name!r} in {user} is not defined.",
        hint="Import it at run time, outside `if TYPE_CHECKING`, or define it before the first request.",
        where=where,
        also=NameError,
    )


def read_signature(function: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        import annotationlib

        return inspect.signature(constructed(function), annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(constructed(function))


def constructed(function: Any) -> Any:
    """The class that calling a generic alias constructs, whose signature counts; anything else is called itself."""
    if isinstance(function, functools.partial):
        inner = constructed(function.func)
        return function if inner is function.func else functools.partial(inner, *function.args, **function.keywords)
    origin = get_origin(function)
    return origin if inspect.isclass(origin) else function


def read_parameter(
    parameter: inspect.Parameter, names: Names, given: Mapping[Any, Any], function: Callable[..., Any]
) -> Parameter:
    empty = inspect.Parameter.empty
    annotation = Any if parameter.annotation is empty else parameter.annotation
    if given:
        annotation = filled(resolve(annotation, names), given)
    meaning = read_annotation(annotation, names)
    default = PydanticUndefined if parameter.default is empty else parameter.default
    metadata = meaning.metadata
    factory = default_factory(function, parameter.name, default)
    if factory is not None:
        default, metadata = PydanticUndefined, (*metadata, Field(default_factory=factory))
    return Parameter(
        name=parameter.name,
        annotation=meaning.type,
        metadata=metadata,
        default=default,
        is_variable=parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD),
        alias=meaning.alias,
        is_positional=parameter.kind is parameter.POSITIONAL_ONLY,
    )


def is_setting(parameter: inspect.Parameter, function: Any) -> bool:
    """Whether a parameter is a switch of a model's constructor and no field, such as `_env_file` of BaseSettings.

    Fields of models cannot begin with an underscore, and no client may say which file is read.
    """
    return parameter.name.startswith("_") and inspect.isclass(function) and issubclass(function, BaseModel)


def type_arguments(function: Any) -> dict[Any, Any]:
    """The types that a generic class is constructed with, by its type variables: of `Repository[User]` and its bases."""
    given: dict[Any, Any] = {}
    waiting = [function]
    while waiting:
        generic = waiting.pop()
        origin = getattr(generic, "__origin__", generic)
        arguments = [filled(argument, given) for argument in get_args(generic)]
        given |= dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=False))
        waiting += getattr(origin, "__dict__", {}).get("__orig_bases__", ())
    return given


def default_factory(function: Any, name: str, default: Any) -> Callable[[], Any] | None:
    """What makes the default of a dataclass's or model's field; the signature shows a stand-in for it."""
    # Dataclasses and Pydantic each have a class of this name for it.
    if type(default).__name__ != "_HAS_DEFAULT_FACTORY_CLASS":
        return None
    owner = unwrap(function)
    own = vars(owner)  # Pydantic's dataclasses have fields of both kinds, and those of Pydantic count
    known: Any = own.get("__pydantic_fields__") or own.get("__dataclass_fields__", {})
    found: Callable[[], Any] | None = getattr(known.get(name), "default_factory", None)
    return found


def is_bare(parameter: Parameter, declaration: Declaration) -> bool:
    """Whether a parameter has neither an annotation nor a default."""
    written_types = getattr(written(declaration.function), "__annotations__", {})
    is_required = parameter.default is PydanticUndefined and not parameter.is_variable
    return (
        is_required and not parameter.metadata and parameter.annotation is Any and parameter.name not in written_types
    )


def name_of(function: Any) -> str:
    """What messages call a function: its name in its module or class; an object by the name of its class."""
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    return str(name or type(function).__name__).rpartition("<locals>.")[2]
