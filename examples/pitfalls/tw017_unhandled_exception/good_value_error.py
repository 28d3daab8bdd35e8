"""Good: the declaration refuses what the service would."""

from typing import Literal

from typeway import Typeway

app = Typeway()


class Orders:
    def change_state(self, number: int, state: str) -> dict[str, str]:
        if state not in ("paid", "sent"):
            raise ValueError(f"unknown state {state}")
        return {"order": str(number), "state": state}


orders = Orders()


@app.put("/orders/{number}/state/{state}")
async def change_state(number: int, state: Literal["paid", "sent"]) -> dict[str, str]:
    return orders.change_state(number, state)
