"""Every page of the documentation site is readable for everybody: on a phone, in both schemes, with a keyboard, to a screen reader."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.describe.chromium import Page
from tests.docs.screens import DESK, PHONE, SCHEMES, WIDTH, show

pytestmark = pytest.mark.timeout(180)

AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8").strip().removesuffix(";")
ARTICLE = re.compile(r"<article[^>]*>(.*?)</article>", re.DOTALL)
SAID = {
    "title": re.compile(r"<title>(.+?)</title>"),
    "description": re.compile(r'<meta name="description" content="(.+?)">'),
    "language": re.compile(r'<html lang="(en)"'),
}
# One page of each kind: prose, code, tables, docstrings, a long one, and the first.
KINDS = (
    "concepts/request",
    "guides/forms",
    "reference/options",
    "reference/application",
    "changelog",
    "check/TW001",
    "index",
)


def audit(page: Page, selector: str) -> list[str]:
    """Return what is wrong in a part of the page that a tab shows on a phone."""
    return list(page.evaluate(f"({AUDIT})({json.dumps(selector)}, {json.dumps([*SCHEMES.values()])})"))


# Parts of the whole, so that the processes that run tests share it.
PARTS = 2


def articles(site: Path) -> Iterator[tuple[str, str]]:
    """The name of each page, and its content without what all pages have around it."""
    for path in sorted(site.rglob("*.html")):
        if article := ARTICLE.search(path.read_text(encoding="utf-8")):
            yield str(path.relative_to(site)), article[1]
        else:
            assert path.name == "404.html"


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_each_kind_is_readable_for_everybody(page: Page, site: Path, kind: str) -> None:
    """Names, headings, sizes and contrast of a whole page are right, it does not scroll sideways, and it reports no error."""
    show(page, site / f"{kind}.html", PHONE, "light")
    assert audit(page, "body") == []
    show(page, site / f"{kind}.html", DESK, "dark")
    assert page.evaluate(WIDTH) <= DESK[0]


@pytest.mark.parametrize("part", range(PARTS))
def test_the_content_of_every_page_is_readable_for_everybody(page: Page, site: Path, part: int) -> None:
    """The same holds for each content on a phone; each is put into one page, which is loaded once."""
    show(page, site / "install.html", PHONE, "light")
    found = {}
    for name, article in [*articles(site)][part::PARTS]:
        page.evaluate(f"void (document.querySelector('article').innerHTML = {json.dumps(article)})")
        if problems := audit(page, "article"):
            found[name] = problems
    assert found == {}


def test_the_content_of_every_page_fits_a_desk(page: Page, site: Path) -> None:
    """No page scrolls sideways on a desk."""
    show(page, site / "install.html", DESK, "light")
    wide = []
    for name, article in articles(site):
        page.evaluate(f"void (document.querySelector('article').innerHTML = {json.dumps(article)})")
        if page.evaluate(WIDTH) > DESK[0]:
            wide.append(name)
    assert wide == []


@pytest.mark.parametrize("said", SAID)
def test_every_page_says_what_it_is(site: Path, said: str) -> None:
    """In the results of a search engine, and in the tabs of a browser, each page has a title and a description of its own."""
    pages = defaultdict(list)
    for path in site.rglob("*.html"):
        if path.name != "404.html":  # which is no result of a search
            found = SAID[said].search(path.read_text(encoding="utf-8"))
            pages[found[1] if found else ""].append(str(path.relative_to(site)))
    assert "" not in pages, pages[""]
    if said != "language":
        assert {text: names for text, names in pages.items() if len(names) > 1} == {}
