"""Good: whichever service the setting chooses, a thread asks it."""

import os
from typing import Annotated

import requests

from typeway import Depends, Typeway
from typeway.concurrency import run_in_threadpool

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
    return await run_in_threadpool(tax.rate, country)
