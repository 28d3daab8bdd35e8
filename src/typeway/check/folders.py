"""Let an application be imported whose folders of files are not there yet, and note each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.staticfiles import StaticFiles

from typeway.exceptions import DeclarationError, calling_line
from typeway.serve.frontend import Build

BUILD_FIRST = "Build it before the application is served, create it at the start, or correct the path."


@contextmanager
def without_folders() -> Iterator[list[DeclarationError]]:
    """Note folders of static files and frontends that do not exist, instead of refusing them.

    Checkouts seldom have a built frontend, and everything else about the application can be checked without it.

    Yields:
        What was noted so far.
    """
    noted: list[DeclarationError] = []
    make_files, check_build = StaticFiles.__init__, Build.check

    def make(self: StaticFiles, *args: Any, **options: Any) -> None:
        try:
            make_files(self, *args, **options)
        except RuntimeError as error:
            make_files(self, *args, **{**options, "check_dir": False})
            noted.append(DeclarationError(f"StaticFiles: {error}.", hint=BUILD_FIRST, where=calling_line()))

    def check(self: Build) -> None:
        try:
            check_build(self)
        except DeclarationError as error:
            noted.append(error)

    # mypy forbids to set methods, but nothing else reaches the calls in the application's own modules.
    setattr(StaticFiles, "__init__", make)  # noqa: B010
    setattr(Build, "check", check)  # noqa: B010
    try:
        yield noted
    finally:
        setattr(StaticFiles, "__init__", make_files)  # noqa: B010
        setattr(Build, "check", check_build)  # noqa: B010
