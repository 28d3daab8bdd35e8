"""Check the names of projects, resources and fields, and derive others from them."""

import importlib.metadata
import importlib.util
import keyword
import re
import sys
import sysconfig
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from typeway.scaffold.error import ScaffoldError

LONGEST: Final = 30

_PROJECT: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_WORDS: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

# A package of one of these names would hide what the project itself imports, or a folder beside it.
_TAKEN_PACKAGES: Final = frozenset(
    {
        "aiosqlite",
        "alembic",
        "anyio",
        "asyncpg",
        "conftest",
        "deploy",
        "jwt",
        "migrations",
        "mypy",
        "pwdlib",
        "pydantic",
        "pytest",
    }
    # Python has a package `test` too, which `sys.stdlib_module_names` leaves out.
    | {"ruff", "sqlalchemy", "starlette", "test", "tests", "typeway", "yaml"}
)

# Windows cannot have files of these names, whatever their extension.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9])")

# Class names that the modules of a resource import or define themselves.
TAKEN_CLASSES: Final = frozenset(
    {"Annotated", "Any", "AsyncSession", "Base", "BaseModel", "BigInteger", "Changed", "Collection", "ColumnElement", "ConfigDict", "DateTime", "Decimal"}
    | {"Depends", "ExactDecimal", "Field", "Id", "Integer", "Login", "Mapped", "Moment", "Amount", "NoNul", "NotFound", "Number", "Page", "Partial"}
    | {"Path", "Query", "Request", "Response", "Router", "Row", "RowId", "Seen", "Sequence", "Service", "Session", "Slice"}
    | {"String", "Table", "TestClient", "Text", "UUID", "User", "UtcDateTime"}
)  # fmt: skip

# Plurals under whose paths the documentation is, and the tables of the parts of a project.
_TAKEN_PLURALS: Final = frozenset({"docs", "logins", "redoc"})

# What every row has already, what SQLAlchemy keeps for itself, and the names of types that annotations use.
_TAKEN_FIELDS: Final = frozenset(
    {
        "id",
        "created_at",
        "updated_at",
        "mapped_column",
        "metadata",
        "registry",
        "self",
        "bool",
        "datetime",
        "float",
        "int",
        "str",
    }
)


def check_project(name: str) -> str:
    """Return the name of a project if a package can be called so.

    Raises:
        ScaffoldError: it cannot.
    """
    package = package_of(name)
    if not _PROJECT.fullmatch(name) or len(name) > LONGEST:
        raise ScaffoldError(
            f"{name!r} cannot be the name of a project: it needs up to {LONGEST} lower-case letters, digits and "
            "hyphens, and begins with a letter, as in my-shop"
        )
    reason = None
    if keyword.iskeyword(package):
        reason = "it is a keyword of Python, so its package could not be imported"
    elif _DEVICES.fullmatch(package):
        reason = "Windows has a device of this name, so nobody could check it out there"
    elif package in _TAKEN_PACKAGES or package in sys.stdlib_module_names or _is_installed(name, package):
        reason = "Python or one of its libraries has the name"
    if reason is not None:
        raise ScaffoldError(f"{name!r} cannot be the name of a project: {reason}; take another one, such as {name}-api")
    return name


def _is_installed(project: str, package: str) -> bool:
    """Whether a distribution or a module has the name, other than one that is being developed, such as the project itself."""
    try:
        spec = importlib.util.find_spec(package)
        places = [spec.origin or "", *(spec.submodule_search_locations or ())] if spec is not None else []
        installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        if any(Path(place).is_relative_to(folder) for place in places for folder in installed):
            return True
        return '"editable": true' not in (importlib.metadata.distribution(project).read_text("direct_url.json") or "")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False


def package_of(project: str) -> str:
    """Return the name of the Python package of a project."""
    return project.replace("-", "_")


def check_resource(name: str, plural: str) -> None:
    """Refuse names that the modules of a resource cannot have.

    Raises:
        ScaffoldError: one of them cannot be used.
    """
    for word in (name, plural):
        _check_word("resource", word)
        if _DEVICES.fullmatch(word):
            raise ScaffoldError(
                f"a resource cannot be called {word!r}: Windows has a device of this name, and can have no file {word}.py"
            )
        if class_name(word) in TAKEN_CLASSES or keyword.iskeyword(class_name(word)):
            raise ScaffoldError(f"a resource cannot be called {word!r}: the project uses the name itself")
    if plural in _TAKEN_PLURALS:
        raise ScaffoldError(
            f"a resource cannot have the plural {plural!r}: the project uses it itself; name another one, as in {name}/all_{plural}"
        )
    if name == plural:
        raise ScaffoldError(f"{name!r} needs a plural that differs from it, as in person/people")


def check_field(name: str) -> None:
    """Refuse a name that a column or a field of a Pydantic model cannot have.

    Raises:
        ScaffoldError: it cannot be used.
    """
    _check_word("field", name)
    if name in _TAKEN_FIELDS:
        raise ScaffoldError(f"a field cannot be called {name!r}: every resource has it already, or a type is called so")
    if hasattr(BaseModel, name) or name.startswith("model_"):
        raise ScaffoldError(f"a field cannot be called {name!r}: Pydantic's models have an attribute of this name")


def _check_word(kind: str, word: str) -> None:
    if not _WORDS.fullmatch(word) or len(word) > LONGEST:
        raise ScaffoldError(
            f"{word!r} cannot be the name of a {kind}: it needs up to {LONGEST} lower-case letters, digits and "
            "underscores, and begins with a letter, as in order_line"
        )
    if keyword.iskeyword(word):
        raise ScaffoldError(f"a {kind} cannot be called {word!r}: it is a keyword of Python")


def plural_of(name: str) -> str:
    """Return the English plural of a word by the common rules.

    Raises:
        ScaffoldError: the word looks like a plural already.
    """
    if name.endswith("s") and not name.endswith(("ss", "us", "is")):
        raise ScaffoldError(
            f"{name!r} looks like a plural: name one of them, as in book, or both, as in {name}/all_{name}"
        )
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"


def class_name(word: str) -> str:
    """Return `OrderLine` for `order_line`."""
    return "".join(part.capitalize() for part in word.split("_"))


def phrase(word: str) -> str:
    """Return `order line` for `order_line`."""
    return word.replace("_", " ")


def sort_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Order names as import sorters do: numbers in them by their value."""
    return tuple((0, int(part), part) if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D", text))
