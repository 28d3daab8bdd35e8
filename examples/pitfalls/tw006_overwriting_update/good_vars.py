"""Good: of all fields only those are taken that were sent."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class AlarmChange(BaseModel):
    time: str = "07:00"
    is_on: bool = True


alarms: dict[int, dict[str, object]] = {1: {"time": "06:15", "is_on": False}}


@app.patch("/alarms/{number}")
async def change_alarm(number: int, change: AlarmChange) -> dict[str, object]:
    alarms[number].update({name: value for name, value in vars(change).items() if name in change.model_fields_set})
    return alarms[number]
