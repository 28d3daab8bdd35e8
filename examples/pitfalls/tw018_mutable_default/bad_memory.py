"""Bad: the dict was meant to collect the answers of one call, and has those of all calls before."""

from typeway import Typeway

app = Typeway()


def count_letters(word: str, counts: dict[str, int] = {}) -> dict[str, int]:  # noqa: B006
    for letter in word:
        counts[letter] = counts.get(letter, 0) + 1
    return counts


@app.get("/words/{word}/letters")
async def read_letters(word: str) -> dict[str, int]:
    return count_letters(word)
