"""Bad: field by field, and none is asked whether the client has sent it."""

from dataclasses import dataclass

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


@dataclass
class Plant:
    name: str
    place: str | None
    days_between_water: int


class PlantChange(BaseModel):
    name: str = ""
    place: str | None = None
    days_between_water: int = 7


plants = {1: Plant("Monstera", "window", 10)}


@app.patch("/plants/{number}")
async def change_plant(number: int, change: PlantChange) -> Plant:
    plant = plants[number]
    plant.name = change.name
    plant.place = change.place
    plant.days_between_water = change.days_between_water
    return plant
