"""Bad: a client that a function makes once and remembers is asked for every request."""

from functools import lru_cache

import httpx

from typeway import Typeway

app = Typeway()


@lru_cache
def get_client() -> httpx.Client:
    return httpx.Client(base_url="https://rates.example.com")


async def rate_of(currency: str) -> float:
    return float(get_client().get(f"/{currency}").text)


@app.get("/rates/{currency}")
async def show_rate(currency: str) -> dict[str, float]:
    return {currency: await rate_of(currency)}
