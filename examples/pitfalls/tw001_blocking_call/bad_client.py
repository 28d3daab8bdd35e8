"""Bad: the class of the client is the application's own, but what it inherits blocks."""

import asyncio

import httpx

from typeway import Typeway

app = Typeway()


class Bank(httpx.Client):
    def __init__(self, key: str) -> None:
        super().__init__(base_url="https://bank.example.com", headers={"X-Key": key})

    def balance_of(self, account: int) -> int:
        return int(self.get(f"/accounts/{account}/balance").text)


bank = Bank("...")


@app.get("/accounts/{number}/balance")
async def read_balance(number: int) -> int:
    await asyncio.sleep(0)
    return bank.balance_of(number)
