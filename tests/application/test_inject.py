"""Dependencies run outside a request as they run in one, and are cleaned up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import anyio
import pytest

from typeway import BackgroundTasks, Cookie, Depends, Header, Query, Request, Response, Typeway
from typeway.exceptions import DeclarationError, TypewayError
from typeway.testclient import TestClient

LOG: list[str]


@pytest.fixture(autouse=True)
def log() -> list[str]:
    """What happens in a test, in order."""
    global LOG
    LOG = []
    return LOG


async def get_db() -> AsyncIterator[str]:
    LOG.append("db opened")
    try:
        yield "db"
    except Exception as error:
        LOG.append(f"db saw {error!r}")
        raise
    finally:
        await anyio.lowlevel.checkpoint()
        LOG.append("db closed")


def get_cache() -> Iterator[str]:
    LOG.append("cache opened")
    yield "cache"
    LOG.append("cache closed")


class Service:
    def __init__(self, db: Annotated[str, Depends(get_db)], cache: Annotated[str, Depends(get_cache)]) -> None:
        self.name = f"service of {db} and {cache}"


async def get_service(service: Annotated[Service, Depends()], again: Annotated[str, Depends(get_db)]) -> Service:
    return service


OPENED = ["db opened", "cache opened"]
CLOSED = ["cache closed", "db closed"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_dependency_resolves_outside_a_request(log, backend):
    """Awaiting gives the value; what it depends on was computed once, and is cleaned up in reverse order."""
    app = Typeway()

    async def main() -> str:
        return (await app.resolve(get_service)).name

    assert anyio.run(main, backend=backend) == "service of db and cache"
    assert log == OPENED + CLOSED


def test_a_block_keeps_what_it_resolves_alive(log):
    """Entered, the dependencies stay open until the block ends."""
    app = Typeway()

    async def main() -> None:
        async with app.resolve(get_service) as service:
            log.append(service.name)

    asyncio.run(main())
    assert log == [*OPENED, "service of db and cache", *CLOSED]


def test_a_failing_block_reaches_the_generators(log):
    """An exception is thrown into the generators, and comes out as it went in."""
    app = Typeway()

    async def main() -> None:
        async with app.resolve(get_db):
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        asyncio.run(main())
    assert log == ["db opened", "db saw ValueError('inside')", "db closed"]


def test_a_failing_dependency_closes_the_others(log):
    """What was opened before is closed."""

    def fails(db: Annotated[str, Depends(get_db)]) -> None:
        raise LookupError(db)

    async def main() -> None:
        await Typeway().resolve(fails)

    with pytest.raises(LookupError, match="db"):
        asyncio.run(main())
    assert log == ["db opened", "db saw LookupError('db')", "db closed"]


def test_a_swallowed_exception_is_reported():
    """A generator that hides a failure is a mistake here as in a request."""

    def hides() -> Iterator[int]:
        try:
            yield 1
        except ValueError:
            pass

    async def main() -> None:
        async with Typeway().resolve(hides):
            raise ValueError("hidden")

    with pytest.raises(TypewayError, match="without raising it again"):
        asyncio.run(main())


def test_overrides_count_outside_a_request(log):
    """Blocks, the plain mapping, and those of the call itself, in that order of nearness."""
    app = Typeway()
    app.get("/")(lambda service=Depends(get_service): service.name)

    async def name(**options: Any) -> str:
        return (await app.resolve(get_service, **options)).name

    with app.override(get_cache, lambda: "block"):
        app.dependency_overrides[get_db] = lambda: "plain"
        assert asyncio.run(name()) == "service of plain and block"
        assert asyncio.run(name(overrides={get_cache: lambda: "call"})) == "service of plain and call"
    app.dependency_overrides.clear()
    assert asyncio.run(name(overrides={get_service: lambda: Service("a", "b")})) == "service of a and b"
    assert log == []


def test_an_override_of_nothing_is_refused_outside_too():
    """What the resolved dependency does not depend on cannot be overridden there."""

    def get_dbs() -> str:
        return "no"

    with pytest.raises(DeclarationError, match=r"get_dbs is not among the resolved dependencies") as caught:
        Typeway().resolve(get_service, overrides={get_dbs: get_db})
    assert "get_db" in caught.value.hint


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (int, "'value' is read from the query of a request"),
        (Annotated[str, Header()], "'value' is read from the header of a request"),
        (Annotated[str, Cookie()], "'value' is read from the cookie of a request"),
        (dict[str, int], "'value' is read from the body of a request"),
        (Request, "'value' is the Request of a request"),
        (Response, "'value' is the Response of a request"),
    ],
)
def test_what_needs_a_request_is_refused(annotation, message):
    """A parameter that only a request can fill is named before anything runs, with a hint."""

    def reads(value: Any) -> Any:
        return value

    reads.__annotations__["value"] = annotation

    def above(value: Any = Depends(reads)) -> Any:
        return value

    app = Typeway()
    with pytest.raises(DeclarationError, match=message) as caught:
        app.resolve(above)
    assert "overrides={reads: replacement}" in caught.value.hint
    assert "test_inject.py" in str(caught.value)

    async def main() -> Any:
        return await app.resolve(above, overrides={reads: lambda: 5})

    assert asyncio.run(main()) == 5


def test_defaults_stand_in_for_a_request():
    """A parameter that a request may leave out has its default; scopes are empty."""

    def reads(
        limit: int = 10,
        tags: Annotated[tuple[str, ...], Query()] = ("a",),
        agent: Annotated[str | None, Header()] = None,
    ) -> Any:
        return limit, tags, agent

    async def main() -> Any:
        return await Typeway().resolve(reads)

    assert asyncio.run(main()) == (10, ("a",), None)


def test_background_tasks_run_at_the_end(log):
    """Tasks run when the block has gone well, before the generators are resumed."""

    def notify(tasks: BackgroundTasks, db: Annotated[str, Depends(get_db)]) -> None:
        tasks.add_task(log.append, "task")

    async def main() -> None:
        async with Typeway().resolve(notify):
            log.append("block")

    asyncio.run(main())
    assert log == ["db opened", "block", "task", "db closed"]


def test_an_injected_function_gets_its_dependencies(log):
    """The caller passes what is the caller's; the rest is filled in at each call and cleaned up after it."""
    app = Typeway()

    @app.inject
    async def job(day: int, service: Annotated[Service, Depends(get_service)], *, times: int = 1) -> str:
        log.append("runs")
        return f"{service.name} on {day} {times}"

    assert asyncio.run(job(3, times=2)) == "service of db and cache on 3 2"
    assert log == [*OPENED, "runs", *CLOSED]
    with app.override(get_db, lambda: "fake"), app.override(get_cache, lambda: "none"):
        assert asyncio.run(job(4)) == "service of fake and none on 4 1"


