"""The words of the documentation are spelt right, and are those that readers would use."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from spellchecker import SpellChecker

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Words of the trade, names, and spellings of which the dictionary has only the other one.
WORDS = ROOT / "tests" / "docs" / "words.txt"

# What is no prose: blocks of code, code in a line, comments, tags, the targets of links, addresses, attributes.
NO_PROSE = re.compile(
    r"^(?P<fence>```+).*?^(?P=fence)$|(?P<tick>`+).*?(?P=tick)|<!--.*?-->|<[^>\n]+>|\]\([^)]*\)|https?://\S+|\{ \.[^}]*\}|^:::.*$",
    re.MULTILINE | re.DOTALL,
)
# Of a name such as `e.g.` or `main.py`, a path, a number with a unit, or an abbreviation, no part is a word.
TOKEN = re.compile(r"[\w./@*<>=-]*\w")
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[A-Z][a-z]+(?:'[a-z]+)?")
# A public application at the start of a row, by its owner and its name: what it is called is no matter of spelling.
APPLICATION = re.compile(r"^\| ([\w.-]+/[\w.-]+)", re.MULTILINE)

# Words that a reader has to translate, and what to write instead.
AVOIDED = {
    r"mend(s|ed|ing)?": "fix",
    r"(holds?|held) up (every|all|other|the|nobody)": "block",
    r"settle[sd]?": "resolve, determine or start",
    r"whoever": "everybody who, or name them",
    r"obeys?|obeyed": "follow, apply",
    r"yardsticks?": "measurement",
    r"thereof|therein|hereby|whence|hitherto|lest": "plain words",
    r"utili[sz]e[sd]?": "use",
}


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Each line of a page with what is no prose left out, and its number."""
    text = APPLICATION.sub("| ", page.read_text(encoding="utf-8"))
    text = NO_PROSE.sub(lambda found: "\n" * found[0].count("\n") + " ", text)
    yield from enumerate(text.splitlines(), 1)


def words(line: str) -> Iterator[str]:
    """The words of a line, parts of hyphenated ones each, in small letters."""
    for token in TOKEN.findall(
        line.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("**", " ").replace("*", " ")
    ):
        for part in re.split(r"[-/]", token):
            if WORD.fullmatch(part):
                yield part.removesuffix("'s").lower()


@cache
def applications() -> frozenset[str]:
    """The parts of the names of the public applications that pages list."""
    names = (name for page in PAGES for name in APPLICATION.findall(page.read_text(encoding="utf-8")))
    return frozenset(word for name in names for part in re.split(r"[_.]", name) for word in words(part))


@cache
def known() -> frozenset[str]:
    """The words that are not in the dictionary and are right nevertheless."""
    return applications().union(WORDS.read_text(encoding="utf-8").split())


@cache
def dictionary() -> SpellChecker:
    return SpellChecker(language="en")


def test_every_word_is_spelt_right() -> None:
    """No page has a word that neither the dictionary nor the list of words has; a right one is added to tests/docs/words.txt."""
    places: dict[str, str] = {}
    for page in PAGES:
        for number, line in prose(page):
            for word in words(line):
                places.setdefault(word, f"{page.relative_to(ROOT)}:{number}")
    unknown = dictionary().unknown(places) - known()
    assert {word: places[word] for word in sorted(unknown)} == {}


def test_the_list_of_words_is_in_order_and_needed() -> None:
    """The list is sorted, and has no word that no page has or that the dictionary has."""
    listed = WORDS.read_text(encoding="utf-8").split()
    assert listed == sorted(set(listed))
    used = {word for page in PAGES for _, line in prose(page) for word in words(line)}
    assert [word for word in listed if word not in used or word in dictionary()] == []


@pytest.mark.parametrize("avoided", AVOIDED, ids=lambda pattern: pattern.split("(")[0])
def test_pages_use_the_words_that_readers_use(avoided: str) -> None:
    """No page uses a word that a reader would have to translate; decisions, which are records, may."""
    pattern = re.compile(rf"\b(?:{avoided})\b", re.IGNORECASE)
    found = [
        f"{page.relative_to(ROOT)}:{number}: {line.strip()}"
        for page in PAGES
        if page.parent.name != "decisions"
        for number, line in prose(page)
        if pattern.search(line)
    ]
    assert found == [], f"write instead: {AVOIDED[avoided]}"


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The comments of a source file, its docstrings and the messages in it, each with its line."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, NO_PROSE.sub(" ", node.value)


def test_the_source_uses_these_words_too() -> None:
    """Comments, docstrings and messages are for readers as well."""
    pattern = re.compile("|".join(rf"\b(?:{avoided})\b" for avoided in AVOIDED), re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {text[max(0, hit.start() - 30) :][:80]!r}"
        for path in sorted((ROOT / "src" / "typeway").rglob("*.py"))
        for number, text in texts(path)
        if (hit := pattern.search(text)) is not None
    ]
    assert found == []
