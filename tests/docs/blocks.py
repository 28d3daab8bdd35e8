"""Read the code blocks of a page, and carry out the commands among them."""

import re
from dataclasses import dataclass

from tests.docs.terminal import Terminal, comparable

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"\*\*`([\w./]+)`\*\*\n\n$")
ANSWERS = {"json", "text"}


@dataclass(frozen=True)
class Block:
    """A code block, and the file that it is, if it is one."""

    language: str
    text: str
    file: str | None


def read_blocks(text: str) -> list[Block]:
    """Read all code blocks of a page, or of a part of one."""
    found = []
    for match in BLOCK.finditer(text):
        name = NAME.search(text, 0, match.start())
        found.append(Block(match[1], match[2], name[1] if name else None))
    return found


def carry_out(found: list[Block], terminal: Terminal) -> list[str]:
    """Carry out each block of commands that an answer follows, in order; that answer must be printed.

    Returns:
        What was printed, block by block.
    """
    answers = []
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.language != "sh":
            continue
        if following is None or following.language not in ANSWERS:
            terminal.prepare(block.text)
            continue
        output = terminal.run(block.text)
        assert comparable(output) == comparable(following.text), block.text
        terminal.learn(following.text, output)
        answers.append(output)
    assert len(answers) == sum(block.language in ANSWERS for block in found)
    return answers
