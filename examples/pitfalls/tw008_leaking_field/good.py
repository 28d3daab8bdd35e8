"""Good: the stored data and the response are two models."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class Profile(BaseModel):
    name: str


class StoredProfile(Profile):
    password_hash: str


@app.get("/profiles/{name}")
async def read_profile(name: str) -> Profile:
    return StoredProfile(name=name, password_hash="...")
