"""Read a path: the names of its parameters and their convertors; refuse a path that no request can match."""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote

from starlette.convertors import CONVERTOR_TYPES, Convertor
from starlette.routing import PARAM_REGEX

from typeway.declare.conventions import Conventions
from typeway.exceptions import DeclarationError, calling_line, declaration_error

# Patterns in a path without its parameters that indicate a mistake, each with the problem and the hint.
MISTAKES: Final = (
    (re.compile(r"\{\s*\}"), "has a parameter without a name", "Use the name of the function's parameter: {{item_id}}."),
    (re.compile(r"\{[^{}]*\}"), "has {found}, which is not a parameter", "Parameters are {{name}} or {{name:int}}: {fixed}."),
    (re.compile(r"[{}]"), "has an unpaired brace", "Write parameters as {{name}}."),
    (re.compile(r"<[^<>]*>"), "has {found}, which is not a parameter", "Write parameters in braces: {fixed}."),
    (re.compile(r"[?#].*"), "has {found}, but a path has no query", "Remove it: query parameters are parameters of the function."),
    (re.compile(r"^\s|\s$"), "begins or ends with a space", "Remove the space."),
    (re.compile(r"(%[0-9a-fA-F]{2})+"), "has {found}, but paths are matched decoded", "Write {decoded!r} instead."),
)  # fmt: skip
SUSPICIOUS: Final = re.compile(r"[{}<?#\s%]")


def read_path(path: str) -> tuple[str, dict[str, Convertor[Any]]]:
    """Return a path as the documentation writes it, and the convertors of its parameters.

    Raises:
        DeclarationError: a name occurs twice, or a convertor does not exist.

    Example:
        >>> read_path("/items/{item_id:int}")[0]
        '/items/{item_id}'
    """
    found = [(match[1], (match[2] or ":str")[1:]) for match in PARAM_REGEX.finditer(path)]
    convertors = {}
    for name, kind in found:
        if name in convertors:
            problem = f"Duplicated param name {name} at path {path}"
            hint = f"Use another name for each {{{name}}}, including those in prefixes."
            raise declaration_error(problem, hint=hint, where=calling_line(), also=ValueError)
        if kind not in CONVERTOR_TYPES:
            close = difflib.get_close_matches(kind, CONVERTOR_TYPES, n=1, cutoff=0.3)
            hint = f"Did you mean {{{name}:{close[0]}}}? " if close else ""
            hint += f"There are {', '.join(CONVERTOR_TYPES)}; starlette.convertors.register_url_convertor() adds one."
            problem = f"Unknown path convertor {kind!r}"
            raise declaration_error(problem, hint=hint, where=calling_line(), also=AssertionError)
        convertors[name] = CONVERTOR_TYPES[kind]
    return PARAM_REGEX.sub(r"{\1}", path), convertors


def verify_path(path: str, aliases: Callable[[], Iterable[str]] = tuple) -> None:
    """Refuse a path with an obvious mistake.

    Parameters:
        path: the path, with or without its prefixes.
        aliases: returns the wire names of functions' parameters: `{item-id}` is accepted if one of them is `item-id`.

    Raises:
        DeclarationError: the path has a mistake; the hint shows the correct form.
    """
    literal = PARAM_REGEX.sub("", path)
    if not SUSPICIOUS.search(literal):
        return
    for alias in aliases() if "{" in literal else ():
        literal = literal.replace(f"{{{alias}}}", "")
    for mistake, problem, hint in MISTAKES:
        match = mistake.search(literal)
        if match is None:
            continue
        found = match[0]
        inside = found.strip("{}<> ").split(":")
        word = re.sub(r"\W+", "_", inside[-1 if found.startswith("<") else 0].strip()).strip("_")
        values = {"found": repr(found), "fixed": f"{{{word or 'name'}}}", "decoded": unquote(found)}
        sentence = f"the path {path!r} {problem.format(**values)}."
        raise declaration_error(sentence, hint=hint.format(**values), where=calling_line())


def verify_whole_path(path: str) -> None:
    """Refuse a full path without a leading slash, because the path of every request has one."""
    if path and not path.startswith("/"):
        hint = f"Write {'/' + path!r}."
        if "://" in path:
            hint = "Write only the path, without scheme and host."
        problem = f"the path {path!r} does not start with a slash, so no request matches it."
        raise declaration_error(problem, hint=hint, where=calling_line())


def verify_slash(path: str, owner: str) -> None:
    """Refuse the path of a mount or a plain route without a leading slash, for which Starlette has an assertion."""
    if path and not path.startswith("/"):
        problem = f"Routed paths must start with '/', and {path!r} does not."
        raise declaration_error(
            problem, hint=f"Write {'/' + path!r}.", where=calling_line(), chain=(owner,), also=AssertionError
        )


def verify_prefix(prefix: str) -> str:
    """Return a path prefix if paths can start with it; refuse it otherwise."""
    given: Any = prefix
    if not isinstance(given, str):
        problem, hint = f"A path prefix must be a string, not {prefix!r}", "Write prefix='/items'."
        raise declaration_error(problem, hint=hint, where=calling_line(), also=AttributeError)
    if not prefix or (prefix.startswith("/") and not prefix.endswith("/")):
        return prefix
    problem = "A path prefix must start with '/'"
    if prefix.startswith("/"):
        problem = "A path prefix must not end with '/', as the routes will start with it"
    stripped = prefix.strip("/")
    hint = f"Write prefix={stripped and '/' + stripped!r}."
    raise declaration_error(problem, hint=hint, where=calling_line(), also=AssertionError)


def verify_text(path: Any, owner: str) -> None:
    """Refuse a path that is not a string."""
    if not isinstance(path, str):
        problem, hint = f"{owner} takes a path, not {path!r}.", "Write a string that starts with a slash."
        raise declaration_error(problem, hint=hint, where=calling_line(), also=TypeError)


def verify_decorator(path: Any, owner: str, conventions: Conventions) -> None:
    """Refuse the argument of a decorator that is the function itself, or not a string."""
    if not callable(path):
        verify_text(path, owner)
    elif conventions.checks_decorators:
        raise without_parentheses(path, owner, repr(f"/{getattr(path, '__name__', 'path')}"))


def without_parentheses(function: Any, owner: str, example: str) -> DeclarationError:
    """Return the error for a decorator without parentheses, which received the function instead of a path."""
    name, verb = getattr(function, "__name__", repr(function)), owner.removesuffix("()")
    problem = f"@{verb} is written without parentheses, so {name}() is not registered."
    hint = f"Write @app.{verb}({example})."
    return declaration_error(problem, hint=hint, where=calling_line())


def names_in(path: str) -> list[str]:
    """Return the names of the parameters in a path."""
    return [match[1] for match in PARAM_REGEX.finditer(path)]
