"""Bad: the class was meant to let in the shops below one name, and lets in every page in the world."""

from typeway import Typeway
from typeway.middleware.cors import CORSMiddleware


class Shops(CORSMiddleware):
    def is_allowed_origin(self, origin: str) -> bool:
        return super().is_allowed_origin(origin) or origin.startswith("https://")


app = Typeway()
app.add_middleware(Shops, allow_origins=["https://app.example.com"], allow_credentials=True)


@app.get("/me")
async def read_me() -> dict[str, str]:
    return {"name": "the user whom the cookie names"}
