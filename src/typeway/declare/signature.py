"""Read the signature of a callable: its parameters with resolved annotations, and its return annotation."""

import difflib
import functools
import inspect
import sys
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from pydantic import BaseModel, Field
from pydantic_core import PydanticUndefined

from typeway.declare import shapes
from typeway.declare.annotation import absent_attribute, missing_names, read_annotation, resolve, substitute
from typeway.declare.scope import Namespace, defining_function, globals_of, unwrap, where
from typeway.exceptions import DeclarationError, declaration_error


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a callable, as its author wrote it."""

    name: str
    annotation: Any  # the type without `Annotated`; `Any` where none was written
    metadata: tuple[Any, ...] = ()  # the metadata of `Annotated`
    default: Any = PydanticUndefined
    is_variable: bool = False  # whether it is `*args` or `**kwargs`
    is_positional: bool = False  # whether it cannot be passed by name
    alias: Any = None  # the type alias that the whole annotation is; it names a body in the OpenAPI document


@dataclass(frozen=True, slots=True)
class Declaration:
    """The signature of one callable, and where it is defined."""

    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    returns: Any  # its return annotation, or `PydanticUndefined`
    where: str  # file and line of its definition, for messages
    missing: tuple[str, ...] = ()  # the names in its annotations that are not defined yet
    # The sources of its parameters, by the other arguments of `classify`. A copy that `replace()` makes starts empty,
    # because its parameters may differ.
    sources: dict[Hashable, tuple[Any, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)


def read_declaration(function: Callable[..., Any]) -> Declaration:
    """Read the signature of a callable.

    Raises:
        DeclarationError: Python cannot read the signature, or an annotation is not valid Python.
    """
    try:
        signature = read_signature(function)
    except (TypeError, ValueError) as error:
        hint = "Wrap it in a function with explicit parameters."
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise declaration_error(f"{function!r} has no readable signature: {error}.", hint=hint, also=kind) from error
    names = Namespace(globals_of(function), function)
    given = type_arguments(function)
    try:
        parameters = tuple(
            read_parameter(parameter, names, given, function)
            for parameter in signature.parameters.values()
            if not is_setting(parameter, function)
        )
        has_return = not inspect.isclass(function) and signature.return_annotation is not inspect.Signature.empty
        returns = resolve(signature.return_annotation, names) if has_return else PydanticUndefined
    except DeclarationError:
        raise
    except (SyntaxError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        problem = str(error)
        if isinstance(error, SyntaxError):
            problem = f"{error.text!r} is not a Python expression, {error.msg}"
        raise declaration_error(
            f"an annotation cannot be evaluated: {problem}.",
            hint="Fix the annotation; written without quotes, editors check it.",
            where=where(function),
            also=next(
                (kind for kind in (ValueError, LookupError, ArithmeticError) if isinstance(error, kind)), TypeError
            ),
        ) from error
    annotations = [*(parameter.annotation for parameter in parameters), returns]
    missing = tuple(name for annotation in annotations for name in missing_names(annotation))
    names.keep(calls=bool(missing))
    return Declaration(function, parameters, returns, where(function), missing)


def complete(declaration: Declaration) -> Declaration:
    """Read a declaration again if a name was missing; return it with the names that are defined by now."""
    if not declaration.missing:
        return declaration
    # The value of a type alias may have been read, and remembered, while a name in it was missing.
    shapes.clear_caches()
    again = read_declaration(declaration.function)
    return declaration if again.missing == declaration.missing else again


def undefined_name(text: str, user: str, declaration: Declaration) -> DeclarationError:
    """Return the error for an annotation with a name that is still not defined when the route is planned."""
    names = Namespace(globals_of(declaration.function), declaration.function)
    absent = absent_attribute(text, names)
    if absent is None:
        problem = f"the name {next(iter(names.missing), text)!r} in {user} is not defined."
        hint = "Import it at run time, outside `if TYPE_CHECKING`, or define it before the first request."
    else:
        owner, name = absent
        title = f"the module {owner.__name__!r}" if inspect.ismodule(owner) else repr(owner)
        problem = f"{text!r} in {user} cannot be evaluated: {title} has no {name!r}."
        nearest = difflib.get_close_matches(name, dir(owner), n=1)
        hint = (
            f"Did you mean {nearest[0]!r}?"
            if nearest
            else "Correct the name. What a module gets later must be there before the first request."
        )
    return declaration_error(problem, hint=hint, where=declaration.where, also=NameError)


def read_signature(function: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        import annotationlib

        return inspect.signature(constructed(function), annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(constructed(function))


def constructed(function: Any) -> Any:
    """Return the class that a generic alias constructs, because its signature applies; anything else unchanged."""
    if isinstance(function, functools.partial):
        inner = constructed(function.func)
        return function if inner is function.func else functools.partial(inner, *function.args, **function.keywords)
    origin = get_origin(function)
    return origin if inspect.isclass(origin) else function


def read_parameter(
    parameter: inspect.Parameter, names: Namespace, given: Mapping[Any, Any], function: Callable[..., Any]
) -> Parameter:
    empty = inspect.Parameter.empty
    annotation = Any if parameter.annotation is empty else parameter.annotation
    if given:
        annotation = substitute(resolve(annotation, names), given)
    normal = read_annotation(annotation, names)
    default = PydanticUndefined if parameter.default is empty else parameter.default
    metadata = normal.metadata
    factory = default_factory(function, parameter.name, default)
    if factory is not None:
        default, metadata = PydanticUndefined, (*metadata, Field(default_factory=factory))
    return Parameter(
        name=parameter.name,
        annotation=normal.type,
        metadata=metadata,
        default=default,
        is_variable=parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD),
        alias=normal.alias,
        is_positional=parameter.kind is parameter.POSITIONAL_ONLY,
    )


def is_setting(parameter: inspect.Parameter, function: Any) -> bool:
    """Whether a parameter of a model's constructor is not a field, such as `_env_file` of BaseSettings.

    The names of fields cannot start with an underscore, and a client must not choose which file is read.
    """
    return parameter.name.startswith("_") and inspect.isclass(function) and issubclass(function, BaseModel)


def type_arguments(function: Any) -> dict[Any, Any]:
    """Return the type arguments of a generic class and its bases, by type variable, as of `Repository[User]`."""
    given: dict[Any, Any] = {}
    waiting = [function]
    while waiting:
        generic = waiting.pop()
        origin = getattr(generic, "__origin__", generic)
        arguments = [substitute(argument, given) for argument in get_args(generic)]
        given |= dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=False))
        waiting += getattr(origin, "__dict__", {}).get("__orig_bases__", ())
    return given


def default_factory(function: Any, name: str, default: Any) -> Callable[[], Any] | None:
    """Return the default factory of a dataclass's or model's field, for which the signature has a placeholder."""
    # Dataclasses and Pydantic each have a placeholder class of this name.
    if type(default).__name__ != "_HAS_DEFAULT_FACTORY_CLASS":
        return None
    owner = unwrap(function)
    own = vars(owner)  # a Pydantic dataclass has fields of both kinds, and Pydantic's take precedence
    known: Any = own.get("__pydantic_fields__") or own.get("__dataclass_fields__", {})
    found: Callable[[], Any] | None = getattr(known.get(name), "default_factory", None)
    return found


def is_bare(parameter: Parameter, declaration: Declaration) -> bool:
    """Whether a parameter has neither an annotation nor a default."""
    written_types = getattr(defining_function(declaration.function), "__annotations__", {})
    is_required = parameter.default is PydanticUndefined and not parameter.is_variable
    return (
        is_required and not parameter.metadata and parameter.annotation is Any and parameter.name not in written_types
    )


def name_of(function: Any) -> str:
    """Return the name of a function for messages: qualified by its class; for an object, the name of its class."""
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    return str(name or type(function).__name__).rpartition("<locals>.")[2]
