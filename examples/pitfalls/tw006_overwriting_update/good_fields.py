"""Good: each field is asked whether the client has sent it."""

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
    sent = change.model_fields_set
    if "name" in sent:
        plant.name = change.name
    if "place" in sent:
        plant.place = change.place
    if "days_between_water" in sent:
        plant.days_between_water = change.days_between_water
    return plant
