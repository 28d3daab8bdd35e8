"""Carry what the user of the command line must hear, in one line."""

from typing import ClassVar


class Failure(Exception):
    """The command cannot go on; its text is one line that says what is wrong and what to do.

    A failure that was caused by an exception in the user's code has that exception as its `__cause__`.
    """

    status: ClassVar[int] = 1
    """What the command exits with."""


class Misuse(Failure):
    """The command was asked for something that it does not do; the text says what does."""

    status: ClassVar[int] = 2
