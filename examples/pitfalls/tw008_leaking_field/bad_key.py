"""Bad: a `{key}` in the path is how the robot is called; it is no reason to show its token to everybody."""

from pydantic import BaseModel

from typeway import HTTPException, Typeway

app = Typeway()


class Robot(BaseModel):
    name: str
    api_token: str


robots = {"r2": Robot(name="R2-D2", api_token="...")}


@app.get("/robots/{key}")
async def read_robot(key: str) -> Robot:
    if key not in robots:
        raise HTTPException(404, "There is no such robot.")
    return robots[key]
