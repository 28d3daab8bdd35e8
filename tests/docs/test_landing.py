"""The landing page looks as it should on a phone and on a desk, in light and in dark, and the comparison notices when it does not."""

from pathlib import Path

import pytest

from tests.describe.chromium import Page, installed_chromium
from tests.docs.landing import SIZES, differences
from tests.docs.screens import SCHEME, SCHEMES, show, visit

pytestmark = pytest.mark.timeout(180)

# What could go wrong with a change of the theme, of the styles or of the page.
DAMAGES = {
    "no style": "document.querySelectorAll('link[rel=stylesheet]').forEach((link) => link.remove())",
    "no layout": "document.querySelector('link[href*=\"/main.\"]').remove()",
    "no colours": "document.querySelector('link[href*=\"/palette.\"]').remove()",
    "no styles of ours": "document.querySelector('link[href*=\"site.css\"]').remove()",
    "a style sheet that is not there": "document.querySelector('link[href*=\"site.css\"]').href = 'data:text/plain,'",
    "no heading": "document.querySelector('h1').remove()",
    "the hero is transparent": "document.querySelector('article').style.opacity = '0'",
    "the hero is hidden": "document.querySelector('article').style.display = 'none'",
    "no example": "document.querySelector('article .language-python').remove()",
    "the example is covered": "document.body.insertAdjacentHTML('beforeend', '<div style=\"position:fixed;inset:0;z-index:99\">x</div>')",
    "no buttons": "document.querySelectorAll('.md-button').forEach((button) => button.remove())",
    "the navigation is over the page": "document.querySelector('.md-sidebar--primary').style.cssText = 'display:block;position:fixed;inset:0;background:currentColor;transform:none;z-index:9'",
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_landing_page_looks_as_it_should(page: Page, site: Path, size: str, scheme: str) -> None:
    """Heading, sentence, example, commands and buttons are where a reader looks for them, in the colours of the scheme."""
    show(page, site / "index.html", SIZES[size], scheme)
    assert differences(page, f"{size}-{scheme}") == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_first_visit_is_in_the_scheme_that_the_reader_prefers(tmp_path: Path, site: Path, scheme: str) -> None:
    """A browser that has never seen the site shows it as the reader's system is set."""
    with installed_chromium(tmp_path) as browser, browser.page() as page:
        visit(page, site / "index.html", SIZES["desk"], scheme)
        assert page.evaluate(SCHEME) == SCHEMES[scheme]


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_comparison_notices_a_damaged_page(page: Page, site: Path, damage: str) -> None:
    """Each part or style that is missing is a difference."""
    show(page, site / "index.html", SIZES["phone"], "dark")
    page.evaluate(f"void ({DAMAGES[damage]})")
    assert differences(page, "phone-dark") != []


@pytest.mark.parametrize("size", SIZES)
def test_the_comparison_notices_the_colours_of_the_other_scheme(page: Page, site: Path, size: str) -> None:
    """A white page where a reader prefers a dark one is a difference, and the reverse too."""
    for scheme, other in (("dark", "light"), ("light", "dark")):
        show(page, site / "index.html", SIZES[size], other)
        assert differences(page, f"{size}-{scheme}") != []


@pytest.mark.parametrize("font", ["serif", "monospace"])
@pytest.mark.parametrize("size", SIZES)
def test_other_fonts_are_no_difference(page: Page, site: Path, size: str, font: str) -> None:
    """The comparison does not depend on the fonts of a machine, even if text is much wider."""
    show(page, site / "index.html", SIZES[size], "light")
    style = f"<style>* {{ font-family: {font} !important }}</style>"
    page.evaluate(f"void document.head.insertAdjacentHTML('beforeend', {style!r})")
    assert differences(page, f"{size}-light") == []
