"""Bad: the session of the thread, as Flask applications have it, blocks the thread of the event loop."""

import asyncio

from sqlalchemy import create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

from typeway import Typeway

app = Typeway()
database = scoped_session(sessionmaker(create_engine("sqlite://")))


@app.get("/guests/{name}/table")
async def find_table(name: str) -> int:
    await asyncio.sleep(0)
    return int(database.scalar(text("SELECT number FROM tables WHERE guest = :name"), {"name": name}) or 0)
