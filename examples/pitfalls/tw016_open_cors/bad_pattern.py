"""Bad: the pattern is meant to ask for a scheme, and every page in the world has one."""

from typeway import Typeway
from typeway.middleware.cors import CORSMiddleware

app = Typeway()
app.add_middleware(CORSMiddleware, allow_origin_regex="https?://.+", allow_credentials=True)


@app.get("/me")
async def read_me() -> dict[str, str]:
    return {"name": "the user whom the cookie names"}
