"""Measure the three endpoints, print a table, and draw the timelines.

python -m examples.books.analysis
python -m examples.books.analysis --requests 10 50 --seconds 0.5 --output /tmp
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.books.analysis.draw import draw
from examples.books.analysis.measure import WAYS, Measurement, measure
from examples.books.analysis.server import REPOSITORY, serve
from examples.books.analysis.show import Progress, table

MOST_REQUESTS = 500
MOST_SECONDS = 60


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the analysis with the options of the command line."""
    options = parser().parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    blocked = sum(options.requests) * options.seconds
    print_line(f"This takes {blocked:.0f} s and a little more: the third endpoint answers one request after the other.")
    with serve() as address:
        for requests in options.requests:
            print_line(f"\n{requests} requests at once, each of which waits {options.seconds:g} s")
            measurements = asyncio.run(measure_all(address, requests, options.seconds))
            drawing = options.output / f"async-and-sync-{requests}.svg"
            drawing.write_text(draw(measurements), encoding="utf-8")
            print_line(f"\n{table(measurements)}\n\nThe timelines are in {drawing}")


def parser() -> argparse.ArgumentParser:
    """Create the parser of the command line."""
    options = argparse.ArgumentParser(
        prog="python -m examples.books.analysis",
        description="Send requests to three endpoints that wait for the same time, each in another way: in async def "
        "with await, in def, and in async def without await. Print wall times, requests in flight and threads, and "
        "draw the timelines.",
    )
    options.add_argument(
        "--requests", type=count, nargs="+", default=[10, 100], metavar="N",
        help="how many to send at once; several numbers make several runs (default: 10 100)",
    )  # fmt: skip
    options.add_argument(
        "--seconds", type=duration, default=1.0, metavar="S", help="how long each of them waits (default: 1)"
    )
    options.add_argument(
        "--output", type=Path, default=REPOSITORY / "docs" / "images", metavar="FOLDER",
        help="where to write async-and-sync-N.svg (default: docs/images)",
    )  # fmt: skip
    return options


def count(text: str) -> int:
    """Parse a number of requests."""
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= MOST_REQUESTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST_REQUESTS}")
    return number


def duration(text: str) -> float:
    """Parse a number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, at most {MOST_SECONDS}")
    return seconds


async def measure_all(address: str, requests: int, seconds: float) -> list[Measurement]:
    """Measure one endpoint after the other, and show the progress."""
    return [
        await measure(
            address, way, requests=requests, seconds=seconds, report=Progress(way.code, requests).report
        )
        for way in WAYS
    ]  # fmt: skip


def print_line(text: str) -> None:
    """Write to the terminal without buffering."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
