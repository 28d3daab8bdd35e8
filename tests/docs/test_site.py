"""The documentation site builds without a warning, and has neither a broken link nor a file from elsewhere."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from scripts import reference

ROOT = Path(__file__).parents[2]

# A link inside the site: the page, and the anchor.
LINK = re.compile(r'<a [^>]*?href="([^"#?:]*)(?:#([^"]*))?"')
ANCHOR = re.compile(r' (?:id|name)="([^"]+)"')

pytestmark = pytest.mark.timeout(180)


def test_reference_pages_say_what_the_source_says() -> None:
    """The tables of options, commands and exceptions are those of the source; `python -m scripts.reference` writes them."""
    for path, text in reference.pages().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_every_page_is_in_the_navigation(site: Path) -> None:
    """A reader reaches each page of docs/ from the navigation."""
    navigation = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f'"{page}"' not in navigation] == []


def test_every_link_leads_somewhere(site: Path) -> None:
    """Each link to a page or to a part of one names what is there."""
    pages = {
        path.resolve(): path.read_text(encoding="utf-8") for path in site.rglob("*.html") if path.name != "404.html"
    }
    anchors = {path: set(ANCHOR.findall(text)) for path, text in pages.items()}
    broken = defaultdict(set)
    for path, text in pages.items():
        for target, anchor in LINK.findall(text):
            file = (path.parent / target).resolve() if target else path
            if not file.exists():
                broken[str(path.relative_to(site))].add(target)
            elif anchor and file in anchors and anchor not in anchors[file]:
                broken[str(path.relative_to(site))].add(f"{target}#{anchor}")
    assert dict(broken) == {}


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture of any page has an address outside of the site."""
    loads = [("<script", "src="), ("<link", "href="), ("<img", "src=")]
    found = []
    for path in site.rglob("*.html"):
        for tag in path.read_text(encoding="utf-8").split("<")[1:]:
            for start, attribute in loads:
                if f"<{tag}".startswith(start) and f'{attribute}"http' in tag:
                    found.append(f"{path.name}: <{tag[:120]}")
    assert found == []


def test_all_code_is_shown_as_code(site: Path) -> None:
    """No fence of a code block is left in the text of a page, as it is when its language is not understood."""
    assert [path.name for path in site.rglob("*.html") if "<p>```" in path.read_text(encoding="utf-8")] == []


def test_files_from_outside_are_on_their_pages(site: Path) -> None:
    """The changelog is a file beside docs/, and what takes it in is understood."""
    text = (site / "changelog.html").read_text(encoding="utf-8")
    assert 'id="unreleased"' in text
    assert "--8" not in text
