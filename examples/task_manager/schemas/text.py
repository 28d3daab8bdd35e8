"""The text that the application accepts."""

from pydantic import AfterValidator


def refuse_nul(text: str) -> str:
    """Refuse the one character that some databases cannot store."""
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    return text


WithoutNul = AfterValidator(refuse_nul)
