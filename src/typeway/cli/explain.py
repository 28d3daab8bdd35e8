"""Explain a rule or an exception: print its page of the documentation, which is installed with the package."""

from __future__ import annotations

import difflib
import posixpath
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

from typeway.cli.error import UsageError

# Pages of `docs/`; `hatch_build.py` copies them into the wheel.
RULES: Final = "check"
EXCEPTIONS: Final = "reference/exceptions.md"

FENCE: Final = re.compile(r"^```.*\n", re.MULTILINE)
HEADING: Final = re.compile(r"^#+ ", re.MULTILINE)
BOLD: Final = re.compile(r"\*\*([^*\n]+)\*\*")
EXTENSION: Final = re.compile(r"\.(md|html)$")
LINK: Final = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that can be explained: the part of a page that is about it."""

    name: str
    kind: str  # the heading of its group in the list
    title: str
    summary: str
    text: str  # in Markdown
    page: str  # relative to `docs/`, with the anchor


def explain(names: Sequence[str]) -> str:
    """Return the pages of these topics as text; without a name, the list of all topics.

    Parameters:
        names: codes or names of rules, names of exceptions, or the addresses of their pages, in any case.

    Raises:
        UsageError: there is no such topic; it names the closest one.
    """
    known = {topic.name.lower(): topic for topic in read_topics(pages())}
    if not names:
        return listed(list(known.values()))
    known |= {topic.title.lower(): topic for topic in known.values()}
    return f"\n\n{'-' * 80}\n\n".join(shown(found(name, known)) for name in names)


def found(name: str, known: dict[str, Topic]) -> Topic:
    """Return the topic that is meant."""
    # The last part of an address, of a dotted name, or the anchor may be the topic.
    keys = [EXTENSION.sub("", part).rpartition(".")[2].lower() for part in re.split(r"[/#]", name)]
    for key in reversed(keys):
        if key in known:
            return known[key]
    close = difflib.get_close_matches(keys[-1], known, n=3, cutoff=0.5)
    advice = f"did you mean {' or '.join(dict.fromkeys(known[one].name for one in close))}? " if close else ""
    raise UsageError(f"there is no topic {name!r}; {advice}`typeway explain` lists all of them")


def pages() -> Path:
    """Return the folder of the pages: in an installed package its own, in a checkout `docs/`."""
    installed = Path(__file__).with_name("pages")
    return installed if installed.is_dir() else Path(__file__).parents[3] / "docs"


def read_topics(folder: Path) -> Iterator[Topic]:
    """Read every topic from the pages, in the order in which they are listed."""
    for path in sorted((folder / RULES).glob("TW*.md")):
        text = path.read_text(encoding="utf-8")
        head, _, body = text.partition("\n\n")
        code, _, title = head.removeprefix("# ").partition(" ")
        yield Topic(code, "Rules of `typeway check`", title, first_sentence(body), text, f"{RULES}/{path.name}")
    text = (folder / EXCEPTIONS).read_text(encoding="utf-8")
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n\n")
        name = head.strip("`")
        # The first paragraph says where the class comes from.
        summary = first_sentence(body.partition("\n\n")[2])
        yield Topic(
            name, "Exceptions and warnings", name, summary, f"## {name}\n\n{body}", f"{EXCEPTIONS}#{name.lower()}"
        )


def first_sentence(text: str) -> str:
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return as_plain(re.split(r"(?<=[.;:]) ", paragraph)[0]).rstrip(";:")


def listed(topics: Sequence[Topic]) -> str:
    """Return one line for each topic, in groups."""
    lines = []
    for kind in dict.fromkeys(topic.kind for topic in topics):
        group = [topic for topic in topics if topic.kind == kind]
        width = max(len(topic.name) for topic in group) + 2
        lines += [kind, *(f"  {topic.name:{width}}{topic.summary}" for topic in group), ""]
    return "\n".join([*lines, "`typeway explain TW001` prints a page."])


def shown(topic: Topic) -> str:
    """Return the page of a topic as text, and its address."""
    return f"{as_plain(topic.text, topic.page).strip()}\n\n{published(topic.page)}"


def as_plain(markdown: str, page: str = "") -> str:
    """Return Markdown as it is read in a terminal: code indented, headings and links without their marks.

    Parameters:
        markdown: a page, or a part of one.
        page: the page, relative to `docs/`: where its links lead stands in brackets. Without it that is left out.
    """
    parts = FENCE.split(markdown)
    for number, part in enumerate(parts):
        if number % 2 == 1:
            parts[number] = textwrap.indent(part, "    ")
        else:
            text = BOLD.sub(r"\1", HEADING.sub("", part))
            parts[number] = LINK.sub(lambda link: led_to(link[1], link[2] if page else "", page), text)
    return "".join(parts)


def led_to(text: str, target: str, page: str) -> str:
    """Return a link of a page as text with its address; the name of another topic says enough."""
    if not target or EXTENSION.sub("", target) == text:
        return text
    is_elsewhere = not target.startswith(("#", "https://", "http://"))
    return f"{text} ({published(posixpath.normpath(f'{page}/../{target}')) if is_elsewhere else target})"


def published(page: str) -> str:
    """Return the address of a page of `docs/`: on the site if there is one, else in a checkout."""
    site = address()
    return site + page.replace(".md", ".html") if site else f"docs/{page}"


def address() -> str:
    """Return where the documentation is published, as the package's metadata says, ending in a slash; or nothing."""
    try:
        urls = metadata("typeway").get_all("Project-URL") or ()
    except PackageNotFoundError:
        return ""
    labelled = dict(entry.split(", ", 1) for entry in urls)
    url = labelled.get("Documentation", "")
    return f"{url.rstrip('/')}/" if url else ""
