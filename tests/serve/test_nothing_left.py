"""Whatever an author's function raises, wherever it stands: one request fails, the log says so once, and nothing is left."""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import typeway
from scripts import isolation
from scripts.isolation import IN_LAYER, PLACES, QUIET, application, ask, kinds_of, open_files, threads
from tests.frameworks import ROOT, Sending, answer_of
from tests.patience import PATIENCE
from typeway.requests import ID_NOTE


def wrong(log: list[BaseException], caplog: pytest.LogCaptureFixture, name: str) -> Iterator[Any]:
    """Say what is wrong with the log of one failure."""
    for record in caplog.records:
        if record.levelno >= logging.ERROR:
            yield "logged beside the server", record
    if len(log) > 1 or (not log and name not in QUIET):
        yield "logged", len(log), "times"
    if log and isinstance(log[0], Exception) and f"{ID_NOTE}the-id" not in getattr(log[0], "__notes__", ()):
        yield "no id", log


@pytest.mark.parametrize("layer", [False, True], ids=["alone", "layer"])
@pytest.mark.parametrize("place", PLACES)
def test_a_failure_costs_one_request(place, layer, caplog):
    """No task, thread, file or session is left, what is logged is logged once and with the request id, and others go on."""
    if place in IN_LAYER and not layer:
        pytest.skip("needs middleware")
    open_sessions: set[str] = set()
    failing: Callable[[], BaseException] | None = None
    reached = False

    def raise_at(here: str) -> None:
        nonlocal reached
        if failing is not None and here == place:
            reached = True
            raise failing()

    app = application(typeway, open_sessions, raise_at, layer=layer)

    async def scenario() -> None:
        nonlocal failing, reached
        problems: list[Any] = []
        await ask(app, place, [])  # everything that is made once is made now
        files = open_files()
        others = threads()
        for name, make in kinds_of(typeway).items():
            if (place, name) == ("def background", "GeneratorExit"):
                continue  # Starlette's own thread hands it to the task, which asyncio then takes for destroyed
            failing, reached = make, False
            log: list[BaseException] = []
            caplog.clear()
            await asyncio.wait_for(ask(app, place, log), PATIENCE)
            problems += [(name, problem) for problem in wrong(log, caplog, name)]
            problems += [] if reached else [(name, "has not failed")]
            found = {
                "sessions": open_sessions.copy(),
                "tasks": asyncio.all_tasks() - {asyncio.current_task()},
                "threads": threads() - others,
            }
            problems += [(name, kind, left) for kind, left in found.items() if left]
            open_sessions.clear()
            failing = None
            if (await answer_of(app, Sending("/", method="GET", media_type=None)))["status"] != [200]:
                problems.append((name, "the next request"))
        gc.collect()
        await asyncio.sleep(0)
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert open_files() <= files
        assert not problems

    asyncio.run(scenario())


SCENARIO = isolation.Scenario("ValueError", "endpoint", layer=False)


def costing(spoil: Callable[[Any], Any]) -> list[str]:
    """What a failure costs in an application around which something is wrong."""
    errors = isolation.Errors()
    logging.getLogger().addHandler(errors)

    def build(*args: Any, **options: Any) -> Any:
        return spoil(application(*args, **options))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isolation, "application", build)
        patch.setattr(isolation, "PATIENCE", 0.2)
        try:
            return asyncio.run(isolation.anomalies(typeway, SCENARIO, errors))
        finally:
            logging.getLogger().removeHandler(errors)


async def never(*args: Any) -> None:
    await asyncio.Event().wait()


def spoiled(after: Callable[[], Any] | None = None, *, swallows: bool = False) -> Callable[[Any], Any]:
    """Return what puts something around an application that is wrong with its failures."""
    has_failed = False

    def spoil(app: Any) -> Any:
        async def around(scope: Any, receive: Any, send: Any) -> None:
            nonlocal has_failed
            if has_failed and scope["path"] == "/" and after is never:
                raise KeyError
            try:
                await app(scope, receive, send)
            except ValueError:
                has_failed = True
                if after is not None and after is not never:
                    await after()
                if not swallows:
                    raise

        return around

    return spoil


KEPT: list[Any] = []


async def leave_a_task() -> None:
    KEPT.append(asyncio.get_running_loop().create_task(never()))


async def leave_a_file() -> None:
    KEPT.append(FILE.open())


async def log_it() -> None:
    logging.getLogger("other").error("again")


FILE = ROOT / "pyproject.toml"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda app: app, []),
        (spoiled(swallows=True), ["not logged"]),
        (spoiled(log_it), ["logged more than once"]),
        (spoiled(leave_a_task), ["tasks left"]),
        (spoiled(leave_a_file), ["files left"]),
        (spoiled(never), ["next request failed"]),
        (spoiled(lambda: asyncio.Event().wait()), ["hung"]),
    ],
    ids=lambda value: "" if callable(value) else "-".join(value) or "nothing",
)
def test_the_comparison_sees_what_a_failure_costs(spoil, expected):
    """`scripts.isolation` counts each sort of anomaly, and none where there is none."""
    try:
        assert costing(spoil) == expected
    finally:
        for kept in KEPT:
            getattr(kept, "close", bool)()
        KEPT.clear()


def test_an_exit_of_the_process_is_counted(monkeypatch):
    """What leaves the event loop has ended the server."""

    async def leave(*args: Any) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(isolation, "anomalies", leave)
    monkeypatch.setattr(isolation, "scenarios", lambda web: [SCENARIO])
    assert isolation.count("typeway") == {"ValueError": ["server ended"]}


def test_the_frameworks_are_compared(monkeypatch, capsys):
    """Both are counted in the same way, and the tables have a row for each kind and each sort."""
    found = {"typeway": {"A": ["", ""]}, "fastapi": {"A": ["hung", "hung,tasks left"]}}
    monkeypatch.setattr(isolation, "measured", found.__getitem__)
    monkeypatch.setattr("sys.argv", ["isolation"])
    isolation.main()
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    assert rows[1:] == [
        ["A", "2", "0", "2"], ["all", "2", "0", "2"], ["anomaly", "Typeway", "FastAPI"], ["hung", "0", "2"], ["tasks", "left", "0", "1"],
    ]  # fmt: skip
