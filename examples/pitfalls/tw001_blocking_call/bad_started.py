"""Bad: the client that the lifespan keeps is synchronous, and an endpoint uses it on the event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from typeway import Request, Typeway


@asynccontextmanager
async def lifespan(app: Typeway) -> AsyncIterator[None]:
    app.state.rates = httpx.Client(base_url="https://rates.example.com")
    yield
    app.state.rates.close()


app = Typeway(lifespan=lifespan)


@app.get("/rates/{currency}")
async def read_rate(currency: str, request: Request) -> dict[str, str]:
    await asyncio.sleep(0)
    return {"rate": request.app.state.rates.get(f"/{currency}").text}
