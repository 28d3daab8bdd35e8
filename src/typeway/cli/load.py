"""Import the module of an application and find the application in it; a failure is reported as one line."""

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

from typeway.cli.discover import AppLocation
from typeway.cli.error import CommandError, UsageError
from typeway.compat.importing.launch import begin
from typeway.exceptions import DeclarationError

# The names under which an application, or a function that creates one, is looked for in a module.
USUAL_NAMES: Final = ("app", "api")
USUAL_FACTORIES: Final = ("create_app", "make_app", "get_app", "build_app")

# How many parameters an ASGI application has, if it is a function: scope, receive and send.
ASGI_PARAMETERS: Final = 3


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Loaded:
    """An application that was found, or its factory."""

    value: Any
    """The application, or its factory."""
    import_string: str
    """The import string with which another process finds it."""
    folder: Path
    is_factory: bool

    def application(self) -> Any:
        """Return the application; a factory is called.

        Raises:
            CommandError: the factory raised an exception, or did not return an application.
        """
        if not self.is_factory:
            return self.value
        created = in_user_code(self.value, self.folder)
        if not callable(created):
            raise CommandError(f"{self.import_string} returned {_kind(created)}, not an application")
        return created


def load(location: AppLocation, *, factory: bool, compat: bool = False) -> Loaded:
    """Import a module and find the application in it; without one, the function that creates it.

    Parameters:
        location: what to import.
        factory: whether it is a function that returns the application.
        compat: whether `import fastapi` imports Typeway from now on.

    Raises:
        CommandError: the module does not exist, raises an exception, or does not contain an application.
    """
    if compat:
        try:
            begin()
        except RuntimeError as error:
            raise CommandError(str(error)) from error
    # The current folder too: a file that is not in a package may import modules from there.
    for folder in (str(Path.cwd()), str(location.folder)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    module = _import(location)
    name = location.attribute or _find_name(module, location, factory)
    value = _attribute(module, name, location)
    if not callable(value):
        raise CommandError(f"{location.module}:{name} is {_kind(value)}, not an application")
    is_factory = factory or _is_factory(value)
    if not is_factory and inspect.isfunction(value) and len(inspect.signature(value).parameters) != ASGI_PARAMETERS:
        raise CommandError(
            f"{location.module}:{name} is a function that needs arguments, not an application or a function without "
            "parameters that creates one"
        )
    return Loaded(value, f"{location.module}:{name}", location.folder, is_factory)


def _import(location: AppLocation) -> ModuleType:
    """Import the module; distinguish a module that does not exist from an error inside it."""
    try:
        return in_user_code(lambda: importlib.import_module(location.module), location.folder)
    except CommandError as error:
        cause = error.__cause__
        from importlib.metadata import PackageNotFoundError

        # That a distribution is not installed says nothing about the module.
        missing = (
            cause if isinstance(cause, ModuleNotFoundError) and not isinstance(cause, PackageNotFoundError) else None
        )
        absent = None if missing is None else missing.name
        if absent is not None and f"{location.module}.".startswith(f"{absent}."):
            problem = f"there is no module {absent!r} in {location.folder}"
            if location.setting is not None:
                problem += f", which {location.setting} names"
            suggestion = _suggestion(location)
            if suggestion is not None:
                raise UsageError(f"{problem}; did you mean {suggestion}?") from None
            raise CommandError(problem) from None
        if missing is not None and (absent or "").partition(".")[0] == "fastapi":
            hint = "if the application is written for FastAPI, add --compat"
            raise UsageError(f"{_summary(missing, location.folder)}; {hint}") from missing
        raise


def _suggestion(location: AppLocation) -> str | None:
    """Return `module:app` for an argument `module.app`, if there is such a module."""
    module, _, name = location.module.rpartition(".")
    if not module or location.attribute is not None:
        return None
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return f"{module}:{name}" if found is not None else None


def in_user_code(function: Callable[[], Result], folder: Path) -> Result:
    """Call a function that runs the application's code, and report an exception with the line that raised it.

    Raises:
        CommandError: the function raised an exception, or tried to exit.
    """
    try:
        return function()
    except SystemExit as error:
        # The application decided to exit, and its message is meant for the user.
        if isinstance(error.code, str):
            raise CommandError(error.code) from error
        raise CommandError(f"the application's module called exit({error.code!r}) while it was imported") from error
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise CommandError(f"{_summary(error, folder)} (add --traceback to see the traceback)") from error


def _summary(error: BaseException, folder: Path) -> str:
    """Return location, type and message of an exception on one line."""
    message = error.msg if isinstance(error, SyntaxError) else error
    if isinstance(error, DeclarationError):
        message = " ".join([str(error), *getattr(error, "__notes__", ())])
        if error.where is not None:
            return _on_one_line(message)
    return f"{_location(error, folder)}: {type(error).__name__}: {_on_one_line(message)}".rstrip(": ")


def _location(error: BaseException, folder: Path) -> str:
    """Return file and line of the innermost frame in the application's own code."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{_shown(error.filename, folder)}:{error.lineno}"
    # Walked, not extracted: an application may set sys.tracebacklimit to 0 while it is imported.
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [place for place in places if _is_own(place[0], folder)]
    file, line = (own or places)[-1]
    return f"{_shown(file, folder)}:{line}"


def _is_own(file: str, folder: Path) -> bool:
    """Whether a file is the application's own: not installed, and not part of Typeway."""
    path = Path(file)
    installed = "site-packages" in path.parts or path.is_relative_to(Path(__file__).parents[1])
    return path.is_relative_to(folder) and not installed


def _shown(file: str, folder: Path) -> str:
    """Return a path relative to the application's folder, if it is below that folder."""
    path = Path(file)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else file


def _on_one_line(message: object) -> str:
    try:
        return " ".join(str(message).split())
    except Exception as error:  # noqa: BLE001  the `__str__` of the author's exception
        return f"its message raised {type(error).__name__}"


def _find_name(module: ModuleType, location: AppLocation, factory: bool) -> str:
    """Find the name of the application, or of its factory, in a module."""
    if factory:
        name = next((name for name in USUAL_FACTORIES if callable(getattr(module, name, None))), None)
        if name is None:
            raise CommandError(
                f"{location.module} has none of {', '.join(USUAL_FACTORIES)}; name it: {location.module}:function"
            )
        return name
    found = _applications(module)
    name = next((name for name in USUAL_NAMES if name in found), None)
    if name is not None:
        return name
    if len({id(application) for application in found.values()}) > 1:
        raise CommandError(
            f"{location.module} has several applications, {', '.join(found)}; name one: {location.module}:name"
        )
    if found:
        return next(iter(found))
    creator = next((name for name in USUAL_FACTORIES if callable(getattr(module, name, None))), None)
    if creator is not None:
        return creator
    raise CommandError(f"{location.module} has no application; name it as module:app")


def _applications(module: ModuleType) -> dict[str, Starlette]:
    """Return the applications at the top level of a module, by name."""
    return {name: value for name, value in vars(module).items() if _is_application(value)}


def _is_application(value: object) -> bool:
    try:
        return isinstance(value, Starlette)
    except Exception:  # noqa: BLE001  a proxy that raises when it is asked for its class
        return False


def _attribute(module: ModuleType, dotted: str, location: AppLocation) -> Any:
    """Return the attribute of a module under a dotted name."""
    value: Any = module
    for part in dotted.split("."):
        if not hasattr(value, part):
            names = ", ".join(_applications(module))
            hint = f"; its applications: {names}" if names else ""
            raise CommandError(f"{location.module} has no {dotted!r}{hint}")
        value = getattr(value, part)
    return value


def _is_factory(value: Any) -> bool:
    """Whether a value is a function that can be called without arguments, as no ASGI application can."""
    return inspect.isfunction(value) and all(
        parameter.kind is parameter.VAR_KEYWORD or parameter.default is not parameter.empty
        for parameter in inspect.signature(value).parameters.values()
    )


def _kind(value: object) -> str:
    """Return the name of a value's type with its article."""
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
