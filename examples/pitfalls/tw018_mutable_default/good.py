"""Good: each call has its own list."""

from typeway import Typeway

app = Typeway()


def collect(word: str, words: list[str] | None = None) -> list[str]:
    words = [] if words is None else words
    words.append(word)
    return words


@app.get("/words/{word}")
async def read_words(word: str) -> list[str]:
    return collect(word)