def test_what_the_caller_passes_is_not_resolved(log):
    """A dependency that is passed by hand is taken as it is, and nothing of it runs."""
    app = Typeway()

    @app.inject
    def job(cache: Annotated[str, Depends(get_cache)], db: Annotated[str, Depends(get_db)]) -> str:
        return f"{cache} {db}"

    assert asyncio.run(job(db="mine")) == "cache mine"
    assert asyncio.run(job("my", "own")) == "my own"
    assert log == ["cache opened", "cache closed"]


def test_an_injected_function_is_an_endpoint_as_well():
    """What serves a request is filled in by the request, once."""
    app = Typeway()
    calls = []

    def get_count() -> int:
        calls.append(1)
        return len(calls)

    @app.get("/count")
    @app.inject
    async def count(count: Annotated[int, Depends(get_count)], add: int = 0) -> int:
        return count + add

    assert TestClient(app).get("/count?add=5").json() == 6
    assert asyncio.run(count()) == 2


def test_a_generator_cannot_be_injected():
    """Nobody would know when to clean up after it."""
    with pytest.raises(DeclarationError, match="a generator cannot be injected"):
        Typeway().inject(get_cache)


def test_a_cancelled_block_is_cleaned_up(log):
    """Clean-up that waits is finished even if the job is cancelled."""
    app = Typeway()

    async def main() -> None:
        with anyio.CancelScope() as scope:
            async with app.resolve(get_db):
                scope.cancel()
                await anyio.sleep_forever()

    asyncio.run(main())
    assert log == ["db opened", "db closed"]
