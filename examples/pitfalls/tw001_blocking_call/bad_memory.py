"""Bad: what was loaded is remembered, but nothing looks there before it loads again."""

import asyncio

import requests

from typeway import Typeway

app = Typeway()
memory: dict[str, str] = {}


def country_of(city: str) -> str:
    country = requests.get(f"https://cities.example.com/{city}/country", timeout=5).text
    memory[city] = country
    return memory[city]


@app.get("/cities/{city}/country")
async def read_country(city: str) -> dict[str, str]:
    await asyncio.sleep(0)
    return {"country": country_of(city)}
