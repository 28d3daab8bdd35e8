"""Good: the declaration says what the client may send, so that anything else is a 422."""

from datetime import date
from typing import Literal

from typeway import Typeway

app = Typeway()
RATES = {"eur": 1.0, "usd": 1.1}


def rate_of(currency: str, day: date) -> float:
    return RATES[currency] * (1.0 if day.year > 2025 else 0.9)


@app.get("/rates/{currency}")
async def read_rate(currency: Literal["eur", "usd"], day: date) -> float:
    return rate_of(currency, day)
