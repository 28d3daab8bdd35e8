"""Bad: an error in the block leaves the lock file, and every later export is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typeway import Typeway

app = Typeway()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    path.touch(exist_ok=False)
    yield
    path.unlink()


@app.post("/exports/{name}")
def export_tasks(name: str) -> dict[str, int]:
    with locked(Path("export.lock")):
        return {"size": len(name.encode("ascii"))}
