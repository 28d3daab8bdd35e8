"""Good: None stands for what was not sent, and the function that stores leaves that alone."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class ContactChange(BaseModel):
    name: str | None = None
    phone: str | None = None


contacts: dict[int, dict[str, str]] = {1: {"name": "Ada", "phone": "030 1815"}}


def store(number: int, name: str | None, phone: str | None) -> None:
    contact = contacts[number]
    if name is not None:
        contact["name"] = name
    if phone is not None:
        contact["phone"] = phone


@app.patch("/contacts/{number}")
async def change_contact(number: int, change: ContactChange) -> dict[str, str]:
    store(number, change.name, change.phone)
    return contacts[number]
