"""Bad: the whole server sleeps, three calls below the endpoint."""

import time

from typeway import Typeway

app = Typeway()


def ask_printer() -> str:
    time.sleep(0.3)
    return "ready"


def state_of(name: str) -> dict[str, str]:
    return {"name": name, "state": ask_printer()}


@app.get("/printers/{name}")
async def read_printer(name: str) -> dict[str, str]:
    await note(name)
    return state_of(name)


async def note(name: str) -> None:
    """Represents a function that waits correctly."""
