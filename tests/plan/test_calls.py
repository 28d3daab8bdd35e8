"""Every kind of callable is called in its own way: awaited, inline, in a thread, or around the request."""

import functools
import threading
import time
from collections.abc import Iterator
from typing import Annotated, Any

import anyio
import httpx
import pytest

import typeway
from tests.frameworks import answer, application, each_framework
from tests.patience import PATIENCE
from typeway.plan.calls import Kind, awaits, kind_of


def plain(a: int):
    return a


def blocking(a: int):
    return a + 1


async def coroutine(a: int):
    return a


def generator():
    yield 1


async def async_generator():
    yield 1


async def awaiting_generator():
    await coroutine(1)
    yield 1


async def iterating_generator():
    async for _ in async_generator():
        yield 1


class Plain:
    def __init__(self, a: int) -> None:
        self.a = a


class Busy:
    def __init__(self, a: int) -> None:
        self.a = a + 1


class Caller:
    def __call__(self): ...


class AsyncCaller:
    async def __call__(self): ...


class GeneratorCaller:
    def __call__(self):
        yield 1


class AsyncGeneratorCaller:
    async def __call__(self):
        yield 1

    async def method(self):
        yield 1


def wrapped(function: Any) -> Any:
    @functools.wraps(function)
    def around(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return around


KINDS = [
    (plain, Kind.INLINE),
    (blocking, Kind.THREAD),
    (coroutine, Kind.ASYNC),
    (generator, Kind.CONTEXT),
    (async_generator, Kind.CONTEXT),
    (Plain, Kind.INLINE),
    (Busy, Kind.THREAD),
    (Caller(), Kind.THREAD),
    (AsyncCaller(), Kind.ASYNC),
    (GeneratorCaller(), Kind.CONTEXT),
    (AsyncGeneratorCaller(), Kind.CONTEXT),
    (AsyncGeneratorCaller().method, Kind.CONTEXT),
    (functools.partial(plain, 1), Kind.THREAD),
    (functools.partial(coroutine, 1), Kind.ASYNC),
    (functools.partial(generator), Kind.CONTEXT),
    (functools.partial(AsyncCaller()), Kind.ASYNC),
    (wrapped(blocking), Kind.THREAD),
    (wrapped(coroutine), Kind.ASYNC),
    (wrapped(async_generator), Kind.CONTEXT),
    (AsyncCaller, Kind.THREAD),
    (dict, Kind.THREAD),
]


@pytest.mark.parametrize(("function", "kind"), KINDS)
def test_the_kind_is_what_the_innermost_function_is(function, kind):
    """Partials, wrappers, methods and callable objects are called as what is inside them."""
    assert kind_of(function) is kind


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (async_generator, False),
        (awaiting_generator, True),
        (iterating_generator, True),
        (generator, True),
        (wrapped(async_generator), False),
        (AsyncGeneratorCaller(), True),
    ],
)
def test_clean_up_is_shielded_unless_it_cannot_wait(function, expected):
    """Only an async generator whose code awaits nothing needs no shield against cancellation."""
    assert awaits(function) is expected


@each_framework
def test_every_kind_of_dependency_gives_its_value(web):
    """Functions, coroutines, generators, classes, objects, partials and wrapped ones all work as dependencies."""

    @application(web)
    def read(
        a: Annotated[int, web.Depends(plain)],
        b: Annotated[int, web.Depends(blocking)],
        c: Annotated[int, web.Depends(coroutine)],
        d: Annotated[int, web.Depends(generator)],
        e: Annotated[int, web.Depends(awaiting_generator)],
        f: Annotated[Plain, web.Depends()],
        g: Annotated[Busy, web.Depends()],
        h: Annotated[int, web.Depends(GeneratorCaller())],
        i: Annotated[int, web.Depends(AsyncGeneratorCaller().method)],
        j: Annotated[int, web.Depends(functools.partial(coroutine, 7))],
        k: Annotated[int, web.Depends(wrapped(blocking))],
        l: Annotated[int, web.Depends(wrapped(async_generator))],  # noqa: E741
    ):
        return [b, c, d, e, f.a, g.a, h, i, j, k, l]

    assert answer(read, "GET /?a=3") == (200, [4, 3, 1, 1, 3, 4, 1, 1, 7, 4, 1])


