"""The documentation site builds without a warning, asks nobody else for anything, and is readable everywhere."""

import fcntl
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import reference
from tests.describe.chromium import Browser, Page, installed_chromium

ROOT = Path(__file__).parents[2]
SIZES = [(390, 844), (1280, 900)]
# What a browser prefers, and what the site calls it.
SCHEMES = {"light": "default", "dark": "slate"}

# A link inside the site: the page, and the anchor.
LINK = re.compile(r'<a [^>]*?href="([^"#?:]*)(?:#([^"]*))?"')
ANCHOR = re.compile(r' (?:id|name)="([^"]+)"')
ARTICLE = re.compile(r"<article[^>]*>(.*?)</article>", re.DOTALL)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site, which is built once for all processes that test it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "documentation"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "site").exists():
            build(folder)
    return folder / "site"


def build(folder: Path) -> None:
    """Build the site from a copy of what it is made of."""
    for name in ("docs", "src/typeway"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("zensical.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder / name)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=150, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "griffe:" not in built.stdout + built.stderr, built.stderr


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Chromium; where there is none, skip, unless the environment insists on one."""
    with installed_chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a tab; whatever a test did with it, no error was reported and only files were read."""
    with browser.page() as tab:
        yield tab
        tab.evaluate("0")
        assert tab.errors == []
        assert [url for url in tab.requests if not url.startswith(("file:", "data:", "blob:"))] == []


def test_reference_pages_say_what_the_source_says() -> None:
    """The tables of options, commands and exceptions are those of the source; `python -m scripts.reference` writes them."""
    for path, text in reference.pages().items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_every_page_is_in_the_navigation(site: Path) -> None:
    """A reader reaches each page of docs/ from the navigation."""
    navigation = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f'"{page}"' not in navigation] == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_landing_page_fits_every_screen(page: Page, site: Path, width: int, height: int, scheme: str) -> None:
    """On a phone and on a desk, in light and in dark, the first page shows the example and scrolls in one direction only."""
    show(page, site / "index.html", (width, height), scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    example = page.evaluate("(({top, left}) => [top, left])(document.querySelector('pre').getBoundingClientRect())")
    assert 0 < example[0] < height
    assert 0 <= example[1] < width


def show(page: Page, path: Path, size: tuple[int, int], scheme: str) -> None:
    """Load a page on a screen of this size, in this scheme."""
    width, height = size
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    # Where the site keeps the scheme that a reader has chosen.
    page.call("Page.enable")
    page.call("Page.addScriptToEvaluateOnNewDocument", source="localStorage.clear()")
    page.open(path.as_uri())
    page.wait_for(f"document.body?.dataset.mdColorScheme === '{SCHEMES[scheme]}'")
    page.wait_for("document.readyState === 'complete'")


# One page of each kind: prose, code, tables, docstrings, a long one.
KINDS = ("concepts/request", "guides/forms", "reference/options", "reference/application", "changelog", "check/TW001")


@pytest.mark.parametrize(("size", "first"), [(SIZES[0], 0), (SIZES[1], 1)])
def test_pages_of_each_kind_load_without_an_error(page: Page, site: Path, size: tuple[int, int], first: int) -> None:
    """No page reports an error, asks another site for anything, or scrolls sideways, in light and in dark by turns."""
    for number, kind in enumerate(KINDS, first):
        show(page, site / f"{kind}.html", size, [*SCHEMES][number % 2])
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], kind
        assert page.errors == [], kind


@pytest.mark.parametrize("size", SIZES)
def test_the_content_of_every_page_fits_every_screen(page: Page, site: Path, size: tuple[int, int]) -> None:
    """No page scrolls sideways on a phone or on a desk; each content is put into one page, which is loaded once."""
    show(page, site / "install.html", size, "light")
    wide = []
    for path in sorted(site.rglob("*.html")):
        if article := ARTICLE.search(path.read_text(encoding="utf-8")):
            page.evaluate(f"void (document.querySelector('article').innerHTML = {json.dumps(article[1])})")
            if page.evaluate("document.documentElement.scrollWidth") > size[0]:
                wide.append(str(path.relative_to(site)))
        else:
            assert path.name == "404.html"
    assert wide == []


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


def test_search_works_from_the_file_system(page: Page, site: Path) -> None:
    """Someone who opened the site as files searches for an option and sees where it is described."""
    page.open((site / "index.html").as_uri())
    page.wait_for("document.readyState === 'complete'")
    dialog = "[...document.querySelectorAll('body > div')].find((part) => part.shadowRoot)?.shadowRoot"
    page.wait_for(f"document.querySelector('.md-search__button').click() || !!{dialog}?.querySelector('input')")
    page.evaluate(f"{dialog}.querySelector('input').focus()")
    page.call("Input.insertText", text="max_body_size")
    page.wait_for(f"{dialog}.querySelector('[role=listbox]').textContent.includes('max_body_size')")


TOPICS = (ROOT / "tests" / "docs" / "topics.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic and not topic.startswith("#")])
def test_topics_are_found(site: Path, topic: str) -> None:
    """What a reader types is in the heading or the text of a page, all words of it."""
    entries = json.loads((site / "search.json").read_text(encoding="utf-8"))["items"]
    words = topic.lower().split()
    texts = (f"{' '.join(entry['path'])} {entry['title']} {entry['text']}".lower() for entry in entries)
    assert any(all(word in text for word in words) for text in texts)
