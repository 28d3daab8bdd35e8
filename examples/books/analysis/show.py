"""Show the progress of the requests, and the results as a table."""

import sys
import time
from collections.abc import Sequence

from examples.books.analysis.measure import Measurement

HEADINGS = ("endpoint", "wall time", "in flight", "threads", "runs on")
ERASE_LINE = "\r\x1b[K"
# Seconds between the lines in a file or a pipe.
LEAST_SILENCE, MOST_SILENCE = 0.5, 5.0


class Progress:
    """Count the responses of one endpoint: in place on a terminal, in a few lines elsewhere."""

    def __init__(self, name: str, total: int) -> None:
        self._name = name
        self._total = total
        self._began: float | None = None
        self._last_line = 0.0
        self._last_tenth = 0

    def report(self, answered: int) -> None:
        """Print the number of responses; the first report starts the clock."""
        now = time.perf_counter()
        if self._began is None:
            self._began = self._last_line = now
        line = f"  {self._name:<32} {answered:>4} of {self._total}  {now - self._began:7.2f} s"
        if sys.stdout.isatty():
            sys.stdout.write(f"{ERASE_LINE}{line}" + "\n" * (answered == self._total))
        elif self._is_due(answered, now):
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def _is_due(self, answered: int, now: float) -> bool:
        """Return whether to print a line to a file or a pipe: at the end, every tenth response, or after a while."""
        tenth, silence = answered * 10 // self._total, now - self._last_line
        news = tenth > self._last_tenth and silence >= LEAST_SILENCE
        if answered < self._total and not news and silence < MOST_SILENCE:
            return False
        self._last_tenth, self._last_line = tenth, now
        return True


def table(measurements: Sequence[Measurement]) -> str:
    """Format the results in columns: text left-aligned, numbers right-aligned."""
    rows = [HEADINGS, *(cells(measurement) for measurement in measurements)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 0 < column < len(HEADINGS) - 1 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def cells(measurement: Measurement) -> tuple[str, ...]:
    """Format one row of the table."""
    return (
        measurement.way.code,
        f"{measurement.wall_time:.2f} s",
        str(measurement.in_flight),
        str(measurement.threads),
        measurement.place,
    )
