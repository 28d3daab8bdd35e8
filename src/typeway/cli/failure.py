"""Carry what the user of the command line must hear, in one line."""


class Failure(Exception):
    """The command cannot go on; its text is one line that says what is wrong and what to do.

    A failure that was caused by an exception in the user's code has that exception as its `__cause__`.
    """
