"""Readers find the page that they look for with the words that they know, among the first results of the search on the site."""

from pathlib import Path

import pytest

from tests.describe.chromium import Page
from tests.docs.screens import DESK, show

pytestmark = pytest.mark.timeout(180)

TOPICS = dict(
    line.rsplit(": ", 1)
    for line in (Path(__file__).parent / "topics.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
FIRST = 3
# Parts of the whole, so that the processes that run tests share it.
PARTS = 2

DIALOG = "[...document.querySelectorAll('body > div')].find((part) => part.shadowRoot)?.shadowRoot"
INPUT = f"{DIALOG}?.querySelector('input')"
# The addresses of the results, or null as long as there is no answer.
RESULTS = f"""(() => {{
  const links = [...{DIALOG}.querySelectorAll('[role=option]')].map((link) => link.href);
  return links.length || {DIALOG}.querySelector('[role=status]').textContent === 'No results' ? links : null;
}})()"""


@pytest.fixture
def search_page(page: Page, site: Path) -> Page:
    """A tab in which somebody who opened the site as files has opened the search."""
    show(page, site / "index.html", DESK, "light")
    page.wait_for(f"document.querySelector('.md-search__button').click() || !!{INPUT}")
    return page


def search(page: Page, words: str) -> list[str]:
    """Type words into the search, and return the addresses of the results, best first."""
    page.evaluate(f"void ({INPUT}.focus(), {INPUT}.select())")
    page.call("Input.dispatchKeyEvent", type="rawKeyDown", key="Backspace", windowsVirtualKeyCode=8)
    page.wait_for(f"{INPUT}.value === '' && {DIALOG}.querySelectorAll('[role=option]').length === 0")
    page.call("Input.insertText", text=words)
    return list(page.wait_for(RESULTS))


@pytest.mark.parametrize("part", range(PARTS))
def test_what_readers_search_for_is_among_the_first_results(search_page: Page, site: Path, part: int) -> None:
    """The page for each topic of topics.txt is among the first three results."""
    missed = {}
    for topic in [*TOPICS][part::PARTS]:
        first = [address.removeprefix(site.as_uri() + "/") for address in search(search_page, topic)[:FIRST]]
        pages = [address.partition(".html")[0] for address in first]
        if not set(TOPICS[topic].split()) & set(pages):
            missed[topic] = f"{TOPICS[topic]} is not among {first}"
    assert missed == {}


def test_the_search_keeps_what_is_typed(search_page: Page) -> None:
    """Letters that are typed one after the other stay in the field, and the search is for all of them."""
    for letter in "cors":
        search_page.call("Input.dispatchKeyEvent", type="keyDown", key=letter, text=letter)
        search_page.call("Input.dispatchKeyEvent", type="keyUp", key=letter)
        search_page.wait_for(RESULTS)
    search_page.wait_for(f"{INPUT}.value === 'cors' && {RESULTS}[0].includes('guides/cors.html')")
