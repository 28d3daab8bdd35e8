"""Good: the client is asynchronous, and awaited."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from typeway import Request, Typeway


@asynccontextmanager
async def lifespan(app: Typeway) -> AsyncIterator[None]:
    async with httpx.AsyncClient(base_url="https://rates.example.com") as client:
        app.state.rates = client
        yield


app = Typeway(lifespan=lifespan)


@app.get("/rates/{currency}")
async def read_rate(currency: str, request: Request) -> dict[str, str]:
    answer = await request.app.state.rates.get(f"/{currency}")
    return {"rate": answer.text}
