"""Good: a token is shown once, to the person who has it made; after that only a name is."""

import secrets

from pydantic import BaseModel

from typeway import HTTPException, Typeway

app = Typeway()


class Robot(BaseModel):
    name: str


class NewKey(BaseModel):
    api_token: str


robots = {"r2": Robot(name="R2-D2")}


@app.get("/robots/{key}")
async def read_robot(key: str) -> Robot:
    if key not in robots:
        raise HTTPException(404, "There is no such robot.")
    return robots[key]


@app.post("/robots/{key}/keys", status_code=201)
async def create_key(key: str) -> NewKey:
    return NewKey(api_token=f"{key}-{secrets.token_urlsafe()}")
