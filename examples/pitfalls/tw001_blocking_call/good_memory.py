"""Good: what was loaded once is remembered, so that few requests wait for it."""

import asyncio

import requests

from typeway import Typeway

app = Typeway()
memory: dict[str, str] = {}


def country_of(city: str) -> str:
    cached = memory.get(city)
    if cached is not None:
        return cached
    memory[city] = requests.get(f"https://cities.example.com/{city}/country", timeout=5).text
    return memory[city]


@app.get("/cities/{city}/country")
async def read_country(city: str) -> dict[str, str]:
    await asyncio.sleep(0)
    return {"country": country_of(city)}
