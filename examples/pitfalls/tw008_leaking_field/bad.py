"""Bad: every client that reads a profile gets the hash of its owner's password."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class Profile(BaseModel):
    name: str
    password_hash: str


@app.get("/profiles/{name}")
async def read_profile(name: str) -> Profile:
    return Profile(name=name, password_hash="...")
