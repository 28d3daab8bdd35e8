"""The package's public names are those that it says, and an application written for FastAPI finds its own."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import fastapi
import pytest

import typeway

ROOT = Path(__file__).parents[1]

# What `fastapi` itself offers to applications; submodules are asked for by their own names.
TOP_LEVEL = {
    name for name, value in vars(fastapi).items() if not name.startswith("_") and not inspect.ismodule(value)
} | {"status"}


def test_every_name_is_there():
    """Each name of `__all__` can be imported, and what is our own is documented."""
    for name in typeway.__all__:
        value = getattr(typeway, name)
        assert not getattr(value, "__module__", "").startswith("typeway.") or inspect.getdoc(value), name


def test_a_star_import_gives_exactly_these():
    """`from typeway import *` brings what `__all__` says and nothing else."""
    names: dict[str, object] = {}
    exec("from typeway import *", names)
    assert set(names) - {"__builtins__"} == set(typeway.__all__)


# What has no entry of its own in the reference: other names of the same things, constants, types for annotations.
WITHOUT_ENTRY = {"APIRouter", "FastAPI", "Target", "__version__", "status"}


@pytest.mark.parametrize(
    "module", ["typeway", "typeway.compare", "typeway.policies", "typeway.security", "typeway.testing"]
)
def test_every_public_name_is_in_the_reference(module):
    """What a package offers to import has an entry on a page of docs/reference/."""
    package = importlib.import_module(module)
    tree = ast.parse(inspect.getsource(package))
    offered = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name and not alias.name.startswith("pytest_")
    }
    pages = (ROOT / "docs" / "reference").glob("*.md")
    entries = {entry for page in pages for entry in re.findall(r"(?m)^::: (\S+)$", page.read_text(encoding="utf-8"))}
    names = {*offered, *getattr(package, "__all__", ())} - WITHOUT_ENTRY
    assert {name for name in names if not entries & {f"{module}.{name}"}} == set()
    for entry in entries:
        home, _, name = entry.rpartition(".")
        assert hasattr(importlib.import_module(home), name), entry


def test_the_names_of_fastapi_are_here():
    """One changed import moves an application: every name of `fastapi` exists under `typeway`."""
    assert {name for name in TOP_LEVEL if not hasattr(typeway, name)} == set()
    assert typeway.FastAPI is typeway.Typeway
    assert typeway.APIRouter is typeway.Router


def test_editors_and_the_interpreter_see_the_same_names():
    """What type checkers read, what is looked up at run time, and what `__all__` and `dir()` list agree."""
    tree = ast.parse(inspect.getsource(typeway))
    imported = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for block in tree.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(imported) == set(typeway.__all__)
    for name, home in imported.items():
        module, _, attribute = home.partition(":")
        assert getattr(typeway, name) is getattr(importlib.import_module(module), attribute), name
    assert sorted(typeway.__all__) == typeway.__all__
    assert set(typeway.__all__) <= set(dir(typeway))


@pytest.mark.parametrize("name", ["Typewy", "_private", "nowhere"])
def test_an_unknown_name_is_an_attribute_error(name):
    """A name that does not exist is refused as Python refuses it."""
    with pytest.raises(AttributeError, match=f"module 'typeway' has no attribute '{name}'"):
        getattr(typeway, name)


def test_submodules_are_attributes():
    """Submodules can be reached through the package without importing each."""
    run = "import typeway; print(typeway.responses.JSONResponse.__name__, typeway.testclient.TestClient.__name__)"
    assert printed(run) == "JSONResponse TestClient"


def test_importing_the_package_imports_little():
    """The package itself loads no web framework; the first name that is used does."""
    run = (
        "import sys, typeway; before = {'starlette', 'pydantic', 'anyio'} & set(sys.modules); "
        "typeway.Typeway; print(sorted(before), 'starlette' in sys.modules)"
    )
    assert printed(run) == "[] True"


def test_serving_needs_nothing_but_the_core():
    """Applications are made and documented without the packages of the extras."""
    blocked = [
        "httpx",
        "httpx2",
        "jinja2",
        "uvicorn",
        "typer",
        "rich",
        "email_validator",
        "pydantic_settings",
        "fastapi",
    ]
    run = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r})); import typeway; app = typeway.Typeway(); "
        "app.get('/')(lambda q=1: q); print(sorted(app.openapi()['paths']))"
    )
    assert printed(run) == "['/']"


def printed(source: str) -> str:
    """What a fresh interpreter prints that treats warnings as errors."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
