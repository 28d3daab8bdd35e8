"""Name the contestants and build their applications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from benchmarks import floor, typed


def typeway() -> Mapping[str, Any]:
    import typeway as web

    return typed.build(web)


def fastapi() -> Mapping[str, Any]:
    import fastapi as web

    return typed.build(web)


def starlette() -> Mapping[str, Any]:
    from benchmarks import on_starlette

    return on_starlette.build()


def litestar() -> Mapping[str, Any]:
    from benchmarks import on_litestar

    return on_litestar.build()


def blacksheep() -> Mapping[str, Any]:
    from benchmarks import on_blacksheep

    return on_blacksheep.build()


# In the order of the tables. The first is what the others are divided by.
CONTESTANTS: Final[Mapping[str, Callable[[], Mapping[str, Any]]]] = {
    "floor": floor.build,
    "typeway": typeway,
    "fastapi": fastapi,
    "starlette": starlette,
    "litestar": litestar,
    "blacksheep": blacksheep,
}
