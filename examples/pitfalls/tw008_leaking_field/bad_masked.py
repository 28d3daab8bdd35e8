"""Bad: the serializer shortens the name, and nothing masks the token."""

from pydantic import BaseModel, field_serializer

from typeway import Typeway

app = Typeway()


class Robot(BaseModel):
    name: str
    api_token: str

    @field_serializer("name")
    def shorten(self, value: str) -> str:
        return value[:20]


@app.get("/robots/{name}")
async def read_robot(name: str) -> Robot:
    return Robot(name=name, api_token="...")
