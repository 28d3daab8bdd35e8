"""Bad: a day that is none is an internal server error, and so is an unknown currency."""

from datetime import date

from typeway import Typeway

app = Typeway()
RATES = {"eur": 1.0, "usd": 1.1}


def rate_of(currency: str, day: date) -> float:
    return RATES[currency] * (1.0 if day.year > 2025 else 0.9)


@app.get("/rates/{currency}")
async def read_rate(currency: str, day: str) -> float:
    return rate_of(currency, date.fromisoformat(day))
