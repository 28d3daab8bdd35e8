"""Good: the dependency is there for what it does, so nobody needs to read its value."""

from contextvars import ContextVar
from typing import Annotated

from typeway import Depends, Header, Typeway

app = Typeway()
current_language = ContextVar("current_language", default="en")
GREETINGS = {"en": "Hello", "de": "Hallo"}


async def remember_language(accept_language: Annotated[str, Header()] = "en") -> str:
    token = current_language.set(accept_language[:2])
    return "en" if token.old_value is token.MISSING else token.old_value


@app.get("/greeting")
async def greet(before: Annotated[str, Depends(remember_language)]) -> dict[str, str]:
    return {"text": GREETINGS.get(current_language.get(), "Hello")}
