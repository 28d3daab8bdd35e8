"""Bad: what the client got wrong is a ValueError of the service, and so a 500."""

from typeway import Typeway

app = Typeway()


class Orders:
    def change_state(self, number: int, state: str) -> dict[str, str]:
        if state not in ("paid", "sent"):
            raise ValueError(f"unknown state {state}")
        return {"order": str(number), "state": state}


orders = Orders()


@app.put("/orders/{number}/state/{state}")
async def change_state(number: int, state: str) -> dict[str, str]:
    return orders.change_state(number, state)
