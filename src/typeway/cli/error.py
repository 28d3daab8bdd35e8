"""Define the errors that the command line prints as one line, and print them."""

import sys
import traceback
from typing import ClassVar, Final

# How many frames a traceback that was asked for may have.
MOST_FRAMES: Final = 1_000


class CommandError(Exception):
    """The command failed; the message is one line that says what is wrong and what to do.

    If an exception in the application's code caused it, that exception is its `__cause__`.
    """

    status: ClassVar[int] = 1
    """The exit status of the command."""


class UsageError(CommandError):
    """The command was used wrongly; the message says what to use."""

    status: ClassVar[int] = 2


def print_failure(error: CommandError, *, show_traceback: bool) -> None:
    """Print a failure as one line on stderr, after the traceback of the application if it is asked for."""
    if show_traceback and error.__cause__ is not None:
        # With a limit of its own: an application may set sys.tracebacklimit to 0 while it is imported.
        traceback.print_exception(error.__cause__, limit=MOST_FRAMES)
    print(f"typeway: {error}", file=sys.stderr)
