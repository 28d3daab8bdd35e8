"""Import the user's module and take the application out of it, or say in one line why that cannot be done."""

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar

from starlette.applications import Starlette

from typeway.cli.discover import Target
from typeway.cli.failure import Failure, Misuse
from typeway.exceptions import DeclarationError

# The names under which an application is looked for, and those of functions that are likely to make one.
USUAL_NAMES: Final = ("app", "api")
USUAL_FACTORIES: Final = ("create_app", "make_app", "get_app", "build_app")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was found in the user's module."""

    value: Any
    """The application, or its factory."""
    import_string: str
    """How another process finds it."""
    folder: Path
    is_factory: bool

    def application(self) -> Any:
        """Return the application; a factory is called now.

        Raises:
            Failure: the factory raised, or returned what is no application.
        """
        if not self.is_factory:
            return self.value
        made = in_user_code(self.value, self.folder)
        if not callable(made):
            raise Failure(f"{self.import_string} returned {_kind(made)}, not an application")
        return made


def load(target: Target, *, factory: bool) -> Loaded:
    """Import the target's module and find the application in it.

    Parameters:
        target: what to import.
        factory: the target is a function that makes the application.

    Raises:
        Failure: the module is not there, fails, or holds nothing that fits.
    """
    # The current folder too: a file in a folder that is no package may import its neighbours from above.
    for folder in (str(Path.cwd()), str(target.folder)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    module = _import(target)
    name = target.attribute or _find_name(module, target, factory)
    value = _attribute(module, name, target)
    if not callable(value):
        raise Failure(f"{target.module}:{name} is {_kind(value)}, not an application")
    if not factory and _is_factory(value):
        raise Failure(f"{target.module}:{name} is a function, not an application; if it makes one, add --factory")
    return Loaded(value, f"{target.module}:{name}", target.folder, factory)


def _import(target: Target) -> ModuleType:
    """Import the module; an error of the import itself differs from an error inside the user's code."""
    try:
        return in_user_code(lambda: importlib.import_module(target.module), target.folder)
    except Failure as failure:
        cause = failure.__cause__
        absent = cause.name if isinstance(cause, ModuleNotFoundError) else None
        if absent is not None and f"{target.module}.".startswith(f"{absent}."):
            meant = _meant(target)
            if meant is not None:
                raise Misuse(f"there is no module {absent!r} in {target.folder}; did you mean {meant}?") from None
            raise Failure(f"there is no module {absent!r} in {target.folder}") from None
        if isinstance(cause, ModuleNotFoundError) and (absent or "").partition(".")[0] == "fastapi":
            hint = "if the application is written for FastAPI, add --compat"
            raise Misuse(f"{_told(cause, target.folder)}; {hint}") from cause
        raise


def _meant(target: Target) -> str | None:
    """`module:app` where the user has written `module.app`, and there is such a module."""
    module, _, name = target.module.rpartition(".")
    if not module or target.attribute is not None:
        return None
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return f"{module}:{name}" if found is not None else None


def in_user_code(function: Callable[[], Result], folder: Path) -> Result:
    """Call what runs the user's code; an exception becomes a failure that points at the user's line.

    Raises:
        Failure: the function raised, or tried to exit.
    """
    try:
        return function()
    except SystemExit as error:
        # The module decided to stop, and what it says is meant for whoever started it.
        if isinstance(error.code, str):
            raise Failure(error.code) from error
        raise Failure(f"the application's module called exit({error.code!r}) while it was imported") from error
    except Exception as error:
        raise Failure(f"{_told(error, folder)} (--traceback shows where it came from)") from error


def _told(error: Exception, folder: Path) -> str:
    """Put place, type and message of an exception on one line."""
    if isinstance(error, DeclarationError) and error.where is not None:
        return _on_one_line(error)
    message = error.msg if isinstance(error, SyntaxError) else error
    return f"{_place(error, folder)}: {type(error).__name__}: {_on_one_line(message)}".rstrip(": ")


def _place(error: Exception, folder: Path) -> str:
    """Name file and line of the innermost frame that is the user's own."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{_shown(error.filename, folder)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_own(frame.filename, folder)]
    frame = (own or frames)[-1]
    return f"{_shown(frame.filename, folder)}:{frame.lineno}"


def _is_own(file: str, folder: Path) -> bool:
    """Tell the user's files from installed ones and from this package."""
    path = Path(file)
    installed = "site-packages" in path.parts or path.is_relative_to(Path(__file__).parents[1])
    return path.is_relative_to(folder) and not installed


def _shown(file: str, folder: Path) -> str:
    """Shorten a path below the user's folder."""
    path = Path(file)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else file


def _on_one_line(message: object) -> str:
    return " ".join(str(message).split())


def _find_name(module: ModuleType, target: Target, factory: bool) -> str:
    """Find the name of the application, or of its factory, in a module."""
    if factory:
        name = next((name for name in USUAL_FACTORIES if callable(getattr(module, name, None))), None)
        if name is None:
            raise Failure(
                f"{target.module} has none of {', '.join(USUAL_FACTORIES)}; name it: {target.module}:function"
            )
        return name
    found = _applications(module)
    name = next((name for name in USUAL_NAMES if name in found), None)
    if name is not None:
        return name
    if len({id(application) for application in found.values()}) > 1:
        raise Failure(f"{target.module} has several applications, {', '.join(found)}; name one: {target.module}:name")
    if found:
        return next(iter(found))
    maker = next((name for name in USUAL_FACTORIES if callable(getattr(module, name, None))), None)
    hint = "name it as module:app" if maker is None else f"add --factory to use {target.module}:{maker}"
    raise Failure(f"{target.module} has no application; {hint}")


def _applications(module: ModuleType) -> dict[str, Starlette]:
    """Return the applications at a module's top, by name."""
    return {name: value for name, value in vars(module).items() if isinstance(value, Starlette)}


def _attribute(module: ModuleType, dotted: str, target: Target) -> Any:
    """Follow a dotted name from a module."""
    value: Any = module
    for part in dotted.split("."):
        if not hasattr(value, part):
            there = ", ".join(_applications(module))
            hint = f"; its applications: {there}" if there else ""
            raise Failure(f"{target.module} has no {dotted!r}{hint}")
        value = getattr(value, part)
    return value


def _is_factory(value: Any) -> bool:
    """Recognize a function that cannot be an ASGI application, which takes scope, receive and send."""
    return inspect.isfunction(value) and len(inspect.signature(value).parameters) != 3


def _kind(value: object) -> str:
    """Name the type of a value with its article."""
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
