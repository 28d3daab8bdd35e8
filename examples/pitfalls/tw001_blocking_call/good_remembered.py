"""Good: the client that is remembered is asynchronous, and a list that belongs to the code is small."""

from functools import lru_cache
from pathlib import Path

import httpx

from typeway import HTTPException, Typeway

app = Typeway()
CURRENCIES = Path(__file__).parent / "currencies.txt"


@lru_cache
def get_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url="https://rates.example.com")


async def rate_of(currency: str) -> float:
    if currency not in CURRENCIES.read_text(encoding="utf-8").split():
        raise HTTPException(404)
    return float((await get_client().get(f"/{currency}")).text)


@app.get("/rates/{currency}")
async def show_rate(currency: str) -> dict[str, float]:
    return {currency: await rate_of(currency)}
