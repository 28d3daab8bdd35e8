"""Run uvicorn's own tests of HTTP/1.1 and WebSockets with the protocol class of Typeway in the place of uvicorn's.

They are in uvicorn's source distribution, which is downloaded into `.uvicorn-tests` for the version that is installed, and is
not committed. This module is the plugin of their run as well. `LISTED` has the tests that cannot pass, with the reasons; a
listed test that passes fails the run, so that the list stays true.

    python -m scripts.uvicorn_tests [--if-available] [options of pytest]

With `--if-available` it is no failure if the source distribution cannot be downloaded.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
CACHE: Final = ROOT / ".uvicorn-tests"
FILES: Final = ("tests/protocols/test_http.py", "tests/protocols/test_websocket.py")

CLEAN_500: Final = "nothing has been sent yet, so the client gets a 500; uvicorn cuts the connection"
AFTER_RESPONSE: Final = "the response is complete and right, so the connection is kept; uvicorn closes it"
OTHER_WORDS: Final = "asks for the words of uvicorn's own text"
INTERNAL: Final = "looks at an attribute of uvicorn's class"
KEPT: Final = "the 500 is complete and right, so the connection is kept; uvicorn closes it"
LIMITED: Final = "32 KiB in one header field are too many; uvicorn has no limit"

LISTED: Final = {
    "test_invalid_header_name": CLEAN_500,
    "test_response_header_splitting": CLEAN_500,
    "test_partial_response_returned": CLEAN_500,
    "test_duplicate_start_message": CLEAN_500,
    "test_message_after_body_complete": AFTER_RESPONSE,
    "test_no_response_returned": KEPT,
    "test_missing_start_message": KEPT,
    "test_app_exception": KEPT,
    "test_undersized_request": KEPT,
    "test_oversized_request": KEPT,
    "test_value_returned": AFTER_RESPONSE,
    "test_keepalive_timeout_with_pipelined_requests": INTERNAL,
    "test_keepalive_timeout_with_pipelined_websocket_upgrade": INTERNAL,
    "test_unsupported_ws_upgrade_request_warn_on_auto": INTERNAL,
    "test_scopes": INTERNAL,
    "test_max_concurrency": "the 503 is in JSON, and needs no task",
    "test_shutdown_during_idle": "a request that is on its way is still answered; the connection is closed by the next look at it",
    "test_100_continue_sent_when_body_consumed": "the body has arrived already, so no 100 is needed (RFC 9110 section 10.1.1)",
    "test_invalid_http_request": OTHER_WORDS,
    "test_header_upgrade_is_websocket_depend_not_installed": OTHER_WORDS,
    "test_huge_headers_httptools_will_pass": LIMITED,
    "test_huge_headers_httptools": LIMITED,
    "test_httptools_http10_keep_alive_disabled": "HTTP/1.0 connections are kept if the client asks (RFC 9112 appendix C.2.2)",
}


# --- the plugin -------------------------------------------------------------------------------------------------


class Begun:
    """Stands for a task of uvicorn's mocked event loop, which runs when a test says so."""

    def done(self) -> bool:
        return False

    def add_done_callback(self, callback: Callable[..., object]) -> None:
        pass


def pytest_configure() -> None:
    """Put our class in the place of uvicorn's."""
    from uvicorn.protocols.http import httptools_impl

    from typeway.protocol import HTTPProtocol, cycle

    begin = cycle.begin

    def begin_in(work: Coroutine[Any, Any, None], loop: Any) -> Any:
        if isinstance(loop, asyncio.AbstractEventLoop):
            return begin(work, loop=loop)
        loop.create_task(work)
        return Begun()

    class Tested(HTTPProtocol):
        """Our class, with the one attribute that uvicorn's tests are written around."""

        @property
        def loop(self) -> Any:
            return self.site.loop

    cycle.begin = begin_in
    httptools_impl.HttpToolsProtocol = Tested  # type: ignore[assignment,misc]


def run_later(loop: Any, with_delay: float) -> None:
    """Let time pass in uvicorn's mocked event loop, where it stands still."""
    loop.now = getattr(loop, "now", 0.0) + with_delay
    due = [handle for handle in loop._later if with_delay >= handle.delay]
    for handle in due:
        loop._later.remove(handle)
        handle.callback(*handle.args)


def complete_mocks(module: Any) -> None:
    """Give uvicorn's mocks what every event loop and transport has."""
    transport, loop = module.MockTransport, module.MockLoop
    transport.write_eof = lambda self: self.close()
    transport.can_write_eof = lambda self: True
    transport.abort = lambda self: self.close()
    transport.get_write_buffer_size = lambda self: 0
    loop.time = lambda self: getattr(self, "now", 0.0)
    loop.call_soon = lambda self, function: function()
    loop.run_later = run_later


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect every listed test to fail, and no other."""
    for item in items:
        module = getattr(item, "module", None)
        if hasattr(module, "MockTransport"):
            complete_mocks(module)
        reason = LISTED.get(getattr(item, "originalname", item.name))
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


# --- the run ----------------------------------------------------------------------------------------------------


def source() -> Path:
    """Return the folder with uvicorn's source distribution, which is downloaded if it is not there."""
    name = f"uvicorn-{version('uvicorn')}"
    folder = CACHE / name
    if not folder.is_dir():
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        requirement = name.replace("-", "==", 1)
        subprocess.run([*download, "--no-binary", "uvicorn", "--dest", str(CACHE), requirement], check=True)
        with tarfile.open(CACHE / f"{name}.tar.gz") as archive:
            archive.extractall(CACHE, filter="data")
    return folder


def main() -> int:
    options = sys.argv[1:]
    needed = "--if-available" not in options
    options = [option for option in options if option != "--if-available"]
    try:
        folder = source()
    except subprocess.CalledProcessError:
        print("uvicorn's source distribution cannot be downloaded, so its tests were not run.", file=sys.stderr)
        return int(needed)
    command = [
        sys.executable, "-m", "pytest", "-p", "scripts.uvicorn_tests", "-p", "no:cacheprovider", "-o", "addopts=", "-q", "-rfE",
        "--timeout", "60", "-k", "httptools or test_fragmentation", *FILES, *options,
    ]  # fmt: skip
    paths = f"{ROOT}:{ROOT / 'src'}"
    return subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": paths}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
