"""Bad: `begin()` of a session factory opens a session in one word, and its queries block the event loop."""

import asyncio

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

from typeway import Typeway

app = Typeway()
make_session = sessionmaker(create_engine("sqlite://"))


@app.post("/seats/{number}/reserve", status_code=204)
async def reserve(number: int) -> None:
    await asyncio.sleep(0)
    with make_session.begin() as session:
        session.execute(text("UPDATE seats SET is_free = FALSE WHERE number = :number"), {"number": number})
