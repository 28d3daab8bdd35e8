"""Each guide is a program that works: its files run, its commands print what is shown, its tests pass, its code is clean."""

import importlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from tests.docs.blocks import carry_out, read_blocks
from tests.docs.services import require_packages, services
from tests.docs.terminal import Terminal
from typeway.application.app import Typeway
from typeway.check.look import look
from typeway.source.files import Files
from typeway.testclient import TestClient
from typeway.types import ASGIApp, Receive, Scope, Send

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "guides"
OVERVIEW = FOLDER / "README.md"
GUIDES = sorted(set(FOLDER.glob("*.md")) - {OVERVIEW})

pytestmark = pytest.mark.timeout(300)  # a busy machine takes long to start the programs of a page

# Packages that change Starlette for the whole process, for good, when a guide starts them. Their guides are tried in a process of
# their own, in which this variable is set.
FOR_GOOD = ("sentry-sdk",)
ALONE = "TYPEWAY_TESTS_ONE_GUIDE"
APART = [
    guide for guide in GUIDES if any(f"pip install {name}" in guide.read_text(encoding="utf-8") for name in FOR_GOOD)
]

each_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)


def as_served(app: ASGIApp, root_path: str) -> ASGIApp:
    """Wrap an application as the server does: it has a prefix, and what a proxy on this machine says is believed."""

    async def with_prefix(scope: Scope, receive: Receive, send: Send) -> None:
        if root_path and scope["type"] != "lifespan":
            raw_path = root_path.encode() + scope["raw_path"]
            scope = {**scope, "root_path": root_path, "path": root_path + scope["path"], "raw_path": raw_path}
        await app(scope, receive, send)

    proxied: Any = ProxyHeadersMiddleware(with_prefix if root_path else app, trusted_hosts="127.0.0.1")  # type: ignore[arg-type]
    served: ASGIApp = proxied
    return served


@pytest.fixture(autouse=True)
def own_records() -> Iterator[None]:
    """The records of the log are made as before, whatever a guide has set for its process."""
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)


@pytest.fixture
def terminal(guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in a folder with all files of the guide, in which `main.py` is served."""
    page = guide.read_text(encoding="utf-8")
    require_packages(page)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "anyio.pytest_plugin")
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with ExitStack() as stack:
        # Sockets have short paths.
        service_folder = Path(stack.enter_context(TemporaryDirectory()))
        addresses = stack.enter_context(services(page, service_folder))
        for name, text in {block.file: block.text for block in read_blocks(page) if block.file}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = reduce(lambda known, pair: known.replace(*pair), addresses.items(), text)
            path.write_text(content, encoding="utf-8")

        def connect(variables: dict[str, str], target: str | None) -> TestClient:
            for name, value in variables.items():
                monkeypatch.setenv(name, value)
            module, _, attribute = (target or "main:app").partition(":")
            app = as_served(getattr(importlib.import_module(module), attribute), asking.root_path)
            client = TestClient(
                app, "http://127.0.0.1:8000", raise_server_exceptions=False, client=("127.0.0.1", 50000)
            )
            return stack.enter_context(client)

        asking = Terminal(tmp_path, connect, learnt=addresses)
        yield asking
    for name, loaded in list(sys.modules.items()):
        if Path(getattr(loaded, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.mark.parametrize(
    "guide", APART if ALONE in os.environ else sorted({*GUIDES} - {*APART}), ids=lambda guide: guide.stem
)
def test_a_guide_does_what_it_shows_and_is_clean(guide: Path, terminal: Terminal) -> None:
    """A reader who types the commands in their order sees what the guide shows, and `typeway check` finds nothing in its application."""
    carry_out(read_blocks(guide.read_text(encoding="utf-8")), terminal)
    # In the same test: some libraries refuse to be set up twice in one process.
    app = importlib.import_module("main").app
    assert isinstance(app, Typeway)
    assert [str(finding) for finding in look(app, Files(terminal.folder, "main"))] == []


@pytest.mark.skipif(ALONE in os.environ, reason="this is the process of its own")
@pytest.mark.parametrize("guide", APART, ids=lambda guide: guide.stem)
def test_a_guide_that_changes_its_process_does_what_it_shows(guide: Path) -> None:
    """The same, without the tests that come after it."""
    require_packages(guide.read_text(encoding="utf-8"))
    name = f"{__file__}::{test_a_guide_does_what_it_shows_and_is_clean.__name__}[{guide.stem}]"
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", "--no-cov", name]
    environment = {**os.environ, ALONE: "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, " 1 passed" in f" {done.stdout}") == (0, True), done.stdout + done.stderr


@each_guide
def test_a_guide_has_its_parts(guide: Path) -> None:
    """Each guide has an application, says which mistakes are common, how to test it, and where to read on."""
    text = guide.read_text(encoding="utf-8")
    assert {"main.py", "test_main.py"} <= {block.file for block in read_blocks(text)}
    for part in ("## Common mistakes", "## Test it", "## See also"):
        assert f"\n{part}\n" in text, part


def test_the_overview_leads_to_every_guide() -> None:
    """A reader of the overview finds each guide there."""
    text = OVERVIEW.read_text(encoding="utf-8")
    assert [guide.name for guide in GUIDES if f"({guide.name})" not in text] == []
