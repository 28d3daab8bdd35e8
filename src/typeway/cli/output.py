"""Write what a command answers to a file or to stdout, and keep what an application prints apart from it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import TextIOWrapper
from pathlib import Path

from typeway.cli.error import CommandError


def write_output(text: str, output: str | Path | None, end: str = "\n") -> None:
    """Write an answer to a file, or to stdout.

    Parameters:
        text: the answer.
        output: the file; None for stdout.
        end: what is written after it.

    Raises:
        CommandError: it cannot be written.
        BrokenPipeError: the program that reads stdout has ended.
    """
    try:
        if output is None:
            _print(text, end)
        else:
            Path(output).write_text(f"{text}{end}", encoding="utf-8", errors="backslashreplace")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"cannot write {output or 'to stdout'}: {error.strerror}") from error


def _print(text: str, end: str) -> None:
    """Print a text at once; in UTF-8, as files are written, where the encoding of stdout does not have its characters."""
    try:
        print(text, end=end, flush=True)
    except UnicodeEncodeError:
        if not isinstance(sys.stdout, TextIOWrapper):
            raise
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        print(text, end=end, flush=True)


@contextmanager
def prints_on_stderr() -> Iterator[None]:
    """Let what an application prints go to stderr, because a program may read the answer of the command from stdout."""
    with redirect_stdout(sys.stderr):
        yield
