"""Good: a serializer shows the last characters of the token only."""

from pydantic import BaseModel, field_serializer

from typeway import Typeway

app = Typeway()


class Robot(BaseModel):
    name: str
    api_token: str

    @field_serializer("api_token")
    def mask(self, value: str) -> str:
        return f"***{value[-4:]}"


@app.get("/robots/{name}")
async def read_robot(name: str) -> Robot:
    return Robot(name=name, api_token="...")
