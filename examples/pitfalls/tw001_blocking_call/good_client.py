"""Good: the client inherits from the asynchronous one."""

import httpx

from typeway import Typeway

app = Typeway()


class Bank(httpx.AsyncClient):
    def __init__(self, key: str) -> None:
        super().__init__(base_url="https://bank.example.com", headers={"X-Key": key})

    async def balance_of(self, account: int) -> int:
        answer = await self.get(f"/accounts/{account}/balance")
        return int(answer.text)


bank = Bank("...")


@app.get("/accounts/{number}/balance")
async def read_balance(number: int) -> int:
    return await bank.balance_of(number)
