"""Identify readers by their tokens."""

import secrets
from collections.abc import Mapping

from pydantic import SecretStr

from examples.books.exceptions import UnknownReaderError


def reader_of(token: str, readers: Mapping[str, SecretStr]) -> str:
    """Return the name of the reader to whom a token belongs.

    Raises:
        UnknownReaderError: the token does not belong to any reader.
    """
    given = token.encode()
    # Every token is compared, each in constant time, so that the response time reveals nothing about the tokens.
    found = [
        name for name, known in readers.items() if secrets.compare_digest(known.get_secret_value().encode(), given)
    ]
    if not found:
        raise UnknownReaderError
    return found[0]
