"""Make texts safe for a terminal and a log: what a client has sent does not move the cursor or look like a message of its own."""

import re
from typing import Final

# Control characters but the tab and the line feed, on which terminals act, those that end lines elsewhere, and those that turn the direction
# of a text.
unsafe: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# The end of a line that another one follows.
further_line: Final = re.compile(r"\n(?=[^\n])")


def escaped(text: str) -> str:
    """Return a text with its unsafe characters as escapes, which JSON and Python read alike."""
    return unsafe.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def message_lines(text: str) -> str:
    """Return a message with its unsafe characters as escapes and its further lines further in, so that only the first begins with a level."""
    return further_line.sub("\n  ", escaped(text))
