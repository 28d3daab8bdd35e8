"""Good: the class lets in the pages below one name, which nobody else can own."""

from typeway import Typeway
from typeway.middleware.cors import CORSMiddleware


class Shops(CORSMiddleware):
    def is_allowed_origin(self, origin: str) -> bool:
        is_shop = origin.startswith("https://") and origin.endswith(".shops.example.com")
        return super().is_allowed_origin(origin) or is_shop


app = Typeway()
app.add_middleware(Shops, allow_origins=["https://app.example.com"], allow_credentials=True)


@app.get("/me")
async def read_me() -> dict[str, str]:
    return {"name": "the user whom the cookie names"}
