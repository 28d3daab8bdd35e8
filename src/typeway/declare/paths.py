"""Read a path: the names of its parameters and their convertors; refuse one that no request could match."""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote

from starlette.convertors import CONVERTOR_TYPES, Convertor
from starlette.routing import PARAM_REGEX

from typeway.declare.conventions import Conventions
from typeway.exceptions import DeclarationError, calling_line, declaration_error

# What is left of a path without its parameters and looks like a mistake, with the problem and the hint.
MISTAKES: Final = (
    (re.compile(r"\{\s*\}"), "has a parameter without a name", "Name it as the function does: {{item_id}}."),
    (re.compile(r"\{[^{}]*\}"), "has {found}, which is no parameter", "Parameters are {{name}} or {{name:int}}: {fixed}."),
    (re.compile(r"[{}]"), "has a brace without its other half", "Write parameters as {{name}}."),
    (re.compile(r"<[^<>]*>"), "has {found}, which is no parameter", "Parameters stand in braces: {fixed}."),
    (re.compile(r"[?#].*"), "has {found}, but a path has no query", "Take it out: query parameters are the function's own."),
    (re.compile(r"^\s|\s$"), "begins or ends with a space", "Take the space away."),
    (re.compile(r"(%[0-9a-fA-F]{2})+"), "has {found}, but paths are matched decoded", "Write {decoded!r} in its place."),
)  # fmt: skip
SUSPICIOUS: Final = re.compile(r"[{}<?#\s%]")


def read_path(path: str) -> tuple[str, dict[str, Convertor[Any]]]:
    """A path as documentation writes it, and the convertors of its parameters.

    Raises:
        DeclarationError: a name stands twice, or a convertor does not exist.

    Example:
        >>> read_path("/items/{item_id:int}")[0]
        '/items/{item_id}'
    """
    found = [(match[1], (match[2] or ":str")[1:]) for match in PARAM_REGEX.finditer(path)]
    convertors = {}
    for name, kind in found:
        if name in convertors:
            problem = f"Duplicated param name {name} at path {path}"
            hint = f"Give each {{{name}}} a name of its own, also those of the prefixes."
            raise declaration_error(problem, hint=hint, where=calling_line(), also=ValueError)
        if kind not in CONVERTOR_TYPES:
            close = difflib.get_close_matches(kind, CONVERTOR_TYPES, n=1, cutoff=0.3)
            hint = f"Did you mean {{{name}:{close[0]}}}? " if close else ""
            hint += (
                f"There are {', '.join(CONVERTOR_TYPES)}; register_url_convertor() of starlette.convertors adds one."
            )
            problem = f"Unknown path convertor {kind!r}"
            raise declaration_error(problem, hint=hint, where=calling_line(), also=AssertionError)
        convertors[name] = CONVERTOR_TYPES[kind]
    return PARAM_REGEX.sub(r"{\1}", path), convertors


def verify_path(path: str, aliases: Callable[[], Iterable[str]] = tuple) -> None:
    """Refuse a path that says something else than its author means.

    Parameters:
        aliases: tells the names under which functions take values: `{item-id}` is documented where one is `item-id`.
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
        said = {"found": repr(found), "fixed": f"{{{word or 'name'}}}", "decoded": unquote(found)}
        sentence = f"the path {path!r} {problem.format(**said)}."
        raise declaration_error(sentence, hint=hint.format(**said), where=calling_line())


def verify_whole_path(path: str) -> None:
    """Refuse a whole path without the slash with which the paths of all requests begin."""
    if path and not path.startswith("/"):
        hint = f"Write {'/' + path!r}."
        if "://" in path:
            hint = "Write the path alone, without scheme and host."
        problem = f"the path {path!r} does not start with a slash, so no request matches it."
        raise declaration_error(problem, hint=hint, where=calling_line())


def verify_slash(path: str, owner: str) -> None:
    """Refuse the path of a mount or a plain route without its slash; Starlette asserts it."""
    if path and not path.startswith("/"):
        problem = f"Routed paths must start with '/', which {path!r} does not."
        raise declaration_error(
            problem, hint=f"Write {'/' + path!r}.", where=calling_line(), chain=(owner,), also=AssertionError
        )


def verify_prefix(prefix: str) -> str:
    """Return a path prefix, or refuse it: paths must be able to start with it."""
    given: Any = prefix
    if not isinstance(given, str):
        problem, hint = f"A path prefix must be a string, not {prefix!r}", "Write prefix='/items'."
        raise declaration_error(problem, hint=hint, where=calling_line(), also=AttributeError)
    if not prefix or (prefix.startswith("/") and not prefix.endswith("/")):
        return prefix
    problem = "A path prefix must start with '/'"
    if prefix.startswith("/"):
        problem = "A path prefix must not end with '/', as the routes will start with it"
    meant = prefix.strip("/")
    hint = f"Write prefix={meant and '/' + meant!r}."
    raise declaration_error(problem, hint=hint, where=calling_line(), also=AssertionError)


def verify_text(path: Any, owner: str) -> None:
    """Refuse what is no string in the place of a path."""
    if not isinstance(path, str):
        problem, hint = f"{owner} takes a path, not {path!r}.", "Write a string that starts with a slash."
        raise declaration_error(problem, hint=hint, where=calling_line(), also=TypeError)


def verify_decorator(path: Any, owner: str, conventions: Conventions) -> None:
    """Refuse what a decorator is given in the place of a path: nothing but the function, or no string at all."""
    if not callable(path):
        verify_text(path, owner)
    elif conventions.checks_decorators:
        raise without_parentheses(path, owner, repr(f"/{getattr(path, '__name__', 'path')}"))


def without_parentheses(function: Any, owner: str, example: str) -> DeclarationError:
    """The error for a decorator that was given the function, because it was written without parentheses."""
    name, verb = getattr(function, "__name__", repr(function)), owner.removesuffix("()")
    problem = f"@{verb} is written without parentheses, so {name}() is not registered."
    hint = f"Write @app.{verb}({example})."
    return declaration_error(problem, hint=hint, where=calling_line())


def names_in(path: str) -> list[str]:
    """The names of a path's parameters."""
    return [match[1] for match in PARAM_REGEX.finditer(path)]
