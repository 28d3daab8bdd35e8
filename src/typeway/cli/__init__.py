"""Run and inspect applications from the command line."""

import sys
from collections.abc import Sequence
from typing import Final

# The top-level modules that the extra `standard` installs and the commands import.
_STANDARD: Final = frozenset(
    {"dotenv", "httptools", "jinja2", "packaging", "rich", "typer", "uvicorn", "watchfiles", "yaml"}
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit the process.

    Parameters:
        arguments: the command and its options; None for those of the process.

    Raises:
        SystemExit: always, with 0 after success, 1 after a failure, and 2 for wrong arguments or an application of
            another framework.
    """
    try:
        from typeway.cli.commands import run_command

        run_command(arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _STANDARD:
            raise
        sys.exit(f'typeway: {missing} is not installed; the command line needs: pip install "typeway[standard]"')
