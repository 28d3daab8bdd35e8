"""Measure the three ways to wait, for a short time, on a real server."""

import asyncio
import re
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from examples.books.analysis.__main__ import main
from examples.books.analysis.draw import draw
from examples.books.analysis.endpoints import app as application
from examples.books.analysis.endpoints import on_event_loop
from examples.books.analysis.measure import WAYS, Exchange, Measurement, Way, measure
from examples.books.analysis.server import serve
from examples.books.analysis.show import Progress, table
from typeway import FastAPI
from typeway.testclient import TestClient

AWAITED, THREADED, BLOCKING = WAYS
# The size of anyio's thread pool.
THREADS_OF_THE_POOL = 40
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server for the endpoints."""
    with serve() as address:
        yield address


def measured(address: str, way: Way, requests: int, seconds: float) -> Measurement:
    """Measure one endpoint without output."""
    return asyncio.run(measure(address, way, requests=requests, seconds=seconds, report=lambda _: None))


def test_awaiting_lets_all_requests_wait_together(address: str) -> None:
    """One thread, the event loop's, serves requests that wait at the same time."""
    outcome = measured(address, AWAITED, 8, 1)
    assert (outcome.threads, outcome.place) == (1, "event loop")
    assert outcome.in_flight > 1
    assert 1 <= outcome.wall_time < 8


def test_plain_function_waits_in_a_thread(address: str) -> None:
    """Each request has a thread of its own, and none of them is the event loop's."""
    outcome = measured(address, THREADED, 8, 1)
    assert outcome.place == "thread pool"
    assert 1 < outcome.in_flight <= outcome.threads <= 8
    assert 1 <= outcome.wall_time < 8


def test_blocking_makes_requests_wait_for_each_other(address: str) -> None:
    """One request after the other sleeps on the event loop, and the waits add up."""
    outcome = measured(address, BLOCKING, 8, 0.05)
    assert (outcome.in_flight, outcome.threads, outcome.place) == (1, 1, "event loop")
    assert outcome.wall_time >= 8 * 0.05


def test_pool_lets_no_more_in_than_it_has_threads(address: str) -> None:
    """Requests beyond the size of the pool wait until a thread is free."""
    outcome = measured(address, THREADED, THREADS_OF_THE_POOL + 5, 1)
    # Fewer, where the machine is too busy to start them all within the second.
    assert THREADS_OF_THE_POOL / 2 < outcome.in_flight <= outcome.threads <= THREADS_OF_THE_POOL
    assert outcome.wall_time >= 2
    late = outcome.exchanges[THREADS_OF_THE_POOL:]
    assert min(exchange.started for exchange in late) >= min(exchange.ended for exchange in outcome.exchanges)


def sleep_and_nothing_else() -> None:
    """Block in the shortest possible way."""
    time.sleep(0.1)


@pytest.mark.parametrize("blocks", [sleep_and_nothing_else, lambda: time.sleep(0.1)])
def test_tiny_function_that_blocks_is_given_a_thread(
    blocks: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `def` endpoint that sleeps does not run on the event loop, however short it is."""
    slept_on_the_loop: list[bool] = []
    monkeypatch.setattr(time, "sleep", lambda _: slept_on_the_loop.append(on_event_loop()))
    app = FastAPI()
    app.get("/")(blocks)
    with TestClient(app) as client:
        assert client.get("/").status_code == 200
    assert slept_on_the_loop == [False]


@pytest.mark.parametrize("way", WAYS)
def test_endpoints_belong_to_the_book_api(way: Way) -> None:
    """The endpoints have the same middleware and the same errors as the book API."""
    with TestClient(application) as client:
        answer = client.get(way.path, params={"seconds": 0})
        assert answer.status_code == client.get("/books").status_code == 200
        assert answer.headers["x-process-time"]
        assert client.get(way.path, params={"seconds": 61}).json()["error"] == "validation_error"


def outcome_of(way: Way, *spans: tuple[float, float], thread: int = 1) -> Measurement:
    """Create a measurement with one request for each time span inside the endpoint."""
    exchanges = [Exchange(0, start, end, end, thread, on_event_loop=thread == 1) for start, end in spans]
    return Measurement(way, 1, exchanges)


@pytest.mark.parametrize(
    ("spans", "in_flight"),
    [
        ([(0, 1)], 1),
        ([(0, 1), (1, 2), (2, 3)], 1),
        ([(0, 2), (1, 3)], 2),
        ([(0, 3), (0, 1), (1, 2), (2, 3)], 2),
        ([(0, 9), (1, 3), (2, 4), (5, 6)], 3),
    ],
)
def test_requests_in_flight_are_counted_at_the_fullest_moment(spans: list[tuple[float, float]], in_flight: int) -> None:
    """Two requests do not overlap if one ends when the other starts."""
    assert outcome_of(AWAITED, *spans).in_flight == in_flight


def test_table_lines_up() -> None:
    """Every row has the endpoint, its wall time, the requests in flight, the threads, and where it ran."""
    rows = table([outcome_of(AWAITED, (0, 1), (0, 1.25)), outcome_of(THREADED, (0, 10), thread=2)]).splitlines()
    assert rows == [
        "endpoint                        wall time  in flight  threads  runs on",
        "async def, await asyncio.sleep     1.25 s          2        1  event loop",
        "def, time.sleep                   10.00 s          1        1  thread pool",
    ]


def progress_of(monkeypatch: pytest.MonkeyPatch, steps: list[tuple[float, int]], *, terminal: bool) -> str:
    """Report numbers of responses at given times, and return the output."""
    output = StringIO()
    output.isatty = lambda: terminal  # type: ignore[method-assign]
    progress = Progress("name", 20)
    for moment, answered in steps:
        monkeypatch.setattr(time, "perf_counter", lambda moment=moment: moment)
        monkeypatch.setattr(sys, "stdout", output)
        progress.report(answered)
    return output.getvalue()


def test_progress_stays_on_one_line_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each report replaces the one before, and the last one ends the line."""
    written = progress_of(monkeypatch, [(1.0, 0), (1.1, 3), (2.0, 20)], terminal=True)
    assert [part.split() for part in written.split("\r\x1b[K")[1:]] == [
        ["name", "0", "of", "20", "0.00", "s"],
        ["name", "3", "of", "20", "0.10", "s"],
        ["name", "20", "of", "20", "1.00", "s"],
    ]
    assert written.count("\n") == 1
    assert written.endswith("\n")


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        # Every tenth, but at most every half second.
        ([(0, 0), (0.2, 4), (0.6, 5), (0.9, 9), (1.2, 9), (1.4, 20)], [(5, 0.6), (9, 1.2), (20, 1.4)]),
        # A line after a long time without responses.
        ([(0, 0), (4.9, 0), (5.1, 0), (9.0, 0), (10.2, 1)], [(0, 5.1), (1, 10.2)]),
    ],
)
def test_progress_is_a_few_lines_of_a_file(
    monkeypatch: pytest.MonkeyPatch, steps: list[tuple[float, int]], shown: list[tuple[int, float]]
) -> None:
    """A log gets enough lines to show progress, and no more."""
    lines = progress_of(monkeypatch, steps, terminal=False).splitlines()
    assert [(int(line.split()[1]), float(line.split()[4])) for line in lines] == shown


