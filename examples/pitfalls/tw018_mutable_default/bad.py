"""Bad: all calls share one list of words, which grows."""

from typeway import Typeway

app = Typeway()


def collect(word: str, words: list[str] = []) -> list[str]:  # noqa: B006
    words.append(word)
    return words


@app.get("/words/{word}")
async def read_words(word: str) -> list[str]:
    return collect(word)
