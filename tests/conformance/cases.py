"""Keep the table of small applications and of what is asked of each; every area's file adds its own."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pydantic

from tests.describe.applications import models
from tests.frameworks import DOCUMENT, Build, Step, asked


@dataclass(frozen=True, slots=True)
class Case:
    """One application, written against `web`, which holds a framework's names.

    Parameters:
        build: makes it.
        steps: what to do with it, in order.
        words: what both frameworks' messages say if they refuse the application; none if they accept it.
        backend: the event loop that it runs on.
    """

    build: Build
    steps: tuple[Step, ...]
    words: tuple[str, ...] = ()
    backend: str = "asyncio"

    @property
    def name(self) -> str:
        area = self.build.__module__.rpartition(".")[2]
        return f"{area}-{self.build.__name__}" + ("" if self.backend == "asyncio" else f"-{self.backend}")


CASES: Final[list[Case]] = []


def case(*steps: str | Step, document: bool = True, backends: Sequence[str] = ("asyncio",)) -> Callable[[Build], Build]:
    """Add an application to the table.

    Parameters:
        steps: what to ask it; text is a method and one or several paths, for example `"GET /items /items/3?q=x"`.
        document: whether its document is compared as well.
        backends: the event loops to run it on, each a case of its own.
    """
    taken: list[Step] = [DOCUMENT] if document else []
    for step in steps:
        if isinstance(step, Step):
            taken.append(step)
        else:
            method, *paths = step.split(" ")
            taken += [asked(f"{method} {path}") for path in paths]

    def add(build: Build) -> Build:
        CASES.extend(Case(build, tuple(taken), backend=backend) for backend in backends)
        return build

    return add


def refused(*words: str) -> Callable[[Build], Build]:
    """Add an application that neither framework accepts, with what both say about it."""

    def add(build: Build) -> Build:
        CASES.append(Case(build, (), words))
        return build

    return add


def with_endpoint(web: Any, signature: str, path: str = "/", **names: Any) -> Any:
    """An application of one endpoint, whose signature is given as text.

    Parameters:
        signature: it may use `web` and the names of typing and pydantic below.
        names: further names for it.
    """
    known = {"web": web, **NAMES, **names}
    exec(f"def endpoint({signature}): ...", known)
    app = web.FastAPI()
    app.post(path)(known["endpoint"])
    return app


NAMES: Final[dict[str, Any]] = {
    **{name: getattr(typing, name) for name in ("Annotated", "Any", "Optional")},
    **{name: getattr(collections.abc, name) for name in ("Iterator", "Sequence")},
    **{name: getattr(pydantic, name) for name in ("Field", "RootModel", "Json", "AliasChoices")},
    **{name: getattr(models, name) for name in ("Profile", "Sub", "Point", "Mapped", "Box")},
}
