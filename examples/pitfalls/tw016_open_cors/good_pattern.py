"""Good: the pattern fits the subdomains of one name, and its dots are dots."""

from typeway import Typeway
from typeway.middleware.cors import CORSMiddleware

app = Typeway()
app.add_middleware(CORSMiddleware, allow_origin_regex=r"https://[a-z0-9-]+\.example\.com", allow_credentials=True)


@app.get("/me")
async def read_me() -> dict[str, str]:
    return {"name": "the user whom the cookie names"}
