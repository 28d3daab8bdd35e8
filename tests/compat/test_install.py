"""`install()` makes `import fastapi` mean Typeway, in a process of its own each time."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

from typeway.compat.names import NAMES


def printed(source: str, *, fails: bool = False) -> str:
    """What a fresh interpreter prints (its last line of errors if it fails), warnings being errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(source)], capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) is fails, done.stderr
    return done.stderr.strip().splitlines()[-1] if fails else done.stdout.strip()


APPLICATION = """
    import typeway.compat
    typeway.compat.install()

    from typing import Annotated
    import fastapi
    from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Query, Request, status
    from fastapi.encoders import jsonable_encoder
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse
    from fastapi.security import OAuth2PasswordBearer
    from fastapi.testclient import TestClient
    from pydantic import BaseModel

    class Item(BaseModel):
        name: str

    app = FastAPI()
    router = APIRouter(prefix="/items", tags=["items"])
    token = OAuth2PasswordBearer(tokenUrl="token")

    @router.post("/", response_model=Item, status_code=status.HTTP_201_CREATED)
    def create(item: Item, user: Annotated[str, Depends(token)], q: Annotated[int, Query(ge=1)] = 1):
        return item

    @app.exception_handler(RequestValidationError)
    async def handler(request: Request, error: RequestValidationError):
        return JSONResponse({"errors": len(error.errors())}, 422)

    app.include_router(router)
    client = TestClient(app)
    headers = {"authorization": "Bearer t"}
    print(client.post("/items/", json={"name": "n"}, headers=headers).status_code)
    print(client.post("/items/?q=0", json={}, headers=headers).json())
    print(client.post("/items/", json={"name": "n"}).json())
    print(client.head("/docs").status_code, client.options("/items/").status_code)
    print(sorted(client.get("/openapi.json").json()["paths"]), app.title)
    print(fastapi.__version__, FastAPI.__module__)
"""


def test_an_unmodified_application_runs():
    """An application that imports fastapi and its submodules runs on Typeway, with FastAPI's conventions."""
    lines = printed(APPLICATION).splitlines()
    assert lines == [
        "201",
        "{'errors': 2}",
        "{'detail': 'Not authenticated'}",
        "200 405",
        "['/items/'] FastAPI",
        "0.165.0 typeway.compat.application",
    ]


def test_every_offered_name_is_there():
    """Every name of every module in the table can be imported, and the module lists it."""
    source = """
        import importlib, typeway.compat, warnings
        warnings.filterwarnings("ignore", message="starlette.middleware.wsgi is deprecated")
        typeway.compat.install()
        from typeway.compat.names import NAMES
        for module, names in NAMES.items():
            loaded = importlib.import_module(module)
            for name in names:
                getattr(loaded, name)
                assert name in dir(loaded), (module, name)
            exec(f"from {module} import *", {})
        print("all")
    """
    assert printed(source).endswith("all")


def test_installing_imports_little_and_may_be_repeated():
    """`install()` loads no web framework, and doing it again changes nothing."""
    source = """
        import sys, typeway.compat
        typeway.compat.install()
        finders = len(sys.meta_path)
        typeway.compat.install()
        print(len(sys.meta_path) - finders, sorted({"starlette", "pydantic", "anyio", "httpx"} & set(sys.modules)))
    """
    assert printed(source) == "0 []"


def test_installing_too_late_is_refused():
    """Where the real package has been imported, some code would keep it: the error says so, and what to do."""
    pytest.importorskip("fastapi")
    source = "import fastapi, typeway.compat; typeway.compat.install()"
    assert "call typeway.compat.install() before anything imports it" in printed(source, fails=True)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("import fastapi.nowhere", "ModuleNotFoundError: 'fastapi' has no 'nowhere'"),
        ("from fastapi import Nothing", "ModuleNotFoundError: 'fastapi' has no 'Nothing'"),
        ("import fastapi; fastapi.Nothing", "AttributeError: 'fastapi' has no 'Nothing'"),
        ("import fastapi.routing; fastapi.routing.Nothing", "AttributeError: 'fastapi.routing' has no 'Nothing'"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(statement, error):
    """A module or name that is not in the table is refused as Python refuses it."""
    source = f"import typeway.compat; typeway.compat.install(); {statement}"
    assert error in printed(source, fails=True)


def test_submodules_are_reached_through_the_package():
    """`fastapi.responses` works after `import fastapi` alone, as with the real package."""
    source = """
        import typeway.compat
        typeway.compat.install()
        import fastapi
        print(fastapi.responses.JSONResponse.__name__, fastapi.openapi.utils.get_openapi.__name__)
    """
    assert printed(source) == "JSONResponse get_openapi"


def test_other_packages_are_found_as_always():
    """Only the one package is resolved otherwise; its real files are not even looked at."""
    source = """
        import typeway.compat
        typeway.compat.install()
        import fastapi, json, starlette
        print(fastapi.__doc__, hasattr(fastapi, "__file__"), json.__name__, starlette.__name__)
    """
    assert printed(source) == "Typeway in the place of fastapi. False json starlette"


def test_the_table_names_modules_that_fastapi_has():
    """Every module of the table exists in the real package, so that nobody learns a name that is ours alone."""
    source = """
        import importlib.util, json, sys
        print(json.dumps([name for name in json.loads(sys.argv[1]) if importlib.util.find_spec(name) is None]))
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(source), json.dumps(list(NAMES))], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_documents_can_be_made_by_fastapis_function():
    """`fastapi.openapi.utils.get_openapi` documents routes, as applications that customise their document use it."""
    source = """
        import typeway.compat
        typeway.compat.install()
        from fastapi import FastAPI
        from fastapi.openapi.utils import get_openapi
        app = FastAPI()
        app.get("/x")(lambda q=1: q)
        document = get_openapi(title="T", version="1", routes=app.routes, description="D")
        print(document["info"], list(document["paths"]))
    """
    assert printed(source) == "{'title': 'T', 'description': 'D', 'version': '1'} ['/x']"
