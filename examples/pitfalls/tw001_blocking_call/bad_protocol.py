"""Bad: a Protocol hides that its only implementation asks another server and waits."""

import asyncio
from typing import Annotated, Protocol

import requests

from typeway import Depends, Typeway

app = Typeway()


class Weather(Protocol):
    def temperature(self, city: str) -> float: ...


class WeatherService:
    def temperature(self, city: str) -> float:
        return float(requests.get(f"https://weather.example.com/{city}", timeout=5).text)


def get_weather() -> Weather:
    return WeatherService()


@app.get("/weather/{city}")
async def read_weather(city: str, weather: Annotated[Weather, Depends(get_weather)]) -> float:
    await asyncio.sleep(0)
    return weather.temperature(city)
