"""Split names and paths into the words that they are made of."""

from __future__ import annotations

import re
from typing import Final

PARAMETER: Final = re.compile(r"\{[^}]*\}")
# First words of functions that only look at what they are given, where nothing takes their result.
JUDGES: Final = frozenset({"validate", "check", "verify", "ensure", "assert"})
WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case: "getUserToken", "get_user_token" and "/get-user-token" have the same three.

    Example:
        >>> words_of("/accounts/{key}/APIToken")
        ['accounts', 'api', 'token']
    """
    return [word.lower() for word in WORD.findall(PARAMETER.sub("", name))]


def has_phrase(words: list[str], phrases: frozenset[tuple[str, ...]]) -> bool:
    """Whether some of the words, side by side, are a phrase: `("log", "in")`."""
    return any(tuple(words[place : place + len(phrase)]) == phrase for phrase in phrases for place in range(len(words)))


def phrases(*texts: str) -> frozenset[tuple[str, ...]]:
    """Phrases, each written as words with spaces between them."""
    return frozenset(tuple(phrase.split()) for text in texts for phrase in text.split(","))
