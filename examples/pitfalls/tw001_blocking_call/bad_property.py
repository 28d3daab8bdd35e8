"""Bad: what looks like an attribute asks a database, behind an abstract class."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod

from typeway import Typeway

app = Typeway()


class Counter(ABC):
    @property
    def shown(self) -> str:
        return f"{self.count()} tasks"

    @abstractmethod
    def count(self) -> int: ...


class DatabaseCounter(Counter):
    def count(self) -> int:
        with sqlite3.connect("tasks.db") as connection:
            return int(connection.execute("SELECT COUNT(*) FROM tasks").fetchone()[0])


counter: Counter = DatabaseCounter()


@app.get("/tasks/count")
async def count_tasks() -> dict[str, str]:
    await asyncio.sleep(0)
    return {"count": counter.shown}
