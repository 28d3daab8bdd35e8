"""Bad: `vars()` of a model has all of its fields, also those that nobody has sent."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class AlarmChange(BaseModel):
    time: str = "07:00"
    is_on: bool = True


alarms: dict[int, dict[str, object]] = {1: {"time": "06:15", "is_on": False}}


@app.patch("/alarms/{number}")
async def change_alarm(number: int, change: AlarmChange) -> dict[str, object]:
    alarms[number].update(vars(change))
    return alarms[number]
