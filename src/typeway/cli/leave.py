"""End a process that has imported an application, without waiting for what the application has started."""

import os
import sys
from contextlib import suppress
from typing import NoReturn


def leave(code: object) -> NoReturn:
    """End this process at once.

    An application may start threads or pools when it is imported, for which Python would wait at its end, some of them for ever.

    Parameters:
        code: what `sys.exit()` was given.
    """
    if isinstance(code, str):
        print(code, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # who reads the output has left
            if stream is not None:  # it was closed before the start
                stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)
