"""Bad: `functools.partial` only fills in arguments; what it returns blocks like the function."""

import asyncio
import imaplib
from functools import partial

from typeway import Typeway

app = Typeway()


def count_mails(folder: str, host: str) -> int:
    with imaplib.IMAP4_SSL(host) as server:
        return int(server.select(folder)[1][0] or 0)


count_orders = partial(count_mails, host="mail.example.com")


@app.get("/mail/{folder}/count")
async def read_count(folder: str) -> int:
    await asyncio.sleep(0)
    return count_orders(folder)
