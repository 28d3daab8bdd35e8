"""Bad: any web page can send requests with the credentials of its visitor."""

from typeway import Typeway
from typeway.middleware.cors import CORSMiddleware

app = Typeway()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)


@app.get("/me")
async def read_me() -> dict[str, str]:
    return {"name": "the user whom the cookie names"}
