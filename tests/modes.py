"""Start processes as users do, also in `make test-debug`: what asyncio's debug mode logs, and what it costs, is not what users see."""

import os
from typing import Final

DEBUG_MODES: Final = {"PYTHONASYNCIODEBUG", "PYTHONDEVMODE"}


def without_debug_modes() -> dict[str, str]:
    """Return the environment of this process, without the variables that switch a debug mode on."""
    return {name: value for name, value in os.environ.items() if name not in DEBUG_MODES}