def test_drawing_shows_each_request_to_scale() -> None:
    """A line starts and ends with its request, on the scale of its own timeline."""
    slow = outcome_of(BLOCKING, (0, 1), (1, 2))
    root = ET.fromstring(draw([outcome_of(AWAITED, (0, 1), (0.5, 1)), slow]))
    # The first two belong to the legend and the bar.
    boxes = [
        (float(box.attrib["x"]), float(box.attrib["width"]))
        for box in root.iter(f"{SVG}rect")
        if box.attrib.get("fill") == "#009E73"
    ][2:]
    (first_x, first_width), (second_x, second_width) = boxes
    assert first_width == pytest.approx(second_width, abs=0.2)
    assert second_x == pytest.approx(first_x + first_width, abs=0.2)
    assert "2 requests at once" in root.findtext(f"{SVG}title", "")
    assert "2.00 s, at most 1 in flight, 1 thread" in root.findtext(f"{SVG}desc", "")


def test_command_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints how long it takes, shows progress, and creates a table and a drawing for each run."""
    main(["--requests", "3", "5", "--seconds", "0.05", "--output", str(tmp_path / "new")])
    written = capsys.readouterr().out
    for requests in (3, 5):
        assert f"{requests} requests at once, each of which waits 0.05 s" in written
        for way in WAYS:
            assert re.search(rf"{re.escape(way.code)} +{requests} of {requests} ", written)
            assert re.search(
                rf"^{re.escape(way.code)} +\d+\.\d\d s +\d+ +\d+ +(event loop|thread pool)$", written, re.MULTILINE
            )
        drawing = ET.parse(tmp_path / "new" / f"async-and-sync-{requests}.svg").getroot()
        assert drawing.tag == f"{SVG}svg"
    assert written.startswith("This takes 0 s and a little more")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--requests", "0"], "'0' is not a whole number from 1 to 500"),
        (["--requests", "many"], "'many' is not a whole number"),
        (["--requests", "501"], "'501' is not a whole number"),
        (["--seconds", "0"], "'0' is not a number of seconds above 0"),
        (["--seconds", "nan"], "'nan' is not a number of seconds"),
        (["--seconds", "soon"], "'soon' is not a number of seconds"),
    ],
)
def test_wrong_option_is_explained(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Invalid numbers are refused, and nothing is started."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` describes the command and its options."""
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    written = capsys.readouterr().out
    assert stopped.value.code == 0
    assert all(option in written for option in ("--requests", "--seconds", "--output"))


def test_failing_server_is_reported(address: str) -> None:
    """A failed response ends the measurement, and the error contains the request and the response."""
    with pytest.raises(RuntimeError, match=r"GET /nowhere\?seconds=0 was answered with 'HTTP/1.1 404 Not Found'"):
        measured(address, Way("/nowhere", "nothing"), 1, 0.1)
