"""Shorten tracebacks to the lines that the author wrote."""

from __future__ import annotations

from collections.abc import Iterator
from traceback import FrameSummary, TracebackException
from types import TracebackType

from typeway.watch.frames import is_installed

LEFT_OUT = "{number} {frames} of installed packages left out"


def shortened(error: BaseException) -> str:
    """Return the traceback of an exception without the frames of Python, of packages and of the framework.

    An exception that was raised outside of the author's files keeps all its frames.
    """
    found = TracebackException.from_exception(error, compact=True)
    number = sum(map(shorten, parts(found)))
    text = "".join(found.format()).rstrip("\n")
    if not number:
        return text
    return f"{text}\n({LEFT_OUT.format(number=number, frames='frame' if number == 1 else 'frames')})"


def shorten(part: TracebackException) -> int:
    """Remove the frames of installed files from one exception, and return their number."""
    own = [frame for frame in part.stack if is_own(frame)]
    number = len(part.stack) - len(own)
    if not own or not number:
        return 0
    part.stack[:] = own
    return number


def parts(found: TracebackException) -> Iterator[TracebackException]:
    """Yield an exception, those that it contains, and those that led to it, however many these are."""
    waiting = [found]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [
            inner for inner in (*(part.exceptions or ()), part.__cause__, part.__context__) if inner is not None
        ]


def is_own(frame: FrameSummary) -> bool:
    return not is_installed(frame.filename)


def own_steps(trace: TracebackType | None) -> list[TracebackType]:
    """Return the steps of a traceback that are in the author's files, the outermost first; all if none is."""
    steps = []
    while trace is not None:
        steps.append(trace)
        trace = trace.tb_next
    return [step for step in steps if not is_installed(step.tb_frame.f_code.co_filename)] or steps
