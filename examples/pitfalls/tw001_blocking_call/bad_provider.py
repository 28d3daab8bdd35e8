"""Bad: of the two services that a setting chooses from, one waits for another server."""

import asyncio
import os
from typing import Annotated

import requests

from typeway import Depends, Typeway

app = Typeway()


class FixedTax:
    def rate(self, country: str) -> float:
        return 0.2


class TaxService:
    def rate(self, country: str) -> float:
        return float(requests.get(f"https://tax.example.com/{country}", timeout=5).text)


def get_tax() -> FixedTax | TaxService:
    if os.environ.get("TAX") == "fixed":
        return FixedTax()
    return TaxService()


@app.get("/tax/{country}")
async def read_tax(country: str, tax: Annotated[FixedTax | TaxService, Depends(get_tax)]) -> float:
    await asyncio.sleep(0)
    return tax.rate(country)
