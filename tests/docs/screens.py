"""Show a page of the documentation site on a screen of some size, in the light or in the dark scheme."""

from pathlib import Path

from tests.describe.chromium import Page

PHONE, DESK = (390, 844), (1280, 900)
# What a browser prefers, and what the site calls it.
SCHEMES = {"light": "default", "dark": "slate"}

WIDTH = "document.documentElement.scrollWidth"
LOADED = "document.readyState === 'complete' || new Promise((resolve) => addEventListener('load', () => resolve(true)))"


def show(page: Page, path: Path, size: tuple[int, int], scheme: str) -> None:
    """Load a page on a screen of this size, for a reader who prefers this scheme and has chosen none before."""
    # The page before would react to the other scheme, and keep it for the next one. An empty page has no storage.
    page.open("about:blank")
    page.wait_for("location.href === 'about:blank' && document.readyState === 'complete'")
    page.call("Page.addScriptToEvaluateOnNewDocument", source="try { localStorage.clear() } catch {}")
    width, height = size
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.open(path.as_uri())
    page.wait_for(f"document.body?.dataset.mdColorScheme === '{SCHEMES[scheme]}'")
    page.evaluate(LOADED)
