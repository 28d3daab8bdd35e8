"""Define the errors that the command line prints as one line."""

from typing import ClassVar


class CommandError(Exception):
    """The command failed; the message is one line that says what is wrong and what to do.

    If an exception in the application's code caused it, that exception is its `__cause__`.
    """

    status: ClassVar[int] = 1
    """The exit status of the command."""


class UsageError(CommandError):
    """The command was used wrongly; the message says what to use."""

    status: ClassVar[int] = 2
