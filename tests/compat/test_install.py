"""After install(), `import fastapi` means Typeway: everywhere, quietly, and with clear words where it cannot."""

from functools import partial

import fastapi
import pytest

from tests.frameworks import COMPAT, printed, run_python
from typeway.compat.importing.names import NAMES

# What a program prints in which `import fastapi` means Typeway.
installed = partial(printed, COMPAT)

MISSING = "Typeway stands for FastAPI here and offers its public names only"


def test_every_module_and_name_can_be_imported() -> None:
    """Each public name of each module is there, and none of them warns when it is imported."""
    out = installed("""
import importlib, warnings
from typeway.compat.importing.names import NAMES
for module in NAMES:
    if module == "fastapi.middleware.wsgi":  # Starlette says that it will go
        warnings.simplefilter("ignore")
    loaded = importlib.import_module(module)
    for name in NAMES[module]:
        if name not in ("ORJSONResponse", "UJSONResponse"):
            getattr(loaded, name)
    assert set(NAMES[module]) <= set(dir(loaded)), module
print(len(NAMES))
""")
    assert int(out) > 40


def test_names_are_found_in_every_way_of_importing() -> None:
    """Modules are attributes of their package, star imports work, and starlette stays Starlette."""
    installed("""
import fastapi, starlette.applications
assert fastapi.responses.JSONResponse is __import__("starlette.responses").responses.JSONResponse
from fastapi import *
assert FastAPI is fastapi.FastAPI and issubclass(FastAPI, starlette.applications.Starlette)
import fastapi.security.oauth2 as oauth2
from fastapi.security import OAuth2PasswordBearer
assert oauth2.OAuth2PasswordBearer is OAuth2PasswordBearer
assert fastapi.__version__ == "0.165.0" and "routing" in dir(fastapi)
assert FastAPI().title == "FastAPI"
from fastapi import HTTPException
from starlette.exceptions import HTTPException as Other
assert issubclass(HTTPException, Other) and HTTPException.__mro__[1] is Other
""")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("from fastapi import Fastapi", "'fastapi' has no 'Fastapi'"),
        ("from fastapi import Fastapi", "Did you mean 'FastAPI'?"),
        ("from fastapi.routing import serialise", "'fastapi.routing' has no 'serialise'"),
        ("import fastapi.dependency", "'fastapi' has no 'dependency'"),
        ("import fastapi.dependency", "Did you mean 'dependencies'?"),
        ("from fastapi.openapi.docs import x as y", "'fastapi.openapi.docs' has no 'x'"),
    ],
)
def test_a_missing_name_is_an_import_error_that_says_so(code: str, says: str) -> None:
    """Whoever imports what is not offered learns why, and what may have been meant."""
    installed(f"""
try:
    {code}
except ImportError as error:
    assert {says!r} in str(error) and {MISSING!r} in str(error), error
else:
    raise AssertionError
""")


def test_probes_for_missing_names_find_nothing() -> None:
    """hasattr and getattr with a default work, as plugins use them that know several versions."""
    installed("""
import fastapi.routing
assert not hasattr(fastapi.routing, "nothing") and getattr(fastapi.routing, "nothing", 3) == 3
try:
    fastapi.routing.nothing
except AttributeError as error:
    assert "'fastapi.routing' has no 'nothing'" in str(error)
""")


def test_installing_imports_little() -> None:
    """Neither the framework nor anything that test runners want to import themselves is loaded before it is used."""
    installed("""
import sys
heavy = {"anyio", "pydantic", "starlette", "httpx", "email_validator", "difflib", "typeway.application.app"}
assert heavy.isdisjoint(sys.modules), heavy & set(sys.modules)
import fastapi
assert heavy.isdisjoint(sys.modules), heavy & set(sys.modules)
from fastapi.middleware import Middleware
assert "typeway.application.app" not in sys.modules and "starlette.testclient" not in sys.modules
""")


def test_installing_again_changes_nothing_in_any_thread() -> None:
    """install() may be called by everybody who needs it, at the same time."""
    installed("""
import sys, threading, typeway.compat
finders = list(sys.meta_path)
threads = [threading.Thread(target=typeway.compat.install) for _ in range(20)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
assert sys.meta_path == finders
""")


def test_installing_too_late_is_an_error() -> None:
    """Where the real package has been imported, parts of the program would go on using it."""
    done = run_python(code="import fastapi, typeway.compat; typeway.compat.install()")
    assert done.returncode == 1
    assert "RuntimeError: fastapi has already been imported from" in done.stderr
    assert "call typeway.compat.install() before anything imports it" in done.stderr


# An import hook that finds every module by itself, as pytest's does where it rewrites assertions, and what it is put into.
GREEDY = """
import importlib, importlib.machinery, sys

class Greedy:
    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader.__class__ = GreedyLoader
        return spec

class GreedyLoader(importlib.machinery.SourceFileLoader): ...

def forget():
    for name in [name for name in sys.modules if name.partition(".")[0] == "fastapi"]:
        del sys.modules[name]
"""


@pytest.mark.parametrize("then", ["", "forget()"], ids=["at once", "after the modules were removed"])
@pytest.mark.parametrize("put", ["insert(0, Greedy())", "insert(-100, Greedy())", "__setitem__(slice(0), [Greedy()])"])
def test_an_import_hook_in_front_does_not_find_the_real_package(put: str, then: str) -> None:
    """A hook that puts itself first is asked after Typeway's, and is asked for all other modules."""
    installed(f"""{GREEDY}
sys.meta_path.{put}
{then}
import fastapi.routing, colorsys
from fastapi.testclient import TestClient
assert fastapi.FastAPI.__module__ == "typeway.compat.shapes.application"
assert fastapi.routing.APIRoute.__module__ == "typeway.compat.shapes.routes"
assert type(colorsys.__loader__) is GreedyLoader
assert any(type(hook) is Greedy for hook in sys.meta_path)
""")


