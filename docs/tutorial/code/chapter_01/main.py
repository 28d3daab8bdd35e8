"""An API for books."""

from typeway import Typeway

app = Typeway(title="Books")


@app.get("/hello/{name}")
async def greet(name: str, times: int = 1) -> dict[str, str]:
    """Greet a reader."""
    return {"message": f"{'Hello, ' * times}{name}!"}
