"""Name the generator in errors about its yields: contextlib's own messages do not name it."""

import contextlib
from collections.abc import Callable
from types import CodeType
from typing import Any, Final

from typeway.declare.scope import where
from typeway.declare.signature import name_of

NO_YIELD: Final = "generator didn't yield"
NO_STOP: Final = "generator didn't stop"

# The explanation of each message of contextlib, with what to do.
REASONS: Final = {
    NO_YIELD: "ends before it yields, so it has no value. Each path through it must yield once, or raise.",
    NO_STOP: "yields more than once. Only clean-up may follow its yield.",
}


def reason(problem: str, source: Callable[..., Any] | CodeType, kind: str) -> RuntimeError:
    """Return an error that names a generator by its function or its code."""
    if isinstance(source, CodeType):
        name, place = source.co_qualname.rpartition("<locals>.")[2], f"{source.co_filename}:{source.co_firstlineno}"
    else:
        name, place = name_of(source), where(source)
    return RuntimeError(f"{problem}: the {kind} {name}() ({place}) {REASONS[problem]}")


def explain(error: RuntimeError, source: Callable[..., Any] | CodeType, kind: str = "dependency") -> None:
    """Raise an error that names the generator, if an error is one of contextlib about yields."""
    trace, text = error.__traceback__, str(error)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    problem = next((problem for problem in REASONS if text.startswith(problem)), None)
    if problem is not None and trace is not None and trace.tb_frame.f_code.co_filename == contextlib.__file__:
        raise reason(problem, source, kind) from error