def test_a_real_package_in_the_place_of_typeway_is_an_error() -> None:
    """If a hook gets there first nonetheless, the next import says which one it was and which file it took."""
    installed(f"""{GREEDY}
sys.meta_path = [Greedy(), *sys.meta_path]
forget()
try:
    import fastapi
    sys.meta_path.pop(0)
    import colorsys
except RuntimeError as error:
    assert "fastapi is not Typeway any more" in str(error) and "GreedyLoader" in str(error), error
    assert "fastapi/__init__.py" in str(error).replace(chr(92), "/"), error
else:
    raise AssertionError
""")


def test_agents_may_wrap_our_modules_but_not_replace_them() -> None:
    """An import hook that wraps the loader it finds is obeyed; one that finds the real package by itself is not."""
    installed("""
import importlib.machinery, importlib.util, sys

class Wrapping:
    def __init__(self):
        self.busy = set()

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] != "fastapi" or name in self.busy:
            return None
        self.busy.add(name)
        spec = importlib.util.find_spec(name)
        self.busy.discard(name)
        spec.loader = Loader(spec.loader)
        return spec

class Loader:
    def __init__(self, loader):
        self.create_module = loader.create_module
        self.exec = loader.exec_module

    def exec_module(self, module):
        self.exec(module)
        seen.append(module.__name__)

class Replacing:
    find_spec = staticmethod(importlib.machinery.PathFinder.find_spec)

seen = []
sys.meta_path.insert(0, Replacing())
sys.meta_path.insert(0, Wrapping())
import fastapi.routing
assert fastapi.FastAPI.__module__ == "typeway.compat.shapes.application"
assert {"fastapi", "fastapi.routing"} <= set(seen), seen
""")


@pytest.mark.parametrize("stub", ["None", "types.ModuleType('fastapi')", "unittest.mock.MagicMock()"])
def test_stubs_of_tests_may_stand_for_the_package(stub: str) -> None:
    """What a test puts into sys.modules, so that FastAPI seems to be absent or another, breaks no import."""
    installed(f"""
import sys, types, unittest.mock
import fastapi
before = sys.modules["fastapi"]
sys.modules["fastapi"] = {stub}
import colorsys
sys.modules["fastapi"] = before
import fastapi.routing
assert fastapi.FastAPI.__module__ == "typeway.compat.shapes.application"
""")


def test_packages_that_ask_for_the_version_get_one() -> None:
    """importlib.metadata knows FastAPI in the version whose behaviour Typeway has."""
    installed("""
from importlib import metadata
assert metadata.version("fastapi") == metadata.version("FastAPI") == "0.165.0"
found = metadata.distribution("fastapi")
assert found.metadata["Name"] == "fastapi" and found.files is None and found.requires is None
assert [d.name for d in metadata.distributions() if d.name == "fastapi"] == ["fastapi"]
assert metadata.version("typeway") and found.locate_file("x")
try:
    metadata.version("fastapi-nothing")
except metadata.PackageNotFoundError:
    print("unknown")
""")


def test_packages_find_a_version_where_fastapi_is_not_installed() -> None:
    """The distribution is there even if nothing of that name is."""
    installed("""
import importlib.metadata as metadata, sys
path = metadata.MetadataPathFinder.find_distributions
metadata.MetadataPathFinder.find_distributions = classmethod(
    lambda cls, context=metadata.DistributionFinder.Context(): [d for d in path(context) if d.name != "fastapi"]
)
assert [d.version for d in metadata.distributions() if d.name == "fastapi"] == ["0.165.0"]
assert metadata.version("fastapi") == "0.165.0"
""")


def test_private_modules_are_not_offered() -> None:
    """But for the few that plugins import, what is private stays private."""
    installed("""
from fastapi._compat import ModelField, Undefined
from fastapi.dependencies.utils import _get_body_field, _get_flat_body_params, _should_embed_body_fields
from fastapi.routing import _EffectiveRouteContext, _IncludedRouter
for name in ("_body_limit", "_form_limits", "telemetry._api"):
    try:
        __import__(f"fastapi.{name}")
    except ModuleNotFoundError:
        pass
    else:
        raise AssertionError(name)
""")


def test_import_hooks_see_the_modules_that_fastapi_imports() -> None:
    """`import fastapi` imports the modules that FastAPI's package imports, so that agents find what they wrap."""
    code = "import sys, fastapi; print(*sorted(name for name in sys.modules if name.startswith('fastapi.')))"
    real, ours = (set(printed(web, code).split()) for web in (fastapi, COMPAT))
    assert {name for name in real if name in NAMES} <= ours | {"fastapi._compat"}
    assert ours <= real


def test_errors_are_named_as_fastapi_names_them() -> None:
    """Logs and dashboards group errors by the module and the name of their class, and both are FastAPI's; pickle finds them."""
    installed("""
import pickle
import fastapi.exceptions
for name in ("HTTPException", "RequestValidationError", "ResponseValidationError", "WebSocketException"):
    kind = getattr(fastapi.exceptions, name)
    assert (kind.__module__, kind.__qualname__) == ("fastapi.exceptions", name)
assert pickle.loads(pickle.dumps(fastapi.HTTPException(404, "gone"))).detail == "gone"
""")
