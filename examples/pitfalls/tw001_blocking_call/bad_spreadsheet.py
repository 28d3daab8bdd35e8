"""Bad: reading a table computes for as long as the table is large, and the event loop waits."""

import asyncio

from typeway import Typeway

app = Typeway()


def total_of(name: str) -> float:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]  # its import takes a second

    return float(pd.read_csv(f"/srv/orders/{name}.csv")["total"].sum())


@app.get("/orders/{name}/total")
async def read_total(name: str) -> float:
    await asyncio.sleep(0)
    return total_of(name)
