"""`typeway migrate --write` changes the imports of FastAPI, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from typeway.migrate.names import rewritten


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from fastapi import FastAPI", "from typeway import FastAPI"),
        ("from fastapi import FastAPI as App, Depends", "from typeway import FastAPI as App, Depends"),
        ("from fastapi import *", "from typeway import *"),
        ("from  fastapi.responses  import JSONResponse", "from  typeway.responses  import JSONResponse"),
        ("from fastapi.security.http import HTTPBearer", "from typeway.security.http import HTTPBearer"),
        ("from fastapi import routing", "from typeway import routing"),
        (
            "from fastapi import (\n    FastAPI,  # the class\n    Query,\n)",
            "from typeway import (\n    FastAPI,  # the class\n    Query,\n)",
        ),
        ("import fastapi", "import typeway as fastapi"),
        ("import fastapi as f", "import typeway as f"),
        ("import os, fastapi, sys", "import os, typeway as fastapi, sys"),
        ("import fastapi.responses as r", "import typeway.responses as r"),
        (
            "from fastapi.exceptions import FastAPIError, RequestValidationError",
            "from typeway.exceptions import TypewayError as FastAPIError, RequestValidationError",
        ),
        ("from fastapi.exceptions import FastAPIError as E", "from typeway.exceptions import TypewayError as E"),
        ("if True:\n    from fastapi import Query", "if True:\n    from typeway import Query"),
        ("é = 1; from fastapi import Query", "é = 1; from typeway import Query"),
        ("from fastapi import Query; from fastapi import Path", "from typeway import Query; from typeway import Path"),
        ("from fastapi import Query\r\nx = 1\r\n", "from typeway import Query\r\nx = 1\r\n"),
        ("import fastapi_users\nfrom fastapis import x", "import fastapi_users\nfrom fastapis import x"),
        ("from .fastapi import x\nfrom . import fastapi", "from .fastapi import x\nfrom . import fastapi"),
        ("x = 'from fastapi import FastAPI'  # import fastapi", "x = 'from fastapi import FastAPI'  # import fastapi"),
    ],
)
def test_imports_become_typeways(before: str, after: str) -> None:
    """Each spelling of an import changes only in the name of its module; the names that the file uses stay."""
    assert rewritten(before) == (after, [])


@pytest.mark.parametrize(
    "source",
    [
        "from fastapi.utils import generate_unique_id",
        "from fastapi import FastAPI, Nothing",
        "from fastapi.routing import _merge_lifespan_context",
        "import fastapi.responses",
    ],
)
def test_what_typeway_does_not_have_stays(source: str) -> None:
    """An import that would not work, or would bind another name, is left as it is, and its line is told."""
    assert rewritten(f"\n{source}\n") == (f"\n{source}\n", [2])


def test_a_project_runs_after_its_imports_were_changed(tmp_path: Path) -> None:
    """The command changes the files of a project, leaves those of its environment, and what it made answers without FastAPI."""
    source = "import fastapi\nfrom fastapi import Query\n\napp = fastapi.FastAPI(title='Things')\n"
    (tmp_path / "main.py").write_text(source, encoding="utf-8")
    installed = tmp_path / ".venv" / "lib" / "site-packages" / "plugin.py"
    installed.parent.mkdir(parents=True)
    installed.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "typeway", "migrate", "--write"],
        cwd=tmp_path, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.stderr == "main.py: imports Typeway\n"
    assert installed.read_text(encoding="utf-8") == source
    code = "import sys, main; print(type(main.app).__module__, 'fastapi' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout == "typeway.application.app False\n"
