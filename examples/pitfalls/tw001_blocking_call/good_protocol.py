"""Good: the Protocol says that its method is awaited, so every implementation can wait without blocking."""

from typing import Annotated, Protocol

import httpx

from typeway import Depends, Typeway

app = Typeway()


class Weather(Protocol):
    async def temperature(self, city: str) -> float: ...


class WeatherService:
    async def temperature(self, city: str) -> float:
        async with httpx.AsyncClient(base_url="https://weather.example.com") as client:
            return float((await client.get(f"/{city}")).text)


def get_weather() -> Weather:
    return WeatherService()


@app.get("/weather/{city}")
async def read_weather(city: str, weather: Annotated[Weather, Depends(get_weather)]) -> float:
    return await weather.temperature(city)
