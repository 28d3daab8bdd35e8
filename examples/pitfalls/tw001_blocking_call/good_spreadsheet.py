"""Good: a thread reads the table."""

import asyncio

from typeway import Typeway

app = Typeway()


def total_of(name: str) -> float:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]  # its import takes a second

    return float(pd.read_csv(f"/srv/orders/{name}.csv")["total"].sum())


@app.get("/orders/{name}/total")
async def read_total(name: str) -> float:
    return await asyncio.to_thread(total_of, name)