@each_framework
def test_functions_run_where_their_kind_says(web):
    """Coroutines run on the loop, `def` functions, classes and generators in threads."""
    seen: dict[str, int] = {}

    def note(name: str) -> int:
        seen[name] = threading.get_ident()
        return 1

    async def on_loop():
        return note("coroutine")

    async def async_gen():
        yield note("async generator")
        note("async generator's end")

    def in_thread():
        return note("function")

    def gen():
        yield note("generator")
        note("generator's end")

    class Made:
        def __init__(self) -> None:
            note("class")

    @application(web)
    def read(
        a: Annotated[int, web.Depends(on_loop)],
        b: Annotated[int, web.Depends(async_gen)],
        c: Annotated[int, web.Depends(in_thread)],
        d: Annotated[int, web.Depends(gen)],
        e: Annotated[Made, web.Depends()],
    ):
        return note("endpoint")

    assert answer(read, "GET /") == (200, 1)
    loop = {seen.pop(name) for name in ("coroutine", "async generator", "async generator's end")}
    assert len(loop) == 1
    assert loop.isdisjoint(seen.values())


@each_framework
def test_a_dependency_without_parameters_may_be_built_in(web):
    """A built-in class can be a dependency."""

    @application(web)
    def read(empty: Annotated[list, web.Depends(lambda: [1])], made: Annotated[object, web.Depends(object)]):
        return [empty, type(made).__name__]

    assert answer(read, "GET /") == (200, [[1], "object"])


# --- limits -----------------------------------------------------------------------------------------------------


class Gauge:
    """Counts how many are inside at once; those who come wait a while for others, so that they meet if they may."""

    def __init__(self, expected: int) -> None:
        self.inside = self.most = 0
        self.expected = expected
        self.lock = threading.Lock()

    def enter(self) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1

    def is_awaited(self) -> Iterator[None]:
        """One item per look at whether as many have come as may, as long as may be."""
        until = time.monotonic() + PATIENCE
        while self.most < self.expected and time.monotonic() < until:
            yield

    async def meet(self) -> None:
        self.enter()
        for _ in self.is_awaited():
            await anyio.sleep(0.001)
        await anyio.sleep(0.002)
        self.leave()

    def meet_in_thread(self) -> None:
        self.enter()
        for _ in self.is_awaited():
            time.sleep(0.001)
        time.sleep(0.002)
        self.leave()


def limited(kind: str, gauge: Gauge) -> Any:
    """A dependency of some kind that takes a moment."""

    async def coroutine():
        await gauge.meet()

    def blocking():
        gauge.meet_in_thread()

    async def async_generator():
        yield
        await gauge.meet()

    def generator():
        yield
        gauge.meet_in_thread()

    return {"coroutine": coroutine, "def": blocking, "async generator": async_generator, "generator": generator}[kind]


async def requests(app: Any, number: int) -> list[int]:
    """The statuses of several requests at once."""
    statuses: list[int] = []

    async def get(http: httpx.AsyncClient) -> None:
        statuses.append((await http.get("/")).status_code)

    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
    async with http, anyio.create_task_group() as group:
        for _ in range(number):
            group.start_soon(get, http)
    return statuses


@each_framework
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
@pytest.mark.parametrize("kind", ["coroutine", "def", "async generator", "generator"])
@pytest.mark.parametrize("limit", [1, 2])
async def test_a_limit_holds_how_many_run_at_once(web, kind, limit, anyio_backend):
    """`max_concurrency` lets so many requests in at a time, a generator's clean-up included; the others wait."""
    gauge = Gauge(limit)

    @application(web)
    async def read(value: Annotated[None, web.Depends(limited(kind, gauge), max_concurrency=limit)]): ...

    assert await requests(read, 5) == [200] * 5
    assert (gauge.most, gauge.inside) == (limit, 0)


@each_framework
@pytest.mark.anyio
async def test_a_limit_belongs_to_its_declaration(web):
    """Two declarations of one function have a limit each; one declaration that is used twice has one."""
    gauge = Gauge(1)
    function = limited("coroutine", gauge)
    shared = web.Depends(function, max_concurrency=1, use_cache=False)
    one, two = (web.Depends(function, max_concurrency=1) for _ in range(2))
    app = web.FastAPI()
    app.get("/shared")(lambda a=shared, b=shared: 1)
    app.get("/")(lambda a=shared: 1)
    assert await requests(app, 3) == [200] * 3
    assert gauge.most == 1
    gauge.expected = 2
    apart = web.FastAPI()
    paths = iter([one, two])
    for path in ("/a", "/b"):
        apart.get(path)(lambda a=next(paths): 1)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(apart), base_url="http://test")
    async with http, anyio.create_task_group() as group:
        group.start_soon(http.get, "/a")
        group.start_soon(http.get, "/b")
    assert gauge.most == 2


def test_a_limit_holds_for_what_runs_inline():
    """A function that needs no thread is limited without one."""
    seen: list[int] = []

    class Page:
        def __init__(self, offset: int = 0) -> None:
            self.offset = offset

    @application(typeway)
    def read(page: Annotated[Page, typeway.Depends(max_concurrency=1)]):
        seen.append(page.offset)

    assert answer(read, "GET /?offset=3") == (200, None)
    assert seen == [3]
