"""Show a page of the documentation site on a screen of some size, in the light or in the dark scheme."""

from pathlib import Path

from tests.describe.chromium import Page

PHONE, DESK = (390, 844), (1280, 900)
# What a browser prefers, and what the site calls it.
SCHEMES = {"light": "default", "dark": "slate"}

WIDTH = "document.documentElement.scrollWidth"
# The site's script adds the colour of the browser's own bars once it has chosen a scheme.
READY = "document.readyState === 'complete' && document.querySelector('meta[name=theme-color]') !== null"
SCHEME = "document.body.dataset.mdColorScheme"


def visit(page: Page, path: Path, size: tuple[int, int], scheme: str) -> None:
    """Load a page on a screen of this size, for a reader who prefers this scheme; one chosen at an earlier visit is kept."""
    # The page before would react to the other scheme.
    page.open("about:blank")
    page.wait_for("location.href === 'about:blank' && document.readyState === 'complete'")
    width, height = size
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.open(path.as_uri())
    page.wait_for(READY)


def show(page: Page, path: Path, size: tuple[int, int], scheme: str) -> None:
    """Visit a page and have it in this scheme; the reader presses the button of the scheme where another one is kept.

    What a page keeps reaches the next one when the browser gets to it, so forgetting it between two pages is not certain.
    """
    visit(page, path, size, scheme)
    wanted = SCHEMES[scheme]
    if page.evaluate(SCHEME) != wanted:
        page.evaluate(f"document.querySelector('input[name=__palette][data-md-color-scheme={wanted}]').click()")
        page.wait_for(f"{SCHEME} === '{wanted}'")
