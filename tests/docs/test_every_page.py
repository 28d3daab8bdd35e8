"""Every page of the documentation site is readable for everybody: on a phone, in both schemes, with a keyboard, to a screen reader."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.describe.chromium import Page
from tests.docs.screens import DESK, LOADED, PHONE, SCHEMES, resize, set_up

pytestmark = pytest.mark.timeout(180)

AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")
WIDE = "document.documentElement.scrollWidth > innerWidth"
SAID = {
    "title": re.compile(r"<title>(.*?)</title>"),
    "description": re.compile(r'<meta name="description" content="(.*?)">'),
}
# Parts of the whole, so that the processes that run tests share it.
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_are_readable_for_everybody(page: Page, site: Path, part: int) -> None:
    """Language, headings, names, sizes and contrast of each page are right, it does not scroll sideways, and it reports no error."""
    found = {}
    set_up(page, PHONE, "light")
    for path in sorted(site.rglob("*.html"))[part::PARTS]:
        resize(page, PHONE)
        page.open(path.as_uri())
        page.evaluate(LOADED)
        problems = page.evaluate(f"({AUDIT.strip().rstrip(';')})({json.dumps([*SCHEMES.values()])})")
        resize(page, DESK)
        problems += ["scrolls-sideways on a desk"] if page.evaluate(WIDE) else []
        problems += page.errors
        page.errors.clear()
        if problems:
            found[str(path.relative_to(site))] = problems
    assert found == {}


@pytest.mark.parametrize("said", SAID)
def test_no_two_pages_are_called_the_same(site: Path, said: str) -> None:
    """In the results of a search engine, and in the tabs of a browser, each page has a title and a description of its own."""
    pages = defaultdict(list)
    for path in site.rglob("*.html"):
        if path.name != "404.html":  # which is no result of a search
            found = SAID[said].search(path.read_text(encoding="utf-8"))
            pages[found[1].strip() if found else ""].append(str(path.relative_to(site)))
    assert {text: names for text, names in pages.items() if len(names) > 1 or not text} == {}
